"""How calls are kept: what stands in a row, and what beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import zstandard

from guildhall.algorithms import sanitise
from guildhall.domains.gateway.requests.types import Body, Packed, Usage

LONGEST_PART = 1024
"""Bytes of a message or parameter that stand in the row; a longer one is kept once for all calls that hold it."""

LONGEST_ANSWER = 8192
"""Bytes of an answer that stand in the row."""

EXCERPT = 2000
"""Characters of a prompt or an answer that lists show."""

REFERENCE = "$body"

_WORTH_COMPRESSING = 1024
_LEVEL = 1  # while a caller waits
_NUL = b"\\u0000"


def pack_list(items: Sequence[Any]) -> Packed:
    """
    Messages as a row has them: long ones by reference, each with its role.

    >>> pack_list([{"role": "user", "content": "hi"}]).text
    b'[{"role":"user","content":"hi"}]'
    """
    whole = sanitise.to_json(items)
    if len(whole) <= LONGEST_PART:
        return Packed(whole)
    parts, bodies = [], []
    for item in items:
        text = sanitise.to_json(item)
        if len(text) > LONGEST_PART:
            body = Body(hashlib.sha256(text).hexdigest(), text)
            bodies.append(body)
            role = {"role": item["role"]} if isinstance(item, Mapping) and isinstance(item.get("role"), str) else {}
            text = sanitise.to_json({**role, REFERENCE: body.sha256})
        parts.append(text)
    return Packed(b"[" + b",".join(parts) + b"]", tuple(bodies))


def pack_object(values: Mapping[str, Any]) -> Packed:
    """Parameters as a row has them: long values, such as a list of tools, by reference."""
    whole = sanitise.to_json(values)
    if len(whole) <= LONGEST_PART:
        return Packed(whole)
    kept: dict[str, Any] = {}
    bodies = []
    for name, value in values.items():
        text = sanitise.to_json(value)
        if len(text) > LONGEST_PART:
            body = Body(hashlib.sha256(text).hexdigest(), text)
            bodies.append(body)
            kept[name] = {REFERENCE: body.sha256}
        else:
            kept[name] = value
    return Packed(sanitise.to_json(kept), tuple(bodies))


def pack_answer(content: bytes, *, is_json: bool) -> Packed:
    """
    A provider's raw answer: JSON as it is; anything else, such as a stream of events, as `{"text": …}`; a long one by reference.

    `is_json` says that it has been read and is JSON.
    """
    if len(content) > LONGEST_ANSWER:
        body = body_of(content)
        return Packed(orjson.dumps({REFERENCE: body.sha256}), (body,))
    if is_json and _NUL not in content:
        return Packed(content)
    if is_json:
        return Packed(sanitise.to_json(orjson.loads(content)))
    return Packed(sanitise.to_json({"text": content.decode("utf-8", "replace")}))


def pack_part(content: bytes, size: int) -> Packed:
    """The beginning of an answer that was longer than is kept: `{"part": …, "truncated": true, "bytes": …}`, of all its bytes."""
    body = body_of(content)
    return Packed(orjson.dumps({"part": {REFERENCE: body.sha256}, "truncated": True, "bytes": size}), (body,))


def body_of(content: bytes) -> Body:
    """Content under its name."""
    return Body(hashlib.sha256(content).hexdigest(), content)


def references(document: Any) -> list[str]:
    """The names of the bodies that a packed document refers to."""
    found = []
    parts = (
        document if isinstance(document, list) else [document, *document.values()] if isinstance(document, dict) else []
    )
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get(REFERENCE), str):
            found.append(part[REFERENCE])
    return found


def unpack(document: Any, bodies: Mapping[str, bytes]) -> Any:
    """A packed document with its long parts put back; those that have expired stay references."""

    def whole(part: Any) -> Any:
        name = part.get(REFERENCE) if isinstance(part, dict) else None
        if not isinstance(name, str) or name not in bodies:
            return part
        try:
            return orjson.loads(bodies[name])
        except orjson.JSONDecodeError:
            return {"text": bodies[name].decode("utf-8", "replace")}

    if isinstance(document, list):
        return [whole(each) for each in document]
    if isinstance(document, dict) and REFERENCE not in document:
        return {name: whole(value) for name, value in document.items()}
    return whole(document)


def compressed(content: bytes) -> tuple[str, bytes]:
    """The encoding, and the content in it: zstd where that is shorter."""
    if len(content) >= _WORTH_COMPRESSING:
        small = zstandard.ZstdCompressor(level=_LEVEL).compress(content)
        if len(small) < len(content):
            return "zstd", small
    return "identity", content


def uncompressed(encoding: str, content: bytes) -> bytes:
    """The content, as it was before `compressed`."""
    return zstandard.ZstdDecompressor().decompress(content) if encoding == "zstd" else content


def excerpt(text: str) -> str:
    """The beginning of a text, without what PostgreSQL keeps in none."""
    return text[:EXCERPT].replace("\0", "\ufffd")


def sum_of(usages: Sequence[Usage]) -> Usage:
    """Tokens of several answers together; what one of them does not know is not known."""
    if len(usages) == 1:
        return usages[0]

    def added(values: Sequence[int | None]) -> int | None:
        known = [each for each in values if each is not None]
        return sum(known) if known and len(known) == len(values) else None

    return Usage(
        added([each.prompt for each in usages]),
        added([each.completion for each in usages]),
        added([each.cached for each in usages]),
        added([each.reasoning for each in usages]),
    )
