"""
Who is preferred to whom: the matrix from which the Condorcet rules count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.ballots.papers import Ballots

_UNRANKED = np.iinfo(np.int16).max


@dataclass(frozen=True, slots=True, eq=False)
class Pairwise:
    """
    `support[a, b]` is the weight of the ballots that put option a above option b.

    A ballot with neither, or with both as equals, supports neither.
    """

    options: tuple[str, ...]
    support: NDArray[np.int64]
    counted: int

    @property
    def margins(self) -> NDArray[np.int64]:
        """`margins[a, b]`: by how much more weight a is preferred to b than b to a."""
        return self.support - self.support.T

    @property
    def condorcet_winner(self) -> str | None:
        """The option that beats every other, if there is one."""
        return self._against_all(self.margins > 0)

    @property
    def condorcet_loser(self) -> str | None:
        """The option that every other beats, if there is one."""
        return self._against_all(self.margins < 0)

    @property
    def smith_set(self) -> tuple[str, ...]:
        """The smallest set whose members beat everybody outside it (Smith, 1973); the winner alone, if one beats all."""
        margins = self.margins
        # Members of the Smith set have higher Copeland scores than all others, so it is a beginning of that order:
        # the shortest one in which nobody fails to beat anybody outside.
        copeland = np.sign(margins).sum(axis=1)
        order = np.argsort(-copeland, kind="stable")
        fails = ~(margins > 0)
        size = len(order)
        reached, end = 0, 1
        while reached < end < size:
            outside = np.flatnonzero(fails[order[reached], order])
            beyond = outside[outside != reached]
            end = max(end, int(beyond.max()) + 1) if len(beyond) else end
            # An equal score cannot be told apart by the order: it is inside as well.
            while end < size and copeland[order[end]] == copeland[order[end - 1]]:
                end += 1
            reached += 1
        members = set(order[:end].tolist())
        return tuple(option for where, option in enumerate(self.options) if where in members)

    def _against_all(self, stands: NDArray[np.bool_]) -> str | None:
        if len(self.options) == 0:
            return None
        wins = stands.sum(axis=1)
        where = int(wins.argmax())
        return self.options[where] if wins[where] == len(self.options) - 1 and self.counted else None


def pairwise(ballots: Ballots) -> Pairwise:
    """
    Compare every two options on every ballot.

    Ten thousand ballots over fifty options take a few milliseconds: an option's
    ranks lie side by side, as bytes where they fit.
    """
    ranks = ballots.ranks
    count = len(ballots.options)
    unranked = ranks == 0
    top = int(ranks.max()) if ranks.size else 0
    narrow, last = (np.uint8, 255) if top < 255 else (np.int16, _UNRANKED)
    columns: NDArray[Any] = np.ascontiguousarray(np.where(unranked, last, ranks).T, dtype=narrow)
    strict = not unranked.any() and _without_ties(columns)
    weights, alike = ballots.weights, None
    if len(weights) and bool((weights == weights[0]).all()):
        alike = int(weights[0])
    exact = weights.astype(np.float64)
    total = int(weights.sum())

    def weigh(stands: NDArray[np.bool_]) -> NDArray[np.int64]:
        if alike is not None:
            return np.asarray(np.bitwise_count(np.packbits(stands, axis=1)).sum(axis=1, dtype=np.int64) * alike)
        return np.asarray(stands @ exact, np.int64)

    support = np.zeros((count, count), np.int64)
    for option in range(count - 1):
        mine, others = columns[option], columns[option + 1 :]
        support[option, option + 1 :] = weigh(mine < others)
        if not strict:
            support[option + 1 :, option] = weigh(mine > others)
    if strict:
        lower = np.tril_indices(count, -1)
        support[lower] = total - support.T[lower]
    return Pairwise(ballots.options, support, int(weights[~unranked.all(axis=1)].sum()) if ranks.size else 0)


def _without_ties(columns: NDArray[Any]) -> bool:
    # Each ballot's ranks, set as bits: a complete ballot without ties has as many of them as options.
    count = len(columns)
    words = np.zeros((count // 64 + 1, columns.shape[1]), np.uint64)
    for column in columns:
        for word in range(len(words)):
            within = column // 64 == word if len(words) > 1 else True
            bits = np.left_shift(np.uint64(1), (column % 64).astype(np.uint64))
            np.bitwise_or(words[word], bits, out=words[word], where=within)
    return bool((np.bitwise_count(words).sum(axis=0) == count).all())
