"""One function for each statement on calls and what is kept beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import repeat
from typing import Any, TypeAlias
from uuid import UUID

from guildhall.db import Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.gateway.requests import rules
from guildhall.domains.gateway.requests.documents import answer_row, bodies_of, call_row, document, final_columns
from guildhall.domains.gateway.requests.types import (
    Body,
    Call,
    Claimed,
    End,
    NewCall,
    Refusal,
    Response,
    Selected,
    Spent,
    SpentBy,
    Traffic,
)

_queries = load_queries(__package__)

_FILTERS = {
    "status": Filter("status"),
    "model": Filter("model"),
    "provider": Filter("provider_name"),
    "request_type": Filter("request_type"),
    "user_id": Filter("user_id"),
    "api_key_id": Filter("api_key_id"),
    "error_code": Filter("error_code"),
    "session_id": Filter("session_id"),
    "simulation_id": Filter("simulation_id"),
    "outcome_id": Filter("outcome_id"),
    "role": Filter("role"),
    "created_from": Filter("created_at", Match.AT_LEAST),
    "created_before": Filter("created_at", Match.BELOW),
}

CALLS = Listing(
    query=_queries.calls,
    key=("id",),
    orders={"created_at": Order("created_at", descending=True)},
    filters=_FILTERS,
)

# Few calls have failed, or are under way: an index of these alone finds them, where the statement itself says so.
_BY_STATUS = {
    "failed": replace(CALLS, query=_queries.failed_calls),
    "running": replace(CALLS, query=_queries.running_calls),
}

_SPANS = (timedelta(days=1), timedelta(days=8))

Belief: TypeAlias = tuple[str, UUID, UUID, UUID, str, bool, str, int]
"""What is believed of a caller: kind and id of the proof, person, team, role, administrator, scopes, the team's revision."""


_BELIEFS = ("kinds", "proofs", "users", "teams", "roles", "administrators", "scopes", "revisions")


async def begin_calls(
    tx: Tx, process_id: UUID, believed: Sequence[Belief], calls: Sequence[NewCall], callers: Sequence[int]
) -> tuple[dict[int, str], dict[int, Refusal]]:
    """
    Write calls, each with the place of its caller among the believed.

    What is returned are verdicts on callers, by their places, and budgets that
    refuse calls, by theirs; none of those calls is written.
    """
    holds = [
        {"call": place, "budget": budget, "starts_on": starts_on, "amount": amount}
        for place, call in enumerate(calls, 1)
        if (reservation := call.reservation) is not None
        for (budget, starts_on), amount in zip(
            reservation.budgets, reservation.amounts_usd or repeat(reservation.amount_usd), strict=False
        )
    ]
    held: dict[tuple[UUID, str], Body] = {}
    holding: dict[tuple[UUID, str], list[int]] = {}
    for place, call in enumerate(calls, 1):
        for body in (*call.messages.bodies, *call.params.bodies):
            key = call.tenant_id, body.sha256
            held.setdefault(key, body)
            holding.setdefault(key, []).append(place)
    bodies, packed = bodies_of(held, holding)
    rows = await tx.fetch(
        _queries.begin_calls,
        process_id=process_id,
        believed=document(dict(zip(_BELIEFS, zip(*believed, strict=True), strict=True))),
        calls=document(
            [
                call_row(call, place, caller + 1)
                for place, (call, caller) in enumerate(zip(calls, callers, strict=True), 1)
            ]
        ),
        holds=document(holds) if holds else "[]",
        bodies=bodies,
        packed=packed,
        day=_day(tx),
    )
    verdicts = {row["place"] - 1: row["verdict"] for row in rows if row["place"] is not None}
    refused = {
        row["call"] - 1: Refusal(row["call"] - 1, row["budget_id"], row["name"], row["limit_usd"], row["left_usd"])
        for row in rows
        if row["call"] is not None
    }
    return verdicts, refused


def _day(tx: Tx) -> date:
    return tx.now.astimezone(UTC).date()


