"""
What can go wrong, in six families.

    GuildhallError
    ├── NotFound        there is no such thing, or it is not yours to see
    ├── InvalidInput    what was given cannot be used as it is
    ├── Conflict        it could be done, but not in the present state
    ├── NotAllowed      the caller may not do this
    ├── LimitReached    a budget, size or rate is used up
    └── Unavailable     something we depend on does not answer; trying again may help

Rooms subclass the families. A face maps the family, never the class, to its
own language: the command line to an exit code, the HTTP API to a status.
"""

from __future__ import annotations

from typing import Any, ClassVar


class GuildhallError(Exception):
    """
    A failure with a stable `code`, a message for people and `details` for programs.

    The message names the thing and its value, then what was expected: lower
    case, no full stop. A `remedy`, if there is one, is a sentence of its own.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, remedy: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details = details

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else self.message

    def as_json(self) -> dict[str, Any]:
        """The one shape in which every face reports an error to a program."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "details": self.details}
        if self.remedy:
            error["remedy"] = self.remedy
        return {"error": error}


class NotFound(GuildhallError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"


class InvalidInput(GuildhallError):
    """What was given cannot be used as it is."""

    code = "invalid_input"


class Conflict(GuildhallError):
    """The present state does not allow it."""

    code = "conflict"


class NotAllowed(GuildhallError):
    """The caller may not do this."""

    code = "not_allowed"


class LimitReached(GuildhallError):
    """A budget, a size or a rate is used up."""

    code = "limit_reached"


class Unavailable(GuildhallError):
    """Something we depend on does not answer."""

    code = "unavailable"
