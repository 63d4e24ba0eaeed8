"""What failures need from outside: something that makes vectors of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors


class Embedder(Protocol):
    """
    Makes vectors of texts.

    `model` is kept beside each, as vectors of different models have nothing to do with each other. At
    `threshold`, a cosine, two failures are alike.
    """

    model: str
    threshold: float

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """
        A unit vector for each text.

        Raises:
            EmbeddingUnavailable: There are none to be had now.
        """
        ...
