"""
The main job: an agent, its scenarios, trials, and (for two versions) both side by side.

`plan` writes down what is to be run, `run` runs it, `resumable` finds out what
is left of a run that was interrupted. Everything that is run comes out of the
database, so that a simulation means the same today, tomorrow and elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from guildhall.adapters import agentfile, scenariofile
from guildhall.adapters.through import ThroughGateway
from guildhall.app import clustering, through
from guildhall.app.executors import ExecutorMissing, MaterialRefused, Place, check_place, executor_for, load_material
from guildhall.app.planning import AgainstItself
from guildhall.app.runner import OnProgress, Run, RunLimits, Runner
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, reports, scenarios, simulations
from guildhall.domains.evaluation.configurations import AgentDefinition, ConfigVersion
from guildhall.domains.evaluation.reports import StopRule
from guildhall.domains.evaluation.scenarios import Scenario, ScenarioFile
from guildhall.domains.evaluation.simulations import Claim, NewSimulation, PinnedScenario, Simulation, SimulationStatus
from guildhall.errors import Conflict, InvalidInput

_E = TypeVar("_E", bound=Exception)


class NotRunHere(Conflict):
    """A simulation that came from elsewhere cannot be run."""

    code = "simulation_not_run_here"

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(
            f"simulation {simulation.short_id} was not run here: its origin is {simulation.origin}",
            remedy="Run the agent itself: `guildhall eval run AGENT.yaml SCENARIOS`.",
            simulation_id=str(simulation.simulation_id),
        )


class NotStoppedEarly(InvalidInput):
    """One simulation alone has no verdict to stop for."""

    code = "not_stopped_early"

    def __init__(self, remedy: str) -> None:
        super().__init__(
            "--stop-early needs two versions to compare, and there is one",
            remedy=remedy,
            field="stop_early",
            value=True,
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
    on: Place = "local"
    max_cost_usd: Decimal | None = None
    stop_early: bool = False
    gateway: str | None = None
    """The address of the gateway that models are asked through, without `/v1`."""


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
        NotStoppedEarly: It is to stop early, with nothing to compare with.
        ExecutorMissing: The package is not installed that trials would be handed to.
    """
    check_place(request.on)
    if request.stop_early and request.against is None:
        raise NotStoppedEarly("Name the other one with --against VERSION.")
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
            if request.stop_early:
                await _hold_to_rule(tx, ids, StopRule(ids[0]))
        planned = [await simulations.get_simulation(tx, each) for each in ids]
    return Plan(planned, [*definition.warnings, *material.scenarios.warnings])


async def _plan_one(tx: Tx, request: Request, version: ConfigVersion, cases: Sequence[Scenario]) -> UUID:
    metadata = {"agent_file": str(request.agent.absolute())}
    if request.gateway is not None:
        metadata[through.METADATA] = request.gateway
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
            metadata=metadata,
        ),
    )


async def resumable(
    app: App, simulation: Simulation, *, max_cost_usd: Decimal | None = None, stop_early: bool | None = None
) -> list[Simulation]:
    """
    What to run to finish a simulation: itself, and the one it was interleaved with, unless that is done.

    A new `max_cost_usd` takes the place of the old one. It is held to the rule
    for stopping early that it was begun with, unless `stop_early` says
    otherwise; but one that was ended by that rule is run to its end.

    Raises:
        NotRunHere: It was imported, or recorded by a client.
        NotStoppedEarly: `stop_early`, and it was not run beside another.
        SimulationEnded: Every trial has been done.
    """
    if simulation.origin != "run":
        raise NotRunHere(simulation)
    if stop_early and simulation.interleaved_with is None:
        raise NotStoppedEarly("Leave it out: what was planned alone is run to its end.")
    async with app.transaction() as tx:
        started = await simulations.start_simulation(tx, simulation.simulation_id, max_cost_usd=max_cost_usd)
        pair = [started]
        if started.interleaved_with is not None:
            other = await simulations.get_simulation(tx, started.interleaved_with)
            if other.status is not SimulationStatus.COMPLETED:
                other = await simulations.start_simulation(tx, other.simulation_id, max_cost_usd=max_cost_usd)
            pair.append(other)
        pair.sort(key=lambda each: each.version_number)
        rule = reports.rule_of(started)
        if rule is not None:
            first = rule.baseline_id
            pair.sort(key=lambda each: each.simulation_id != first)
        if len(pair) == 2:
            if stop_early is None:
                stop_early = rule is not None and not started.metadata.get(reports.ENDED_KEY)
            rule = rule or StopRule(pair[0].simulation_id)
            await _hold_to_rule(tx, [each.simulation_id for each in pair], rule if stop_early else None)
        return [await simulations.get_simulation(tx, each.simulation_id) for each in pair]


