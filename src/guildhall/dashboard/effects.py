"""What was predicted of a change, beside what was measured of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guildhall.algorithms.statistics import Verdict
from guildhall.app.figures import change_in_points
from guildhall.dashboard.frame.charts import Whisker, whisker
from guildhall.dashboard.frame.views import link
from guildhall.dashboard.verdicts import CSS
from guildhall.domains.evaluation.recommendations import Effect, Proof

_LEAST_REACH = 0.1


@dataclass(frozen=True, slots=True)
class EffectShown:
    """An effect and its place on the axis that all of a table share; a proof under way has none yet."""

    name: str
    effect: Effect | None
    drawn: Whisker | None
    verdict: str
    css: str
    scenarios: int | None
    href: str | None


@dataclass(frozen=True, slots=True)
class Effects:
    """The rows, and how far the axis goes to both sides, in points."""

    effects: Sequence[EffectShown]
    reach: int

    @classmethod
    def of(cls, predicted: Effect | None, proofs: Sequence[Proof]) -> Effects:
        """A prediction, which may be missing, and proofs, the newest first."""
        measured = [(each, _measured(each)) for each in proofs]
        ends = [abs(end) for one in (predicted, *(each for _, each in measured)) if one for end in (one.low, one.high)]
        most = min(math.ceil(max((*ends, _LEAST_REACH)) * 20) / 20, 1.0)

        def shown(name: str, effect: Effect | None, verdict: str, css: str, proof: Proof | None) -> EffectShown:
            drawn = whisker(effect.effect, effect.low, effect.high, least=-most, most=most) if effect else None
            href = None
            if proof is not None:
                href = link("/compare", baseline=proof.baseline_simulation_id, candidate=proof.candidate_simulation_id)
            return EffectShown(name, effect, drawn, verdict, css, proof.scenarios if proof else None, href)

        rows = [shown("predicted, 90 % by its maker", predicted, "a guess", "", None)]
        for proof, effect in measured:
            if proof.verdict is None:
                rows.append(shown("being measured", None, "under way", "", None))
            else:
                name = f"measured {proof.created_at:%Y-%m-%d}, 95 %"
                rows.append(shown(name, effect, proof.verdict, CSS[Verdict(proof.verdict)], proof))
        return cls(rows, round(most * 100))


def effect_of(estimate: Mapping[str, Any] | None) -> Effect | None:
    """An effect as `impact_prediction` keeps it."""
    return None if estimate is None else Effect(estimate["effect"], estimate["low"], estimate["high"])


def in_points(effect: Effect | None) -> str:
    """`+12 points [+3, +20]`"""
    if effect is None:
        return "no prediction"
    low, high = change_in_points(effect.low), change_in_points(effect.high)
    return f"{change_in_points(effect.effect)} points [{low}, {high}]"


def _measured(proof: Proof) -> Effect | None:
    if proof.effect is None or proof.effect_low is None or proof.effect_high is None:
        return None
    return Effect(proof.effect, proof.effect_low, proof.effect_high)
