"""Reports as JSON: what a simulation showed, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.algorithms.statistics import Estimate
from guildhall.app.documents import Amount, described
from guildhall.domains.evaluation.reports import EarlyStop, Report, ScenarioResult, Summary, early_stop
from guildhall.domains.evaluation.simulations import SimulationStatus

if TYPE_CHECKING:
    from guildhall.app.through import Ledgered


@described
class ScenarioResultDocument(TypedDict):
    """One scenario in one simulation."""

    scenario_id: str
    name: str
    group: str | None
    trials: int
    scored: int
    """How many count: the others failed by nobody's fault who is under evaluation."""
    passed: int
    marks: Sequence[bool | None]
    """Trial by trial: passed, not passed, or null for not scored."""
    mean_score: float | None
    cost_usd: Amount | None
    time_p50_ms: float | None


@described
class LedgerRoleDocument(TypedDict):
    """What the gateway's ledger has of one role's calls in a simulation."""

    role: str | None
    """agent, user, judge or analyst."""
    calls: int
    failed: int
    unpriced: int
    """How many calls have no cost that is known, or none yet."""
    tokens: int
    cost_usd: Amount | None
    """Null where that of one call is not known."""
    reported_usd: Amount | None
    """What trials report of the same; that the two differ is no error: attempts that were made again are in the ledger alone."""


@described
class OnRecordDocument(TypedDict):
    """What the gateway's ledger has of a simulation."""

    calls: int
    unpriced: int
    cost_usd: Amount | None
    """Null where that of one call is not known."""
    differs: Sequence[str]
    """The roles whose cost trials report otherwise."""
    roles: Sequence[LedgerRoleDocument]


class ToolSummaryDocument(TypedDict):
    """A tool's calls in one simulation; what was not timed or priced is null."""

    tool_name: str
    trials: int
    calls: int
    errors: int
    mean_duration_ms: float | None
    cost_usd: Amount | None


@described
class EarlyStopDocument(TypedDict):
    """How a simulation that ran beside another was ended before its trials were done."""

    rule: str
    margin: float
    """The difference in pass rate that does not matter."""
    level: float
    """The level of the confidence sequence."""
    reason: Literal["better", "worse", "hopeless"]
    """What the one that is not `baseline_simulation_id` was found to be."""
    baseline_simulation_id: UUID
    look: int
    """The look that ended it; there is one after each complete round."""
    rounds_planned: int
    difference: float
    """Of the pass rates over these scenarios; the interval holds whenever one has looked."""
    interval: Sequence[float]
    trials_saved: int
    """How many trials of this simulation were not run."""
    cost_saved_usd: Amount | None
    """What they would have cost, at the mean of those that were; null where no cost is known."""


@described
class SummaryDocument(TypedDict):
    """What a simulation showed, in numbers."""

    simulation_id: UUID
    config: str
    name: str | None
    status: SimulationStatus
    origin: str
    scenarios: int
    trials: int
    """How many trials are planned."""
    outcomes: int
    scored: int
    passed: int
    mean: float | None
    """The mean score, over scenarios."""
    interval: Sequence[float | None] | None
    """The 95 % interval of the mean score."""
    pass_rate: float | None
    """What was not scored is left out."""
    pass_rate_interval: Sequence[float | None] | None
    pass_rate_strict: float | None
    """What was not scored counts as not passed."""
    pass_rate_strict_interval: Sequence[float | None] | None
    interval_method: str | None
    interval_over: str | None
    pass_hat_k: Mapping[str, float]
    """By k: the chance that k trials of a scenario all pass; a k that is undefined is absent."""
    pass_at_k: Mapping[str, float]
    """By k: the chance that one of k trials passes."""
    statuses: Mapping[str, int]
    faults: Mapping[str, int]
    unresolved_infrastructure: int
    retries: int
    cost_usd: Amount | None
    priced_outcomes: int
    """How many outcomes the cost is of."""
    tokens: int | None
    time_p50_ms: float | None
    time_p95_ms: float | None
    by_scenario: Sequence[ScenarioResultDocument]
    assumed: Sequence[str]
    error_message: str | None
    early_stop: EarlyStopDocument | None


@described
class ReportDocument(SummaryDocument):
    """What a simulation showed."""

    judge_cost_usd: Amount | None
    """What judges cost; it is not part of the agent's `cost_usd`."""
    user_cost_usd: Amount | None
    """What simulated users cost; it is not part of the agent's `cost_usd`."""
    tools: Sequence[ToolSummaryDocument]
    ledger: OnRecordDocument | None
    """What the gateway's ledger has of it; null where no call went through the gateway."""


