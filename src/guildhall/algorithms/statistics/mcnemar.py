"""
Two versions, one binary trial each per scenario: the exact McNemar test, and the interval that belongs to it.

Test: McNemar 1947 (Psychometrika 12) with the exact binomial distribution of the
scenarios that changed. Interval on the difference of rates: Fay & Lumbard 2021
(Statistics in Medicine 40), which *melds* the Clopper–Pearson limits of the share
of ups among the changed with those of the share of changed; its lower limit
exceeds 0 exactly when the two-sided p-value is below 1 - level.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.statistics.distributions import beta_cdf, beta_quantile, heads_at_most

Floats = NDArray[np.float64]

NODES = 96  # Gauss–Legendre points; the limits are good to a hundredth of a point


@dataclass(frozen=True, slots=True)
class McNemar:
    """The test of `up` scenarios that newly pass against `down` that newly fail, among `scenarios`."""

    up: int
    down: int
    scenarios: int

    method = "exact McNemar"

    @property
    def p_value(self) -> float:
        """Two-sided: twice the smaller tail, at most 1."""
        return min(1.0, 2 * heads_at_most(min(self.up, self.down), self.up + self.down))

    @property
    def smallest_reachable_p(self) -> float:
        """The p-value if all that changed had changed in one direction."""
        return min(1.0, 2.0 ** (1 - self.up - self.down))

    def interval(self, alpha: float) -> tuple[float, float]:
        """Limits of the difference of rates; each is passed with a chance of at most alpha / 2."""
        return (
            melded_lower_limit(self.up, self.down, self.scenarios, alpha / 2),
            -melded_lower_limit(self.down, self.up, self.scenarios, alpha / 2),
        )

    def equivalence_p(self, margin: float) -> float:
        """The larger p-value of the two one-sided tests against -margin and +margin (Schuirmann 1987)."""
        return max(
            melded_tail(self.up, self.down, self.scenarios, -margin),
            melded_tail(self.down, self.up, self.scenarios, -margin),
        )


@lru_cache(maxsize=4096)
def melded_lower_limit(up: int, down: int, scenarios: int, tail: float) -> float:
    """The largest t with P(lower confidence variable <= t) <= tail: the lower limit for (up - down) / scenarios."""
    changed = up + down
    if up == 0:
        return -float(beta_quantile(np.array([1 - tail]), changed + 1, scenarios - changed)[0])
    reversal = heads_at_most(down, changed)  # P(share of ups among the changed <= 1/2), the one-sided p-value
    if reversal == tail:
        return 0.0
    # Between 0 and 1 if the test rejects, else between -1 and 0: never on the other side than the test.
    low, high = (0.0, 1.0) if reversal < tail else (-1.0, 0.0)
    below, above = (reversal - tail, 1 - tail) if reversal < tail else (-tail, reversal - tail)
    middle = (low + high) / 2
    for step in range(100):
        # By the secant, every third time by halves, so that neither end stays for ever.
        middle = (low + high) / 2 if step % 3 == 2 else (low * above - high * below) / (above - below)
        distance = melded_tail(up, down, scenarios, middle) - tail
        if abs(distance) < 1e-9 or high - low < 1e-9:
            break
        if distance < 0:
            low, below = middle, distance
        else:
            high, above = middle, distance
    return middle


def melded_tail(up: int, down: int, scenarios: int, value: float) -> float:
    """
    P((2 B - 1) D <= value): how unlikely the data are if the true difference were at most `value`.

    B is the lower confidence variable of the share of ups, Beta(up, down + 1). D
    is that of the share of changed: where B > 1/2 the lower, Beta(m, n - m + 1),
    otherwise the upper, Beta(m + 1, n - m); either way the more cautious one.
    """
    changed = up + down
    if up == 0:
        # All mass of B is at 0, so this is about D alone.
        unchanged = scenarios - changed
        return 1.0 if value >= 0 else float(1 - beta_cdf(np.array([-value]), changed + 1, unchanged)[0])
    rates, weights = _rates_of_change(changed, scenarios, value >= 0)
    # B up to (1 + value / D) / 2; below 0 for a D that is too small for `value`, above 1 for one too small to exceed it.
    return float(weights @ beta_cdf((1 + value / rates) / 2, up, down + 1))


@lru_cache(maxsize=4096)
def _rates_of_change(changed: int, scenarios: int, lower: bool) -> tuple[Floats, Floats]:
    """Points of D and their weights in a mean over it."""
    nodes, weights = _legendre()
    unchanged = scenarios - changed
    a, b = (changed, unchanged + 1) if lower else (changed + 1, unchanged)
    return np.maximum(beta_quantile(nodes, a, b), 1e-300), weights


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, weights / 2