async def _hold_to_rule(tx: Tx, simulation_ids: Sequence[UUID], rule: StopRule | None) -> None:
    """Keep by which rule simulations end early, whoever runs them; what has ended them before no longer does."""
    for each in simulation_ids:
        held = None if rule is None else rule.as_json()
        await simulations.note_metadata(tx, each, {reports.RULE_KEY: held, reports.ENDED_KEY: None})


async def run(
    app: App,
    simulation_ids: Sequence[UUID],
    *,
    concurrency: int,
    on: Place = "local",
    max_seconds: float | None = None,
    on_progress: OnProgress = lambda run: None,
) -> Run:
    """
    Run simulations to their end, interleaved; those that are done already are left alone.

    Any number of processes, on any hosts, may do so with the same simulations
    at once: they share the trials and the budget. Trials are played `on` this
    machine, a Ray cluster or Modal, with the same records. What failed is put in
    clusters at the end (`clustering`).

    Raises:
        InvalidInput: Something that an agent or a scenario refers to cannot be loaded; the simulations have failed.
        ExecutorMissing: The package is not installed that trials would be handed to.
        Unavailable: The database, the sandbox or what trials run on is gone for good.
    """
    async with app.transaction() as tx:
        found = [await simulations.get_simulation(tx, each) for each in simulation_ids]
    open_ones = [each for each in found if each.status is not SimulationStatus.COMPLETED]
    # Simulations that run together share one budget, which each of them carries.
    budgets = [each.max_cost_usd for each in open_ones if each.max_cost_usd is not None]
    limits = RunLimits(
        max_cost_usd=max(budgets, default=None),
        budgeted=[each.simulation_id for each in found if each not in open_ones],
        max_seconds=max_seconds,
    )
    async with app.transaction() as tx:
        materials = [await load_material(tx, each) for each in open_ones]
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(_gateway_of(app, open_ones, max_seconds))
        if gateway is not None:
            materials = [replace(each, through=gateway) for each in materials]
        try:
            executor = executor_for(on, app.settings)
            conductors = await stack.enter_async_context(executor.open(materials, _Notes(app)))
        except ExecutorMissing:
            raise
        except InvalidInput as error:
            await _give_up(app, open_ones, error)
            raise
        runner = Runner(app, conductors, concurrency=concurrency, limits=limits, on_progress=on_progress)
        try:
            done = await runner.run()
        except ExceptionGroup as group:
            refused = _first(group, MaterialRefused)
            if refused is None:
                raise
            await _give_up(app, open_ones, refused)
            raise refused from None
    await clustering.catch_up_quietly(app)
    return done


def _gateway_of(
    app: App, planned: Sequence[Simulation], max_seconds: float | None
) -> AbstractAsyncContextManager[ThroughGateway | None]:
    lasts = through.lasting(max_seconds, max((each.timeout_ms for each in planned), default=0))
    name = f"evaluation {planned[-1].short_id}" if planned else "evaluation"
    return through.gateway_at(app, through.url_for(app, planned) if planned else None, name, lasts=lasts)


class _Notes:
    """What executors write down, in the database."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def confined(self, simulation_id: UUID, how: Mapping[str, Any]) -> None:
        async with self._app.transaction() as tx:
            await simulations.note_sandbox(tx, simulation_id, how)

    async def in_modal(self, simulation_id: UUID, app_id: str | None, environment: str | None) -> None:
        async with self._app.transaction() as tx:
            await simulations.note_modal_app(tx, simulation_id, app_id, environment)

    async def modal_call(self, claim: Claim, call_id: str, logs: str | None) -> None:
        async with self._app.transaction() as tx:
            await simulations.note_modal_call(tx, claim, call_id, logs)


async def _give_up(app: App, planned: Sequence[Simulation], error: InvalidInput) -> None:
    """Note why none of these can be run, so that nobody waits for them; unless somebody elsewhere can, and does."""
    async with app.transaction() as tx:
        left = await simulations.left_to_do(tx, [each.simulation_id for each in planned])
        for each in planned if not left.others else ():
            await simulations.finish_simulation(
                tx, each.simulation_id, status=SimulationStatus.FAILED, error_message=error.message
            )


def _first(group: ExceptionGroup[Exception], kind: type[_E]) -> _E | None:
    for each in group.exceptions:
        if isinstance(each, kind):
            return each
        found = _first(each, kind) if isinstance(each, ExceptionGroup) else None
        if found is not None:
            return found
    return None
