"""What an agent may be called, and what a skill may be."""

from __future__ import annotations

from guildhall.domains.society.agents.errors import AgentInvalid
from guildhall.domains.society.agents.types import Kind, NewAgent, Skill

_KINDS = frozenset(Kind)


def check_skill(skill: Skill) -> None:
    """
    Hold a skill against what one may be.

    Raises:
        AgentInvalid: It has no name, or its proficiency is not between 0 and 1.
    """
    _check_text("skill", skill.name, 100)
    if skill.proficiency is not None and not 0 <= skill.proficiency <= 1:  # nan is neither
        raise AgentInvalid("proficiency", skill.proficiency, "a number from 0 to 1")


def check(agent: NewAgent) -> None:
    """
    Hold a new agent against what one may be.

    Raises:
        AgentInvalid: A name is empty or too long, its kind is none, or a skill is none or stands there twice.
    """
    _check_text("agent_id", agent.agent_id, 100)
    if agent.name is not None:
        _check_text("name", agent.name, 200)
    if agent.type not in _KINDS:
        raise AgentInvalid("type", agent.type, ", ".join(Kind))
    for skill in agent.skills:
        check_skill(skill)
    names = [skill.name for skill in agent.skills]
    for name in names:
        if names.count(name) > 1:
            raise AgentInvalid("skill", name, "each skill once")


def _check_text(field: str, value: object, most: int) -> None:
    if not (isinstance(value, str) and len(value.strip()) >= 1 and len(value) <= most and "\0" not in value):
        raise AgentInvalid(field, value, f"a text of 1 to {most} characters")
