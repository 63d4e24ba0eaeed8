"""The way in which ballots, and what is asked of them, are refused."""

from __future__ import annotations

from typing import Any

from guildhall.errors import InvalidInput


class UnusableBallot(InvalidInput, ValueError):
    """A ballot, a weight or a question about them makes no sense."""

    code = "unusable_ballot"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(f"{field} is {value!r:.200}, expected {expected}", field=field, value=repr(value)[:200])
