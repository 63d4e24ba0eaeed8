"""
The ledger of calls: a row before each call of a model, and one for each answer, sealed as the audit is.

`begin` and `end` write batches that mix teams, as the role that adds rows and
can change none of what was asked; `page_calls` and `get_story` read a team's
own. Long messages, parameters and answers are kept once, beside the rows.
"""

from guildhall.domains.gateway.requests.errors import CallKeyReused, CallNotFound, CallUnderWay
from guildhall.domains.gateway.requests.rules import (
    EXCERPT,
    body_of,
    excerpt,
    pack_answer,
    pack_list,
    pack_object,
    sum_of,
)
from guildhall.domains.gateway.requests.service import (
    begin,
    claim,
    close_lost,
    end,
    forget_process,
    get_story,
    make_room,
    other_processes,
    page_calls,
    period_start,
    register,
    release,
    select,
    tidy,
)
from guildhall.domains.gateway.requests.store import CALLS, Belief
from guildhall.domains.gateway.requests.types import (
    Answer,
    Body,
    Call,
    Claimed,
    End,
    Kept,
    NewCall,
    Packed,
    Refusal,
    RequestType,
    Reservation,
    Response,
    Selected,
    Story,
    Usage,
)

__all__ = [
    "CALLS",
    "EXCERPT",
    "Answer",
    "Belief",
    "Body",
    "Call",
    "CallKeyReused",
    "CallNotFound",
    "CallUnderWay",
    "Claimed",
    "End",
    "Kept",
    "NewCall",
    "Packed",
    "Refusal",
    "RequestType",
    "Reservation",
    "Response",
    "Selected",
    "Story",
    "Usage",
    "begin",
    "body_of",
    "claim",
    "close_lost",
    "end",
    "excerpt",
    "forget_process",
    "get_story",
    "make_room",
    "other_processes",
    "pack_answer",
    "pack_list",
    "pack_object",
    "page_calls",
    "period_start",
    "register",
    "release",
    "select",
    "sum_of",
    "tidy",
]
