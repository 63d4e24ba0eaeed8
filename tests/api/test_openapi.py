"""docs/openapi.json: what the code says, valid, and whole. `scripts/openapi` writes it anew."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from guildhall.api import House, create_api
from guildhall.settings import Settings

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
METHODS = ("get", "put", "post", "patch", "delete")


def _never() -> AbstractAsyncContextManager[House]:
    raise AssertionError("describing the API opens nothing")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = create_api(_never, Settings()).openapi()
    return found


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def test_the_committed_document_is_what_the_code_says(document):
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("GUILDHALL_TEST_WRITE_OPENAPI"):
        FILE.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text, (
        "the API has changed: run scripts/openapi, and commit what it writes"
    )
    assert len(text.encode()) < 860_000


def test_it_is_a_valid_document_of_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(document):
    names = []
    for where, operation in _operations(document):
        names.append(operation["operationId"])
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", operation["operationId"]), where
        assert operation["summary"], where
        assert operation["description"], where
        assert operation["tags"], where
    assert len(names) == len(set(names))


def test_every_body_has_examples_and_they_are_what_it_takes(document):
    for where, operation in _operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind != "application/json":
                continue
            schema = content["schema"]
            named = [each["$ref"].rpartition("/")[2] for each in (schema, *schema.get("anyOf", ())) if "$ref" in each]
            shapes = [schema, *(document["components"]["schemas"][name] for name in named)]
            examples = [example for shape in shapes for example in shape.get("examples", ())]
            examples += [content["example"]] if "example" in content else []
            assert examples, where
            validator = Draft202012Validator({**schema, "components": document["components"]})
            for example in examples:
                assert not list(validator.iter_errors(example)), where


def test_every_answer_is_described_and_every_refusal_has_our_shape(document):
    responses = document["components"]["responses"]
    for where, operation in _operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and where != "POST /v1/traces":  # there OTLP says what a refusal looks like
                assert response == {"$ref": f"#/components/responses/Refused{status}"}, (where, status)
                shape = responses[f"Refused{status}"]["content"]["application/json"]["schema"]
                assert shape == {"$ref": "#/components/schemas/Error"}
                continue
            assert response.get("description") or "$ref" in response, (where, status)
            for kind, content in response.get("content", {}).items():
                assert content["schema"] or kind == "text/event-stream", (where, status)


def test_whoever_needs_no_credentials_is_named(document):
    is_open = {where for where, operation in _operations(document) if not operation.get("security")}
    assert is_open == {"POST /v1/platform/sessions", "POST /v1/platform/invitations/account"}


def test_what_several_operations_share_is_said_once(document):
    said = [
        json.dumps(each, sort_keys=True)
        for _, operation in _operations(document)
        for each in operation.get("parameters", ())
    ]
    assert all(said.count(each) == 1 for each in set(said) if "$ref" not in each)
    assert "Unchanged" in document["components"]["responses"]


def test_amounts_are_numbers_as_they_are_written(document):
    """A Decimal is written as a number of JSON, which pydantic would describe as a text."""
    for shape, schema in document["components"]["schemas"].items():
        for name, each in schema.get("properties", {}).items():
            if name.endswith("_usd"):
                kinds = {one.get("type") for one in each.get("anyOf", (each,))}
                assert "number" in kinds, (shape, name)
