"""Documents as bytes of JSON, in the same notation as the command line's `--json`."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from guildhall.app.documents.notation import OPTIONS, plain

_LONGEST_NUMBER = 100


def json_bytes(value: Any) -> bytes:
    """JSON: UUIDs and times as text, amounts of money as numbers, what is not finite as null."""
    try:
        return orjson.dumps(value, default=plain, option=OPTIONS)
    except orjson.JSONEncodeError:  # what was refused may be repeated, however odd it is
        return orjson.dumps(_tame(value), default=plain, option=OPTIONS)


def _tame(value: Any) -> Any:
    """The same with whole numbers beyond 64 bits as text, and without lone surrogates."""
    match value:
        case bool():
            return value
        case int() if not -(2**63) <= value < 2**64:
            return str(value)[:_LONGEST_NUMBER]
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_tame(name): _tame(each) for name, each in value.items()}
        case list() | tuple():
            return [_tame(each) for each in value]
    return value


def etag_of(body: bytes) -> str:
    """A strong entity tag (RFC 9110 §8.8.3): two bodies with the same one are the same."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
