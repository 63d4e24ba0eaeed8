"""The verbs of lanes: how types of job are held back, and what goes on in each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum

from guildhall.db import Tx
from guildhall.domains.platform.jobs import rules, store
from guildhall.domains.platform.jobs.errors import JobTypeUnknown, QueueUnknown
from guildhall.domains.platform.jobs.types import Activity, Hand, Lane, Rate


class Unchanged(Enum):
    """A limit that stays as it is, where None means none."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED


async def list_lanes(tx: Tx) -> list[Lane]:
    """Every type of job in each of its queues, by name."""
    return await store.lanes(tx)


async def insist_known(tx: Tx, task_type: str | None, queue: str | None = None) -> None:
    """
    Make sure that a type, a queue, or a type in a queue is there, before nothing is found in it; None is any.

    Raises:
        JobTypeUnknown, QueueUnknown: No worker has made it known.
    """
    types = await store.types(tx)
    if queue is not None and all(each.queue != queue for each in types):
        raise QueueUnknown(queue, {each.queue for each in types})
    if task_type is not None and not any(each.name == task_type and queue in (None, each.queue) for each in types):
        elsewhere = [each.queue for each in types if each.name == task_type]
        raise JobTypeUnknown(task_type, queue, {each.name for each in types}, elsewhere)


async def hold_types(tx: Tx, task_type: str | None, queue: str | None, *, is_paused: bool) -> list[Lane]:
    """
    Begin no more jobs of a type, of a queue, or of a type in a queue, until they are resumed; what is under way goes on.

    With `is_paused` false they go on. One of the two is named.

    Raises:
        JobTypeUnknown, QueueUnknown: No worker has made it known.
    """
    return await _known(tx, task_type, queue, await store.hold_lanes(tx, task_type, queue, is_paused=is_paused))


async def limit_type(
    tx: Tx,
    task_type: str,
    queue: str | None = None,
    *,
    most: int | Unchanged | None = UNCHANGED,
    rate: Rate | Unchanged | None = UNCHANGED,
) -> list[Lane]:
    """
    Say how many jobs of a type may be at work at once and begin within a time, in one of its queues or in each.

    None takes a limit away. It holds over all workers.

    Raises:
        LimitInvalid: `most` is below 0, or the rate is not above it.
        JobTypeUnknown: No worker has made it known.
    """
    rules.check_limits(most if isinstance(most, int) else None, rate if isinstance(rate, Rate) else None)
    found = await store.limit_lanes(
        tx,
        task_type,
        queue,
        sets_most=most is not UNCHANGED,
        max_running=most if isinstance(most, int) else None,
        sets_rate=rate is not UNCHANGED,
        rate=rate if isinstance(rate, Rate) else None,
    )
    return await _known(tx, task_type, queue, found)


async def activity(tx: Tx, lately: timedelta = timedelta(seconds=5)) -> list[Activity]:
    """What goes on in each lane, of all teams where the transaction is for none; `lately` is what rates are reckoned over."""
    return await store.activity(tx, lately)


async def hands(tx: Tx) -> list[Hand]:
    """Who works, and on what."""
    running = await store.under_way(tx)
    return [Hand(each, running.get(each.name, {})) for each in await store.workers(tx)]


async def _known(tx: Tx, task_type: str | None, queue: str | None, found: Sequence[Lane]) -> list[Lane]:
    if not found:
        lanes = await store.lanes(tx)
        if task_type is None:
            raise QueueUnknown(queue or "", {each.queue for each in lanes})
        raise JobTypeUnknown(task_type, queue, {each.task_type for each in lanes})
    return sorted(found, key=lambda each: (each.task_type, each.queue))
