"""
A visit: who asks, for which team, from where; the transactions made for it, and its answers.

    @router.post("/keys", status_code=201, response_model=NewKeyDocument)
    async def create_key(wanted: WantedKey, visit: Writing) -> Response:
        async with visit.transaction() as tx:
            made = await identity.create_key(tx, wanted.name)
            return await visit.created(tx, key_document(made), at=f"/v1/platform/keys/{made.id}")

What is returned from inside the block is sent after the transaction has been
committed. With an idempotency key the answer is kept in that same transaction.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Response

from guildhall.api.frame.answers import etag_of, json_bytes
from guildhall.api.frame.house import House
from guildhall.api.frame.templates import route_of
from guildhall.cache import hourly
from guildhall.db import MachineRole, Origin, Tx
from guildhall.domains.platform import audit, identity, replays
from guildhall.domains.platform.audit import NewRequest
from guildhall.domains.platform.identity import Action, Caller, Scope, Standing
from guildhall.domains.platform.replays import Answer
from guildhall.errors import InvalidInput, NotAllowed, Unavailable

COOKIE = "guildhall_session"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SAFE = ("GET", "HEAD", "OPTIONS")


class NotIntroduced(identity.NotSignedIn):
    """A request does not say whose it is."""

    code = "credentials_missing"

    def __init__(self) -> None:
        super().__init__()
        self.message = "the request carries no credentials"
        self.remedy = "Send `Authorization: Bearer <API key>`; `guildhall keys add` makes one."


class ScopeMissing(NotAllowed):
    """A key may not be used for this."""

    code = "scope_missing"

    def __init__(self, scope: Scope, scopes: tuple[str, ...]) -> None:
        super().__init__(
            f"the API key has the scopes {', '.join(scopes)}, expected {scope.value}",
            remedy=f"Use another key; `guildhall keys add --scope {scope.value}` makes one.",
            scopes=list(scopes),
            expected=scope.value,
        )


class OriginForeign(NotAllowed):
    """A page of another site sent a request with somebody's cookie."""

    code = "origin_foreign"

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"the request comes from {origin[:200]!r}, which is another site",
            remedy="Send an API key instead of the cookie.",
            field="Origin",
            value=origin[:200],
        )


class IdempotencyKeyUnusable(InvalidInput):
    """An idempotency key is written as none can be."""

    code = "idempotency_key_unusable"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key is {key[:100]!r}, expected 1 to 255 visible ASCII characters",
            remedy="A UUID is a good one.",
            field="Idempotency-Key",
            value=key[:100],
        )


class Closing(Unavailable):
    """The server is about to stop."""

    code = "shutting_down"

    def __init__(self) -> None:
        super().__init__("the server is shutting down", remedy="Try again; another process answers.")


class Replayed(Exception):
    """The request was carried out before."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Visit:
    """One request of somebody who was let in."""

    __slots__ = ("_idempotency_key", "_request", "caller", "headers", "house", "origin")

    def __init__(self, house: House, request: Request, caller: Caller, origin: Origin) -> None:
        self.house = house
        self.caller = caller
        self.origin = origin
        self.headers: dict[str, str] = {}
        self._request = request
        self._idempotency_key = _idempotency_key(request)

    @asynccontextmanager
    async def transaction(self, *, personal: bool = False) -> AsyncIterator[Tx]:
        """
        A transaction for whoever asks, which commits when the block ends.

        `personal` is for what is the person's own, which viewers change too.

        Raises:
            NotSignedIn, KeyRefused: The session or key has ended since.
            DatabaseUnavailable: No connection could be had, or it broke.
        """
        async with self.plain_transaction(personal=personal) as tx:
            key = self._idempotency_key
            if key is not None:
                earlier = await replays.claim(tx, key, await self._fingerprint())
                if earlier is not None:
                    raise Replayed(earlier)
            yield tx

    def plain_transaction(self, *, personal: bool = False) -> AbstractAsyncContextManager[Tx]:
        """The same without the idempotency key: for what takes several transactions, or is recognised by its own ids."""
        actor = self.caller.person if personal else self.caller.actor
        return self.house.doorkeeper.transaction(self.caller, actor, self.origin)

    def duty(self, role: MachineRole) -> AbstractAsyncContextManager[Tx]:
        """A transaction in which whoever asks does the machine's work for their team, without the idempotency key."""
        return self.house.doorkeeper.duty(self.caller, role, self.origin)

    async def insist(self) -> None:
        """
        See that whoever was let in is still who may ask, where nothing else is asked of the database for them.

        Raises:
            NotSignedIn, KeyRefused: The session or key has ended since.
            DatabaseUnavailable: No connection could be had, or it broke.
        """
        async with self.transaction():
            pass

    def answer(self, document: Any) -> Response:
        """What came of work that is in no request log, or what is never the same twice."""
        return Response(json_bytes(document), 200, self.headers, "application/json")

    def found(self, document: Any) -> Response:
        """An answer to a question, or that nothing has changed since the client's copy (RFC 9110 §13)."""
        body = json_bytes(document)
        tag = etag_of(body)
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", **self.headers}
        if tag in _tags(self._request.headers.get("if-none-match", "")):
            return Response(None, 304, headers)
        return Response(body, 200, headers, "application/json")

    async def created(self, tx: Tx, document: Any, *, at: str, secret: bool = False) -> Response:
        """Something new, and where it is; what is `secret` is shown this once and kept nowhere."""
        return await self.done(tx, document, status=201, headers={"Location": at}, secret=secret)

    async def done(
        self,
        tx: Tx,
        document: Any,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        secret: bool = False,
    ) -> Response:
        """What was changed, as it is now; the request is put into the team's request log."""
        body = b"" if status == 204 else json_bytes(document)
        headers = dict(headers or {})
        if self._idempotency_key is not None:
            await replays.keep(tx, self._idempotency_key, Answer(status, None if secret else body, headers))
        route = route_of(self._request.scope)
        await audit.record_request(
            tx,
            NewRequest(
                action=f"{self._request.method} {route}"[:100],
                request_data={"path": self._request.url.path[:500]},
                response_status=status,
            ),
        )
        headers |= self.headers
        if secret:
            headers["Cache-Control"] = "no-store"
        return Response(body, status, headers, None if status == 204 else "application/json")

    async def gone(self, tx: Tx) -> Response:
        """Something was removed."""
        return await self.done(tx, None, status=204)

    async def _fingerprint(self) -> bytes:
        request = self._request
        digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
        digest.update(await request.body())
        return digest.digest()


