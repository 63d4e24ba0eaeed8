"""Rules for graded ballots."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import numpy as np

from guildhall.algorithms.ballots.errors import UnusableBallot
from guildhall.algorithms.ballots.papers import Grades
from guildhall.algorithms.ballots.results import Result, best, scored

_DIGITS = 10**6
_MOST_TOKENS = 9_000_000


def approval(grades: Grades) -> Result:
    """
    Most approvals.

    Raises:
        UnusableBallot: A grade is neither 0 nor 1.
    """
    if grades.grades.size and not np.isin(grades.grades, (0, 1)).all():
        raise UnusableBallot("an approval", int(grades.grades.max()), "0 or 1")
    return _sum("approval", grades)


def score(grades: Grades, by: Literal["sum", "mean"] = "sum") -> Result:
    """The highest sum of grades, where no grade is 0; or the highest mean of those given, an exact fraction."""
    if by == "sum":
        return _sum("score", grades)
    sums = (grades.weights @ grades.grades).tolist()
    given = (grades.weights @ grades.given.astype(np.int64)).tolist()
    means = {
        option: Fraction(total, weight)
        for option, total, weight in zip(grades.options, sums, given, strict=True)
        if weight
    }
    values = list(means.values())
    return Result("score", best(tuple(means), values), scored(tuple(means), values), _counted(grades))


def quadratic(grades: Grades, budget: int | None = None) -> Result:
    """
    Tokens buy votes at the square of their number: a voter who spends t tokens on an option has √t votes for it,
    or against it where t is negative (Lalley and Weyl, 2018).

    Roots are taken to a millionth of a vote, towards zero, in whole numbers.

    Raises:
        UnusableBallot: A voter spends more than the budget, or 9,000,000 on one option.
    """
    tokens = np.abs(grades.grades)
    if tokens.size and int(tokens.max()) > _MOST_TOKENS:
        raise UnusableBallot("the tokens on one option", int(tokens.max()), f"at most {_MOST_TOKENS}")
    if budget is not None and tokens.size:
        spent = tokens.sum(axis=1)
        if int(spent.max()) > budget:
            raise UnusableBallot(f"what ballot {int(spent.argmax())} spends", int(spent.max()), f"at most {budget}")
    squares = tokens * _DIGITS**2
    roots = np.sqrt(squares.astype(np.float64)).astype(np.int64)
    roots -= roots * roots > squares
    roots += (roots + 1) * (roots + 1) <= squares
    total = int(grades.weights.sum()) * int(roots.max() if roots.size else 0)
    if total >= 2**63:
        raise UnusableBallot("the sum of weights times votes", total, "less than 2⁶³ millionths of a vote")
    votes = (grades.weights @ (np.sign(grades.grades) * roots)).tolist()
    values = [Fraction(vote, _DIGITS) for vote in votes]
    counted = _counted(grades)
    return Result("quadratic", best(grades.options, values) if counted else (), scored(grades.options, values), counted)


def _sum(rule: str, grades: Grades) -> Result:
    sums = (grades.weights @ grades.grades).tolist()
    counted = _counted(grades)
    return Result(rule, best(grades.options, sums) if counted else (), scored(grades.options, sums), counted)


def _counted(grades: Grades) -> int:
    return int(grades.weights[grades.given.any(axis=1)].sum()) if grades.given.size else 0
