"""Providers: which of them answer, and how fast?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from guildhall.api.frame.visits import Reading
from guildhall.app.figures import count, duration, percent
from guildhall.dashboard.frame.charts import Chart, bars
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, render
from guildhall.domains.gateway import providers, traffic
from guildhall.domains.gateway.providers import Account, Health
from guildhall.domains.gateway.traffic import AnswersOfDay, ProviderTraffic

router = APIRouter(route_class=Page, include_in_schema=False)

_DAYS = 30
_STATES = {
    Health.HEALTHY: "● answers",
    Health.DEGRADED: "▲ fails now and then, or asked to wait",
    Health.UNHEALTHY: "✕ left alone",
    Health.UNKNOWN: "? not asked yet",
}
_BREAKERS = {
    Health.UNHEALTHY: "open",
    Health.UNKNOWN: "closed",
    Health.HEALTHY: "closed",
    Health.DEGRADED: "closed, wary",
}


@dataclass(frozen=True, slots=True)
class Row:
    """An account, and how it answered."""

    account: Account
    traffic: ProviderTraffic

    @property
    def failed_share(self) -> float | None:
        """The share of its latest attempts that failed."""
        return self.traffic.failed / self.traffic.attempts if self.traffic.attempts else None


@dataclass(frozen=True, slots=True)
class ProvidersPage:
    """The team's accounts."""

    sentence: str
    table: Table[Row]
    chart: Chart | None


def _models(row: Row) -> str:
    names = list(row.account.options.models) or ([row.account.model] if row.account.model else [])
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _last_error(row: Row) -> str | None:
    at: datetime | None = row.traffic.last_error_at
    return None if row.traffic.last_error is None or at is None else f"{row.traffic.last_error}, {at:%Y-%m-%d %H:%M}"


_COLUMNS: Sequence[Column[Row]] = (
    Column("name", "Provider", lambda each: each.account.name),
    Column(
        "health", "Health", lambda each: _STATES[each.account.health_status] if each.account.enabled else "disabled"
    ),
    Column("breaker", "Breaker", lambda each: _BREAKERS[each.account.health_status]),
    Column("priority", "Turn", lambda each: each.account.options.priority, "number"),
    Column("weight", "Weight", lambda each: each.account.weight, "number"),
    Column("share", "Share of calls", lambda each: each.traffic.share, "percent"),
    Column("attempts", "Attempts", lambda each: each.traffic.attempts, "number"),
    Column("failed", "Failed", lambda each: each.failed_share, "percent"),
    Column("last_error", "Last error", _last_error),
    Column("first_byte_ms", "First byte, half", lambda each: each.traffic.first_byte_p50_ms, "duration"),
    Column("response_ms", "Whole, half", lambda each: each.traffic.response_p50_ms, "duration"),
    Column("response_p95_ms", "Whole, 95 %", lambda each: each.traffic.response_p95_ms, "duration"),
    Column("response_time", "Last answer", lambda each: each.account.response_time_ms, "duration"),
    Column("models", "Models", _models),
)


@router.get("/providers")
async def list_providers(visit: Reading, request: Request, want: TableWanted) -> Response:
    """Which providers answer, and how fast."""
    async with visit.transaction() as tx:
        accounts = await providers.list_accounts(tx)
        seen = {each.provider_id: each for each in await traffic.provider_traffic(tx)}
        days = await traffic.answers_by_day(tx, _DAYS)
    rows = [Row(each, seen[each.id]) for each in accounts if each.id in seen]
    table = Table.of(request, want, rows, _COLUMNS, caption="Providers", first="name")
    if table.export is not None:
        return table.export
    return render(request, "providers.html", ProvidersPage(_sentence(rows), table, _chart(days)), visit=visit)


def _sentence(rows: Sequence[Row]) -> str:
    if not rows:
        return "There is no provider yet; `guildhall gateway providers add` makes one."
    enabled = [each for each in rows if each.account.enabled]
    resting = [each for each in enabled if each.account.health_status is Health.UNHEALTHY]
    said = f"{count(len(enabled), 'provider')} may be asked"
    said += f", and {', '.join(each.account.name for each in resting)} is left alone for now" if resting else ""
    tried = [each for each in rows if each.failed_share]
    if tried:
        worst = max(tried, key=lambda each: each.failed_share or 0.0)
        said += f"; {worst.account.name} fails most, in {percent(worst.failed_share or 0.0)} of its latest attempts"
    timed = [each for each in rows if each.traffic.response_p50_ms is not None]
    if timed:
        slowest = max(timed, key=lambda each: each.traffic.response_p50_ms or 0.0)
        said += f"; half of {slowest.account.name}'s answers take more than {duration(slowest.traffic.response_p50_ms)}"
    return f"{said}."


def _chart(days: Sequence[AnswersOfDay]) -> Chart | None:
    amounts = {(each.day, each.provider_name): float(each.answers) for each in days}
    total = sum(each.answers for each in days)
    return bars(
        "answers", "Answers by day", f"{count(total, 'answer')} in {_DAYS} days; the hour under way is not in it.",
        amounts, unit="answers a day", write=lambda value: f"{value:,.0f}",
    )  # fmt: skip
