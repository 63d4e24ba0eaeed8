"""
A difference that may be looked at at any time: a confidence sequence by betting.

Two versions run the same scenarios in rounds, each scenario once in a round. A
round's differences (passed now minus passed before: -1, 0 or 1) are bets
against the claim that the mean difference of these scenarios is at most m: the
capital of a stake λ grows by the product of 1 + λ(d - m). Whatever each
scenario's own difference δ is, that product is expected to be at most exp(λ Σ(δ - m)),
which is at most 1 where the claim holds; so capital at the ends of rounds is
a supermartingale, and is ever worth 1/α with a chance of at most α (Ville). What
is bet is the mean over several stakes, fixed beforehand. The claims
that are not refuted form the interval (Waudby-Smith and Ramdas 2024, Journal of the Royal
Statistical Society B 86, with fixed stakes in place of predictable ones, so
that scenarios need not be alike).

It speaks of the scenarios that were run; that others are like them is for
`comparison` to say. It is valid at the end of every round, and at no other time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.statistics.comparison import RATE_MARGIN
from guildhall.algorithms.statistics.errors import UnusableSample
from guildhall.algorithms.statistics.intervals import check_level

_STAKES = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7])
"""Parts of what may be staked without ever going broke."""
_HALVINGS = 40


class Stop(StrEnum):
    """Why a comparison need not go on."""

    BETTER = "better"
    WORSE = "worse"
    HOPELESS = "hopeless"


@dataclass(frozen=True, slots=True)
class Look:
    """
    What may be said after so many rounds, however often one has looked before.

    `stop` is better or worse where 0 is outside of the interval, hopeless where
    the candidate cannot be better by the margin, and None while it is open.
    """

    rounds: int
    pairs: int
    difference: float
    low: float
    high: float
    stop: Stop | None


def look(rounds: Sequence[Sequence[int]], *, margin: float = RATE_MARGIN, level: float = 0.95) -> Look:
    """
    The confidence sequence of the mean difference after these complete rounds, and whether to stop.

    Each round has one difference (-1, 0 or 1) for each scenario; a pair that could not be scored is 0.

    >>> look([[1] * 12, [1] * 12]).stop
    <Stop.BETTER: 'better'>
    >>> look([[0] * 12]).stop is None
    True

    Raises:
        UnusableSample: There is no round, an empty one, or a difference that is none.
    """
    check_level(level)
    found = np.array([each for one in rounds for each in one], dtype=np.float64)
    if not len(found) or not all(len(each) for each in rounds):
        raise UnusableSample(f"{len(rounds)} rounds with {len(found)} differences, expected at least one in each")
    if not np.isin(found, (-1.0, 0.0, 1.0)).all():
        raise UnusableSample("a difference that is not -1, 0 or 1")
    values, counts = np.unique(found, return_counts=True)
    worth = 2 / (1 - level)  # half of the risk for each end
    low, high = _lower(values, counts, worth), -_lower(-values, counts, worth)
    stop = None
    if low > 0:
        stop = Stop.BETTER
    elif high < 0:
        stop = Stop.WORSE
    elif high < margin:
        stop = Stop.HOPELESS
    return Look(len(rounds), len(found), float(found.mean()), low, high, stop)


def capital(values: NDArray[np.float64], counts: NDArray[np.int64], claim: float) -> float:
    """The logarithm of what betting against a mean of at most `claim` (above -1) has made of 1."""
    stakes = _STAKES / (1 + claim)
    grown = np.log1p(stakes[:, None] * (values[None, :] - claim)) @ counts
    return float(np.logaddexp.reduce(grown) - np.log(len(stakes)))


def _lower(values: NDArray[np.float64], counts: NDArray[np.int64], worth: float) -> float:
    """The largest claim that is refuted, by halving: capital falls as the claim rises."""
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle > -1 and capital(values, counts, middle) >= np.log(worth):
            low = middle
        else:
            high = middle
    return low
