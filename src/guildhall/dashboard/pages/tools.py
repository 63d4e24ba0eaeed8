"""Tools: which are used, which fail, which are slow?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from guildhall.algorithms.statistics import share_interval
from guildhall.api.frame.visits import Reading
from guildhall.app.figures import count, duration, percent
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, render
from guildhall.domains.evaluation import overview
from guildhall.domains.evaluation.overview import ToolStanding

router = APIRouter(route_class=Page, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ToolsPage:
    """Every tool that was called in 30 days."""

    sentence: str
    table: Table[ToolStanding]


def _interval(each: ToolStanding) -> str | None:
    if not each.calls:
        return None
    low, high = share_interval(min(max(each.errors, 0), each.calls), each.calls)
    return f"{percent(low)} to {percent(high)}"


_COLUMNS: Sequence[Column[ToolStanding]] = (
    Column("tool_name", "Tool", lambda each: each.tool_name),
    Column("trials", "Trials", lambda each: each.trials, "number"),
    Column("calls", "Calls", lambda each: each.calls, "number"),
    Column("errors", "Failed", lambda each: each.errors, "number"),
    Column("error_rate", "Share that failed", lambda each: each.errors / each.calls if each.calls else None, "percent"),
    Column("interval", "95 % interval", _interval, "written"),
    Column("duration", "Mean time", lambda each: each.mean_duration_ms, "duration"),
    Column("cost", "Cost", lambda each: each.cost_usd, "money"),
)


@router.get("/tools")
async def list_tools(visit: Reading, request: Request, want: TableWanted) -> Response:
    """Which tools agents call, and how those do."""
    async with visit.transaction() as tx:
        found = await overview.tool_standings(tx)
    table = Table.of(request, want, found, _COLUMNS, caption="Tools", first="-calls")
    if table.export is not None:
        return table.export
    return render(request, "tools.html", ToolsPage(_sentence(found), table), visit=visit)


def _sentence(found: Sequence[ToolStanding]) -> str:
    if not found:
        return "No tool was called in the last 30 days."
    calls = sum(each.calls for each in found)
    said = (
        f"{count(len(found), 'tool')} were called {calls:,} times in 30 days"
        if len(found) > 1
        else f"One tool was called {calls:,} times in 30 days"
    )
    worst = max(found, key=lambda each: each.errors / each.calls if each.calls else 0.0)
    if worst.errors:
        said += f"; {worst.tool_name} fails most, in {percent(worst.errors / worst.calls)} of its calls"
    timed = [each for each in found if each.mean_duration_ms is not None]
    if timed:
        slowest = max(timed, key=lambda each: each.mean_duration_ms or 0.0)
        said += f"; {slowest.tool_name} is the slowest, {duration(slowest.mean_duration_ms)} on average"
    return f"{said}."
