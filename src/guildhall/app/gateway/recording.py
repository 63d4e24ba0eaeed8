"""What comes of one stream: its bytes for the ledger, up to a limit, and its pace."""

from __future__ import annotations

from collections.abc import Sequence

from guildhall import clock
from guildhall.domains.gateway.requests import Packed, excerpt, pack_answer, pack_part

MOST_BYTES = 8 << 20

_MANY_TEXTS = 1_000


class Recording(list[bytes]):
    """
    The pieces of an answer as they came, of which no more than `most_bytes` are kept.

    What is longer is counted in `size`, and handed on to the caller all the
    same. `first_token_ms` is when the first text came, from `began_ms` on.
    """

    __slots__ = ("_began_ms", "_most_bytes", "chunks", "first_token_ms", "is_truncated", "size")

    def __init__(self, most_bytes: int = MOST_BYTES, began_ms: float = 0.0) -> None:
        super().__init__()
        self._most_bytes = most_bytes
        self._began_ms = began_ms
        self.size = 0
        self.chunks = 0
        self.first_token_ms: float | None = None
        self.is_truncated = False

    def append(self, piece: bytes, /) -> None:
        """One piece more."""
        self.chunks += 1
        room = self._most_bytes - self.size
        self.size += len(piece)
        if room >= len(piece):
            super().append(piece)
            return
        self.is_truncated = True
        if room > 0:
            super().append(piece[:room])

    def heard(self, texts: list[str]) -> None:
        """What has come says this so far; of what is not kept only the beginning stays there."""
        if texts and self.first_token_ms is None:
            self.first_token_ms = clock.monotonic_ms() - self._began_ms
        if self.is_truncated and len(texts) > _MANY_TEXTS:
            texts[:] = [excerpt("".join(texts))]


def packed(pieces: Sequence[bytes], *, is_json: bool) -> Packed:
    """An answer as the ledger keeps it, from its pieces."""
    content = b"".join(pieces)
    if isinstance(pieces, Recording) and pieces.is_truncated:
        return pack_part(content, pieces.size)
    return pack_answer(content, is_json=is_json)
