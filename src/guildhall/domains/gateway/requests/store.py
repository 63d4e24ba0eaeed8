"""One function for each statement on calls and what is kept beside them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from guildhall.db import Json, Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.gateway.requests import rules
from guildhall.domains.gateway.requests.types import (
    Answer,
    Body,
    Call,
    Claimed,
    End,
    NewCall,
    Refusal,
    Reservation,
    Response,
    Usage,
)

_queries = load_queries(__package__)

CALLS = Listing(
    query=_queries.calls,
    key=("id",),
    orders={"created_at": Order("created_at", descending=True)},
    filters={
        "status": Filter("status"),
        "model": Filter("model"),
        "user_id": Filter("user_id"),
        "api_key_id": Filter("api_key_id"),
        "error_code": Filter("error_code"),
        "created_from": Filter("created_at", Match.AT_LEAST),
        "created_before": Filter("created_at", Match.BELOW),
    },
)

Belief: TypeAlias = tuple[str, UUID, UUID, UUID, str, bool, str, int]
"""What is believed of a caller: kind and id of the proof, person, team, role, administrator, scopes, the team's revision."""


def _beliefs(believed: Sequence[Belief]) -> dict[str, Sequence[object]]:
    kinds, proofs, users, teams, roles, administrators, scopes, revisions = (
        zip(*believed, strict=True) if believed else [()] * 8
    )
    return {
        "kinds": kinds,
        "proofs": proofs,
        "teams": teams,
        "roles": roles,
        "administrators": administrators,
        "scopes": scopes,
        "revisions": revisions,
        "believed": users,
    }


async def check_callers(tx: Tx, believed: Sequence[Belief]) -> dict[int, str]:
    """Those who may not go on, by their place among the believed, and why."""
    rows = await tx.fetch(_queries.check_callers, **_beliefs(believed))
    return {row["place"] - 1: row["verdict"] for row in rows}


async def reserve(tx: Tx, wanted: Sequence[tuple[int, UUID, date, Decimal | None]]) -> dict[int, Refusal]:
    calls, budgets, starts, amounts = zip(*wanted, strict=True)
    rows = await tx.fetch(_queries.reserve, calls=calls, budgets=budgets, starts=starts, amounts=amounts)
    return {row["call"]: Refusal(*row.values()) for row in rows}


async def settle_spending(tx: Tx, settled: Sequence[tuple[UUID, date, Decimal, Decimal]]) -> None:
    budgets, starts, reserved, spent = zip(*settled, strict=True)
    await tx.fetch(_queries.settle_spending, budgets=budgets, starts=starts, reserved=reserved, spent=spent)


async def write_calls(
    tx: Tx, process_id: UUID, believed: Sequence[Belief], calls: Sequence[tuple[NewCall, int]]
) -> dict[int, str]:
    """Calls, each with the place of its caller; what is told of callers is as in `check_callers`, and their calls are not written."""
    rows = await tx.fetch(
        _queries.write_calls,
        process_id=process_id,
        **_beliefs(believed),
        ids=[each.id for each, _ in calls],
        tenants=[each.tenant_id for each, _ in calls],
        sessions=[each.session_id for each, _ in calls],
        users=[each.user_id for each, _ in calls],
        types=[each.request_type for each, _ in calls],
        models=[each.model for each, _ in calls],
        prompts=[each.prompt for each, _ in calls],
        messages=[Json(each.messages.text) for each, _ in calls],
        params=[Json(each.params.text) for each, _ in calls],
        times=[each.created_at for each, _ in calls],
        keys=[each.api_key_id for each, _ in calls],
        providers=[each.provider_name for each, _ in calls],
        streamed=[each.is_streamed for each, _ in calls],
        budgets=[_array(each.reservation) for each, _ in calls],
        reserved=[each.reservation and each.reservation.amount_usd for each, _ in calls],
        callers=[place + 1 for _, place in calls],
    )
    return {row["place"] - 1: row["verdict"] for row in rows}


