"""The OpenAPI document: what every operation shares, said once and truly."""

from __future__ import annotations

import itertools
import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

DESCRIPTION = """\
Guildhall tells you whether the new version of your AI agent is really better, and keeps the evidence in your own PostgreSQL.

**Credentials.** `Authorization: Bearer gh_…`, an API key (`guildhall keys add`), or a session's token. What belongs to another team
is not found.

**Lists** are filtered by field, sorted by `sort`, and followed by `cursor`; `format=csv` and `format=ndjson` give them whole.

**Doing it once.** A POST with `Idempotency-Key` is carried out once, however often it is sent within a day.

**Errors** have one shape: `{"error": {"code", "message", "remedy", "details", "request_id"}}`.
"""

_ERROR = {
    "type": "object",
    "description": "What went wrong: a stable code, a sentence for people, what to do about it, and details for programs.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details", "request_id"],
            "properties": {
                "code": {"type": "string", "examples": ["simulation_not_found"]},
                "message": {"type": "string"},
                "remedy": {"type": "string"},
                "details": {"type": "object", "additionalProperties": True},
                "request_id": {"type": "string"},
            },
        }
    },
}
_REFUSALS = {
    "400": "The body cannot be read.",
    "401": "The request carries no credentials, or they are not valid.",
    "403": "The credentials do not allow this.",
    "404": "There is no such thing, or it is another team's.",
    "406": "The client takes none of the formats that there are.",
    "408": "The body did not arrive in time.",
    "409": "The present state does not allow it.",
    "413": "The body is larger than the server takes.",
    "415": "The body is of a type that is not read here.",
    "422": "Something in the request makes no sense; `details` names the field.",
    "429": "A limit is reached; `Retry-After` says how long to wait.",
    "503": "The database does not answer; `Retry-After` says when to try again.",
}
_WITH_BODY = {"400", "408", "413", "415"}
_HEADERS = {
    "401": {"WWW-Authenticate": "How to say who asks (RFC 9110 §11.6.1)."},
    "429": {"Retry-After": "How many seconds to wait."},
    "503": {"Retry-After": "How many seconds to wait."},
}
_ETAG = "What `If-None-Match` takes (RFC 9110 §8.8.3)."
_LINK = "The next page, as `rel=next` (RFC 8288)."
_LOCATION = "Where it is."
_UNCHANGED = {"description": "Nothing has changed since the copy whose `ETag` the client sent in `If-None-Match`."}
_EXPORTS = {
    "text/csv": {"schema": {"type": "string", "description": "The whole list (RFC 4180)."}},
    "application/x-ndjson": {"schema": {"type": "string", "description": "The whole list, an item on each line."}},
}
_METHODS = ("get", "put", "post", "patch", "delete")


def install(app: FastAPI) -> None:
    """Let an application describe itself in our way."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            app.openapi_schema = _completed(_named_by_rooms(document))
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _named_by_rooms(document: dict[str, Any]) -> dict[str, Any]:
    """
    Give schemas that share a name with another's one of their own: `JobsStatus` and `TasksStatus`, both called Status.

    FastAPI writes their modules out and leaves them one title, by which generators of clients take them for the same.
    """
    schemas = document.get("components", {}).get("schemas", {})
    shared = [each for each in schemas if "__" in each]
    for each in shared:
        schemas[each].pop("title", None)
    text = json.dumps(document)
    for long_name in shared:
        *modules, name = long_name.split("__")
        room = next(each for each in reversed(modules) if each != "types")
        text = text.replace(f'"{long_name}"', f'"{room.title()}{name}"').replace(
            f'schemas/{long_name}"', f'schemas/{room.title()}{name}"'
        )
    return json.loads(text)  # type: ignore[no-any-return]


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Error"] = _ERROR
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or the token of a session."},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "guildhall_session"},
    }
    components["responses"] = {
        f"Refused{status}": {
            "description": why,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            "headers": {name: _header(what) for name, what in _HEADERS.get(status, {}).items()},
        }
        for status, why in _REFUSALS.items()
    }
    for path in document["paths"].values():
        for method in _METHODS:
            if method in path:
                _complete(path[method], method)
    for name, schema in schemas.items():
        _drop_titles(schema, name)
    _share(document)
    return document


def _drop_titles(schema: Any, name: str = "") -> None:
    """Take away titles that say a name once more, as pydantic makes them of every field's (`Created After`)."""
    if isinstance(schema, list):
        for each in schema:
            _drop_titles(each)
    if not isinstance(schema, dict):
        return
    if name and schema.get("title") in (name, name.replace("_", " ").title()):
        del schema["title"]
    for key, value in schema.items():
        if key == "properties":
            for field, shape in value.items():
                _drop_titles(shape, field)
        elif key not in ("default", "example", "examples", "const", "enum"):
            _drop_titles(value)


