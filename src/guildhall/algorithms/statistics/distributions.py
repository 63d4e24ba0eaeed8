"""
The few distributions that the intervals and tests need.

`scipy.special` takes a third of a second to import, so it waits until the first
quantile is asked for; a command that only lists things never pays for it.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def normal_quantile(probability: float) -> float:
    """The point below which a standard normal variable falls with this probability."""
    from scipy.special import ndtri  # noqa: PLC0415

    return float(ndtri(probability))


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: float) -> float:
    """The same for Student's t; infinitely many degrees of freedom give the normal quantile."""
    from scipy.special import stdtrit  # noqa: PLC0415

    return normal_quantile(probability) if math.isinf(degrees) else float(stdtrit(degrees, probability))


def t_upper_tail(value: float, degrees: float) -> float:
    """The probability that Student's t exceeds `value`."""
    from scipy.special import stdtr  # noqa: PLC0415

    return float(stdtr(degrees, -value))


def beta_cdf(value: Floats | float, a: float, b: float) -> Floats:
    """
    P(B <= value) for B ~ Beta(a, b), with the limits a = 0 (all mass at 0) and b = 0 (all mass at 1).

    Values below 0 and above 1 are allowed.
    """
    from scipy.special import betainc  # noqa: PLC0415

    value = np.asarray(value, dtype=float)
    if a <= 0:
        return np.where(value >= 0, 1.0, 0.0)
    if b <= 0:
        return np.where(value >= 1, 1.0, 0.0)
    return np.asarray(betainc(a, b, np.clip(value, 0.0, 1.0)), dtype=float)


def beta_quantile(probability: Floats | float, a: float, b: float) -> Floats:
    """The inverse of `beta_cdf`, with the same limits."""
    from scipy.special import betaincinv  # noqa: PLC0415

    probability = np.asarray(probability, dtype=float)
    if a <= 0:
        return np.zeros_like(probability)
    if b <= 0:
        return np.ones_like(probability)
    return np.asarray(betaincinv(a, b, probability), dtype=float)


def half_binomial_at_most(successes: int, tosses: int) -> float:
    """P(X <= successes) for the number of heads in fair tosses."""
    if successes < 0:
        return 0.0
    if successes >= tosses:
        return 1.0
    return float(beta_cdf(0.5, tosses - successes, successes + 1))
