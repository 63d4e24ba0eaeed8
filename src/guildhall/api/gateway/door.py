"""
The door: requests in, answers out, and errors in the words of the API that the caller speaks.

It is an ASGI application without a framework, as most of what one does for a
request is done by none of ours: a call's body is read once, and what is
answered are the provider's bytes.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from guildhall import __version__, clock
from guildhall.adapters.upstreams import FACES, Asked, AskedWrong, Face
from guildhall.algorithms.suggestions import did_you_mean
from guildhall.api.gateway import sessions
from guildhall.app.gateway import Context, Gateway, UpstreamAnswered, ties
from guildhall.app.logs import request_id as logged_id
from guildhall.domains.gateway.providers import ModelNotFound
from guildhall.domains.platform.identity import KeyRefused, NotSignedIn
from guildhall.errors import Conflict, GuildhallError, InvalidInput, LimitReached, NotAllowed, NotFound, Unavailable

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Any]
Send: TypeAlias = Callable[[Message], Any]

_BY_PATH = {f"/v1{each.path}": each for each in FACES.values()}
_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}
_OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "invalid_request_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}
_STATUS: tuple[tuple[type[GuildhallError], int], ...] = (
    (KeyRefused, 401),
    (NotSignedIn, 401),
    (NotFound, 404),
    (InvalidInput, 400),
    (Conflict, 409),
    (NotAllowed, 403),
    (LimitReached, 429),
    (Unavailable, 503),
)
"""As both APIs have them, where ours has 422."""

_NOTHING: Mapping[str, str] = {}
_ANTHROPIC_ID = "request-id"
"""Where Anthropic's SDK looks for what OpenAI's finds under x-request-id."""

_log = logging.getLogger("guildhall.gateway")


class BodyTooLarge(LimitReached):
    """A body is longer than it may be."""

    code = "body_too_large"
    status = 413

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the body is longer than {most} bytes", remedy="Send less, or raise GUILDHALL_MAX_BODY_BYTES.", limit=most
        )


class CallerGone(Exception):
    """Whoever was asking has left before they had asked."""


class _PathUnknown(NotFound):
    code = "route_not_found"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"there is nothing at {path[:200]!r}",
            remedy=did_you_mean(path, [*_BY_PATH, "/v1/models"])
            or "There are /v1/models and " + ", ".join(_BY_PATH) + ".",
        )


class _MethodWrong(InvalidInput):
    code = "method_not_allowed"


class _TokenMissing(NotSignedIn):
    code = "credentials_missing"

    def __init__(self) -> None:
        super().__init__()
        self.message = "the request carries no credentials"
        self.remedy = "Send `Authorization: Bearer <API key>` or `x-api-key`; `guildhall keys add` makes one."


class _Reply:
    """An answer on its way to a caller."""

    __slots__ = ("_face", "_send", "status")

    def __init__(self, send: Send, face: Face) -> None:
        self._send = send
        self._face = face
        self.status: int | None = None

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        if self._face.is_anthropic and "x-request-id" in headers:
            encoded.append((_ANTHROPIC_ID.encode(), headers["x-request-id"].encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def send(self, part: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": part, "more_body": more})

    async def break_off(self, error: GuildhallError) -> None:
        document = orjson.dumps(_body(self._face.is_anthropic, error, 502, ""))
        if self._face.name in ("messages", "responses"):
            event = b"event: error\ndata: " + document + b"\n\n"
            if self._face.name == "responses":
                told = {"type": "error", "code": error.code, "message": str(error), "param": None, "sequence_number": 0}
                event = b"event: error\ndata: " + orjson.dumps(told) + b"\n\n"
        else:
            event = b"data: " + document + b"\n\n"
        await self.send(event, more=False)


def create_gateway(gateway: Gateway, *, max_body_bytes: int, metrics_token: str | None = None) -> Door:
    """The gateway as an ASGI application, on a gateway that is open for as long as it runs."""
    return Door(gateway, max_body_bytes, metrics_token)


class Door:
    """The ASGI application: a request at a time, each of its own."""

    def __init__(self, gateway: Gateway, max_body_bytes: int, metrics_token: str | None) -> None:
        self._gateway = gateway
        self._most = max_body_bytes
        self._metrics_token = metrics_token

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path.startswith(ties.BEFORE):
            scope = ties.untied(scope)
            path = scope["path"]
        face = _BY_PATH.get(path)
        if face is not None and method == "POST":
            await self._call(face, scope, receive, send)
            return
        call_id = clock.new_id()
        speaks_anthropic = any(name == b"anthropic-version" for name, _ in scope["headers"])
        try:
            if face is not None:
                await _fail(
                    send,
                    _MethodWrong(f"{path!r} does not take {method}, expected POST"),
                    405,
                    call_id,
                    speaks_anthropic,
                )
            elif path == "/health" and method in ("GET", "HEAD"):
                await _answer(send, 200, orjson.dumps({"status": "ok", "version": __version__}), call_id)
            elif path == "/metrics" and method == "GET":
                await self._metrics(scope, send, call_id)
            elif path == "/v1/models" or path.startswith("/v1/models/"):
                await self._models(scope, send, call_id, path[len("/v1/models/") :], speaks_anthropic)
            elif path == sessions.PATH or path.startswith(f"{sessions.PATH}/"):
                await self._sessions(scope, receive, send, call_id)
            else:
                raise _PathUnknown(path)
        except CallerGone:
            return
        except GuildhallError as error:
            await _fail(send, error, None, call_id, speaks_anthropic)

    async def _call(self, face: Face, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        gateway = self._gateway
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        context = Context(_token(headers), headers, scope["path"])
        reply = _Reply(send, face)
        logged = logged_id.set(str(context.call_id))
        try:
            if not context.token:
                raise _TokenMissing
            await gateway.let_in(context, face.request_type)  # before what they send is taken in
            raw = await _read(receive, headers, self._most)
            try:
                asked = Asked.read(face, raw)
            except AskedWrong as error:
                await gateway.refuse(context, face.request_type, error)
                raise
            await gateway.answer(context, asked, reply)
        except CallerGone:
            return
        except GuildhallError as error:
            if isinstance(error, BodyTooLarge):
                await gateway.refuse(context, face.request_type, error)
            if _log.isEnabledFor(logging.INFO):
                _log.info("%s %s: %s", face.name, error.code, error.message)
            await _fail(send, error, None, context.call_id, face.is_anthropic)
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("a call was not answered")
            if reply.status is None:
                defect = GuildhallError(
                    "something went wrong in the gateway", remedy="Look for the request id in its log."
                )
                await _fail(send, defect, 500, context.call_id, face.is_anthropic)
            else:
                raise
        finally:
            logged_id.reset(logged)

    async def _models(self, scope: Mapping[str, Any], send: Send, call_id: UUID, wanted: str, anthropic: bool) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        token = _token(headers)
        if not token:
            raise _TokenMissing
        found = await self._gateway.models(token)
        listed = [_model(name, owner, anthropic) for name, owner in found]
        if not wanted:
            document = (
                {
                    "data": listed,
                    "has_more": False,
                    "first_id": found[0][0] if found else None,
                    "last_id": found[-1][0] if found else None,
                }
                if anthropic
                else {"object": "list", "data": listed}
            )
            await _answer(send, 200, orjson.dumps(document), call_id)
            return
        for each in listed:
            if each["id"] == wanted:
                await _answer(send, 200, orjson.dumps(each), call_id)
                return
        raise ModelNotFound(wanted, [name for name, _ in found])

    async def _sessions(self, scope: Mapping[str, Any], receive: Receive, send: Send, call_id: UUID) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        token, method, name = _token(headers), scope["method"], scope["path"][len(sessions.PATH) + 1 :]
        if not token:
            raise _TokenMissing
        if method not in sessions.METHODS[bool(name)]:
            expected = ", ".join(sessions.METHODS[bool(name)])
            await _fail(
                send,
                _MethodWrong(f"{scope['path']!r} does not take {method}, expected {expected}"),
                405,
                call_id,
                False,
            )
            return
        body = await _read(receive, headers, self._most) if method == "PUT" else b""
        await _answer(send, 200, await sessions.answer(self._gateway, token, method, name, body), call_id)

    async def _metrics(self, scope: Mapping[str, Any], send: Send, call_id: UUID) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        token = _token(headers)
        # They tell of every team's calls, so that no team's key is enough.
        if self._metrics_token is None or not secrets.compare_digest(token.encode(), self._metrics_token.encode()):
            raise _TokenMissing
        ledger = self._gateway.ledger
        body, media_type = self._gateway.metrics.exposition(
            ledger.waiting, headers.get("accept", ""), is_away=ledger.is_away
        )
        await _answer(send, 200, body, call_id, media_type)


def _model(name: str, owner: str, anthropic: bool) -> dict[str, Any]:
    if anthropic:
        return {"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"}
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}


def _token(headers: Mapping[str, str]) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key", "").strip()


async def _read(receive: Receive, headers: Mapping[str, str], most: int) -> bytes:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise BodyTooLarge(most)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise CallerGone
    if not message.get("more_body"):
        if len(body) > most:
            raise BodyTooLarge(most)
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise BodyTooLarge(most)
    return b"".join(parts)


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    call_id: UUID,
    media_type: str = "application/json",
    extra: Mapping[str, str] = _NOTHING,
) -> None:
    headers = {
        "content-type": media_type,
        "content-length": str(len(body)),
        "x-request-id": str(call_id),
        **extra,
    }
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _fail(send: Send, error: GuildhallError, status: int | None, call_id: UUID, anthropic: bool) -> None:
    extra = {_ANTHROPIC_ID: str(call_id)} if anthropic else {}
    if isinstance(error, UpstreamAnswered):
        await _answer(send, error.status, error.body, call_id, error.media_type, extra)
        return
    status = status or _status(error)
    if status == 401:
        extra["www-authenticate"] = 'Bearer realm="guildhall"'
    if "retry_after_s" in error.details:
        extra["retry-after"] = str(max(1, math.ceil(error.details["retry_after_s"])))
    if error.code in ("budget_exhausted", "price_unknown"):
        extra["x-should-retry"] = "false"  # which the SDKs heed: in a moment it is the same
    await _answer(send, status, orjson.dumps(_body(anthropic, error, status, str(call_id))), call_id, extra=extra)


def _status(error: GuildhallError) -> int:
    stated = getattr(error, "status", None)
    if isinstance(stated, int):
        return stated
    return next((status for family, status in _STATUS if isinstance(error, family)), 500)


def _body(anthropic: bool, error: GuildhallError, status: int, call_id: str) -> dict[str, Any]:
    if anthropic:
        kind = _ANTHROPIC_TYPES.get(status, "api_error")
        return {
            "type": "error",
            "error": {"type": kind, "message": str(error), "code": error.code},
            "request_id": call_id,
        }
    return {
        "error": {
            "message": str(error),
            "type": "insufficient_quota"
            if error.code == "budget_exhausted"
            else _OPENAI_TYPES.get(status, "server_error"),
            "param": error.details.get("field"),
            "code": error.code,
            "request_id": call_id,
        }
    }
