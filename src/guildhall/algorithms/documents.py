"""
Checking a document that somebody wrote, and finding every mistake in it at once.

A `Section` is a mapping in the document. It is asked for the keys that it may
have; what is wrong is noted in `Findings`, with the file, the line, the value,
what was expected and what to do, and asking goes on with the default.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guildhall.algorithms import redaction, suggestions
from guildhall.algorithms.safeyaml import Lines, Path

_SHOWN = 80
_LISTED = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One mistake.

    `field` is the path of the value in the document, `tools[1].name`; `message`
    says what it is and what was expected, `remedy`, a sentence, what to do.
    """

    message: str
    field: str
    value: Any = None
    expected: str | None = None
    remedy: str | None = None
    file: str | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """`agent.yaml:3`, as editors understand it."""
        where = self.file or "the document"
        return where if self.line is None else f"{where}:{self.line}"

    def as_json(self) -> dict[str, Any]:
        """The problem for a program."""
        return {
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "value": self.value,
            "message": self.message,
            "remedy": self.remedy,
        }


@dataclass(slots=True)
class Findings:
    """What was found in one document; `lines` knows where its values stand."""

    file: str
    lines: Lines = field(default_factory=Lines)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, path: Path, value: Any, expected: str, remedy: str | None = None) -> None:
        """Note that a value is not what was expected."""
        self.note(path, f"{shown_path(path)} is {shown(value)}, expected {expected}", remedy, value, expected)

    def note(
        self, path: Path, message: str, remedy: str | None = None, value: Any = None, expected: str | None = None
    ) -> None:
        """Note a problem in words of one's own."""
        self.problems.append(
            Problem(message, shown_path(path), _kept(value), expected, remedy, file=self.file, line=self.lines.of(path))
        )

    def warn(self, path: Path, text: str) -> None:
        """Note something that is no mistake, but may be none of the author's wishes."""
        line = self.lines.of(path)
        self.warnings.append(f"{self.file}: {text}" if line is None else f"{self.file}:{line}: {text}")


def told(problems: Sequence[Problem]) -> tuple[str, str | None, dict[str, Any]]:
    """
    Problems as an error tells them: the message, which lists the first three, the first's remedy, and the details.

    The details name the file, line, field and value of the first, and hold all in `problems`.
    """
    first = problems[0]
    listed = [f"{each.place}: {each.message}" for each in problems[:_LISTED]]
    if len(problems) > 1:
        # With several, each brings its remedy along, so that none has to be asked for.
        listed = [
            f"{text} ({each.remedy.rstrip('.')})" if each.remedy else text
            for text, each in zip(listed, problems, strict=False)
        ]
    message = "; ".join(listed)
    if len(problems) > _LISTED:
        message += f"; and {len(problems) - _LISTED} more"
    details = {
        "file": first.file,
        "line": first.line,
        "field": first.field,
        "value": first.value,
        "problems": [each.as_json() for each in problems],
    }
    return message, first.remedy if len(problems) == 1 else None, details