def report_document(report: Report, ledger: Ledgered | None = None) -> ReportDocument:
    """
    A report.

    `mean` is the mean score with its `interval`; `pass_rate` leaves out what
    was not scored, `pass_rate_strict` counts it as not passed. An undefined k
    is absent from `pass_hat_k` and `pass_at_k`.
    """
    return {
        **summary_document(report.summary),
        "judge_cost_usd": report.summary.totals.judge_cost_usd,
        "user_cost_usd": report.summary.totals.user_cost_usd,
        "tools": [
            {
                "tool_name": tool.tool_name,
                "trials": tool.trials,
                "calls": tool.calls,
                "errors": tool.errors,
                "mean_duration_ms": tool.mean_duration_ms,
                "cost_usd": tool.cost_usd,
            }
            for tool in report.tools
        ],
        "ledger": None if ledger is None else ledger_document(ledger),
    }


def ledger_document(ledger: Ledgered) -> OnRecordDocument:
    """What the ledger has of a simulation."""
    return {
        "calls": ledger.calls,
        "unpriced": ledger.unpriced,
        "cost_usd": ledger.cost_usd,
        "differs": sorted(ledger.differing),
        "roles": [
            {
                "role": each.role,
                "calls": each.calls,
                "failed": each.failed,
                "unpriced": each.unpriced + each.open,
                "tokens": each.tokens,
                "cost_usd": each.cost_usd,
                "reported_usd": ledger.reported.get(each.role or "agent"),
            }
            for each in ledger.roles
        ],
    }


def summary_document(summary: Summary) -> SummaryDocument:
    """The part of `report_document` that is about numbers."""
    simulation, totals = summary.simulation, summary.totals
    return {
        "simulation_id": simulation.simulation_id,
        "config": simulation.label,
        "name": simulation.name,
        "status": simulation.status,
        "origin": simulation.origin,
        "scenarios": len(summary.scenarios),
        "trials": simulation.trials_total,
        "outcomes": totals.outcomes,
        "scored": sum(each.scored for each in summary.scenarios),
        "passed": sum(each.passed for each in summary.scenarios),
        "mean": summary.score.value if summary.score else None,
        "interval": _bounds(summary.score),
        "pass_rate": summary.pass_rate.value if summary.pass_rate else None,
        "pass_rate_interval": _bounds(summary.pass_rate),
        "pass_rate_strict": summary.pass_rate_strict.value if summary.pass_rate_strict else None,
        "pass_rate_strict_interval": _bounds(summary.pass_rate_strict),
        "interval_method": summary.pass_rate.method if summary.pass_rate else None,
        "interval_over": summary.pass_rate.over if summary.pass_rate else None,
        "pass_hat_k": {str(k): value for k, value in summary.pass_hat_k.items()},
        "pass_at_k": {str(k): value for k, value in summary.pass_at_k.items()},
        "statuses": dict(summary.statuses),
        "faults": dict(summary.faults),
        "unresolved_infrastructure": totals.unresolved_infrastructure,
        "retries": totals.retries,
        "cost_usd": summary.cost_usd,
        "priced_outcomes": summary.priced_outcomes,
        "tokens": summary.tokens,
        "time_p50_ms": totals.time_p50_ms,
        "time_p95_ms": totals.time_p95_ms,
        "by_scenario": [scenario_result_document(each) for each in summary.scenarios],
        "assumed": list(simulation.assumed),
        "error_message": simulation.error_message,
        "early_stop": early_stop_document(early_stop(summary)),
    }


def early_stop_document(stop: EarlyStop | None) -> EarlyStopDocument | None:
    """How a simulation was ended early; None where it was not."""
    if stop is None:
        return None
    return {
        "rule": stop.rule.told,
        "margin": stop.rule.margin,
        "level": stop.rule.level,
        "reason": stop.reason.value,
        "baseline_simulation_id": stop.rule.baseline_id,
        "look": stop.look,
        "rounds_planned": stop.rounds_planned,
        "difference": stop.difference,
        "interval": [stop.low, stop.high],
        "trials_saved": stop.trials_saved,
        "cost_saved_usd": stop.cost_saved_usd,
    }


def scenario_result_document(result: ScenarioResult) -> ScenarioResultDocument:
    """One scenario in one simulation."""
    return {
        "scenario_id": result.scenario_id,
        "name": result.name,
        "group": result.group,
        "trials": result.trials,
        "scored": result.scored,
        "passed": result.passed,
        "marks": list(result.marks),
        "mean_score": result.score_mean,
        "cost_usd": result.cost_sum,
        "time_p50_ms": result.time_median_ms,
    }


def _bounds(estimate: Estimate | None) -> list[float | None] | None:
    return None if estimate is None else [estimate.low, estimate.high]
