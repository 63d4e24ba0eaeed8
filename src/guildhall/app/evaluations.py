"""
The main job: an agent, its scenarios, trials, and (for two versions) both side by side.

`plan` writes down what is to be run, `run` runs it, `resumable` finds out what
is left of a run that was interrupted. Everything that is run comes out of the
database, so that a simulation means the same today, tomorrow and elsewhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from guildhall.adapters import agentfile, scenariofile
from guildhall.adapters.sandbox import LocalSandbox
from guildhall.app.planning import AgainstItself
from guildhall.app.runner import OnProgress, Run, RunLimits, Runner
from guildhall.app.trial import Services, TrialConductor, needs_sandbox
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, scenarios, simulations
from guildhall.domains.evaluation.configurations import AgentDefinition, AgentSpec, ConfigVersion, Runtime
from guildhall.domains.evaluation.scenarios import Scenario, ScenarioFile
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario, Simulation, SimulationStatus
from guildhall.errors import Conflict, InvalidInput


class NotRunHere(Conflict):
    """A simulation that came from elsewhere cannot be run."""

    code = "simulation_not_run_here"

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(
            f"simulation {simulation.short_id} was not run here: its origin is {simulation.origin}",
            remedy="Run the agent itself: `guildhall eval run AGENT.yaml SCENARIOS`.",
            simulation_id=str(simulation.simulation_id),
        )


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for: see the options of `guildhall eval run`."""

    agent: Path
    scenarios: Sequence[Path]
    trials: int = 1
    against: str | None = None
    name: str | None = None
    seed: int = 0
    timeout_ms: int = 300_000
    max_retries: int = 3
    max_cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """An agent and scenarios, read and found without a mistake."""

    agent: AgentDefinition
    scenarios: ScenarioFile


@dataclass(frozen=True, slots=True)
class Plan:
    """Simulations that are written down and not begun, the baseline first, and what reading the files warned of."""

    simulations: list[Simulation]
    warnings: Sequence[str] = ()


def read(request: Request) -> Material:
    """
    Read and check an agent and its scenarios, before any database is asked for.

    Raises:
        InvalidInput: A file is broken; the error names file, line, field and remedy.
    """
    return Material(agentfile.read_agent(request.agent), scenariofile.read_scenarios(request.scenarios))


async def plan(app: App, request: Request, material: Material | None = None) -> Plan:
    """
    Keep an agent and its scenarios, and write down what is to be run; both are read unless they are given.

    Nothing is written where anything is wrong.

    Raises:
        InvalidInput: A file is broken; the error names file, line, field and remedy.
        NotFound: There is no version to compare with.
        AgainstItself: The version to compare with is the same.
    """
    material = material or read(request)
    definition, cases = material.agent, material.scenarios.scenarios
    async with app.transaction() as tx:
        against = await configurations.get_version(tx, request.against) if request.against else None
        saved = await configurations.save_version(tx, definition)
        if against is not None and against.version_id == saved.version.version_id:
            raise AgainstItself(against.label)
        await scenarios.save_scenarios(tx, cases)
        versions = [saved.version] if against is None else [against, saved.version]
        ids = [await _plan_one(tx, request, version, cases) for version in versions]
        if len(ids) == 2:
            await simulations.interleave(tx, *ids)
        planned = [await simulations.get_simulation(tx, each) for each in ids]
    return Plan(planned, [*definition.warnings, *material.scenarios.warnings])


async def _plan_one(tx: Tx, request: Request, version: ConfigVersion, cases: Sequence[Scenario]) -> UUID:
    suites = sorted({each.suite for each in cases if each.suite})
    return await simulations.plan_simulation(
        tx,
        NewSimulation(
            config_version_id=version.version_id,
            scenarios=[PinnedScenario(each.scenario_id, each.content_hash) for each in cases],
            trials=request.trials,
            name=request.name or ", ".join(suites) or request.scenarios[0].stem,
            seed=request.seed,
            max_cost_usd=request.max_cost_usd,
            timeout_ms=request.timeout_ms,
            max_retries=request.max_retries,
            metadata={"agent_file": str(request.agent.absolute())},
        ),
    )


async def resumable(app: App, simulation: Simulation, *, max_cost_usd: Decimal | None = None) -> list[Simulation]:
    """
    What to run to finish a simulation: itself, and the one it was interleaved with, unless that is done.

    A new `max_cost_usd` takes the place of the old one.

    Raises:
        NotRunHere: It was imported, or recorded by a client.
        SimulationEnded: Every trial has been done.
    """
    if simulation.origin != "run":
        raise NotRunHere(simulation)
    async with app.transaction() as tx:
        started = await simulations.start_simulation(tx, simulation.simulation_id, max_cost_usd=max_cost_usd)
        pair = [started]
        if started.interleaved_with is not None:
            other = await simulations.get_simulation(tx, started.interleaved_with)
            if other.status is not SimulationStatus.COMPLETED:
                other = await simulations.start_simulation(tx, other.simulation_id, max_cost_usd=max_cost_usd)
            pair.append(other)
    pair.sort(key=lambda each: each.version_number)
    return pair


