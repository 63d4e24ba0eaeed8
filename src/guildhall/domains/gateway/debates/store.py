"""One function for each statement on debates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.algorithms import sanitise
from guildhall.db import Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.gateway.debates.types import (
    CodeVersion,
    Debate,
    DebateBallot,
    DebateStatus,
    Method,
    NewDebate,
    Participant,
    Turn,
)

_queries = load_queries(__package__)

DEBATES = Listing(
    query=_queries.debates,
    key=("id",),
    orders={"created_at": Order("created_at", descending=True), "completed_at": Order("completed_at", nullable=True)},
    filters={
        "status": Filter("status"),
        "voting_method": Filter("voting_method"),
        "created_from": Filter("created_at", Match.AT_LEAST),
        "created_before": Filter("created_at", Match.BELOW),
    },
)


async def lost_debates(tx: Tx) -> list[tuple[UUID, UUID]]:
    return [(row["tenant_id"], row["id"]) for row in await tx.fetch(_queries.lost_debates)]


async def insert_session(tx: Tx, debate_id: UUID, new: NewDebate, status: DebateStatus) -> None:
    await tx.execute(
        _queries.insert_session,
        id=debate_id,
        topic=new.topic,
        description=new.description,
        status=str(status),
        started_at=tx.now if status is DebateStatus.ACTIVE else None,
        total_rounds=new.rounds,
        voting_method=str(new.method),
        positions=list(new.positions),
        participants=[_participant(each) for each in new.participants],
        metadata={
            **new.metadata,
            "moderator": new.moderator,
            "when_below": None if new.when_below is None else float(new.when_below),
            "in_turn": new.in_turn,
        },
    )


async def start_session(tx: Tx, debate_id: UUID) -> bool:
    return await tx.execute(_queries.start_session, id=debate_id) == 1


async def insert_code_version(tx: Tx, debate_id: UUID, code: CodeVersion) -> None:
    await tx.execute(
        _queries.insert_code_version,
        session_id=debate_id,
        version_hash=code.version_hash,
        branch=code.branch,
        commit_message=code.commit_message,
        files_changed=list(code.files_changed),
        diff_summary=code.diff_summary,
        validation_status=code.validation_status,
        test_results=dict(code.test_results),
    )


async def insert_turn(tx: Tx, debate_id: UUID, turn: Turn) -> None:
    await tx.execute(
        _queries.insert_turn,
        id=clock.new_id(tx.now),
        session_id=debate_id,
        round_number=turn.round_number,
        turn_number=turn.turn_number,
        participant_id=turn.participant,
        position=turn.position,
        content=turn.content,
        raw_response=dict(turn.raw_response),
        tokens_used=turn.tokens_used,
        response_time=turn.response_time_ms,
        confidence=turn.confidence,
    )


async def begin_round(tx: Tx, debate_id: UUID, number: int) -> bool:
    return await tx.execute(_queries.begin_round, id=debate_id, round=number) == 1


async def insert_ballots(tx: Tx, debate_id: UUID, cast: Sequence[DebateBallot]) -> None:
    await tx.execute(
        _queries.insert_ballots,
        session_id=debate_id,
        votes=[each.vote for each in cast],
        participant_ids=[each.participant for each in cast],
        rankings=[sanitise.to_json(list(each.ranking)).decode() for each in cast],
        weights=[each.weight for each in cast],
    )


async def end_session(
    tx: Tx,
    debate_id: UUID,
    status: DebateStatus,
    *,
    winner: str | None = None,
    positions: Sequence[str] = (),
    metadata: Mapping[str, Any],
) -> bool:
    changed = await tx.execute(
        _queries.end_session,
        id=debate_id,
        status=str(status),
        final_winner=winner,
        positions=list(positions),
        metadata=dict(metadata),
    )
    return changed == 1


async def page_debates(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[Debate]:
    page = await fetch_page(tx, DEBATES, filters, order, after=after, at_most=at_most)
    return page.of(_debate)


async def find_debate(tx: Tx, debate_id: UUID) -> Debate | None:
    row = await tx.find(_queries.find_debate, id=debate_id)
    return None if row is None else _debate(row)


async def ids_like(tx: Tx, beginning: str) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(_queries.ids_like, beginning=beginning)]


async def turns_of(tx: Tx, debate_id: UUID) -> list[Turn]:
    return [_turn(row) for row in await tx.fetch(_queries.turns_of, session_id=debate_id)]


async def turns_since(tx: Tx, debate_id: UUID, since: datetime) -> list[Turn]:
    return [_turn(row) for row in await tx.fetch(_queries.turns_since, session_id=debate_id, since=since)]


async def ballots_of(tx: Tx, debate_id: UUID) -> list[DebateBallot]:
    return [
        DebateBallot(row["vote"], row["participant_id"], tuple(row["ranking"]), row["weight"])
        for row in await tx.fetch(_queries.ballots_of, session_id=debate_id)
    ]


async def code_of(tx: Tx, debate_id: UUID) -> list[CodeVersion]:
    return [
        CodeVersion(
            version_hash=row["version_hash"],
            branch=row["branch"],
            commit_message=row["commit_message"],
            files_changed=row["files_changed"],
            diff_summary=row["diff_summary"],
            validation_status=row["validation_status"],
            test_results=row["test_results"],
        )
        for row in await tx.fetch(_queries.code_of, session_id=debate_id)
    ]


def _participant(each: Participant) -> dict[str, Any]:
    return {
        "name": each.name,
        "model": each.model,
        "weight": float(each.weight),
        "role": each.role,
        "position": each.position,
    }


def _turn(row: Row) -> Turn:
    return Turn(
        round_number=row["round_number"],
        turn_number=row["turn_number"],
        participant=row["participant_id"],
        position=row["position"],
        content=row["content"],
        raw_response=row["raw_response"],
        tokens_used=row["tokens_used"],
        response_time_ms=row["response_time"],
        confidence=row["confidence"],
        created_at=row["created_at"],
    )


def _debate(row: Row) -> Debate:
    return Debate(
        id=row["id"],
        topic=row["topic"],
        description=row["description"],
        status=DebateStatus(row["status"]),
        current_round=row["current_round"],
        total_rounds=row["total_rounds"],
        method=Method(row["voting_method"]),
        positions=row["positions"],
        participants=row["participants"],
        final_winner=row["final_winner"],
        metadata=row["metadata"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
    )
