"""Connections to providers, against a server that says exactly these bytes."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from guildhall.adapters.upstreams import Incoming, Upstream, UpstreamSilent
from guildhall.app.gateway.begun import begun
from guildhall.domains.gateway import providers

OK = b"HTTP/1.1 200 OK\r\n"


class Server:
    """Answers each request with the next of its answers, in pieces; None closes the connection."""

    def __init__(self, answers: Sequence[Sequence[bytes | None]]) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.port = 0
        self.host = b"127.0.0.1"
        self.ends: list[asyncio.Task[None] | None] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.ends.append(asyncio.current_task())
        with suppress(OSError):
            await self._answer(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            assert head.startswith(b"POST /v1/x HTTP/1.1\r\nHost: %s:" % self.host)
            await reader.readexactly(2)
            for piece in self.answers.pop(0):
                if piece is None:
                    return
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        await reader.read()  # until the other side has closed it


@asynccontextmanager
async def asked(
    *answers: Sequence[bytes | None], security: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Server, Upstream]]:
    server = Server(answers)
    async with await asyncio.start_server(server.answer, "127.0.0.1", ssl=security) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        async with Upstream(providers.read_networks(["127.0.0.0/8"])) as upstream:
            yield server, upstream
        server.answers.clear()
        async with asyncio.timeout(5):
            await asyncio.gather(*filter(None, server.ends))


async def send(server: Server, upstream: Upstream, *, first_byte_s: float = 5, total_s: float = 5) -> Incoming:
    url = f"http://127.0.0.1:{server.port}/v1/x"
    return await upstream.send("POST", url, {"A": "b"}, b"{}", first_byte_s=first_byte_s, total_s=total_s)


@pytest.mark.parametrize(
    "pieces",
    [
        [OK + b"Content-Length: 5\r\n\r\nhe", b"llo"],
        [OK, b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", b"3\r\nllo\r\n0", b"\r\n\r\n"],
        [OK + b"\r\n", b"hel", b"lo", None],  # its end is the connection's
        [b"HTTP/1.1 100 Continue\r\n\r\n", OK + b"Content-Length: 5\r\n\r\nhello"],
        [OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n", gzip.compress(b"hello"), None],
        # What follows a whole answer does not undo it.
        [OK + b"Content-Length: 5\r\n\r\nhello there"],
        [OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello there"],
    ],
)
async def test_a_body_is_read_whatever_its_form(pieces: list[bytes | None]) -> None:
    async with asked(pieces) as (server, upstream):
        incoming = await send(server, upstream)
        assert (incoming.status, await incoming.read()) == (200, b"hello")
        incoming.close()


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([OK + b"Content-Length: 9\r\n\r\nhello", None], "broken"),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", None], "broken"),
        ([OK + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + gzip.compress(b"hello")[:20]], "broken"),
        ([OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"hello")[:20], None], "broken"),
        ([OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"hello") + b"!", None], "broken"),
        ([OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"], "broken"),
        ([OK + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"], "broken"),
        ([OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n"], "broken"),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", *[b"A: %d\r\n" % 10**2_000] * 80], "broken"),
        ([OK, *[b"A: %d\r\n" % 10**2_000] * 80], "broken"),
        ([b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\noh", OK + b"Content-Length: 2\r\n\r\nok"], "broken"),
        ([OK + b"Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello"], "broken"),
        ([OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"], "broken"),
        ([b"hello there\r\n\r\n"], "broken"),
        ([None], "broken"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"], "timeout"),
        ([OK + b"Content-Length: 9\r\n\r\nhello"], "timeout"),
    ],
)
async def test_what_is_no_whole_answer_is_none(pieces: list[bytes | None], reason: str) -> None:
    async with asked(pieces) as (server, upstream):
        wait_s = 0.1 if reason == "timeout" else 5
        with pytest.raises(UpstreamSilent) as caught:
            await (await send(server, upstream, first_byte_s=wait_s, total_s=wait_s)).read()
        assert caught.value.reason == reason


async def test_a_connection_is_used_again_if_its_answer_is_over_and_may_follow() -> None:
    whole = [OK + b"Content-Length: 2\r\n\r\nok"]
    last = [OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok", None]
    async with asked(whole, whole, last, whole, whole) as (server, upstream):
        counts = []
        for _ in range(4):
            incoming = await send(server, upstream)
            await incoming.read()
            incoming.close()
            counts.append(server.connections)
        assert counts == [1, 1, 1, 2]
        (await send(server, upstream)).close()  # unread, yet whole

    more = [OK + b"Content-Length: 2\r\n\r\nok" + OK + b"Content-Le"]
    waiting = [OK + b"Content-Length: 2\r\n\r\nokHTTP/1.1 100 Continue\r\n\r\n"]
    trailed = [OK + b"A: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: c\r\nD: e\r\n\r\n"]
    async with asked(more, waiting, trailed, whole) as (server, upstream):
        counts = []
        for _ in range(4):
            incoming = await send(server, upstream)
            assert (await incoming.read(), incoming.headers.get("A", "b"), incoming.headers.get("D")) == (
                b"ok",
                "b",
                "",
            )
            incoming.close()
            counts.append(server.connections)
        assert counts == [1, 2, 3, 3], "what follows an answer is not taken for the next one's beginning"
        with pytest.raises(UpstreamSilent, match="control character"):
            await upstream.send("POST", "http://127.0.0.1/", {"k": "a\r\nb: c"}, b"", first_byte_s=1, total_s=1)


async def test_what_a_name_stands_for_is_asked_first_where_it_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    last = [OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok", None]
    loop, reached = asyncio.get_running_loop(), []

    async def named(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(*[None] * 4, (address, port)) for address in ("10.0.0.1", "127.0.0.2", "127.0.0.1")]

    async def turn_away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append("127.0.0.2")
        writer.close()

    async with asked(last, last) as (server, upstream):
        with pytest.raises(UpstreamSilent) as caught:  # no resolver takes it for a name
            await upstream.send("POST", f"http://{'a' * 64}.test/", {}, b"", first_byte_s=1, total_s=1)
        assert caught.value.reason == "connect"
        monkeypatch.setattr(loop, "getaddrinfo", named)

        async def ask() -> bytes:
            url = f"http://127.0.0.1.test:{server.port}/v1/x"
            incoming = await upstream.send("POST", url, {}, b"{}", first_byte_s=5, total_s=5)
            return await incoming.read()

        server.host = b"127.0.0.1.test"
        assert await ask() == b"ok"
        async with await asyncio.start_server(turn_away, "127.0.0.2", server.port):
            assert await ask() == b"ok"
        assert (server.connections, reached) == (2, [])


async def test_a_certificate_is_trusted_and_of_whom_was_named(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str | None] = []
    security = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    security.load_cert_chain(*certificate)
    security.sni_callback = lambda _, name, __: names.append(name)
    loop = asyncio.get_running_loop()

    async def ask(host: str, upstream: Upstream) -> bytes:
        url = f"https://{host}:{server.port}/v1/x"
        async with asyncio.timeout(10):
            incoming = await upstream.send("POST", url, {}, b"{}", first_byte_s=5, total_s=5)
            return await incoming.read()

    async with asked([OK + b"Content-Length: 2\r\n\r\nok"], security=security) as (server, upstream):
        with pytest.raises(UpstreamSilent, match="its certificate is refused: self"):
            await ask("127.0.0.1", upstream)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        networks = providers.read_networks(["127.0.0.0/8"])
        async with Upstream(networks) as trusting:
            assert await ask("127.0.0.1", trusting) == b"ok"
            told = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", server.port))]
            monkeypatch.setattr(loop, "getaddrinfo", lambda *_, **__: asyncio.sleep(0, told))
            with pytest.raises(UpstreamSilent, match="its certificate is refused: Hostname mismatch"):
                await ask("else.test", trusting)
    assert names == [None, None, "else.test"]


async def test_parts_are_handed_on_as_they_come_and_wait_where_the_reader_is_slow() -> None:
    parts = [b"%d," % n for n in range(50)]
    chunks = [b"%x\r\n%s\r\n" % (len(each), each) for each in parts]
    async with asked([OK + b"Transfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n"]) as (server, upstream):
        incoming, taken, waited = await send(server, upstream), [], 0
        gate = asyncio.Event()

        async def write(part: bytes) -> None:
            taken.append(part)
            if len(taken) % 2:
                await gate.wait()
                await asyncio.sleep(0)

        while (held := await incoming.relay(lambda part: begun(write(part)))) is not None:
            so_far = len(taken)
            asyncio.get_running_loop().call_soon(gate.set)
            await held
            gate.clear()
            assert len(taken) == so_far, "nothing is handed on meanwhile"
            waited += 1
        assert b"".join(taken) == b"".join(parts)
        assert waited == (len(taken) + 1) // 2
        incoming.leave()

    async with asked([OK + b"Content-Length: 4\r\n\r\n", b"oops"]) as (server, upstream):
        incoming = await send(server, upstream)
        with pytest.raises(ZeroDivisionError):
            await incoming.relay(lambda part: len(part) // 0)
        incoming.close()
