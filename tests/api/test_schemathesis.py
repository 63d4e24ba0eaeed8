"""
Schemathesis over the whole OpenAPI document, against a real server: as an administrator, a member, and nobody.

A few examples of each operation in a normal run, the same ones every time; as
many as hypothesis is told to with GUILDHALL_TEST_EXPLORE=1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, CheckFunction, GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from fixtures.api import Served, alone
from guildhall.api import House, create_api
from guildhall.settings import Settings

EXPLORES = bool(os.environ.get("GUILDHALL_TEST_EXPLORE"))
STREAMS = frozenset({"follow_simulation"})
"""Server-sent events end when a simulation does: a client that reads an answer to its end would wait for that."""

# A schema cannot say whether a cursor is one of ours, or whether a name is one of a person's: 422 says so.
NOT_CHECKED = [positive_data_acceptance]

LENIENT = {
    "record_outcomes": "each outcome is refused for itself, in an answer of 200",
    "export_traces": "the JSON of protobuf takes null for what is absent",
}
"""Where what violates the schema need not refuse the whole request."""


def _never() -> AbstractAsyncContextManager[House]:
    raise AssertionError("describing the API opens nothing")


DOCUMENT: dict[str, Any] = create_api(_never, Settings()).openapi()
OPERATIONS = [
    (path, method)
    for path, item in DOCUMENT["paths"].items()
    for method in ("get", "put", "post", "patch", "delete")
    if method in item and item[method]["operationId"] not in STREAMS
]
METHODS = {"GET", "PUT", "POST", "PATCH", "DELETE"}


def _excluded(path: str, method: str) -> list[CheckFunction]:
    """What is not checked of an operation; where its query takes texts again and again, `false` and `0.0` are such texts."""
    operation = DOCUMENT["paths"][path][method]
    texts = [
        shape
        for each in operation.get("parameters", ())
        if each["in"] == "query"
        for shape in (each["schema"], *each["schema"].get("anyOf", ()))
        if shape.get("type") == "array" and shape["items"].get("type") == "string"
    ]
    is_lenient = texts or operation["operationId"] in LENIENT
    return [*NOT_CHECKED, negative_data_rejection] if is_lenient else NOT_CHECKED


def _name(value: Any) -> str:
    path, method = value
    return str(DOCUMENT["paths"][path][method]["operationId"])


@pytest.fixture(scope="module")
def api(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, schemathesis.BaseSchema]]:
    """A server of this module's own, for what is tried here is not gentle, and its document."""
    with alone(server_url, template, tmp_path_factory.mktemp("explored")) as served:
        schema = schemathesis.openapi.from_dict(DOCUMENT)
        schema.config.update(base_url=served.url)
        yield served, schema


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


def _hold(case: Case, session: requests.Session, key: str, where: tuple[str, str]) -> None:
    """Ask as whoever has this key, and hold the answer against the document."""
    headers = {"Authorization": f"Bearer {key}"}
    response = case.call(session=session, headers=headers)
    if response.status_code == 400 and response.text == "Invalid HTTP request received.":
        return  # it was no HTTP: the server's parser says so, and nothing of ours has seen it
    case.validate_response(
        response, headers=headers, excluded_checks=_excluded(*where), transport_kwargs={"session": session}
    )


def _explore(
    operation: schemathesis.APIOperation, mode: GenerationMode, examples: int, hold: Callable[[Case], None]
) -> None:
    bounds = settings(
        max_examples=settings.default.max_examples if EXPLORES else examples,
        database=None,
        derandomize=not EXPLORES,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if EXPLORES else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    bounds(given(operation.as_strategy(generation_mode=mode))(hold))()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["sound", "unsound"])
@pytest.mark.parametrize("where", OPERATIONS, ids=_name)
def test_whatever_is_sent_is_answered_as_the_document_says(api, session, where, mode):
    served, schema = api
    operation = schema[where[0]][where[1]]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.path_parameters or operation.body):
        return  # nothing of it can be unsound

    def hold(case: Case) -> None:
        _hold(case, session, served.keys["local"], where)

    _explore(operation, mode, 3, hold)


@pytest.mark.parametrize("where", OPERATIONS, ids=_name)
def test_a_member_is_answered_as_the_document_says(api, session, where):
    served, schema = api

    def hold(case: Case) -> None:
        _hold(case, session, served.keys["pottery/member"], where)

    _explore(schema[where[0]][where[1]], GenerationMode.POSITIVE, 2, hold)


@pytest.mark.parametrize("where", OPERATIONS, ids=_name)
def test_nobody_is_told_to_say_who_they_are(api, session, where):
    _, schema = api
    is_open = not DOCUMENT["paths"][where[0]][where[1]].get("security")

    def hold(case: Case) -> None:
        case.cookies = {}
        response = case.call_and_validate(
            session=session, headers={"Authorization": ""}, excluded_checks=_excluded(*where)
        )
        assert is_open or response.status_code in (401, 422), response.status_code

    _explore(schema[where[0]][where[1]], GenerationMode.POSITIVE, 1, hold)


def test_no_path_takes_a_method_that_the_document_does_not_name(api, session):
    served, _ = api
    for path, item in DOCUMENT["paths"].items():
        taken = {method.upper() for method in item}
        url = served.url + path.replace("{", "").replace("}", "")
        if "_id}" in path:
            url = served.url + "/".join(
                "00000000-0000-4000-8000-000000000000" if part.startswith("{") else part for part in path.split("/")
            )
        for method in sorted((METHODS | {"TRACE"}) - taken):
            response = session.request(method, url)
            assert response.status_code == 405, (method, path)
            assert response.json()["error"]["code"] == "method_not_allowed"
            assert set(response.headers["Allow"].split(", ")) == taken, (method, path)
