"""
What is fine, what will not stay so, and what must be acted on: from readings to findings.

The numbers are those at which operators are usually woken, see docs/operations.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from guildhall.domains.platform.operations.types import (
    Disk,
    Extension,
    Finding,
    Horizon,
    Level,
    Measure,
    PreparedTransaction,
    Replica,
    Rollup,
    Server,
    Session,
    Slot,
    SlowStatements,
    Snapshot,
    Surroundings,
    Table,
    TransactionIds,
    Wait,
    Work,
)

AHEAD = timedelta(days=31)
"""How far ahead partitions are to reach at least: whoever writes first makes those that are lacking."""

_NOTHING = "Nothing to do."
_KB, _MB, _GB = 1 << 10, 1 << 20, 1 << 30

_CONNECTIONS = (0.8, 0.95)
_WAITING_S = (1.0, 30.0)  # one second is deadlock_timeout, after which PostgreSQL itself logs a wait
_SNAPSHOT_S = (300.0, 3600.0)
_SNAPSHOT_TRANSACTIONS = (10_000_000, 100_000_000)
_DEAD_ROWS = (10_000, 1_000_000)
_DEAD_SHARE = (0.2, 0.5)
_LAG_BYTES = (1 * _GB, 16 * _GB)
_LAG_S = (60.0, 3600.0)
_FREE_BYTES = (4 * _GB, 1 * _GB)  # the log alone may take 2 GB (max_wal_size of the embedded server)
_IDS = (1_000_000_000, 1_600_000_000)  # vacuum_failsafe_age; at 2³¹ the server refuses to write
_NOBODY_S, _NEGLECTED_S = 60.0, 3600.0
_ALL_IDS = 2**31
_LATE = timedelta(days=2)  # upkeep is to run daily


def judge_connections(server: Server, sessions: Sequence[Session], ours: Surroundings) -> Finding:
    """How many connections are used of those that there are for logins without privileges."""
    # The kind of what is hidden is hidden too; but only clients are connected to a database.
    clients = [each for each in sessions if each.kind == "client backend" or (each.kind is None and each.database)]
    used, allowed = len(clients) + 1, server.connections_allowed  # and the one that looks
    level = _at_least(used / allowed, _CONNECTIONS)
    budget = ours.processes * ours.connections_each
    if level is Level.OK and budget > allowed:
        level = Level.WARNING
        remedy = (
            f"Raise max_connections above {budget}, lower GUILDHALL_POOL_SIZE or GUILDHALL_WORKERS, "
            "or put a pooler before the server."
        )
    elif level is Level.OK:
        remedy = _NOTHING
    else:
        remedy = (
            "Raise max_connections, lower GUILDHALL_POOL_SIZE, or put a pooler such as PgBouncer before the server."
        )
    states = _states(clients) if server.shows_sessions else None
    return Finding(
        "connections",
        level,
        f"{used} of {allowed} connections are used; Guildhall's own processes may open {budget}",
        {"used": used, "allowed": allowed, "budget": budget, "by_state": states},
        remedy,
        [
            Measure("connections_used", used),
            Measure("connections_allowed", allowed),
            *(Measure("connections", number, {"state": state}) for state, number in (states or {}).items()),
        ],
    )


def _states(clients: Iterable[Session]) -> Mapping[str, int]:
    states = {"active": 1, "idle": 0, "idle in transaction": 0}
    for each in clients:
        state = (each.state or "unknown").removesuffix(" (aborted)")
        states[state] = states.get(state, 0) + 1
    return states


def judge_visibility(server: Server) -> Finding:
    """Whether the server lets us see what other logins do."""
    if server.shows_sessions:
        return Finding("visibility", Level.OK, "what other logins do can be seen", {"sessions": True}, _NOTHING)
    return Finding(
        "visibility",
        Level.WARNING,
        "the server hides what other logins do, so that long transactions of theirs may be missed",
        {"sessions": False},
        "Run GRANT pg_read_all_stats TO guildhall_owner as a superuser.",
    )


def judge_locks(waits: Sequence[Wait], sessions: Sequence[Session]) -> Finding:
    """Who waits for a lock, and for whom."""
    longest = max((each.seconds for each in waits), default=0.0)
    level = _at_least(longest, _WAITING_S)
    by_pid = {each.pid: each for each in sessions}
    waiting = {each.pid for each in waits}
    roots = sorted({pid for each in waits for pid in each.blocked_by} - waiting) or sorted(waiting)
    if not waits:
        summary = "nobody waits for a lock"
    else:
        holders = " and ".join(_who(pid, by_pid) for pid in roots)
        verb = "keeps" if len(roots) == 1 else "keep"
        what = next((each.relation for each in waits if each.relation), None) or "a row"
        summary = f"{holders} {verb} {_number(len(waits), 'session')} waiting for {what}, {_span(longest)} so far"
    endings = " or ".join(f"SELECT pg_terminate_backend({pid})" for pid in roots if pid)
    remedy = (
        f"Let them finish, or end them with {endings}." if endings else "Commit or roll back the prepared transaction."
    )
    return Finding(
        "locks",
        level,
        summary,
        {
            "waiting": [
                {
                    "pid": each.pid,
                    "blocked_by": list(each.blocked_by),
                    "lock": each.lock_type,
                    "mode": each.mode,
                    "relation": each.relation,
                    "seconds": round(each.seconds, 3),
                }
                for each in waits
            ],
            "holders": [_session_value(by_pid[pid]) for pid in roots if pid in by_pid],
        },
        remedy if level is not Level.OK else _NOTHING,
        [Measure("locks_waited_for", len(waits)), Measure("lock_wait_longest_seconds", longest)],
    )


def _who(pid: int, by_pid: Mapping[int, Session]) -> str:
    if pid == 0:
        return "a prepared transaction"
    session = by_pid.get(pid)
    return f"process {pid}" if session is None else _named(session)


def _named(session: Session) -> str:
    said = [
        session.application or None,
        f"as {session.login}" if session.login else None,
        session.state,
    ]
    named = ", ".join(each for each in said if each)
    return f"process {session.pid} ({named})" if named else f"process {session.pid}"


def _session_value(session: Session) -> Mapping[str, object]:
    return {
        "pid": session.pid,
        "login": session.login,
        "application": session.application,
        "state": session.state,
        "transaction_seconds": _rounded(session.transaction_seconds),
    }


def _termination(session: Session) -> str:
    return f"SELECT pg_terminate_backend({session.pid})"


def oldest_snapshot(
    sessions: Iterable[Session], slots: Iterable[Slot], prepared: Iterable[PreparedTransaction]
) -> Snapshot | None:
    """Whoever holds the oldest one; None where nobody holds any."""
    holders = [
        *(
            Snapshot(
                "session",
                _named(each),
                each.snapshot_age,
                each.transaction_seconds,
                _termination(each),
            )
            for each in sessions
            if each.snapshot_age is not None
        ),
        *(
            Snapshot(
                "replication slot",
                f"replication slot {each.name}",
                each.snapshot_age,
                None,
                f"SELECT pg_drop_replication_slot({_quoted(each.name)})",
            )
            for each in slots
            if each.snapshot_age is not None
        ),
        *(
            Snapshot(
                "prepared transaction",
                f"prepared transaction {each.gid} of {each.login}",
                each.snapshot_age,
                each.seconds,
                f"ROLLBACK PREPARED {_quoted(each.gid)}",
            )
            for each in prepared
        ),
    ]
    return max(holders, key=lambda each: (each.transactions, each.seconds or 0.0), default=None)


def judge_snapshots(oldest: Snapshot | None, longest: Session | None, server: Server) -> Finding:
    """
    Whether somebody keeps VACUUM from its work.

    `longest` is the session whose transaction is oldest by the clock, which on a
    quiet server need not be the one whose snapshot is. Whichever of the two is
    worse is named, with what ends it.
    """
    if oldest is None:
        hidden = not server.shows_sessions
        return Finding(
            "oldest_snapshot",
            Level.OK,
            "which snapshots other logins hold is hidden" if hidden else "no snapshot is held",
            {"kind": None, "holder": None, "transactions": None if hidden else 0, "seconds": None if hidden else 0.0},
            _NOTHING,
            [] if hidden else [Measure("oldest_snapshot_transactions", 0), Measure("oldest_snapshot_seconds", 0)],
        )
    seconds = max(oldest.seconds or 0.0, (longest.transaction_seconds or 0.0) if longest else 0.0)
    by_transactions = _at_least(oldest.transactions, _SNAPSHOT_TRANSACTIONS)
    level = _worst([_at_least(seconds, _SNAPSHOT_S), by_transactions])
    if longest and level.rank > by_transactions.rank and seconds > (oldest.seconds or 0.0):
        ending = _termination(longest)
        summary = f"{_named(longest)} holds a snapshot for {_span(seconds)}"
    else:
        ending = oldest.ending
        for_how_long = "" if oldest.seconds is None else f", for {_span(oldest.seconds)}"
        summary = f"{oldest.holder} holds the oldest snapshot, {_number(oldest.transactions, 'transaction')} ago{for_how_long}"
    return Finding(
        "oldest_snapshot",
        level,
        summary,
        {
            "kind": oldest.kind,
            "holder": oldest.holder,
            "transactions": oldest.transactions,
            "seconds": _rounded(oldest.seconds),
            "longest_transaction": _session_value(longest) if longest else None,
        },
        f"Rows deleted since then cannot be removed: let it finish, or end it with {ending}."
        if level is not Level.OK
        else _NOTHING,
        [
            Measure("oldest_snapshot_transactions", oldest.transactions),
            Measure("oldest_snapshot_seconds", seconds),
        ],
    )


def longest_transaction(sessions: Iterable[Session]) -> Session | None:
    """The session with a snapshot whose transaction began first, by the clock."""
    known = [each for each in sessions if each.transaction_seconds is not None and each.snapshot_age is not None]
    return max(known, key=lambda each: each.transaction_seconds or 0.0, default=None)


def judge_slow_statements(found: SlowStatements) -> Finding:
    """Statements that take long each time; which they are only their ids say."""
    counted = found.source == "pg_stat_statements"
    if not found.how_many:
        summary = f"no statement is slower than {found.slower_than_ms:g} ms"
        remedy = _NOTHING
    elif counted:
        worst = found.worst[0]
        summary = (
            f"{_number(found.how_many, 'statement')} slower than {found.slower_than_ms:g} ms on average; "
            f"{worst.statement_id} takes {worst.mean_ms:,.0f} ms and ran {worst.calls:,} times"
        )
        remedy = (
            f"pg_stat_statements has its text under queryid {worst.statement_id}; "
            "EXPLAIN (ANALYZE, BUFFERS) says where its time goes."
        )
    else:
        summary = f"{_number(found.how_many, 'statement')} slower than {found.slower_than_ms:g} ms in the last day"
        remedy = (
            'SELECT query FROM platform.slow_query_log ORDER BY "timestamp" DESC shows them to guildhall_scheduler.'
        )
    return Finding(
        "slow_queries",
        Level.WARNING if found.how_many else Level.OK,
        f"{summary} ({found.source})",
        {
            "source": found.source,
            "slower_than_ms": found.slower_than_ms,
            "statements": found.how_many,
            "max_ms": _rounded(found.max_ms),
            "worst": [
                {
                    "statement_id": None if each.statement_id is None else str(each.statement_id),
                    "login": each.login,
                    "calls": each.calls,
                    "mean_ms": _rounded(each.mean_ms),
                    "max_ms": _rounded(each.max_ms),
                }
                for each in found.worst
            ],
        },
        remedy,
        [Measure("slow_statements", found.how_many)],
    )


def judge_bloat(tables: Sequence[Table], dead_rows_of_all: int) -> Finding:
    """Tables with dead rows that VACUUM should have removed."""
    levels = {each.name: _bloat(each) for each in tables}
    bloated = [each for each in tables if levels[each.name] is not Level.OK]
    level = _worst(levels.values())
    if not bloated:
        summary = f"no table has many dead rows, {dead_rows_of_all:,} in all"
        remedy = _NOTHING
    else:
        worst = bloated[0]
        others = f" and {len(bloated) - 1} more" if len(bloated) > 1 else ""
        when = f"{worst.vacuumed_at:%Y-%m-%d %H:%M}" if worst.vacuumed_at else "never"
        summary = (
            f"{worst.name}{others}: {worst.dead_rows:,} dead rows beside {worst.live_rows:,}, last vacuumed {when}"
        )
        remedy = (
            f"VACUUM (ANALYZE) {worst.name}; if that removes nothing, see oldest_snapshot; "
            "if it comes back, lower autovacuum_vacuum_scale_factor of the table."
        )
    return Finding(
        "bloat",
        level,
        summary,
        {
            "dead_rows": dead_rows_of_all,
            "tables": [
                {
                    "table": each.name,
                    "dead_rows": each.dead_rows,
                    "live_rows": each.live_rows,
                    "vacuumed_at": each.vacuumed_at,
                }
                for each in bloated
            ],
        },
        remedy,
        [Measure("dead_rows", dead_rows_of_all), Measure("bloated_tables", len(bloated))],
    )


def _bloat(table: Table) -> Level:
    share = table.dead_rows / max(1, table.dead_rows + table.live_rows)
    return min(_at_least(table.dead_rows, _DEAD_ROWS), _at_least(share, _DEAD_SHARE), key=lambda each: each.rank)


def is_ahead(reaches: datetime | None, now: datetime, *, is_by_day: bool = False) -> bool:
    """Whether partitions up to `reaches` are enough."""
    return reaches is None or reaches > now + (AHEAD / 6 if is_by_day else AHEAD)


def judge_partitions(horizons: Sequence[Horizon], server: Server, now: datetime) -> Finding:
    """Whether every series has partitions for what is written within the next month."""
    short = [each for each in horizons if not is_ahead(each.reaches, now, is_by_day=each.is_by_day)]
    lacking = [each for each in short if each.reaches is not None and each.reaches <= now]
    if server.engine != "native":
        summary = f"{server.engine} makes those of {_number(len(horizons), 'series', 'series')} as rows come"
    elif not short:
        by_day = sum(each.is_by_day for each in horizons)
        days = f", and {_number(by_day, 'by day', 'by day')} beyond {(now + AHEAD / 6):%Y-%m-%d}" if by_day else ""
        rest = _number(len(horizons) - by_day, "series", "series")
        summary = f"{rest} reach beyond {(now + AHEAD):%Y-%m-%d}{days}"
    else:
        names = ", ".join(f"{each.name} ({each.reaches:%Y-%m-%d})" for each in short[:5])
        more = f" and {len(short) - 5} more" if len(short) > 5 else ""
        summary = f"{len(short)} of {_number(len(horizons), 'series', 'series')} have no partition from: {names}{more}"
    return Finding(
        "partitions",
        Level.CRITICAL if lacking else Level.WARNING if short else Level.OK,
        summary,
        {
            "engine": server.engine,
            "series": {each.name: each.reaches for each in horizons},
            "short": [each.name for each in short],
        },
        "Run `guildhall db maintain` now, and daily: until then whoever writes first makes them."
        if short
        else _NOTHING,
        [
            Measure("series_short_of_partitions", len(short)),
            *(
                Measure("series_partitions_ahead_seconds", (each.reaches - now).total_seconds(), {"series": each.name})
                for each in horizons
                if each.reaches is not None
            ),
        ],
    )


def judge_upkeep(rollups: Sequence[Rollup], server: Server, now: datetime) -> Finding:
    """
    Whether upkeep runs: when it was last through with the ledgers, and roll-ups were refreshed.

    TimescaleDB refreshes its roll-ups itself, so there only the ledgers say it.
    """
    refreshed = [each.refreshed_at or server.installed_at for each in rollups]
    last = min([*refreshed, server.upkeep_at or server.installed_at])
    is_late = now - last > _LATE
    late = [each.name for each in rollups if now - (each.refreshed_at or server.installed_at) > _LATE]
    through = f"{server.upkeep_at:%Y-%m-%d %H:%M}" if server.upkeep_at else "never"
    return Finding(
        "upkeep",
        Level.WARNING if is_late else Level.OK,
        f"{len(late) or 'none'} of {_number(len(rollups), 'roll-up')} late; every ledger was last found sealed: {through}",
        {
            "rollups": len(rollups),
            "late": late,
            "refreshed_at": min(refreshed, default=None),
            "upkeep_at": server.upkeep_at,
            "sealed_at": server.sealed_at,
        },
        "Run `guildhall db maintain` daily: without it reading becomes slower and nothing is sealed."
        if is_late
        else _NOTHING,
        [
            Measure("upkeep_age_seconds", max(0.0, (now - last).total_seconds())),
            Measure("rollups_late", len(late)),
        ],
    )


def judge_replication(slots: Sequence[Slot], replicas: Sequence[Replica]) -> Finding:
    """How far replicas are behind, and whether a slot keeps the log for nobody."""
    everybody = [*(each.lag_bytes for each in slots), *(each.lag_bytes for each in replicas)]
    # A slot whose log is lost has no lag that is known, nor has a replica that has said nothing yet.
    bytes_behind = max((each for each in everybody if each is not None), default=None)
    seconds_behind = max((each.lag_seconds for each in replicas if each.lag_seconds is not None), default=None)
    levels = [_at_least(bytes_behind or 0, _LAG_BYTES), _at_least(seconds_behind or 0.0, _LAG_S)]
    remedy = "See whether the replica runs and its network keeps up; raise max_slot_wal_keep_size if it needs time."
    idle = [each for each in slots if not each.is_active]
    lost = [each for each in slots if each.wal_status in ("unreserved", "lost")]
    if idle:
        levels.append(Level.WARNING)
        remedy = (
            f"Start whoever reads replication slot {idle[0].name}, or drop it with "
            f"SELECT pg_drop_replication_slot({_quoted(idle[0].name)}): it keeps the log until the disk is full."
        )
    if lost:
        levels.append(Level.CRITICAL)
        remedy = f"The log that {lost[0].name} needs is gone or about to be: make that replica anew."
    level = _worst(levels)
    if not slots and not replicas:
        summary = "nobody replicates"
    else:
        inactive = f", {len(idle)} of them read by nobody" if idle else ""
        summary = f"{_number(len(replicas), 'replica')}, {_number(len(slots), 'slot')}{inactive}; " + (
            "how far they are behind is not known"
            if bytes_behind is None
            else f"the furthest is {_bytes(bytes_behind)} behind"
        )
    return Finding(
        "replication",
        level,
        summary,
        {
            "replicas": [
                {
                    "application": each.application,
                    "state": each.state,
                    "lag_bytes": each.lag_bytes,
                    "lag_seconds": _rounded(each.lag_seconds),
                }
                for each in replicas
            ],
            "slots": [
                {
                    "slot": each.name,
                    "active": each.is_active,
                    "lag_bytes": each.lag_bytes,
                    "wal_status": each.wal_status,
                }
                for each in slots
            ],
        },
        remedy if level is not Level.OK else _NOTHING,
        [
            *([] if bytes_behind is None else [Measure("replication_lag_bytes", bytes_behind)]),
            *([] if seconds_behind is None else [Measure("replication_lag_seconds", seconds_behind)]),
            Measure("replication_slots_inactive", len(idle)),
        ],
    )


def judge_disk(disk: Disk | None, server: Server) -> Finding:
    """The room that an embedded server has left; of another's server how large the database is."""
    size = [] if server.size_bytes is None else [Measure("database_size_bytes", server.size_bytes)]
    holds = "" if server.size_bytes is None else f"the database has {_bytes(server.size_bytes)}"
    if disk is None:
        return Finding(
            "disk",
            Level.OK,
            holds or "the size of the database is hidden from this login",
            {"database_bytes": server.size_bytes, "free_bytes": None, "total_bytes": None},
            _NOTHING,
            size,
        )
    level = _at_most(disk.free_bytes, _FREE_BYTES)
    return Finding(
        "disk",
        level,
        f"{_bytes(disk.free_bytes)} of {_bytes(disk.total_bytes)} are free at {disk.directory}; {holds}",
        {"database_bytes": server.size_bytes, "free_bytes": disk.free_bytes, "total_bytes": disk.total_bytes},
        "Make room there, move GUILDHALL_DATA_DIR, or shorten how long series are kept "
        "(`guildhall db series set`): without room the server stops."
        if level is not Level.OK
        else _NOTHING,
        [*size, Measure("disk_free_bytes", disk.free_bytes), Measure("disk_size_bytes", disk.total_bytes)],
    )


