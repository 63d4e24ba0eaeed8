"""What the calls that answer one request share: whom each may go to, and what each budget is charged with when they have ended."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from guildhall.adapters.upstreams import Asked
from guildhall.app.gateway.course import Course
from guildhall.app.gateway.errors import UNSURE
from guildhall.app.gateway.planning import Part, key_of
from guildhall.domains.gateway.requests import End


def among(parts: Sequence[Part], course: Course, asked: Asked) -> set[tuple[UUID, str]] | None:
    """Whom one of the calls may go to: under a hard budget nobody who was resting when it was set aside what they may cost."""
    held = course.call.reservation
    if held is None or not held.is_hard:
        return None
    return {key_of(route) for each in parts if each.asked.model == asked.model for route in each.plan.order}


def charge(end: End, parts: Sequence[Part], course: Course, cut_off: Sequence[str] = ()) -> None:
    """
    Charge a request with what is known to have been spent, and for each call that broke off with the most that one may cost.

    A budget of one model is charged with what that one's calls cost. `cut_off` are the models of calls that were ended by ourselves.
    """
    held = course.call.reservation
    if held is not None:
        end.shares_usd = [
            _spent(parts, course, model, most, cut_off) for model, most in zip(held.models, held.each_usd, strict=True)
        ]


def _spent(
    parts: Sequence[Part], course: Course, model: str | None, most_usd: Decimal | None, cut_off: Sequence[str]
) -> Decimal:
    """What the answers of a model, or of all, cost, and calls that broke off; no more than was set aside, where that is known."""
    most: dict[str, Decimal] = {}
    for part in parts:
        if part.most_usd is not None and (model is None or model in part.names):
            most[part.asked.model] = max(part.most_usd, most.get(part.asked.model, part.most_usd))
    answers = [each for each in course.answers if model is None or model in each.asked_of]
    known = sum((each.cost_usd for each in answers if each.cost_usd is not None), Decimal(0))
    unknown = [each.asked_of[0] for each in answers if each.cost_usd is None and each.error_code in (None, *UNSURE)]
    spent = known + sum(most.get(each, Decimal(0)) for each in (*unknown, *cut_off))
    return spent if most_usd is None else min(spent, max(most_usd, known))
