"""A server in front of the database, for clients that have an API key and no login."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import aiohttp
import orjson

from guildhall.algorithms import backoff
from guildhall.app.recorder import Recorder
from guildhall.app.spool import Spool
from guildhall.app.telling import KnownSimulation, told_again
from guildhall.client.answers import error_of, outcome_of
from guildhall.db import Actor
from guildhall.domains.evaluation.outcomes import Outcome, PackedTrial, Partitions, Recorded, Writing
from guildhall.errors import GuildhallError, InvalidInput, Unavailable
from guildhall.settings import Settings

if TYPE_CHECKING:
    from guildhall.client.loopplaces import ServerLoop

_ATTEMPTS = 5
_WAIT_AT_MOST_S = 10.0
_TIMEOUT = aiohttp.ClientTimeout(total=120, connect=10)
_WORTH_REPEATING = (429, 502, 503, 504)


class ServerUnavailable(Unavailable):
    """A Guildhall server does not answer."""

    code = "server_unavailable"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"the Guildhall server at {url} does not answer: {why}",
            remedy="Check GUILDHALL_URL and that `guildhall serve` runs there, then try again.",
            url=url,
        )


class KeyMissing(InvalidInput):
    """There is a server's URL and no key for it."""

    code = "api_key_missing"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"no API key is given for {url}",
            remedy="Set GUILDHALL_API_KEY, or give api_key; `guildhall keys add` makes one.",
            field="api_key",
        )


