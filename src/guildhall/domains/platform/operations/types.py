"""The nouns of operations: what was read of the server, and what is found in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    """Nothing has happened yet; it will unless somebody looks."""
    CRITICAL = "critical"
    """It must be acted on now."""

    @property
    def rank(self) -> int:
        """0 to 2, so that levels can be compared and counted."""
        return tuple(Level).index(self)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a finding for those who keep it over time; seconds, bytes or a count, as its name says."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """
    How one thing is: for people `summary` and `remedy`, both sentences, for programs `value`.

    Nothing in it is a statement, or a value of a row.
    """

    name: str
    level: Level
    summary: str
    value: Mapping[str, Any]
    remedy: str
    measures: Sequence[Measure] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the database does not know: the disk of an embedded server (None: another's), and our own connections."""

    disk: Disk | None
    processes: int
    connections_each: int


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system on which a directory is."""

    directory: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Server:
    """The server and the database; `shows_sessions`: what other logins do can be seen."""

    database: str
    size_bytes: int | None
    connections_allowed: int
    shows_sessions: bool
    engine: str
    installed_at: datetime
    upkeep_at: datetime | None
    """When a pass of upkeep last found every ledger sealed."""
    sealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """Who is connected; None where it does not apply, or is hidden."""

    pid: int
    kind: str | None
    database: str | None
    login: str | None
    application: str
    state: str | None
    transaction_seconds: float | None
    snapshot_age: int | None


@dataclass(frozen=True, slots=True)
class Wait:
    """A session that waits for a lock, and for whom; a pid of 0 is a prepared transaction."""

    pid: int
    blocked_by: Sequence[int]
    lock_type: str
    mode: str
    relation: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Slot:
    """A replication slot: what it keeps of the log, and of old rows."""

    name: str
    is_active: bool
    lag_bytes: int | None
    wal_status: str | None
    snapshot_age: int | None


@dataclass(frozen=True, slots=True)
class Replica:
    """Somebody who receives the log."""

    application: str | None
    state: str | None
    lag_bytes: int | None
    lag_seconds: float | None


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    """A transaction in two phases that is between them."""

    gid: str
    login: str
    database: str
    snapshot_age: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Whoever keeps VACUUM from removing rows that were deleted since; `seconds` is None where nobody knows."""

    kind: str
    holder: str
    transactions: int
    seconds: float | None
    ending: str
    """What ends it, a statement."""


@dataclass(frozen=True, slots=True)
class SlowStatement:
    """A statement that takes long each time, by the id that pg_stat_statements gives it."""

    statement_id: int | None
    login: str
    calls: int
    mean_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class SlowStatements:
    """What is slow: counted by pg_stat_statements, or logged in the last day."""

    source: str
    slower_than_ms: float
    how_many: int
    max_ms: float | None
    worst: Sequence[SlowStatement] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table's rows, by the server's counts."""

    name: str
    live_rows: int
    dead_rows: int
    vacuumed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Horizon:
    """Up to when a series has partitions; None: a year or more, or none is needed ahead."""

    name: str
    reaches: datetime | None
    is_by_day: bool = False
    """Its partitions are days, which are made a sixth as far ahead as months."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """When a roll-up was last refreshed."""

    name: str
    refreshed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension: the version in the database, and the one that the server has; None: not there."""

    name: str
    installed: str | None
    available: str | None
    is_loaded: bool


@dataclass(frozen=True, slots=True)
class TransactionIds:
    """How many ids have been used since the oldest rows of the database that is furthest behind were frozen."""

    database: str
    transactions: int
    multixacts: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A type of job in a queue: how many may begin, the oldest of them since when, and how many are at work."""

    task_type: str
    queue: str
    is_paused: bool
    waiting: int
    waiting_since: datetime | None
    running: int


@dataclass(frozen=True, slots=True)
class Work:
    """The jobs of all teams, how many workers have given a sign of life, and how many dead letters lie open."""

    lanes: Sequence[Lane]
    workers: int
    dead_letters: int
