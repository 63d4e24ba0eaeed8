"""
Calling an endpoint with what it asks for, without FastAPI's way of finding that out.

FastAPI allows for everything that it offers each time it calls an endpoint:
threads, generators, overrides, tasks in the background, forms. Ours ask for a
visit, for parts of path, query and headers, and for the request, and answer
with a response. What an endpoint asks for is still FastAPI's to say, and how
that is checked; bodies stay with it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError

Call: TypeAlias = Callable[[Request], Awaitable[Response]]


def direct_call(endpoint: Dependant) -> Call | None:
    """How to call an endpoint; None for one that asks for more than is done here."""
    everything = [endpoint, *_dependencies(endpoint)]
    calls = [each.call for each in everything]
    if not all(map(_is_simple, everything)) or len(set(calls)) < len(calls):
        return None

    async def call(request: Request) -> Response:
        values, problems = await _values(endpoint, request)
        if problems:
            raise RequestValidationError(problems)
        assert endpoint.call is not None
        response: Response = await endpoint.call(**values)
        return response

    return call


def _dependencies(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _dependencies(each)


def _is_simple(dependant: Dependant) -> bool:
    """Whether it is a coroutine's function that asks for nothing but dependencies, parts of path, query and headers, and the request."""
    return inspect.iscoroutinefunction(dependant.call) and not any(
        (
            dependant.cookie_params,
            dependant.body_params,
            dependant.websocket_param_name,
            dependant.http_connection_param_name,
            dependant.response_param_name,
            dependant.background_tasks_param_name,
            dependant.security_scopes_param_name,
            dependant.concurrency,
        )
    )


async def _values(dependant: Dependant, request: Request) -> tuple[dict[str, Any], list[Any]]:
    """What to call it with, by name, and what is wrong with the request; dependencies come first, as they do with FastAPI."""
    values: dict[str, Any] = {}
    problems: list[Any] = []
    for each in dependant.dependencies:
        inner, wrong = await _values(each, request)
        if wrong:
            problems += wrong
        elif each.call is not None:
            solved = await each.call(**inner)
            if each.name is not None:
                values[each.name] = solved
    for fields, given in (
        (dependant.path_params, request.path_params),
        (dependant.query_params, request.query_params),
        (dependant.header_params, request.headers),
    ):
        if fields:
            found, wrong = request_params_to_args(fields, given)
            values |= found
            problems += wrong
    if dependant.request_param_name:
        values[dependant.request_param_name] = request
    return values, problems
