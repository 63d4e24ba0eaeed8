"""Home: what needs me now?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from fastapi import APIRouter, Request, Response

from guildhall import clock
from guildhall.algorithms.statistics import Verdict, mean_interval
from guildhall.api.frame.events import stream
from guildhall.api.frame.visits import Reading, token_of
from guildhall.app.figures import change_in_points, count, money
from guildhall.dashboard import live, verdicts
from guildhall.dashboard.frame.charts import Chart, Value, bars, lines
from guildhall.dashboard.frame.views import Page, render
from guildhall.dashboard.verdicts import Judged
from guildhall.domains.evaluation import configurations, overview, simulations
from guildhall.domains.evaluation.configurations import Proposal
from guildhall.domains.evaluation.overview import ActiveSimulation, DayTrend, Pending, PendingRecommendation
from guildhall.domains.evaluation.simulations import Simulation

router = APIRouter(route_class=Page, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class HomePage:
    """The sentence that answers, and what it is made of."""

    sentence: str
    active: Sequence[ActiveSimulation]
    pending: Pending
    recommended: Sequence[PendingRecommendation]
    proposed: Sequence[Proposal]
    judged: Sequence[Judged]
    latest: Sequence[Simulation]
    spent: Chart | None
    reliability: Chart | None


@router.get("/")
async def home(visit: Reading, request: Request) -> Response:
    """What needs me now?"""
    async with visit.transaction() as tx:
        active = await overview.active_simulations(tx)
        pairs = await overview.latest_pairs(tx, at_most=4)
        latest = await simulations.page_simulations(
            tx, {"status": ["completed", "failed", "cancelled"]}, simulations.SIMULATIONS.order(), at_most=6
        )
        trends = await overview.trends(tx)
        pending = await overview.pending(tx)
        recommended = await overview.pending_recommendations(tx)
        waiting = {"status": ["pending"]}
        proposed = await configurations.page_proposals(tx, waiting, configurations.PROPOSALS.order(), at_most=5)
        judged = [await verdicts.judged(tx, each.baseline_id, each.candidate_id) for each in pairs]
    page = HomePage(
        _sentence(active, judged, trends, pending), active, pending, recommended, proposed.items, judged, latest.items,
        _spending(trends), _reliability(trends),
    )  # fmt: skip
    return render(request, "home.html", page, visit=visit)


@router.get("/live")
async def live_home(visit: Reading, request: Request) -> Response:
    """Simulations that are not over, as they go on."""
    actor = replace(visit.caller.actor, reads_only=True)
    await visit.insist()
    events = visit.house.hub.listen(
        visit.house,
        ("dashboard", "active", actor.tenant_id),
        lambda: live.active_events(visit.house.app.database, actor),
        token=token_of(request),
    )
    return stream(events)


def _sentence(
    active: Sequence[ActiveSimulation], judged: Sequence[Judged], trends: Sequence[DayTrend], pending: Pending
) -> str:
    running = f"{count(len(active), 'simulation')} running or waiting" if active else "Nothing is running"
    worse = [each for each in judged if each.verdict is Verdict.WORSE]
    if worse:
        against = f"{worse[0].candidate.label} is worse than {worse[0].baseline.label}"
        regressions = f"{against} ({change_in_points(worse[0].difference or 0.0)} points)"
    else:
        regressions = "no regression among the latest comparisons" if judged else "nothing has been compared yet"
    today = clock.now().date()
    of_today = [each for each in trends if each.day.date() == today]
    spent = of_today[0].daily_cost if of_today else Decimal(0)
    decisions = pending.recommendations + pending.approvals
    waiting = f"{count(decisions, 'decision')} {'waits' if decisions == 1 else 'wait'} for you; " if decisions else ""
    return f"{running}; {waiting}{regressions}; spent today: {money(spent)}."


def _spending(trends: Sequence[DayTrend]) -> Chart | None:
    amounts = {(each.day, "cost"): float(each.daily_cost) for each in trends if each.daily_cost is not None}
    week = clock.now() - timedelta(days=7)
    recent = sum((each.daily_cost for each in trends if each.daily_cost is not None and each.day > week), Decimal(0))
    sentence = f"{money(recent)} in the last seven days, by what is known of trials' costs."
    return bars("spent", "What trials cost", sentence, amounts, unit="USD a day", write=money)


def _reliability(trends: Sequence[DayTrend]) -> Chart | None:
    values = [
        Value(each.day, each.avg_reliability, *mean_interval(each.avg_reliability, each.scored))
        for each in trends
        if each.avg_reliability is not None
    ]
    if not values:
        return None
    played = sum(each.total_executions for each in trends)
    sentence = f"The mean over {count(played, 'outcome')} of 30 days, all versions and scenarios together; each mark with its 95 % interval over outcomes (Wilson)."
    return lines(
        "score", "Mean score by day", sentence, {"mean score": values}, unit="score, 0 to 1",
        write=lambda value: f"{value:.2f}", top=1.0,
    )  # fmt: skip
