"""
What pages show as it happens: parts of pages as events, made once for all who look at the same.

A viewer costs no database connection and no rendering: it waits for bytes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from guildhall import clock
from guildhall.api.frame.events import Event
from guildhall.app import following
from guildhall.dashboard.frame.views import fragment
from guildhall.db import Actor, Database
from guildhall.domains.evaluation import overview
from guildhall.domains.evaluation.outcomes import NewlyStored
from guildhall.domains.evaluation.overview import ActiveSimulation, Cell
from guildhall.domains.evaluation.simulations import Progress
from guildhall.errors import Unavailable

_log = logging.getLogger("guildhall.dashboard")

_LOOK_S = 1.0
_REST_S = 0.5


async def simulation_events(
    database: Database, actor: Actor, simulation_id: UUID, row_of: RowOf
) -> AsyncIterator[Event]:
    """
    `cells` with every trial that was stored, `progress`, and `end` when the simulation is over.

    `row_of` says in which row of the grid a scenario stands.
    """
    stored: list[NewlyStored] = []
    async for news in following.follow(database, actor, simulation_id, longest_s=_REST_S):
        if not isinstance(news, Progress):
            stored.append(news)
            continue
        if stored:
            yield cells_event(stored, row_of)
            stored = []
        yield Event("progress", progress_fragment(news), is_state=True)
        if news.has_ended:
            yield Event("end", b"over")


async def missed_cells(
    database: Database, actor: Actor, simulation_id: UUID, since: datetime, row_of: RowOf
) -> AsyncIterator[Event]:
    """What was stored since a page was rendered."""
    missed = [each async for each in following.catch_up(database, actor, simulation_id, since)]
    if missed:
        yield cells_event(missed, row_of)


RowOf = Callable[[str], int | None]


def cells_event(stored: Sequence[NewlyStored], row_of: RowOf) -> Event:
    """Cells of the grid as they are now; its id is the time of the last, from which whoever comes again goes on."""
    drawn = [
        (row, Cell(each.scenario_id, each.trial_number, "done", each.outcome_id, each.passed, each.status, each.fault))
        for each in stored
        if (row := row_of(each.scenario_id)) is not None
    ]
    last = max(each.created_at for each in stored)
    return Event("cells", fragment("cells.html", cells=drawn), id=str(round(last.timestamp() * 1_000_000)))


def progress_fragment(progress: Progress) -> bytes:
    """How far a simulation is."""
    return fragment("progress.html", progress=progress, eta_s=progress.eta_s(clock.now()))


async def active_events(database: Database, actor: Actor) -> AsyncIterator[Event]:
    """`active`: the team's simulations that are not over, whenever anything of them has changed."""
    last = b""
    while True:
        try:
            async with database.transaction(actor) as tx:
                active = await overview.active_simulations(tx)
        except Unavailable as error:
            _log.warning("active simulations cannot be followed for the moment: %s", error)
        else:
            drawn = active_fragment(active)
            if drawn != last:
                yield Event("active", drawn, is_state=True)
                last = drawn
        await asyncio.sleep(_LOOK_S)


def active_fragment(active: Sequence[ActiveSimulation]) -> bytes:
    """Simulations that are not over."""
    return fragment("active.html", active=active)


def time_of(event_id: str | None) -> datetime | None:
    """The time that an event's id, or a page's mark, stands for; None where it is none."""
    try:
        return None if event_id is None else datetime.fromtimestamp(int(event_id) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
