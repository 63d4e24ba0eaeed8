"""`guildhall serve` as systemd starts it: with a socket that is open, and somebody who wants to know when it is ready."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from fixtures.command_line import command_line
from fixtures.processes import DEADLINE_S
from fixtures.serving import handing_over


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


async def test_it_answers_at_the_socket_that_it_was_given(serve_it: Callable[..., Any], listener) -> None:
    host, port = listener.getsockname()
    # Where it would listen by itself nobody can.
    with serve_it("--workers", 2, given=listener, GUILDHALL_HOST="192.0.2.1", GUILDHALL_PORT="1") as serving:
        assert serving.url == f"http://{host}:{port}"
        async with aiohttp.ClientSession(serving.url) as session, session.get("/ready") as response:
            assert response.status == 200
        assert await asyncio.to_thread(serving.end) == 0


async def test_who_comes_while_it_is_started_again_is_answered(serve_it: Callable[..., Any], listener) -> None:
    with serve_it(given=listener) as serving:
        assert await asyncio.to_thread(serving.end) == 0
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    await writer.drain()
    with serve_it(given=listener):
        async with asyncio.timeout(DEADLINE_S):
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_the_socket_may_be_a_file(serve_it: Callable[..., Any], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "guildhall.sock"))
        listener.listen()
        with serve_it(given=listener) as serving:
            assert serving.url == f"unix:{tmp_path / 'guildhall.sock'}"
            connector = aiohttp.UnixConnector(str(tmp_path / "guildhall.sock"))
            async with aiohttp.ClientSession("http://guildhall", connector=connector) as session:
                async with session.get("/ready") as response:
                    assert response.status == 200
                async with session.get("/v1/platform/me") as response:
                    assert response.status == 401


def test_it_says_when_it_is_ready(serve_it: Callable[..., Any], listener, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(DEADLINE_S)
        with serve_it(given=listener, NOTIFY_SOCKET=str(tmp_path / "notify")):
            assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("kind", ["a connection", "datagrams"])
def test_a_socket_that_does_not_listen_is_named(command_environment: dict[str, str], kind: str) -> None:
    if kind == "a connection":  # what `Accept=yes` gives
        given, other = socket.socketpair()
    else:
        given, other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
    with given, other:
        ended = subprocess.run(
            handing_over(given, command_line("serve")),
            pass_fds=(given.fileno(),),
            env=command_environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_S,
        )
    assert ended.returncode == 2, ended.stderr
    assert "descriptor 3" in ended.stderr
    assert "Accept=no" in ended.stderr
    assert "Traceback" not in ended.stderr
