"""
Files of JSON, and their values with the place where they stand.

A file may be compressed with gzip, whatever its name; it may expand to
`MOST_BYTES` and no further, so that a bomb costs little.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import orjson

from guildhall.adapters.importers.errors import LogNotFound, LogUnreadable
from guildhall.algorithms import sanitise

MOST_BYTES = 512 << 20
_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value read from a file, and the SHA-256 of its canonical form: sorted keys, no spaces."""

    file: Path
    value: Any
    content_hash: str


def read_document(file: Path, *, most_bytes: int = MOST_BYTES) -> Document:
    """
    Read a file of JSON.

    NUL characters and lone surrogates, which PostgreSQL cannot keep, become
    U+FFFD; NaN and the infinities become null.

    Raises:
        LogNotFound: There is no such file.
        LogUnreadable: It is no file, empty, too large, damaged, or no JSON.
    """
    text = _content(file, most_bytes)
    if not text or text.isspace():
        raise LogUnreadable(file, "the file is empty; a log with at least one trial was expected")
    value = _parsed(file, text)
    if b"\\u0000" in text:
        value = sanitise.clean(value)
    canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return Document(file, value, hashlib.sha256(canonical).hexdigest())


def _content(file: Path, most_bytes: int) -> bytearray:
    try:
        if not file.is_file():
            if not file.exists():
                raise LogNotFound(file)
            raise LogUnreadable(file, "this is not a file", remedy="Name the log files one by one.")
        with file.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            return _read_at_most(file, gzip.GzipFile(fileobj=raw) if packed else raw, most_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LogUnreadable(
            file, f"the gzip data is damaged or cut off ({error})", remedy="Copy or download the file again."
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise LogUnreadable(file, f"cannot be read ({reason})", remedy="Check the path and its permissions.") from error


def _read_at_most(file: Path, stream: io.BufferedIOBase, most_bytes: int) -> bytearray:
    text = bytearray()
    while chunk := stream.read(_CHUNK):
        text += chunk
        if len(text) > most_bytes:
            raise LogUnreadable(
                file,
                f"holds more than {most_bytes >> 20} MB; at most that was expected",
                remedy="Split the log by task and import the parts.",
            )
    return text


def _parsed(file: Path, text: bytearray) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as strict:
        # Python's own writer leaves NaN and lone surrogates, which are no JSON but well meant.
        try:
            lenient = json.loads(text.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            raise LogUnreadable(
                file,
                f"not JSON: {strict.msg} (line {strict.lineno}, column {strict.colno}); "
                "the file is cut off, or it is something else",
            ) from strict
        return sanitise.clean(lenient)


class Entry:
    """A JSON object and where it stands, for errors that name the place."""

    __slots__ = ("_file", "_value", "_where")

    def __init__(self, file: Path, where: str, value: Mapping[str, Any]) -> None:
        self._file = file
        self._where = where
        self._value = value

    @classmethod
    def of(cls, file: Path, where: str, value: Any) -> Entry:
        if not isinstance(value, dict):
            raise LogUnreadable(file, f"{_kind(value)} where an object was expected", field=where)
        return cls(file, where, value)

    def __contains__(self, key: str) -> bool:
        return key in self._value

    @property
    def value(self) -> Mapping[str, Any]:
        return self._value

    def get(self, key: str) -> Any:
        """Whatever stands there; None where nothing does."""
        return self._value.get(key)

    def text(self, key: str) -> str | None:
        found = self._value.get(key)
        if found is not None and not isinstance(found, str):
            self.refuse(key, "a text")
        return found

    def number(self, key: str) -> float | None:
        """A finite number."""
        found = self._value.get(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            self.refuse(key, "a number")
        return float(found)

    def amount(self, key: str) -> float | None:
        """A number that is not negative, such as a duration or a price."""
        found = self.number(key)
        if found is not None and found < 0:
            self.refuse(key, "a number that is not negative")
        return found

    def entry(self, key: str) -> Entry | None:
        found = self._value.get(key)
        return None if found is None else Entry.of(self._file, f"{self._where}.{key}", found)

    def entry_or_empty(self, key: str) -> Entry:
        return self.entry(key) or Entry(self._file, f"{self._where}.{key}", {})

    def entries(self, key: str) -> list[Entry]:
        """A list of objects; empty where there is none."""
        found = self._value.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            self.refuse(key, "a list")
        return [Entry.of(self._file, f"{self._where}.{key}[{i}]", each) for i, each in enumerate(found)]

    def name(self, key: str) -> str:
        """A text or whole number that names something."""
        found = self._value.get(key)
        if isinstance(found, bool) or not isinstance(found, str | int) or str(found) == "":
            self.refuse(key, "a number or a text")
        return str(found)

    def refuse(self, key: str, expected: str) -> NoReturn:
        """
        Raises:
            LogUnreadable: Always.
        """
        found = f"{_kind(self._value[key])} {_shown(self._value[key])}" if key in self._value else "nothing"
        raise LogUnreadable(self._file, f"{found} where {expected} was expected", field=f"{self._where}.{key}")


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
    return "an object"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
