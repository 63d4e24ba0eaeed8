"""Debates, their turns, ballots and counts, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.gateway.debates import Count, Debate, DebateBallot, Record, Turn, count_document


@described
class DebateDocument(TypedDict):
    """A debate as it stands."""

    id: UUID
    topic: str
    description: str | None
    status: str
    current_round: int
    total_rounds: int
    voting_method: str
    positions: Sequence[str]
    participants: Sequence[Mapping[str, Any]]
    final_winner: str | None
    """The position that won alone; null in a tie, and before the end."""
    metadata: Mapping[str, Any]
    """Under `result`: the plain vote, the final vote, whether they differ, and why nobody spoke any more."""
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


@described
class TurnDocument(TypedDict):
    """What one participant said in one round."""

    round_number: int
    turn_number: int
    participant_id: str
    position: str
    """Empty where the answer took none, and for the moderator."""
    content: str
    confidence: float | None
    tokens_used: int | None
    response_time_ms: int | None
    request_id: str | None
    """The call in the gateway's ledger, where it went through one of ours."""
    created_at: datetime | None


@described
class BallotDocument(TypedDict):
    """How one participant voted."""

    vote: str
    participant_id: str
    ranking: Sequence[str]
    weight: float


class CodeVersionDocument(TypedDict):
    """A commit that a debate is about."""

    version_hash: str
    branch: str
    commit_message: str | None
    files_changed: Sequence[str]
    diff_summary: str | None
    validation_status: str
    test_results: Mapping[str, Any]


class RecordDocument(TypedDict):
    """A debate with all that was said and cast."""

    debate: DebateDocument
    turns: Sequence[TurnDocument]
    ballots: Sequence[BallotDocument]
    code_versions: Sequence[CodeVersionDocument]


@described
class CountDocument(TypedDict):
    """What a vote came to."""

    method: str
    rule: str
    """What decided: by `condorcet` it may be Schulze's rule."""
    winners: Sequence[str]
    """Several in a tie, none where nobody voted."""
    scores: Mapping[str, float]
    voters: int
    lead: float
    others: Mapping[str, Sequence[str]]
    """What other rules would have said."""


@described
class RecountDocument(TypedDict):
    """What the ballots come to, beside what the record says."""

    debate: str
    votes: Mapping[str, CountDocument]
    """`plain`, on the first answers, and `final`."""
    agrees: bool


def debate_document(debate: Debate) -> DebateDocument:
    return DebateDocument(
        id=debate.id,
        topic=debate.topic,
        description=debate.description,
        status=str(debate.status),
        current_round=debate.current_round,
        total_rounds=debate.total_rounds,
        voting_method=str(debate.method),
        positions=debate.positions,
        participants=debate.participants,
        final_winner=debate.final_winner,
        metadata=debate.metadata,
        created_at=debate.created_at,
        started_at=debate.started_at,
        completed_at=debate.completed_at,
    )


def turn_document(turn: Turn) -> TurnDocument:
    return TurnDocument(
        round_number=turn.round_number,
        turn_number=turn.turn_number,
        participant_id=turn.participant,
        position=turn.position,
        content=turn.content,
        confidence=None if turn.confidence is None else float(turn.confidence),
        tokens_used=turn.tokens_used,
        response_time_ms=turn.response_time_ms,
        request_id=turn.raw_response.get("request_id"),
        created_at=turn.created_at,
    )


def record_document(record: Record) -> RecordDocument:
    return RecordDocument(
        debate=debate_document(record.debate),
        turns=[turn_document(each) for each in record.turns],
        ballots=[_ballot_document(each) for each in record.ballots],
        code_versions=[
            CodeVersionDocument(
                version_hash=each.version_hash,
                branch=each.branch,
                commit_message=each.commit_message,
                files_changed=each.files_changed,
                diff_summary=each.diff_summary,
                validation_status=each.validation_status,
                test_results=each.test_results,
            )
            for each in record.code
        ],
    )


def recount_document(record: Record, counted: Mapping[str, Count]) -> RecountDocument:
    """What the ballots come to, beside what the record says."""
    kept = record.debate.metadata.get("result") or {}
    return {
        "debate": str(record.debate.id),
        "votes": {vote: cast(CountDocument, count_document(each)) for vote, each in counted.items()},
        "agrees": all(
            list(each.winners) == (kept.get(vote) or {}).get("winners", []) for vote, each in counted.items()
        ),
    }


def _ballot_document(ballot: DebateBallot) -> BallotDocument:
    return BallotDocument(
        vote=ballot.vote,
        participant_id=ballot.participant,
        ranking=list(ballot.ranking),
        weight=float(ballot.weight),
    )
