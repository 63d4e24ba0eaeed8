"""Planning simulations of what is kept already: versions and scenarios by name, for whoever runs them elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, scenarios, simulations
from guildhall.domains.evaluation.simulations import (
    NewSimulation,
    PinnedScenario,
    PlanRefused,
    Simulation,
    SimulationEnded,
    SimulationStatus,
)
from guildhall.errors import Conflict, InvalidInput

_RESERVED = frozenset(("agent_file", "gateway_url", "is_execution", "modal_call_id", "stop_early", "stopped"))
"""What metadata say to us: where an agent lies on the runner's disk, which gateway has its calls, that a simulation has but one trial, and how it ends early."""


class AgainstItself(InvalidInput):
    """The version to compare with is the one that is run."""

    code = "against_itself"

    def __init__(self, label: str) -> None:
        super().__init__(
            f"the agent is unchanged: it is {label}, the version to compare it with",
            remedy="Change the agent first, or leave out --against.",
            field="against",
            value=label,
        )


class RunByGuildhall(Conflict):
    """A simulation that a runner of Guildhall's works on was to be ended by somebody else."""

    code = "simulation_run_by_guildhall"

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(
            f"simulation {simulation.simulation_id} is run by Guildhall, which ends it when every trial is done",
            remedy="Cancel it to end it early.",
            simulation_id=str(simulation.simulation_id),
        )


@dataclass(frozen=True, slots=True)
class Order:
    """
    What is to be run: a version on scenarios in their latest content.

    `config` and `against` are references such as `support-agent@v2`. The
    scenarios are those that are named and those of the `suite`. The `origin`
    says who records outcomes: a `client`, or a runner of ours (`run`).
    """

    config: str
    scenario_ids: Sequence[str] = ()
    suite: str | None = None
    trials: int = 1
    seed: int = 0
    timeout_ms: int = 300_000
    max_retries: int = 3
    max_cost_usd: Decimal | None = None
    name: str | None = None
    against: str | None = None
    origin: str = "client"
    metadata: Mapping[str, Any] = field(default_factory=dict)


async def plan(tx: Tx, order: Order) -> Simulation:
    """
    Write down a simulation, to be done; with `against` a second one beside it, whose id is in `interleaved_with`.

    Raises:
        VersionNotFound, VersionAmbiguous: `config` or `against` is no version.
        ScenarioNotFound: One of the scenarios is not there.
        AgainstItself: Both are the same version.
        PlanRefused: The plan makes no sense.
    """
    reserved = sorted(_RESERVED & order.metadata.keys())
    if reserved:
        raise PlanRefused("metadata", reserved[0], "keys of your own", "Call it something else.")
    version = await configurations.get_version(tx, order.config)
    versions = [version]
    if order.against is not None:
        baseline = await configurations.get_version(tx, order.against)
        if baseline.version_id == version.version_id:
            raise AgainstItself(baseline.label)
        versions.insert(0, baseline)
    pins = await scenarios.latest_contents(tx, order.scenario_ids, suite=order.suite)
    ids = [
        await simulations.plan_simulation(
            tx,
            NewSimulation(
                config_version_id=each.version_id,
                scenarios=[PinnedScenario(*pin) for pin in pins],
                trials=order.trials,
                name=order.name or order.suite,
                seed=order.seed,
                max_cost_usd=order.max_cost_usd,
                timeout_ms=order.timeout_ms,
                max_retries=order.max_retries,
                origin=order.origin,
                metadata=order.metadata,
            ),
        )
        for each in versions
    ]
    if len(ids) == 2:
        await simulations.interleave(tx, *ids)
    return await simulations.get_simulation(tx, ids[-1])


async def complete(
    tx: Tx,
    simulation: Simulation,
    *,
    status: SimulationStatus = SimulationStatus.COMPLETED,
    error_message: str | None = None,
    execution_time_ms: float | None = None,
) -> Simulation:
    """
    End a simulation of which a client has recorded the outcomes.

    Raises:
        SimulationEnded: It is over already.
        RunByGuildhall: A runner of ours works on it.
    """
    if simulation.status not in (SimulationStatus.PENDING, SimulationStatus.RUNNING):
        raise SimulationEnded(simulation.simulation_id, simulation.status)
    refuse_if_ours(simulation)
    return await simulations.finish_simulation(
        tx,
        simulation.simulation_id,
        status=status,
        error_message=error_message,
        execution_time_ms=execution_time_ms,
    )


def refuse_if_ours(simulation: Simulation) -> None:
    """
    Make sure that whoever records the outcomes of a simulation may end it.

    Raises:
        RunByGuildhall: A runner of ours works on it.
    """
    if simulation.origin == "run":
        raise RunByGuildhall(simulation)
