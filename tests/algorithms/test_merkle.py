"""Hash trees, held against the definition in RFC 6962, written as it stands there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.merkle import MerkleTree, follow, path

LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, on leaves that are hashes already."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = max(2**power for power in range(8) if 2**power < len(leaves))
    return hashlib.sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


@given(LEAVES)
def test_a_tree_that_grows_has_the_root_of_the_definition(leaves: list[bytes]) -> None:
    tree = MerkleTree(leaves)
    assert (tree.root(), tree.size) == (by_definition(leaves), len(leaves))


@given(LEAVES, st.data())
def test_every_leaf_has_a_path_to_the_root_and_no_other_leaf_has(leaves: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    steps = path(leaves, place)
    assert follow(leaves[place], steps) == by_definition(leaves)
    assert len(steps) <= len(leaves).bit_length()
    assert follow(hashlib.sha256(leaves[place]).digest(), steps) != by_definition(leaves)


@given(LEAVES, st.data())
def test_leaves_in_another_order_have_another_root(leaves: list[bytes], data: st.DataObject) -> None:
    other = data.draw(st.permutations(leaves))
    assert (MerkleTree(other).root() == MerkleTree(leaves).root()) == (other == leaves)


def test_nothing_has_a_root_too() -> None:
    assert MerkleTree().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(IndexError):
        path([], 0)
