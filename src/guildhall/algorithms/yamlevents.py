"""Values from the events that libyaml finds in a text, with the rules of `safeyaml`, which is the way in."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from guildhall.algorithms.safeyaml import Document, Limits, Lines, Path, YamlRefused


def documents(text: str, source: str, limits: Limits) -> Iterator[Document]:
    """
    The documents of a text that are not empty, one after the other.

    Raises:
        YamlRefused: See `safeyaml.load`.
    """
    try:
        parser = yaml.CSafeLoader(text)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise YamlRefused(source, line, "there is a lone surrogate, which is no character", "Remove it.") from None
    except yaml.YAMLError as error:
        raise _broken(source, error, text) from None
    try:
        yield from _Composer(parser, source, limits).documents()
    except yaml.YAMLError as error:
        raise _broken(source, error, text) from None
    finally:
        parser.dispose()


_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")

_PREFIX = "tag:yaml.org,2002:"
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_BOOL = re.compile(r"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$")
_INT = re.compile(r"^[-+]?(?:0b[01][01_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|0|[1-9][0-9_]*)$")
_OLD_OCTAL = re.compile(r"^[-+]?0[0-7_]+$")
_FLOAT = re.compile(
    r"^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)$"
)
_NOT_FINITE = re.compile(r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$")
_TRUE = {"yes", "true", "on"}
_MERGE = "<<"
_KINDS = {"str", "null", "bool", "int", "float", "timestamp"}


class _Composer:
    """Puts values together from events; keeps count of what aliases add."""

    def __init__(self, parser: yaml.CSafeLoader, source: str, limits: Limits) -> None:
        self._parser = parser
        self._source = source
        self._limits = limits
        self._lines: dict[Path, int] = {}
        # An anchor's value, and the nodes and characters in it; None while it is being read.
        self._anchors: dict[str, tuple[Any, int, int] | None] = {}
        self._nodes = self._characters = 0
        self._aliased_nodes = self._aliased_characters = 0

    def documents(self) -> Iterator[Document]:
        while True:
            event = self._next()
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.DocumentStartEvent):
                self._lines, self._anchors = {}, {}
                first = self._next()
                is_empty = isinstance(first, yaml.ScalarEvent) and first.value == "" and first.implicit[0]
                value = self._node(first, (), 0)
                self._next()  # the document's end
                if not is_empty:
                    yield Document(value, Lines(self._lines))

    def _next(self) -> Any:
        return self._parser.get_event()

    def _node(self, event: Any, path: Path, depth: int) -> Any:
        line = event.start_mark.line + 1
        self._lines[path] = line
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), line)
        if depth > self._limits.depth:
            self._refuse(line, f"the nesting is deeper than {self._limits.depth} levels")
        nodes, characters = self._nodes, self._characters
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._nodes += 1
        if isinstance(event, yaml.ScalarEvent):
            self._characters += len(event.value)
            value = self._scalar(event, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event.tag, "seq", line)
            value = self._sequence(path, depth)
        else:
            self._check_tag(event.tag, "map", line)
            value = self._mapping(path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - nodes, self._characters - characters)
        return value

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            key = self._key(event, line)
            if key == _MERGE and event.implicit[0]:
                value = self._node(self._next(), (*path, key), depth + 1)
                for each in value if isinstance(value, list) else [value]:
                    if not isinstance(each, dict):
                        self._refuse(line, "<< merges mappings, and this is none")
                    merged = {**each, **merged}
                continue
            if key in items:
                before = self._lines.get((*path, key), line)
                self._refuse(line, f'the key "{_short(key)}" is given twice, first in line {before}', "Remove one.")
            # A key is where people look: a block of text begins one line below it.
            self._node_of_key(items, key, path, line, depth)
        return {**merged, **items} if merged else items

    def _node_of_key(self, items: dict[str, Any], key: str, path: Path, line: int, depth: int) -> None:
        below = (*path, key)
        items[key] = self._node(self._next(), below, depth + 1)
        self._lines[below] = line

    def _key(self, event: Any, line: int) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None:
            self._refuse(line, "a key is no plain text", "Write keys as words, without anchors, lists or mappings.")
        if event.value == "" and event.implicit[0]:
            self._refuse(line, "a key is empty", "Write a word before the colon.")
        if event.tag not in (None, "!", f"{_PREFIX}str"):
            self._refuse_tag(event.tag, line)
        key: str = event.value
        self._characters += len(key)
        self._check_text(key, line)
        return key

    def _alias(self, name: str, line: int) -> Any:
        if name not in self._anchors:
            self._refuse(line, f"the alias *{_short(name)} has no anchor before it", f"Write &{_short(name)} first.")
        anchored = self._anchors[name]
        if anchored is None:
            self._refuse(line, f"the alias *{_short(name)} stands inside what it stands for")
        value, nodes, characters = anchored
        self._nodes += nodes
        self._characters += characters
        self._aliased_nodes += nodes
        self._aliased_characters += characters
        if (
            self._aliased_nodes > self._limits.aliased_nodes
            or self._aliased_characters > self._limits.aliased_characters
        ):
            self._refuse(
                line,
                f"aliases add more than {self._limits.aliased_nodes:,} values "
                f"or {self._limits.aliased_characters:,} characters",
                "Write out what is repeated, or repeat less.",
            )
        return value

    def _scalar(self, event: Any, line: int) -> Any:
        text: str = event.value
        self._check_text(text, line)
        if event.tag is None:
            return self._resolved(text, line) if event.implicit[0] else text
        if event.tag == "!":
            return text
        kind = event.tag.removeprefix(_PREFIX)
        if not event.tag.startswith(_PREFIX) or kind not in _KINDS:
            self._refuse_tag(event.tag, line)
        if kind in ("str", "timestamp"):
            return text
        value = self._resolved(text, line)
        if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value).__name__ != {"null": "NoneType"}.get(kind, kind):
            self._refuse(line, f"{_short(text)!r} is no {kind}", f"Remove the tag !!{kind}, or correct the value.")
        return value

    def _resolved(self, text: str, line: int) -> Any:
        """What a plain word means."""
        if len(text) > 5 and text[0].isalpha():
            return text  # the usual case: no boolean, null or number is as long and begins with a letter
        if _NULL.match(text):
            return None
        if _BOOL.match(text):
            return text.lower() in _TRUE
        if _INT.match(text):
            value = int(text.replace("_", ""), 0) if len(text) <= 100 else None
            if value is None or not -(2**63) <= value < 2**64:
                self._refuse(line, f"{_short(text)} has more than 64 bits", "Write it as text, in quotes.")
            return value
        if _OLD_OCTAL.match(text):
            self._refuse(
                line,
                f"{_short(text)} can be read as an octal or as a decimal number",
                f'Write it as text, "{_short(text)}", or without the zero in front.',
            )
        if _NOT_FINITE.match(text):
            self._refuse(line, f"{text} is no number that can be kept", "Write a finite number, or null.")
        if _FLOAT.match(text):
            number = float(text.replace("_", ""))
            if not math.isfinite(number):
                self._refuse(line, f"{_short(text)} is too large a number", "Write it as text, in quotes.")
            return number
        return text

    def _check_text(self, text: str, line: int) -> None:
        found = _NOT_STORABLE.search(text)
        if found:
            name = "a NUL character" if found[0] == "\0" else f"the lone surrogate U+{ord(found[0]):04X}"
            self._refuse(line, f"there is {name} in a text", "Remove it: a database cannot keep it.")

    def _check_tag(self, tag: str | None, kind: str, line: int) -> None:
        if tag not in (None, "!", f"{_PREFIX}{kind}"):
            self._refuse_tag(tag, line)

    def _refuse_tag(self, tag: str | None, line: int) -> NoReturn:
        shown = _short((tag or "").replace(_PREFIX, "!!"))
        self._refuse(
            line,
            f"the tag {shown} is not allowed",
            "Only plain values are read: remove the tag; nothing of it was run.",
        )

    def _refuse(self, line: int, why: str, remedy: str | None = None) -> NoReturn:
        raise YamlRefused(self._source, line, why, remedy)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


_REMEDIES = {
    "found character that cannot start any token": "Indent with spaces, not tabs, and put text that begins with @, ` or % in quotes.",
    "found a tab character that violates indentation": "Indent with spaces, not tabs.",
    "mapping values are not allowed in this context": "Put text that has a colon in it in quotes, and check the indentation.",
    "could not find expected ':'": "Check the indentation, and that a colon follows the key.",
    "did not find expected key": "Check the indentation.",
    "did not find expected '-' indicator": "Check the indentation.",
}


def _broken(source: str, error: yaml.YAMLError, text: str) -> YamlRefused:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
    context = getattr(error, "context", None)
    begun = getattr(error, "context_mark", None)
    why = f"this is no YAML: {problem}"
    if context and begun is not None and mark is not None and begun.line != mark.line:
        why += f" ({context} that begins in line {begun.line + 1})"
    return YamlRefused(
        source,
        # where the text ends too early, libyaml names the line after its last
        None if mark is None else min(mark.line + 1, max(len(text.splitlines()), 1)),
        why,
        _REMEDIES.get(str(problem), "Check quotes, brackets and indentation there."),
    )
