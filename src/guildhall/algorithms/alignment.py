"""
Two sequences side by side: which items are the same in both, and where they part.

The longest common subsequence is not sought; Ratcliff and Obershelp's matching
(`difflib`) is, which keeps runs together and so reads like a conversation.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_MOST_MATCHED = 1_000
"""Items of each sequence, behind their common beginning, that are matched; matching takes up to their product."""


@dataclass(frozen=True, slots=True)
class Row:
    """Items of both sequences, by position, that stand in one row; None where a sequence has nothing there."""

    left: int | None
    right: int | None
    is_same: bool


def align(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Row]:
    """
    Every item of both in order, those that are the same in one row.

    Of a stretch that differs, items stand in a row one by one, as far as both
    have any. Behind the first 1,000 items after the common beginning nothing is matched.

    >>> [(row.left, row.right, row.is_same) for row in align("abx", "aby")]
    [(0, 0, True), (1, 1, True), (2, 2, False)]
    >>> [(row.left, row.right) for row in align("ab", "acb")]
    [(0, 0), (None, 1), (1, 2)]
    """
    common = 0
    for one, two in zip(left, right, strict=False):
        if one != two:
            break
        common += 1
    rows = [Row(each, each, True) for each in range(common)]
    end_left, end_right = min(len(left), common + _MOST_MATCHED), min(len(right), common + _MOST_MATCHED)
    matcher = SequenceMatcher(None, left[common:end_left], right[common:end_right], autojunk=False)
    at_left, at_right = common, common
    for match in matcher.get_matching_blocks():
        rows += _apart(at_left, common + match.a, at_right, common + match.b)
        rows += [Row(common + match.a + each, common + match.b + each, True) for each in range(match.size)]
        at_left, at_right = common + match.a + match.size, common + match.b + match.size
    return rows + _apart(at_left, len(left), at_right, len(right))


def parting(rows: Sequence[Row]) -> int | None:
    """
    The first row in which both are not the same; None where there is none.

    >>> parting(align("abx", "aby")), parting(align("ab", "ab"))
    (2, None)
    """
    return next((number for number, row in enumerate(rows) if not row.is_same), None)


def _apart(left: int, left_end: int, right: int, right_end: int) -> list[Row]:
    both = min(left_end - left, right_end - right)
    return [
        *(Row(left + each, right + each, False) for each in range(both)),
        *(Row(each, None, False) for each in range(left + both, left_end)),
        *(Row(None, each, False) for each in range(right + both, right_end)),
    ]
