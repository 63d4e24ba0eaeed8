"""Ensembles, their votes, and what was learned of their members, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from guildhall.domains.gateway.ensembles import Kept, Learned, Record, Tally


def ensemble_document(kept: Kept) -> dict[str, Any]:
    """A named ensemble: its configuration as it was given."""
    return asdict(kept)


def record_document(record: Record) -> dict[str, Any]:
    """A vote with its ballots."""
    vote = {name: value for name, value in asdict(record.vote).items() if name != "tenant_id"}
    return {**vote, "ballots": [{**asdict(each), "state": str(each.state)} for each in record.ballots]}


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
