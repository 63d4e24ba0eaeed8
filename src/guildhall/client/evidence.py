"""Where a client keeps what it is told: what it needs of a database, or of a server in front of one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import orjson

from guildhall import clock
from guildhall.app import following
from guildhall.app.documents.notation import OPTIONS, plain
from guildhall.app.recorder import Recorder
from guildhall.app.telling import KnownSimulation, executions
from guildhall.app.wiring import App
from guildhall.domains.evaluation import outcomes
from guildhall.domains.evaluation.outcomes import Outcome, Partitions, Writing
from guildhall.settings import Settings

if TYPE_CHECKING:
    from guildhall.client.loopplaces import DatabaseLoop, ServerLoop


class Evidence(Protocol):
    """
    The verbs of `guildhall.app.telling.executions`, each in a transaction of its own, and recorders of outcomes.

    Whatever is away raises an error of the family Unavailable.
    """

    def recorder(self, *, batch_size: int = 1000, flush_interval_s: float = 0.05) -> Recorder:
        """A recorder of trials, to be used as a context manager."""
        ...

    async def begin(self, told: Mapping[str, Any]) -> KnownSimulation: ...

    async def begin_simulation(self, told: Mapping[str, Any]) -> KnownSimulation: ...

    async def known_simulation(self, simulation_id: UUID) -> KnownSimulation: ...

    async def tell_tools(self, events: Sequence[Mapping[str, Any]]) -> None: ...

    async def tell_failure(self, told: Mapping[str, Any]) -> UUID:
        """Keep why a trial failed; the id of the trial's outcome."""
        ...

    async def end(self, told: Mapping[str, Any]) -> None: ...

    async def complete_if_done(self, simulation_id: UUID) -> bool: ...

    async def active_configurations(self) -> list[dict[str, Any]]: ...

    async def active_configuration(self, name: str) -> dict[str, Any]: ...

    async def save_configuration(
        self, config_data: Mapping[str, Any], *, config_name: str | None, modal_deployment_id: str | None
    ) -> UUID: ...

    async def outcome(self, outcome_id: UUID) -> Outcome: ...

    def follow(self, simulation_id: UUID) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """What happens in a simulation (`guildhall.app.following.told`), until it ends."""
        ...

    async def see_to_failures(self) -> None:
        """See that what failed is put in clusters soon, where the place does not do so by itself."""

    async def loop(self) -> DatabaseLoop | ServerLoop:
        """The verbs of `LearningLoop` there."""
        ...

    async def try_writing(self) -> Writing: ...

    async def partitions(self) -> Partitions: ...


class DatabaseEvidence:
    """Keeps it in a database directly."""

    def __init__(self, app: App) -> None:
        self._app = app

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[DatabaseEvidence]:
        """
        Open the database that the settings name.

        Raises:
            Unavailable: There is no server, or its schema is not up to date.
        """
        async with App.open(settings) as app:
            yield cls(app)

    def recorder(self, *, batch_size: int = 1000, flush_interval_s: float = 0.05) -> Recorder:
        return self._app.recorder(batch_size=batch_size, flush_interval_s=flush_interval_s)

    async def begin(self, told: Mapping[str, Any]) -> KnownSimulation:
        async with self._app.transaction() as tx:
            return await executions.begin(tx, told)

    async def begin_simulation(self, told: Mapping[str, Any]) -> KnownSimulation:
        async with self._app.transaction() as tx:
            return await executions.begin_simulation(tx, told)

    async def known_simulation(self, simulation_id: UUID) -> KnownSimulation:
        async with self._app.transaction() as tx:
            return await executions.known_simulation(tx, simulation_id)

    async def tell_tools(self, events: Sequence[Mapping[str, Any]]) -> None:
        async with self._app.transaction() as tx:
            await executions.tell_tools(tx, events)

    async def tell_failure(self, told: Mapping[str, Any]) -> UUID:
        async with self._app.transaction() as tx:
            trial, _ = await executions.tell_failure(tx, told)
            return trial.outcome_id

    async def end(self, told: Mapping[str, Any]) -> None:
        async with self._app.transaction() as tx:
            await executions.end(tx, told)

    async def complete_if_done(self, simulation_id: UUID) -> bool:
        async with self._app.transaction() as tx:
            return await executions.complete_if_done(tx, simulation_id)

    async def active_configurations(self) -> list[dict[str, Any]]:
        async with self._app.transaction() as tx:
            return await executions.active_configurations(tx)

    async def active_configuration(self, name: str) -> dict[str, Any]:
        async with self._app.transaction() as tx:
            return await executions.active_configuration(tx, name)

    async def save_configuration(
        self, config_data: Mapping[str, Any], *, config_name: str | None, modal_deployment_id: str | None
    ) -> UUID:
        async with self._app.transaction() as tx:
            return await executions.save_configuration(
                tx, config_data, config_name=config_name, modal_deployment_id=modal_deployment_id
            )

    async def outcome(self, outcome_id: UUID) -> Outcome:
        async with self._app.transaction() as tx:
            return await outcomes.get_outcome(tx, outcome_id)

    async def follow(self, simulation_id: UUID) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        await self.known_simulation(simulation_id)  # says so where there is none
        async for news in following.follow(self._app.database, self._app.actor, simulation_id):
            for kind, document in following.told(news, clock.now()):
                yield kind, orjson.loads(orjson.dumps(document, default=plain, option=OPTIONS))

    async def see_to_failures(self) -> None:
        from guildhall.app import arrivals  # noqa: PLC0415 - with the work engine

        await arrivals.see_to(self._app, self._app.actor)

    async def loop(self) -> DatabaseLoop:
        from guildhall.client.loopplaces import DatabaseLoop  # noqa: PLC0415 - few who record need it

        return DatabaseLoop(self._app)

    async def try_writing(self) -> Writing:
        async with self._app.transaction() as tx:
            return await outcomes.try_writing(tx)

    async def partitions(self) -> Partitions:
        async with self._app.transaction() as tx:
            return await outcomes.partitions(tx)
