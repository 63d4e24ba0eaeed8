"""
Making any value fit to be kept as `jsonb`.

What agents and tools hand over is not under our control, and one bad value
must not keep a batch from being stored (decision 5). `to_json` takes anything:

- NUL characters, which PostgreSQL refuses in text, and lone surrogates, which
  are no UTF-8, become U+FFFD, the replacement character;
- NaN and the infinities become null;
- integers beyond 64 bits become strings, so that no reader loses digits;
- keys become strings; where two become the same one, the later holds;
- tuples, arrays and sets (sorted by their text) become lists, bytes become text,
  dataclasses objects, dates their ISO form, everything else `str` of it;
- what contains itself becomes a note saying so, and what is nested more deeply
  than orjson goes (254 levels) is cut at 200, with a note in its place.

Values that are clean already take the fast path through orjson alone.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Mapping, Set
from datetime import date, datetime, time
from enum import Enum
from typing import Any

import orjson

DEEPEST = 200
"""Levels of lists and objects that the slow path keeps."""

_REPLACEMENT = "\ufffd"
_LARGEST = 2**64 - 1
_SMALLEST = -(2**63)
_ESCAPED_NUL = b"\\u0000"
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY

# PostgreSQL keeps at most 2^28 - 1 bytes in one string of a jsonb; nothing near that is of use to anybody.
_LONGEST_TEXT = 64 << 20


def to_json(value: Any) -> bytes:
    """
    The JSON text of a value, as UTF-8 that PostgreSQL accepts as `jsonb`. Never raises for what the value is.

    >>> to_json({"a": float("nan"), 1: {"x", "y"}, "b": "nul: \\x00"})
    b'{"a":null,"1":["x","y"],"b":"nul: \\xef\\xbf\\xbd"}'
    """
    try:
        encoded = orjson.dumps(value, default=_plain, option=_OPTIONS)
    except (TypeError, ValueError, RecursionError):
        return orjson.dumps(clean(value))
    if _ESCAPED_NUL in encoded:  # or the six characters themselves, after an escaped backslash: cleaning keeps those
        return orjson.dumps(clean(value))
    return encoded


def plain(value: Any) -> Any:
    """
    The value as it would come back from JSON: a copy, made of nothing but lists, dicts, strings, numbers and so on.

    >>> plain({"when": (1, 2)})
    {'when': [1, 2]}
    """
    if value is None or value is True or value is False:
        return value
    return orjson.loads(to_json(value))


def text(value: str) -> str:
    """
    A string without NUL characters and lone surrogates.

    >>> text("a\\x00b")
    'a\ufffdb'
    """
    if "\0" in value:
        value = value.replace("\0", _REPLACEMENT)
    if not value.isascii():
        # Only surrogates cannot be encoded; "surrogatepass" and back would keep them.
        try:
            value.encode()
        except UnicodeEncodeError:
            value = "".join(_REPLACEMENT if "\ud800" <= each <= "\udfff" else each for each in value)
    return value


def clean(value: Any) -> Any:
    """The value as lists, dicts with string keys, and scalars that orjson takes; what `to_json` does where it must."""
    return _clean(value, 0, set())


def _clean(value: Any, depth: int, above: set[int]) -> Any:
    kind = type(value)
    if kind is str:
        return _text(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if _SMALLEST <= value <= _LARGEST else _digits(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, orjson.Fragment):
        return _clean(orjson.loads(orjson.dumps(value)), depth, above)
    if isinstance(value, Enum):
        return _clean(value.value, depth + 1, above) if depth < DEEPEST else _printed(value)
    if isinstance(value, Mapping) or _is_listlike(value) or _is_record(value):
        if depth >= DEEPEST:
            return "[nested too deeply]"
        if id(value) in above:
            return "[contains itself]"
        above.add(id(value))
        try:
            return _clean_container(value, depth + 1, above)
        except Exception:  # noqa: BLE001 - a container of somebody else's making that does not let itself be read
            return _printed(value)
        finally:
            above.discard(id(value))
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, int):
        return _clean(int(value), depth, above)
    if isinstance(value, float):
        return _clean(float(value), depth, above)
    if _is_numpy(value):
        return _clean(value.tolist(), depth, above)
    return _scalar(value)


def _clean_container(value: Any, depth: int, above: set[int]) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): _clean(each, depth, above) for key, each in value.items()}
    if isinstance(value, Set):
        return sorted((_clean(each, depth, above) for each in value), key=orjson.dumps)
    if _is_record(value):
        return {each.name: _clean(getattr(value, each.name), depth, above) for each in dataclasses.fields(value)}
    return [_clean(each, depth, above) for each in value]


def _is_listlike(value: Any) -> bool:
    return isinstance(value, (list, tuple, Set, deque)) or type(value) in _VIEWS


_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()), range)


def _is_numpy(value: Any) -> bool:
    return type(value).__module__ == "numpy" and hasattr(value, "tolist")


def _is_record(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return _text(str.__str__(key))
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, Enum):
        return _key(key.value)
    if isinstance(key, float) and not math.isfinite(key):
        return "null"
    if isinstance(key, int):
        return str(_digits(int(key)))
    return str(_scalar(key))


def _scalar(value: Any) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _text(bytes(value).decode("utf-8", "replace"))
    return _printed(value)


def _text(value: str) -> str:
    return text(value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + "[cut]")


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits, as that takes quadratic time
        return hex(value)


def _printed(value: Any) -> str:
    try:
        return _text(str(value))
    except Exception:  # noqa: BLE001 - the object's own method fails
        return f"[{type(value).__name__} that cannot be printed]"


def _plain(value: Any) -> Any:
    """What orjson calls for a type it does not know: the common ones at once, everything else on the slow path."""
    if isinstance(value, (tuple, deque)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted((clean(each) for each in value), key=orjson.dumps)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, float):
        return float(value)
    if _is_numpy(value):
        return value.tolist()
    return _printed(value)
