"""Decisions about searches that need nothing but what they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.search.errors import SearchRefused

LONGEST_TEXT = 2_000
MOST = 200
_RANK_CONSTANT = 60
"""As in the paper, where it is said to matter little."""


def asked(text: str) -> str:
    """
    What is asked for, cleaned.

    Raises:
        SearchRefused: It is nothing, or too long.
    """
    clean = " ".join(sanitise.text(text).split())
    if not clean:
        raise SearchRefused("text", text, "words to look for")
    if len(clean) > LONGEST_TEXT:
        raise SearchRefused("text", text, f"at most {LONGEST_TEXT} characters")
    return clean


def fused(rankings: Sequence[Sequence[str]]) -> Mapping[str, float]:
    """
    One score from several rankings, the first of each the best: reciprocal rank fusion.

    Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
    Learning Methods", SIGIR 2009.

    >>> scores = fused([["a", "b"], ["b"]])
    >>> scores["b"] > scores["a"]
    True
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, each in enumerate(ranking, 1):
            scores[each] = scores.get(each, 0.0) + 1 / (_RANK_CONSTANT + rank)
    return scores
