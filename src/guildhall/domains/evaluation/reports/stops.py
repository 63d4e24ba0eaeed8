"""
Comparisons that may end early: the rule they were begun with, and what ended them.

Both are in the simulations' metadata, on both sides alike, so that whoever
runs them, in whatever process and after whatever interruption, holds to the
same rule, and whoever reads them sees how they ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from guildhall.algorithms.statistics import Look, Stop
from guildhall.domains.evaluation.reports.types import Summary
from guildhall.domains.evaluation.simulations import Simulation, SimulationStatus

RULE_KEY, ENDED_KEY = "stop_early", "stopped"
"""What the metadata call the rule, and what ended it."""

_METHOD = "confidence sequence by betting, looked at after every complete round"
MARGIN, LEVEL = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class StopRule:
    """
    When two simulations that run beside each other end before their trials are done.

    Differences are of the other one from `baseline_id`; `margin` is the difference in pass rate that does not
    matter; `level` is that of the confidence sequence.
    """

    baseline_id: UUID
    margin: float = MARGIN
    level: float = LEVEL

    @property
    def told(self) -> str:
        """In words."""
        return f"{_METHOD}; {100 * self.level:g} %, a difference below {100 * self.margin:g} points does not matter"

    def as_json(self) -> dict[str, Any]:
        """As metadata keep it."""
        return {"baseline_id": str(self.baseline_id), "margin": self.margin, "level": self.level}


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """
    What ended a comparison early: the rule, the look that did (one after each round), and what was not run of this side.

    `cost_saved_usd` is estimated from what the trials cost that were run; None where that is not known.
    """

    rule: StopRule
    reason: Stop
    look: int
    rounds_planned: int
    difference: float
    low: float
    high: float
    trials_saved: int
    cost_saved_usd: Decimal | None


def rule_of(simulation: Simulation) -> StopRule | None:
    """The rule that a simulation is run by; None where it is run to its end."""
    return _rule(simulation.metadata.get(RULE_KEY))


def ended_by(look: Look, planned: int) -> dict[str, Any]:
    """What ended a comparison, as metadata keep it."""
    assert look.stop is not None, "it has ended"
    return {
        "reason": look.stop.value,
        "look": look.rounds,
        "rounds_planned": planned,
        "difference": look.difference,
        "low": look.low,
        "high": look.high,
    }


def early_stop(summary: Summary) -> EarlyStop | None:
    """How a simulation was ended early by its rule; None where it was not."""
    simulation = summary.simulation
    ended, rule = simulation.metadata.get(ENDED_KEY), rule_of(simulation)
    if rule is None or not isinstance(ended, Mapping) or simulation.status is not SimulationStatus.CANCELLED:
        return None
    saved = max(simulation.trials_total - simulation.trials_done, 0)
    try:
        return EarlyStop(
            rule=rule,
            reason=Stop(ended["reason"]),
            look=int(ended["look"]),
            rounds_planned=int(ended["rounds_planned"]),
            difference=float(ended["difference"]),
            low=float(ended["low"]),
            high=float(ended["high"]),
            trials_saved=saved,
            cost_saved_usd=_cost_of(summary, saved),
        )
    except (KeyError, TypeError, ValueError):
        return None  # somebody else's words


def _rule(kept: Any) -> StopRule | None:
    if not isinstance(kept, Mapping):
        return None
    try:
        rule = StopRule(UUID(kept["baseline_id"]), float(kept["margin"]), float(kept["level"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # somebody else's words
    return rule if 0 < rule.margin < 1 and 0 < rule.level < 1 else None


def _cost_of(summary: Summary, trials: int) -> Decimal | None:
    """What so many trials more would have cost, at the mean of those that are priced."""
    if summary.cost_usd is None or not summary.priced_outcomes:
        return None
    return (summary.cost_usd / summary.priced_outcomes * trials).quantize(Decimal("0.000001"))
