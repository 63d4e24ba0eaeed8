"""
Texts as vectors without a model: hashed words and pairs of words.

The hashing trick (Weinberger et al., "Feature Hashing for Large Scale Multitask
Learning", ICML 2009): each feature adds its weight, with a sign, to one of
`DIMENSIONS` places that its digest names. Cosine similarity of two such vectors is,
up to collisions, that of the texts' features. The same text has the same vector
on every machine and in every process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.vectors import DIMENSIONS

Vectors = NDArray[np.float32]
"""One unit vector in a row, `DIMENSIONS` columns."""

LONGEST = 20_000
"""Characters of a text that count."""

_TOKEN = re.compile(r"<\w+>|[^\W_]+(?:[-'’.][^\W_]+)*|[^\W_]+")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3096\u30a1-\u9fff\uac00-\ud7ff]"
)
_LEAST_OF_A_LINE = 0.125
_LITTLE = 0.2
_PLACEHOLDER = 0.1
_PAIR = 0.5
_FUNCTION_WORDS = (
    "a an the this that these those it its is are was were be been being am do does did have has had having will would shall "
    "should can could may might must of to in on at by for from with as and or but if than then so what which who whom whose "
    "when where there here i you he she we they me him her us them my your his our their and more of one s t"
)
_FUNCTIONAL = frozenset(_FUNCTION_WORDS.split())


def embed(texts: Sequence[str]) -> Vectors:
    """
    One unit vector for each text; a text without a word has a vector of zeros.

    What is said first says most: in a text of several lines each line counts
    half as much as the one before it, down to an eighth. Words that every text
    has ("the", "of") and placeholders (`<n>`) count little. Script that is
    written without spaces is taken by pairs of characters.
    """
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    for row, text in zip(vectors, texts, strict=True):
        weights = _features(text)
        for feature, weight in weights.items():
            place, sign = _place(feature)
            row[place] += sign * weight
    return unit(vectors)


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Each row at length 1; rows of zeros, and rows that are no numbers, become rows of zeros."""
    finite = np.where(np.isfinite(vectors), vectors, 0).astype(np.float32)
    lengths = np.linalg.norm(finite, axis=1, keepdims=True)
    found: Vectors = np.divide(finite, lengths, out=np.zeros_like(finite), where=lengths > 0)
    return found


def padded(vectors: NDArray[np.floating]) -> Vectors:
    """
    Vectors of a model with fewer dimensions as ours.

    Raises:
        ValueError: They have more.
    """
    if vectors.ndim != 2 or vectors.shape[1] > DIMENSIONS:
        raise ValueError(f"vectors of shape {vectors.shape}, expected at most {DIMENSIONS} columns")
    return unit(np.pad(vectors, ((0, 0), (0, DIMENSIONS - vectors.shape[1]))))


def _features(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    counts: dict[str, int] = {}
    line_weight = 1.0
    for line in text[:LONGEST].splitlines():
        words = _words(line)
        if not words:
            continue
        weights = [_weight(word) * line_weight for word in words]
        for word, weight in zip(words, weights, strict=True):
            counts[word] = counts.get(word, 0) + 1
            found[word] = max(found.get(word, 0.0), weight)
        for (word, one), (following, other) in pairwise(zip(words, weights, strict=True)):
            pair = f"{word} {following}"
            counts[pair] = counts.get(pair, 0) + 1
            found[pair] = max(found.get(pair, 0.0), _PAIR * min(one, other))
        line_weight = max(_LEAST_OF_A_LINE, line_weight / 2)
    return {feature: weight * (1 + math.log(counts[feature])) for feature, weight in found.items()}


def _words(line: str) -> list[str]:
    words: list[str] = []
    for word in _TOKEN.findall(line.casefold()):
        if _UNSPACED.search(word):
            words += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        else:
            words.append(word)
    return words


def _weight(word: str) -> float:
    if word.startswith("<"):
        return _PLACEHOLDER
    return _LITTLE if word in _FUNCTIONAL else 1.0


@lru_cache(maxsize=1 << 17)
def _place(feature: str) -> tuple[int, float]:
    digest = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return digest % DIMENSIONS, 1.0 if digest >> 63 else -1.0
