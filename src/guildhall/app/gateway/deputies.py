"""
Calling models for somebody who is not there: work in the background that they have asked for.

A deputy shows no token. It says by which key or session the work was asked
for, and every call is let in, limited, paid for and written down as that one's:
when it is revoked, or its person leaves the team, the next call is refused.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

from guildhall import clock
from guildhall.adapters.exchange import Answer
from guildhall.adapters.llm import Completion, Endpoint, refusals
from guildhall.adapters.llm.answers import read_completion
from guildhall.adapters.llm.refusals import Refusal
from guildhall.adapters.through import Role, purpose
from guildhall.adapters.upstreams import FACES, Asked, AskedWrong
from guildhall.algorithms import sanitise
from guildhall.algorithms.backoff import full_jitter
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.gateway.calls import Gateway
from guildhall.app.gateway.course import Context
from guildhall.app.gateway.errors import UpstreamAnswered
from guildhall.app.gateway.opening import open_gateway
from guildhall.app.through import key_for
from guildhall.app.wiring import App
from guildhall.db import Actor, Database
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Caller, KeyRefused, NotSignedIn
from guildhall.errors import GuildhallError, LimitReached, Unavailable
from guildhall.settings import Settings

OnCall: TypeAlias = Callable[[UUID], Awaitable[None]]
"""What is told of a call, by the id that the ledger will have it under."""

_FACE = FACES["chat"]
NOWHERE = Endpoint("http://gateway.invalid/v1")
"""Costs are the ledger's to tell; at this address nobody knows a price."""

_MOST_ATTEMPTS = 3
_LONGEST = timedelta(days=1)
_LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Errand:
    """By what somebody has asked for work in the background: their key or session, by its id; neither is a secret."""

    kind: Literal["key", "session"]
    id: UUID

    @classmethod
    def of(cls, caller: Caller) -> Errand:
        """
        The errand of somebody who was let in.

        Raises:
            NotSignedIn: They were let in by neither a key nor a session.
        """
        if caller.proof is None:
            raise NotSignedIn
        return cls(caller.proof.kind, caller.proof.id)

    @classmethod
    def read(cls, document: object) -> Errand | None:
        """The errand that `document` says; None where it says none."""
        match document:
            case {"kind": "key" | "session" as kind, "id": str(text)}:
                try:
                    return cls(kind, UUID(text))
                except ValueError:
                    return None
        return None

    def document(self) -> dict[str, str]:
        """As JSON."""
        return {"kind": self.kind, "id": str(self.id)}


class DeputyDoorkeeper(Doorkeeper):
    """Lets in whoever an errand is of, whatever token is shown, for as long as they could come themselves."""

    def __init__(self, database: Database, actor: Actor, errand: Errand) -> None:
        super().__init__(database)
        self._people = database
        self._actor = actor
        self._errand = errand
        self._known: Caller | None = None

    async def admit(self, token: str, *, afresh: bool = False) -> Caller:
        """
        Whoever the errand is of.

        Raises:
            KeyRefused, NotSignedIn: Their key or session has ended, or they have left the team.
        """
        if self._known is None or afresh:
            self._known = await self._look()
        return self._known

    async def _look(self) -> Caller:
        async with self._people.transaction(replace(self._actor, reads_only=True)) as tx:
            standing = await identity.get_standing(tx)
            if standing.role is None:
                raise KeyRefused
            if self._errand.kind == "session":
                for session in await identity.list_sessions(tx, at_most=1000):
                    if session.id == self._errand.id:
                        return Caller(
                            self._actor.user_id,
                            self._actor.tenant_id,
                            standing,
                            session.expires_at,
                            session_id=session.id,
                        )
                raise NotSignedIn
            found = await identity.page_keys(tx, {"id": self._errand.id}, identity.KEYS.order())
        for key in found.items:
            # Owners see the keys of others; nobody goes on an errand for them.
            if key.is_active and key.user_id == self._actor.user_id:
                return Caller(
                    self._actor.user_id,
                    self._actor.tenant_id,
                    standing,
                    key.expires_at,
                    key_id=key.id,
                    key_name=key.name,
                    scopes=tuple(key.scopes),
                    rate_limit=key.rate_limit,
                )
        raise KeyRefused


