"""From the scores of one trial to its reliability score and whether it passed."""

from __future__ import annotations

from collections.abc import Sequence

from guildhall.domains.evaluation.simulations.ports import Score

_ROUNDING = 1e-9


def combine(scores: Sequence[Score], pass_score: float) -> tuple[float, bool]:
    """
    The weighted mean of the scores, 0 to 1, and whether the trial passed.

    It passes when the mean is at or above `pass_score` and every *required*
    scorer passed. A required scorer that failed does not lower the score: the
    score says what was measured, `passed` what follows from it. Weights of 0
    leave a scorer out of the mean, not out of the requirement; where all are
    0, all count alike.

    Raises:
        ValueError: There are no scores; no trial is scored by nothing.
    """
    if not scores:
        raise ValueError("a trial without scores cannot be combined")
    total = sum(each.weight for each in scores)
    if total > 0:
        mean = sum(each.score * (each.weight / total) for each in scores)
    else:
        mean = sum(each.score for each in scores) / len(scores)
    mean = min(max(mean, 0.0), 1.0)
    if all(each.score == scores[0].score for each in scores):
        mean = scores[0].score  # what is the same everywhere is the mean, to the last digit
    passed = mean >= pass_score - _ROUNDING and all(each.passed for each in scores if each.required)
    return mean, passed
