"""
How often an agent succeeds when it may try k times, and how often it does so k times running.

Both are unbiased estimators from n ≥ k trials of one scenario, and absent where
n < k: neither 0 nor 1, and never a power of the pass rate, which is biased upwards
for pass@k's complement and for pass^k alike as soon as scenarios differ.

- pass@k: Chen et al. 2021, "Evaluating Large Language Models Trained on Code" (arXiv 2107.03374), §2.1.
- pass^k: Yao et al. 2024, "τ-bench" (arXiv 2406.12045), §5.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import comb

from guildhall.algorithms.statistics.errors import UnusableSample
from guildhall.algorithms.statistics.intervals import Estimate, estimate_of_bounded
from guildhall.algorithms.statistics.scenarios import ScenarioMeans

Counts = Sequence[tuple[int, int]]
"""Per scenario: trials n and passes c."""


def pass_at_k(n: int, c: int, k: int) -> float | None:
    """
    The chance that at least one of k trials passes, where c of n did; None where n < k.

    >>> pass_at_k(5, 1, 2)
    0.4
    """
    exact = _pass_at_k(n, c, k)
    return None if exact is None else float(exact)


def pass_hat_k(n: int, c: int, k: int) -> float | None:
    """
    The chance that all of k trials pass, where c of n did; None where n < k.

    >>> pass_hat_k(5, 4, 2)
    0.6
    """
    exact = _pass_hat_k(n, c, k)
    return None if exact is None else float(exact)


def mean_pass_at_k(counts: Counts, k: int) -> float | None:
    """The mean of pass@k over scenarios; None without scenarios, or as soon as one has fewer than k trials."""
    return _mean(_pass_at_k, _tally(counts), k)


def mean_pass_hat_k(counts: Counts, k: int) -> float | None:
    """The mean of pass^k over scenarios; None without scenarios, or as soon as one has fewer than k trials."""
    return _mean(_pass_hat_k, _tally(counts), k)


def pass_at_k_curve(counts: Counts, up_to: int | None = None) -> dict[int, float]:
    """Mean pass@k for every k that is defined, up to the smallest number of trials or to `up_to`."""
    return _curve(_pass_at_k, counts, up_to)


def pass_hat_k_curve(counts: Counts, up_to: int | None = None) -> dict[int, float]:
    """Mean pass^k for every k that is defined, up to the smallest number of trials or to `up_to`."""
    return _curve(_pass_hat_k, counts, up_to)


def pass_at_k_estimate(counts: Counts, k: int, groups: Sequence[str] | None = None) -> Estimate | None:
    """`mean_pass_at_k` with its interval over scenarios (or declared groups)."""
    return _estimate(_pass_at_k, counts, k, groups)


def pass_hat_k_estimate(counts: Counts, k: int, groups: Sequence[str] | None = None) -> Estimate | None:
    """`mean_pass_hat_k` with its interval over scenarios (or declared groups)."""
    return _estimate(_pass_hat_k, counts, k, groups)


_Estimator = Callable[[int, int, int], Fraction | None]


def _pass_at_k(n: int, c: int, k: int) -> Fraction | None:
    _check(n, c, k)
    return None if n < k else 1 - Fraction(comb(n - c, k), comb(n, k))


def _pass_hat_k(n: int, c: int, k: int) -> Fraction | None:
    _check(n, c, k)
    return None if n < k else Fraction(comb(c, k), comb(n, k))


def _check(n: int, c: int, k: int) -> None:
    if not 0 <= c <= n:
        raise UnusableSample(f"{c} passes of {n} trials, expected between none and all", n=n, c=c)
    if k < 1:
        raise UnusableSample(f"k is {k}, expected at least 1", k=k)


def _tally(counts: Counts) -> Counter[tuple[int, int]]:
    # Thousands of scenarios share a few (n, c), so the big integers are worked out once for each pair.
    return Counter(_pairs(counts))


def _mean(estimator: _Estimator, tally: Counter[tuple[int, int]], k: int) -> float | None:
    # A sum of rounded terms would differ from the exact mean by less than anybody prints.
    total = 0.0
    for (n, c), scenarios in tally.items():
        exact = estimator(n, c, k)
        if exact is None:
            return None
        total += float(exact) * scenarios
    return min(total / tally.total(), 1.0) if tally else None


def _curve(estimator: _Estimator, counts: Counts, up_to: int | None) -> dict[int, float]:
    fewest = min((n for n, _ in counts), default=0)
    curve: dict[int, float] = {}
    tally = _tally(counts)
    for k in range(1, min(fewest, fewest if up_to is None else up_to) + 1):
        value = _mean(estimator, tally, k)
        if value is not None:
            curve[k] = value
    return curve


def _estimate(estimator: _Estimator, counts: Counts, k: int, groups: Sequence[str] | None) -> Estimate | None:
    if not len(counts):
        return None
    per_pair = {pair: estimator(*pair, k) for pair in set(_pairs(counts))}
    values: list[float] = []
    for pair in _pairs(counts):
        exact = per_pair[pair]
        if exact is None:
            return None
        values.append(float(exact))
    chances = ScenarioMeans.of_trials([[value] for value in values])
    return estimate_of_bounded(chances, groups, 0.0, 1.0, over_trials=False)


def _pairs(counts: Counts) -> Iterable[tuple[int, int]]:
    return ((int(n), int(c)) for n, c in counts)
