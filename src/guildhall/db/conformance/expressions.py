"""
Conditions, compared by what they say and not by how they are written.

The server itself spells a documented condition out: the same condition on the
same column types comes back as the same text, and what still differs (casts,
parentheses, the order of the parts of an AND) is taken away here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_CAST = re.compile(
    r"::\"?[a-z_][\w.]*\"?(?: varying| precision| with(?:out)? time zone)?(?:\([\d,]+\))?(?:\[\])?", re.IGNORECASE
)
_STRING = re.compile(r"'(?:[^']|'')*'")
_ANY_OF = re.compile(r"^(?P<what>.+?)=ANY\(?ARRAY\[(?P<values>.*)\]\)?$")


def conjuncts(expression: str) -> frozenset[str]:
    """
    The parts of a condition that must all hold, each in one spelling.

    `expression` is as the server prints it, so AND and OR are in capitals and
    every operand in parentheses.
    """
    return frozenset(_bare(part) for part in _split(expression, " AND "))


def is_implied(wanted: str, present: Iterable[str], enumerated: Sequence[Sequence[str]] = ()) -> bool:
    """
    Whether one part of a documented condition is among those of a table.

    A list of allowed values may be longer than the documented one, and may be
    an enumeration's labels: all that the document allows is allowed.
    """
    present = set(present)
    if wanted in present:
        return True
    stated = _ANY_OF.match(wanted)
    if stated is None:
        return False
    values = set(_STRING.findall(stated["values"]))
    for each in present:
        found = _ANY_OF.match(each)
        if found and found["what"] == stated["what"] and values <= set(_STRING.findall(found["values"])):
            return True
    return any(values <= {f"'{label}'" for label in labels} for labels in enumerated if labels)


def _split(expression: str, word: str) -> list[str]:
    """The operands of a word at the top of an expression, parentheses around the whole taken away."""
    text = _stripped(expression.strip())
    found, depth, start, place = [], 0, 0, 0
    while place < len(text):
        if text[place] == "'":
            place = _STRING.match(text, place).end()  # type: ignore[union-attr]
            continue
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0 and text.startswith(word, place):
            found.append(text[start:place])
            place += len(word)
            start = place
            continue
        place += 1
    found.append(text[start:])
    if len(found) == 1:
        return [text]
    return [part for each in found for part in _split(each, word)]


def _stripped(text: str) -> str:
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    depth, place = 0, 0
    while place < len(text):
        if text[place] == "'":
            place = _STRING.match(text, place).end()  # type: ignore[union-attr]
            continue
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
        place += 1
    return -1


def _bare(text: str) -> str:
    """Without casts, and without spaces and parentheses outside of strings, but the brackets of calls are kept apart by commas."""
    pieces, last = [], 0
    for string in _STRING.finditer(text):
        pieces += [_plain(text[last : string.start()]), string[0]]
        last = string.end()
    pieces.append(_plain(text[last:]))
    return re.sub(r"\((?P<inside>'(?:[^']|'')*')\)", r"\g<inside>", "".join(pieces))


def _plain(text: str) -> str:
    text = _CAST.sub("", text)
    text = re.sub(r"(?<![\w])\((-?[\w.]+)\)", r"\1", text)
    return re.sub(r"\s+", "", text)
