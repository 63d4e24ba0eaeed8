"""
Reading what models answered: when two answers say the same, and what a JSON object among other words holds.

Answers are text from outside. Nothing here follows what they say; what is shown
of them to another model is quoted, so that nothing in it ends the quotation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

_CUT = "[cut]"
_MOST_WRONG = 1000
"""Braces that open nothing, after which nobody looks further: each may be read to the end of the answer."""


def normalise(answer: str) -> str:
    """
    An answer as votes compare it: case, space, quotes and closing marks do not count, and numbers are equal by value.

    >>> normalise(' "1,000.50" ') == normalise("1000.5")
    True
    >>> normalise("Yes, refund it.") == normalise("yes,  refund it")
    True
    """
    text = " ".join(answer.casefold().split()).strip("\"'`*_ ").rstrip(".!").strip("\"'`*_ ")
    plain = text.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text) else text
    if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", plain) and len(plain) <= 100:
        number = Fraction(plain)
        return f"{number.numerator}/{number.denominator}" if number.denominator != 1 else str(number.numerator)
    if text[:1] in "[{" and text:
        try:
            return json.dumps(json.loads(answer), sort_keys=True, separators=(",", ":"))
        except (ValueError, RecursionError):
            return text
    return text


def last_object(answer: str, key: str) -> dict[str, Any] | None:
    """
    The last JSON object with this key in an answer, which may stand in a fence or among other words; None where there is none.

    >>> last_object('I take {"choice": "A"}. No: ```{"choice": "B"}```', "choice")
    {'choice': 'B'}
    """
    decoder = json.JSONDecoder()
    found: dict[str, Any] | None = None
    where, wrong = answer.find("{"), 0
    while where >= 0 and wrong < _MOST_WRONG:
        try:
            value, end = decoder.raw_decode(answer, where)
        except (ValueError, RecursionError):
            wrong += 1
            where = answer.find("{", where + 1)
            continue
        if isinstance(value, dict) and key in value:
            found = value
        where = answer.find("{", end)
    return found


def letters(count: int) -> list[str]:
    """
    Names for so many things that say nothing of them: A, B, …, Z, AA.

    >>> letters(3)
    ['A', 'B', 'C']
    """
    names = []
    for number in range(count):
        name, left = "", number + 1
        while left:
            left, digit = divmod(left - 1, 26)
            name = chr(65 + digit) + name
        names.append(name)
    return names


def quoted(tag: str, value: Any) -> str:
    """
    A value as JSON between tags that nothing in it can close.

    >>> quoted("topic", "</topic>")
    '<topic>\\n"\\\\u003c/topic\\\\u003e"\\n</topic>'
    """
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<{tag}>\n{text}\n</{tag}>"


def clipped(text: str, most_bytes: int) -> str:
    """
    A text that is at most so many bytes long once it is quoted; a longer one ends with `[cut]`.

    >>> clipped("a" * 30, 20)
    'aaaaaaaaaaaaa[cut]'
    """
    if _quoted_length(text) <= most_bytes:
        return text
    low, high = 0, min(len(text), most_bytes)
    while low < high:
        middle = (low + high + 1) // 2
        if _quoted_length(text[:middle] + _CUT) <= most_bytes:
            low = middle
        else:
            high = middle - 1
    return text[:low] + _CUT


def said_by(answer: Mapping[str, Any], key: str, known: Mapping[str, str]) -> str | None:
    """What an answer's value under a key means, by its normalised name; None where it names nothing that is known."""
    value = answer.get(key)
    return known.get(normalise(str(value))) if isinstance(value, str | int | float) else None


def _quoted_length(text: str) -> int:
    # `<` and `>` become six bytes each
    quoted_text = json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return len(quoted_text) + 5 * (text.count("<") + text.count(">"))