def judge_extensions(extensions: Sequence[Extension], server: Server) -> Finding:
    """Whether what is needed is there, and whether what is there is up to date."""
    by_name = {each.name: each for each in extensions}
    needed = ["vector", *(["timescaledb"] if server.engine == "timescale" else [])]
    lacking = [name for name in needed if by_name[name].installed is None or not by_name[name].is_loaded]
    old = [each for each in extensions if each.installed and each.available and each.installed != each.available]
    unloaded = [each for each in extensions if each.installed and not each.is_loaded and each.name not in lacking]
    remedy = _NOTHING
    if lacking:
        remedy = f"Install {lacking[0]} on the server and, but for vector, name it in shared_preload_libraries."
    elif unloaded:
        remedy = f"Name {unloaded[0].name} in shared_preload_libraries and restart the server."
    elif old:
        remedy = f"Run ALTER EXTENSION {old[0].name} UPDATE."
    said = ", ".join(f"{each.name} {_state(each)}" for each in extensions)
    return Finding(
        "extensions",
        Level.CRITICAL if lacking else Level.WARNING if old or unloaded else Level.OK,
        said,
        {
            each.name: {"installed": each.installed, "available": each.available, "loaded": each.is_loaded}
            for each in extensions
        },
        remedy,
    )


def _state(extension: Extension) -> str:
    if extension.installed:
        newer = extension.available not in (None, extension.installed)
        loaded = "" if extension.is_loaded else ", not loaded"
        return f"{extension.installed}{f' ({extension.available} is there)' if newer else ''}{loaded}"
    return "not used" if extension.available else "not there"


