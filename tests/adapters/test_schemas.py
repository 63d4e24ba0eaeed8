"""Checking values against JSON schemas: the quick way agrees with the thorough one."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.adapters import schemas
from guildhall.adapters.schemas import SchemaNotUsable

names = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
kinds = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null"])
flat_schemas = st.fixed_dictionaries(
    {"type": st.just("object")},
    optional={
        "properties": st.dictionaries(names, st.fixed_dictionaries({}, optional={"type": kinds}), max_size=3),
        "required": st.lists(names, unique=True, max_size=2),
        "additionalProperties": st.booleans(),
        "description": st.text(max_size=3),
    },
)


@given(flat_schemas, values | st.dictionaries(names, values))
def test_the_quick_way_says_what_jsonschema_says(schema, value):
    wrong = schemas.checker(schema, "test")(value)

    assert (wrong is None) == jsonschema.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "object", "required": ["order"]}, {}, "$: 'order' is a required property"),
        ({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}, {"n": 0}, "$.n: 0 is less than"),
        ({"type": "array", "items": {"enum": [1]}}, [1, 2], "$[1]: 2 is not one of [1]"),
        ({"$defs": {"n": {"type": "integer"}}, "$ref": "#/$defs/n"}, "x", "'x' is not of type 'integer'"),
        ({"type": "object", "additionalProperties": False}, {"x": 1}, "'x' was unexpected"),
        ({"type": "string", "pattern": "^[0-9]+$"}, "a", "'a' does not match '^[0-9]+$'"),
        ({}, "anything", None),
        ({"type": "string", "pattern": "^[0-9]+$"}, "12", None),
    ],
)
def test_what_is_wrong_is_said_with_its_place(schema, value, message):
    wrong = schemas.checker(schema, "test")(value)

    assert (wrong is None) if message is None else message in (wrong or "")


@pytest.mark.parametrize("schema", [{"type": "dance"}, {"properties": 7}, {"required": "x"}, {"minimum": "low"}])
def test_what_is_no_schema_is_refused_with_its_owner(schema):
    with pytest.raises(SchemaNotUsable, match="tool 'refund'"):
        schemas.checker({"allOf": [], **schema} if schema != {"type": "dance"} else schema, "tool 'refund'")


def test_nothing_is_fetched_for_a_reference():
    check = schemas.checker({"$ref": "http://127.0.0.1:1/schema.json"}, "tool 'refund'")

    with pytest.raises(SchemaNotUsable, match="leads nowhere"):
        check(1)


def test_a_pattern_that_never_ends_is_given_up():
    check = schemas.checker({"type": "string", "pattern": "^(a+)+$"}, "tool 'refund'")

    with pytest.raises(SchemaNotUsable, match="took more than"):
        check("a" * 40 + "b")