def _array(held: Reservation | None) -> str | None:
    """An array of UUIDs as PostgreSQL writes it: one within another cannot be passed."""
    return None if held is None else "{" + ",".join(str(budget) for budget, _ in held.budgets) + "}"


async def write_answers(tx: Tx, answers: Sequence[tuple[NewCall, Answer]], ends: Sequence[End]) -> set[UUID]:
    """The calls that ended by this."""
    usages: list[Usage] = [each.usage for _, each in answers]
    sums: list[Usage] = [each.usage for each in ends]
    settled: list[UUID] = await tx.value(
        _queries.write_answers,
        ids=[each.id for _, each in answers],
        tenants=[call.tenant_id for call, _ in answers],
        requests=[call.id for call, _ in answers],
        request_times=[call.created_at for call, _ in answers],
        providers=[each.provider_id for _, each in answers],
        names=[each.provider_name for _, each in answers],
        models=[each.model for _, each in answers],
        contents=[each.content for _, each in answers],
        raw=[Json(each.raw.text) for _, each in answers],
        prompts=[each.prompt for each in usages],
        completions=[each.completion for each in usages],
        totals=[each.total for each in usages],
        cached=[each.cached for each in usages],
        reasoning=[each.reasoning for each in usages],
        costs=[each.cost_usd for _, each in answers],
        took=[each.response_time_ms for _, each in answers],
        first=[each.time_to_first_byte_ms for _, each in answers],
        reasons=[each.finish_reason for _, each in answers],
        selected=[each.error_code is None for _, each in answers],
        codes=[each.error_code for _, each in answers],
        messages=[each.error_message for _, each in answers],
        times=[each.created_at for _, each in answers],
        attempts=[each.attempt for _, each in answers],
        statuses=[each.upstream_status for _, each in answers],
        upstream_ids=[each.upstream_id for _, each in answers],
        end_ids=[each.call.id for each in ends],
        end_times=[each.call.created_at for each in ends],
        end_states=["failed" if each.error_code is not None else "completed" for each in ends],
        end_prompts=[each.prompt for each in sums],
        end_completions=[each.completion for each in sums],
        end_totals=[each.total for each in sums],
        end_cached=[each.cached for each in sums],
        end_reasoning=[each.reasoning for each in sums],
        end_costs=[each.cost_usd for each in ends],
        end_codes=[each.error_code for each in ends],
        end_reasons=[each.error_message for each in ends],
        ends=[each.completed_at for each in ends],
    )
    return set(settled)


async def insert_bodies(tx: Tx, bodies: Collection[tuple[UUID, Body]], day: date) -> None:
    once = {(tenant, body.sha256): body.content for tenant, body in bodies}
    packed = [rules.compressed(content) for content in once.values()]
    await tx.execute(
        _queries.insert_bodies,
        tenants=[tenant for tenant, _ in once],
        sha256s=[sha256 for _, sha256 in once],
        encodings=[encoding for encoding, _ in packed],
        sizes=[len(content) for content in once.values()],
        contents=[content for _, content in packed],
        days=[day] * len(once),
    )


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


async def keep_answers(tx: Tx, ends: Sequence[End]) -> None:
    kept = [(each.call, each.kept) for each in ends if each.kept is not None]
    await tx.execute(
        _queries.keep_answers,
        tenants=[call.tenant_id for call, _ in kept],
        users=[call.user_id for call, _ in kept],
        keys=[each.key for _, each in kept],
        requests=[call.id for call, _ in kept],
        types=[each.media_type for _, each in kept],
        answers=[each.body.sha256 for _, each in kept],
    )


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
    page = await fetch_page(tx, CALLS, filters, order, after=after, at_most=at_most)
    return page.of(lambda row: Call(**row))


async def find_call(tx: Tx, call_id: UUID, created_at: datetime) -> Row | None:
    return await tx.find(_queries.call, id=call_id, created_at=created_at.astimezone(UTC))


async def responses(tx: Tx, call_id: UUID, created_at: datetime) -> list[Response]:
    return [Response(**row) for row in await tx.fetch(_queries.responses, id=call_id, created_at=created_at)]
