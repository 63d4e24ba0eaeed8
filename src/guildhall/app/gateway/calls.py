"""
Answering a call: who calls, what it may cost, whom it is sent to, and what the ledger has of it.

The order of things is what the ledger promises. Nothing is sent before the
call's row is durable; a second provider is asked once the first one's failure
is; and the end of an answer is held back until the answer is written down.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import re
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from decimal import Decimal
from email.utils import parsedate_to_datetime
from uuid import UUID

from guildhall import clock
from guildhall.adapters.upstreams import (
    AddressClosed,
    Asked,
    Garbage,
    Incoming,
    StreamTalk,
    Told,
    Upstream,
    UpstreamSilent,
    understood,
)
from guildhall.algorithms.backoff import full_jitter
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.gateway import asking, ties
from guildhall.app.gateway import ensembles as councils
from guildhall.app.gateway.begun import AT_ONCE, begun
from guildhall.app.gateway.course import Context, Course, Failure, ModelsNotAllowed, Reply
from guildhall.app.gateway.directory import Directory
from guildhall.app.gateway.errors import (
    CallUnrecordable,
    StreamBroken,
    UpstreamAnswered,
    UpstreamLimited,
    UpstreamUnavailable,
)
from guildhall.app.gateway.headers import headers_for
from guildhall.app.gateway.ledger import Ledger
from guildhall.app.gateway.metrics import Metrics
from guildhall.app.gateway.planning import Plan, Planner, key_of
from guildhall.app.gateway.recording import MOST_BYTES, Recording, packed
from guildhall.app.gateway.refusals import STALE, Refusals, leaves_row
from guildhall.app.gateway.rows import EMPTY, bare_call, belief_of, cost_of, new_call, settled
from guildhall.app.gateway.voting import Votes
from guildhall.app.gateway.watch import State, Watch
from guildhall.cache import Allowances, RateExceeded, hourly
from guildhall.cache.ports import Cache
from guildhall.db import StandingChanged
from guildhall.domains.gateway import ensembles, providers, requests
from guildhall.domains.gateway.providers import Recorded, Route
from guildhall.domains.gateway.requests import (
    Answer,
    Claimed,
    End,
    Kept,
)
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import (
    Caller,
    KeyRefused,
    NotSignedIn,
    Scope,
)
from guildhall.errors import GuildhallError

_PER_ACCOUNT = 2
_LONGEST_WAIT_S = 5.0
_TRIES = 3
_log = logging.getLogger("guildhall.gateway")


class Gateway:
    """Answers calls; for one event loop."""

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        directory: Directory,
        ledger: Ledger,
        upstream: Upstream,
        watch: Watch,
        cache: Cache,
        votes: Votes,
        *,
        most_answer_bytes: int = MOST_BYTES,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.metrics = Metrics()
        self.ledger = ledger
        self.directory = directory
        self.watch = watch
        self.upstream = upstream
        self.votes = votes
        self._doorkeeper = doorkeeper
        self.planner = Planner(directory, watch, cache, chance)
        self._allowances = Allowances(cache)
        self._refusals = Refusals()
        self.most_answer_bytes = most_answer_bytes
        self.ties = ties.Ties(doorkeeper)
        self._chance = chance
        self._sleep = sleep
        self._behind: set[asyncio.Task[None]] = set()

    def behind(self, work: Coroutine[None, None, None]) -> None:
        """Do something that no caller waits for."""
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def close(self) -> None:
        """End what is done behind callers' backs; it writes down how far it has come."""
        for task in list(self._behind):
            task.cancel()
        await asyncio.gather(*self._behind, return_exceptions=True)
        await self.votes.close()

    async def admit(self, token: str, *, afresh: bool = False) -> Caller:
        """
        Whoever a key belongs to, who may call models; `afresh`: for the same request once more, as what was known is old.

        Raises:
            KeyRefused, NotSignedIn: It is nobody's, or not good any more.
            ModelsNotAllowed: It is not for this.
            RateExceeded: It was used too often.
        """
        caller = await self._doorkeeper.admit(token, afresh=afresh)
        await self._check(caller, afresh=afresh)
        return caller

    async def _check(self, caller: Caller, *, afresh: bool) -> None:
        if not identity.allows(caller.scopes, Scope.MODELS):
            raise ModelsNotAllowed(caller.scopes)
        if not afresh and caller.key_id is not None and caller.rate_limit is not None:
            await self._allowances.require(f"key:{caller.key_id}", hourly(caller.rate_limit))

    async def let_in(self, context: Context, request_type: str, *, model: str = "", afresh: bool = False) -> Caller:
        """
        See who calls, before anything else of the call is looked at; who is refused is on record, if anybody knows them.

        Raises:
            KeyRefused, NotSignedIn, ModelsNotAllowed, RateExceeded: As `admit`.
        """
        context.caller = None
        try:
            context.caller = await self._doorkeeper.admit(context.token, afresh=afresh)
            await self._check(context.caller, afresh=afresh)
        except (KeyRefused, NotSignedIn, ModelsNotAllowed, RateExceeded) as error:
            await self.refuse(context, request_type, error, model)
            raise
        return context.caller

    async def models(self, token: str) -> list[tuple[str, str]]:
        """The models that a caller can use, each with the first account that serves it."""
        caller = await self.admit(token)
        try:
            book = await self.directory.book_of(caller, afresh=True)
        except (KeyRefused, NotSignedIn, StandingChanged):
            book = await self.directory.book_of(await self.admit(token, afresh=True), afresh=True)
        return [
            *(
                (name, providers.routes_to(book.accounts, name)[0].account.name)
                for name in providers.served(book.accounts)
            ),
            *((ensembles.PREFIX + name, councils.PROVIDER) for name in book.ensembles),
        ]

    async def answer(self, context: Context, asked: Asked, reply: Reply) -> None:
        """
        Answer a call.

        Raises:
            GuildhallError: It is not answered, for this reason; nothing has been sent to the caller.
        """
        kind, model = asked.face.request_type, asked.model
        caller = context.caller or await self.let_in(context, kind, model=model)
        for left in reversed(range(_TRIES)):
            try:
                await self._answer(context, caller, asked, reply)
                return
            except STALE:
                # What was known is old: it is asked anew, and who may not call is then told so.
                self.directory.forget(caller.tenant_id)
                caller = await self.let_in(context, kind, model=model, afresh=True)
                if not left:
                    raise

    async def refuse(self, context: Context, request_type: str, error: GuildhallError, model: str = "") -> None:
        """
        Count a call that was refused before it was made, and write it down: why, and nothing of what was said.

        Of refusals that come again and again (`Refusals`) few are written, and none by a key that nobody has.
        """
        with suppress(GuildhallError):
            try:
                await self._write_refusal(context, request_type, error, model)
            except STALE:
                if context.caller is not None:
                    self.directory.forget(context.caller.tenant_id)
                context.caller = await self._doorkeeper.admit(context.token, afresh=True)
                await self._write_refusal(context, request_type, error, model)
        self.metrics.refused(request_type, error.code)

    async def _write_refusal(self, context: Context, request_type: str, error: GuildhallError, model: str) -> None:
        """
        Write down that a call was refused, if that is due, and see meanwhile whether what it was refused for is so.

        Raises:
            CallersChanged, KeyRefused: The caller, or what is known of their team, is not as believed.
            Unavailable: The database does not answer.
        """
        why = self._refusals.note(hashlib.sha256(context.token.encode("utf-8", "surrogatepass")).digest(), error)
        caller = context.caller
        if why is None:
            return
        who = await self._doorkeeper.recognize(context.token) if caller is None else caller
        if who is None:
            return
        call = bare_call(context, who, request_type, model)
        end = End(call, (), clock.now(), error_code=error.code, error_message=requests.excerpt(why))
        if caller is None:
            await self.ledger.note_refused(end)
            return
        await self.ledger.begin(call, belief_of(caller, await self.directory.book_of(caller)))
        await self.ledger.end(end)

    # one call ----------------------------------------------------------------

    async def _answer(self, context: Context, caller: Caller, asked: Asked, reply: Reply) -> None:
        book = await self.directory.book_of(caller)
        belief = belief_of(caller, book)
        several, key = None, None
        try:
            key = context.idempotency_key
            if key is not None and await self._replay(context, caller, key, asked, reply):
                return
            if asked.session is not None or ties.are_in(context.headers):
                await self.ties.tie(context, caller, asked)
            if councils.is_ensemble(asked):
                several = councils.several(self, book, asked)
                asked = several.asked if several is not None else asking.stripped(asked)
            at = clock.time_of(context.call_id)
            plan = await (
                self.planner.plan(caller, book, asked, at) if several is None else several.plan(caller, book, at)
            )
            call = new_call(context, caller, asked, plan.order[0], plan.reservation)
            if several is not None:
                several.describe(call)
            await self.ledger.begin(call, belief)
        except BaseException as error:
            await self._release(caller, key, context.call_id)
            if isinstance(error, GuildhallError) and leaves_row(error):
                kept = "" if isinstance(error, CallUnrecordable) else asked.model
                try:
                    await self._write_refusal(context, asked.face.request_type, error, kept)
                except STALE:
                    raise  # it may not have to be refused: what was known of the team's accounts or budgets is old
                except GuildhallError as unwritten:
                    _log.warning("a refused call is not on record: %s", unwritten)
                self.metrics.refused(asked.face.request_type, error.code)
            raise
        course = Course(context, caller, book, asked, call, key, plan, sent=Recording(self.most_answer_bytes))
        try:
            await (self.follow(course, reply) if several is None else several.follow(course, reply))
        except asyncio.CancelledError:
            self._end_later(course, "gateway_stopped", "the gateway was stopped before the answer was whole")
            raise
        except GuildhallError as error:
            if not course.is_ended:
                self._end_later(course, error.code, requests.excerpt(error.message))
                await self._release(caller, key, call.id)
            raise
        except Exception:
            self._end_later(course, "internal_error", "the gateway failed")
            await self._release(caller, key, call.id)
            raise

    # several calls for one request ---------------------------------------------

    @staticmethod
    def part_of(
        course: Course,
        asked: Asked,
        plan: Plan,
        ends: Callable[[Answer, Kept | None], Awaitable[None]],
        key: str | None = None,
    ) -> Course:
        """One of several calls that answer a request: `ends` is told its last answer, and the request is settled by all."""
        return Course(
            *(course.context, course.caller, course.book, asked, course.call, key, plan),
            answers=course.answers,
            sent=course.sent,
            ends=ends,
        )

    def told(self, course: Course, end: End, provider: str) -> None:
        """Count a request that has ended."""
        seconds = (clock.monotonic_ms() - course.context.began_ms) / 1000
        self.metrics.ended(course.call.request_type, provider, end.error_code, seconds, end.usage, end.cost_usd)

    async def release(self, course: Course) -> None:
        """Free the idempotency key of a request that has brought no answer."""
        await self._release(course.caller, course.key, course.call.id)

    # asking providers ------------------------------------------------------------

    async def follow(self, course: Course, reply: Reply) -> None:
        """
        Ask one provider after the other until one has answered.

        Raises:
            GuildhallError: None has, and nothing was sent to the caller.
        """
        order = course.plan.order
        waiting, tried = deque(order), dict.fromkeys((each.account.id for each in order), 0)
        failure: Failure | None = None
        while waiting and course.attempts < course.most_attempts:
            route = waiting.popleft()
            if failure is not None:
                # The failure is on record before another provider is asked.
                await self.ledger.end(End(course.call, [failure.answer], clock.now(), is_final=False))
                if tried[route.account.id]:
                    await self._sleep(
                        full_jitter(tried[route.account.id], self._chance(), first_s=0.25, at_least_s=failure.wait_s)
                    )
            course.attempts += 1
            tried[route.account.id] += 1
            found = await self._attempt(course, route, reply)
            if found is None:
                return
            failure = found
            if course.started:
                break
            if not failure.elsewhere:
                waiting.clear()
            if failure.may_again and tried[route.account.id] < _PER_ACCOUNT and failure.wait_s <= _LONGEST_WAIT_S:
                waiting.append(route)
        assert failure is not None
        await self._end(course, failure.answer)
        if course.ends is None or course.started:  # another part may answer the request yet, and its key is still taken
            await self._release(course.caller, course.key, course.call.id)
        if course.started:
            await reply.break_off(failure.error)
            return
        raise failure.error

    async def _attempt(self, course: Course, route: Route, reply: Reply) -> Failure | None:
        """Ask one provider; None once the caller has been answered."""
        account = route.account
        spoken = course.plan.talks[key_of(route)]
        state = self.watch.began(account)
        began_ms = clock.monotonic_ms()
        first_ms: float | None = None
        incoming: Incoming | None = None
        stream: StreamTalk | None = None
        raw = Recording(self.most_answer_bytes, began_ms)
        status: int | None = None
        settled = False
        try:
            incoming = await self.upstream.send(
                "POST",
                account.base_url + spoken.path,
                {
                    **headers_for(account, course.book.keys[account.id], course.context.headers),
                    "X-Client-Request-Id": str(course.call.id),
                },
                spoken.body,
                first_byte_s=account.options.first_byte_s,
                total_s=account.options.total_s,
            )
            first_ms = clock.monotonic_ms() - began_ms
            status = incoming.status
            self.watch.first_byte(state, first_ms)
            if status != 200:
                body = await incoming.read()
                settled = True
                return self._refused(course, route, state, status, body, incoming, began_ms, first_ms)
            if not course.asked.is_streamed:
                body = await incoming.read()
                raw.append(body)
                told, out = understood(spoken, body)
                settled = True
                self.watch.succeeded(state, clock.monotonic_ms() - began_ms)
                await self._deliver(course, route, told, body, out, reply, began_ms, first_ms)
                return None
            stream = spoken.stream()
            why = await self._relay(course, route, stream, incoming, raw, reply)
            settled = True
            if why is None:
                self.watch.succeeded(state, clock.monotonic_ms() - began_ms)
                await self._deliver_stream(course, route, stream, raw, reply, began_ms, first_ms)
                incoming.leave()
                return None
            self.watch.failed(state)
            return self._broken(course, route, stream.told, raw, why, status, began_ms, first_ms)
        except UpstreamSilent as error:
            settled = True
            self.watch.failed(state)
            told = stream.told if stream is not None else Told()
            return self._silent(course, route, error, told, raw, status, began_ms, first_ms)
        except Garbage as error:
            settled = True
            self.watch.failed(state)
            told = stream.told if stream is not None else Told()
            return self._broken(
                course, route, told, raw, f"it is not what its API says: {error}", status, began_ms, first_ms
            )
        except AddressClosed as error:
            settled = True
            self.watch.failed(state)
            closed = UpstreamUnavailable(
                f"the provider {account.name!r} cannot be called: {error}", attempts=course.attempts
            )
            answer = self._answer_row(
                course, route, Told(), raw, began_ms, None, None, error=("address_closed", str(error))
            )
            return Failure(closed, answer, may_again=False)
        finally:
            state.in_flight -= 1
            if incoming is not None:
                incoming.close()
            if not settled:
                state.breaker.left()

    async def _relay(
        self, course: Course, route: Route, stream: StreamTalk, incoming: Incoming, raw: Recording, reply: Reply
    ) -> str | None:
        """Hand a stream on as it comes; why it is not whole, None if it is."""
        while not stream.is_whole:
            held = await incoming.relay(self._taker(course, route, stream, raw, reply))
            if held is None:
                if not stream.is_whole:
                    stream.finish()
                break
            await held  # the caller reads more slowly than the provider writes
        if stream.told.error is not None:
            return stream.told.error
        return None if stream.is_whole else "it ended before the answer did"

    def _taker(
        self, course: Course, route: Route, stream: StreamTalk, raw: Recording, reply: Reply
    ) -> Callable[[bytes], Awaitable[None] | None]:
        """
        Reads a part and hands it on, at once where the caller's connection takes it.

        No task is woken for a part: that would cost more than all that is done with it.
        """
        keeps = course.key is not None and route.account.options.record is Recorded.ALL
        feed, send, texts = stream.feed, reply.send, stream.told.texts

        def take(piece: bytes) -> Awaitable[None] | None:
            raw.append(piece)
            out = feed(piece)
            if texts and (raw.first_token_ms is None or raw.is_truncated):
                raw.heard(texts)
            if not out:
                return AT_ONCE if stream.is_whole else None
            if keeps:
                course.sent.append(out)
            if not course.started:
                course.started = True
                return begun(self._begin_stream(course, route, reply, out)) or (AT_ONCE if stream.is_whole else None)
            return begun(send(out, more=True)) or (AT_ONCE if stream.is_whole else None)

        return take

    async def _begin_stream(self, course: Course, route: Route, reply: Reply, out: bytes) -> None:
        await reply.start(200, self._headers(course, route, "text/event-stream"))
        await reply.send(out, more=True)

    async def _deliver(
        self,
        course: Course,
        route: Route,
        told: Told,
        body: bytes,
        out: bytes,
        reply: Reply,
        began_ms: float,
        first_ms: float,
    ) -> None:
        answer = self._answer_row(course, route, told, [body], began_ms, first_ms, 200, is_json=True)
        kept = self._kept(course, route, "application/json", out) if course.key is not None else None
        await self._end(course, answer, kept)
        headers = self._headers(course, route, "application/json")
        headers["content-length"] = str(len(out))
        await reply.start(200, headers)
        await reply.send(out, more=False)

    @staticmethod
    def _kept(course: Course, route: Route, media_type: str, content: bytes) -> Kept:
        """What is kept for whoever sends the call again: the answer, or only that there was one."""
        assert course.key is not None
        keeps = route.account.options.record is Recorded.ALL and not course.sent.is_truncated
        return Kept(course.key, media_type, requests.body_of(content if keeps else b""))

    async def _deliver_stream(
        self,
        course: Course,
        route: Route,
        stream: StreamTalk,
        raw: list[bytes],
        reply: Reply,
        began_ms: float,
        first_ms: float,
    ) -> None:
        answer = self._answer_row(course, route, stream.told, raw, began_ms, first_ms, 200)
        kept = None
        if course.key is not None:
            kept = self._kept(course, route, "text/event-stream", b"".join(course.sent) + stream.tail)
        try:
            await self._end(course, answer, kept)
        except GuildhallError as error:
            if not course.started:
                raise
            await reply.break_off(error)
            return
        if not course.started:
            course.started = True
            await reply.start(200, self._headers(course, route, "text/event-stream"))
        await reply.send(stream.tail, more=False)

    # what did not work -------------------------------------------------------

    def _refused(
        self,
        course: Course,
        route: Route,
        state: State,
        status: int,
        body: bytes,
        incoming: Incoming,
        began_ms: float,
        first_ms: float,
    ) -> Failure:
        account = route.account
        now_ms = clock.monotonic_ms()

        def row(code: str, message: str) -> Answer:
            return self._answer_row(course, route, Told(), [body], began_ms, first_ms, status, error=(code, message))

        if status in (401, 402, 403):
            self.watch.failed(state)
            error: GuildhallError = UpstreamUnavailable(
                f"the provider {account.name!r} does not take the gateway's key", attempts=course.attempts
            )
            return Failure(error, row("upstream_key_refused", f"status {status}"), may_again=False)
        if status == 429:
            wait_s = retry_after_s(incoming.headers) or 1.0
            state.last_ms = now_ms
            state.breaker.asked_to_wait(now_ms, wait_s)
            return Failure(
                UpstreamLimited(account.name, wait_s), row("upstream_rate_limited", f"status {status}"), wait_s=wait_s
            )
        if status >= 500 or status == 408:
            self.watch.failed(state)
            error = UpstreamUnavailable(
                f"the provider {account.name!r} answered with status {status}", attempts=course.attempts
            )
            return Failure(
                error, row("upstream_failed", f"status {status}"), wait_s=retry_after_s(incoming.headers) or 0.0
            )
        # The request's own fault, or a redirect, which nobody follows: no other provider would do better.
        state.breaker.left()
        media_type = incoming.headers.get("Content-Type", "application/json")
        passed: GuildhallError = UpstreamAnswered(account.name, status, body, media_type)
        if status < 400:
            passed = UpstreamUnavailable(
                f"the provider {account.name!r} answered with status {status}", attempts=course.attempts
            )
        return Failure(passed, row("upstream_refused", f"status {status}"), may_again=False, elsewhere=status == 404)

    def _silent(
        self,
        course: Course,
        route: Route,
        silence: UpstreamSilent,
        told: Told,
        raw: list[bytes],
        status: int | None,
        began_ms: float,
        first_ms: float | None,
    ) -> Failure:
        if status is not None:
            return self._broken(course, route, told, raw, str(silence), status, began_ms, first_ms, silence.reason)
        code = f"upstream_{silence.reason}"
        answer = self._answer_row(course, route, told, raw, began_ms, first_ms, None, error=(code, str(silence)))
        error = UpstreamUnavailable(
            f"the provider {route.account.name!r} did not answer: {silence}",
            status=504 if silence.reason == "timeout" else 502,
            attempts=course.attempts,
        )
        return Failure(error, answer, may_again=silence.reason != "timeout")

    def _broken(
        self,
        course: Course,
        route: Route,
        told: Told,
        raw: list[bytes],
        why: str,
        status: int | None,
        began_ms: float,
        first_ms: float | None,
        reason: str = "broken",
    ) -> Failure:
        code = "stream_broken" if course.asked.is_streamed else f"upstream_{reason}"
        # A provider's own words may repeat what was asked.
        is_kept = told.error is None or route.account.options.record is Recorded.ALL
        kept = why if is_kept else "the provider says that it failed"
        answer = self._answer_row(course, route, told, raw, began_ms, first_ms, status, error=(code, kept))
        error: GuildhallError = (
            StreamBroken(why)
            if course.started
            else UpstreamUnavailable(
                f"the provider {route.account.name!r} gave no whole answer: {why}",
                status=504 if reason == "timeout" else 502,
                attempts=course.attempts,
            )
        )
        return Failure(error, answer, may_again=False)

    # rows --------------------------------------------------------------------

    def _answer_row(
        self,
        course: Course,
        route: Route,
        told: Told,
        raw: Sequence[bytes],
        began_ms: float,
        first_ms: float | None,
        status: int | None,
        *,
        is_json: bool = False,
        error: tuple[str, str] | None = None,
    ) -> Answer:
        made = clock.new_id()
        keeps = route.account.options.record is Recorded.ALL
        price = course.plan.prices.get(key_of(route))
        content: str | None = requests.excerpt(told.content) if keeps else ""
        if error is not None and not told.texts:
            content = None
        answer = Answer(
            id=made,
            created_at=clock.time_of(made),
            provider_id=route.account.id,
            provider_name=route.account.name,
            model=told.model or route.model,
            attempt=course.attempts,
            content=content,
            raw=packed(raw, is_json=is_json) if raw and keeps else EMPTY,
            usage=told.usage,
            cost_usd=Decimal(0) if course.asked.face.is_free else cost_of(price, told.usage),
            response_time_ms=round(clock.monotonic_ms() - began_ms),
            time_to_first_byte_ms=None if first_ms is None else round(first_ms),
            finish_reason=told.finish_reason and told.finish_reason[:50],
            error_code=error and error[0],
            error_message=error and requests.excerpt(error[1]),
            upstream_status=status,
            upstream_id=told.upstream_id,
            selected=course.ends is None and error is None,
            asked_of=(course.asked.model, route.model),
        )
        if isinstance(raw, Recording):
            answer.first_token_ms = None if raw.first_token_ms is None else round(raw.first_token_ms)
            answer.chunks = raw.chunks
        course.answers.append(answer)
        self.metrics.attempted(
            route.account.name, answer.error_code, answer.time_to_first_byte_ms, answer.first_token_ms
        )
        return answer

    async def _end(self, course: Course, answer: Answer, kept: Kept | None = None) -> None:
        """Write the last answer down, and settle the call by all of them."""
        if course.ends is not None:
            course.is_ended = True
            await course.ends(answer, kept)
            return
        end = settled(course, answer.error_code, answer.error_message, [answer], kept)
        course.is_ended = True
        self.told(course, end, answer.provider_name)
        await self.ledger.end(end)

    def _end_later(self, course: Course, code: str, why: str) -> None:
        """Settle a call that nobody waits for any more, unless it is settled already."""
        if course.is_ended:
            return
        course.is_ended = True
        self.ledger.end_later(settled(course, code, why, ()))

    def _headers(self, course: Course, route: Route, media_type: str) -> dict[str, str]:
        session = course.context.session
        return {
            **(ties.NOTHING if session is None else ties.told(session)),
            "content-type": media_type,
            "x-request-id": str(course.call.id),
            "x-guildhall-provider": route.account.name.encode("ascii", "replace").decode(),
        }

    # idempotency -------------------------------------------------------------

    async def _replay(self, context: Context, caller: Caller, key: str, asked: Asked, reply: Reply) -> bool:
        """Answer from what the same call brought before; whether there was something."""
        fingerprint = hashlib.sha256(context.path.encode() + b"\n" + asked.raw).digest()
        async with self._doorkeeper.transaction(caller, caller.person) as tx:
            found: Claimed | None = await requests.claim(tx, key, fingerprint, self.ledger.process_id, context.call_id)
        if found is None or found.answer is None:
            return False
        headers = {
            "content-type": found.media_type or "application/json",
            "content-length": str(len(found.answer)),
            "x-request-id": str(found.request_id),
            "idempotency-replayed": "true",
        }
        await reply.start(200, headers)
        await reply.send(found.answer, more=False)
        return True

    async def _release(self, caller: Caller, key: str | None, call_id: UUID) -> None:
        if key is not None:
            with suppress(GuildhallError):
                async with self._doorkeeper.transaction(caller, caller.person) as tx:
                    await requests.release(tx, key, call_id)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How many seconds a provider asks to wait (RFC 9110 §10.2.3, and OpenAI's `retry-after-ms`)."""
    text = headers.get("retry-after-ms", "")
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text) / 1000
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    with suppress(ValueError, TypeError):
        at = parsedate_to_datetime(text)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - clock.now()).total_seconds())
    return None
