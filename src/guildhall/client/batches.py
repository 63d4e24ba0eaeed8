"""Recording many outcomes at a high rate."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from guildhall.app.delivery import RecorderCounts
from guildhall.app.recorder import Recorder
from guildhall.client.client import ArcEvalDBClient
from guildhall.domains.evaluation import outcomes


class BatchExecutionRecorder:
    """
    Stores outcomes in batches of `batch_size`, or after `flush_interval` seconds what there is by then.

    An outcome is safe as soon as `record_outcome` returns: it is on disk, and
    whoever records next stores what a killed process could not. It records
    through `db`, or through a client of its own.
    """

    def __init__(self, batch_size: int = 100, flush_interval: float = 30, *, db: ArcEvalDBClient | None = None) -> None:
        self.batch_size = batch_size
        self.flush_interval = flush_interval
        self.db = db or ArcEvalDBClient()
        self._is_own = db is None
        self._recorder: Recorder | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def record_outcome(self, outcome: Mapping[str, Any]) -> str:
        """
        Accept an outcome (as `ArcEvalDBClient.record_execution_outcome`); its id.

        Its tool usage and failures may come with it, as lists under
        `tool_usage` and `failures`, and are then stored together with it.

        Raises:
            FieldMissing, FieldRefused, OutcomeRefused: A field is lacking or makes no sense.
            SimulationNotFound, ScenarioNotInSimulation: There is no such simulation, or it lacks the scenario.
            SpoolUnavailable: The disk does not take it; it is not accepted.
        """
        (outcome_id,) = await self.record_outcomes([outcome])
        return outcome_id

    async def record_outcomes(self, given: Sequence[Mapping[str, Any]]) -> list[str]:
        """
        Accept many outcomes, all of which are looked at first; their ids.

        Raises:
            See `record_outcome`; where one is refused for what it says, none is accepted.
        """
        recorder = await self._open()
        packed = [outcomes.pack(await self.db.prepared(each)) for each in given]
        await recorder.record_many(packed)
        return [str(each.outcome_id) for each in packed]

    async def flush_outcomes(self) -> None:
        """
        Wait until everything that was accepted is in the database.

        Raises:
            RecordsWaiting: The database has taken nothing for a minute; what is left waits on disk.
        """
        if self._recorder is not None:
            await self._recorder.drain()

    @property
    def counts(self) -> RecorderCounts:
        """What became of the outcomes so far."""
        return self._recorder.counts if self._recorder else RecorderCounts()

    async def close(self) -> None:
        """Store what is left, and let go of the client, if it is the recorder's own."""
        recorder, self._recorder = self._recorder, None
        try:
            if recorder is not None:
                await recorder.close()
        finally:
            if self._is_own:
                await self.db.close()

    async def _open(self) -> Recorder:
        async with self._opening:
            if self._recorder is None:
                evidence = await self.db.evidence()
                recorder = evidence.recorder(batch_size=self.batch_size, flush_interval_s=float(self.flush_interval))
                await recorder.open()
                self._recorder = recorder
            return self._recorder
