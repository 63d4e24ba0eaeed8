"""Outcomes: the record of each trial, its tool usage, and how both get into the database in bulk."""

from guildhall.domains.evaluation.outcomes.errors import (
    OutcomeIdTaken,
    OutcomeNotFound,
    OutcomeRefused,
    RecordUnreadable,
)
from guildhall.domains.evaluation.outcomes.packing import PackedTrial, pack
from guildhall.domains.evaluation.outcomes.rules import Month
from guildhall.domains.evaluation.outcomes.service import (
    get_outcome,
    list_outcomes,
    make_room,
    months_of,
    record_trials,
)
from guildhall.domains.evaluation.outcomes.types import (
    NewOutcome,
    NewToolUsage,
    Outcome,
    OutcomePage,
    OutcomeStatus,
    Position,
    Recorded,
    ToolUsage,
    TrialRecord,
)

__all__ = [
    "Month",
    "NewOutcome",
    "NewToolUsage",
    "Outcome",
    "OutcomeIdTaken",
    "OutcomeNotFound",
    "OutcomePage",
    "OutcomeRefused",
    "OutcomeStatus",
    "PackedTrial",
    "Position",
    "RecordUnreadable",
    "Recorded",
    "ToolUsage",
    "TrialRecord",
    "get_outcome",
    "list_outcomes",
    "make_room",
    "months_of",
    "pack",
    "record_trials",
]
