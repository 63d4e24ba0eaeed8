"""The ways in which what programs tell is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guildhall.errors import InvalidInput


class FieldRefused(InvalidInput):
    """A field holds something that it cannot mean."""

    code = "client_field_refused"

    def __init__(self, what: str, field: str, value: Any, expected: str) -> None:
        super().__init__(
            f"{what}: {field} is {value!r:.200}, expected {expected}",
            remedy="Correct the value, or leave it out where it is not known.",
            field=field,
            value=value if isinstance(value, (str, int, float, bool)) else repr(value)[:200],
        )


class FieldMissing(InvalidInput):
    """A field is needed that was not given."""

    code = "client_field_missing"

    def __init__(self, what: str, needed: Sequence[str], remedy: str) -> None:
        super().__init__(f"{what} has no {' and no '.join(needed)}", remedy=remedy, field=needed[0])
