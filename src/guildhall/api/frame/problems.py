"""
Errors as HTTP says them: one shape, and a status for each family.

    {"error": {"code": "simulation_not_found", "message": "…", "remedy": "…", "details": {…}, "request_id": "…"}}
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from guildhall.api.frame.answers import json_bytes
from guildhall.domains.platform import identity
from guildhall.errors import Conflict, GuildhallError, InvalidInput, LimitReached, NotAllowed, NotFound, Unavailable

_log = logging.getLogger("guildhall.api")

_STATUS: tuple[tuple[type[GuildhallError], int], ...] = (
    (NotFound, 404),
    (InvalidInput, 422),
    (Conflict, 409),
    (NotAllowed, 403),
    (LimitReached, 429),
    (Unavailable, 503),
)
_WITHOUT_CREDENTIALS = (identity.KeyRefused, identity.NotSignedIn, identity.SignInRefused)
_RETRY_AFTER_S = 1
_LONGEST_VALUE = 200


class Refused(HTTPException):
    """What HTTP itself refuses, with one of our errors and the status that the standard has for it."""

    def __init__(self, status: int, error: GuildhallError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, error.message, dict(headers or {}))
        self.error = error


class BodyUnreadable(InvalidInput):
    """A body is not what its type says."""

    code = "body_unreadable"


class RouteUnknown(NotFound):
    """There is no such path."""

    code = "route_not_found"


class MethodUnknown(InvalidInput):
    """The path does not take this method."""

    code = "method_not_allowed"


class FieldsRefused(InvalidInput):
    """Fields of a request are missing or make no sense; `details["fields"]` has each with its problem."""

    code = "fields_refused"


def status_of(error: GuildhallError) -> int:
    """The HTTP status of an error: its family's, but 401 for whoever has not said who they are."""
    if isinstance(error, _WITHOUT_CREDENTIALS):
        return 401
    return next((status for family, status in _STATUS if isinstance(error, family)), 500)


def answer_to(error: GuildhallError, request_id: str, *, status: int | None = None) -> Response:
    """An error as a response."""
    status = status or status_of(error)
    document = error.as_json()
    document["error"]["request_id"] = request_id
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="guildhall"'
    if isinstance(error, LimitReached | Unavailable):
        wait_s = error.details.get("retry_after_s", _RETRY_AFTER_S)
        headers["Retry-After"] = str(max(1, math.ceil(wait_s)))
    return Response(json_bytes(document), status, headers, "application/json")


def defect(request_id: str) -> Response:
    """What is answered when the fault is ours: nothing of it, but where to look."""
    error = GuildhallError("something went wrong on the server", remedy="Look for the request id in the server's log.")
    document = error.as_json()
    document["error"] |= {"code": "internal_error", "request_id": request_id}
    return Response(json_bytes(document), 500, media_type="application/json")


ANSWERED = (GuildhallError, RequestValidationError, HTTPException)
"""What is answered in our shape; anything else is a defect."""


def install(app: FastAPI) -> None:
    """Let every error of an application be answered in our shape."""
    for kind in ANSWERED:
        app.add_exception_handler(
            kind, cast(Any, answer)
        )  # Starlette types a handler by the broadest exception there is


async def answer(request: Request, error: GuildhallError | RequestValidationError | HTTPException) -> Response:
    """What a request is answered that ended with an error."""
    match error:
        case GuildhallError():
            return _of_ours(request, error)
        case RequestValidationError():
            return _of_validation(request, error)
        case _:
            return _of_http(request, error)


def request_id_of(request: Request) -> str:
    """The id that the frame gave a request."""
    return str(request.scope.get("guildhall.request_id", ""))


def _of_ours(request: Request, error: GuildhallError) -> Response:
    response = answer_to(error, request_id_of(request))
    if response.status_code == 500:
        _log.error("an error of no family: %s", error, exc_info=error)
    return response


def _of_validation(request: Request, error: RequestValidationError) -> Response:
    problems = error.errors()
    if problems and problems[0]["type"] == "json_invalid":
        why = problems[0].get("ctx", {}).get("error", "")
        unreadable = BodyUnreadable(
            f"the body is no JSON document: {why}", remedy="Send JSON in UTF-8.", field="body", value=None
        )
        return answer_to(unreadable, request_id_of(request), status=400)
    return answer_to(_refused_fields(problems), request_id_of(request))


def _of_http(request: Request, error: HTTPException) -> Response:
    request_id = request_id_of(request)
    if isinstance(error, Refused):
        response = answer_to(error.error, request_id, status=error.status_code)
    elif error.status_code == 404:
        response = answer_to(
            RouteUnknown(
                f"there is nothing at {request.url.path[:_LONGEST_VALUE]!r}",
                remedy="GET /openapi.json says which paths there are.",
                field="path",
                value=request.url.path[:_LONGEST_VALUE],
            ),
            request_id,
        )
    elif error.status_code == 405:
        allowed = _allowed(request) or (error.headers or {}).get("Allow", "")
        response = answer_to(
            MethodUnknown(
                f"{request.url.path[:_LONGEST_VALUE]!r} does not take {request.method}, expected {allowed or 'another'}",
                field="method",
                value=request.method,
            ),
            request_id,
            status=405,
        )
        response.headers["Allow"] = allowed
        return response
    else:
        unreadable = BodyUnreadable(
            "the request could not be read", remedy="Send a body of the type that Content-Type names.", field="body"
        )
        response = answer_to(unreadable, request_id, status=error.status_code)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def _allowed(request: Request) -> str:
    """Every method that a path takes (RFC 9110 §10.2.1): a router knows those of one of its routes alone."""
    paths = request.app.openapi()["paths"].items()
    fitting = [(path.count("{"), item) for path, item in paths if _pattern(path).fullmatch(request.url.path)]
    return ", ".join(sorted(method.upper() for method in min(fitting, key=lambda pair: pair[0])[1])) if fitting else ""


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)))


def _refused_fields(problems: Sequence[Mapping[str, Any]]) -> FieldsRefused:
    fields = [_field(each) for each in problems]
    first = fields[0]
    return FieldsRefused(
        f"{first['field']}: {first['message']}",
        remedy="GET /openapi.json says what each field takes.",
        field=first["field"],
        value=first["value"],
        fields=fields,
    )


def _field(problem: Mapping[str, Any]) -> dict[str, Any]:
    where, *path = problem["loc"]
    name = ".".join(str(part) for part in path) or str(where)
    value = None if problem["type"] == "missing" else _shown(problem.get("input"))
    message = str(problem["msg"])
    return {"in": where, "field": name, "value": value, "message": message[:1].lower() + message[1:]}


def _shown(value: Any) -> Any:
    """A value as it was given, where it is short and can be said in JSON."""
    if isinstance(value, bytes):
        value = value[:_LONGEST_VALUE].decode("utf-8", "replace")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()[:_LONGEST_VALUE]
    try:
        text = orjson.dumps(value)
    except TypeError:
        return str(type(value).__name__)
    return value if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE].decode('utf-8', 'replace')}…"