def judge_transaction_ids(ids: TransactionIds) -> Finding:
    """How near the server is to refusing writes because its transaction ids would begin again."""
    used = max(ids.transactions, ids.multixacts)
    level = _at_least(used, _IDS)
    return Finding(
        "transaction_ids",
        level,
        f"{used / _ALL_IDS:.0%} of the ids before wraparound are used, most in database {ids.database}",
        {"database": ids.database, "transactions": ids.transactions, "multixacts": ids.multixacts, "of": _ALL_IDS},
        f"Run VACUUM (FREEZE) in database {ids.database}, after ending whoever holds the oldest snapshot; "
        "at 100 % the server refuses to write."
        if level is not Level.OK
        else _NOTHING,
        [Measure("transaction_id_age", ids.transactions), Measure("multixact_id_age", ids.multixacts)],
    )


def judge_jobs(work: Work | None, now: datetime) -> Finding:
    """Whether what is to be done is being done: jobs that wait with nobody there, or for long."""
    if work is None:
        return Finding("jobs", Level.OK, "how many jobs wait could not be counted at once", {"waiting": None}, _NOTHING)
    ages = {
        lane: max(0.0, (now - lane.waiting_since).total_seconds())
        for lane in work.lanes
        if lane.waiting_since is not None
    }
    waiting, running = sum(each.waiting for each in work.lanes), sum(each.running for each in work.lanes)
    oldest = max(ages.values(), default=None)
    neglected = max((age for lane, age in ages.items() if not lane.is_paused), default=0.0)
    paused = sum(each.is_paused for each in work.lanes)
    level, remedy = Level.OK, _NOTHING
    if neglected >= _NOBODY_S and not work.workers:
        level, remedy = Level.WARNING, "Start `guildhall worker`: nobody is there to do them."
    elif neglected >= _NEGLECTED_S:
        level = Level.WARNING
        remedy = (
            "See `guildhall jobs top`: start more workers, or lift what holds the type back (`guildhall jobs limit`)."
        )
    since = "" if oldest is None else f", the oldest for {_span(oldest)}"
    return Finding(
        "jobs",
        level,
        f"{_number(waiting, 'job')} may begin{since}; {running:,} at work with {_number(work.workers, 'worker')}; "
        f"{_number(work.dead_letters, 'dead letter')}; {_number(paused, 'type')} paused",
        {
            "waiting": waiting,
            "oldest_wait_seconds": _rounded(oldest),
            "running": running,
            "workers": work.workers,
            "dead_letters": work.dead_letters,
            "paused": [f"{each.task_type} in {each.queue}" for each in work.lanes if each.is_paused],
        },
        remedy,
        [
            Measure("workers_alive", work.workers),
            Measure("dead_letters_open", work.dead_letters),
            *(
                Measure(name, value, {"type": lane.task_type, "queue": lane.queue})
                for lane in work.lanes
                for name, value in (
                    ("jobs_waiting", lane.waiting),
                    ("jobs_oldest_wait_seconds", ages.get(lane, 0.0)),
                    ("jobs_running", lane.running),
                    ("jobs_paused", int(lane.is_paused)),
                )
            ),
        ],
    )


