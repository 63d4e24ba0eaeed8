"""A call under way: who makes it, what they ask, what has come of it so far, and where its answer goes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from guildhall import clock
from guildhall.adapters.upstreams import Asked
from guildhall.app.gateway.directory import Book
from guildhall.app.gateway.planning import Plan
from guildhall.app.gateway.recording import Recording
from guildhall.domains.gateway.requests import Answer, Kept, NewCall, Purpose
from guildhall.domains.platform.identity import Caller, Conversation
from guildhall.errors import GuildhallError, InvalidInput, NotAllowed

MOST_ATTEMPTS = 4
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class ModelsNotAllowed(NotAllowed):
    """A key, or a person, may not call models."""

    code = "scope_missing"

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(
            f"the API key has the scopes {', '.join(scopes)}, expected models",
            remedy="Use another key; `guildhall keys add --scope models` makes one.",
            scopes=list(scopes),
        )


class IdempotencyKeyUnusable(InvalidInput):
    """An idempotency key is written as none can be."""

    code = "idempotency_key_unusable"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key is {key[:100]!r}, expected 1 to 255 visible ASCII characters",
            field="Idempotency-Key",
            value=key[:100],
        )


class Reply(Protocol):
    """
    Where an answer goes. Sending to a caller who has gone does nothing.

    `start` and `send` may be begun outside a task, and go on within one if they
    have to wait (`begun`).
    """

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin, once."""
        ...

    async def send(self, part: bytes, *, more: bool) -> None:
        """Send a part; after the last one nothing more comes."""
        ...

    async def break_off(self, error: GuildhallError) -> None:
        """Say within a stream that it has broken, and end it."""
        ...


@dataclass(slots=True)
class Context:
    """What comes with a call beside its body; `call_id` names it for the caller, too."""

    token: str
    headers: Mapping[str, str]
    path: str
    call_id: UUID = field(default_factory=clock.new_id)
    began_ms: float = field(default_factory=clock.monotonic_ms)
    caller: Caller | None = None
    """Who calls, once they were let in."""
    purpose: Purpose | None = None
    session: Conversation | None = None

    @property
    def idempotency_key(self) -> str | None:
        """The key under which it is done once."""
        key = self.headers.get("idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            raise IdempotencyKeyUnusable(key)
        return key


@dataclass(slots=True)
class Course:
    """A call under way."""

    context: Context
    caller: Caller
    book: Book
    asked: Asked
    call: NewCall
    key: str | None
    plan: Plan
    attempts: int = 0
    answers: list[Answer] = field(default_factory=list)
    started: bool = False
    is_ended: bool = False
    """Its last end is with the ledger; there is no other."""
    sent: Recording = field(default_factory=Recording)
    ends: Callable[[Answer, Kept | None], Awaitable[None]] | None = None
    """What is done with its last answer, where it is one of several calls that answer one request."""
    most_attempts: int = MOST_ATTEMPTS


@dataclass(slots=True)
class Failure:
    """Why an attempt has brought no answer, and whether another may."""

    error: GuildhallError
    answer: Answer
    may_again: bool = True
    elsewhere: bool = True
    wait_s: float = 0.0
