"""What can be done with calls: writing them down before and after, finding them, closing what was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias
from uuid import UUID

from guildhall import clock
from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.gateway.requests import rules, store
from guildhall.domains.gateway.requests.errors import AnswerNotKept, CallKeyReused, CallNotFound, CallUnderWay
from guildhall.domains.gateway.requests.store import Belief
from guildhall.domains.gateway.requests.types import (
    Answer,
    Call,
    Claimed,
    End,
    NewCall,
    Packed,
    Refusal,
    Reservation,
    Response,
    Selected,
    Spent,
    SpentBy,
    Story,
    Traffic,
)

BODIES_KEPT = timedelta(days=90)
"""How long content is kept after the last call that held it."""

_SERIES = ("llm_requests", "llm_responses", "streaming_analytics")
Grouping: TypeAlias = Literal["provider", "model", "hour"]

_BATCH = 500
_NOTHING = Packed(b"[]")


async def make_room(tx: Tx, at: datetime) -> None:
    """Make sure that calls of this day and those beside it have partitions; in a transaction of its own, as it locks tables."""
    for series in _SERIES:
        await tx.ensure_partitions(series, at - timedelta(days=1), at + timedelta(days=1))


async def begin(
    tx: Tx, process_id: UUID, calls: Sequence[NewCall], callers: Sequence[Belief]
) -> tuple[dict[int, str], dict[int, Refusal]]:
    """
    Write calls down that are about to be made, each by the caller in its place, and set aside what they may cost.

    Those that are not written are in the results by their places: whose caller
    may not call ("refused"), or is not as believed ("changed"); and those that a
    hard budget refuses. It is one statement.
    """
    places: dict[Belief, int] = {}
    asking = [places.setdefault(each, len(places)) for each in callers]
    verdicts, refused = await store.begin_calls(tx, process_id, list(places), calls, asking)
    return {place: verdicts[caller] for place, caller in enumerate(asking) if caller in verdicts}, refused


async def end(tx: Tx, ends: Sequence[End]) -> None:
    """Write answers down and settle the calls whose last they are. It is one statement."""
    await store.end_calls(tx, ends)


async def select(tx: Tx, chosen: Selected) -> bool:
    """Say which of several answers a caller was given; whether it is there."""
    return await store.select_answer(tx, chosen)


async def begin_late(tx: Tx, process_id: UUID, calls: Sequence[NewCall]) -> None:
    """
    Write calls down that were begun while the database was away; those that are there already stay as they are.

    Nothing is set aside for them. What they cost is counted when they end.
    """
    await store.open_periods(tx, calls)
    await store.write_late_calls(tx, process_id, calls)


async def recall_reservations(tx: Tx, calls: Sequence[NewCall]) -> None:
    """What was set aside for calls that were begun while the database was away is what their rows say; they are told so."""
    held = await store.reserved_for(tx, calls)
    for each in calls:
        each.was_spooled = False
        if each.reservation is not None:
            each.reservation = replace(each.reservation, amount_usd=held.get(each.id, Decimal(0)), amounts_usd=None)


# processes -------------------------------------------------------------------


async def register(tx: Tx, process_id: UUID, presence: int, host: str, pid: int) -> None:
    """Say that a process writes calls; it is there for as long as its presence is."""
    await store.register_process(tx, process_id, presence, host, pid)


async def other_processes(tx: Tx, process_id: UUID) -> list[tuple[UUID, int]]:
    """The other processes that have written calls and were not closed, each with the key of its presence."""
    return await store.other_processes(tx, process_id)


async def close_lost(tx: Tx, process_id: UUID) -> int:
    """
    Close some of the calls that a process has left open; how many, none when there are no more.

    What was set aside for them is taken for spent: the provider may have done the work.
    """
    rows = await store.open_calls(tx, process_id, _BATCH)
    ends = []
    for row in rows:
        starts = [period_start(period or "day", row["created_at"]) for period in row["periods"] or ()]
        reserved = row["reserved_usd"] or Decimal(0)
        apart = None if row["reserved_each"] is None else [Decimal(each or 0) for each in row["reserved_each"]]
        call = NewCall(
            id=row["id"],
            created_at=row["created_at"],
            tenant_id=row["tenant_id"],
            user_id=row["user_id"],
            api_key_id=None,
            session_id=None,
            request_type="chat",
            model=row["model"] or "",
            prompt="",
            messages=_NOTHING,
            params=_NOTHING,
            provider_name=row["provider_name"] or "",
            is_streamed=False,
            reservation=Reservation(list(zip(row["budget_ids"], starts, strict=True)), reserved, amounts_usd=apart)
            if row["budget_ids"]
            else None,
        )
        message = "the gateway's process ended before the answer was written down"
        answer_id = clock.new_id()
        answer = Answer(
            id=answer_id,
            created_at=clock.time_of(answer_id),
            provider_id=None,
            provider_name=call.provider_name or "unknown",
            model=None,
            attempt=1,
            content=None,
            raw=Packed(b"{}"),
            error_code="lost",
            error_message=message,
        )
        ends.append(
            End(
                *(call, [answer], tx.now),
                error_code="lost",
                error_message=message,
                charged_usd=reserved,
                shares_usd=apart,
            )
        )
    if ends:
        await end(tx, ends)
    return len(ends)


async def forget_process(tx: Tx, process_id: UUID) -> None:
    """Forget a process that is gone and has no calls open; idempotency keys that it held are free again."""
    await store.release_of_process(tx, process_id)
    await store.forget_process(tx, process_id)


def period_start(period: str, at: datetime) -> date:
    """The day, in UTC, on which the period of a budget begins that an instant is in."""
    day = at.astimezone(UTC).date()
    return day.replace(day=1) if period == "month" else day


# idempotency -----------------------------------------------------------------


async def claim(tx: Tx, key: str, fingerprint: bytes, process_id: UUID, request_id: UUID) -> Claimed | None:
    """
    Take an idempotency key for a call; or what was answered under it before.

    Raises:
        CallUnderWay: The call that took it has no answer yet.
        CallKeyReused: It was taken for another call.
        AnswerNotKept: That call was answered, and nobody kept what it was answered.
    """
    if await store.claim(tx, key, fingerprint, process_id, request_id):
        return None
    found = await store.claimed(tx, key)
    if found is not None and found.fingerprint != fingerprint:
        raise CallKeyReused(key)
    if found is None or (found.answer is None and found.media_type is None):
        raise CallUnderWay(key)
    if not found.answer:
        raise AnswerNotKept(key)
    return found


async def release(tx: Tx, key: str, request_id: UUID) -> None:
    """Free the idempotency key of a call that brought no answer."""
    await store.release(tx, key, request_id)


# reading ---------------------------------------------------------------------


async def page_calls(
    tx: Tx,
    filters: Mapping[str, object],
    order: Order,
    *,
    after: Sequence[object] | None = None,
    at_most: int = 100,
) -> Page[Call]:
    """A page of the team's calls."""
    return await store.page_calls(tx, dict(filters), order, after, at_most)


