"""One function for each statement on calls and what is kept beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from guildhall.db import Json, Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.gateway.requests import rules
from guildhall.domains.gateway.requests.types import Answer, Body, Call, Claimed, End, NewCall, Refusal, Response, Usage

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

_CALL_COLUMNS = (
    *(
        "id",
        "tenant_id",
        "session_id",
        "user_id",
        "request_type",
        "model",
        "prompt",
        "messages",
        "model_params",
        "status",
    ),
    *(
        "created_at",
        "started_at",
        "process_id",
        "api_key_id",
        "provider_name",
        "is_streamed",
        "budget_ids",
        "reserved_usd",
    ),
)
_ANSWER_COLUMNS = (
    *("id", "tenant_id", "request_id", "request_created_at", "provider_id", "provider_name", "model", "content"),
    *(
        "raw_response",
        "tokens_prompt",
        "tokens_completion",
        "tokens_total",
        "tokens_cached",
        "tokens_reasoning",
        "cost_usd",
    ),
    *("response_time", "time_to_first_byte", "finish_reason", "selected", "error_code", "error_message", "created_at"),
    *("attempt", "upstream_status", "upstream_id"),
)


async def check_callers(
    tx: Tx, believed: Sequence[tuple[str, UUID, UUID, UUID, str, bool, str, int]]
) -> dict[int, str]:
    kinds, proofs, users, teams, roles, administrators, scopes, revisions = zip(*believed, strict=True)
    rows = await tx.fetch(
        _queries.check_callers,
        kinds=kinds,
        proofs=proofs,
        users=users,
        teams=teams,
        roles=roles,
        administrators=administrators,
        scopes=scopes,
        revisions=revisions,
    )
    return {row["place"] - 1: row["verdict"] for row in rows}


async def reserve(tx: Tx, wanted: Sequence[tuple[int, UUID, date, Decimal | None]]) -> dict[int, Refusal]:
    calls, budgets, starts, amounts = zip(*wanted, strict=True)
    rows = await tx.fetch(_queries.reserve, calls=calls, budgets=budgets, starts=starts, amounts=amounts)
    return {row["call"]: Refusal(*row.values()) for row in rows}


async def settle_spending(tx: Tx, settled: Sequence[tuple[UUID, date, Decimal, Decimal]]) -> None:
    budgets, starts, reserved, spent = zip(*settled, strict=True)
    await tx.fetch(_queries.settle_spending, budgets=budgets, starts=starts, reserved=reserved, spent=spent)


async def copy_calls(tx: Tx, process_id: UUID, calls: Iterable[NewCall]) -> None:
    await tx.copy("store.llm_requests", _CALL_COLUMNS, (_call_row(process_id, each) for each in calls))


def _call_row(process_id: UUID, call: NewCall) -> tuple[object, ...]:
    held = call.reservation
    return (
        *(call.id, call.tenant_id, call.session_id, call.user_id, call.request_type, call.model[:255], call.prompt),
        *(Json(call.messages.text), Json(call.params.text), "running", call.created_at, call.created_at, process_id),
        *(call.api_key_id, call.provider_name, call.is_streamed),
        [budget for budget, _ in held.budgets] if held is not None else None,
        held.amount_usd if held is not None else None,
    )


async def copy_answers(tx: Tx, answers: Iterable[tuple[NewCall, Answer]]) -> None:
    await tx.copy("store.llm_responses", _ANSWER_COLUMNS, (_answer_row(call, each) for call, each in answers))


def _answer_row(call: NewCall, answer: Answer) -> tuple[object, ...]:
    usage = answer.usage
    return (
        *(answer.id, call.tenant_id, call.id, call.created_at, answer.provider_id, answer.provider_name, answer.model),
        *(
            answer.content,
            Json(answer.raw.text),
            usage.prompt,
            usage.completion,
            usage.total,
            usage.cached,
            usage.reasoning,
        ),
        *(answer.cost_usd, answer.response_time_ms, answer.time_to_first_byte_ms, answer.finish_reason),
        *(answer.error_code is None, answer.error_code, answer.error_message, answer.created_at, answer.attempt),
        *(answer.upstream_status, answer.upstream_id),
    )


async def settle_calls(tx: Tx, ends: Sequence[End]) -> None:
    usages: list[Usage] = [each.usage for each in ends]
    await tx.fetch(
        _queries.settle_calls,
        ids=[each.call.id for each in ends],
        times=[each.call.created_at for each in ends],
        states=["failed" if each.error_code is not None else "completed" for each in ends],
        prompts=[each.prompt for each in usages],
        completions=[each.completion for each in usages],
        totals=[each.total for each in usages],
        cached=[each.cached for each in usages],
        reasoning=[each.reasoning for each in usages],
        costs=[each.cost_usd for each in ends],
        codes=[each.error_code for each in ends],
        reasons=[each.error_message for each in ends],
        ends=[each.completed_at for each in ends],
    )


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
