"""
What voters hand in: rankings, or grades.

Both are compact arrays over a fixed list of options, so that ten thousand
ballots are counted in milliseconds. Weights are whole numbers, and a sum of
weights stays below 2⁵³: every count is exact, also where it goes through
floating point, and no rounding ever decides a vote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.ballots.errors import UnusableBallot

MOST_OPTIONS = 10_000
_EXACT = 2**53

Ranking = Sequence[str | Sequence[str]]
"""Options, best first; those in a sequence of their own are equal. What is left out stands below all others."""


@dataclass(frozen=True, slots=True, eq=False)
class Ballots:
    """
    Ranked ballots.

    `ranks[b, o]` is where ballot b puts option o: 1 is best, equal numbers are
    ties, 0 is not ranked. `weights[b]` is how many such ballots there are, or
    what the voter's voice weighs.
    """

    options: tuple[str, ...]
    ranks: NDArray[np.int16]
    weights: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check(self.options, self.weights, self.ranks.shape)
        if self.ranks.size and int(self.ranks.min()) < 0:
            raise UnusableBallot(
                "a rank", int(self.ranks.min()), "a whole number from 1, or 0 for an option that is not ranked"
            )

    @classmethod
    def ranked(
        cls, options: Sequence[str], rankings: Sequence[Ranking], weights: Sequence[int] | None = None
    ) -> Ballots:
        """
        Ballots from lists of names.

        >>> ballots = Ballots.ranked(["tea", "coffee", "water"], [["tea", ["coffee", "water"]], ["coffee"]])
        >>> ballots.ranks.tolist()
        [[1, 2, 2], [0, 1, 0]]

        Raises:
            UnusableBallot: An option is unknown, or stands on a ballot twice; weights are negative, or too many.
        """
        place = {option: position for position, option in enumerate(options)}
        ranks = np.zeros((len(rankings), len(options)), np.int16)
        for ballot, ranking in enumerate(rankings):
            row = ranks[ballot]
            for rank, group in enumerate(ranking, 1):
                for option in (group,) if isinstance(group, str) else group:
                    where = place.get(option)
                    if where is None:
                        raise UnusableBallot(
                            f"an option of ballot {ballot}", option, f"one of {', '.join(options):.200}"
                        )
                    if row[where]:
                        raise UnusableBallot(f"an option of ballot {ballot}", option, "each option once")
                    row[where] = rank
        return cls(tuple(options), ranks, _weights(weights, len(rankings)))

    @classmethod
    def ordered(
        cls, options: Sequence[str], orders: NDArray[np.integer], weights: Sequence[int] | None = None
    ) -> Ballots:
        """
        Complete ballots from an array: `orders[b]` lists the positions of all options, best first.

        Raises:
            UnusableBallot: A row is not an order of all options.
        """
        count = len(options)
        if orders.ndim != 2 or orders.shape[1] != count:
            raise UnusableBallot("the shape of orders", orders.shape, f"(ballots, {count})")
        if orders.size and not 0 <= int(orders.min()) <= int(orders.max()) < count:
            raise UnusableBallot("a position", [int(orders.min()), int(orders.max())], f"0 to {count - 1}")
        ranks = np.zeros(orders.shape, np.int16)
        np.put_along_axis(ranks, orders.astype(np.intp), np.arange(1, count + 1, dtype=np.int16)[None, :], axis=1)
        if ranks.size and not int(ranks.min()):
            raise UnusableBallot("an order", orders[int(np.argmin(ranks.min(axis=1)))].tolist(), "each option once")
        return cls(tuple(options), ranks, _weights(weights, len(orders)))

    @classmethod
    def chosen(cls, options: Sequence[str], choices: Sequence[str], weights: Sequence[int] | None = None) -> Ballots:
        """
        One choice from each voter.

        Raises:
            UnusableBallot: A choice is not among the options.
        """
        return cls.ranked(options, [(choice,) for choice in choices], weights)

    def heads(self) -> Ballots:
        """The same ballots, each of them counting as one."""
        return replace(self, weights=np.ones(len(self.weights), np.int64))

    def without(self, option: str) -> Ballots:
        """
        The same ballots had an option never stood.

        Raises:
            UnusableBallot: There is no such option.
        """
        kept = np.ones(len(self.options), bool)
        kept[position(self.options, option)] = False
        names = tuple(name for name in self.options if name != option)
        return Ballots(names, np.ascontiguousarray(self.ranks[:, kept]), self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class Grades:
    """
    Graded ballots: `grades[b, o]` is what ballot b gives option o, in whole units; `given[b, o]` says whether it does.

    Approval is a grade of 0 or 1. In a quadratic vote a grade is the tokens
    spent on an option, negative where they are spent against it.
    """

    options: tuple[str, ...]
    grades: NDArray[np.int64]
    given: NDArray[np.bool_]
    weights: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check(self.options, self.weights, self.grades.shape)
        if self.given.shape != self.grades.shape:
            raise UnusableBallot("the shape of given", self.given.shape, f"that of grades, {self.grades.shape}")
        largest = int(np.abs(self.grades).max()) if self.grades.size else 0
        if largest * max(int(self.weights.sum()), 1) >= _EXACT:
            raise UnusableBallot("the largest grade times all weights", largest, f"less than 2⁵³ = {_EXACT}")

    @classmethod
    def graded(
        cls, options: Sequence[str], grades: Sequence[dict[str, int]], weights: Sequence[int] | None = None
    ) -> Grades:
        """
        Ballots from one dictionary for each voter; who leaves an option out gives it no grade.

        Raises:
            UnusableBallot: An option is unknown, or a grade is not whole.
        """
        place = {option: where for where, option in enumerate(options)}
        table = np.zeros((len(grades), len(options)), np.int64)
        given = np.zeros(table.shape, np.bool_)
        for ballot, row in enumerate(grades):
            for option, grade in row.items():
                where = place.get(option)
                if where is None:
                    raise UnusableBallot(f"an option of ballot {ballot}", option, f"one of {', '.join(options):.200}")
                if type(grade) is not int:
                    raise UnusableBallot(f"ballot {ballot}'s grade of {option}", grade, "a whole number")
                table[ballot, where] = grade
                given[ballot, where] = True
        return cls(tuple(options), table, given, _weights(weights, len(grades)))

    @classmethod
    def approved(
        cls, options: Sequence[str], approvals: Sequence[Iterable[str]], weights: Sequence[int] | None = None
    ) -> Grades:
        """
        Ballots from the options that each voter approves of.

        Raises:
            UnusableBallot: An option is unknown.
        """
        return cls.graded(options, [dict.fromkeys(approved, 1) for approved in approvals], weights)


def whole(weights: Sequence[int | Fraction]) -> list[int]:
    """
    Weights as the smallest whole numbers in the same proportion; give decimals as `Fraction("0.25")`.

    >>> whole([Fraction("0.5"), Fraction("0.75"), 1])
    [2, 3, 4]
    """
    exact = [Fraction(weight) for weight in weights]
    common = lcm(*(weight.denominator for weight in exact)) if exact else 1
    return [int(weight * common) for weight in exact]


def position(options: Sequence[str], option: str) -> int:
    """
    Where an option stands in the list.

    Raises:
        UnusableBallot: It is not there.
    """
    try:
        return options.index(option)
    except ValueError:
        raise UnusableBallot("an option", option, f"one of {', '.join(options):.200}") from None


def _weights(weights: Sequence[int] | None, count: int) -> NDArray[np.int64]:
    if weights is None:
        return np.ones(count, np.int64)
    for number, weight in enumerate(weights):
        if not isinstance(weight, (int, np.integer)) or isinstance(weight, bool) or not 0 <= weight < _EXACT:
            raise UnusableBallot(f"the weight of ballot {number}", weight, "a whole number from 0 below 2⁵³")
    return np.asarray(weights, np.int64)


def _check(options: tuple[str, ...], weights: NDArray[np.int64], shape: tuple[int, ...]) -> None:
    if len(set(options)) != len(options):
        raise UnusableBallot("options", list(options), "each name once")
    if len(options) > MOST_OPTIONS:
        raise UnusableBallot("the number of options", len(options), f"at most {MOST_OPTIONS}")
    if shape != (len(weights), len(options)):
        raise UnusableBallot("the shape of the ballots", shape, f"(weights, options) = {(len(weights), len(options))}")
    if len(weights) and int(weights.min()) < 0:
        raise UnusableBallot("a weight", int(weights.min()), "0 or more")
    if float(weights.sum(dtype=np.float64)) * max(len(options), 1) >= _EXACT:
        raise UnusableBallot(
            "the sum of weights times options", float(weights.sum(dtype=np.float64)), f"less than 2⁵³ = {_EXACT}"
        )
