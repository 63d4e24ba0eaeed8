"""
Debates: models answer a question on their own, argue in a few rounds, and vote.

The vote on the first answers, which nobody else had seen, is always kept beside
the last one, with every ballot: whether the debate changed anything is part of
the record, and anybody can count again.
"""

from guildhall.domains.gateway.debates.errors import DebateInvalid, DebateNotFound, DebateOver, NobodyAnswered
from guildhall.domains.gateway.debates.rules import (
    count,
    gather,
    last_words,
    letters,
    normalise,
    read_statement,
    spoken_in,
    why_stop,
)
from guildhall.domains.gateway.debates.service import (
    DEBATES,
    begin,
    begin_round,
    call_off,
    close,
    count_document,
    get_record,
    name_debate,
    page_debates,
    recount,
    result_document,
    take_turn,
)
from guildhall.domains.gateway.debates.types import (
    MODERATOR,
    CodeVersion,
    Count,
    Debate,
    DebateBallot,
    DebateStatus,
    Method,
    NewDebate,
    Outcome,
    Participant,
    Record,
    Statement,
    Stop,
    Turn,
)

__all__ = [
    "DEBATES",
    "MODERATOR",
    "CodeVersion",
    "Count",
    "Debate",
    "DebateBallot",
    "DebateInvalid",
    "DebateNotFound",
    "DebateOver",
    "DebateStatus",
    "Method",
    "NewDebate",
    "NobodyAnswered",
    "Outcome",
    "Participant",
    "Record",
    "Statement",
    "Stop",
    "Turn",
    "begin",
    "begin_round",
    "call_off",
    "close",
    "count",
    "count_document",
    "gather",
    "get_record",
    "last_words",
    "letters",
    "name_debate",
    "normalise",
    "page_debates",
    "read_statement",
    "recount",
    "result_document",
    "spoken_in",
    "take_turn",
    "why_stop",
]
