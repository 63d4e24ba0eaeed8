"""Reading JSON that somebody else wrote: one value, as strictly as `safeyaml` reads YAML."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from guildhall.errors import InvalidInput

_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")
_DEEPEST = 100


class JsonRefused(InvalidInput):
    """A text is no JSON, or none that is read here; `details` name `file` and `line`."""

    code = "json_refused"

    def __init__(self, source: str, line: int | None, why: str, remedy: str | None = None) -> None:
        where = source if line is None else f"{source}:{line}"
        super().__init__(f"{where}: {why}", remedy=remedy, file=source, line=line)


class _Refused(ValueError):
    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


def load(text: str, source: str, first_line: int = 1) -> Any:
    """
    The value of a text that begins in line `first_line` of `source`.

    Raises:
        JsonRefused: It is no JSON, a key is given twice, a number is not finite
            or has more than 64 bits, a text has a NUL character or a lone surrogate
            in it, or the nesting is deeper than 100 levels.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_int)
        _check(value, 0)
    except json.JSONDecodeError as error:
        raise JsonRefused(
            source,
            first_line + error.lineno - 1,
            f"this is no JSON: {error.msg[:1].lower()}{error.msg[1:]} (column {error.colno})",
            "Check quotes, commas and brackets there.",
        ) from None
    except _Refused as error:
        raise JsonRefused(source, first_line, error.why, error.remedy) from None
    except RecursionError:
        raise JsonRefused(
            source, first_line, f"the nesting is deeper than {_DEEPEST} levels", "Put the inner part into a text."
        ) from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Refused(f'the key "{twice[:60]}" is given twice', "Remove one.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is no number that can be kept", "Write a finite number, or null.")


def _int(digits: str) -> int:
    value = int(digits) if len(digits) <= 100 else 2**64
    if not -(2**63) <= value < 2**64:
        raise _Refused(f"{digits[:30]} has more than 64 bits", "Write it as text, in quotes.")
    return value


def _check(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _Refused("a number is too large to be kept", "Write it as text, in quotes.")
    elif isinstance(value, dict):
        for key, each in value.items():
            _check_text(key)
            _check(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, depth + 1)


def _check_text(text: str) -> None:
    found = _NOT_STORABLE.search(text)
    if found:
        name = "a NUL character" if found[0] == "\0" else f"the lone surrogate U+{ord(found[0]):04X}"
        raise _Refused(f"there is {name} in a text, which a database cannot keep", "Remove it.")
