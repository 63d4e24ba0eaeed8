"""A sandbox for each kind of isolation that this system allows."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest

from guildhall.adapters.sandbox import IsolationUnavailable, LocalSandbox


@cache
def available() -> tuple[str, ...]:
    """The kinds of isolation that work here. Asked once, before tests are collected."""

    async def explore() -> tuple[str, ...]:
        found = []
        with tempfile.TemporaryDirectory() as directory:
            for isolation in ("bubblewrap", "namespaces", "process"):
                try:
                    async with LocalSandbox(Path(directory), isolation=isolation):
                        found.append(isolation)
                except IsolationUnavailable:
                    continue
        return tuple(found)

    return asyncio.run(explore())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "isolation" in metafunc.fixturenames:
        metafunc.parametrize("isolation", available())


def pytest_report_header() -> str:
    return f"sandbox isolation: {', '.join(available())}"


@pytest.fixture
def rooms() -> Iterator[Path]:
    """Where trials live: a directory that strangers may pass through, as an installation's is."""
    directory = Path(tempfile.mkdtemp(prefix="guildhall-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def left_in(directory: Path) -> list[Path]:
    return list(directory.iterdir())


@pytest.fixture
async def best(rooms: Path) -> AsyncIterator[LocalSandbox]:
    """The best isolation there is, for what does not depend on it."""
    async with LocalSandbox(rooms) as opened:
        yield opened
    assert left_in(rooms) == []


@pytest.fixture
def agent() -> Iterator[Path]:
    """An agent's directory, readable by everybody."""
    directory = Path(tempfile.mkdtemp(prefix="guildhall-agent-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def closed_agent(agent: Path) -> Path:
    """An agent's directory that only its owner may read."""
    (agent / "answer").write_text("#!/bin/sh\ncat secret.txt\n")
    (agent / "answer").chmod(0o700)
    (agent / "secret.txt").write_text("42\n")
    (agent / "secret.txt").chmod(0o600)
    agent.chmod(0o700)
    return agent


@pytest.fixture
async def sandbox(isolation: str, rooms: Path) -> AsyncIterator[LocalSandbox]:
    async with LocalSandbox(rooms, isolation=isolation) as opened:
        yield opened
    assert left_in(rooms) == []
