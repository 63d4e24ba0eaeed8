"""
Making vectors of texts: hashed words offline, or any endpoint that speaks OpenAI's embeddings.

Which it is follows from GUILDHALL_EMBEDDING_URL. A service that does not answer
keeps nothing from being recorded: what waits for its vectors gets them later.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import orjson

from guildhall.adapters.exchange import HttpClient, NoAnswer
from guildhall.domains.evaluation.failures import Embedder, EmbeddingUnavailable
from guildhall.settings import Settings

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

HASHED = "hashed-words-1"
"""The name that is kept beside vectors of hashed words; another way of making them is another name."""

HASHED_THRESHOLD = 0.5
"""Found on the demo's traps, which come out the same from 0.45 to 0.65, and τ-bench's failures (docs/failures.md)."""

_BATCH = 128
_TIMEOUT_MS = 30_000
_MOST_BYTES = 64 << 20
_LONGEST_TEXT = 8_000
"""Characters: what endpoints take at once is counted in tokens, 8,192 of them where it is least."""


class HashedWords:
    """Vectors of hashed words and pairs of words (`algorithms.embedding`); needs nothing and never fails."""

    model = HASHED
    threshold = HASHED_THRESHOLD

    async def embed(self, texts: Sequence[str]) -> Vectors:
        from guildhall.algorithms import embedding  # noqa: PLC0415 - NumPy, which most commands need not load

        return await asyncio.to_thread(embedding.embed, texts)


class EndpointEmbedder:
    """
    Vectors of a model behind an endpoint, such as `https://api.openai.com/v1`; fewer than 1,536 dimensions are padded.

    Use it as long as `http` is open.
    """

    def __init__(self, http: HttpClient, url: str, model: str, threshold: float, key: str | None = None) -> None:
        self.model = model
        self.threshold = threshold
        self._http = http
        self._url = url.rstrip("/") + "/embeddings"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np  # noqa: PLC0415

        from guildhall.algorithms import embedding  # noqa: PLC0415

        parts = [
            await self._ask([text[:_LONGEST_TEXT] or " " for text in texts[start : start + _BATCH]])
            for start in range(0, len(texts), _BATCH)
        ]
        rows = [row for part in parts for row in part]
        if len({len(row) for row in rows}) > 1:
            raise EmbeddingUnavailable(self._url, "its vectors are not all of one length")
        try:
            return embedding.padded(np.array(rows, dtype=np.float32).reshape(len(rows), -1))
        except ValueError as error:
            raise EmbeddingUnavailable(self._url, str(error)) from error

    async def _ask(self, texts: Sequence[str]) -> list[list[float]]:
        document = orjson.dumps({"model": self.model, "input": list(texts), "encoding_format": "float"})
        try:
            answer = await self._http.post(
                self._url, document, headers=self._headers, timeout_ms=_TIMEOUT_MS, most_bytes=_MOST_BYTES
            )
        except NoAnswer as silence:
            raise EmbeddingUnavailable(self._url, str(silence)) from silence
        if answer.status != 200:
            raise EmbeddingUnavailable(self._url, f"it answered with status {answer.status}")
        return _vectors(self._url, answer.body, len(texts))


@asynccontextmanager
async def embedder(settings: Settings, given: Embedder | None = None) -> AsyncIterator[Embedder]:
    """The embedder that the settings name: of hashed words, unless they name an endpoint; one that is `given` goes before."""
    if given is not None:
        yield given
    elif settings.embedding_url is None:
        yield HashedWords()
    else:
        async with HttpClient() as http:
            yield EndpointEmbedder(
                http,
                settings.embedding_url,
                settings.embedding_model,
                settings.embedding_threshold,
                settings.embedding_key,
            )


def _vectors(url: str, body: bytes, count: int) -> list[list[float]]:
    """The vectors of an answer, in the order of the texts."""
    try:
        data = orjson.loads(body)["data"]
        found = {each.get("index", place): each["embedding"] for place, each in enumerate(data)}
        rows = [[float(value) for value in found[place]] for place in range(count)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EmbeddingUnavailable(url, "its answer is not one of OpenAI's embeddings") from error
    if not all(row and all(map(math.isfinite, row)) for row in rows):
        raise EmbeddingUnavailable(url, "its vectors are empty, or hold what is no number")
    return rows
