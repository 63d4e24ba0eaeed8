"""What trials are made of, out of the database: enough to run them on a machine that has nothing but this package."""

from __future__ import annotations

import hashlib
import pickle
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from guildhall.adapters import agentfile
from guildhall.adapters.sandbox import LocalSandbox
from guildhall.adapters.through import ThroughGateway
from guildhall.app.trial import Services, TrialConductor, needs_sandbox
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, scenarios, simulations
from guildhall.domains.evaluation.configurations import AgentDefinition, AgentSpec, Runtime
from guildhall.domains.evaluation.scenarios import Scenario
from guildhall.domains.evaluation.simulations import Simulation
from guildhall.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Material:
    """
    A simulation with everything that it runs.

    `agent_file` is where the agent's YAML lay when it was planned, `variables`
    are handed over where the machine that runs trials has an environment of
    its own.
    """

    simulation_id: UUID
    definition: AgentDefinition
    spec: AgentSpec
    scenarios: Mapping[str, Scenario]
    seed: int
    timeout_ms: int
    agent_file: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    through: ThroughGateway | None = None

    @property
    def needs_http(self) -> bool:
        """Whether anything in it asks models, or an agent that is a service."""
        return (
            self.spec.runtime in (Runtime.LLM, Runtime.HTTP)
            or any(each.user is not None and not each.user.turns for each in self.scenarios.values())
            or any(scorer.type == "llm_judge" for each in self.scenarios.values() for scorer in each.scorers)
        )

    @property
    def variable_names(self) -> list[str]:
        """The variables that the agent's programs are given, and those that hold the keys of models."""
        names: list[object] = [*self.spec.environment, self.spec.api_key_env]
        for each in self.scenarios.values():
            names += [scorer.options.get("api_key_env") for scorer in each.scorers]
            names += [each.user.api_key_env] if each.user is not None else []
        return sorted({name for name in names if isinstance(name, str)})

    def packed(self, variables: Mapping[str, str], scenario_id: str | None = None) -> Parcel:
        """It, or one scenario of it, as bytes for a machine elsewhere, with those of these variables that it names."""
        handed = replace(
            self,
            definition=replace(self.definition, directory=None),
            scenarios=self.scenarios if scenario_id is None else {scenario_id: self.scenarios[scenario_id]},
            agent_file=None,
            variables={name: variables[name] for name in self.variable_names if name in variables},
        )
        content = pickle.dumps(handed)
        return Parcel(hashlib.sha256(content).hexdigest(), content)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Material on its way; the key tells one from another."""

    key: str
    content: bytes = field(repr=False)

    def unpacked(self) -> Material:
        """The material; it came from a bridge of ours, by a channel that nobody else writes to."""
        material: Material = pickle.loads(self.content)  # noqa: S301
        return material


async def load_material(tx: Tx, simulation: Simulation) -> Material:
    """Everything that a simulation runs."""
    version = await configurations.get_version(tx, str(simulation.config_version_id))
    definition = await configurations.load_definition(tx, version)
    pins = await simulations.pinned_scenarios(tx, simulation.simulation_id)
    cases = await scenarios.get_scenarios(tx, [(pin.scenario_id, pin.content_hash) for pin in pins])
    spec = configurations.agent_spec(definition.name, definition.parsed, definition.files)
    hint = simulation.metadata.get("agent_file")
    return Material(
        simulation.simulation_id,
        definition,
        spec,
        {each.scenario_id: each for each in cases},
        simulation.seed,
        simulation.timeout_ms,
        hint if isinstance(hint, str) else None,
    )


@asynccontextmanager
async def stage_trials(
    materials: Sequence[Material], *, hidden: Sequence[Path] = ()
) -> AsyncIterator[tuple[dict[UUID, TrialConductor], dict[UUID, dict[str, Any]]]]:
    """
    What conducts the trials of each simulation in this process, and how it confines programs, for as long as the block lasts.

    `hidden` directories are kept from agents' programs.

    Raises:
        InvalidInput: Something that an agent or a scenario refers to cannot be loaded.
        Unavailable: There is no sandbox to be had.
    """
    async with AsyncExitStack() as stack:
        workspace = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-run-")))
        workspace.chmod(0o755)  # noqa: ASYNC240 - an agent's process may run as somebody else
        services = await _services(materials, hidden, stack)
        conductors = {
            each.simulation_id: TrialConductor(
                each.spec,
                _agent_directory(each, workspace),
                each.scenarios,
                services=services,
                files=workspace / "scenarios",
                seed=each.seed,
                timeout_ms=each.timeout_ms,
            )
            for each in materials
        }
        yield conductors, {each.simulation_id: _confinement(each, services) for each in materials}


async def _services(materials: Sequence[Material], hidden: Sequence[Path], stack: AsyncExitStack) -> Services:
    sandbox = models = http = None
    # Those that are run together have one team, and one key.
    through = next((each.through for each in materials if each.through is not None), None)
    if any(needs_sandbox(each.spec) for each in materials):
        sandbox = await stack.enter_async_context(LocalSandbox(hidden=tuple(hidden)))
    if any(each.needs_http for each in materials):
        from guildhall.adapters.exchange import HttpClient  # noqa: PLC0415 - aiohttp is slow to import
        from guildhall.adapters.llm import ModelClient  # noqa: PLC0415

        http = await stack.enter_async_context(HttpClient())
        models = ModelClient(http, through=through)
    return Services(sandbox=sandbox, models=models, http=http, through=through)


def _confinement(material: Material, services: Services) -> dict[str, Any]:
    if not needs_sandbox(material.spec):
        return {"isolation": str(material.spec.isolation)}
    assert services.sandbox is not None
    return {"isolation": str(services.sandbox.capabilities().isolation)}


def _agent_directory(material: Material, workspace: Path) -> Path:
    """
    Where an agent's files lie.

    That is its own directory while it is there unchanged, so that files that
    belong to no version (a cache, a data set) are found; otherwise the files
    of the version are laid out anew.
    """
    if material.agent_file is not None:
        try:
            on_disk = agentfile.read_agent(Path(material.agent_file))
        except InvalidInput:
            on_disk = None
        if on_disk is not None and on_disk.config_hash == material.definition.config_hash:
            return Path(material.agent_file).parent
    directory = workspace / "agents" / material.definition.config_hash[:16]
    agentfile.materialise(material.definition, directory)
    return directory
