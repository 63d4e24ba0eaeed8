"""Guessing what somebody meant by a word that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CLOSE_ENOUGH = 0.7


def nearest(word: str, known: Iterable[str]) -> str | None:
    """
    The known word that is most like this one; None where none is like it.

    Letters' case does not matter. Likeness is that of `difflib`: twice the
    letters that match, in order, over the letters of both; 0.7 is enough.

    >>> nearest("temprature", ["temperature", "model"])
    'temperature'
    >>> nearest("colour", ["temperature", "model"]) is None
    True
    """
    words = {each.lower(): each for each in sorted(known, reverse=True)}
    found = difflib.get_close_matches(word.lower()[:200], sorted(words), n=1, cutoff=_CLOSE_ENOUGH)
    return words[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """
    The nearest known word as a question; None where there is none.

    >>> did_you_mean("temprature", ["temperature", "model"])
    'Did you mean "temperature"?'
    """
    found = nearest(word, known)
    return None if found is None else f'Did you mean "{found}"?'
