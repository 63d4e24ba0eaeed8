"""The ways in which debates fail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from guildhall.errors import Conflict, InvalidInput, NotFound, Unavailable


class DebateInvalid(InvalidInput):
    """A debate that cannot be held as it is asked for."""

    code = "debate_invalid"

    def __init__(self, field: str, value: Any, expected: str, remedy: str | None = None) -> None:
        super().__init__(
            f"a debate's {field} is {value!r:.200}, expected {expected}",
            remedy=remedy or "Correct it and ask again; nothing was begun.",
            field=field,
            value=repr(value)[:200],
        )


class DebateNotFound(NotFound):
    """There is no such debate, or it is another team's."""

    code = "debate_not_found"

    def __init__(self, debate: str) -> None:
        super().__init__(
            f"there is no debate {debate!r:.100}",
            remedy="`guildhall debates list` shows what there is.",
            field="debate",
            value=debate[:100],
        )


class DebateOver(Conflict):
    """A debate that has ended takes no more turns."""

    code = "debate_over"

    def __init__(self, debate_id: UUID) -> None:
        super().__init__(
            f"debate {debate_id} has ended", remedy="Hold a new one.", field="debate", value=str(debate_id)
        )


class NobodyAnswered(Unavailable):
    """Not one participant gave an answer that takes a position."""

    code = "nobody_answered"

    def __init__(self, debate_id: UUID, reasons: dict[str, str]) -> None:
        told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        super().__init__(
            f"nobody took a position in debate {debate_id}: {told:.1000}",
            remedy="What each model answered is kept: `guildhall debates show` has it.",
            debate=str(debate_id),
            reasons=reasons,
        )
