"""What can be done with debates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.gateway.debates import rules, store
from guildhall.domains.gateway.debates.errors import DebateNotFound, DebateOver
from guildhall.domains.gateway.debates.store import DEBATES
from guildhall.domains.gateway.debates.types import (
    Count,
    Debate,
    DebateBallot,
    DebateStatus,
    NewDebate,
    Outcome,
    Record,
    Turn,
)

__all__ = [
    "DEBATES",
    "begin",
    "begin_round",
    "call_off",
    "close",
    "get_debate",
    "get_record",
    "lost_debates",
    "name_debate",
    "page_debates",
    "plan",
    "recount",
    "start",
    "take_turn",
    "turns_since",
]


async def begin(tx: Tx, new: NewDebate) -> UUID:
    """
    Open a debate, with the commit it is about; its id.

    Raises:
        DebateInvalid: It cannot be held as it is asked for.
    """
    return await _insert(tx, new, DebateStatus.ACTIVE)


async def plan(tx: Tx, new: NewDebate) -> UUID:
    """
    Write down a debate that somebody else is to hold; its id.

    Raises:
        DebateInvalid: It cannot be held as it is asked for.
    """
    return await _insert(tx, new, DebateStatus.PENDING)


async def start(tx: Tx, debate_id: UUID) -> None:
    """
    Begin a debate that was planned, or take up one that was begun.

    Raises:
        DebateOver: It has ended, or there is none.
    """
    if not await store.start_session(tx, debate_id):
        raise DebateOver(debate_id)


async def _insert(tx: Tx, new: NewDebate, status: DebateStatus) -> UUID:
    rules.check(new)
    debate_id = clock.new_id(tx.now)
    await store.insert_session(tx, debate_id, new, status)
    if new.code is not None:
        await store.insert_code_version(tx, debate_id, new.code)
    return debate_id


async def begin_round(tx: Tx, debate_id: UUID, number: int) -> None:
    """
    Say which round is being held.

    Raises:
        DebateOver: The debate has ended, or there is none.
    """
    if not await store.begin_round(tx, debate_id, number):
        raise DebateOver(debate_id)


async def take_turn(tx: Tx, debate_id: UUID, turn: Turn) -> None:
    """Keep what somebody said; it is never changed."""
    await store.insert_turn(tx, debate_id, turn)


async def close(
    tx: Tx, debate_id: UUID, cast: Sequence[DebateBallot], outcome: Outcome, positions: Sequence[str]
) -> None:
    """
    Keep every ballot and what both votes came to, and end the debate.

    Raises:
        DebateOver: The debate has ended already.
    """
    await store.insert_ballots(tx, debate_id, cast)
    ended = await store.end_session(
        tx,
        debate_id,
        DebateStatus.COMPLETED,
        winner=outcome.final.winner,
        positions=positions,
        metadata={"result": result_document(outcome)},
    )
    if not ended:
        raise DebateOver(debate_id)


async def call_off(tx: Tx, debate_id: UUID, reason: str, positions: Sequence[str]) -> None:
    """End a debate without a vote; one that has ended stays as it is."""
    await store.end_session(
        tx, debate_id, DebateStatus.CANCELLED, positions=positions, metadata={"cancelled_because": reason[:2000]}
    )


async def lost_debates(tx: Tx) -> list[tuple[UUID, UUID]]:
    """
    Teams and debates of theirs that go on, and that nobody holds any more.

    It is upkeep: a scheduler's transaction may (`Database.duty`).
    """
    return await store.lost_debates(tx)


async def page_debates(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
) -> Page[Debate]:
    """A page of the team's debates (`db.listing`)."""
    return await store.page_debates(tx, filters, order, after=after, at_most=at_most)


async def name_debate(tx: Tx, name: str) -> UUID:
    """
    The id that a UUID or the beginning of one means.

    Raises:
        DebateNotFound: No debate of the team's begins so, or several do.
    """
    plain = name.strip().lower()
    found = await store.ids_like(tx, plain) if plain and set(plain) <= set("0123456789abcdef-") else []
    if len(found) != 1:
        raise DebateNotFound(name)
    return found[0]


async def get_debate(tx: Tx, debate_id: UUID) -> Debate:
    """
    A debate as it stands, without what was said.

    Raises:
        DebateNotFound: There is no such debate.
    """
    debate = await store.find_debate(tx, debate_id)
    if debate is None:
        raise DebateNotFound(str(debate_id))
    return debate


async def turns_since(tx: Tx, debate_id: UUID, since: datetime) -> list[Turn]:
    """What was said in a debate from a time on, in the order of time."""
    return await store.turns_since(tx, debate_id, since)


async def get_record(tx: Tx, debate_id: UUID) -> Record:
    """
    A debate with all that was said and cast.

    Raises:
        DebateNotFound: There is no such debate.
    """
    return Record(
        await get_debate(tx, debate_id),
        await store.turns_of(tx, debate_id),
        await store.ballots_of(tx, debate_id),
        await store.code_of(tx, debate_id),
    )


def recount(record: Record) -> dict[str, Count]:
    """Count both votes of a debate again, from its ballots and nothing else."""
    return {
        vote: rules.count(
            record.debate.method, [each for each in record.ballots if each.vote == vote], record.debate.positions
        )
        for vote in ("plain", "final")
        if any(each.vote == vote for each in record.ballots)
    }


def result_document(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the session's metadata keeps it."""
    return {
        "plain": count_document(outcome.plain),
        "final": count_document(outcome.final),
        "changed": outcome.changed,
        "stopped": str(outcome.stopped),
        "rounds_held": outcome.rounds_held,
    }


def count_document(count: Count) -> dict[str, Any]:
    """A count as JSON."""
    return {
        "method": count.method,
        "rule": count.rule,
        "winners": list(count.winners),
        "scores": dict(count.scores),
        "voters": count.voters,
        "lead": round(count.lead, 6),
        "others": {rule: list(winners) for rule, winners in count.others.items()},
    }