async def get_traffic(tx: Tx, by: Grouping, since: datetime) -> list[Traffic]:
    """How the team's answers came and what they cost, from the hour of an instant on, by account, model or hour."""
    return await store.traffic(tx, by, since.replace(minute=0, second=0, microsecond=0))


async def spent_on(tx: Tx, simulation_id: UUID) -> list[Spent]:
    """What the team's calls for a simulation came to, by who made them; empty where none is in the ledger."""
    return await store.spent_on(tx, simulation_id)


async def spent_by(tx: Tx, call_ids: Sequence[UUID], key_ids: Sequence[UUID], *, since: datetime) -> SpentBy:
    """What the team's calls with these ids, and all that were made with these keys, came to; none of them is older than `since`."""
    return await store.spent_by(tx, call_ids, key_ids, since)


async def get_story(tx: Tx, call_id: UUID) -> Story:
    """
    A call whole, with everything that was answered.

    Raises:
        CallNotFound: There is none, or it is another team's.
    """
    try:
        created_at = clock.time_of(call_id)
    except ValueError:
        raise CallNotFound(call_id) from None
    row = await store.find_call(tx, call_id, created_at)
    if row is None:
        raise CallNotFound(call_id)
    values = dict(row)
    messages, params = values.pop("messages"), values.pop("model_params")
    ensemble = values.pop("ensemble_config")
    answers = await store.responses(tx, call_id, created_at)
    names = {*rules.references(messages), *rules.references(params)}
    for each in answers:
        names.update(rules.references(each.raw_response))
    bodies = await store.find_bodies(tx, names) if names else {}
    return Story(
        Call(**values),
        rules.unpack(messages, bodies),
        rules.unpack(params, bodies),
        [_whole(each, bodies) for each in answers],
        ensemble,
    )


def _whole(response: Response, bodies: Mapping[str, bytes]) -> Response:
    return replace(response, raw_response=rules.unpack(response.raw_response, bodies))


async def tidy(tx: Tx, *, bodies_kept: timedelta = BODIES_KEPT) -> int:
    """Forget bodies that no call has held for as long, and idempotency keys whose day is over. It is upkeep, a scheduler's."""
    kept = await store.forget_bodies(tx, (tx.now - bodies_kept).date())
    return kept + await store.forget_keys(tx)