async def run(
    app: App,
    simulation_ids: Sequence[UUID],
    *,
    concurrency: int,
    max_seconds: float | None = None,
    on_progress: OnProgress = lambda run: None,
) -> Run:
    """
    Run simulations to their end, interleaved; those that are done already are left alone.

    Any number of processes, on any hosts, may do so with the same simulations
    at once: they share the trials and the budget.

    Raises:
        InvalidInput: Something that an agent or a scenario refers to cannot be loaded; the simulations have failed.
        Unavailable: The database or the sandbox is gone for good.
    """
    async with app.transaction() as tx:
        found = [await simulations.get_simulation(tx, each) for each in simulation_ids]
    open_ones = [each for each in found if each.status is not SimulationStatus.COMPLETED]
    # Simulations that run together share one budget, which each of them carries.
    budgets = [each.max_cost_usd for each in open_ones if each.max_cost_usd is not None]
    async with _conductors(app, open_ones) as conductors:
        runner = Runner(
            app,
            conductors,
            concurrency=concurrency,
            limits=RunLimits(
                max_cost_usd=max(budgets, default=None),
                budgeted=[each.simulation_id for each in found if each not in open_ones],
                max_seconds=max_seconds,
            ),
            on_progress=on_progress,
        )
        return await runner.run()


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A simulation with everything that it runs, out of the database."""

    simulation: Simulation
    definition: AgentDefinition
    spec: AgentSpec
    scenarios: Mapping[str, Scenario]


@asynccontextmanager
async def _conductors(app: App, planned: Sequence[Simulation]) -> AsyncIterator[dict[UUID, TrialConductor]]:
    """What conducts the trials of each simulation, with the services that they need, open as long as the block lasts."""
    async with app.transaction() as tx:
        loaded = [await _load(tx, each) for each in planned]
    async with AsyncExitStack() as stack:
        workspace = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-run-")))
        workspace.chmod(0o755)  # noqa: ASYNC240 - an agent's process may run as somebody else
        services = await _services(app, loaded, stack)
        try:
            conductors = _prepared(loaded, services, workspace)
        except InvalidInput as error:
            await _give_up(app, planned, error)
            raise
        await _note_sandbox(app, loaded, services)
        yield conductors


def _prepared(loaded: Sequence[_Loaded], services: Services, workspace: Path) -> dict[UUID, TrialConductor]:
    return {
        each.simulation.simulation_id: TrialConductor(
            each.spec,
            _agent_directory(each, workspace),
            each.scenarios,
            services=services,
            files=workspace / "scenarios",
            seed=each.simulation.seed,
            timeout_ms=each.simulation.timeout_ms,
        )
        for each in loaded
    }


async def _give_up(app: App, planned: Sequence[Simulation], error: InvalidInput) -> None:
    """Note why none of these can be run, so that nobody waits for them; unless somebody elsewhere can, and does."""
    async with app.transaction() as tx:
        left = await simulations.left_to_do(tx, [each.simulation_id for each in planned])
        for each in planned if not left.others else ():
            await simulations.finish_simulation(
                tx, each.simulation_id, status=SimulationStatus.FAILED, error_message=error.message
            )


async def _load(tx: Tx, simulation: Simulation) -> _Loaded:
    version = await configurations.get_version(tx, str(simulation.config_version_id))
    definition = await configurations.load_definition(tx, version)
    pins = await simulations.pinned_scenarios(tx, simulation.simulation_id)
    cases = await scenarios.get_scenarios(tx, [(pin.scenario_id, pin.content_hash) for pin in pins])
    spec = configurations.agent_spec(definition.name, definition.parsed, definition.files)
    return _Loaded(simulation, definition, spec, {each.scenario_id: each for each in cases})


async def _services(app: App, loaded: Sequence[_Loaded], stack: AsyncExitStack) -> Services:
    sandbox = models = http = None
    if any(needs_sandbox(each.spec) for each in loaded):
        sandbox = await stack.enter_async_context(LocalSandbox(hidden=(app.settings.data_dir,)))
    if any(_needs_http(each) for each in loaded):
        from guildhall.adapters.exchange import HttpClient  # noqa: PLC0415 - aiohttp is slow to import
        from guildhall.adapters.llm import ModelClient  # noqa: PLC0415

        http = await stack.enter_async_context(HttpClient())
        models = ModelClient(http)
    return Services(sandbox=sandbox, models=models, http=http)


def _needs_http(loaded: _Loaded) -> bool:
    return (
        loaded.spec.runtime in (Runtime.LLM, Runtime.HTTP)
        or any(each.user is not None and not each.user.turns for each in loaded.scenarios.values())
        or any(scorer.type == "llm_judge" for each in loaded.scenarios.values() for scorer in each.scorers)
    )


def _agent_directory(loaded: _Loaded, workspace: Path) -> Path:
    """
    Where an agent's files lie.

    That is its own directory while it is there unchanged, so that files that
    belong to no version (a cache, a data set) are found; otherwise the files
    of the version are laid out anew.
    """
    hint = loaded.simulation.metadata.get("agent_file")
    if isinstance(hint, str):
        try:
            on_disk = agentfile.read_agent(Path(hint))
        except InvalidInput:
            on_disk = None
        if on_disk is not None and on_disk.config_hash == loaded.definition.config_hash:
            return Path(hint).parent
    directory = workspace / "agents" / loaded.definition.config_hash[:16]
    agentfile.materialise(loaded.definition, directory)
    return directory


async def _note_sandbox(app: App, loaded: Sequence[_Loaded], services: Services) -> None:
    """Keep how trials are confined, because two simulations are only alike if that is (decision 18)."""
    held: dict[str, Any] = {}
    if services.sandbox is not None:
        capabilities = services.sandbox.capabilities()
        held = {"isolation": str(capabilities.isolation)}
    async with app.transaction() as tx:
        for each in loaded:
            isolation = held if needs_sandbox(each.spec) else {"isolation": str(each.spec.isolation)}
            await simulations.note_sandbox(tx, each.simulation.simulation_id, isolation)
