"""
Counting ballots.

Every rule takes ballots and returns a `Result`. Nothing here reads a clock, a
database or a random number, so a disputed vote can be recounted from its record
and comes out the same. Ties are a result: who wants one winner settles them by a
rule that was declared before (`first_in`, `lottery`).

    >>> ballots = Ballots.ranked(["tea", "coffee", "water"], [["tea", "coffee"], ["coffee", "tea"], ["coffee"]])
    >>> schulze(ballots).winners
    ('coffee',)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from guildhall.algorithms.ballots.choices import majority, plurality, supermajority, weighted
from guildhall.algorithms.ballots.errors import UnusableBallot
from guildhall.algorithms.ballots.grading import approval, quadratic, score
from guildhall.algorithms.ballots.pairwise import Pairwise, pairwise
from guildhall.algorithms.ballots.papers import Ballots, Grades, Ranking, whole
from guildhall.algorithms.ballots.rankings import Strength, borda, condorcet, copeland, minimax, ranked_pairs, schulze
from guildhall.algorithms.ballots.results import Result, Round, Score
from guildhall.algorithms.ballots.runoffs import irv, stv
from guildhall.algorithms.ballots.ties import commitment, first_in, lottery

RANKED: Mapping[str, Callable[[Ballots], Result]] = MappingProxyType(
    {
        "plurality": plurality,
        "majority": majority,
        "supermajority": supermajority,
        "weighted": weighted,
        "borda": borda,
        "condorcet": condorcet,
        "copeland": copeland,
        "schulze": schulze,
        "ranked_pairs": ranked_pairs,
        "minimax": minimax,
        "irv": irv,
    }
)
"""The rules for one seat that count rankings or single choices, by name."""

GRADED: Mapping[str, Callable[[Grades], Result]] = MappingProxyType(
    {"approval": approval, "score": score, "quadratic": quadratic}
)
"""The rules that count grades, by name."""

__all__ = [
    "GRADED",
    "RANKED",
    "Ballots",
    "Grades",
    "Pairwise",
    "Ranking",
    "Result",
    "Round",
    "Score",
    "Strength",
    "UnusableBallot",
    "approval",
    "borda",
    "commitment",
    "condorcet",
    "copeland",
    "first_in",
    "irv",
    "lottery",
    "majority",
    "minimax",
    "pairwise",
    "plurality",
    "quadratic",
    "ranked_pairs",
    "schulze",
    "score",
    "stv",
    "supermajority",
    "weighted",
    "whole",
]
