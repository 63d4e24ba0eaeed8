"""How routes read requests: strict JSON, no fields that nobody knows, no NUL."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.api.frame.calls import Call, direct_call
from guildhall.api.frame.problems import Refused
from guildhall.api.frame.visits import Replayed
from guildhall.db import StandingChanged
from guildhall.errors import InvalidInput

DEEPEST = 200
"""Levels of lists and objects that a document may have: what is read must also be written again."""


class ParameterUnknown(InvalidInput):
    """A query has a parameter that the route does not take."""

    code = "parameter_unknown"

    def __init__(self, name: str, known: frozenset[str]) -> None:
        guess = did_you_mean(name, known)
        takes = f"It takes {', '.join(sorted(known))}." if known else "It takes none."
        super().__init__(
            f"the query has {name[:100]!r}, which this path does not take",
            remedy=f"{guess} {takes}" if guess else takes,
            field=name[:100],
            value=None,
        )


class CharacterRefused(InvalidInput):
    """A text has a character that PostgreSQL cannot keep."""

    code = "character_refused"

    def __init__(self, where: str) -> None:
        super().__init__(
            f"the {where} holds the character U+0000, which no text can keep",
            remedy="Leave it out.",
            field=where,
            value="\\u0000",
        )


class NestedTooDeeply(InvalidInput):
    """A document has lists in lists, or objects in objects, beyond what is kept."""

    code = "nested_too_deeply"

    def __init__(self, deepest: int) -> None:
        super().__init__(
            f"the body is nested more deeply than {deepest} levels",
            remedy="Keep what is so deep in a text of its own.",
            field="body",
            limit=deepest,
        )


class MediaTypeRefused(InvalidInput):
    """A body is of a type that the route does not read."""

    code = "media_type_refused"

    def __init__(self, given: str, expected: str) -> None:
        super().__init__(
            f"Content-Type is {given[:100]!r}, expected {expected}",
            remedy=f"Send `Content-Type: {expected}`.",
            field="Content-Type",
            value=given[:100],
        )


class StrictRequest(Request):
    """A request whose JSON is read by orjson: UTF-8 alone, no NaN, no lone surrogates, no bottomless nesting."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            body = await self.body()
            if b"\\u0000" in body:
                raise Refused(422, CharacterRefused("body"))
            value = orjson.loads(body)
            if body.count(b"[") + body.count(b"{") > DEEPEST and _is_deeper(value, DEEPEST):
                raise Refused(422, NestedTooDeeply(DEEPEST))
            self._json = value
        return self._json


class Route(APIRoute):
    """A route of ours: an endpoint that is a coroutine's function and answers with a `Response` of its own."""

    direct: Call | None
    """How to call the endpoint without FastAPI, where that can be done."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._options = {**options, "generate_unique_id_function": lambda route: route.name}
        super().__init__(path, endpoint, **self._options)
        call = None if self.body_field is not None else direct_call(self.dependant)
        self.direct = None if call is None else self._strictly(call)

    def under(self, prefix: str) -> Route:
        """The same route with more before its path."""
        return Route(prefix + self.path, self.endpoint, **self._options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self._strictly(super().get_route_handler())

    def _strictly(self, handle: Call) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        known = frozenset(_query_names(self.dependant))
        reads_json = self.body_field is not None
        may_be_empty = self.body_field is not None and not self.body_field.field_info.is_required()

        async def handle_strictly(request: Request) -> Response:
            for name, value in request.query_params.multi_items():
                if name not in known:
                    raise ParameterUnknown(name, known)
                if "\0" in value:
                    raise CharacterRefused(f"parameter {name}")
            if any("\0" in value for value in request.path_params.values() if isinstance(value, str)):
                raise CharacterRefused("path")
            if reads_json and not (may_be_empty and _is_empty(request)):
                _check_type(request)
            strict = request if isinstance(request, StrictRequest) else StrictRequest(request.scope, request.receive)
            try:
                try:
                    return await handle(strict)
                except StandingChanged:
                    # Nothing was done, and who may do what has been asked afresh: so may this request.
                    return await handle(strict)
            except Replayed as replayed:
                answer = replayed.answer
                headers = {**answer.headers, "Idempotency-Replayed": "true"}
                return Response(answer.body, answer.status, headers, "application/json" if answer.body else None)

        return handle_strictly


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _is_empty(request: Request) -> bool:
    return request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers


def _check_type(request: Request) -> None:
    given = ", ".join(request.headers.getlist("content-type"))  # two of them are none
    kind, _, parameters = given.partition(";")
    kind = kind.strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refused(415, MediaTypeRefused(given, "application/json"))
    charset = parameters.lower().partition("charset=")[2].strip().strip('"')
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise Refused(415, MediaTypeRefused(given, "application/json; charset=utf-8"))


def _query_names(dependant: Dependant) -> set[str]:
    names = {each.alias for each in dependant.query_params}
    return names.union(*(_query_names(each) for each in dependant.dependencies))
