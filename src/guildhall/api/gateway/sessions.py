"""Sessions at the gateway's door: listed, begun with a context, read, and ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from guildhall.adapters.upstreams import AskedWrong
from guildhall.app.documents.sessions import conversation_document
from guildhall.app.gateway import Gateway
from guildhall.db import StandingChanged
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Caller, KeyRefused, NotSignedIn

PATH = "/v1/sessions"
METHODS = {True: ("GET", "PUT", "DELETE"), False: ("GET",)}
"""What is done with one by its name, and with all of them."""

_TAKEN = ("context", "idle_s")


async def answer(gateway: Gateway, token: str, method: str, name: str, body: bytes) -> bytes:
    """
    The JSON that answers a request about one's own sessions, or the one of a name.

    Raises:
        GuildhallError: It is refused: no good key, no such session, one that has ended, a body that makes no sense.
    """
    caller = await gateway.admit(token)
    try:
        return await _answer(gateway, caller, method, name, body)
    except (KeyRefused, NotSignedIn, StandingChanged):
        # Nothing was done: what was known is old, and who may not is then told so.
        return await _answer(gateway, await gateway.admit(token, afresh=True), method, name, body)


async def _answer(gateway: Gateway, caller: Caller, method: str, name: str, body: bytes) -> bytes:
    # `default`: ids that come from the driver are of a kind of its own.
    async with gateway.ties.sessions_of(caller) as tx:
        if not name:
            found = await identity.list_conversations(tx, with_ended=True, at_most=1000)
            return orjson.dumps(
                {"object": "list", "data": [conversation_document(each) for each in found]}, default=str
            )
        if method == "PUT":
            context, idle = _read(body)
            await identity.use_conversation(tx, name, requests=0, **({} if idle is None else {"idle": idle}))
            if context is not None:
                await identity.keep_context(tx, name, context)
        elif method == "DELETE":
            await identity.end_conversation(tx, name)
        return orjson.dumps(conversation_document(await identity.get_conversation(tx, name)), default=str)


def _read(body: bytes) -> tuple[dict[str, Any] | None, timedelta | None]:
    """What a body says: the context to keep, and for how long a new session goes on without a call."""
    try:
        asked = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise AskedWrong("body", body[:60].decode("utf-8", "replace"), f"a JSON document: {error}") from None
    if not isinstance(asked, dict):
        raise AskedWrong("body", asked, "a JSON object")
    for each in asked:
        if each not in _TAKEN:
            raise AskedWrong(each, asked[each], f"nothing of that name; there are {' and '.join(_TAKEN)}")
    context, idle = asked.get("context"), asked.get("idle_s")
    if context is not None and not isinstance(context, dict):
        raise AskedWrong("context", context, "a JSON object")
    if idle is None:
        return context, None
    if (
        isinstance(idle, bool)
        or not isinstance(idle, int | float)
        or not 1 <= idle <= identity.SESSION_LONGEST.total_seconds()
    ):
        raise AskedWrong("idle_s", idle, f"seconds, from 1 to {identity.SESSION_LONGEST.total_seconds():.0f}")
    return context, timedelta(seconds=idle)
