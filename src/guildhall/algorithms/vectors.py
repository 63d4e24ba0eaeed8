"""Vectors as they go to PostgreSQL and come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

DIMENSIONS = 1536
"""Of every vector that is kept: those of models with fewer are padded with zeros, which leaves cosines as they are."""


def written(vectors: Vectors) -> list[str]:
    """Vectors as pgvector reads sparse ones (`sparsevec`), which hashed words are: their places from 1."""
    found = []
    for vector in vectors:
        places = vector.nonzero()[0]
        pairs = zip((places + 1).tolist(), vector[places].tolist(), strict=True)
        found.append("{" + ",".join(f"{place}:{value:.7g}" for place, value in pairs) + f"}}/{len(vector)}")
    return found


def read(binary: Sequence[bytes], kind: str = ">f4") -> Vectors:
    """
    Vectors as pgvector sends them (`vector_send`; `>f2` is for `halfvec_send`).

    Two numbers of two bytes, then the values, in network order.
    """
    import numpy as np  # noqa: PLC0415 - most who keep vectors beside other things read none

    found = np.empty((len(binary), DIMENSIONS), dtype=np.float32)
    for row, each in zip(found, binary, strict=True):
        row[:] = np.frombuffer(each, dtype=kind, offset=4)
    return found
