"""Agent configurations: `agent.yaml` files, their immutable versions, and what changed between them."""

from guildhall.domains.evaluation.configurations.types import (
    AgentDefinition,
    AgentLimits,
    AgentSpec,
    ConfigDiff,
    Configuration,
    ConfigVersion,
    Isolation,
    Runtime,
    SavedVersion,
    ToolSpec,
)

__all__ = [
    "AgentDefinition",
    "AgentLimits",
    "AgentSpec",
    "ConfigDiff",
    "ConfigVersion",
    "Configuration",
    "Isolation",
    "Runtime",
    "SavedVersion",
    "ToolSpec",
]