async def end_calls(tx: Tx, ends: Sequence[End]) -> None:
    """Write answers, settle the calls whose last they are, and count what those spent that end by this."""
    answers = [(each.call, answer) for each in ends for answer in each.answers]
    final = [each for each in ends if each.is_final]
    kept = [(each.call, each.kept) for each in ends if each.kept is not None]
    held = {(call.tenant_id, body.sha256): body for call, answer in answers for body in answer.raw.bodies}
    held |= {(call.tenant_id, each.body.sha256): each.body for call, each in kept}
    once = {each.call.id: each for each in reversed(final)}  # a call ends once, whoever else says so
    spending = [
        {
            "call": call_id,
            "budget": budget,
            "starts_on": starts_on,
            "reserved": reserved or Decimal(0),
            "spent": spent,
        }
        for call_id, each in once.items()
        if (reservation := each.call.reservation) is not None
        for (budget, starts_on), reserved, spent in zip(
            reservation.budgets,
            reservation.amounts_usd or repeat(reservation.amount_usd),
            each.shares_usd or repeat(each.charged_usd),
            strict=False,
        )
    ]
    replays = [
        {
            "tenant_id": call.tenant_id,
            "user_id": call.user_id,
            "key": each.key,
            "request_id": call.id,
            "media_type": each.media_type,
            "answer": each.body.sha256,
        }
        for call, each in kept
    ]
    bodies, packed = bodies_of(held)
    await tx.fetch(
        _queries.end_calls,
        answers=document([answer_row(call, each) for call, each in answers]),
        final=document(final_columns(final)),
        spending=document(spending) if spending else "[]",
        kept=document(replays) if replays else "[]",
        bodies=bodies,
        packed=packed,
        day=_day(tx),
    )


async def select_answer(tx: Tx, chosen: Selected) -> bool:
    changed = await tx.execute(
        _queries.select_answer, id=chosen.id, created_at=chosen.created_at, confidence=chosen.confidence
    )
    return changed == 1


async def find_bodies(tx: Tx, sha256s: Collection[str]) -> dict[str, bytes]:
    rows = await tx.fetch(_queries.bodies, sha256s=list(sha256s))
    return {row["sha256"]: rules.uncompressed(row["encoding"], row["content"]) for row in rows}


async def forget_bodies(tx: Tx, before: date) -> int:
    return await tx.execute(_queries.forget_bodies, before=before)


async def claim(tx: Tx, key: str, fingerprint: bytes, process_id: UUID, request_id: UUID) -> bool:
    return (
        await tx.execute(_queries.claim, key=key, fingerprint=fingerprint, process_id=process_id, request_id=request_id)
        == 1
    )


async def claimed(tx: Tx, key: str) -> Claimed | None:
    row = await tx.find(_queries.claimed, key=key)
    if row is None:
        return None
    answer = None if row["content"] is None else rules.uncompressed(row["encoding"], row["content"])
    return Claimed(row["fingerprint"], row["request_id"], row["media_type"], answer)


async def release(tx: Tx, key: str, request_id: UUID) -> None:
    await tx.execute(_queries.release, key=key, request_id=request_id)


async def release_of_process(tx: Tx, process_id: UUID) -> None:
    await tx.execute(_queries.release_of_process, process_id=process_id)


async def forget_keys(tx: Tx) -> int:
    return await tx.execute(_queries.forget_keys)


async def register_process(tx: Tx, process_id: UUID, presence: int, host: str, pid: int) -> None:
    await tx.execute(_queries.register_process, id=process_id, presence=presence, host=host, pid=pid)


async def other_processes(tx: Tx, process_id: UUID) -> list[tuple[UUID, int]]:
    return [(row["id"], row["presence"]) for row in await tx.fetch(_queries.other_processes, id=process_id)]


async def forget_process(tx: Tx, process_id: UUID) -> None:
    await tx.execute(_queries.forget_process, id=process_id)


async def open_calls(tx: Tx, process_id: UUID, at_most: int) -> list[Row]:
    return await tx.fetch(_queries.open_calls, process_id=process_id, at_most=at_most)