class Server:
    """
    Requests to one server, repeated safely.

    What reads is repeated as it is; what changes something carries an
    idempotency key, so that it is done once however often it is sent.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._chance = random.Random()

    async def get(self, path: str) -> Any:
        """
        The document at a path.

        Raises:
            ServerUnavailable: It does not answer, or not in time, however often it is asked.
            GuildhallError: What the server says is wrong, in its family.
        """
        return await self._request("GET", path, None)

    async def post(self, path: str, document: Any = None) -> Any:
        """
        What a POST gives.

        Raises:
            ServerUnavailable, GuildhallError: As `get`.
        """
        return await self._request("POST", path, {} if document is None else document)

    async def put(self, path: str, document: Any) -> Any:
        """
        What a PUT gives.

        Raises:
            ServerUnavailable, GuildhallError: As `get`.
        """
        return await self._request("PUT", path, document)

    async def patch(self, path: str, document: Any) -> Any:
        """
        What a PATCH gives.

        Raises:
            ServerUnavailable, GuildhallError: As `get`.
        """
        return await self._request("PATCH", path, document)

    async def stream(self, path: str, *, last_event_id: str | None = None) -> AsyncIterator[tuple[str, str, Any]]:
        """
        Events of a stream (WHATWG server-sent events): id, kind and document of each, until the server ends it.

        Raises:
            ServerUnavailable, GuildhallError: As `get`; a stream that breaks off is ServerUnavailable.
        """
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=60)
        try:
            async with self._session.get(path, headers=headers, timeout=timeout) as response:
                if response.status != 200:
                    raise error_of(response.status, await response.read(), self._url)
                async for event in _events(response.content):
                    yield event
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServerUnavailable(self._url, str(error) or type(error).__name__) from error

    async def _request(self, method: str, path: str, document: Any) -> Any:
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"} if method != "GET" else {}
        body = None if document is None else orjson.dumps(document, default=str, option=orjson.OPT_NON_STR_KEYS)
        for attempt in range(1, _ATTEMPTS + 1):
            asked_to_wait_s = 0.0
            try:
                async with self._session.request(method, path, data=body, headers=headers) as response:
                    answer = await response.read()
                    if response.status < 300:
                        return orjson.loads(answer) if answer else None
                    error: GuildhallError = error_of(response.status, answer, self._url)
                    if response.status not in _WORTH_REPEATING:
                        raise error
                    asked_to_wait_s = _seconds(response.headers.get("Retry-After"))
            except (aiohttp.ClientError, TimeoutError) as failure:
                error = ServerUnavailable(self._url, str(failure) or type(failure).__name__)
            except orjson.JSONDecodeError as failure:
                raise ServerUnavailable(self._url, "its answer is no JSON") from failure
            if attempt == _ATTEMPTS or asked_to_wait_s > _WAIT_AT_MOST_S:
                raise error
            await asyncio.sleep(
                backoff.full_jitter(
                    attempt, self._chance.random(), first_s=0.1, longest_s=2.0, at_least_s=asked_to_wait_s
                )
            )
        raise AssertionError("unreachable")


class RemoteEvidence:
    """Keeps what clients are told through a server."""

    def __init__(self, server: Server, actor: Actor, spool: Spool) -> None:
        self._server = server
        self._actor = actor
        self._spool = spool
        self._chance = random.Random()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, api_key: str | None, settings: Settings) -> AsyncIterator[RemoteEvidence]:
        """
        Open a connection to the server at `url`.

        Outcomes wait in a spool of their own for this server, person and team.

        Raises:
            KeyMissing: There is no key.
            ServerUnavailable: Nobody answers.
            NotAllowed: The key is not valid.
        """
        if not api_key:
            raise KeyMissing(url)
        base = url.rstrip("/") + "/"
        headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        async with aiohttp.ClientSession(base, headers=headers, timeout=_TIMEOUT, trust_env=True) as session:
            server = Server(session, url)
            me = await server.get("v1/platform/me")
            actor = Actor(UUID(me["user"]["id"]), UUID(me["team"]["id"]))
            place = uuid5(NAMESPACE_URL, f"{base}#{actor.tenant_id}/{actor.user_id}")
            yield cls(server, actor, Spool(settings.data_dir / "spool" / str(place)))

    def recorder(self, *, batch_size: int = 1000, flush_interval_s: float = 0.05) -> Recorder:
        return Recorder(
            _ServerSink(self._server),
            self._actor,
            self._spool,
            batch_size=batch_size,
            flush_interval_s=flush_interval_s,
        )

    async def begin(self, told: Mapping[str, Any]) -> KnownSimulation:
        return _known(await self._server.post("v1/evaluation/executions", _without(told, "simulation_id")))

    async def begin_simulation(self, told: Mapping[str, Any]) -> KnownSimulation:
        given = {**told, "simulation_id": told.get("simulation_id")}
        return _known(await self._server.post("v1/evaluation/executions", given))

    async def known_simulation(self, simulation_id: UUID) -> KnownSimulation:
        return _known(await self._server.get(f"v1/evaluation/executions/{simulation_id}"))

    async def tell_tools(self, events: Sequence[Mapping[str, Any]]) -> None:
        await self._server.post("v1/evaluation/tool-events", {"events": [dict(each) for each in events]})

    async def tell_failure(self, told: Mapping[str, Any]) -> UUID:
        return UUID((await self._server.post("v1/evaluation/failures", dict(told)))["outcome_id"])

    async def end(self, told: Mapping[str, Any]) -> None:
        await self._server.post(f"v1/evaluation/executions/{told['simulation_id']}/end", dict(told))

    async def complete_if_done(self, simulation_id: UUID) -> bool:
        answer = await self._server.post(f"v1/evaluation/executions/{simulation_id}/end", {"if_done": True})
        ended: bool = answer["ended"]
        return ended

    async def active_configurations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._server.get("v1/evaluation/deployments")
        return found

    async def active_configuration(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = await self._server.get(f"v1/evaluation/deployments/{quote(name, safe='')}")
        return found

    async def save_configuration(
        self, config_data: Mapping[str, Any], *, config_name: str | None, modal_deployment_id: str | None
    ) -> UUID:
        saved = await self._server.post(
            "v1/evaluation/deployments",
            {"config": dict(config_data), "config_name": config_name, "modal_deployment_id": modal_deployment_id},
        )
        return UUID(saved["version_id"])

    async def outcome(self, outcome_id: UUID) -> Outcome:
        return outcome_of(await self._server.get(f"v1/evaluation/outcomes/{outcome_id}"))

    async def follow(self, simulation_id: UUID) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        last_event_id = None
        attempt = 0
        while True:
            try:
                path = f"v1/evaluation/simulations/{simulation_id}/events"
                async for event_id, kind, document in self._server.stream(path, last_event_id=last_event_id):
                    attempt = 0
                    last_event_id = event_id or last_event_id
                    if kind == "closing":  # that process stops; another one goes on
                        break
                    yield kind, document
                    if kind == "end":
                        return
            except ServerUnavailable:
                if attempt >= _ATTEMPTS:
                    raise
            attempt += 1
            await asyncio.sleep(backoff.full_jitter(attempt, self._chance.random(), first_s=0.1, longest_s=5.0))

    async def see_to_failures(self) -> None:
        """The server does."""

    async def loop(self) -> ServerLoop:
        from guildhall.client.loopplaces import ServerLoop  # noqa: PLC0415 - few who record need it

        return ServerLoop(self._server)

    async def try_writing(self) -> Writing:
        return Writing(**await self._server.post("v1/evaluation/writing-trials"))

    async def partitions(self) -> Partitions:
        found = await self._server.get("v1/evaluation/partitions")
        ends_at = found["ends_at"] and datetime.fromisoformat(found["ends_at"])
        return Partitions(found["engine"], found["partitions"], found["total_bytes"], ends_at)


class _ServerSink:
    """Stores records through a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def store(self, actor: Actor, trials: Sequence[PackedTrial]) -> Recorded:
        told = {"outcomes": [told_again(each) for each in trials]}
        answer = await self._server.post("v1/evaluation/outcomes", told)
        ids: dict[str, list[UUID]] = {"stored": [], "known": [], "refused": []}
        for each in answer["items"]:
            if each.get("error") is not None:
                # Whoever delivers halves the batch until the record that is wrong stands alone; the others are known then.
                raise error_of(422, orjson.dumps({"error": each["error"]}), "")
            ids[each["status"]].append(UUID(each["outcome_id"]))
        return Recorded(tuple(ids["stored"]), tuple(ids["known"]), tuple(ids["refused"]))


async def _events(lines: aiohttp.StreamReader) -> AsyncIterator[tuple[str, str, Any]]:
    identifier, kind = "", "message"
    data: list[str] = []
    async for line in lines:
        text = line.decode().rstrip("\r\n")
        if not text:
            if data:
                yield identifier, kind, orjson.loads("\n".join(data))
            kind, data = "message", []
            continue
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id":
                identifier = value
            case "event":
                kind = value
            case "data":
                data.append(value)


def _known(document: Mapping[str, Any]) -> KnownSimulation:
    return KnownSimulation(
        UUID(document["simulation_id"]),
        document["pass_scores"],
        is_execution=document["is_execution"],
        modal_call_id=document["modal_call_id"],
    )


def _without(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key != name}


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdecimal() else 0.0
