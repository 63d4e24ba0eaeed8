"""The ways in which an agent cannot be added or found."""

from __future__ import annotations

from typing import Any

from guildhall.errors import Conflict, InvalidInput, NotFound


class AgentInvalid(InvalidInput):
    """An agent has a value that it cannot have."""

    code = "agent_invalid"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(f"{field} is {str(value)[:200]!r}, expected {expected}", field=field, value=value)


class AgentNotFound(NotFound):
    """The team has no such agent."""

    code = "agent_not_found"

    def __init__(self, ref: object) -> None:
        super().__init__(
            f"there is no agent {str(ref)[:200]!r}",
            remedy="`guildhall agents list` shows those that there are.",
            field="agent",
            value=str(ref)[:200],
        )


class AgentNameTaken(Conflict):
    """Another agent of the team has this name."""

    code = "agent_name_taken"

    def __init__(self, agent_id: str) -> None:
        super().__init__(
            f"there is an agent {agent_id!r} already",
            remedy="Choose another name; `guildhall agents teach` gives that one more skills.",
            field="agent_id",
            value=agent_id,
        )
