"""
Reading YAML that somebody else wrote, which may be broken or hostile.

libyaml (the C parser behind `CSafeLoader`) turns the text into events; the
values are put together by `yamlevents`, so that nothing is built before it is known to be
harmless, and every value keeps the line it came from:

- only the values of JSON come out: tags that would make anything else are
  refused, in particular those that would run code;
- aliases are allowed, but what they stand for is counted each time, so that a
  text of 256 bytes cannot become one of 58 MB; an alias inside itself is refused;
- bytes that are no UTF-8, NUL and other control characters, lone surrogates,
  numbers that are not finite or have more than 64 bits, keys given twice, and
  nesting beyond `Limits.depth` are refused.

Plain words mean what they mean to PyYAML's safe loader (`yes`, `no`, `on` and
`off` are booleans), except where it would surprise: dates stay text, `12:30`
stays text, `1e3` is a number as in JSON, `0042` is refused, because it could be
34 or 42. Keys are always text, as written: `1042:` is the key "1042".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from guildhall.errors import InvalidInput

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: keys and indexes, from the outside in."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a text may come to. Aliased nodes and characters are those that aliases add."""

    bytes: int = 1 << 20
    depth: int = 100
    aliased_nodes: int = 100_000
    aliased_characters: int = 5_000_000


class YamlRefused(InvalidInput):
    """A text is no YAML, or none that is read here; `details` name `file` and `line`."""

    code = "yaml_refused"

    def __init__(self, source: str, line: int | None, why: str, remedy: str | None = None) -> None:
        where = source if line is None else f"{source}:{line}"
        super().__init__(f"{where}: {why}", remedy=remedy, file=source, line=line)


class Lines:
    """The line, from 1, at which each value of a document begins."""

    def __init__(self, lines: Mapping[Path, int] | None = None) -> None:
        self._lines = lines or {}

    def of(self, path: Path) -> int | None:
        """The line of a value, or of the innermost value around it that has one."""
        for length in range(len(path), -1, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """A value, made of dicts, lists, text, numbers, booleans and None, and the lines of its parts."""

    value: Any
    lines: Lines


def decode(content: bytes, source: str, *, most_bytes: int | None = None) -> str:
    """
    The text of a file: UTF-8, with or without a byte order mark.

    Raises:
        YamlRefused: It is too long, no UTF-8, or has control characters in it.
    """
    if most_bytes is not None and len(content) > most_bytes:
        raise YamlRefused(
            source,
            None,
            f"the file has more than {most_bytes:,} bytes",
            "Move long texts into files of their own, and refer to them with file://.",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlRefused(
            source, line, f"byte 0x{content[error.start]:02x} is no UTF-8", "Save the file as UTF-8 text."
        ) from None
    found = _UNPRINTABLE.search(text)
    if found:
        name = "a NUL character" if found[0] == "\0" else f"the control character U+{ord(found[0]):04X}"
        raise YamlRefused(
            source, text.count("\n", 0, found.start()) + 1, f"there is {name}, expected plain text", "Remove it."
        )
    return text


def load(text: str, source: str, limits: Limits | None = None) -> Document:
    """
    The one document of a text; `source` names it in errors.

    Raises:
        YamlRefused: It is no YAML, or none that is read here, or there are two documents, or none.
    """
    documents = load_all(text, source, limits)
    first = next(documents, None)
    if first is None:
        raise YamlRefused(
            source, None, "the file is empty, expected a YAML document", "`guildhall init` writes files to start from."
        )
    second = next(documents, None)
    if second is not None:
        raise YamlRefused(
            source,
            second.lines.of(()),
            "there is a second document, expected one",
            "Remove the `---` between them, or make two files of it.",
        )
    return first


def load_all(text: str, source: str, limits: Limits | None = None) -> Iterator[Document]:
    """
    The documents of a text that are not empty, one after the other.

    Raises:
        YamlRefused: See `load`.
    """
    limits = limits or Limits()
    if len(text) > limits.bytes:
        raise YamlRefused(source, None, f"the text has {len(text):,} characters, expected at most {limits.bytes:,}")
    # PyYAML takes longer to load than most commands that know of YAML, but read none, take to run.
    from guildhall.algorithms import yamlevents  # noqa: PLC0415

    yield from yamlevents.documents(text, source, limits)
