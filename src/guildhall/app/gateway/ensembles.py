"""
Answering a call with several models: members are asked at once, and the answer is voted on, judged or written from theirs.

Each member's call goes as any call does (`calls`), with its own attempts and
its own rows; all of them are answers to the caller's one request, which is
charged for their sum. Whoever is still answering when the vote is over is heard
to the end, as the provider does the work and asks for the money all the same:
the caller waits for nobody, and the request is settled when the last has ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import orjson

from guildhall import clock
from guildhall.adapters.upstreams import Asked, AskedWrong, read_said
from guildhall.app.gateway import asking, shares
from guildhall.app.gateway.course import Course, Reply
from guildhall.app.gateway.directory import Book
from guildhall.app.gateway.errors import AccountsUnavailable, LedgerBehind
from guildhall.app.gateway.planning import Part, Plan
from guildhall.app.gateway.rows import settled
from guildhall.app.gateway.voices import Announced, Gathered, Late, Voice, none_answered, state_of
from guildhall.domains.gateway import ensembles, requests
from guildhall.domains.gateway.ensembles import (
    JUDGE,
    Ballot,
    Cast,
    Ensemble,
    EnsembleFailed,
    EnsembleNotFound,
    QuorumMissed,
    Rule,
    State,
    Stopped,
    Strategy,
    Vote,
)
from guildhall.domains.gateway.providers import Recorded
from guildhall.domains.gateway.requests import Answer, End, Kept, NewCall, Packed, Selected
from guildhall.domains.platform.identity import Caller
from guildhall.errors import GuildhallError

if TYPE_CHECKING:
    from guildhall.app.gateway.calls import Gateway

PROVIDER = "ensemble"
"""What a request has as its provider; each answer has its own."""


def is_ensemble(asked: Asked) -> bool:
    """Whether a call is one for several models."""
    return asked.model.startswith(ensembles.PREFIX) or "ensemble_config" in asked.body


def several(gateway: Gateway, book: Book, asked: Asked) -> Several | None:
    """
    The ensemble that a call asks; None where its configuration is null.

    Raises:
        EnsembleNotFound: The team has none of this name.
        EnsembleRefused: What it says makes no sense.
        AskedWrong: There are no ensembles in this API, or not of several answers.
    """
    given = asked.body.get("ensemble_config")
    name = asked.model.removeprefix(ensembles.PREFIX) if asked.model.startswith(ensembles.PREFIX) else None
    if name is None and given is None:
        return None
    if asked.face.name not in asking.FACES:
        field_name = "model" if name is not None else "ensemble_config"
        raise AskedWrong(
            field_name,
            asked.body.get(field_name),
            "a single model: ensembles answer chat completions, messages and responses",
        )
    if (asked.body.get("n") or 1) != 1:
        raise AskedWrong("n", asked.body["n"], "1: an ensemble gives one answer")
    if given is not None and not isinstance(given, Mapping):
        raise AskedWrong("ensemble_config", given, "an object")
    config = dict(given or {})
    if name is not None:
        if name not in book.ensembles:
            raise EnsembleNotFound(name, book.ensembles)
        config = {**book.ensembles[name], **config}
    ensemble = ensembles.read(config, default_model=asked.model if name is None else None, name=name)
    for each in ensemble.members:
        if "seed" in each.params and asked.face.name != "chat":
            raise AskedWrong("ensemble_config.members.seed", each.params["seed"], "no seed, which this API has not")
    return Several(gateway, ensemble, asking.stripped(asked))


class Several:
    """One call of an ensemble, from its plan to its settlement."""

    def __init__(self, gateway: Gateway, ensemble: Ensemble, asked: Asked) -> None:
        self.asked = asked
        self._gateway = gateway
        self._ensemble = ensemble
        self._resting: dict[str, AccountsUnavailable] = {}
        self._late: list[Late] = []
        self._ballots: list[Ballot] = []
        self._stopped = Stopped.ALL_IN
        self._parts: list[Part] = []
        self._keeps = False

    # before anything is sent -----------------------------------------------------

    async def plan(self, caller: Caller, book: Book, at: datetime) -> Plan:
        """
        Whom the call may be sent to, and the most that all of it may cost, which is set aside.

        Raises:
            ModelNotFound, AskedWrong, AccountsUnavailable, RateExceeded: As of a single call; of members none may be missing.
            LedgerBehind: The database is away: single calls may go on, and votes are kept nowhere else.
        """
        gateway, ensemble, asked = self._gateway, self._ensemble, self.asked
        if gateway.ledger.is_away:
            raise LedgerBehind("an ensemble's vote cannot be kept while the database is away")
        answers = len(ensemble.members)
        parts = self._parts

        async def add(part: Asked, name: str, more_tokens: int, times: int = 1) -> None:
            try:
                made = await gateway.planner.route(book, part)
            except AccountsUnavailable as error:
                # Who rests now does not answer; what is left decides.
                self._resting[name] = error
                return
            parts.extend([Part(made, part, more_tokens)] * times)

        for each in ensemble.members:
            await add(asking.of_member(asked, each), each.name, 0)
        if not parts:
            raise next(iter(self._resting.values()))
        later = asking.most_shown(asked, answers)
        for each in ensemble.members if ensemble.ranks else ():
            await add(asking.to_rank(asked, each.model, ""), each.name, later)
        for each in ensemble.members if ensemble.layers > 1 else ():
            await add(asking.of_member(asked, each, ""), each.name, later, ensemble.layers - 1)
        if ensemble.judge is not None:
            of_judge = asking.of_writer if ensemble.writes else asking.to_pick
            await add(of_judge(asked, ensemble.judge, ""), JUDGE, later)
        routes = [route for each in parts for route in each.plan.order]
        # Where one of them keeps nothing of what is said, the request keeps nothing either.
        routes.sort(key=lambda each: each.account.options.record is Recorded.ALL)
        self._keeps = routes[0].account.options.record is Recorded.ALL
        reservation = await gateway.planner.set_aside(caller, book, asked.model, parts, at)
        return Plan(routes, {}, reservation=reservation)

    async def _route(self, course: Course, asked: Asked) -> Plan:
        return await self._gateway.planner.route(course.book, asked, shares.among(self._parts, course, asked))

    def describe(self, call: NewCall) -> None:
        """Say in the call's row that it is an ensemble's, and which."""
        call.provider_name = PROVIDER
        call.ensemble = Packed(orjson.dumps(ensembles.document(self._ensemble)))

    # the call --------------------------------------------------------------------

    async def follow(self, course: Course, reply: Reply) -> None:
        """
        Ask, decide and answer.

        Raises:
            EnsembleFailed: No member has answered.
            QuorumMissed: Too few have, or not in time.
        """
        try:
            await self._run(course, reply)
        except GuildhallError as error:
            if not course.is_ended:
                await self._fail(course, error)
            raise
        except BaseException:
            if not course.is_ended:  # else they are being heard out, and the request is settled by what they bring
                for each in self._late:
                    each.task.cancel()
            raise

    async def _run(self, course: Course, reply: Reply) -> None:
        ensemble = self._ensemble
        came = await self._answers(course)
        if ensemble.strategy is Strategy.MIXTURE:
            for layer in range(2, ensemble.layers + 1):
                came = await self._layer(course, layer, came)
        voices = {each.name: each for each in came}
        rule, fallback = ensembles.RULES[ensemble.strategy], None
        if ensemble.writes:
            fallback = await self._write(course, came, reply)
            if fallback is None:
                return
            rule = Rule.PLURALITY
        elif ensemble.ranks:
            await self._rank(course, came)
        elif ensemble.judge is not None:
            if len(ensembles.options_of(self._ballots)) > 1:
                fallback = await self._judge(course, came)
            else:
                rule = Rule.PLURALITY  # there is nothing to choose from
            rule = Rule.PLURALITY if fallback is not None else rule
        assert rule is not None
        tally = ensembles.count(rule, self._ballots)
        chosen = ensembles.representative(self._ballots, tally.winner)
        if chosen is None:
            raise EnsembleFailed({each.name: each.why for each in came}, 502)
        voice = voices[chosen.voter]
        assert voice.answer is not None
        selected = Selected(voice.answer.id, voice.answer.created_at, tally.confidence)
        cast = self._cast(course, rule, selected, fallback)
        media_type = voice.headers["content-type"]
        kept = (
            None if course.key is None else Kept(course.key, media_type, requests.body_of(self._keepable(voice.sent)))
        )
        await self._settle(course, cast, selected, kept)
        headers = self._headers(voice.headers, fallback)
        if tally.confidence is not None:
            headers["x-guildhall-confidence"] = f"{tally.confidence:f}"
        headers["content-length"] = str(len(voice.sent))
        await reply.start(200, headers)
        await reply.send(voice.sent, more=False)

    # rounds ----------------------------------------------------------------------

    async def _answers(self, course: Course) -> list[Voice]:
        """The first answers of all members, each on its own; those that came in time and can be voted on."""
        ensemble = self._ensemble
        voices = [
            Voice(each.name, each.model, place, 1, asking.of_member(self.asked, each), each)
            for place, each in enumerate(ensemble.members)
        ]
        rule = ensembles.RULES[ensemble.strategy]
        own_count = rule in (Rule.PLURALITY, Rule.WEIGHTED) or (rule is Rule.GRADES and ensemble.scorer is not None)

        def is_over(outstanding: Sequence[Voice]) -> bool:
            return (
                own_count
                and rule is not None
                and self._in_quorum()
                and ensembles.decided(rule, self._ballots, [self._blank(each) for each in outstanding])
            )

        came = await self._round(course, voices, self._ballot, is_over)
        return self._those_who_count(came, len(voices))

    async def _layer(self, course: Course, layer: int, before: list[Voice]) -> list[Voice]:
        """The answers of a later layer, which has seen those of the one before; where nobody answers, those stay."""
        shown = asking.shown(self.asked, self._candidates(course, before))
        voices = [
            Voice(each.name, each.model, place, layer, asking.of_member(self.asked, each, shown), each)
            for place, each in enumerate(self._ensemble.members)
        ]
        held, self._ballots = self._ballots, []
        came = await self._round(course, voices, self._ballot, lambda _: False)
        answered = {each.voter for each in self._ballots if each.state is State.CAST}
        if not answered:
            self._ballots = [*held, *self._ballots]
            return before
        self._ballots = [*(replace(each, option=None) for each in held), *self._ballots]
        return [each for each in came if each.name in answered]

    async def _rank(self, course: Course, came: Sequence[Voice]) -> None:
        """Let members rank all answers, under letters."""
        rule = ensembles.RULES[self._ensemble.strategy]
        assert rule is not None
        options = ensembles.options_of(self._ballots)
        if len(options) == 1:
            # All say the same: there is nothing to rank.
            own = [each for each in self._ballots if each.state is State.CAST]
            self._ballots += [
                replace(each, layer=2, option=None, ranking=tuple(options), response_id=None, answer_sha256=None)
                for each in own
            ]
            return
        names = ensembles.label(self._ballots, course.call.id.bytes)
        meant = {name: option for option, name in names.items()}
        shown = asking.shown(self.asked, self._candidates(course, came))
        voices = [
            Voice(each.name, each.model, each.place, 2, asking.to_rank(self.asked, each.model, shown), each.member)
            for each in came
        ]

        def ballot(voice: Voice) -> Ballot:
            said = "" if voice.said is None else voice.said.text
            ranking = tuple(meant[each] for each in ensembles.read_ranking(said, list(meant)))
            return replace(
                self._blank(voice),
                state=state_of(voice, bool(ranking)),
                ranking=ranking,
                vote_id=voice.answer_id,
                error_code=voice.code,
            )

        def is_over(outstanding: Sequence[Voice]) -> bool:
            return self._in_quorum(2) and ensembles.decided(
                rule, self._ballots, [self._blank(each) for each in outstanding]
            )

        ranked = await self._round(course, voices, ballot, is_over, ranks=True)
        if not self._in_quorum(2):
            raise self._quorum_missed(ranked, len(voices), 2)

    async def _round(
        self,
        course: Course,
        voices: Sequence[Voice],
        ballot: Callable[[Voice], Ballot],
        is_over: Callable[[Sequence[Voice]], bool],
        *,
        ranks: bool = False,
    ) -> list[Voice]:
        """Ask everybody, at most so many at once, until all have answered, the vote is decided, or time is up; those that came."""
        ensemble, began_ms = self._ensemble, clock.monotonic_ms()
        waiting = deque(voices)
        running: dict[asyncio.Task[None], Voice] = {}
        came: list[Voice] = []
        try:
            while waiting or running:
                while waiting and len(running) < (ensemble.at_once or len(voices)):
                    voice = waiting.popleft()
                    running[asyncio.create_task(self._ask(course, voice))] = voice
                left_s = None
                if ensemble.deadline_s is not None:
                    left_s = max(0.0, ensemble.deadline_s - (clock.monotonic_ms() - began_ms) / 1000)
                done, _ = await asyncio.wait(running, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    self._stopped = Stopped.DEADLINE
                    break
                for task in sorted(done, key=lambda each: running[each].place):
                    voice = running.pop(task)
                    task.result()
                    came.append(voice)
                    self._ballots.append(ballot(voice))
                if (waiting or running) and ensemble.early_exit and is_over([*running.values(), *waiting]):
                    self._stopped = Stopped.DECIDED
                    break
        except BaseException:
            for task in running:
                task.cancel()
            raise
        for task, voice in running.items():
            if voice.part is not None:
                voice.part.most_attempts = 0  # nobody waits for a second one
            self._late.append(Late(voice, task, ranks))
        return came

    async def _ask(self, course: Course, voice: Voice) -> None:
        """Ask one, and keep what it brings; a failure is its own."""
        gateway = self._gateway
        reply = Gathered()

        async def ends(answer: Answer, _kept: Kept | None) -> None:
            voice.answer = answer
            await gateway.ledger.end(End(course.call, [answer], clock.now(), is_final=False))

        try:
            if voice.name in self._resting:
                raise self._resting[voice.name]
            plan = await self._route(course, voice.asked)
            voice.part = gateway.part_of(course, voice.asked, plan, ends)
            await gateway.follow(voice.part, reply)
        except GuildhallError as error:
            voice.error = error
            return
        if reply.error is not None:
            voice.error = reply.error
            return
        voice.sent, voice.headers = reply.body, reply.headers
        voice.said = read_said(self.asked.face.name, voice.sent, is_streamed=voice.asked.is_streamed)

    # ballots ---------------------------------------------------------------------

    def _blank(self, voice: Voice) -> Ballot:
        weight = Decimal(1) if voice.member is None else voice.member.weight
        return Ballot(voice.name, voice.place, layer=voice.layer, weight=weight)

    def _ballot(self, voice: Voice) -> Ballot:
        """A member's own answer, as it is voted on."""
        ensemble, said = self._ensemble, voice.said
        key = None
        grades: dict[str, int] = {}
        if said is not None:
            key = ensembles.answer_key(ensemble.reading, said.text, said.tools, exact=ensemble.scorer is not None)
        if key is not None and ensemble.scorer is not None and said is not None:
            grades[key] = ensembles.score(ensemble.scorer, said.text)
        keeps = voice.part is not None and all(
            each.account.options.record is Recorded.ALL for each in voice.part.plan.order
        )
        return replace(
            self._blank(voice),
            state=state_of(voice, key is not None),
            option=key,
            grades=grades,
            response_id=voice.answer_id,
            answer_sha256=ensembles.answer_digest(key) if key is not None and keeps else None,
            error_code=voice.code,
        )

    def _in_quorum(self, layer: int = 1) -> bool:
        came = sum(1 for each in self._ballots if each.state is State.CAST and each.layer == layer)
        return came >= self._ensemble.quorum

    def _those_who_count(self, came: Sequence[Voice], asked: int) -> list[Voice]:
        counted = {each.voter for each in self._ballots if each.state is State.CAST}
        if not counted and len(came) == asked:
            raise none_answered(came)
        if not self._in_quorum():
            raise self._quorum_missed(came, asked, 1)
        return [each for each in came if each.name in counted]

    def _quorum_missed(self, came: Sequence[Voice], asked: int, layer: int) -> QuorumMissed:
        counted = {each.voter for each in self._ballots if each.state is State.CAST and each.layer == layer}
        reasons = {each.name: each.why for each in came if each.name not in counted}
        in_time = self._stopped is not Stopped.DEADLINE
        return QuorumMissed(len(counted), self._ensemble.quorum, asked, reasons, in_time=in_time)

    def _candidates(self, course: Course, came: Sequence[Voice]) -> dict[str, str]:
        """The answers that stand, each once, by their letters."""
        names = ensembles.label(self._ballots, course.call.id.bytes)
        own = {each.voter: each.option for each in self._ballots if each.option is not None}
        found: dict[str, str] = {}
        for each in sorted(came, key=lambda voice: voice.place):
            option = own.get(each.name)
            if option is not None and each.said is not None:
                found.setdefault(names[option], asking.in_words(each.said.text, each.said.tools))
        return found

    # judges ----------------------------------------------------------------------

    async def _judge(self, course: Course, came: Sequence[Voice]) -> str | None:
        """Let a judge pick or grade; why it has not, None if it has."""
        ensemble = self._ensemble
        assert ensemble.judge is not None
        names = ensembles.label(self._ballots, course.call.id.bytes)
        meant = {name: option for option, name in names.items()}
        shown = asking.shown(self.asked, self._candidates(course, came))
        grades = ensemble.strategy is Strategy.BEST_OF_N
        ask = asking.to_grade if grades else asking.to_pick
        voice = Voice(JUDGE, ensemble.judge, len(ensemble.members), 2, ask(self.asked, ensemble.judge, shown))
        await self._ask(course, voice)
        said = "" if voice.said is None else voice.said.text
        blank = replace(self._blank(voice), vote_id=voice.answer_id, error_code=voice.code)
        if grades:
            given = {meant[name]: grade for name, grade in ensembles.read_grades(said, list(meant)).items()}
            self._ballots.append(replace(blank, state=state_of(voice, bool(given)), grades=given))
            decided = bool(given)
        else:
            pick = ensembles.read_pick(said, list(meant))
            ranking = () if pick is None else (meant[pick],)
            self._ballots.append(replace(blank, state=state_of(voice, bool(ranking)), ranking=ranking))
            decided = pick is not None
        if decided:
            return None
        return voice.code or "judgement_unreadable"

    async def _write(self, course: Course, came: Sequence[Voice], reply: Reply) -> str | None:
        """Let a judge write the answer, which the caller hears as it comes; why there is none, None if the caller was answered."""
        gateway, ensemble = self._gateway, self._ensemble
        assert ensemble.judge is not None
        asked = asking.of_writer(self.asked, ensemble.judge, asking.shown(self.asked, self._candidates(course, came)))
        place, layer = len(ensemble.members), (ensemble.layers if ensemble.strategy is Strategy.MIXTURE else 1) + 1
        voice = Voice(JUDGE, ensemble.judge, place, layer, asked)

        async def ends(answer: Answer, kept: Kept | None) -> None:
            voice.answer = answer
            blank = replace(self._blank(voice), vote_id=answer.id, error_code=answer.error_code)
            is_broken = answer.error_code is not None
            self._ballots.append(replace(blank, state=State.FAILED if is_broken else State.ABSTAINED))
            assert voice.part is not None
            if kept is not None and not self._keeps:
                kept = replace(kept, body=requests.body_of(b""))
            if is_broken and not voice.part.started:
                await gateway.ledger.end(End(course.call, [answer], clock.now(), is_final=False))
                return
            selected = None if is_broken else Selected(answer.id, answer.created_at, None)
            cast = self._cast(course, None, selected, None)
            await self._settle(course, cast, selected, kept, [answer], answer.error_code, answer.error_message)

        try:
            if JUDGE in self._resting:
                raise self._resting[JUDGE]  # nothing is set aside for it
            plan = await self._route(course, asked)
            voice.part = gateway.part_of(course, asked, plan, ends, key=course.key)
            await gateway.follow(voice.part, Announced(reply, self._headers({}, None)))
        except GuildhallError as error:
            if course.is_ended:
                raise
            return error.code
        return None

    # the end ---------------------------------------------------------------------

    def _cast(self, course: Course, rule: Rule | None, selected: Selected | None, fallback: str | None) -> Cast:
        """The vote and its ballots as they are kept: answers under their letters."""
        call, ensemble = course.call, self._ensemble
        names = ensembles.label(self._ballots, call.id.bytes)
        ballots = ensembles.relabel(self._ballots, names)
        tally = None if rule is None else ensembles.count(rule, ballots)
        vote = Vote(
            request_id=call.id,
            created_at=call.created_at,
            tenant_id=call.tenant_id,
            ensemble=ensemble.name,
            strategy=str(ensemble.strategy),
            rule=None if rule is None else str(rule),
            winner=None if tally is None else tally.winner,
            winners=tally.winners if tally else (),
            scores=tally.scores if tally else {},
            selected_id=None if selected is None else selected.id,
            confidence=None if selected is None else selected.confidence,
            stopped=str(self._stopped),
            fallback=fallback and fallback[:50],
            others=tally.others if tally else {},
        )
        return Cast(call.id, call.created_at, call.tenant_id, vote, ballots)

    async def _settle(
        self,
        course: Course,
        cast: Cast,
        selected: Selected | None,
        kept: Kept | None = None,
        answers: Sequence[Answer] = (),
        code: str | None = None,
        why: str | None = None,
    ) -> None:
        """Write down how it was decided; and the sum of it, at once, or once those who are late have ended."""
        gateway = self._gateway
        course.is_ended = True
        if self._late:
            gateway.behind(self._hear_out(course, code, why))
        if answers or (self._late and kept is not None):
            now_kept = kept if self._late else None
            await gateway.ledger.end(End(course.call, answers, clock.now(), kept=now_kept, is_final=False))
        try:
            await gateway.votes.keep(cast, selected)
        finally:
            if not self._late:
                end = settled(course, code, why, (), kept)
                shares.charge(end, self._parts, course)
                gateway.told(course, end, PROVIDER)
                await gateway.ledger.end(end)

    async def _hear_out(self, course: Course, code: str | None, why: str | None) -> None:
        """Hear those who are late to their end, and settle the request by all that was answered."""
        gateway, call = self._gateway, course.call
        cut_off: list[str] = []
        try:
            await asyncio.gather(*(each.task for each in self._late), return_exceptions=True)
        except asyncio.CancelledError:
            for each in self._late:
                # the provider may do the work all the same
                if each.task.cancel():
                    cut_off.append(each.voice.asked.model)
            await asyncio.gather(*(each.task for each in self._late), return_exceptions=True)
        names = ensembles.label(self._ballots, call.id.bytes)
        late: list[Ballot] = []
        for each in self._late:
            ballot = self._blank(each.voice) if each.ranks else self._ballot(each.voice)
            if each.ranks:
                ballot = replace(ballot, vote_id=each.voice.answer_id)
            failed = each.voice.said is None
            # An answer that nobody else gave has no letter: it stood for nothing.
            ballot = replace(ballot, option=names.get(ballot.option or ""), grades={})
            late.append(replace(ballot, state=State.FAILED if failed else State.LATE))
        end = settled(course, code, why, ())
        shares.charge(end, self._parts, course, cut_off)
        with suppress(GuildhallError):
            await gateway.votes.keep(Cast(call.id, call.created_at, call.tenant_id, None, late))
        gateway.ledger.end_later(end)
        gateway.told(course, end, PROVIDER)

    async def _fail(self, course: Course, error: GuildhallError) -> None:
        """Write down that nobody answered, with what each has done, and free the caller's key."""
        cast = self._cast(course, None, None, None)  # nothing was decided, whatever was cast
        with suppress(GuildhallError):
            await self._settle(course, cast, None, None, (), error.code, requests.excerpt(error.message))
        await self._gateway.release(course)

    def _keepable(self, sent: bytes) -> bytes:
        """What is kept of an answer for whoever sends the call again; nothing where one account keeps nothing, or it is too long."""
        return sent if self._keeps and len(sent) <= self._gateway.most_answer_bytes else b""

    def _headers(self, headers: Mapping[str, str], fallback: str | None) -> dict[str, str]:
        named = f"{self._ensemble.name or ''} {self._ensemble.strategy}".strip()
        told = {**headers, "x-guildhall-ensemble": named.encode("ascii", "replace").decode()}
        if fallback is not None:
            told["x-guildhall-fallback"] = fallback
        return told
