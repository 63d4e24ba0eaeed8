"""What goes into a sandbox and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol, Self

Isolation = Literal["bubblewrap", "namespaces", "process"]

Reason = Literal[
    "exited",  # by itself, whatever the exit code
    "signalled",  # by a signal that nobody here sent
    "timeout",
    "cpu",
    "memory",
    "processes",
    "disk",
    "output_limit",
    "killed",  # because the caller said so
]

Held = Mapping[str, str | int | bool]
"""Which limits really held, in words for a person: `isolation`, `tree_kill`, `network`, `user`, `files`, `memory`, …"""


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What a program may use at most. None sets no limit.

    `memory_bytes`, `cpu_seconds` and `disk_bytes` (of its directory) are for the
    whole tree of processes; `processes` counts threads too, as the kernel does;
    `file_bytes` is for one file; `output_bytes` for stdout and stderr together.
    """

    wall_ms: int = 120_000
    cpu_seconds: int | None = None
    memory_bytes: int | None = 1 << 30
    file_bytes: int | None = 256 << 20
    processes: int | None = 256
    open_files: int | None = 1024
    output_bytes: int = 16 << 20
    disk_bytes: int | None = None
    log_bytes: int = 64 << 10


@dataclass(frozen=True, slots=True)
class Program:
    """
    One untrusted program.

    A relative `argv[0]` with a slash is looked for in `directory`, a bare name
    on PATH, where the runner's own interpreter comes first. The program starts
    in an empty directory of its own that holds `files` (by relative path) and
    a link to each entry of `directory`, so that `python agent.py` works and
    what it writes is thrown away; `directory` itself stays where it is, and
    GUILDHALL_AGENT_DIR names it. Of the runner's environment it gets nothing
    but what `environment` says. `secrets` never appear in its logs.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    files: Mapping[str, bytes] | None = None
    directory: Path | None = None
    network: bool = False
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program came to its end. Exactly one of `exit_code` and `signal` is given."""

    exit_code: int | None
    signal: int | None
    reason: Reason
    cpu_ms: int
    max_rss_bytes: int
    wall_ms: int

    @property
    def succeeded(self) -> bool:
        """It ended by itself, with exit code 0."""
        return self.reason == "exited" and self.exit_code == 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this system allows; `refused` says for each better isolation why it is not used."""

    isolation: Isolation
    tree_kill: str
    network_off: bool
    unprivileged_user: bool
    refused: Mapping[str, str]


class RunningProgram(Protocol):
    """A program in a sandbox; leaving it as a context manager kills what still runs."""

    @property
    def sandbox_id(self) -> str: ...

    @property
    def held(self) -> Held:
        """Which limits really hold for it."""

    @property
    def logs(self) -> str:
        """What it wrote to stderr, capped, secrets removed."""

    async def write_line(self, line: bytes) -> bool:
        """Whether anybody still reads."""

    def close_stdin(self) -> None: ...

    async def read_line(self, limit: int = ...) -> bytes | None:
        """
        The next line of stdout; None when there is no more.

        Raises:
            LineTooLong: It is longer than `limit`.
        """

    async def read_rest(self) -> bytes: ...

    def kill(self) -> None:
        """End it and everything it started."""

    async def wait(self) -> Ended: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class Sandbox(Protocol):
    """Where programs are run: the port that agents and tools use, whatever is behind it."""

    def capabilities(self) -> Capabilities:
        """How it confines programs. Two simulations are only alike if that is."""

    async def start(self, program: Program, limits: Limits | None = None) -> RunningProgram:
        """
        Start a program.

        Raises:
            ProgramNotRunnable: The program does not exist or is described wrongly.
            SandboxUnavailable: It cannot be run here, now.
        """