class Section:
    """A mapping in a document, at `path`."""

    def __init__(self, items: Mapping[str, Any], path: Path, findings: Findings) -> None:
        self.items = items
        self.path = path
        self.findings = findings

    def __contains__(self, key: str) -> bool:
        return key in self.items

    def get(self, key: str) -> Any:
        return self.items.get(key)

    def at(self, key: str | int) -> Path:
        """The path of one of its values."""
        return (*self.path, key)

    def refuse(self, key: str, expected: str, remedy: str | None = None) -> None:
        """Note that a key's value is not what was expected."""
        self.findings.refuse(self.at(key), self.items.get(key), expected, remedy)

    def missing(self, key: str, remedy: str, known: Collection[str] = ()) -> None:
        """Note that a key is not there; where another looks like a misspelling of it, say so."""
        for other in self.items:
            if other not in known and suggestions.nearest(other, [key]) is not None:
                line = self.findings.lines.of(self.at(other))
                where = "" if line is None else f" in line {line}"
                remedy = f'Is it "{other}"{where}? Write "{key}".'
                break
        self.findings.note(self.at(key), f"{shown_path(self.at(key))} is missing", remedy)

    def text(
        self,
        key: str,
        default: str | None = None,
        *,
        least: int = 1,
        most: int | None = None,
        expected: str | None = None,
    ) -> str | None:
        """A text of `least` to `most` characters."""
        value = self.items.get(key)
        if value is None:
            return default
        if expected is None:
            if most is not None:
                expected = f"text of {least} to {most} characters"
            else:
                expected = "text" if least <= 1 else f"text of at least {least} characters"
        if not isinstance(value, str):
            self.refuse(key, expected, in_quotes(value))
            return default
        if len(value.strip()) < least or (most is not None and len(value) > most):
            self.refuse(key, expected)
            return default
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.items.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(key, "true or false")
            return default
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        above: float | None = None,
        expected: str = "a number",
    ) -> float | None:
        """A number from `low` to `high`, or greater than `above`."""
        value = self.items.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.refuse(key, expected)
            return default
        if not low <= value <= high or (above is not None and value <= above):
            self.refuse(key, expected)
            return default
        return value

    def integer(
        self, key: str, default: int | None = None, *, low: int = 0, high: int = 2**31 - 1, unit: str = ""
    ) -> int | None:
        """A whole number."""
        value = self.items.get(key)
        if value is None:
            return default
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        expected = f"a whole number{unit and ' ' + unit} of at least {low}"
        if isinstance(whole, bool) or not isinstance(whole, int) or whole < low:
            self.refuse(key, expected)
            return default
        if whole > high:
            self.refuse(key, f"at most {high:,}")
            return default
        return whole

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str | None:
        """One of a few words."""
        value = self.items.get(key)
        if value is None:
            return default
        if not isinstance(value, str) or value not in allowed:
            near = suggestions.did_you_mean(value, allowed) if isinstance(value, str) else None
            self.refuse(key, listed(allowed), near)
            return default
        return value

    def texts(self, key: str, *, expected: str = "a list of texts", one: bool = True) -> tuple[str, ...]:
        """A list of texts that are not empty; with `one`, a single text will do."""
        value = self.items.get(key)
        if value is None:
            return ()
        if isinstance(value, str) and one and value.strip():
            return (value,)
        if not isinstance(value, list):
            self.refuse(key, expected)
            return ()
        for index, each in enumerate(value):
            if not isinstance(each, str) or not each.strip():
                self.findings.refuse((*self.at(key), index), each, "text", in_quotes(each))
        return tuple(each for each in value if isinstance(each, str))

    def mapping(self, key: str, expected: str = "a mapping") -> dict[str, Any]:
        """A mapping of anything."""
        value = self.items.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(key, expected)
            return {}
        return value

    def section(self, key: str, expected: str = "a mapping") -> Section:
        """A mapping whose keys are to be checked; empty where there is none."""
        return Section(self.mapping(key, expected), self.at(key), self.findings)

    def only(self, known: Collection[str], owner: str) -> None:
        """Note every key that is not among the known ones."""
        for key in self.items:
            if key not in known:
                self.findings.note(
                    self.at(key),
                    f"{owner} has no {shown(key)}",
                    suggestions.did_you_mean(key, known) or f"There are {', '.join(sorted(known))}.",
                    value=key,
                )


def listed(words: Sequence[str]) -> str:
    """
    Words as people list alternatives.

    >>> listed(["easy", "medium", "hard"])
    'easy, medium or hard'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def shown(value: Any) -> str:
    """A value as an error shows it: short, on one line, without secrets."""
    if value is None:
        return "empty"
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = redaction.redact(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def shown_path(path: Path) -> str:
    """
    A path as people write it.

    >>> shown_path(("tools", 1, "name"))
    'tools[1].name'
    """
    text = ""
    for each in path:
        if isinstance(each, int):
            text += f"[{each}]"
        else:
            text += f".{each}" if text else each
    return text or "the document"


def in_quotes(value: Any) -> str | None:
    """What to do where text was expected and YAML saw something else."""
    if isinstance(value, bool):
        return "Without quotes, yes, no, on, off, true and false are no text in YAML: put it in quotes."
    if isinstance(value, (int, float)):
        return f'Put it in quotes: "{value}".'
    return None


def _kept(value: Any) -> Any:
    """A value as details keep it: whole if it is short, and never a secret."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        value = redaction.redact(value)
        return value if len(value) <= 200 else f"{value[:200]}…"
    return shown(value)
