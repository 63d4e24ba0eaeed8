"""
Debates in the background and in view: asking for one that a worker is to hold, and following it turn by turn.

A debate that is asked for is written down whole and a job with it, in one
transaction; who holds it needs nothing but its id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from guildhall import clock
from guildhall.app.gateway.course import ModelsNotAllowed
from guildhall.app.gateway.deputies import Errand
from guildhall.app.workers import ours
from guildhall.db import Actor, Database, Tx
from guildhall.domains.gateway import debates
from guildhall.domains.gateway.debates import Debate, DebateNotFound, DebateOver, NewDebate, Turn
from guildhall.domains.platform import identity, jobs
from guildhall.domains.platform.identity import Caller, Scope
from guildhall.domains.platform.jobs import NewJob
from guildhall.errors import Conflict, Unavailable

LONGEST_TRANSACTION = timedelta(seconds=60)
"""How much later than others a turn may be committed that was spoken at the same time."""

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Before every debate."""

_SHORTEST_S, _IDLE_S, _LONGEST_S = 0.25, 1.0, 10.0
_SHARE = 20
"""Asking takes at most one in so many parts of the time."""

_log = logging.getLogger(__name__)

News: TypeAlias = Debate | Turn


class NobodyHoldsDebates(Conflict):
    """No worker has ever said that it holds debates."""

    code = "no_worker"

    def __init__(self) -> None:
        super().__init__(
            "no worker has said yet that it holds debates",
            remedy="Start one: `guildhall worker`, with GUILDHALL_SECRET_KEY as the gateway has it.",
        )


async def ask_for(
    tx: Tx, types: jobs.Types, caller: Caller, new: NewDebate, *, temperature: float | None = None
) -> UUID:
    """
    Write a debate down that a worker is to hold for the caller, by their key or session; its id.

    Raises:
        ModelsNotAllowed: The key is not for models.
        DebateInvalid: It cannot be held as it is asked for.
        NobodyHoldsDebates: No worker knows of debates.
    """
    if not identity.allows(caller.scopes, Scope.MODELS):
        raise ModelsNotAllowed(caller.scopes)
    job_id = clock.new_id()
    told = {"asked_with": Errand.of(caller).document(), "job_id": str(job_id), "temperature": temperature}
    debate_id = await debates.plan(tx, replace(new, metadata={**new.metadata, **told}))
    job = NewJob(ours.DEBATE, {"debate": str(debate_id)}, id=job_id, unique_key=f"debate:{debate_id}")
    try:
        await jobs.enqueue(tx, types, [job])
    except jobs.JobTypeUnknown:
        raise NobodyHoldsDebates from None
    return debate_id


async def end(tx: Tx, debate: Debate) -> None:
    """
    End a debate without a vote, and the job that was to hold it: whoever is asked by it is hung up on.

    Raises:
        DebateOver: It has ended already.
    """
    if debate.has_ended:
        raise DebateOver(debate.id)
    await debates.call_off(tx, debate.id, "somebody has ended it", debate.positions)
    job_id = debate.metadata.get("job_id")
    if isinstance(job_id, str):
        with suppress(jobs.JobNotFound, jobs.JobStateWrong):
            await jobs.change_each(tx, "cancel", [UUID(job_id)])


async def follow(database: Database, actor: Actor, debate_id: UUID) -> AsyncIterator[News]:
    """
    Each turn of a debate as soon as it is on record, and the debate whenever it has changed; at last the debate as it ended.

    A turn may come twice. While the database is away nothing comes.
    """
    last: Debate | None = None
    since = clock.now() - LONGEST_TRANSACTION
    seen: dict[tuple[int, int], datetime] = {}
    rest_s = _SHORTEST_S
    while True:
        began_ms = clock.monotonic_ms()
        try:
            async with database.transaction(actor) as tx:
                # The debate first: once it has ended nobody speaks any more, and all turns are read after that.
                debate = await debates.get_debate(tx, debate_id)
                turns = await debates.turns_since(tx, debate_id, since)
        except DebateNotFound:
            return
        except Unavailable as error:
            _log.warning("debate %s cannot be followed for the moment: %s", debate_id, error)
            await asyncio.sleep(_IDLE_S)
            continue
        new = [each for each in turns if (each.round_number, each.turn_number) not in seen]
        for each in new:
            at = each.created_at or clock.now()
            seen[each.round_number, each.turn_number] = at
            since = max(since, at - LONGEST_TRANSACTION)
            yield each
        seen = {place: at for place, at in seen.items() if at >= since}
        if debate != last:
            yield debate
            last = debate
        if debate.has_ended:
            return
        rest_s = _SHORTEST_S if new else min(1.5 * rest_s, _IDLE_S)
        took_s = (clock.monotonic_ms() - began_ms) / 1000
        await asyncio.sleep(min(max(rest_s, _SHARE * took_s), _LONGEST_S))


async def catch_up(database: Database, actor: Actor, debate_id: UUID, since: datetime) -> list[Turn]:
    """What was said since then, and a while before, for who has heard of turns up to that time."""
    async with database.transaction(actor) as tx:
        return await debates.turns_since(tx, debate_id, since - LONGEST_TRANSACTION)
