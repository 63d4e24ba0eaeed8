"""
Reading what callers hand over: dictionaries whose fields grow with their sandboxes.

A `Fields` is taken apart field by field; what nobody took is left in `rest`
and is kept, not lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from guildhall.app.telling.errors import FieldMissing, FieldRefused

_Choice = TypeVar("_Choice", bound=StrEnum)


class Fields:
    """
    The fields of one record; `what` names it in errors.

    Each method takes a field out, under the first of its names that holds
    anything, and is None where none does. A field that holds None was not given.
    """

    def __init__(self, what: str, given: Mapping[str, Any]) -> None:
        if not isinstance(given, Mapping):
            raise FieldRefused(what, "record", type(given).__name__, "a dictionary")
        self.what = what
        self._left = {str(name): value for name, value in given.items() if value is not None}

    @property
    def rest(self) -> dict[str, Any]:
        """What nobody has taken."""
        return dict(self._left)

    def value(self, *names: str) -> Any:
        """Whatever it is."""
        found = None
        for name in names:
            if name in self._left:
                taken = self._left.pop(name)
                found = taken if found is None else found
        return found

    def required(self, value: Any, *names: str, remedy: str) -> Any:
        """
        A value that was taken, which must be there.

        Raises:
            FieldMissing: It is not.
        """
        if value is None:
            raise FieldMissing(self.what, names, remedy)
        return value

    def text(self, *names: str) -> str | None:
        """Text; numbers are written out."""
        value = self.value(*names)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (int, float, UUID)):
            return str(value)
        raise FieldRefused(self.what, names[0], value, "text")

    def identifier(self, *names: str) -> UUID | None:
        """A UUID, or its text."""
        value = self.value(*names)
        if value is None or isinstance(value, UUID):
            return value
        try:
            return UUID(value.strip())
        except (ValueError, AttributeError):
            raise FieldRefused(self.what, names[0], value, "a UUID") from None

    def number(self, *names: str) -> float | None:
        """A number that is finite."""
        value = self.value(*names)
        if value is None:
            return None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise FieldRefused(self.what, names[0], value, "a number") from None
        if not math.isfinite(number) or isinstance(value, bool):
            raise FieldRefused(self.what, names[0], value, "a number")
        return number

    def count(self, *names: str) -> int | None:
        """A whole number, perhaps written as one with nothing behind the point."""
        number = self.number(*names)
        if number is None:
            return None
        if number != int(number):
            raise FieldRefused(self.what, names[0], number, "a whole number")
        return int(number)

    def amount(self, *names: str) -> Decimal | None:
        """An amount of money; a float is read as it is printed, so that 0.1 is a tenth."""
        value = self.value(*names)
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise FieldRefused(self.what, names[0], value, "an amount") from None

    def flag(self, *names: str) -> bool | None:
        """True or false."""
        value = self.value(*names)
        if value is None or isinstance(value, bool):
            return value
        raise FieldRefused(self.what, names[0], value, "true or false")

    def time(self, *names: str) -> datetime | None:
        """An instant: a datetime or its ISO text, taken as UTC where it names no zone, or seconds since 1970."""
        value = self.value(*names)
        try:
            match value:
                case None:
                    return None
                case datetime():
                    time = value
                case str():
                    time = datetime.fromisoformat(value)
                case int() | float() if not isinstance(value, bool):
                    time = datetime.fromtimestamp(value, UTC)
                case _:
                    raise ValueError
            return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            raise FieldRefused(self.what, names[0], value, "an instant, such as 2026-01-31T12:00:00Z") from None

    def mapping(self, *names: str) -> dict[str, Any]:
        """An object; none is an empty one."""
        value = self.value(*names)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return {str(key): each for key, each in value.items()}
        raise FieldRefused(self.what, names[0], value, "an object")

    def records(self, *names: str) -> list[Mapping[str, Any]]:
        """A list of objects; none is an empty one."""
        value = self.value(*names)
        if value is None:
            return []
        if isinstance(value, (list, tuple)) and all(isinstance(each, Mapping) for each in value):
            return list(value)
        raise FieldRefused(self.what, names[0], value, "a list of objects")

    def choice(self, kind: type[_Choice], *names: str) -> _Choice | None:
        """One of a closed list."""
        value = self.value(*names)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError:
            raise FieldRefused(self.what, names[0], value, "one of " + ", ".join(kind)) from None
