"""What the ledger is told of a call: its row before it, its end by all that was answered, and what an answer costs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from guildhall import clock
from guildhall.adapters.upstreams import Asked
from guildhall.app.gateway.course import Context, Course
from guildhall.app.gateway.directory import Book
from guildhall.app.gateway.errors import UNSURE
from guildhall.domains.catalogue import pricing
from guildhall.domains.catalogue.pricing import Price
from guildhall.domains.gateway import requests
from guildhall.domains.gateway.providers import Recorded, Route
from guildhall.domains.gateway.requests import Answer, Belief, End, Kept, NewCall, Packed, Reservation, Usage
from guildhall.domains.platform.identity import Caller, Holder, KeyRefused

EMPTY = Packed(b"{}")
_EMPTY_LIST = Packed(b"[]")


def settled(
    course: Course,
    code: str | None,
    why: str | None,
    answers: Sequence[Answer],
    kept: Kept | None = None,
) -> End:
    """A call's end, by all that was answered."""
    billed = [each for each in course.answers if each.error_code is None or each.usage.prompt is not None]
    costs = [each.cost_usd for each in billed]
    cost = None if None in costs or not costs else sum((each for each in costs if each is not None), Decimal(0))
    # A provider that broke off, or that nobody waited for, may have done the work.
    unsure = code in ("gateway_stopped", "internal_error") or any(each.error_code in UNSURE for each in course.answers)
    reserved = course.call.reservation.amount_usd if course.call.reservation is not None else None
    charged = cost if cost is not None else Decimal(0)
    if reserved is not None and (unsure or (billed and cost is None)):
        charged = max(charged, reserved)
    return End(
        course.call,
        answers,
        clock.now(),
        usage=requests.sum_of([each.usage for each in billed]) if billed else Usage(),
        cost_usd=cost,
        error_code=code,
        error_message=why,
        charged_usd=charged,
        kept=kept,
    )


def cost_of(price: Price | None, usage: Usage) -> Decimal | None:
    if price is None or usage.prompt is None:
        return None
    return pricing.cost(
        price,
        prompt=usage.prompt,
        completion=usage.completion or 0,
        cached=usage.cached or 0,
        cache_written=usage.cache_written or 0,
        reasoning=usage.reasoning or 0,
    )


def belief_of(caller: Caller, book: Book) -> Belief:
    proof = caller.proof
    if proof is None:
        raise KeyRefused
    return (
        proof.kind,
        proof.id,
        caller.user_id,
        caller.tenant_id,
        proof.role,
        proof.is_administrator,
        ",".join(proof.scopes),
        book.revision,
    )


def new_call(context: Context, caller: Caller, asked: Asked, first: Route, reservation: Reservation | None) -> NewCall:
    keeps = first.account.options.record is Recorded.ALL
    return NewCall(
        id=context.call_id,
        created_at=clock.time_of(context.call_id),
        tenant_id=caller.tenant_id,
        user_id=caller.user_id,
        api_key_id=caller.key_id,
        session_id=caller.session_id if context.session is None else context.session.id,
        request_type=asked.face.request_type,
        model=asked.model,
        prompt=requests.excerpt(asked.prompt) if keeps else "",
        messages=requests.pack_list(asked.messages) if keeps else _EMPTY_LIST,
        params=requests.pack_object(asked.params) if keeps else EMPTY,
        provider_name=first.account.name,
        is_streamed=asked.is_streamed,
        reservation=reservation,
        purpose=context.purpose,
    )


def bare_call(context: Context, caller: Caller | Holder, request_type: str, model: str = "") -> NewCall:
    """A call that was refused: who and what for, and nothing of what was said."""
    session_id = caller.session_id if isinstance(caller, Caller) else None
    return NewCall(
        id=context.call_id,
        created_at=clock.time_of(context.call_id),
        tenant_id=caller.tenant_id,
        user_id=caller.user_id,
        api_key_id=caller.key_id,
        session_id=session_id if context.session is None else context.session.id,
        request_type=request_type,
        model=model,
        prompt="",
        messages=_EMPTY_LIST,
        params=EMPTY,
        provider_name="",
        is_streamed=False,
        purpose=context.purpose,
    )
