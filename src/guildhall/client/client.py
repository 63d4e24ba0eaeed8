"""The client of the reference documents: recording executions, outcomes, tool usage and failures."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from guildhall.app import telling
from guildhall.app.planning import RunByGuildhall
from guildhall.app.recorder import Recorder
from guildhall.app.telling import Fields, KnownSimulation
from guildhall.client.evidence import DatabaseEvidence, Evidence
from guildhall.domains.evaluation.outcomes import Outcome, OutcomeStatus, TrialRecord
from guildhall.errors import GuildhallError
from guildhall.settings import Settings

_MOST_KNOWN = 10_000
"""How many simulations are remembered; others are looked up again."""
_PATIENCE_AT_THE_END_S = 10.0


class ArcEvalDBClient:
    """
    Records what happens in sandboxes.

    With a connection string it works with the database of that URL, whose
    schema must be up to date; with the http(s) URL of a server, and an API key
    of a team, through that. Without either it works with what the settings
    name: GUILDHALL_DATABASE_URL, or GUILDHALL_URL with GUILDHALL_API_KEY, or
    else the embedded PostgreSQL.

    Outcomes are accepted when they are on disk: a database or a server that is
    away, or a process that is killed, loses none. Other calls need it.

    `initialize` opens it, or the first call does; `close` delivers what is
    left. As a context manager it does both. Ids are text, as in the documents;
    naive datetimes are UTC.
    """

    def __init__(
        self, connection_string: str | None = None, *, api_key: str | None = None, settings: Settings | None = None
    ) -> None:
        self.connection_string = connection_string
        self._api_key = api_key
        self._settings = settings
        self._evidence: Evidence | None = None
        self._recorder: Recorder | None = None
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._known: OrderedDict[UUID, KnownSimulation] = OrderedDict()
        self._started: set[UUID] = set()
        self._seen_to = 0
        self._has_told_failures = False

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
        await self._open()

    async def close(self) -> None:
        """Deliver what is left, end executions that failed and simulations that are done, and let go."""
        if self._evidence is None:
            return
        try:
            await self.flush(timeout_s=_PATIENCE_AT_THE_END_S)
        finally:
            self._evidence = self._recorder = None
            self._seen_to = 0
            await self._stack.aclose()

    async def flush(self, *, timeout_s: float = 60.0) -> None:
        """
        Wait until everything that was recorded is in the database.

        Executions of which only failures were told are ended with an outcome;
        simulations that this client began and of which no trial is left are completed.

        Raises:
            RecordsWaiting: The database has taken nothing for `timeout_s`; what is left waits on disk.
        """
        evidence, recorder = await self._open()
        for simulation in list(self._known.values()):
            if simulation.failures and simulation.is_execution:
                await self._fail(simulation)
        await recorder.drain(timeout_s)
        if recorder.counts.stored > self._seen_to or self._has_told_failures:
            self._seen_to, self._has_told_failures = recorder.counts.stored, False
            with suppress(GuildhallError):  # upkeep sees to it
                await evidence.see_to_failures()
        for simulation_id in list(self._started):
            with suppress(RunByGuildhall):
                if not await evidence.complete_if_done(simulation_id):
                    continue
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
        return await self._begun((await self.evidence()).begin(execution_data))

    async def create_simulation_record(self, simulation_data: Mapping[str, Any]) -> str:
        """
        Begin a simulation under an id of the caller's own, or note that one that is planned begins.

        A simulation that is new needs `config_version_id` and `scenario_set`.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationEnded: It is over.
        """
        return await self._begun((await self.evidence()).begin_simulation(simulation_data))

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
        evidence, recorder = await self._open()
        if any(_names_an_outcome(each) for each in tool_events):
            await recorder.drain()  # it may be among what waits
        await evidence.tell_tools(tool_events)

    async def record_failure_pattern(self, failure_data: Mapping[str, Any]) -> None:
        """
        Record why a trial failed.

        It names its trial by `execution_id` or `outcome_id`. An execution of
        which nothing else is told until `flush` or `close` ends with status
        error, or timeout where that is the failure's category.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
        """
        failure, _ = telling.failure(failure_data)
        evidence, recorder = await self._open()
        if _names_an_outcome(failure_data):
            await recorder.drain()
        execution = self._known.get(await evidence.tell_failure(failure_data))
        self._has_told_failures = True
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
            RunByGuildhall: A runner of Guildhall's works on it, and ends it.
        """
        fields = Fields("the end of a simulation", simulation_data)
        simulation_id = fields.required(
            fields.identifier("simulation_id"), "simulation_id", remedy="Say which simulation has ended."
        )
        evidence, recorder = await self._open()
        await recorder.drain()
        await evidence.end(simulation_data)
        self._started.discard(simulation_id)

    async def get_active_configurations(self) -> list[dict[str, Any]]:
        """Every active configuration in its latest version: ids, name, parsed configuration, deployment."""
        return await (await self.evidence()).active_configurations()

    async def get_outcome(self, outcome_id: str | UUID) -> Outcome:
        """
        An outcome that is stored, whole.

        Raises:
            OutcomeNotFound: There is none, or it is not stored yet (`flush`).
        """
        return await (await self.evidence()).outcome(UUID(str(outcome_id)))

    async def watch(self, simulation_id: str | UUID) -> AsyncIterator[dict[str, Any]]:
        """
        What happens in a simulation, as it happens, until it ends.

        Each is a dictionary with its kind under `event`: `progress` (counts,
        cost and how long the rest will take), `outcome` (one that was stored;
        it may come again after a broken connection), and at last `end`.

        Raises:
            SimulationNotFound: There is none.
            Unavailable: A server does not answer, however often it is asked.
        """
        async for kind, document in (await self.evidence()).follow(UUID(str(simulation_id))):
            yield {"event": kind, **document}

    async def evidence(self) -> Evidence:
        """Where it is all kept, opened, for the other classes of the client."""
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
        return telling.outcome_record(outcome_data, fields, await self._simulation(simulation_id))

    async def _open(self) -> tuple[Evidence, Recorder]:
        async with self._opening:
            if self._evidence is None or self._recorder is None:
                async with AsyncExitStack() as stack:
                    evidence = await stack.enter_async_context(self._place())
                    recorder = await stack.enter_async_context(evidence.recorder())
                    self._stack = stack.pop_all()
                self._evidence, self._recorder = evidence, recorder
            return self._evidence, self._recorder

    def _place(self) -> AbstractAsyncContextManager[Evidence]:
        settings = self._settings or Settings.from_environment()
        location = self.connection_string or (None if settings.database_url else settings.server_url)
        if location is not None and location.startswith(("http://", "https://")):
            from guildhall.client.remote import RemoteEvidence  # noqa: PLC0415 - aiohttp is slow to import

            return RemoteEvidence.open(location, self._api_key or settings.api_key, settings)
        if location is not None:
            settings = replace(settings, database_url=location)
        return DatabaseEvidence.open(settings)

    async def _begun(self, beginning: Awaitable[KnownSimulation]) -> str:
        simulation = await beginning
        self._started.add(simulation.simulation_id)
        self._remember(simulation)
        return str(simulation.simulation_id)

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

    async def _simulation(self, simulation_id: UUID) -> KnownSimulation:
        known = self._known.get(simulation_id)
        if known is None:
            known = await (await self.evidence()).known_simulation(simulation_id)
            self._remember(known)
        self._known.move_to_end(simulation_id)
        return known

    def _remember(self, simulation: KnownSimulation) -> None:
        self._known.setdefault(simulation.simulation_id, simulation)
        while len(self._known) > _MOST_KNOWN:
            oldest = next((key for key, each in self._known.items() if not each.failures), None)
            if oldest is None:
                return
            del self._known[oldest]


def _names_an_outcome(told: Mapping[str, Any]) -> bool:
    return told.get("outcome_id") is not None
