"""
Who is asked when several models answer a call, and where what they say goes: a member's answer is gathered, the caller's announced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from guildhall.adapters.upstreams import MOST_BYTES, Asked, Said, UpstreamSilent
from guildhall.app.gateway.course import Course, Reply
from guildhall.domains.gateway.ensembles import EnsembleFailed, Member, State
from guildhall.domains.gateway.requests import Answer
from guildhall.errors import GuildhallError, InvalidInput, LimitReached, NotFound


class Gathered:
    """A reply that keeps what a member's caller would be sent, as long as an answer may be."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.error: GuildhallError | None = None
        self._parts: list[bytes] = []
        self._size = 0

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self.headers = headers

    async def send(self, part: bytes, *, more: bool) -> None:
        self._size += len(part)
        if more and self._size > MOST_BYTES:
            raise UpstreamSilent("too_long", f"the answer is longer than {MOST_BYTES:,} bytes")
        self._parts.append(part)

    async def break_off(self, error: GuildhallError) -> None:
        self.error = error

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)


class Announced:
    """The caller's reply, whose headers say in addition what answered."""

    def __init__(self, reply: Reply, headers: Mapping[str, str]) -> None:
        self._reply = reply
        self._headers = headers

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        await self._reply.start(status, {**headers, **self._headers})

    async def send(self, part: bytes, *, more: bool) -> None:
        await self._reply.send(part, more=more)

    async def break_off(self, error: GuildhallError) -> None:
        await self._reply.break_off(error)


@dataclass(slots=True, eq=False)
class Voice:
    """Somebody who is asked once: a member for an answer or a ranking, or the judge."""

    name: str
    model: str
    place: int
    layer: int
    asked: Asked
    member: Member | None = None
    part: Course | None = None
    said: Said | None = None
    sent: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: Answer | None = None
    error: GuildhallError | None = None

    @property
    def answer_id(self) -> UUID | None:
        """The ledger's row of what came back."""
        return None if self.answer is None else self.answer.id

    @property
    def code(self) -> str | None:
        """Why there is no answer, for programs."""
        return None if self.error is None else self.error.code

    @property
    def why(self) -> str:
        """Why there is no answer, for people."""
        return self.error.message if self.error is not None else "its answer holds nothing that can be voted on"


@dataclass(slots=True, eq=False)
class Late:
    """Who was still answering when a round was over."""

    voice: Voice
    task: asyncio.Task[None]
    ranks: bool


def state_of(voice: Voice, says_something: bool) -> State:
    """How somebody's ballot stands, by whether what they said can be voted on."""
    if voice.said is None:
        return State.FAILED
    return State.CAST if says_something else State.ABSTAINED


def none_answered(came: Sequence[Voice]) -> EnsembleFailed:
    """All have failed: with the status that all have in common, else 502."""
    statuses = {_status(each.error) for each in came}
    waits = [
        each.error.details["retry_after_s"]
        for each in came
        if each.error is not None and "retry_after_s" in each.error.details
    ]
    status = statuses.pop() if len(statuses) == 1 else 502
    return EnsembleFailed(
        {each.name: each.why for each in came}, status, min(waits) if waits and status in (429, 503) else None
    )


def _status(error: GuildhallError | None) -> int:
    if error is None:
        return 502
    stated = getattr(error, "status", None)
    if isinstance(stated, int):
        return stated
    if isinstance(error, LimitReached):
        return 429
    return 404 if isinstance(error, NotFound) else 400 if isinstance(error, InvalidInput) else 502