async def reading(request: Request) -> Visit:
    """Whoever may read."""
    return await _let_in(request, Scope.READ)


async def writing(request: Request) -> Visit:
    """Whoever may change things."""
    return await _let_in(request, Scope.WRITE, lambda standing: identity.check(standing, Action.WRITE))


async def speaking(request: Request) -> Visit:
    """Whoever may change what is their own, viewers too."""
    return await _let_in(request, Scope.WRITE)


async def managing(request: Request) -> Visit:
    """Whoever uses a key, or a session, with which people and keys may be managed; the room asks for the role."""
    return await _let_in(request, Scope.ADMIN)


async def administering(request: Request) -> Visit:
    """Administrators of the installation."""
    return await _let_in(request, Scope.ADMIN, lambda standing: identity.check_administrator(standing, "this"))


Reading = Annotated[Visit, Depends(reading)]
Writing = Annotated[Visit, Depends(writing)]
Speaking = Annotated[Visit, Depends(speaking)]
Managing = Annotated[Visit, Depends(managing)]
Administering = Annotated[Visit, Depends(administering)]


def house_of(request: Request, *, is_new: bool = False) -> House:
    """
    What this process's requests share; `is_new` asks for somebody who could as well go elsewhere.

    Raises:
        Closing: The server is about to stop.
    """
    house = cast(House | None, getattr(request.app.state, "house", None))
    if house is None or house.is_closing or (is_new and house.closing.is_set()):
        raise Closing
    return house


def origin_of(request: Request) -> Origin:
    """Where a request comes from, for the audit."""
    return Origin(
        address=request.client.host if request.client and _is_address(request.client.host) else None,
        user_agent=request.headers.get("user-agent", "")[:1000] or None,
        request_id=request.scope["guildhall.request_id"],
    )


async def _let_in(request: Request, scope: Scope, check: Callable[[Standing], None] = lambda standing: None) -> Visit:
    house = house_of(request)
    token = token_of(request)
    origin = origin_of(request)
    caller = await house.doorkeeper.admit(token)
    try:
        _check(caller, scope, check)
    except NotAllowed:
        # What is remembered may be a minute old, and somebody may have been given what they lack since.
        caller = await house.doorkeeper.admit(token, afresh=True)
        _check(caller, scope, check)
    finally:
        request.scope["guildhall.caller"] = caller
    visit = Visit(house, request, caller, origin)
    visit.headers.update(await _allowance(house, caller))
    return visit


async def _allowance(house: House, caller: Caller) -> dict[str, str]:
    """
    One request of what a key may make, and what is left, as draft-ietf-httpapi-ratelimit-headers says it.

    Raises:
        RateExceeded: None is left.
    """
    rate = hourly(caller.rate_limit)
    if caller.key_id is None or rate is None:
        return {}
    taken = await house.allowances.require(f"key:{caller.key_id}", rate)
    if taken is None:
        return {}
    return {
        "RateLimit-Policy": f'"key";q={rate.limit};w={rate.period_s:g}',
        "RateLimit": f'"key";r={taken.remaining};t={math.ceil(taken.reset_after_s)}',
    }


def _check(caller: Caller, scope: Scope, check: Callable[[Standing], None]) -> None:
    if not identity.allows(caller.scopes, scope):
        raise ScopeMissing(scope, tuple(caller.scopes))
    check(caller.standing)


def token_of(request: Request) -> str:
    """
    What says whose a request is: its API key, or its session's token.

    Raises:
        NotIntroduced: It carries neither, or more than one.
        OriginForeign: The token is a cookie's, and another site's page sent it.
    """
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        raise NotIntroduced  # whoever stands before the server may have looked at the other one
    scheme, _, token = "".join(given).partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise NotIntroduced
    if request.method not in _SAFE:
        # A cookie goes along with whatever a page of another site sends, so that page's origin is looked at.
        origin = request.headers.get("origin", "")
        allowed = house_of(request).app.settings.cors_origins
        if origin.partition("://")[2] != request.headers.get("host") and origin not in allowed:
            raise OriginForeign(origin)
    return cookie


def _idempotency_key(request: Request) -> str | None:
    if request.method != "POST":
        return None
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise IdempotencyKeyUnusable(key)
    return key


def _tags(header: str) -> set[str]:
    return {each.strip().removeprefix("W/") for each in header.split(",") if each.strip()}


def _is_address(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF.:" for letter in text) and any(mark in text for mark in ".:")
