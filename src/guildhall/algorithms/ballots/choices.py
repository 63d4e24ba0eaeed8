"""Rules that look at the first choice alone."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from guildhall.algorithms.ballots.errors import UnusableBallot
from guildhall.algorithms.ballots.papers import Ballots
from guildhall.algorithms.ballots.results import Result, best, scored


def plurality(ballots: Ballots) -> Result:
    """
    Most first choices. A ballot with several at its head names nobody and does not count.

    >>> plurality(Ballots.chosen(["tea", "coffee"], ["tea", "coffee", "tea"])).winners
    ('tea',)
    """
    votes, counted = first_choices(ballots)
    return Result("plurality", best(ballots.options, votes) if counted else (), scored(ballots.options, votes), counted)


def majority(ballots: Ballots) -> Result:
    """More than half of the counted weight; otherwise nobody."""
    votes, counted = first_choices(ballots)
    winners = tuple(option for option, vote in zip(ballots.options, votes, strict=True) if 2 * vote > counted)
    return Result("majority", winners, scored(ballots.options, votes), counted, needed=counted // 2 + 1)


def supermajority(ballots: Ballots, share: Fraction = Fraction(2, 3), roll: int | None = None) -> Result:
    """
    At least `share` of the counted weight, or of `roll`: the weight of all who might have voted. A share of 1 is unanimity.

    Raises:
        UnusableBallot: The share is not above a half and at most 1, or the roll is smaller than what was cast.
    """
    if not Fraction(1, 2) < share <= 1:
        raise UnusableBallot("a supermajority's share", share, "more than 1/2 and at most 1")
    votes, counted = first_choices(ballots)
    if roll is not None and roll < counted:
        raise UnusableBallot("the roll", roll, f"at least the {counted} that voted")
    needed = max(share * (counted if roll is None else roll), Fraction(1))
    winners = tuple(option for option, vote in zip(ballots.options, votes, strict=True) if vote >= needed)
    return Result("supermajority", winners, scored(ballots.options, votes), counted, needed=needed)


def weighted(ballots: Ballots) -> Result:
    """Most weight behind a first choice: `plurality` where weights are voices and not numbers of ballots."""
    votes, counted = first_choices(ballots)
    return Result("weighted", best(ballots.options, votes) if counted else (), scored(ballots.options, votes), counted)


def first_choices(ballots: Ballots) -> tuple[list[int], int]:
    """The weight behind each option as the only one at a ballot's head, and their sum; exact, as weights add up to less than 2⁵³."""
    ranks = ballots.ranks
    if not ranks.size:
        return [0] * len(ballots.options), 0
    placed = np.where(ranks == 0, np.iinfo(np.int16).max, ranks)
    heads = placed.argmin(axis=1)
    top = placed[np.arange(len(placed)), heads]
    alone = ((placed == top[:, None]).sum(axis=1) == 1) & (ranks != 0).any(axis=1)
    votes = np.bincount(heads[alone], weights=ballots.weights[alone], minlength=len(ballots.options)).astype(np.int64)
    return votes.tolist(), int(votes.sum())
