"""What a server answers, as the objects that a database would have given: outcomes, and errors of the same classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson

from guildhall.domains.evaluation.failures import FailurePattern
from guildhall.domains.evaluation.outcomes import Outcome, OutcomeStatus, ToolUsage
from guildhall.errors import Conflict, GuildhallError, InvalidInput, LimitReached, NotAllowed, NotFound, Unavailable

T = TypeVar("T")
_FAMILIES: dict[int, type[GuildhallError]] = {
    400: InvalidInput,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: InvalidInput,
    415: InvalidInput,
    422: InvalidInput,
    429: LimitReached,
}


def error_of(status: int, body: bytes, url: str) -> GuildhallError:
    """The error that a refusal speaks of, of the class that has its code, so that it is caught as on a database."""
    family = _FAMILIES.get(status, Unavailable)
    try:
        said = orjson.loads(body)["error"]
        code, message, remedy, details = said["code"], said["message"], said.get("remedy"), dict(said["details"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return family(f"the server at {url} answered {status}", remedy="Check GUILDHALL_URL.", url=url, status=status)
    if said.get("request_id"):
        details["request_id"] = said["request_id"]
    known = next((each for each in _descendants(GuildhallError) if each.code == code), None)
    kind = known or type(family.__name__, (family,), {"code": code})
    # Its own constructor takes other things; what it would have made of them is in the answer.
    error = cast(GuildhallError, Exception.__new__(kind))
    GuildhallError.__init__(error, message, remedy=remedy, **details)
    return error


def outcome_of(document: Mapping[str, Any]) -> Outcome:
    """An outcome with its trajectory, tool usage and failures."""
    outcome_id, simulation_id = UUID(document["outcome_id"]), UUID(document["simulation_id"])
    time = datetime.fromisoformat(document["execution_time"])
    own = {
        "outcome_id": outcome_id,
        "simulation_id": simulation_id,
        "execution_time": time,
        "status": OutcomeStatus(document["status"]),
        "cost_usd": _amount(document["cost_usd"]),
        "created_at": datetime.fromisoformat(document["created_at"]),
        "tools": tuple(
            _made(
                ToolUsage,
                each,
                usage_id=UUID(each["usage_id"]),
                outcome_id=outcome_id,
                simulation_id=simulation_id,
                execution_time=time,
                total_cost_usd=_amount(each["total_cost_usd"]),
                error_types=tuple(each["error_types"]),
            )
            for each in document["tools"]
        ),
        "failures": tuple(
            _made(
                FailurePattern,
                each,
                pattern_id=UUID(each["pattern_id"]),
                outcome_id=outcome_id,
                simulation_id=simulation_id,
                scenario_id=document["scenario_id"],
                trial_number=document["trial_number"],
                execution_time=time,
            )
            for each in document["failures"]
        ),
    }
    return _made(Outcome, document, **own)


def _made(kind: type[T], document: Mapping[str, Any], **own: Any) -> T:
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    return kind(
        **{name: own[name] if name in own else document[name] for name in names if name in own or name in document}
    )


def _amount(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _descendants(kind: type[GuildhallError]) -> Iterator[type[GuildhallError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _descendants(each)
