"""The nouns of agent configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID


class Runtime(StrEnum):
    """How an agent is run."""

    LLM = "llm"
    PYTHON = "python"
    COMMAND = "command"
    HTTP = "http"


class Isolation(StrEnum):
    """Where an agent's own code runs: in a process of its own, or inside the runner."""

    PROCESS = "process"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """
    A tool that an agent may call.

    `python` is `module:callable`; `command` is a program that reads one JSON
    document of arguments on stdin and writes its result on stdout. A tool with
    neither is a method of the scenario's environment. `parameters` is a JSON
    schema.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    python: str | None = None
    command: tuple[str, ...] | None = None
    timeout_ms: int | None = None
    """How long one call may take; None leaves it to the trial's own limit, and gives a command 60 seconds."""


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """What one trial may take; None is no limit of the agent's own."""

    timeout_ms: int | None = None
    max_turns: int = 20
    max_tool_calls: int = 200
    max_cost_usd: float | None = None
    memory_mb: int | None = None
    cpu_seconds: int | None = None
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class AgentResources:
    """What one trial takes of the machine that a cluster runs it on; None leaves it to the cluster."""

    cpus: float | None = None
    gpus: float | None = None
    memory_mb: int | None = None


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An `agent.yaml` with its references resolved: what a runtime needs to run it."""

    name: str
    model: str
    temperature: float | None
    runtime: Runtime
    send_temperature: bool = True
    base_url: str | None = None
    api_key_env: str | None = None
    system_prompt: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    limits: AgentLimits = AgentLimits()
    resources: AgentResources = AgentResources()
    entrypoint: str | None = None
    command: tuple[str, ...] | None = None
    url: str | None = None
    isolation: Isolation = Isolation.PROCESS
    network: bool = False
    environment: tuple[str, ...] = ()
    """Names of variables that the agent's process is given; everything else is kept from it."""
    prices: Mapping[str, float] | None = None
    """USD per million tokens, by kind (`input`, `output`, `cached`), where the model's price is not public."""
    parsed: Mapping[str, Any] = field(default_factory=dict)
    """The whole YAML, unknown keys included."""


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """
    An `agent.yaml` as it lies on disk, read and checked, with every file it refers to.

    `files` maps paths, relative to the YAML's directory and with forward
    slashes, to contents. `config_hash` is the SHA-256 of the canonical form of
    both, so that formatting and the order of keys do not matter.
    """

    name: str
    raw_yaml: str
    parsed: Mapping[str, Any]
    files: Mapping[str, bytes]
    config_hash: str
    warnings: tuple[str, ...] = ()
    directory: Path | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """An agent under evaluation."""

    config_id: UUID
    name: str
    latest_version_id: UUID | None
    latest_version_number: int | None
    versions: int
    is_active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ConfigVersion:
    """An immutable version; `files` maps paths to the SHA-256 of their stored contents."""

    version_id: UUID
    config_id: UUID
    config_name: str
    version_number: int
    raw_yaml: str
    parsed_config: Mapping[str, Any]
    files: Mapping[str, str]
    config_hash: str
    generated_by: str
    modal_deployment_id: str | None
    created_at: datetime
    is_proposal: bool = False
    """It waits for an approval, or was refused one: it can be simulated, and is nobody's latest version."""

    @property
    def label(self) -> str:
        """What people call it: `support-agent@v2`."""
        return f"{self.config_name}@v{self.version_number}"


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """What saving came to: a new version, or the one that already had this content."""

    version: ConfigVersion
    is_new: bool
    proposal_id: UUID | None = None
    """The proposal to decide on, where the configuration's rule asks for an approval of what people save."""


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """
    What changed from one version to another.

    `changes` holds one entry for each path, as `guildhall.algorithms.differences`
    makes them; `unified` is the text that `diff -u` would print for the YAML
    and every changed file.
    """

    before: ConfigVersion
    after: ConfigVersion
    changes: Sequence[Mapping[str, Any]]
    unified: str


class Need(StrEnum):
    """Which new versions of a configuration need an approval."""

    NOTHING = "nothing"
    PROPOSALS = "proposals"
    EVERYTHING = "everything"


class ApprovalStatus(StrEnum):
    """Where a proposal is."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """
    Which new versions need an approval, and whose.

    `approvers` is the lowest role that may approve; with `four_eyes` not who
    proposed, with `needs_proof` only what was shown to be better on held-out
    scenarios. `is_own` is None where nobody has set a rule, and False where it is the team's.
    """

    needed_for: Need = Need.PROPOSALS
    approvers: str = "member"
    four_eyes: bool = False
    needs_proof: bool = False
    is_own: bool | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version that somebody wants to be a configuration's latest, and what became of it."""

    diff_id: UUID
    config_id: UUID
    config_name: str
    version_before: UUID
    number_before: int
    version_after: UUID
    number_after: int
    diff_yaml: str
    change_summary: Sequence[Mapping[str, Any]]
    impact_prediction: Mapping[str, Any] | None
    llm_generated: bool
    status: ApprovalStatus
    proposed_by: UUID | None
    proposed_by_name: str | None
    decided_by: UUID | None
    decided_by_name: str | None
    decided_at: datetime | None
    decision_reason: str | None
    created_at: datetime

    @property
    def short_id(self) -> str:
        """What people type."""
        return self.diff_id.hex[-6:]

    @property
    def before_label(self) -> str:
        """The parent: `support-agent@v2`."""
        return f"{self.config_name}@v{self.number_before}"

    @property
    def after_label(self) -> str:
        """What is proposed: `support-agent@v3`."""
        return f"{self.config_name}@v{self.number_after}"


@dataclass(frozen=True, slots=True)
class Release:
    """An approval or a rollback that moved a configuration's latest version."""

    released_at: datetime
    kind: str
    version_number: int
    previous_number: int | None
    diff_id: UUID | None
    user_id: UUID
    username: str | None
    reason: str | None
