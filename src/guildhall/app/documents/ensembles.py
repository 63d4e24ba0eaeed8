"""Ensembles, their votes, and what was learned of their members, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import Amount, described
from guildhall.domains.gateway.ensembles import Kept, Learned, Record, Tally


@described
class EnsembleDocument(TypedDict):
    """A named ensemble, which callers ask as `ensemble/<name>`."""

    id: UUID
    name: str
    config: Mapping[str, Any]
    """As it was given: strategy, members with weights, judge, quorum …"""
    created_at: datetime
    updated_at: datetime


@described
class PutEnsembleDocument(EnsembleDocument):
    """An ensemble that was put under a name."""

    notes: Sequence[str]
    """What whoever put it there should know: which of its models nobody serves, say."""


@described
class BallotDocument(TypedDict):
    """What somebody who was asked has brought to a vote."""

    voter: str
    place: int
    """Where they stand among the members: ties go to the answer whose first voter stands first."""
    state: str
    """cast, abstained, failed or late."""
    weight: Amount
    layer: int
    option: str | None
    """The letter of their own answer; equal answers have one."""
    ranking: Sequence[str]
    """Letters, the best first."""
    grades: Mapping[str, int]
    """By letter, in thousandths of the highest."""
    response_id: UUID | None
    """Their answer, among the call's responses."""
    vote_id: UUID | None
    """The response in which they ranked or judged, where that was asked for apart."""
    answer_sha256: str | None
    error_code: str | None


@described
class VoteDocument(TypedDict):
    """How an ensemble's call was decided, with every ballot."""

    request_id: UUID
    created_at: datetime
    ensemble: str | None
    """The name it was asked by; null where the call brought its configuration along."""
    strategy: str
    rule: str | None
    """What was counted by; null where a judge wrote the answer."""
    winner: str | None
    winners: Sequence[str]
    """Several are a tie, of which `winner` is the one whose first voter stands first."""
    scores: Mapping[str, float]
    selected_id: UUID | None
    """Whose answer the caller was given, among the call's responses."""
    confidence: Amount | None
    """The winner's share, from 0 to 1."""
    stopped: str
    """all_in, decided or deadline."""
    fallback: str | None
    """Why the judge did not decide, where one should have."""
    others: Mapping[str, Sequence[str]]
    """What other rules would have said."""
    ballots: Sequence[BallotDocument]


def ensemble_document(kept: Kept) -> EnsembleDocument:
    """A named ensemble as JSON."""
    return {
        "id": kept.id,
        "name": kept.name,
        "config": kept.config,
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
    }


def record_document(record: Record) -> VoteDocument:
    """A vote with its ballots, as JSON."""
    vote = {name: value for name, value in asdict(record.vote).items() if name != "tenant_id"}
    ballots = [{**asdict(each), "state": str(each.state)} for each in record.ballots]
    document: VoteDocument = {**vote, "ballots": ballots}  # type: ignore[typeddict-item]  # its fields are the vote's
    return document


def recount_document(record: Record, tally: Tally | None, differences: Sequence[str]) -> dict[str, Any]:
    """A vote counted again, and in what the record says something else."""
    counted = None
    if tally is not None:
        counted = {
            "rule": str(tally.rule),
            "winner": tally.winner,
            "winners": list(tally.winners),
            "scores": dict(tally.scores),
            "confidence": tally.confidence,
        }
    return {
        "request_id": record.vote.request_id,
        "counted": counted,
        "agrees": not differences,
        "differences": list(differences),
    }


def learned_document(name: str, learned: Learned, *, applied: bool) -> dict[str, Any]:
    """What recorded votes propose, and whether it was set."""
    return {"ensemble": name, **asdict(learned), "applied": applied}
