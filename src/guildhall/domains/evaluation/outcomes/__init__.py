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
    add_tool_usage,
    get_outcome,
    list_outcomes,
    make_room,
    months_of,
    partitions,
    places,
    record_trials,
    revise_trials,
    try_writing,
)
from guildhall.domains.evaluation.outcomes.types import (
    NewOutcome,
    NewToolUsage,
    Outcome,
    OutcomePage,
    OutcomeStatus,
    Partitions,
    Position,
    Recorded,
    ToolUsage,
    TrialPlace,
    TrialRecord,
    Writing,
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
    "Partitions",
    "Position",
    "RecordUnreadable",
    "Recorded",
    "ToolUsage",
    "TrialPlace",
    "TrialRecord",
    "Writing",
    "add_tool_usage",
    "get_outcome",
    "list_outcomes",
    "make_room",
    "months_of",
    "pack",
    "partitions",
    "places",
    "record_trials",
    "revise_trials",
    "try_writing",
]