def _share(document: dict[str, Any]) -> None:
    """Say a parameter, a header and an answer that several operations have once, among the components."""
    operations = [path[method] for path in document["paths"].values() for method in _METHODS if method in path]
    components = document["components"]
    components["headers"] = {"ETag": _header(_ETAG), "Link": _header(_LINK), "Location": _header(_LOCATION)}
    components["responses"]["Unchanged"] = _UNCHANGED
    known: dict[str, list[dict[str, Any]]] = {}
    for operation in operations:
        for parameter in operation.get("parameters", ()):
            # FastAPI says the same of the schema once more.
            if parameter["schema"].get("description") == parameter.get("description"):
                parameter["schema"].pop("description", None)
            _drop_titles(parameter["schema"], parameter["name"])
            known.setdefault(json.dumps(parameter, sort_keys=True), []).append(parameter)
    shared = components["parameters"] = {}
    for text, places in sorted(known.items()):
        if len(places) == 1:
            continue
        parameter = json.loads(text)
        # Parameters of one name may differ: `limit`, `limit.2` …
        names = (f"{parameter['name']}.{number}".removesuffix(".1") for number in itertools.count(1))
        name = next(each for each in names if each not in shared)
        shared[name] = parameter
        for place in places:
            place.clear()
            place.update(_ref(f"parameters/{name}"))


def _complete(operation: dict[str, Any], method: str) -> None:
    """Say what every operation shares; one with `x-open` takes no credentials, and refuses with those statuses all the same."""
    refusals = operation.pop("x-open", None)
    is_open = refusals is not None
    is_unrepeated = operation.pop("x-unrepeated", False)
    described = operation.pop("x-described", ())  # refusals that the operation describes itself
    if not is_open:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
    responses = operation["responses"]
    is_list = any(each["name"] == "cursor" for each in operation.get("parameters", ()))
    if is_list:
        responses["200"]["content"] |= _EXPORTS
        responses["200"].setdefault("headers", {})["Link"] = _ref("headers/Link")
    if method == "get" and "application/json" in responses.get("200", {}).get("content", ()):
        responses["304"] = _ref("responses/Unchanged")
        responses["200"].setdefault("headers", {})["ETag"] = _ref("headers/ETag")
    if "201" in responses and not is_open:
        responses["201"].setdefault("headers", {})["Location"] = _ref("headers/Location")
    for status in _REFUSALS:
        if (status in _WITH_BODY and "requestBody" not in operation) or (status == "406" and not is_list):
            continue
        if status in ("401", "403", "429") and refusals is not None and status not in refusals:
            continue
        if status not in described:
            responses[status] = _ref(f"responses/Refused{status}")
    if method == "post" and not is_open and not is_unrepeated:
        operation.setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
                "description": "Sent again with the same request, it gives the same answer and changes nothing.",
            }
        )


def _ref(place: str) -> dict[str, Any]:
    return {"$ref": f"#/components/{place}"}


def _header(what: str) -> dict[str, Any]:
    return {"description": what, "schema": {"type": "string"}}
