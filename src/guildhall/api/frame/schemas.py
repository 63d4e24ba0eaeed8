"""Schemas of what is read by other means than FastAPI's, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON schema of a type, everything that it refers to written out in its place; none refers to itself."""
    schema = TypeAdapter(kind).json_schema()
    definitions = schema.pop("$defs", {})

    def written_out(value: Any) -> Any:
        if isinstance(value, list):
            return [written_out(each) for each in value]
        if not isinstance(value, dict):
            return value
        name = value.get("$ref", "").removeprefix("#/$defs/")
        if name:
            return {**written_out(definitions[name]), **{key: each for key, each in value.items() if key != "$ref"}}
        return {key: written_out(each) for key, each in value.items()}

    plain: dict[str, Any] = written_out(schema)
    return plain
