"""Two sequences side by side, held against what any alignment must be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.alignment import align, parting

_SEQUENCES = st.lists(st.sampled_from("abcd"), max_size=30)


@given(_SEQUENCES, _SEQUENCES)
def test_every_item_of_both_is_there_once_and_in_its_order(left: list[str], right: list[str]) -> None:
    rows = align(left, right)
    assert [row.left for row in rows if row.left is not None] == list(range(len(left)))
    assert [row.right for row in rows if row.right is not None] == list(range(len(right)))


@given(_SEQUENCES, _SEQUENCES)
def test_rows_that_say_the_same_are_the_same_and_nothing_else_is_said_to_be(left: list[str], right: list[str]) -> None:
    for row in align(left, right):
        assert row.left is not None or row.right is not None
        if row.is_same:
            assert row.left is not None
            assert row.right is not None
            assert left[row.left] == right[row.right]


@given(_SEQUENCES, _SEQUENCES)
def test_they_part_behind_their_common_beginning(left: list[str], right: list[str]) -> None:
    common = 0
    while common < min(len(left), len(right)) and left[common] == right[common]:
        common += 1
    assert parting(align(left, right)) == (None if left == right else common)


def test_long_ones_are_aligned_at_once_and_whole() -> None:
    left, right = [str(each % 7) for each in range(5_000)], [str(each % 5) for each in range(4_000)]
    rows = align(left, right)
    assert sum(row.left is not None for row in rows) == 5_000
    assert sum(row.right is not None for row in rows) == 4_000
