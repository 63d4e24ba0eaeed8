"""
One text for each JSON value, so that equal values have equal digests.

The form is that of RFC 8785 but for the order of keys, which is that of their
code points: no space, keys sorted, text as UTF-8 with the fewest escapes.
Numbers are compared by value: 1 and 1.0 are the same and both written `1`, as
are 0.0 and -0.0; true is not 1. Integers may be of any size.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import orjson


def canonical_json(value: Any) -> bytes:
    """
    The canonical text of a value made of mappings with text keys, lists, tuples, text, numbers, booleans and None.

    >>> canonical_json({"b": 1.0, "a": [True, None, "é"]}).decode()
    '{"a":[true,null,"é"],"b":1}'

    Raises:
        ValueError: A number is not finite, a key is not text, a text has a lone
            surrogate in it, or the value is nested too deeply.
        TypeError: Something else is in it.
    """
    try:
        return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS)
    except RecursionError:
        raise ValueError("the value is nested too deeply") from None
    except orjson.JSONEncodeError as error:
        raise ValueError(str(error)) from None


def digest(value: Any) -> str:
    """
    The SHA-256 of a value's canonical text, as 64 hexadecimal digits.

    Raises:
        ValueError, TypeError: See `canonical_json`.
    """
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _plain(value: Any) -> Any:
    """The value with numbers in their one form."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        # What orjson cannot write is written here, and put in as it is.
        return value if -(2**63) <= value < 2**64 else orjson.Fragment(b"%d" % value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no place in JSON")
        return _plain(int(value)) if value.is_integer() else value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"key {key!r} is not text")
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no place in JSON")
