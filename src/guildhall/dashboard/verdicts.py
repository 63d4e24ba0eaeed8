"""
The verdicts on pairs of simulations, remembered: of two that are over nothing changes any more.

An outcome that is told afterwards, or of which more becomes known, does change
something, so that a verdict is forgotten after some minutes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from guildhall import clock
from guildhall.algorithms.statistics import Verdict
from guildhall.dashboard.frame.views import link
from guildhall.db import Tx
from guildhall.domains.evaluation import reports, simulations
from guildhall.domains.evaluation.simulations import Simulation

CSS = {
    Verdict.BETTER: "better",
    Verdict.WORSE: "worse",
    Verdict.EQUIVALENT: "equivalent",
    Verdict.NOT_ENOUGH_DATA: "undecided",
}
_LASTS_MS = 300_000.0
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair and its verdict; without one scenario in common there is no difference."""

    baseline: Simulation
    candidate: Simulation
    verdict: Verdict
    difference: float | None
    low: float | None
    high: float | None
    down: int

    @property
    def css(self) -> str:
        return CSS[self.verdict]

    @property
    def href(self) -> str:
        """Where it is shown whole."""
        return link("/compare", baseline=self.baseline.simulation_id, candidate=self.candidate.simulation_id)


_known: OrderedDict[tuple[UUID, UUID, UUID], tuple[float, Judged]] = OrderedDict()


async def judged(tx: Tx, baseline_id: UUID, candidate_id: UUID) -> Judged:
    """The verdict on two simulations of the team; one that was made lately is good enough."""
    key = (tx.actor.tenant_id, baseline_id, candidate_id)
    until_ms, known = _known.get(key, (0.0, None))
    if known is not None and clock.monotonic_ms() < until_ms:
        return known
    baseline = await simulations.get_simulation(tx, baseline_id)
    candidate = await simulations.get_simulation(tx, candidate_id)
    versus = await reports.compare(tx, baseline, candidate)
    metric = versus.judgement.headline_metric if versus.judgement else None
    made = Judged(
        baseline,
        candidate,
        versus.judgement.verdict if versus.judgement else Verdict.NOT_ENOUGH_DATA,
        metric.comparison.difference if metric else None,
        metric.low if metric else None,
        metric.high if metric else None,
        metric.comparison.down if metric else 0,
    )
    if baseline.completed_at is not None and candidate.completed_at is not None:
        _known[key] = (clock.monotonic_ms() + _LASTS_MS, made)
        _known.move_to_end(key)
        while len(_known) > _MOST:
            _known.popitem(last=False)
    return made
