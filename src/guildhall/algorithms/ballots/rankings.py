"""Rules that look at whole rankings: Borda, and those that a Condorcet winner cannot lose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.ballots.pairwise import Pairwise, pairwise
from guildhall.algorithms.ballots.papers import Ballots, position
from guildhall.algorithms.ballots.results import Result, best, scored

Strength = Literal["margins", "winning_votes"]
"""What a victory weighs: by how much it was won, or how many voted for the winner."""


def borda(election: Ballots | Pairwise) -> Result:
    """
    Two points for each option that a ballot puts below, one for each equal (both unranked counts as equal).

    That is twice the usual count of n - 1, n - 2, …, 0 points, and the tournament
    variant for incomplete ballots, under which nobody gains by leaving options out.
    """
    compared = _compared(election)
    count = len(compared.options)
    points = [int(margin) + compared.counted * (count - 1) for margin in compared.margins.sum(axis=1).tolist()]
    return _result("borda", compared, points)


def copeland(election: Ballots | Pairwise) -> Result:
    """Victories less defeats against every other option, one by one."""
    compared = _compared(election)
    return _result("copeland", compared, np.sign(compared.margins).sum(axis=1).tolist())


def condorcet(election: Ballots | Pairwise) -> Result:
    """The option that beats every other, one by one; nobody, where there is none. Scores are victories."""
    compared = _compared(election)
    winner = compared.condorcet_winner
    wins = (compared.margins > 0).sum(axis=1).tolist()
    return Result(
        "condorcet", (winner,) if winner is not None else (), scored(compared.options, wins), compared.counted
    )


def minimax(election: Ballots | Pairwise, strength: Strength = "margins") -> Result:
    """The option whose worst defeat is the smallest (Simpson and Kramer). The score is that defeat, negative."""
    compared = _compared(election)
    defeats = _victories(compared, strength).T
    worst = defeats.max(axis=1).tolist() if defeats.size else []
    return _result("minimax", compared, [-int(defeat) for defeat in worst])


def schulze(election: Ballots | Pairwise, strength: Strength = "margins") -> Result:
    """
    The options that no other beats over the strongest path of victories (Schulze, 2011). Scores count who is beaten so.

    The widest paths are found as by Floyd and Warshall, in the number of options cubed.
    """
    compared = _compared(election)
    path = _victories(compared, strength)
    for middle in range(len(path)):
        np.maximum(path, np.minimum(path[:, middle, None], path[None, middle, :]), out=path)
    np.fill_diagonal(path, 0)
    unbeaten = ~(path < path.T).any(axis=1)
    winners = tuple(compared.options[each] for each in np.flatnonzero(unbeaten))
    beaten = (path > path.T).sum(axis=1).tolist()
    return Result("schulze", winners if compared.counted else (), scored(compared.options, beaten), compared.counted)


def ranked_pairs(
    election: Ballots | Pairwise, order: Sequence[str] | None = None, strength: Strength = "margins"
) -> Result:
    """
    Lock victories in from the strongest, but none that would close a circle; whoever nobody is locked over, wins (Tideman, 1987).

    Equal victories are taken in the declared `order` of the options (that of the ballots): by
    the winner, then by the loser. `contested` names options that win under another order. To find
    all of them is NP-hard (Brill and Fischer, 2012); the orders tried favour each member of the Smith set once.
    Scores are how many options each is locked over.

    Raises:
        UnusableBallot: `order` names an option that does not stand.
    """
    compared = _compared(election)
    options = compared.options
    count = len(options)
    rank = np.arange(count)
    if order is not None:
        first = [position(options, option) for option in dict.fromkeys(order)]
        listed = set(first)
        rank[[*first, *(each for each in range(count) if each not in listed)]] = np.arange(count)
    strengths = _victories(compared, strength)
    above, order_matters = _lock(strengths, rank)
    winners = _undominated(above)
    contested: list[str] = []
    if order_matters:
        for member in compared.smith_set:
            chosen = position(options, member)
            if chosen not in winners and not _lock(strengths, rank, favoured=chosen)[0][chosen]:
                contested.append(member)
    locked_over = [0] * count
    for mask in above:
        for each in range(count):
            locked_over[each] += mask >> each & 1
    return Result(
        "ranked_pairs",
        tuple(options[each] for each in winners) if compared.counted else (),
        scored(options, locked_over),
        compared.counted,
        contested=tuple(contested),
    )


def _compared(election: Ballots | Pairwise) -> Pairwise:
    return election if isinstance(election, Pairwise) else pairwise(election)


def _result(rule: str, compared: Pairwise, values: list[int]) -> Result:
    winners = best(compared.options, values) if compared.counted else ()
    return Result(rule, winners, scored(compared.options, values), compared.counted)


def _victories(compared: Pairwise, strength: Strength) -> NDArray[np.int64]:
    margins = compared.margins
    return np.where(margins > 0, margins if strength == "margins" else compared.support, 0)


def _lock(strengths: NDArray[np.int64], rank: NDArray[np.intp], favoured: int | None = None) -> tuple[list[int], bool]:
    """
    For each option, as the bits of a number, which options stand above it once all victories are locked, and whether
    the order of equal ones may matter: one of them was refused that could have been locked before the others.

    With `favoured`, equal victories of that option come first and those over it last, and nothing is locked any
    more once somebody stands above it.
    """
    count = len(strengths)
    winner, loser = np.nonzero(strengths)
    strength = strengths[winner, loser]
    favour = np.zeros(len(winner), np.int8) if favoured is None else (loser == favoured) * 1 - (winner == favoured)
    order = np.lexsort((rank[loser], rank[winner], favour, -strength))
    above, below = [0] * count, [0] * count
    before, level, matters = above, -1, False
    for high, low, weight in zip(winner[order].tolist(), loser[order].tolist(), strength[order].tolist(), strict=True):
        if weight != level:
            before, level = above.copy(), weight
        if above[low] >> high & 1:
            continue  # it follows from what is locked already
        if above[high] >> low & 1:
            matters = matters or not before[high] >> low & 1
            continue  # it would close a circle
        highs, lows = above[high] | 1 << high, below[low] | 1 << low
        for each in _members(lows):
            above[each] |= highs
        for each in _members(highs):
            below[each] |= lows
        if favoured is not None and above[favoured]:
            break
    return above, matters


def _members(mask: int) -> list[int]:
    found = []
    while mask:
        last = mask & -mask
        found.append(last.bit_length() - 1)
        mask ^= last
    return found


def _undominated(above: list[int]) -> list[int]:
    return [each for each, mask in enumerate(above) if not mask]