def judge_schema(version: int, expected: int, pending: Sequence[str]) -> Finding:
    """Whether the schema is the one that this program was written for; `pending` are labels of migrations."""
    if version > expected:
        level, summary = Level.WARNING, f"the schema is at version {version}, this program knows {expected}"
        remedy = "Replace this program by the version that migrated the database."
    elif pending:
        level, summary = (
            Level.WARNING,
            f"the schema is at version {version}, {_number(len(pending), 'migration')} pending",
        )
        remedy = "Run `guildhall db migrate` once no older program is connected."
    else:
        level, summary, remedy = Level.OK, f"the schema is at version {version}, up to date", _NOTHING
    return Finding(
        "schema",
        level,
        summary,
        {"version": version, "expected": expected, "pending": list(pending)},
        remedy,
        [Measure("schema_version", version), Measure("schema_migrations_pending", len(pending))],
    )


def schema_unusable(summary: str, remedy: str | None) -> Finding:
    """The schema is none that this program can work with, so that nothing else could be read."""
    return Finding("schema", Level.CRITICAL, summary, {}, remedy or "Give Guildhall a database of its own.")


def overall(findings: Iterable[Finding]) -> Level:
    """The worst of them."""
    return _worst(each.level for each in findings)


def _worst(levels: Iterable[Level]) -> Level:
    return max(levels, key=lambda each: each.rank, default=Level.OK)


def _at_least(value: float, bounds: tuple[float, float]) -> Level:
    warning, critical = bounds
    return Level.CRITICAL if value >= critical else Level.WARNING if value >= warning else Level.OK


def _at_most(value: float, bounds: tuple[float, float]) -> Level:
    warning, critical = bounds
    return Level.CRITICAL if value < critical else Level.WARNING if value < warning else Level.OK


def _number(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _bytes(size: float) -> str:
    if size < _MB:
        return f"{size / _KB:.0f} KB"
    return f"{size / _MB:.0f} MB" if size < _GB else f"{size / _GB:.1f} GB"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
