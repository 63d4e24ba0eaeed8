"""Running trials in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from guildhall.app.executors.material import Material, stage_trials
from guildhall.app.executors.ports import Conductor, Notes


class LocalExecutor:
    """Runs trials here, each agent as its isolation says; `hidden` directories are kept from agents' programs."""

    def __init__(self, *, hidden: Sequence[Path] = ()) -> None:
        self._hidden = hidden

    @asynccontextmanager
    async def open(self, materials: Sequence[Material], notes: Notes) -> AsyncIterator[Mapping[UUID, Conductor]]:
        """See `Executor.open`."""
        async with stage_trials(materials, hidden=self._hidden) as (conductors, confinements):
            for simulation_id, how in confinements.items():
                await notes.confined(simulation_id, how)
            yield dict(conductors)
