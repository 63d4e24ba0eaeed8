"""
The agents of a team: who they are, what they can do, and how they have done.

Their figures are counted by triggers from the tasks that they end; how much
others trust them is computed elsewhere. See docs/society.md.
"""

from guildhall.domains.society.agents.errors import AgentInvalid, AgentNameTaken, AgentNotFound
from guildhall.domains.society.agents.service import (
    AGENTS,
    add_agent,
    all_skills,
    get_agent,
    page_agents,
    teach,
    unknown_skills,
)
from guildhall.domains.society.agents.types import Agent, Kind, NewAgent, Skill, Status

__all__ = [
    "AGENTS",
    "Agent",
    "AgentInvalid",
    "AgentNameTaken",
    "AgentNotFound",
    "Kind",
    "NewAgent",
    "Skill",
    "Status",
    "add_agent",
    "all_skills",
    "get_agent",
    "page_agents",
    "teach",
    "unknown_skills",
]
