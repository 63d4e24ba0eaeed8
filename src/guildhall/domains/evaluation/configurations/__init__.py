"""
Agent configurations: `agent.yaml` files, their immutable versions, and what changed between them.

An AgentDefinition is read from disk by `guildhall.adapters.agentfile`; saving
it makes a version, unless its configuration has that content already.
"""

from guildhall.domains.evaluation.configurations.errors import (
    AgentFileRefused,
    VersionAmbiguous,
    VersionNotFound,
    VersionRefused,
)
from guildhall.domains.evaluation.configurations.references import (
    Reference,
    ReferenceKind,
    config_hash,
    references,
)
from guildhall.domains.evaluation.configurations.rules import agent_spec, define, examine, imported_agent, proposed_name
from guildhall.domains.evaluation.configurations.service import (
    CONFIGURATIONS,
    VERSIONS,
    archive_configuration,
    diff_versions,
    get_configuration,
    get_version,
    list_configurations,
    list_versions,
    load_definition,
    page_configurations,
    page_versions,
    restore_configuration,
    save_version,
)
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
    "CONFIGURATIONS",
    "VERSIONS",
    "AgentDefinition",
    "AgentFileRefused",
    "AgentLimits",
    "AgentSpec",
    "ConfigDiff",
    "ConfigVersion",
    "Configuration",
    "Isolation",
    "Reference",
    "ReferenceKind",
    "Runtime",
    "SavedVersion",
    "ToolSpec",
    "VersionAmbiguous",
    "VersionNotFound",
    "VersionRefused",
    "agent_spec",
    "archive_configuration",
    "config_hash",
    "define",
    "diff_versions",
    "examine",
    "get_configuration",
    "get_version",
    "imported_agent",
    "list_configurations",
    "list_versions",
    "load_definition",
    "page_configurations",
    "page_versions",
    "proposed_name",
    "references",
    "restore_configuration",
    "save_version",
]
