"""
Calls and answers as the JSON documents that the ledger's statements read.

A group of calls is one document instead of an array for each of its columns:
the driver would encode every value of some fifty arrays, and the server keep
each of them as a table of its own. What is JSON already goes in as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from guildhall.domains.gateway.requests import rules
from guildhall.domains.gateway.requests.types import Answer, Body, End, NewCall, Packed


def document(rows: object) -> str:
    """
    Rows as the text of a JSON document; amounts are texts in it, so that none is rounded.

    Raises:
        TypeError: A text among them is none that UTF-8 can say.
    """
    return orjson.dumps(rows, default=_plain).decode()


def call_row(call: NewCall, place: int, caller: int = 0) -> dict[str, Any]:
    """A call that begins, with its place in its group, and that of its caller, both from 1."""
    held, purpose = call.reservation, call.purpose
    row = {
        "place": place,
        "caller": caller,
        "id": call.id,
        "tenant_id": call.tenant_id,
        "session_id": call.session_id,
        "user_id": call.user_id,
        "request_type": call.request_type,
        "model": call.model,
        "prompt": call.prompt,
        "messages": _as_it_is(call.messages),
        "params": _as_it_is(call.params),
        "created_at": call.created_at,
        "api_key_id": call.api_key_id,
        "provider_name": call.provider_name,
        "is_streamed": call.is_streamed,
        "budget_ids": None if held is None else [budget for budget, _ in held.budgets],
        "reserved_usd": None if held is None else held.amount_usd,
        "ensemble": None if call.ensemble is None else _as_it_is(call.ensemble),
        "simulation_id": None if purpose is None else purpose.simulation_id,
        "outcome_id": None if purpose is None else purpose.outcome_id,
        "role": None if purpose is None else purpose.role,
    }
    if held is not None and held.amounts_usd is not None:
        row["reserved_each"] = held.amounts_usd
    return row


def answer_row(call: NewCall, answer: Answer) -> dict[str, Any]:
    """An answer to a call."""
    usage = answer.usage
    return {
        "id": answer.id,
        "tenant_id": call.tenant_id,
        "request_id": call.id,
        "request_created_at": call.created_at,
        "provider_id": answer.provider_id,
        "provider_name": answer.provider_name,
        "model": answer.model,
        "content": answer.content,
        "raw": _as_it_is(answer.raw),
        "prompt": usage.prompt,
        "completion": usage.completion,
        "total": usage.total,
        "cached": usage.cached,
        "reasoning": usage.reasoning,
        "cost": answer.cost_usd,
        "took": answer.response_time_ms,
        "first": answer.time_to_first_byte_ms,
        "first_token": answer.first_token_ms,
        "chunks": answer.chunks,
        "is_streamed": call.is_streamed,
        "reason": answer.finish_reason,
        "selected": answer.selected and answer.error_code is None,
        "code": answer.error_code,
        "message": answer.error_message,
        "created_at": answer.created_at,
        "attempt": answer.attempt,
        "status": answer.upstream_status,
        "upstream_id": answer.upstream_id,
    }


def final_columns(ends: Sequence[End]) -> dict[str, Sequence[object]]:
    """How calls ended, an array for each column, as `gateway.settle_calls` takes them."""
    sums = [each.usage for each in ends]
    return {
        "ids": [each.call.id for each in ends],
        "times": [each.call.created_at for each in ends],
        "states": ["completed" if each.error_code is None else "failed" for each in ends],
        "prompts": [each.prompt for each in sums],
        "completions": [each.completion for each in sums],
        "totals": [each.total for each in sums],
        "cached": [each.cached for each in sums],
        "reasoning": [each.reasoning for each in sums],
        "costs": [each.cost_usd for each in ends],
        "codes": [each.error_code for each in ends],
        "reasons": [each.error_message for each in ends],
        "ends": [each.completed_at for each in ends],
    }


def bodies_of(
    bodies: Mapping[tuple[UUID, str], Body], calls: Mapping[tuple[UUID, str], Iterable[int]] | None = None
) -> tuple[str, list[bytes]]:
    """
    Bodies but for their contents, and those, compressed, by their places in the document.

    `calls` are the places of the calls that hold each of them.
    """
    if not bodies:
        return "[]", []
    rows, packed = [], []
    for place, (key, body) in enumerate(bodies.items(), 1):
        encoding, content = rules.compressed(body.content)
        tenant_id, sha256 = key
        rows.append(
            {
                "place": place,
                "tenant_id": tenant_id,
                "sha256": sha256,
                "encoding": encoding,
                "size_bytes": len(body.content),
                "calls": None if calls is None else list(calls[key]),
            }
        )
        packed.append(content)
    return document(rows), packed


def _as_it_is(packed: Packed) -> orjson.Fragment:
    return orjson.Fragment(packed.text)


def _plain(value: object) -> str:
    if isinstance(value, Decimal | UUID):  # the driver's identifiers are a kind of their own
        return str(value)
    raise TypeError(f"{type(value).__name__} is no value of a row")
