"""The ways in which failures are refused."""

from __future__ import annotations

from typing import Any

from guildhall.errors import InvalidInput


class FailureRefused(InvalidInput):
    """A failure says something that makes no sense."""

    code = "failure_refused"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(
            f"a failure's {field} is {value!r:.200}, expected {expected}",
            remedy="Correct the value, or leave it out where it is not known.",
            field=field,
            value=value if isinstance(value, (str, int, float, bool)) else repr(value)[:200],
        )
