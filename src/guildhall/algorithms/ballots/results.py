"""What a count comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

Score = int | Fraction


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a count that eliminates: what each option had, who was elected and who dropped out after it."""

    scores: Mapping[str, Score]
    elected: tuple[str, ...] = ()
    eliminated: tuple[str, ...] = ()
    exhausted: Score = 0


@dataclass(frozen=True, slots=True)
class Result:
    """
    Who won, and by what.

    Several `winners` (where one is sought) are a tie, which is a result; none means that nobody reached
    what the rule asks for. `scores` are the rule's own, the highest first; `counted` is the weight of the
    ballots that said something this rule can use, and `needed` what a winner had to reach, where the rule has a quota.
    """

    rule: str
    winners: tuple[str, ...]
    scores: Mapping[str, Score]
    counted: int
    needed: Score | None = None
    rounds: tuple[Round, ...] = ()
    contested: tuple[str, ...] = ()
    """Other options that would win, were ties between equal pairs settled in another order (ranked pairs)."""

    @property
    def tied(self) -> bool:
        """Whether several have won where the rule seeks one."""
        return len(self.winners) > 1 and self.rule != "stv"

    @property
    def lead(self) -> Score | None:
        """By how much the winner's score exceeds the next best; 0 in a tie, and absent where there are no two scores."""
        if len(self.scores) < 2 or not self.winners:
            return None
        first, second = sorted(self.scores.values(), reverse=True)[:2]
        return first - second


def scored(options: tuple[str, ...], values: Sequence[Score]) -> dict[str, Score]:
    """Each option's score, the highest first, equal ones in the order of the options."""
    return dict(sorted(zip(options, values, strict=True), key=lambda entry: -entry[1]))


def best(options: tuple[str, ...], values: Sequence[Score]) -> tuple[str, ...]:
    """Those with the highest score, in the order of the options."""
    if not len(values):
        return ()
    highest = max(values)
    return tuple(option for option, value in zip(options, values, strict=True) if value == highest)
