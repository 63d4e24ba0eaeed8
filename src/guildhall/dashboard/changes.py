"""What changed between two versions, as a page shows it: setting by setting, and line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from guildhall.dashboard.frame.texts import shown

_LINES_SHOWN = 2_000
_LONGEST_LINE = 1_000
_LONGEST_VALUE = 600


@dataclass(frozen=True, slots=True)
class Changed:
    """A line of a difference."""

    css: Literal["plus", "minus", "where", ""]
    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that changed; what was not there, or is not any more, is None."""

    path: str
    kind: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Both ways of saying it, as much of them as fits a page."""

    settings: Sequence[Setting]
    lines: Sequence[Changed]
    left_out: int

    @classmethod
    def of(cls, changes: Sequence[Mapping[str, Any]], unified: str) -> Difference:
        """`changes` are entries of `algorithms.differences`, `unified` is what `diff -u` prints."""
        text = unified.splitlines()
        return cls(
            [_setting(each) for each in changes],
            [_line(each) for each in text[:_LINES_SHOWN]],
            max(len(text) - _LINES_SHOWN, 0),
        )


def _setting(change: Mapping[str, Any]) -> Setting:
    return Setting(str(change["path"]), str(change["kind"]), _side(change, "before"), _side(change, "after"))


def _side(change: Mapping[str, Any], side: str) -> str | None:
    if side not in change:
        return None
    value = change[side]
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text, left_out = shown(written, _LONGEST_VALUE)
    return f"{text} … ({left_out:,} characters more)" if left_out else text


def _line(text: str) -> Changed:
    said = shown(text, _LONGEST_LINE)[0]
    if text.startswith(("+++", "---", "@@")):
        return Changed("where", said)
    return Changed("plus" if text.startswith("+") else "minus" if text.startswith("-") else "", said)
