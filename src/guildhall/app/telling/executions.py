"""
Executions as the reference documents tell them, in the team's transaction.

An execution is a simulation of one trial of one scenario; its outcome has the
same id. What is told of a simulation of many scenarios goes the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import yaml

from guildhall import clock
from guildhall.algorithms import safeyaml, sanitise
from guildhall.algorithms.documents import Findings
from guildhall.app.planning import refuse_if_ours
from guildhall.app.telling import records
from guildhall.app.telling.errors import FieldRefused
from guildhall.app.telling.fields import Fields
from guildhall.app.telling.records import KnownSimulation
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, failures, outcomes, scenarios, simulations
from guildhall.domains.evaluation.configurations import (
    AgentDefinition,
    AgentFileRefused,
    ConfigVersion,
    VersionNotFound,
)
from guildhall.domains.evaluation.failures import FailedTrial, NewFailure
from guildhall.domains.evaluation.outcomes import OutcomeNotFound
from guildhall.domains.evaluation.simulations import (
    NewSimulation,
    PinnedScenario,
    Simulation,
    SimulationNotFound,
    SimulationStatus,
)

_IS_EXECUTION = "is_execution"
_ENDED = (SimulationStatus.COMPLETED, SimulationStatus.FAILED, SimulationStatus.CANCELLED)
_SOURCE = "config_data"


async def begin(tx: Tx, told: Mapping[str, Any]) -> KnownSimulation:
    """
    Begin an execution or a simulation, in either of the documents' forms.

    `{"scenario_id", "config_id", …}` begins one execution of one scenario;
    `config_id` is a configuration's id or name, or a version.
    `{"config_version_id", "scenario_set", …}` begins a simulation. Fields
    nobody knows are kept in its metadata.

    Raises:
        FieldMissing, FieldRefused: A field is lacking or makes no sense.
        VersionNotFound, ScenarioNotFound: There is no such configuration or scenario.
    """
    fields = Fields("an execution", told)
    if "scenario_set" in told:
        return await _begin(tx, fields, fields.value("scenario_set"), is_execution=False)
    scenario_id = fields.required(
        fields.text("scenario_id"),
        "scenario_id",
        "scenario_set",
        remedy="Give scenario_id for one execution, scenario_set for a simulation.",
    )
    return await _begin(tx, fields, [scenario_id], is_execution=True)


async def begin_simulation(tx: Tx, told: Mapping[str, Any]) -> KnownSimulation:
    """
    Begin a simulation under an id of the caller's own, or one that is planned; one that is new needs a version and scenarios.

    Raises:
        FieldMissing, FieldRefused: A field is lacking or makes no sense.
        SimulationEnded: It is over.
    """
    fields = Fields("a simulation", told)
    simulation_id = fields.identifier("simulation_id")
    if simulation_id is not None:
        try:
            found = await simulations.get_simulation(tx, simulation_id)
        except SimulationNotFound:
            pass
        else:
            if found.status is not SimulationStatus.RUNNING:
                await simulations.start_simulation(tx, simulation_id)
            return await known_simulation(tx, simulation_id)
    scenario_set = fields.required(
        fields.value("scenario_set"),
        "scenario_set",
        remedy="A simulation that is new needs config_version_id and scenario_set.",
    )
    return await _begin(tx, fields, scenario_set, is_execution=False, simulation_id=simulation_id)


async def known_simulation(tx: Tx, simulation_id: UUID) -> KnownSimulation:
    """
    What must be known of a simulation to read what is told of its trials.

    Raises:
        SimulationNotFound: There is none.
    """
    known = await known_simulations(tx, [simulation_id])
    if simulation_id not in known:
        raise SimulationNotFound(str(simulation_id))
    return known[simulation_id]


async def known_simulations(tx: Tx, simulation_ids: Collection[UUID]) -> dict[UUID, KnownSimulation]:
    """The same of several; those that are not there are left out."""
    found = await simulations.sketches(tx, sorted(simulation_ids))
    pins = {(pin.scenario_id, pin.content_hash) for each in found for pin in each.scenarios}
    scores = await scenarios.pass_scores(tx, sorted(pins))
    return {
        each.simulation_id: KnownSimulation(
            each.simulation_id,
            {pin.scenario_id: scores[pin.scenario_id, pin.content_hash] for pin in each.scenarios},
            is_execution=each.is_execution,
            modal_call_id=each.modal_call_id if each.is_execution else None,
            is_pending=each.status is SimulationStatus.PENDING,
        )
        for each in found
    }


async def tell_tools(tx: Tx, events: Sequence[Mapping[str, Any]]) -> None:
    """
    Keep calls of tools, before or after the outcome of their trial: one event for each call, or summaries.

    Each names its trial by `execution_id` or `outcome_id`.

    Raises:
        FieldMissing, FieldRefused: A field is lacking or makes no sense; none is kept.
        SimulationNotFound, OutcomeNotFound: There is no such trial.
    """
    by_trial: dict[tuple[UUID, datetime, UUID | None], list[Mapping[str, Any]]] = {}
    for event in events:
        trial = await trial_of(tx, records.owner_of(event))
        by_trial.setdefault((trial.outcome_id, trial.execution_time, trial.simulation_id), []).append(event)
    usage = {trial: records.tool_usage(theirs) for trial, theirs in by_trial.items()}
    for (outcome_id, time, simulation_id), tools in usage.items():
        await outcomes.add_tool_usage(tx, outcome_id, tools, execution_time=time, simulation_id=simulation_id)


async def tell_failure(tx: Tx, told: Mapping[str, Any]) -> tuple[FailedTrial, NewFailure]:
    """
    Keep why a trial failed; it is named by `execution_id` or `outcome_id`.

    Raises:
        FieldMissing, FieldRefused: A field is lacking or makes no sense.
        SimulationNotFound, OutcomeNotFound: There is no such trial.
    """
    failure, owner = records.failure(told)
    trial = await trial_of(tx, owner)
    await failures.add_failures(tx, trial, [failure])
    return trial, failure


async def end(tx: Tx, told: Mapping[str, Any]) -> Simulation:
    """
    End a simulation whose outcomes are stored; the score is computed from them, whatever is told.

    Raises:
        FieldMissing, FieldRefused: A field is lacking or makes no sense.
        SimulationNotFound: There is none.
        RunByGuildhall: A runner of ours works on it, and ends it.
    """
    fields = Fields("the end of a simulation", told)
    simulation_id = fields.required(
        fields.identifier("simulation_id"), "simulation_id", remedy="Say which simulation has ended."
    )
    status = fields.choice(SimulationStatus, "status") or SimulationStatus.COMPLETED
    if status not in _ENDED:
        raise FieldRefused(fields.what, "status", status.value, "one of " + ", ".join(_ENDED))
    refuse_if_ours(await simulations.get_simulation(tx, simulation_id))
    return await simulations.finish_simulation(
        tx,
        simulation_id,
        status=status,
        error_message=fields.text("error_message"),
        execution_time_ms=fields.number("execution_time_ms"),
    )


async def complete_if_done(tx: Tx, simulation_id: UUID) -> bool:
    """
    End a simulation of which no trial is left to do; whether none is.

    Raises:
        SimulationNotFound: There is none.
        RunByGuildhall: A runner of ours works on it, and ends it.
    """
    if (await simulations.left_to_do(tx, [simulation_id])).total:
        return False
    found = await simulations.get_simulation(tx, simulation_id)
    if found.status not in _ENDED:
        refuse_if_ours(found)
        await simulations.finish_simulation(tx, simulation_id)
    return True


async def active_configurations(tx: Tx) -> list[dict[str, Any]]:
    """Every active configuration in its latest version: ids, name, parsed configuration, deployment."""
    found = []
    for each in await configurations.list_configurations(tx):
        if each.is_active and each.latest_version_id is not None:
            version = await configurations.get_version(tx, str(each.latest_version_id))
            found.append({"config_id": str(each.config_id), "config_name": each.name, **_deployed(version)})
    return found


async def active_configuration(tx: Tx, name: str) -> dict[str, Any]:
    """
    The latest version of an active configuration: `config`, `version_id`, `modal_deployment_id`.

    Raises:
        VersionNotFound: There is no active configuration of that name.
    """
    active = {each.name: each for each in await configurations.list_configurations(tx)}
    found = active.get(name)
    if found is None or found.latest_version_id is None:
        raise VersionNotFound(name)
    return _deployed(await configurations.get_version(tx, str(found.latest_version_id)))


async def save_configuration(
    tx: Tx,
    config_data: Mapping[str, Any],
    *,
    config_name: str | None = None,
    modal_deployment_id: str | None = None,
) -> UUID:
    """
    Keep a configuration, with the keys of an agent.yaml, as a version; its id.

    The same content is kept once within its configuration.

    Raises:
        AgentFileRefused: The configuration has mistakes; the error has all of them.
    """
    text = yaml.safe_dump(sanitise.plain(dict(config_data)), sort_keys=False, allow_unicode=True)
    document = safeyaml.load(text, _SOURCE)
    findings = Findings(_SOURCE, document.lines)
    spec = configurations.examine(document.value, {}, findings, default_name=config_name)
    if spec is None:
        raise AgentFileRefused(findings.problems)
    definition = AgentDefinition(
        name=spec.name,
        raw_yaml=text,
        parsed=document.value,
        files={},
        config_hash=configurations.config_hash(document.value, {}),
        warnings=tuple(findings.warnings),
    )
    saved = await configurations.save_version(
        tx, definition, generated_by="modal_sandbox", modal_deployment_id=modal_deployment_id
    )
    return saved.version.version_id


async def trial_of(tx: Tx, owner: Fields) -> FailedTrial:
    """
    The trial that an event belongs to, whether its outcome is stored or not.

    Raises:
        FieldMissing: It does not say which.
        SimulationNotFound, OutcomeNotFound: There is no such trial.
    """
    execution_id, outcome_id = owner.identifier("execution_id"), owner.identifier("outcome_id")
    simulation_id, scenario_id = owner.identifier("simulation_id"), owner.text("scenario_id")
    number, time = owner.count("trial_number"), owner.time("execution_time")
    if outcome_id is None:
        execution_id = owner.required(
            execution_id, "execution_id", "outcome_id", remedy="Say which trial it belongs to."
        )
        execution = await known_simulation(tx, execution_id)
        if not execution.is_execution:
            owner.required(None, "outcome_id", remedy="A simulation has many trials: say which outcome it is.")
        (scenario_id,) = execution.pass_scores
        return FailedTrial(execution_id, clock.time_of(execution_id), execution_id, scenario_id, 1)
    if simulation_id is None and outcome_id in await known_simulations(tx, [outcome_id]):
        return await trial_of(tx, Fields(owner.what, {"execution_id": outcome_id}))
    if simulation_id is None or outcome_id.version != 7:
        try:
            stored = await outcomes.get_outcome(tx, outcome_id)
        except OutcomeNotFound:
            if simulation_id is None or time is None:
                raise
        else:
            return FailedTrial(
                outcome_id, stored.execution_time, stored.simulation_id, stored.scenario_id, stored.trial_number
            )
    at = clock.time_of(outcome_id) if outcome_id.version == 7 else time
    return FailedTrial(outcome_id, at or clock.now(), simulation_id, scenario_id, number)


async def _begin(
    tx: Tx, fields: Fields, scenario_set: Any, *, is_execution: bool, simulation_id: UUID | None = None
) -> KnownSimulation:
    reference = fields.required(
        fields.text("config_version_id", "config_id"),
        "config_version_id",
        "config_id",
        remedy="Say which version of an agent it is: an id, or name@version.",
    )
    if isinstance(scenario_set, str) or not isinstance(scenario_set, Iterable):
        raise FieldRefused(fields.what, "scenario_set", scenario_set, "a list of scenario ids")
    started_at = fields.time("started_at", "created_at", "timestamp") or clock.now()
    simulation_id = simulation_id or clock.new_id(started_at)
    call_id = fields.text("modal_call_id")
    version = await configurations.get_version(tx, reference)
    cases = [await scenarios.get_scenario(tx, str(each)) for each in scenario_set]
    retries = fields.count("max_retries")
    new = NewSimulation(
        config_version_id=version.version_id,
        scenarios=[PinnedScenario(each.scenario_id, each.content_hash) for each in cases],
        simulation_id=simulation_id,
        name=fields.text("simulation_name", "name"),
        trials=fields.count("trials", "trials_per_scenario") or 1,
        timeout_ms=fields.count("timeout_ms") or 300_000,
        max_retries=3 if retries is None else retries,
        priority=fields.count("priority") or 5,
        seed=fields.count("seed") or 0,
        max_cost_usd=fields.amount("max_cost_usd"),
        origin="client",
        created_at=min(started_at, tx.now),
        sandbox_metadata=fields.mapping("sandbox_metadata"),
        modal_app_id=fields.text("modal_app_id"),
        modal_environment=fields.text("modal_environment") or "production",
        metadata=_metadata(fields, call_id, is_execution),
    )
    await simulations.plan_simulation(tx, new)
    await simulations.start_simulation(tx, simulation_id)
    return KnownSimulation(
        simulation_id,
        {each.scenario_id: each.pass_score for each in cases},
        is_execution=is_execution,
        modal_call_id=call_id if is_execution else None,
    )


def _metadata(fields: Fields, call_id: str | None, is_execution: bool) -> dict[str, Any]:
    metadata = fields.mapping("metadata")
    for derived in ("status", "total_scenarios", "completed_scenarios"):
        fields.value(derived)  # what the documents' callers tell, and the database knows better
    if call_id:
        metadata["modal_call_id"] = call_id
    if is_execution:
        metadata[_IS_EXECUTION] = True
    return {**fields.rest, **metadata}


def _deployed(version: ConfigVersion) -> dict[str, Any]:
    return {
        "config": dict(version.parsed_config),
        "version_id": str(version.version_id),
        "modal_deployment_id": version.modal_deployment_id,
    }
