"""From a Python function to a tool: its description from the docstring, its JSON schema from the signature."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_SCALARS: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
    tuple: "array",
    set: "array",
    type(None): "null",
}
_PARAMETER = re.compile(r"^\s*(?::param\s+(?:\S+\s+)?)?\*{0,2}(\w+)(?:\s*\([^)]*\))?\s*:\s*(.+)$")
_SECTION = re.compile(r"^(args|arguments|parameters|params):\s*$", re.IGNORECASE)
_OTHER_SECTION = re.compile(
    r"^(returns?|raises?|yields?|notes?|examples?):|^:(returns?|raises?|rtype)\b", re.IGNORECASE
)


def description_of(function: Callable[..., Any]) -> str:
    """What the docstring says before it comes to arguments, results and errors."""
    kept: list[str] = []
    for line in (inspect.getdoc(function) or "").splitlines():
        if _SECTION.match(line) or _OTHER_SECTION.match(line) or line.startswith(":param"):
            break
        kept.append(line)
    return "\n".join(kept).strip()


def parameters_of(function: Callable[..., Any], *, skip: int = 0) -> dict[str, Any]:
    """
    The JSON schema of a function's arguments, without the first `skip` parameters.

    A parameter without a default is required; one without an annotation takes
    anything; what the annotation says beyond JSON is left open. Descriptions
    come from an `Args:` section or `:param name:` lines of the docstring.
    """
    signature = inspect.signature(function)
    hints = _hints(function)
    said = _said_of_parameters(function)
    properties: dict[str, Any] = {}
    required: list[str] = []
    extra = False
    for parameter in list(signature.parameters.values())[skip:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            extra = True
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        schema = _schema_of(hints.get(parameter.name, Any))
        if parameter.name in said:
            schema["description"] = said[parameter.name]
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        elif parameter.default is None or isinstance(parameter.default, (str, int, float, bool)):
            schema["default"] = parameter.default
        properties[parameter.name] = schema
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": extra}


def takes_environment(function: Callable[..., Any]) -> bool:
    """Whether the first parameter is called `env` or `state`, so that the environment is passed there."""
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and first.name in ("env", "state")


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives something to be awaited."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - an object whose calls are asynchronous
    )


def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - an annotation that names what is not there: it says nothing then
        return {}


def _said_of_parameters(function: Callable[..., Any]) -> dict[str, str]:
    said: dict[str, str] = {}
    inside = False
    for line in (inspect.getdoc(function) or "").splitlines():
        if _SECTION.match(line):
            inside = True
        elif inside and line and not line[0].isspace():
            inside = False
        if (inside or line.startswith(":param")) and (found := _PARAMETER.match(line)):
            said.setdefault(found[1], found[2].strip())
    return said


def _schema_of(hint: Any) -> dict[str, Any]:
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        schema = _schema_of(arguments[0])
        for each in arguments[1:]:
            if isinstance(each, str):
                schema["description"] = each
        return schema
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        schemas = [_schema_of(each) for each in arguments]
        if all(schema.keys() == {"type"} for schema in schemas):
            return {"type": [schema["type"] for schema in schemas]}
        return {"anyOf": schemas} if all(schemas) else {}
    if origin in (list, set, frozenset, Sequence) and arguments:
        items = _schema_of(arguments[0])
        return {"type": "array", "items": items} if items else {"type": "array"}
    if origin in _SCALARS:
        return {"type": _SCALARS[origin]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object"}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return {"type": "array"}
    return {}
