"""The client of the reference documents: recording executions, outcomes, tool usage and failures."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from guildhall import clock
from guildhall.app.recorder import Recorder
from guildhall.app.telling import records
from guildhall.app.telling.errors import FieldRefused
from guildhall.app.telling.fields import Fields
from guildhall.app.telling.records import KnownSimulation
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, failures, outcomes, scenarios, simulations
from guildhall.domains.evaluation.failures import FailedTrial
from guildhall.domains.evaluation.outcomes import Outcome, OutcomeNotFound, OutcomeStatus, TrialRecord
from guildhall.domains.evaluation.simulations import (
    NewSimulation,
    PinnedScenario,
    Simulation,
    SimulationNotFound,
    SimulationStatus,
)
from guildhall.settings import Settings

_MOST_KNOWN = 10_000
"""How many simulations are remembered; others are looked up again."""
_PATIENCE_AT_THE_END_S = 10.0
_IS_EXECUTION = "is_execution"
_ENDED = (SimulationStatus.COMPLETED, SimulationStatus.FAILED, SimulationStatus.CANCELLED)


class ArcEvalDBClient:
    """
    Records what happens in sandboxes.

    With a connection string it works with the database of that URL, whose
    schema must be up to date; without one, with what the settings name, which
    is the embedded PostgreSQL unless GUILDHALL_DATABASE_URL says otherwise.

    Outcomes are accepted when they are on disk: a database that is away or a
    process that is killed loses none. Other calls need the database.

    `initialize` opens it, or the first call does; `close` delivers what is
    left. As a context manager it does both. Ids are text, as in the documents;
    naive datetimes are UTC.
    """

    def __init__(self, connection_string: str | None = None, *, settings: Settings | None = None) -> None:
        self.connection_string = connection_string
        self._settings = settings
        self._app: App | None = None
        self._recorder: Recorder | None = None
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._known: OrderedDict[UUID, KnownSimulation] = OrderedDict()
        self._started: set[UUID] = set()

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def initialize(self) -> None:
        """
        Open the database, and deliver what killed processes have left.

        Raises:
            Unavailable: There is no server, its schema is not up to date, or the spool cannot be written.
        """
        await self.app()

    async def close(self) -> None:
        """Deliver what is left, end executions that failed and simulations that are done, and let go."""
        if self._app is None:
            return
        try:
            await self.flush(timeout_s=_PATIENCE_AT_THE_END_S)
        finally:
            self._app = self._recorder = None
            await self._stack.aclose()

    async def flush(self, *, timeout_s: float = 60.0) -> None:
        """
        Wait until everything that was recorded is in the database.

        Executions of which only failures were told are ended with an outcome;
        simulations that this client began and of which no trial is left are completed.

        Raises:
            RecordsWaiting: The database has taken nothing for `timeout_s`; what is left waits on disk.
        """
        app, recorder = await self._open()
        for simulation in list(self._known.values()):
            if simulation.failures and simulation.is_execution:
                await self._fail(simulation)
        await recorder.drain(timeout_s)
        for simulation_id in list(self._started):
            async with app.transaction() as tx:
                if not await simulations.left_to_do(tx, simulation_id):
                    found = await simulations.get_simulation(tx, simulation_id)
                    if found.status not in _ENDED:
                        await simulations.finish_simulation(tx, simulation_id)
                    self._started.discard(simulation_id)

    async def record_execution_start(self, execution_data: Mapping[str, Any]) -> str:
        """
        Note that something begins, in either of the documents' forms; the id that its outcomes refer to.

        `{"scenario_id", "config_id", …}` begins one execution of one scenario
        and gives an execution id; `config_id` is a configuration's id or name,
        or a version. The execution is a simulation of one trial with the same id.

        `{"config_version_id", "scenario_set", …}` begins a simulation and gives
        its id. Fields nobody knows are kept in the simulation's metadata.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            VersionNotFound, ScenarioNotFound: There is no such configuration or scenario.
        """
        fields = Fields("an execution", execution_data)
        is_execution = "scenario_set" not in execution_data
        if is_execution:
            scenario_id = fields.required(
                fields.text("scenario_id"),
                "scenario_id",
                "scenario_set",
                remedy="Give scenario_id for one execution, scenario_set for a simulation.",
            )
            return str(await self._begin(fields, [scenario_id], is_execution=True))
        return str(await self._begin(fields, fields.value("scenario_set"), is_execution=False))

    async def create_simulation_record(self, simulation_data: Mapping[str, Any]) -> str:
        """
        Begin a simulation under an id of the caller's own, or note that one that is planned begins.

        A simulation that is new needs `config_version_id` and `scenario_set`.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationEnded: It is over.
        """
        fields = Fields("a simulation", simulation_data)
        simulation_id = fields.identifier("simulation_id")
        if simulation_id is not None:
            app = await self.app()
            async with app.transaction() as tx:
                found = await _find_simulation(tx, simulation_id)
                if found is not None:
                    if found.status is not SimulationStatus.RUNNING:
                        await simulations.start_simulation(tx, simulation_id)
                    return str(simulation_id)
        scenario_set = fields.required(
            fields.value("scenario_set"),
            "scenario_set",
            remedy="A simulation that is new needs config_version_id and scenario_set.",
        )
        return str(await self._begin(fields, scenario_set, is_execution=False, simulation_id=simulation_id))

    async def record_execution_outcome(self, outcome_data: Mapping[str, Any]) -> str:
        """
        Record how a trial ended; the outcome's id.

        It names its trial by `execution_id`, or by `simulation_id` and
        `scenario_id`. The same outcome told twice under one id is stored once.
        See `records.outcome_record` for what follows from what.

        Raises:
            FieldMissing, FieldRefused, OutcomeRefused: A field is lacking or makes no sense.
            SimulationNotFound, ScenarioNotInSimulation: There is no such simulation, or it lacks the scenario.
            SpoolUnavailable: The disk does not take it; it is not accepted.
        """
        record = await self.prepared(outcome_data)
        _, recorder = await self._open()
        await recorder.record(record)
        execution = self._known.get(record.outcome.outcome_id)
        if execution is not None:
            execution.failures.clear()
        return str(record.outcome.outcome_id)

    async def record_outcome(self, outcome_data: Mapping[str, Any]) -> str:
        """The same as `record_execution_outcome`, under the name that event handlers use."""
        return await self.record_execution_outcome(outcome_data)

    async def record_tool_usage(self, tool_events: Sequence[Mapping[str, Any]]) -> None:
        """
        Record calls of tools, before or after the outcome of their trial: one event for each call, or summaries.

        Each names its trial by `execution_id` or `outcome_id`.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense; none is recorded.
        """
        events: dict[tuple[UUID, datetime, UUID | None], list[Mapping[str, Any]]] = {}
        for event in tool_events:
            trial = await self._trial(records.owner_of(event))
            events.setdefault((trial.outcome_id, trial.execution_time, trial.simulation_id), []).append(event)
        usage = {trial: records.tool_usage(theirs) for trial, theirs in events.items()}
        app = await self.app()
        async with app.transaction() as tx:
            for (outcome_id, time, simulation_id), tools in usage.items():
                await outcomes.add_tool_usage(tx, outcome_id, tools, execution_time=time, simulation_id=simulation_id)

    async def record_failure_pattern(self, failure_data: Mapping[str, Any]) -> None:
        """
        Record why a trial failed.

        It names its trial by `execution_id` or `outcome_id`. An execution of
        which nothing else is told until `flush` or `close` ends with status
        error, or timeout where that is the failure's category.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
        """
        failure, owner = records.failure(failure_data)
        trial = await self._trial(owner)
        app = await self.app()
        async with app.transaction() as tx:
            await failures.add_failures(tx, trial, [failure])
        execution = self._known.get(trial.outcome_id)
        if execution is not None and execution.is_execution:
            execution.failures.append(failure)

    async def finalize_simulation(self, simulation_data: Mapping[str, Any]) -> None:
        """
        End a simulation, once its outcomes are stored.

        The score is computed from the outcomes; an `overall_score` that is
        told does not replace it.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationNotFound: There is none.
        """
        fields = Fields("the end of a simulation", simulation_data)
        simulation_id = fields.required(
            fields.identifier("simulation_id"), "simulation_id", remedy="Say which simulation has ended."
        )
        status = fields.choice(SimulationStatus, "status") or SimulationStatus.COMPLETED
        app, recorder = await self._open()
        await recorder.drain()
        async with app.transaction() as tx:
            await simulations.get_simulation(tx, simulation_id)
            await simulations.finish_simulation(
                tx,
                simulation_id,
                status=status,
                error_message=fields.text("error_message"),
                execution_time_ms=fields.number("execution_time_ms"),
            )
        self._started.discard(simulation_id)

    async def get_active_configurations(self) -> list[dict[str, Any]]:
        """Every active configuration in its latest version: ids, name, parsed configuration, deployment."""
        app = await self.app()
        async with app.transaction() as tx:
            found = []
            for each in await configurations.list_configurations(tx):
                if each.is_active and each.latest_version_id is not None:
                    version = await configurations.get_version(tx, str(each.latest_version_id))
                    found.append(
                        {
                            "config_id": str(each.config_id),
                            "config_name": each.name,
                            "version_id": str(version.version_id),
                            "config": dict(version.parsed_config),
                            "modal_deployment_id": version.modal_deployment_id,
                        }
                    )
        return found

    async def get_outcome(self, outcome_id: str | UUID) -> Outcome:
        """
        An outcome that is stored, whole.

        Raises:
            OutcomeNotFound: There is none, or it is not stored yet (`flush`).
        """
        app = await self.app()
        async with app.transaction() as tx:
            return await outcomes.get_outcome(tx, UUID(str(outcome_id)))

    async def app(self) -> App:
        """The open database, for the other classes of the client."""
        return (await self._open())[0]

    async def prepared(self, outcome_data: Mapping[str, Any]) -> TrialRecord:
        """The record of one trial, from what is told of it, not recorded yet."""
        fields = Fields("an outcome", outcome_data)
        execution_id = fields.identifier("execution_id")
        simulation_id = fields.required(
            fields.identifier("simulation_id") or execution_id,
            "execution_id",
            "simulation_id",
            remedy="Give the id that record_execution_start gave.",
        )
        return records.outcome_record(outcome_data, fields, await self._simulation(simulation_id))

    async def _open(self) -> tuple[App, Recorder]:
        async with self._opening:
            if self._app is None or self._recorder is None:
                async with AsyncExitStack() as stack:
                    app = await stack.enter_async_context(App.open(self._wanted()))
                    recorder = await stack.enter_async_context(app.recorder())
                    self._stack = stack.pop_all()
                self._app, self._recorder = app, recorder
            return self._app, self._recorder

    def _wanted(self) -> Settings:
        settings = self._settings or Settings.from_environment()
        return replace(settings, database_url=self.connection_string) if self.connection_string else settings

    async def _begin(
        self, fields: Fields, scenario_set: Any, *, is_execution: bool, simulation_id: UUID | None = None
    ) -> UUID:
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
        app = await self.app()
        async with app.transaction() as tx:
            version = await configurations.get_version(tx, reference)
            cases = [await scenarios.get_scenario(tx, str(each)) for each in scenario_set]
            new = NewSimulation(
                config_version_id=version.version_id,
                scenarios=[PinnedScenario(each.scenario_id, each.content_hash) for each in cases],
                simulation_id=simulation_id,
                name=fields.text("simulation_name", "name"),
                trials=fields.count("trials", "trials_per_scenario") or 1,
                timeout_ms=fields.count("timeout_ms") or 300_000,
                max_retries=3 if (retries := fields.count("max_retries")) is None else retries,
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
        self._started.add(simulation_id)
        self._remember(
            KnownSimulation(
                simulation_id,
                {each.scenario_id: each.pass_score for each in cases},
                is_execution=is_execution,
                modal_call_id=call_id if is_execution else None,
            )
        )
        return simulation_id

    async def _simulation(self, simulation_id: UUID) -> KnownSimulation:
        known = self._known.get(simulation_id)
        if known is None:
            app = await self.app()
            async with app.transaction() as tx:
                found = await simulations.get_simulation(tx, simulation_id)
                pins = await simulations.pinned_scenarios(tx, simulation_id)
                cases = await scenarios.get_scenarios(tx, [(each.scenario_id, each.content_hash) for each in pins])
            is_execution = found.metadata.get(_IS_EXECUTION) is True
            known = KnownSimulation(
                simulation_id,
                {each.scenario_id: each.pass_score for each in cases},
                is_execution=is_execution,
                modal_call_id=found.metadata.get("modal_call_id") if is_execution else None,
            )
            self._remember(known)
        self._known.move_to_end(simulation_id)
        return known

    def _remember(self, simulation: KnownSimulation) -> None:
        self._known[simulation.simulation_id] = simulation
        while len(self._known) > _MOST_KNOWN:
            oldest = next((key for key, each in self._known.items() if not each.failures), None)
            if oldest is None:
                return
            del self._known[oldest]

    async def _fail(self, execution: KnownSimulation) -> None:
        """End an execution of which only failures are told."""
        _, recorder = await self._open()
        last = execution.failures[-1]
        record = await self.prepared(
            {
                "execution_id": execution.simulation_id,
                "status": "timeout" if last.failure_category.value == "timeout" else OutcomeStatus.ERROR.value,
                "error_category": last.failure_category.value,
                "error_code": last.failure_type,
                "fault": last.fault.value,
            }
        )
        await recorder.record(record)
        execution.failures.clear()

    async def _trial(self, owner: Fields) -> FailedTrial:
        """The trial that an event belongs to, whether its outcome is stored or not."""
        execution_id, outcome_id = owner.identifier("execution_id"), owner.identifier("outcome_id")
        simulation_id, scenario_id = owner.identifier("simulation_id"), owner.text("scenario_id")
        number, time = owner.count("trial_number"), owner.time("execution_time")
        if outcome_id is None:
            execution_id = owner.required(
                execution_id, "execution_id", "outcome_id", remedy="Say which trial it belongs to."
            )
            execution = await self._simulation(execution_id)
            if not execution.is_execution:
                owner.required(None, "outcome_id", remedy="A simulation has many trials: say which outcome it is.")
            (scenario_id,) = execution.pass_scores
            return FailedTrial(execution_id, clock.time_of(execution_id), execution_id, scenario_id, 1)
        if outcome_id in self._known:
            return await self._trial(Fields(owner.what, {"execution_id": outcome_id}))
        if simulation_id is None or outcome_id.version != 7:
            app, recorder = await self._open()
            await recorder.drain()
            async with app.transaction() as tx:
                try:
                    stored = await outcomes.get_outcome(tx, outcome_id)
                except OutcomeNotFound:
                    if simulation_id is None or time is None:
                        raise
                else:
                    return FailedTrial(
                        outcome_id,
                        stored.execution_time,
                        stored.simulation_id,
                        stored.scenario_id,
                        stored.trial_number,
                    )
        at = clock.time_of(outcome_id) if outcome_id.version == 7 else time
        return FailedTrial(outcome_id, at or clock.now(), simulation_id, scenario_id, number)


def _metadata(fields: Fields, call_id: str | None, is_execution: bool) -> dict[str, Any]:
    metadata = fields.mapping("metadata")
    for derived in ("status", "total_scenarios", "completed_scenarios"):
        fields.value(derived)  # what the documents' callers tell, and the database knows better
    if call_id:
        metadata["modal_call_id"] = call_id
    if is_execution:
        metadata[_IS_EXECUTION] = True
    return {**fields.rest, **metadata}


async def _find_simulation(tx: Tx, simulation_id: UUID) -> Simulation | None:
    try:
        return await simulations.get_simulation(tx, simulation_id)
    except SimulationNotFound:
        return None
