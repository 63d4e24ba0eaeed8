"""
What programs tell of their executions, read into records: the dictionaries of the reference documents.

The client and the HTTP API read them with the same code, so that what follows
from what is told is the same however it comes.
"""

from guildhall.app.telling import executions
from guildhall.app.telling.errors import FieldMissing, FieldRefused
from guildhall.app.telling.fields import Fields
from guildhall.app.telling.records import KnownSimulation, failure, outcome_record, owner_of, told_again, tool_usage

__all__ = [
    "FieldMissing",
    "FieldRefused",
    "Fields",
    "KnownSimulation",
    "executions",
    "failure",
    "outcome_record",
    "owner_of",
    "told_again",
    "tool_usage",
]
