"""How the server and the database are, in findings that say what to do."""

from guildhall.domains.platform.operations.rules import is_ahead, judge_schema, overall, schema_unusable
from guildhall.domains.platform.operations.service import examine, note_upkeep, tidy
from guildhall.domains.platform.operations.types import Disk, Finding, Level, Measure, Surroundings

__all__ = [
    "Disk",
    "Finding",
    "Level",
    "Measure",
    "Surroundings",
    "examine",
    "is_ahead",
    "judge_schema",
    "note_upkeep",
    "overall",
    "schema_unusable",
    "tidy",
]