async def page_calls(
    tx: Tx, filters: dict[str, object], order: Order, after: Sequence[object] | None, at_most: int
) -> Page[Call]:
    status = "failed" if filters.get("error_code") is not None else filters.get("status")
    listing = _BY_STATUS.get(str(status), CALLS)
    if not order.descending:
        page = await fetch_page(tx, listing, filters, order, after=after, at_most=at_most)
        return page.of(lambda row: Call(**row))
    # Most pages lie in a day or two, and a statement over all days takes longer to plan than they take to read.
    found: list[Row] = []
    for window in _windows(tx, filters, after):
        page = await fetch_page(tx, listing, window, order, after=after, at_most=at_most + 1 - len(found))
        found += page.items
        if len(found) > at_most:
            break
    calls = [Call(**row) for row in found[:at_most]]
    return Page(calls, (calls[-1].created_at, calls[-1].id) if len(found) > at_most and calls else None)


def _windows(tx: Tx, filters: dict[str, object], after: Sequence[object] | None) -> Iterator[dict[str, object]]:
    """The same filters over spans of time that follow each other, the newest first; together they are all time."""
    least, below = filters.get("created_from"), filters.get("created_before")
    if after is not None and isinstance(after[0], datetime):
        behind = after[0] + timedelta(microseconds=1)  # calls of the same instant go by their ids
        below = behind if not isinstance(below, datetime) else min(below, behind)
    ends = below if isinstance(below, datetime) else tx.now
    for span in _SPANS:
        starts = ends - span
        if isinstance(least, datetime) and starts <= least:
            break
        yield {**filters, "created_from": starts, "created_before": below}
        ends = below = starts
    yield {**filters, "created_from": least, "created_before": below}


async def traffic(tx: Tx, by: str, since: datetime) -> list[Traffic]:
    kinds = {"first_token": "first_token", "completed": "whole"}
    times: dict[str, dict[str, Any]] = {}
    for row in await tx.fetch(_queries.arrivals, by=by, since=since):
        for each in ("p50", "p95", "p99"):
            times.setdefault(row["group"], {})[f"{kinds[row['event_type']]}_{each}"] = row[each]
    rows = await tx.fetch(_queries.traffic, by=by, since=since)
    return [Traffic(**row, **times.get(row["group"], {})) for row in rows]


async def spent_on(tx: Tx, simulation_id: UUID) -> list[Spent]:
    return [Spent(**row) for row in await tx.fetch(_queries.spent_on, simulation_id=simulation_id)]


async def spent_by(tx: Tx, call_ids: Sequence[UUID], key_ids: Sequence[UUID], since: datetime) -> SpentBy:
    given = {"call_ids": list(call_ids), "key_ids": list(key_ids), "since": since.astimezone(UTC)}
    (row,) = await tx.fetch(_queries.spent_by, **given)
    return SpentBy(**row)


async def find_call(tx: Tx, call_id: UUID, created_at: datetime) -> Row | None:
    return await tx.find(_queries.call, id=call_id, created_at=created_at.astimezone(UTC))


async def responses(tx: Tx, call_id: UUID, created_at: datetime) -> list[Response]:
    return [Response(**row) for row in await tx.fetch(_queries.responses, id=call_id, created_at=created_at)]


async def open_periods(tx: Tx, calls: Sequence[NewCall]) -> None:
    periods = sorted({each for call in calls if call.reservation is not None for each in call.reservation.budgets})
    if periods:
        await tx.fetch(
            _queries.open_periods,
            calls=range(1, len(periods) + 1),
            budgets=[budget for budget, _ in periods],
            starts=[starts_on for _, starts_on in periods],
            amounts=[Decimal(0)] * len(periods),
        )


async def write_late_calls(tx: Tx, process_id: UUID, calls: Sequence[NewCall]) -> None:
    bodies, packed = bodies_of(
        {(call.tenant_id, body.sha256): body for call in calls for body in (*call.messages.bodies, *call.params.bodies)}
    )
    await tx.execute(
        _queries.write_late_calls,
        process_id=process_id,
        calls=document([call_row(call, place) for place, call in enumerate(calls, 1)]),
        bodies=bodies,
        packed=packed,
        day=_day(tx),
    )


async def reserved_for(tx: Tx, calls: Sequence[NewCall]) -> dict[UUID, Decimal]:
    rows = await tx.fetch(
        _queries.reserved_for, ids=[each.id for each in calls], times=[each.created_at for each in calls]
    )
    return {row["id"]: row["reserved_usd"] or Decimal(0) for row in rows}
