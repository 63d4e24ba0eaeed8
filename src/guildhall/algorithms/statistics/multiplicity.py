"""More than one question asked of the same data: Holm 1979 (Scandinavian Journal of Statistics 6)."""

from __future__ import annotations

from collections.abc import Sequence

from guildhall.algorithms.statistics.errors import UnusableSample


def holm(p_values: Sequence[float]) -> list[float]:
    """
    Adjusted p-values, in the order given: those below α are rejected with at most α wrong rejections in all.

    The smallest is multiplied by the number of values m, the next by m - 1, and so
    on; none is smaller than one before it, none larger than 1.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for factor, index in holm_factors(p_values):
        highest = max(highest, min(1.0, factor * p_values[index]))
        adjusted[index] = highest
    return adjusted


def holm_factors(p_values: Sequence[float]) -> list[tuple[int, int]]:
    """(factor, index) in the order of testing: the smallest p-value first, equal ones in the order given."""
    for p in p_values:
        if not 0 <= p <= 1:
            raise UnusableSample(f"a p-value of {p}, expected between 0 and 1")
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    return [(len(order) - rank, index) for rank, index in enumerate(order)]
