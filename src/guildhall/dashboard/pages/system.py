"""System: is Guildhall itself well?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from guildhall.api.frame.visits import Reading
from guildhall.app.checkup import Checkup
from guildhall.app.figures import count, duration
from guildhall.dashboard.frame.charts import Chart, Value, lines
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, render
from guildhall.domains.evaluation import outcomes, overview
from guildhall.domains.evaluation.outcomes import Partitions
from guildhall.domains.evaluation.overview import HourLatency, HourPerformance
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Presence, Status, TypeStats
from guildhall.domains.platform.operations import Level

router = APIRouter(route_class=Page, include_in_schema=False)

_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class SystemPage:
    """The queue and, for administrators, the database; what others may not see is None."""

    sentence: str
    table: Table[TypeStats]
    workers: Sequence[Presence] | None
    checkup: Checkup | None
    partitions: Partitions
    chart: Chart | None
    latency: Chart | None
    read_at: datetime | None


def _count(status: Status) -> Column[TypeStats]:
    title = status.value.capitalize()
    return Column(status.value, title, lambda each: each.counts.get(status, 0), "number")


_COLUMNS: Sequence[Column[TypeStats]] = (
    Column("task_type", "Job", lambda each: each.task_type + (" (paused)" if each.is_paused else "")),
    Column("queue", "Queue", lambda each: each.queue),
    *(_count(each) for each in Status),
    Column("oldest_waiting_at", "Waits since", lambda each: each.oldest_waiting_at, "time"),
)


@router.get("/system")
async def system(visit: Reading, request: Request, want: TableWanted) -> Response:
    """Is Guildhall itself well?"""
    is_administrator = visit.caller.standing.is_administrator
    async with visit.transaction() as tx:
        stats = await jobs.stats(tx)
        partitions = await outcomes.partitions(tx)
        hours = await overview.hourly_performance(tx)
        latency = await overview.hourly_latency(tx)
    table = Table.of(request, want, stats, _COLUMNS, caption="Jobs by type", first="task_type")
    if table.export is not None:
        return table.export
    checkup, workers = None, None
    if is_administrator:
        checkup = await visit.house.checkups.recent(patience_s=_PATIENCE_S)
        async with visit.house.app.database.duty("worker") as tx:
            workers = await jobs.list_workers(tx)
    page = SystemPage(
        _sentence(checkup, workers, stats), table, workers, checkup, partitions, _chart(hours), _latency(latency), checkup.read_at if checkup else None
    )  # fmt: skip
    return render(request, "system.html", page, visit=visit)


def _sentence(checkup: Checkup | None, workers: Sequence[Presence] | None, stats: Sequence[TypeStats]) -> str:
    waiting = sum(each.counts.get(Status.PENDING, 0) + each.counts.get(Status.QUEUED, 0) for each in stats)
    if checkup is None or workers is None:
        return f"{count(waiting, 'job')} of the team's {'waits' if waiting == 1 else 'wait'}."
    alive = sum(1 for each in workers if each.is_alive)
    at_work = f"{count(alive, 'worker')} at work, {count(waiting, 'job')} waiting."
    bad = [each for each in checkup.findings if each.level is not Level.OK]
    if not bad:
        return f"All of {count(len(checkup.findings), 'check')} are well; {at_work}"
    worst = max(bad, key=lambda each: each.level.rank)
    return f"{count(len(bad), 'check')} of {len(checkup.findings)} {'needs' if len(bad) == 1 else 'need'} a look, {worst.name} first; {at_work}"


def _chart(hours: Sequence[HourPerformance]) -> Chart | None:
    values = [Value(each.hour, float(each.total_simulations)) for each in hours]
    total = sum(each.total_simulations for each in hours)
    failed = sum(each.failed_count for each in hours)
    return lines(
        "hours", "Simulations by the hour", f"{count(total, 'simulation')} planned in 24 hours, {failed} of them failed.",
        {"simulations": values}, unit="simulations an hour", write=lambda value: f"{value:g}", span="hour",
    )  # fmt: skip


def _latency(hours: Sequence[HourLatency]) -> Chart | None:
    series = {
        "95 % within": [Value(each.hour, each.p95_ms, each.p95_low_ms, each.p95_high_ms) for each in hours],
        "half within": [Value(each.hour, each.p50_ms, each.p50_low_ms, each.p50_high_ms) for each in hours],
    }
    sentence = f"{count(sum(each.trials for each in hours), 'trial')} of 24 hours, all versions together; intervals of 95 %, of few trials up to the longest."
    return lines(
        "latency", "How long trials take, by the hour", sentence, series, unit="time of a trial",
        write=lambda value: duration(value) if value else "0", span="hour",
    )  # fmt: skip
