"""`guildhall serve`: processes behind one port that come, go, and lose no request."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from fixtures.api import Served
from fixtures.processes import DEADLINE_S, await_death
from fixtures.serving import Serving
from guildhall.cli.main import app

LIST = "/v1/evaluation/simulations"


@pytest.fixture(scope="module")
def serving(serve_it: Callable[..., Any]) -> Iterator[Serving]:
    """Two workers whose log is JSON, and a proxy and a page's origin that they know."""
    with serve_it(
        *("--workers", 2, "--log-format", "json", "--log-level", "debug"),
        *("--trusted-proxy", "127.0.0.1", "--cors-origin", "https://pages.example"),
    ) as serving:
        yield serving


@pytest.fixture
async def session(serving: Serving, served: Served) -> Any:
    headers = {"Authorization": f"Bearer {served.keys['pottery/member']}"}
    async with aiohttp.ClientSession(serving.url, headers=headers) as session:
        yield session


async def test_it_says_where_it_listens_and_answers_there(serving, session):
    assert "2 processes" in serving.said
    assert len(serving.workers()) == 2
    for path in ("/health", "/ready", LIST):
        async with session.get(path) as response:
            assert response.status == 200


async def test_every_answer_has_the_headers_that_keep_browsers_from_harm(session):
    for path in ("/health", LIST, "/nowhere", "/v1/evaluation/simulations/none"):
        async with session.get(path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert "Cache-Control" in response.headers
            assert "Server" not in response.headers
            assert "Strict-Transport-Security" not in response.headers


async def test_who_asks_through_a_trusted_proxy_is_the_client_that_it_names(serving, session):
    said = {"X-Forwarded-For": "198.51.100.1, 192.0.2.7", "X-Forwarded-Proto": "https", "X-Request-ID": "by-proxy"}
    async with session.get(LIST, headers=said) as response:
        assert response.headers["Strict-Transport-Security"]
    line = await _line(serving, "by-proxy")
    assert line["address"] == "192.0.2.7"


async def test_only_pages_of_origins_that_were_named_may_read_answers(session):
    for origin, allowed in (("https://pages.example", "https://pages.example"), ("https://elsewhere.example", None)):
        async with session.get(LIST, headers={"Origin": origin}) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == allowed
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        async with session.options(LIST, headers=asked) as response:
            assert (response.status == 200) == (allowed is not None)


async def test_a_line_for_each_request_and_no_secret_in_any(serving, session, served):
    asked = {"X-Request-ID": "logged-1", "Cookie": "guildhall_session=gs_" + "c" * 43}
    secret = "hunter2hunter2"
    async with session.get(f"{LIST}?config={secret}", headers=asked) as response:
        sent = len(await response.read())
    async with session.post(f"/v1/{secret}", json={"text": secret}, headers={"X-Request-ID": "logged-2"}):
        pass
    line = await _line(serving, "logged-1")
    assert (line["method"], line["route"], line["status"]) == ("GET", LIST, 200)
    assert line["message"] == f"GET {LIST} 200"
    assert line["user_id"] == str(served.people["pottery/member"].user_id)
    assert line["team_id"] == str(served.people["pottery/member"].tenant_id)
    assert (line["address"], line["sent_bytes"], line["received_bytes"]) == ("127.0.0.1", sent, 0)
    assert 0 < line["seconds"] < 60
    missing = await _line(serving, "logged-2")
    assert (missing["status"], missing["route"]) == (404, None)
    for each in (secret, served.keys["pottery/member"].split("_", 2)[2], "c" * 43):
        assert each not in serving.log


async def test_what_is_no_http_or_too_long_is_refused_in_our_shape(serving):
    host, port = serving.url.removeprefix("http://").split(":")
    for text, status in (
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000, 431),
        (b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X-Many: 1\r\n" * 200 + b"\r\n", 431),
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(text)
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 %d " % status), (text[:30], answer[:100])
        assert b'"code":"request_unreadable"' in answer


async def test_a_worker_that_is_killed_is_replaced_while_others_answer(serving, session):
    victim = serving.workers()[0]
    os.kill(victim, signal.SIGKILL)
    await_death([victim])
    async with asyncio.timeout(DEADLINE_S):
        while len(workers := serving.workers()) < 2 or victim in workers:
            await asyncio.sleep(0.05)
    async with aiohttp.ClientSession(serving.url) as fresh, fresh.get("/ready") as response:
        assert response.status == 200


async def test_settings_are_read_again_without_losing_a_request(serving, served):
    before = set(serving.workers())
    headers = {"Authorization": f"Bearer {served.keys['pottery/member']}"}
    statuses: list[int] = []
    done = asyncio.Event()

    async def ask() -> None:
        async with aiohttp.ClientSession(serving.url, headers=headers) as session:
            while not done.is_set():
                async with session.get(LIST) as response:
                    await response.read()
                    statuses.append(response.status)

    asking = [asyncio.create_task(ask()) for _ in range(4)]
    serving.tell(signal.SIGHUP)
    try:
        async with asyncio.timeout(DEADLINE_S):
            while set(serving.workers()) & before or len(serving.workers()) != 2:
                assert not any(each.done() for each in asking)
                await asyncio.sleep(0.05)
    finally:
        done.set()
        await asyncio.gather(*asking)
    assert set(statuses) == {200}


async def _line(serving: Serving, request_id: str) -> dict[str, Any]:
    """The line of a request; it is written once the answer has been sent."""
    async with asyncio.timeout(10):
        while True:
            for each in serving.records:
                if each.get("request_id") == request_id and each["logger"] == "guildhall.request":
                    return each
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--host", "192.0.2.1"], 2, "192.0.2.1"),
        (["--host", "no.such.host.invalid"], 2, "no.such.host.invalid"),
        (["--tls-cert", "missing.pem", "--tls-key", "missing.key"], 2, "missing.pem"),
        (["--tls-cert", "only.pem"], 2, "GUILDHALL_TLS_KEY"),
        (["--trusted-proxy", "everybody"], 2, "everybody"),
        (["--cors-origin", "*"], 2, "origin"),
        (["--log-format", "xml"], 2, "text"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(environment, options, code, words):
    ended = CliRunner().invoke(app, ["serve", *options])
    assert (ended.exit_code, words in ended.stderr) == (code, True), ended.stderr


def test_a_port_in_use_is_named(environment):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = CliRunner().invoke(app, ["serve", "--port", str(port)])
    assert (ended.exit_code, f"port {port}" in ended.stderr) == (3, True), ended.stderr


def test_a_database_that_does_not_answer_is_named(guildhall):
    printed = guildhall("serve", expect=3, GUILDHALL_DATABASE_URL="postgresql://nobody@127.0.0.1:9/nowhere")
    assert "PostgreSQL does not answer" in printed.err
