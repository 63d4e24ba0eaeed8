"""
Schemathesis over the whole OpenAPI document, against a real server: as an administrator, a member, and nobody.

A few examples of each operation in a normal run, the same ones every time; as
many as hypothesis is told to with GUILDHALL_TEST_EXPLORE=1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema.validators import Draft202012Validator
from schemathesis import Case, CheckFunction, GenerationMode, Response
from schemathesis.core.mutations import Mutation
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from fixtures.api import Served, alone
from fixtures.openapi import document, parameters_of

EXPLORES = bool(os.environ.get("GUILDHALL_TEST_EXPLORE"))


DOCUMENT = document()
OPERATIONS = [
    (path, method)
    for path, item in DOCUMENT["paths"].items()
    for method in ("get", "put", "post", "patch", "delete")
    if method in item
]
SOUND = ["2xx", "401", "403", "404", "409", "422", "429"]
"""
What sound data may be answered. A schema cannot say whether a cursor is one of
ours or a password somebody's: 422 says so, and 429 after too many of these.
"""
METHODS = {"GET", "PUT", "POST", "PATCH", "DELETE"}


def _as_sent(case: Case, response: Response) -> list[CheckFunction]:
    """What is not checked of a case: what violated the schema was sound as it was sent, or was refused in another way."""
    operation = case.operation.definition.raw
    mutations = case.meta.phase.data.mutations if case.meta is not None else ()
    if mutations and all(_is_sound_as_sent(each, operation, response) for each in mutations):
        return [negative_data_rejection]
    accepts = ACCEPTS.get(operation["operationId"])
    return [negative_data_rejection] if accepts is not None and accepts(case, response) else []


def _is_sound_as_sent(mutation: Mutation, operation: Mapping[str, Any], response: Response) -> bool:
    """Whether we wrote another value over it, or it is of a query's texts: `false` and `0.0` are such texts."""
    name = mutation.parameter or ""
    if mutation.parameter_location is ParameterLocation.HEADER:
        return name.lower() == "authorization"
    if mutation.parameter_location is not ParameterLocation.QUERY:
        return False
    texts = [Draft202012Validator(each) for each in _texts(operation, name)]
    sent = parse_qs(urlsplit(str(response.request.url)).query, keep_blank_values=True).get(name, [])
    return bool(texts) and all(any(shape.is_valid(each) for shape in texts) for each in sent)


def _texts(operation: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The shapes of texts that a parameter of a query takes, once or as often as one likes."""
    shapes = [
        shape
        for each in parameters_of(DOCUMENT, operation)
        if (each["in"], each["name"]) == ("query", name)
        for shape in (each["schema"], *each["schema"].get("anyOf", ()))
    ]
    single = [shape.get("items", {}) if shape.get("type") == "array" else shape for shape in shapes]
    return [shape for shape in single if shape.get("type") == "string"]


def _refuses_each(case: Case, response: Response) -> bool:
    """An outcome that makes no sense is refused for itself, in an answer of 200."""
    items = response.json().get("items", []) if response.status_code == 200 else []
    return bool(items) and all(each["status"] == "refused" for each in items)


def _is_sound_without_nulls(case: Case, response: Response) -> bool:
    """The JSON of protobuf takes null for what is absent."""
    shape = {**DOCUMENT["paths"]["/v1/traces"]["post"]["requestBody"]["content"]["application/json"]["schema"]}
    return Draft202012Validator({**shape, "components": DOCUMENT["components"]}).is_valid(_without_nulls(case.body))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


ACCEPTS: dict[str, Callable[[Case, Response], bool]] = {
    "record_outcomes": _refuses_each,
    "export_traces": _is_sound_without_nulls,
}
"""Where an answer of 200 to what violates the schema is right."""


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
        schema.config.checks.positive_data_acceptance.expected_statuses = SOUND
        yield served, schema


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


def _hold(case: Case, session: requests.Session, key: str) -> None:
    """Ask as whoever has this key, and hold the answer against the document."""
    headers = {"Authorization": f"Bearer {key}"}
    response = case.call(session=session, headers=headers)
    if response.status_code == 400 and response.text == "Invalid HTTP request received.":
        return  # it was no HTTP: the server's parser says so, and nothing of ours has seen it
    case.validate_response(
        response, headers=headers, excluded_checks=_as_sent(case, response), transport_kwargs={"session": session}
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
        _hold(case, session, served.keys["local"])

    _explore(operation, mode, 3, hold)


@pytest.mark.parametrize("where", OPERATIONS, ids=_name)
def test_a_member_is_answered_as_the_document_says(api, session, where):
    served, schema = api

    def hold(case: Case) -> None:
        _hold(case, session, served.keys["pottery/member"])

    _explore(schema[where[0]][where[1]], GenerationMode.POSITIVE, 2, hold)


@pytest.mark.parametrize("where", OPERATIONS, ids=_name)
def test_nobody_is_told_to_say_who_they_are(api, session, where):
    _, schema = api
    is_open = not DOCUMENT["paths"][where[0]][where[1]].get("security")

    def hold(case: Case) -> None:
        case.cookies = {}
        response = case.call_and_validate(session=session, headers={"Authorization": ""})
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
