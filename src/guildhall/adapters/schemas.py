"""
JSON schemas: of tools' arguments, and of answers.

Most schemas are flat: an object whose properties have a simple type each.
Those are checked by hand, in a few microseconds; all others by `jsonschema`,
draft 2020-12 unless they name another, which takes a hundred times as long.
References are resolved within the schema only: nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from guildhall.errors import InvalidInput

Check = Callable[[Any], str | None]
"""What is wrong with a value, or None."""

_SILENT = {"description", "title", "default", "examples", "$schema", "deprecated", "readOnly", "writeOnly", "$comment"}
_FLAT = {"type", "properties", "required", "additionalProperties"} | _SILENT
_MANY = 5


class SchemaNotUsable(InvalidInput):
    """What was given as a JSON schema is none."""

    code = "schema_not_usable"

    def __init__(self, owner: str, why: str) -> None:
        super().__init__(
            f"the JSON schema of {owner} cannot be used: {why}",
            remedy="See https://json-schema.org/understanding-json-schema for what may stand in it.",
            field="schema",
            value=owner,
        )


def checker(schema: Mapping[str, Any], owner: str) -> Check:
    """
    A function that says what is wrong with a value.

    Raises:
        SchemaNotUsable: The schema, which belongs to `owner`, is none.
    """
    quick = _flat_checker(schema)
    if quick is None:
        return _thorough(schema, owner)
    thorough: Check | None = None

    def check(value: Any) -> str | None:
        nonlocal thorough
        if quick(value):
            return None
        thorough = thorough or _thorough(schema, owner)
        return thorough(value)

    return check


def _flat_checker(schema: Mapping[str, Any]) -> Callable[[Any], bool] | None:
    """Whether a value is surely valid, for schemas that are flat; None for all others."""
    if not schema:
        return lambda value: True
    properties, required = schema.get("properties", {}), schema.get("required", [])
    extra = schema.get("additionalProperties", True)
    if schema.get("type") != "object" or schema.keys() - _FLAT or not isinstance(extra, bool):
        return None
    if not isinstance(properties, Mapping) or not isinstance(required, (list, tuple)):
        return None
    tests: dict[str, Callable[[Any], bool]] = {}
    for name, each in properties.items():
        if not isinstance(each, Mapping) or each.keys() - ({"type"} | _SILENT):
            return None
        if "type" in each:
            test = _TYPES.get(each["type"]) if isinstance(each["type"], str) else None
            if test is None:
                return None
            tests[name] = test
        else:
            tests[name] = _anything
    needed = tuple(required)

    def valid(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for name in needed:
            if name not in value:
                return False
        for name, each in value.items():
            test = tests.get(name)
            if test is None:
                if not extra:
                    return False
            elif not test(each):
                return False
        return True

    return valid


def _anything(value: Any) -> bool:
    return True


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int or (type(value) is float and value.is_integer()),
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}


def _thorough(schema: Mapping[str, Any], owner: str) -> Check:
    import jsonschema  # noqa: PLC0415 - takes a tenth of a second, and most runs never need it
    import referencing  # noqa: PLC0415
    import referencing.exceptions  # noqa: PLC0415

    from guildhall.adapters.patterns import PatternTookTooLong, search_guarded  # noqa: PLC0415

    def pattern(validator: Any, expected: str, instance: Any, schema: Any) -> Any:
        if isinstance(instance, str) and not search_guarded(expected, instance):
            yield jsonschema.ValidationError(f"{instance[:200]!r} does not match {expected!r}")

    kind = jsonschema.validators.validator_for(dict(schema), default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(dict(schema))
    except jsonschema.SchemaError as error:
        raise SchemaNotUsable(owner, f"{error.message} at {error.json_path}") from None
    except RecursionError:
        raise SchemaNotUsable(owner, "it is nested too deeply") from None
    guarded: Any = jsonschema.validators.extend(kind, {"pattern": pattern})  # type: ignore[no-untyped-call]
    validator = guarded(dict(schema), registry=referencing.Registry())

    def check(value: Any) -> str | None:
        try:
            found = []
            for error in validator.iter_errors(value):
                found.append(f"{error.json_path}: {error.message[:500]}")
                if len(found) == _MANY:
                    break
        except referencing.exceptions.Unresolvable as error:
            raise SchemaNotUsable(owner, f"its reference {error.ref!r} leads nowhere") from None
        except PatternTookTooLong as error:
            raise SchemaNotUsable(owner, error.message) from None
        except RecursionError:
            return "it is nested too deeply to be checked"
        return "; ".join(found) or None

    return check
