"""Documents as bytes of JSON, in the same notation as the command line's `--json`."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson


def json_bytes(value: Any) -> bytes:
    """JSON: UUIDs and times as text, amounts of money as numbers, what is not finite as null."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z)


def etag_of(body: bytes) -> str:
    """A strong entity tag (RFC 9110 §8.8.3): two bodies with the same one are the same."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _plain(value: object) -> Any:
    match value:
        case Decimal():
            return float(value)
        case Path() | UUID():  # the driver's UUID is one of its own making
            return str(value)
        case set() | frozenset():
            return sorted(value)
    raise TypeError(type(value).__name__)
