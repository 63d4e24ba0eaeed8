"""
The few distributions that the intervals and tests need.

Importing `scipy.special` takes longer than a whole report, so what reports and comparisons of usual size
need is worked out here in a few lines, and scipy is asked only where
counting would take longer: beta distributions of more than `COUNTED_TRIALS` trials.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COUNTED_TRIALS = 500


def t_upper_tail(value: float, degrees: float) -> float:
    """The probability that Student's t exceeds `value`; infinitely many degrees of freedom give the normal."""
    if math.isinf(degrees):
        return 0.5 * math.erfc(value / math.sqrt(2))
    if math.isinf(value):
        return 0.0 if value > 0 else 1.0
    beyond = incomplete_beta(degrees / 2, 0.5, degrees / (degrees + value * value)) / 2
    return beyond if value >= 0 else 1 - beyond


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: float) -> float:
    """The point below which Student's t falls with this probability, inside 0 and 1."""
    if probability < 0.5:
        return -t_quantile(1 - probability, degrees)
    point = NormalDist().inv_cdf(probability)
    if math.isinf(degrees):
        return point
    # From the normal quantile, which is never beyond, Newton's steps on the convex tail only go up.
    scale = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - 0.5 * math.log(degrees * math.pi)
    for _ in range(200):
        density = math.exp(scale - (degrees + 1) / 2 * math.log1p(point * point / degrees))
        step = (t_upper_tail(point, degrees) - (1 - probability)) / density
        point += step
        if abs(step) <= 1e-13 * max(1.0, point):
            break
    return point


def incomplete_beta(a: float, b: float, x: float) -> float:
    """
    The regularised incomplete beta function I_x(a, b), for a, b > 0 and x from 0 to 1.

    By the continued fraction of the NIST Handbook (DLMF 8.17.22), evaluated from the front (Lentz 1976).
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # there the fraction of the mirrored function converges faster
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # 1 / (1 + d1 / (1 + d2 / …)): `above` and `below` are the ratios of successive numerators and denominators.
    above, below, fraction = 1.0, 1.0, 1.0
    for step in range(1, 100_000):
        m, odd = divmod(step, 2)
        if odd:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        below = 1 / _nonzero(1 + term * below)
        above = _nonzero(1 + term / above) if step > 1 else 1.0
        fraction *= above * below
        if step > 1 and abs(above * below - 1) < 1e-15:
            break
    return front * fraction / a


def binomial_at_most(tosses: int, probability: float) -> Floats:
    """P(X <= 0), P(X <= 1), … P(X <= tosses) for X ~ Binomial(tosses, probability), inside 0 and 1."""
    return np.minimum(np.cumsum(binomial_chances(tosses, probability)), 1.0)


def binomial_chances(tosses: int, probability: float) -> Floats:
    """P(X = 0), … P(X = tosses) for X ~ Binomial(tosses, probability), inside 0 and 1."""
    drawn = np.arange(tosses)
    ratios = np.log((tosses - drawn) / (drawn + 1)) + math.log(probability) - math.log1p(-probability)
    logs = np.concatenate(([0.0], np.cumsum(ratios))) + tosses * math.log1p(-probability)
    chances = np.exp(logs)
    return np.asarray(chances / chances.sum())


@lru_cache(maxsize=4096)
def heads_at_most(heads: int, tosses: int) -> float:
    """P(X <= heads) in so many tosses of a fair coin."""
    if heads < 0:
        return 0.0
    if heads >= tosses:
        return 1.0
    if tosses <= 1_000:  # exact, so that a p-value is the fraction it should be
        return float(sum(math.comb(tosses, k) for k in range(heads + 1)) / (1 << tosses))
    return incomplete_beta(tosses - heads, heads + 1, 0.5)


def beta_cdf(value: Floats, a: int, b: int) -> Floats:
    """
    P(B <= value) for B ~ Beta(a, b), with the limits a = 0 (all mass at 0) and b = 0 (all mass at 1).

    Values below 0 and above 1 are allowed.
    """
    if a == 0:
        return np.where(value >= 0, 1.0, 0.0)
    if b == 0:
        return np.where(value >= 1, 1.0, 0.0)
    inside = np.clip(value, 0.0, 1.0)
    if a + b - 1 <= COUNTED_TRIALS:
        return _at_least(a, a + b - 1, inside)
    from scipy.special import betainc  # noqa: PLC0415

    return np.asarray(betainc(a, b, inside), dtype=float)


def beta_quantile(probability: Floats, a: int, b: int) -> Floats:
    """The inverse of `beta_cdf`, with the same limits."""
    if a == 0:
        return np.zeros_like(probability)
    if b == 0:
        return np.ones_like(probability)
    if a + b - 1 <= COUNTED_TRIALS:
        low, high = np.zeros_like(probability), np.ones_like(probability)
        for _ in range(50):
            middle = (low + high) / 2
            reached = _at_least(a, a + b - 1, middle) >= probability
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
        return (low + high) / 2
    from scipy.special import betaincinv  # noqa: PLC0415

    return np.asarray(betaincinv(a, b, probability), dtype=float)


def _at_least(successes: int, trials: int, probability: Floats) -> Floats:
    """P(X >= successes) for X ~ Binomial(trials, probability): the beta distribution of whole parameters."""
    more_than_half = 2 * successes > trials
    counts = np.arange(successes, trials + 1) if more_than_half else np.arange(successes)
    inside = np.clip(probability, 1e-300, 1 - 1e-16)[..., None]
    logs = _log_choices(trials)[counts] + counts * np.log(inside) + (trials - counts) * np.log1p(-inside)
    total = np.exp(logs).sum(axis=-1)
    return np.asarray(np.clip(total if more_than_half else 1 - total, 0.0, 1.0))


@lru_cache(maxsize=1024)
def _log_choices(trials: int) -> Floats:
    drawn = np.arange(trials)
    return np.concatenate(([0.0], np.cumsum(np.log((trials - drawn) / (drawn + 1)))))


def _nonzero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300
