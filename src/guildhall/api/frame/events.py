"""
Events as they happen (server-sent events, WHATWG HTML §9.2): one source for all who listen to the same.

A channel has one source in this process, however many listen, and a listener
holds no database connection: it waits for bytes that were encoded once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fastapi.responses import StreamingResponse

from guildhall.errors import GuildhallError, InvalidInput, NotAllowed

if TYPE_CHECKING:
    from guildhall.api.frame.house import House

_log = logging.getLogger("guildhall.api")

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 15.0
"""So often a stream in which nothing happens says that it is there."""

_GUARD_S = 3.0
_LOOK_S = 0.25
_MOST_WAITING = 4_096
"""Events that may wait for a slow listener; it is then let go, and takes it up again by Last-Event-ID."""
_BEGINNING = b"retry: 2000\n\n"
_HEARTBEAT = b": still here\n\n"


class EventIdUnusable(InvalidInput):
    """A Last-Event-ID is none of this stream's."""

    code = "event_id_unusable"

    def __init__(self, given: str) -> None:
        super().__init__(
            f"Last-Event-ID is {given[:100]!r}, expected the id of an event of this stream, or 0",
            remedy="Leave it out, or send 0 to hear of everything.",
            field="Last-Event-ID",
            value=given[:100],
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `is_state` says that it is all that somebody who comes later needs to know of this kind."""

    kind: str
    data: bytes
    id: str | None = None
    is_state: bool = False

    def encoded(self) -> bytes:
        """The event as it is sent; `data` is JSON in one line."""
        name = f"id: {self.id}\n" if self.id else ""
        return f"event: {self.kind}\n{name}data: ".encode() + self.data + b"\n\n"


_FAREWELL = Event("closing", b"{}").encoded()
"""The server is about to stop: another process answers whoever comes again."""

Source: TypeAlias = Callable[[], AsyncIterator[Event]]


class Listener:
    """One who listens."""

    __slots__ = ("_is_over", "queue", "token")

    def __init__(self, token: str) -> None:
        self.token = token
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._is_over = False

    def hear(self, event: bytes) -> None:
        """Be told, unless too much waits already."""
        if self._is_over:
            return
        if self.queue.qsize() >= _MOST_WAITING:
            self.end()
        else:
            self.queue.put_nowait(event)

    def end(self) -> None:
        """Be told nothing more than what waits."""
        if not self._is_over:
            self._is_over = True
            self.queue.put_nowait(None)


class _Channel:
    """What one source says, to all who listen."""

    def __init__(self, source: Source) -> None:
        self.listeners: set[Listener] = set()
        self.state: dict[str, bytes] = {}
        self.task = asyncio.create_task(self._run(source))

    async def _run(self, source: Source) -> None:
        try:
            async for event in source():
                encoded = event.encoded()
                if event.is_state:
                    self.state[event.kind] = encoded
                for listener in self.listeners:
                    listener.hear(encoded)
        except Exception:  # noqa: BLE001 - whatever it is, listeners are let go
            _log.exception("a source of events has failed")
        finally:
            for listener in self.listeners:
                listener.end()


class Hub:
    """All channels of one process."""

    def __init__(self) -> None:
        self._channels: dict[Hashable, _Channel] = {}
        self._guard: asyncio.Task[None] | None = None

    async def listen(
        self,
        house: House,
        key: Hashable,
        source: Source,
        *,
        token: str,
        before: AsyncIterator[Event] | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> AsyncIterator[bytes]:
        """
        What is said in a channel from now on, as bytes to be sent, and what was said `before`.

        It ends with the source, when the server is about to stop, or soon
        after the `token` is good no longer.
        """
        listener = Listener(token)
        channel = self._channels.get(key)
        if channel is None or channel.task.done():
            channel = self._channels[key] = _Channel(source)
        channel.listeners.add(listener)
        if self._guard is None or self._guard.done():
            self._guard = asyncio.create_task(self._watch(house))
        try:
            yield _BEGINNING
            for state in list(channel.state.values()):
                yield state
            if before is not None:
                async for event in before:
                    yield event.encoded()
            while True:
                try:
                    async with asyncio.timeout(heartbeat_s):
                        said = await listener.queue.get()
                except TimeoutError:
                    yield _HEARTBEAT
                    continue
                if said is None:
                    return
                yield said
        finally:
            channel.listeners.discard(listener)
            if not channel.listeners:
                channel.task.cancel()
                if self._channels.get(key) is channel:
                    del self._channels[key]

    async def _watch(self, house: House) -> None:
        """Let go of listeners when the server stops, or when their credentials have ended."""
        looked_at = asyncio.get_running_loop().time()
        while listeners := [each for channel in self._channels.values() for each in channel.listeners]:
            if house.closing.is_set():
                for each in listeners:
                    each.hear(_FAREWELL)
                    each.end()
            elif asyncio.get_running_loop().time() - looked_at >= _GUARD_S:
                for token in {each.token for each in listeners}:
                    if not await _is_good(house, token):
                        for each in listeners:
                            if each.token == token:
                                each.end()
                looked_at = asyncio.get_running_loop().time()
            await asyncio.sleep(_LOOK_S)


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """An answer that goes on; proxies are asked not to keep it back."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, 200, headers, MEDIA_TYPE)


async def _is_good(house: House, token: str) -> bool:
    try:
        caller = await house.doorkeeper.admit(token)
        async with house.doorkeeper.transaction(caller, caller.actor):
            return True
    except NotAllowed:
        return False
    except GuildhallError as error:
        _log.warning("whether listeners may go on cannot be said: %s", error)
        return True  # the database is away; whoever listens is told nothing meanwhile
