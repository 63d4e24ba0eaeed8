"""The paired t-test over units and its interval: for many units, where counting sets of them would take long."""

from __future__ import annotations

import math
from dataclasses import dataclass

from guildhall.algorithms.statistics.distributions import t_quantile, t_upper_tail


@dataclass(frozen=True, slots=True)
class PairedT:
    """The test of a mean difference with its standard error over `units` independent units."""

    difference: float
    standard_error: float
    units: int

    method = "paired t"
    smallest_reachable_p = 0.0

    @property
    def p_value(self) -> float:
        """Two-sided."""
        return min(1.0, 2 * self._beyond(abs(self.difference)))

    def interval(self, alpha: float) -> tuple[float, float]:
        """The differences that the test at level alpha does not reject."""
        half = t_quantile(1 - alpha / 2, self.units - 1) * self.standard_error
        return self.difference - half, self.difference + half

    def equivalence_p(self, margin: float) -> float:
        """The larger p-value of the two one-sided tests against -margin and +margin (Schuirmann 1987)."""
        return self._beyond(margin - abs(self.difference))

    def _beyond(self, distance: float) -> float:
        if self.standard_error == 0:
            return 0.0 if distance > 0 else 1.0
        if math.isinf(distance):
            return 0.0
        return t_upper_tail(distance / self.standard_error, self.units - 1)
