"""
JSON on its way to and from `jsonb`.

Values are encoded by orjson, in the binary form, which COPY needs. `Json`
marks bytes that are encoded already, so that a trajectory which was encoded
once, for the spool, is not encoded again for the database.
"""

from __future__ import annotations

from typing import Any

import orjson


class Json(bytes):
    """The bytes of a JSON document, passed to the database as they are."""

    __slots__ = ()


def encode(value: object) -> bytes:
    """The wire form of a `jsonb` value: a version byte, then the text."""
    if isinstance(value, Json):
        return b"\x01" + value
    return b"\x01" + orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def decode(wire: bytes) -> Any:
    """The value in the wire form of a `jsonb`; numbers too large for orjson are read by the slower standard reader."""
    text = wire[1:]
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        import json  # noqa: PLC0415 - only for what orjson cannot take

        return json.loads(text)