@dataclass(slots=True)
class _Kept:
    """An answer that nobody waits for but us."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers = status, headers

    async def send(self, part: bytes, *, more: bool) -> None:
        self.parts.append(part)

    async def break_off(self, error: GuildhallError) -> None:
        raise error


class DeputyModels:
    """
    Asks models through a gateway of this process; whose endpoint is named makes no difference.

    `calls` are those that were made, by the ids that the ledger has them under, and whether each was answered; `on_call` is
    told of each before it is made.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        on_call: OnCall | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._gateway = gateway
        self._on_call = on_call
        self._sleep = sleep
        self._chance = chance
        self._refused: dict[str, set[str]] = {}
        self.calls: dict[UUID, bool] = {}

    def check_endpoint(self, endpoint: Endpoint) -> None:
        """Nothing is to be found out beforehand: who serves a model may change while one waits."""

    async def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        endpoint: Endpoint,
        model: str,
        timeout_ms: float,
        temperature: float | None = None,
        params: Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        optional: Collection[str] = (),
        role: Role = "agent",
    ) -> Completion:
        """
        One completion; the gateway goes from account to account, and what all of them refuse for now is asked again here.

        A parameter named in `optional` is left out, from then on, for a model that refuses it. What it is made for,
        and by whom (`role`), is said where that is known (`adapters.through.made_for`).

        Raises:
            TrialFailed: There is no completion to be had.
        """
        refused = self._refused.setdefault(model, set())
        body: dict[str, Any] = {**(params or {}), "model": model, "messages": list(messages)}
        if temperature is not None:
            body["temperature"] = temperature
        if response_format is not None:
            body["response_format"] = response_format
        attempts, give_up_at_ms = 0, clock.monotonic_ms() + timeout_ms
        while True:
            attempts += 1
            left_ms = give_up_at_ms - clock.monotonic_ms()
            try:
                said = {name: value for name, value in body.items() if name not in refused}
                return await self._ask(said, model, role, left_ms, attempts)
            except Refusal as refusal:
                if refusal.parameter in optional and refusal.parameter in body and refusal.parameter not in refused:
                    refused.add(refusal.parameter)
                    continue
                pause_s = full_jitter(attempts, self._chance(), at_least_s=refusal.wait_s)
                left_ms = give_up_at_ms - clock.monotonic_ms()
                if not refusal.again or attempts >= _MOST_ATTEMPTS or pause_s * 1000 >= left_ms:
                    raise refusal.as_failure(model, attempts, ()) from None
                await self._sleep(pause_s)

    async def _ask(self, body: Mapping[str, Any], model: str, role: Role, left_ms: float, attempts: int) -> Completion:
        began_ms, reply = clock.monotonic_ms(), _Kept()
        context = Context("", purpose(role), f"/v1{_FACE.path}")
        if self._on_call is not None:
            await self._on_call(context.call_id)
        self.calls[context.call_id] = False
        try:
            async with asyncio.timeout(left_ms / 1000):
                await self._gateway.answer(context, Asked.read(_FACE, sanitise.to_json(body)), reply)
        except UpstreamAnswered as error:
            raise refusals.of_answer(Answer(error.status, {}, error.body), clock.now()) from None
        except AskedWrong as error:
            raise Refusal(str(error), failure_type=error.code, parameter=str(error.details.get("field", ""))) from None
        except TimeoutError:
            raise Refusal(f"no answer within {left_ms / 1000:.0f} s", failure_type="model_timeout") from None
        except GuildhallError as error:
            raise _refusal_of(error) from None
        self.calls[context.call_id] = True
        took_ms = clock.monotonic_ms() - began_ms
        found = read_completion(
            b"".join(reply.parts), endpoint=NOWHERE, model=model, duration_ms=took_ms, attempts=attempts
        )
        return replace(found, request_id=str(context.call_id))


def _refusal_of(error: GuildhallError) -> Refusal:
    """What the gateway does not answer, and whether it may in a while."""
    wait_s = error.details.get("retry_after_s", 0.0)
    passes = error.code == "upstream_unavailable" or (
        isinstance(error, LimitReached | Unavailable) and 0 < wait_s <= _LONGEST_WAIT_S
    )
    return Refusal(str(error), failure_type=error.code, again=passes, wait_s=float(wait_s))


@asynccontextmanager
async def deputy_models(
    settings: Settings, actor: Actor, errand: Errand, *, on_call: OnCall | None = None
) -> AsyncIterator[DeputyModels]:
    """
    Models for work in the background, asked for somebody through a gateway of this process.

    Raises:
        Unavailable: There is no database.
    """
    async with open_gateway(settings, lets_in=lambda database: DeputyDoorkeeper(database, actor, errand)) as gateway:
        yield DeputyModels(gateway, on_call=on_call)


@asynccontextmanager
async def own_models(
    app: App, name: str, *, lasts: timedelta = _LONGEST, on_call: OnCall | None = None
) -> AsyncIterator[DeputyModels]:
    """
    Models for what somebody does without a key, at the command line or on the database: one of that name is made for them.

    It is revoked at the block's end; where nobody comes to that it ends after `lasts`.

    Raises:
        NotPermitted: They may make no keys.
        Unavailable: There is no database.
    """
    async with (
        key_for(app, name, lasts=lasts) as made,
        deputy_models(app.settings, app.actor, Errand("key", made.id), on_call=on_call) as models,
    ):
        yield models
