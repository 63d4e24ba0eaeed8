"""
Hash trees: one hash for a list, and short proofs that something is in it.

The tree is that of RFC 6962 (Certificate Transparency), section 2.1: a list is
split at the largest power of two below its length. Its leaves are hashes
already. They are taken as they are, so they must be of texts that cannot begin
with the byte 01, with which the text of every inner node begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

_NODE = b"\x01"
LEFT, RIGHT = b"\x00", b"\x01"
"""Where a hash of a path stands: left or right of what has been computed so far."""


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours."""
    return hashlib.sha256(_NODE + left + right).digest()


class MerkleTree:
    """A tree that grows by one leaf at a time and keeps one hash for each bit of its size."""

    __slots__ = ("_peaks", "size")

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Put one more leaf at the end."""
        peaks = self._peaks
        size, hashed = 1, leaf
        while peaks and peaks[-1][0] == size:
            hashed = node(peaks.pop()[1], hashed)
            size *= 2
        peaks.append((size, hashed))
        self.size += 1

    def root(self) -> bytes:
        """The hash of all leaves in their order; of none, the hash of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        *rest, (_, hashed) = self._peaks
        for _, peak in reversed(rest):
            hashed = node(peak, hashed)
        return hashed


def path(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """
    How one leaf leads to the root: from below, the hash beside it, after `LEFT` or `RIGHT` for its side.

    >>> leaves = [bytes([n]) * 32 for n in range(3)]
    >>> follow(leaves[2], path(leaves, 2)) == MerkleTree(leaves).root()
    True

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= position < len(leaves):
        raise IndexError(position)
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if position < half:
        return [*path(leaves[:half], position), RIGHT + MerkleTree(leaves[half:]).root()]
    return [*path(leaves[half:], position - half), LEFT + MerkleTree(leaves[:half]).root()]


def follow(leaf: bytes, steps: Iterable[bytes]) -> bytes:
    """The root to which a path leads from a leaf."""
    for step in steps:
        side, hashed = step[:1], step[1:]
        leaf = node(hashed, leaf) if side == LEFT else node(leaf, hashed)
    return leaf
