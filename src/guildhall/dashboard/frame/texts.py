"""
Texts of others as a page may show them.

Markup is the templates' business, which escape everything. Here are the
characters that do something else than stand there: controls, and those that
turn the direction of writing, by which a text can look like another.
"""

from __future__ import annotations

import re

LONGEST_SHOWN = 4_000
"""Characters of one text on a page; the whole is a download away."""

_PICTURED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """
    The text with every character to be seen that would not be, but for spaces, tabs and line feeds.

    >>> visible("a\\x1b[31m\\u202eb\\n")
    'a␛[31m⟨U+202E⟩b\\n'
    """
    return _PICTURED.sub(_picture, text.replace("\r\n", "\n"))


def shown(text: str, longest: int = LONGEST_SHOWN) -> tuple[str, int]:
    """The text as `visible`, as much of it as fits, and how many characters are left out."""
    return visible(text[:longest]), max(len(text) - longest, 0)


def _picture(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x20:
        return chr(0x2400 + number)
    return "␡" if number == 0x7F else f"⟨U+{number:04X}⟩"
