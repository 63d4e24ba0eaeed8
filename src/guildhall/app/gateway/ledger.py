"""
Writing calls down: a row before each and one after it, many in one transaction.

Whoever begins a call waits until its row is durable, and until then nothing is
sent to a provider; whoever ends one waits until the answer is, and until then
the answer is not finished for the caller. Meanwhile others come, and go into
the next group. So a busy process commits some hundred times in a second, however
many calls there are; where there are few, each goes alone (`lines`).

While the database is away calls are refused, or, where there is a spool, are
written to the disk and delivered once it is back (`_come_back`, `_inherit`).

The transaction that begins calls also looks whether their callers may still
call. A process says that it is there by its presence; of one that is gone,
calls without an end are closed as lost.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.algorithms.envelope import EnvelopeUnreadable
from guildhall.app.gateway.delivery import REFUSALS as _REFUSALS
from guildhall.app.gateway.delivery import Delivery, lacks_a_partition, recall, without_contents
from guildhall.app.gateway.errors import AnswerUnrecorded, CallersChanged, CallUnrecordable, LedgerBehind
from guildhall.app.gateway.lines import Line
from guildhall.app.gateway.spooling import Began, CallSpool, Held
from guildhall.db import Database
from guildhall.domains.gateway import budgets, requests
from guildhall.domains.gateway.requests import Belief, End, NewCall
from guildhall.domains.platform.identity import KeyRefused
from guildhall.errors import GuildhallError, Unavailable

_MOST_WAITING = 50_000
_MOST_REFUSED = 1_000
_UNHELD = "a hard budget cannot be held while the database is away"
_PATIENCE_S = 15.0
_AGAIN_S = 0.25
_PAUSE_S = 2.0
_SWEEP_S = 20.0
_ROOM_S = 6 * 3600.0
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Beginning:
    call: NewCall
    belief: Belief
    done: asyncio.Future[None]
    came_ms: float = field(default_factory=clock.monotonic_ms)


@dataclass(slots=True, eq=False)
class _Ending:
    end: End
    done: asyncio.Future[None]
    came_ms: float = field(default_factory=clock.monotonic_ms)
    is_written: bool = False
    """Or never will be; whoever waited may have lost patience long before."""

    def finish(self, error: Exception | None = None) -> None:
        """It is written, or this says why it cannot be."""
        self.is_written = True
        if error is None:
            _done(self.done)
        else:
            _fail(self.done, error)


class Ledger:
    """The ledger as one process writes it; use it as a context manager, in the loop that it is used in."""

    def __init__(self, database: Database, *, spool: CallSpool | None = None, patience_s: float = _PATIENCE_S) -> None:
        self.process_id = clock.new_id()
        self._database = database
        self._patience_s = patience_s
        self._spool = spool
        self._away = False
        self._switch = asyncio.Lock()
        self._announcing = asyncio.Lock()
        self._broken = asyncio.Event()
        """The database was found away, so this process may have to be announced again."""
        self._undelivered: list[Held] = []
        self._returning: asyncio.Task[None] | None = None
        self._begun: Line[_Beginning] = Line()
        self._ended: Line[_Ending] = Line()
        self._idle = asyncio.Event()
        self._busy = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        self._closing = False

    @property
    def waiting(self) -> int:
        """How many rows are not durable yet."""
        return len(self._begun) + len(self._ended) + self._busy

    async def __aenter__(self) -> Ledger:
        """
        Begin, by closing what processes that are gone have left open.

        Raises:
            DatabaseUnavailable: Nobody answers.
        """
        key = secrets.randbits(62)
        self._presence = await self._stack.enter_async_context(self._database.presence(key))
        self._presence_key = key
        self._presence.on_lost = self._broken.set
        await self._announce()
        await self._make_room()
        await self._inherit()
        self._tasks = [
            *(
                asyncio.create_task(work)
                for helps in (False, True)
                for work in (
                    self._write(self._begun, self._begin_group, helps=helps),
                    self._write(self._ended, self._end_group, helps=helps),
                )
            ),
            asyncio.create_task(self._look_around()),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what waits; what the database does not take within the patience is closed as lost by whoever comes next."""
        self._closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                while self.waiting:
                    self._idle.clear()
                    await self._idle.wait()
        tasks = [*self._tasks, *([self._returning] if self._returning is not None else [])]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._spool is not None:
            for held in self._undelivered:
                await self._spool.let_go(held)
            self._spool.close()
        with suppress(Unavailable):
            if not self.waiting and not self._away:
                async with self._database.duty("writer") as tx:
                    if not await requests.close_lost(tx, self.process_id):
                        await requests.forget_process(tx, self.process_id)
        await self._stack.aclose()

    async def begin(self, call: NewCall, belief: Belief) -> None:
        """
        Write down a call that is about to be made. When this returns, it is durable.

        Raises:
            KeyRefused: The caller's key or session has ended.
            CallersChanged: They may do something else than is believed, or their team's accounts or budgets are others.
            BudgetExhausted, PriceUnknown: A hard budget does not allow it.
            CallUnrecordable: It holds what PostgreSQL cannot keep.
            LedgerBehind: The database does not answer.
        """
        if self._closing or len(self._ended) > _MOST_WAITING:
            raise LedgerBehind
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._begun.add(_Beginning(call, belief, done))
        await done

    async def end(self, end: End) -> None:
        """
        Write down how a call, or an attempt of it, ended. When this returns, it is durable.

        It is written whatever becomes of whoever waits here.

        Raises:
            AnswerUnrecorded: The database has not taken it for long; it is written when it does.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._ended.add(_Ending(end, done))
        patience = loop.call_later(self._patience_s, lambda: _fail(done, AnswerUnrecorded()))
        try:
            await done
        finally:
            patience.cancel()

    async def note_refused(self, end: End) -> None:
        """
        Write down a call that was refused by the key that was shown, so that nobody can be believed.

        Raises:
            Unavailable: The database does not answer.
        """
        async with self._database.duty("writer") as tx:
            await requests.begin_late(tx, self.process_id, [end.call])
            await requests.end(tx, [end])

    def end_later(self, end: End) -> None:
        """Write down how a call ended that nobody waits for."""
        self._ended.add(_Ending(end, asyncio.get_running_loop().create_future()))

    async def _announce(self) -> None:
        """Say that this process is there; again, as whoever found its presence gone for a moment has forgotten it."""
        async with self._announcing:
            await self._presence.renew()
            async with self._database.duty("writer") as tx:
                await requests.register(tx, self.process_id, self._presence_key, socket.gethostname(), os.getpid())

    async def sweep(self) -> int:
        """Close what processes that are gone have left open; how many calls."""
        return await self._close_lost(await self._gone())

    async def _gone(self) -> list[tuple[UUID, int]]:
        """The processes that are gone and have not been closed, with the keys of their presences."""
        async with self._database.duty("writer") as tx:
            others = await requests.other_processes(tx, self.process_id)
        gone = []
        for each in others:
            async with self._database.duty("writer") as tx:
                if await tx.is_absent(each[1]):
                    gone.append(each)
        return gone

    async def _close_lost(self, gone: Sequence[tuple[UUID, int]]) -> int:
        closed = 0
        for process_id, key in gone:
            while True:
                async with self._database.duty("writer") as tx:
                    if not await tx.is_absent(key):
                        break
                    lost = await requests.close_lost(tx, process_id)
                    closed += lost
                    if not lost:
                        await requests.forget_process(tx, process_id)
                        break
        if closed:
            _log.warning("closed %d calls as lost, whose process is gone", closed)
        return closed

    # writing -----------------------------------------------------------------

    async def _write(
        self, line: Line[Any], write: Callable[[list[Any]], Coroutine[Any, Any, None]], *, helps: bool
    ) -> None:
        while True:
            group = await line.next(helps=helps)
            self._busy += len(group)
            try:
                await write(group)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whoever waits is told, and the writer goes on
                _log.exception("a group of calls could not be written")
                for each in group:
                    _fail(each.done, error)
            finally:
                self._busy -= len(group)
                self._idle.set()

    async def _begin_group(self, group: list[_Beginning], *, has_room: bool = False) -> None:
        if await self._begun_on_disk(group):
            return
        try:
            async with self._database.statement("writer") as tx:
                verdicts, refused = await requests.begin(
                    tx, self.process_id, [each.call for each in group], [each.belief for each in group]
                )
        except Unavailable as error:
            self._go_away(error)
            if await self._begun_on_disk(group, is_uncertain=True):
                return
            _log.warning("calls are refused, as they cannot be written down: %s", error)
            self._refuse(group)
            return
        except _REFUSALS as error:
            await self._begin_apart(group, error, has_room=has_room)
            return
        for place, each in enumerate(group):
            verdict, refusal = verdicts.get(place), refused.get(place)
            if verdict is not None:
                _fail(each.done, KeyRefused() if verdict == "refused" else CallersChanged())
                continue
            if refusal is None:
                _done(each.done)
                continue
            held = each.call.reservation
            assert held is not None
            model, needed = held.share_of(refusal.budget_id)
            _fail(
                each.done,
                budgets.PriceUnknown(refusal.name, model or held.unpriced or each.call.model)
                if needed is None
                else budgets.BudgetExhausted(refusal.name, refusal.limit_usd, refusal.left_usd, needed),
            )

    def _refuse(self, group: Sequence[_Beginning], why: str = "calls cannot be written down") -> None:
        for each in group:
            _fail(each.done, LedgerBehind(why))
            # Nobody knows whether the transaction that was broken off had ended: what it may have written is closed.
            if len(self._ended) < _MOST_REFUSED:
                message = "calls could not be written down, and this one was refused"
                self.end_later(End(each.call, (), clock.now(), error_code=LedgerBehind.code, error_message=message))

    async def _begin_apart(self, group: list[_Beginning], error: Exception, *, has_room: bool) -> None:
        """Nobody has made this day, or one of a group cannot be kept: then each half is tried alone, until that one is found."""
        if lacks_a_partition(error) and not has_room:
            try:
                await self._make_room()
            except Unavailable as away:
                _log.warning("there is no room for calls for now: %s", away)  # which writing them will find out
            await self._begin_group(group, has_room=True)
            return
        if len(group) == 1:
            _log.warning("a call cannot be written down: %s", type(error).__name__)
            _fail(group[0].done, CallUnrecordable(error.message if isinstance(error, GuildhallError) else "a value"))
            return
        half = len(group) // 2
        await self._begin_group(group[:half])
        await self._begin_group(group[half:])

    async def _end_group(self, group: list[_Ending]) -> None:
        """Until the database, or the disk, has taken all of them."""
        while group := [each for each in group if not each.is_written]:
            try:
                if not await self._ended_on_disk(group):
                    await self._end_some(group)
            except Unavailable as error:
                _log.warning("answers wait to be written down: %s", error)
                self._go_away(error)
                await asyncio.sleep(_AGAIN_S)

    async def _end_some(self, group: list[_Ending], *, has_room: bool = False) -> None:
        ends = [each.end for each in group]
        try:
            if any(each.call.was_spooled for each in ends):
                async with self._database.duty("writer") as tx:
                    await recall(tx, ends)
            async with self._database.statement("writer") as tx:
                await requests.end(tx, ends)
        except _REFUSALS as error:
            if lacks_a_partition(error) and not has_room:
                await self._make_room()
                await self._end_some(group, has_room=True)
            elif len(group) == 1:
                await self._end_without_contents(group[0], error)
            else:
                half = len(group) // 2
                await self._end_some(group[:half])
                await self._end_some(group[half:])
        else:
            for each in group:
                each.finish()

    async def _end_without_contents(self, ending: _Ending, error: Exception) -> None:
        """What PostgreSQL cannot keep is left out; that there was an answer, and what it cost, is not."""
        _log.warning("an answer is written down without its contents: %s", type(error).__name__)
        try:
            async with self._database.statement("writer") as tx:
                await requests.end(tx, [without_contents(ending.end)])
        except _REFUSALS as again:
            _log.exception("an answer could not be written down at all")
            ending.finish(again)
        else:
            ending.finish()

    # while the database is away ------------------------------------------------

    @property
    def is_away(self) -> bool:
        """Whether calls are written to the disk, as the database takes none."""
        return self._away

    def _go_away(self, error: Exception) -> None:
        self._broken.set()
        if self._spool is None or self._away:
            return
        self._away = True
        _log.warning("calls are written to the disk until the database is back: %s", error)
        if self._returning is None or self._returning.done():
            self._returning = asyncio.create_task(self._come_back(self._spool))

    async def _begun_on_disk(self, group: list[_Beginning], *, is_uncertain: bool = False) -> bool:
        """
        Whether a group was dealt with without the database; a call under a hard limit, which nobody can hold now, is refused.

        `is_uncertain` says that it was sent to the database, and nobody heard what became of it.
        """
        if self._spool is None or not self._away:
            return False
        async with self._switch:
            if not self.is_away:  # it may have come back meanwhile
                return False
            going = []
            for each in group:
                if each.call.reservation is None or not each.call.reservation.is_hard:
                    each.call.was_spooled = True
                    going.append(each)
                elif is_uncertain:
                    self._refuse([each], _UNHELD)
                else:
                    _fail(each.done, LedgerBehind(_UNHELD))
            try:
                if going:
                    await self._spool.write([Began(self.process_id, each.call) for each in going])
            except Unavailable as error:
                _log.error("calls are refused, as neither the database nor the disk takes them: %s", error)
                if is_uncertain:
                    self._refuse(going, str(error))
                for each in going:
                    _fail(each.done, LedgerBehind(str(error)))
                return True
            for each in going:
                _done(each.done)
            return True

    async def _ended_on_disk(self, group: list[_Ending]) -> bool:
        if self._spool is None or not self._away:
            return False
        async with self._switch:
            if not self.is_away:  # it may have come back meanwhile
                return False
            await self._spool.write([each.end for each in group])
            for each in group:
                each.finish()
            return True

    async def _come_back(self, spool: CallSpool) -> None:
        """Once the database is back, deliver what was written to the disk; whoever writes meanwhile goes on there until all is."""
        pause_s = _AGAIN_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                # First, as to others this process may seem to be gone; unless the server still holds what it has lost itself.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE_S):
                        await self._announce()
                while True:
                    async with self._switch:
                        self._undelivered += spool.taken()
                        if not self._undelivered:
                            self._away = False
                            _log.warning("the database is back, and has every call that was written to the disk")
                            return
                    await self._deliver(self._undelivered[0], spool)
                    del self._undelivered[0]
            except Unavailable:
                pause_s = _AGAIN_S
            except Exception:  # noqa: BLE001 - what is on the disk stays there, and is tried again
                _log.exception("calls on the disk could not be delivered")
                pause_s = _SWEEP_S

    async def _deliver(self, held: Held, spool: CallSpool) -> None:
        await Delivery(self._database, spool, held).run()
        await spool.remove(held)

    async def _inherit(self) -> None:
        """Deliver what processes that are gone have left on the disk, and close what they never ended."""
        # Whoever is gone before the files are looked for has its last one there.
        gone = await self._gone()
        if self._spool is not None:
            async with self._spool.alone():
                await self._adopt(self._spool)
        await self._close_lost(gone)

    async def _adopt(self, spool: CallSpool) -> None:
        adopted = await spool.adopted()
        try:
            while adopted:
                try:
                    await self._deliver(adopted[0], spool)
                except EnvelopeUnreadable as error:
                    _log.error("calls in %s cannot be read, and stay there: %s", adopted[0].segment.path, error)
                    await spool.let_go(adopted[0])
                del adopted[0]
        finally:
            for held in adopted:
                await spool.let_go(held)

    # beside ------------------------------------------------------------------

    async def _look_around(self) -> None:
        made_ms = clock.monotonic_ms()
        losses, others_back_ms, waits = 0, 0.0, False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_SWEEP_S):
                    await self._broken.wait()
                    self._broken.clear()
                    await asyncio.sleep(_AGAIN_S)
            try:
                await self._announce()
                waits = False
                if losses != self._presence.losses:
                    # Others may have lost theirs with the same server: they look around, too, before they count as gone.
                    losses = self._presence.losses
                    others_back_ms = clock.monotonic_ms() + 1500 * _SWEEP_S
                if clock.monotonic_ms() < others_back_ms:
                    continue
                await self._inherit()
                if clock.monotonic_ms() - made_ms > _ROOM_S * 1000:
                    await self._make_room()
                    made_ms = clock.monotonic_ms()
            except Unavailable as error:
                if not waits:
                    _log.warning("looking after the ledger waits for the database: %s", error)
                waits = True
                await asyncio.sleep(_PAUSE_S)
                self._broken.set()
            except Exception:  # noqa: BLE001 - what failed once may work the next time, and nobody else would look
                _log.exception("looking after the ledger failed")

    async def _make_room(self) -> None:
        # In a transaction of its own: making a partition locks tables that others write.
        async with self._database.duty("writer") as tx:
            await requests.make_room(tx, clock.now())


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: asyncio.Future[None], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # whoever waited may be gone
