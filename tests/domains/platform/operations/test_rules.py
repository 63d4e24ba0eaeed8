"""At which numbers a finding becomes a warning, and at which it must be acted on: what no test can wait for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guildhall.domains.platform.operations import is_ahead, judge_schema, overall, rules, schema_unusable
from guildhall.domains.platform.operations.types import (
    Disk,
    Extension,
    Finding,
    Horizon,
    Lane,
    Level,
    PreparedTransaction,
    Replica,
    Rollup,
    Server,
    Session,
    Slot,
    SlowStatement,
    SlowStatements,
    Surroundings,
    Table,
    TransactionIds,
    Wait,
    Work,
)

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
OURS = Surroundings(disk=None, processes=1, connections_each=8)
SERVER = Server(
    database="guildhall",
    size_bytes=1 << 24,
    connections_allowed=100,
    shows_sessions=True,
    engine="native",
    installed_at=NOW - timedelta(days=30),
    upkeep_at=NOW,
    sealed_at=None,
)
OK, WARNING, CRITICAL = Level.OK, Level.WARNING, Level.CRITICAL
GB = 1 << 30


def session(pid: int = 1, **known: Any) -> Session:
    nothing = Session(pid, "client backend", "guildhall", "ada", "psql", "idle", None, None)
    return replace(nothing, **known)


def measured(finding: Finding) -> dict[str, float]:
    return {each.name: each.value for each in finding.measures if not each.labels}


@pytest.mark.parametrize(("others", "level"), [(78, OK), (79, WARNING), (93, WARNING), (94, CRITICAL)])
def test_connections_are_counted_with_the_one_that_looks(others: int, level: Level) -> None:
    found = rules.judge_connections(SERVER, [session(pid) for pid in range(others)], OURS)
    assert (found.level, measured(found)["connections_used"]) == (level, others + 1)


def test_what_is_no_client_uses_no_connection_and_what_is_hidden_is_not_counted_by_state() -> None:
    sessions = [session(1, state="idle in transaction (aborted)"), session(2, kind="autovacuum worker", state=None)]
    found = rules.judge_connections(SERVER, sessions, OURS)
    assert found.value["used"] == 2
    assert found.value["by_state"] == {"active": 1, "idle": 0, "idle in transaction": 1}
    hidden = rules.judge_connections(replace(SERVER, shows_sessions=False), [session(1, kind=None, state=None)], OURS)
    assert (hidden.value["used"], hidden.value["by_state"]) == (2, None)


@pytest.mark.parametrize(("seconds", "level"), [(0.9, OK), (1.0, WARNING), (29.9, WARNING), (30.0, CRITICAL)])
def test_a_lock_is_waited_for_too_long(seconds: float, level: Level) -> None:
    wait = Wait(2, [1], "relation", "AccessShareLock", "catalogue.models", seconds)
    assert rules.judge_locks([wait], [session(1), session(2)]).level is level


def test_whoever_stands_at_the_head_of_a_queue_is_named_and_not_those_who_wait_in_it() -> None:
    waits = [
        Wait(3, [2], "transactionid", "ShareLock", None, 40),
        Wait(2, [1], "relation", "AccessExclusiveLock", "store.outcomes", 50),
    ]
    found = rules.judge_locks(waits, [session(1, application="notebook"), session(2), session(3)])
    assert [each["pid"] for each in found.value["holders"]] == [1]
    assert "pg_terminate_backend(1)" in found.remedy
    assert "pg_terminate_backend(2)" not in found.remedy
    assert "notebook" in found.summary
    assert "2 sessions waiting for store.outcomes" in found.summary


def test_a_prepared_transaction_that_is_waited_for_cannot_be_terminated() -> None:
    found = rules.judge_locks([Wait(2, [0], "relation", "ShareLock", "t", 40)], [session(2)])
    assert "a prepared transaction" in found.summary
    assert "pg_terminate_backend" not in found.remedy


@pytest.mark.parametrize(
    ("seconds", "transactions", "level"),
    [
        (299, 9_999_999, OK),
        (300, 5, WARNING),
        (1, 10_000_000, WARNING),
        (3600, 5, CRITICAL),
        (1, 100_000_000, CRITICAL),
    ],
)
def test_a_snapshot_is_old_by_the_clock_or_by_transactions(seconds: float, transactions: int, level: Level) -> None:
    holder = session(7, transaction_seconds=seconds, snapshot_age=transactions)
    found = rules.judge_snapshots(rules.oldest_snapshot([holder], [], []), rules.longest_transaction([holder]), SERVER)
    assert found.level is level
    assert ("pg_terminate_backend(7)" in found.remedy) is (level is not OK)


def test_the_oldest_of_all_kinds_is_named_with_what_ends_it() -> None:
    young = session(1, transaction_seconds=5, snapshot_age=10)
    slot = Slot("far", True, 0, "reserved", 200_000_000)
    prepared = PreparedTransaction("it's", "ada", "guildhall", 20, 60)
    for slots, prepareds, ending in (
        ([slot], [prepared], "pg_drop_replication_slot('far')"),
        ([], [replace(prepared, snapshot_age=200_000_000)], "ROLLBACK PREPARED 'it''s'"),
    ):
        oldest = rules.oldest_snapshot([young], slots, prepareds)
        assert ending in rules.judge_snapshots(oldest, rules.longest_transaction([young]), SERVER).remedy


def test_a_long_transaction_counts_though_another_has_an_older_snapshot() -> None:
    long, old = (
        session(1, transaction_seconds=4000, snapshot_age=1),
        session(2, transaction_seconds=2, snapshot_age=50),
    )
    found = rules.judge_snapshots(
        rules.oldest_snapshot([long, old], [], []), rules.longest_transaction([long, old]), SERVER
    )
    assert found.level is CRITICAL
    assert found.value["longest_transaction"]["pid"] == 1
    assert "pg_terminate_backend(1)" in found.remedy
    assert "pg_terminate_backend(2)" not in found.remedy
    assert measured(found)["oldest_snapshot_seconds"] == 4000


def test_a_slot_that_keeps_up_is_not_dropped_for_a_transaction_that_lasts() -> None:
    idle = session(1, state="idle in transaction", transaction_seconds=4000, snapshot_age=2)
    oldest = rules.oldest_snapshot([idle], [Slot("debezium", True, 0, "reserved", 3)], [])
    found = rules.judge_snapshots(oldest, rules.longest_transaction([idle]), SERVER)
    assert found.level is CRITICAL
    assert "pg_terminate_backend(1)" in found.remedy
    assert "debezium" not in found.summary + found.remedy


def test_what_is_hidden_is_not_told_as_none() -> None:
    hides = replace(SERVER, shows_sessions=False)
    found = rules.judge_snapshots(None, None, hides)
    assert (found.level, found.measures, found.value["transactions"]) == (OK, [], None)
    server_own = session(9, kind=None, database=None, state=None)
    client = session(1, kind=None, state=None)
    assert rules.judge_connections(hides, [server_own, client], OURS).value["used"] == 2
    lost = rules.judge_replication([Slot("far", True, None, "lost", None)], [])
    assert "replication_lag_bytes" not in measured(lost)


def test_a_transaction_without_a_snapshot_keeps_nothing() -> None:
    open_for_days = session(1, transaction_seconds=400_000, snapshot_age=None)
    assert rules.longest_transaction([open_for_days]) is None
    assert rules.judge_snapshots(rules.oldest_snapshot([open_for_days], [], []), None, SERVER).level is OK


def test_slow_statements_are_named_by_their_ids() -> None:
    worst = SlowStatement(-42, "guildhall_login", 1200, 850.4, 3000)
    found = rules.judge_slow_statements(SlowStatements("pg_stat_statements", 500, 3, 3000, [worst]))
    assert found.level is WARNING
    assert "queryid -42" in found.remedy
    assert found.value["worst"][0]["statement_id"] == "-42"  # beyond what a JSON number keeps exactly
    assert rules.judge_slow_statements(SlowStatements("slow_query_log", 500, 0, None)).level is OK


@pytest.mark.parametrize(
    ("live", "dead", "level"),
    [
        (10_000_000, 1_000_000, OK),
        (0, 9_999, OK),
        (40_000, 10_000, WARNING),
        (40_001, 10_000, OK),
        (1_000_000, 999_999, WARNING),
        (1_000_000, 1_000_000, CRITICAL),
    ],
)
def test_dead_rows_count_by_number_and_by_share(live: int, dead: int, level: Level) -> None:
    found = rules.judge_bloat([Table("store.outcomes_2026_11", live, dead, None)], dead)
    assert found.level is level
    assert ("VACUUM (ANALYZE) store.outcomes_2026_11" in found.remedy) is (level is not OK)


@pytest.mark.parametrize(
    ("reaches", "level"),
    [
        (None, OK),
        (datetime(2027, 3, 1, tzinfo=UTC), OK),
        (datetime(2026, 12, 1, tzinfo=UTC), WARNING),
        (datetime(2026, 11, 1, tzinfo=UTC), CRITICAL),
    ],
)
def test_partitions_reach_far_enough(reaches: datetime | None, level: Level) -> None:
    found = rules.judge_partitions([Horizon("outcomes", reaches), Horizon("audit_log", None)], SERVER, NOW)
    assert found.level is level
    assert is_ahead(reaches, NOW) is (level is OK)
    assert found.value["short"] == ([] if level is OK else ["outcomes"])


@pytest.mark.parametrize(
    ("refreshed_at", "level"),
    [
        (NOW - timedelta(days=2), OK),
        (NOW - timedelta(days=2, minutes=1), WARNING),
        (None, WARNING),
    ],
)
def test_upkeep_is_late(refreshed_at: datetime | None, level: Level) -> None:
    rollups = [Rollup("a", NOW), Rollup("b", refreshed_at)]
    found = rules.judge_upkeep(rollups, SERVER, NOW)
    assert (found.level, found.value["late"]) == (level, [] if level is OK else ["b"])
    if refreshed_at is None:
        assert rules.judge_upkeep(rollups, replace(SERVER, installed_at=NOW), NOW).level is OK


@pytest.mark.parametrize(
    ("upkeep_at", "level"), [(NOW - timedelta(days=2), OK), (NOW - timedelta(days=3), WARNING), (None, WARNING)]
)
def test_ledgers_that_nobody_seals_are_upkeep_that_is_late_also_without_rollups(
    upkeep_at: datetime | None, level: Level
) -> None:
    found = rules.judge_upkeep([], replace(SERVER, upkeep_at=upkeep_at), NOW)
    assert (found.level, found.value["refreshed_at"]) == (level, None)
    assert "guildhall db maintain" in found.remedy or level is OK


@pytest.mark.parametrize(
    ("slots", "replicas", "level"),
    [
        ([], [], OK),
        ([Slot("far", True, GB - 1, "reserved", None)], [], OK),
        ([Slot("far", True, GB, "extended", None)], [], WARNING),
        ([Slot("far", False, 0, "reserved", None)], [], WARNING),
        ([Slot("far", True, 16 * GB, "extended", None)], [], CRITICAL),
        ([Slot("far", True, None, "lost", None)], [], CRITICAL),
        ([], [Replica("far", "streaming", 0, 59)], OK),
        ([], [Replica("far", "streaming", None, 60)], WARNING),
        ([], [Replica("far", "streaming", None, 3600)], CRITICAL),
    ],
)
def test_replicas_are_behind(slots: list[Slot], replicas: list[Replica], level: Level) -> None:
    assert rules.judge_replication(slots, replicas).level is level


@pytest.mark.parametrize(("free", "level"), [(4 * GB, OK), (4 * GB - 1, WARNING), (GB, WARNING), (GB - 1, CRITICAL)])
def test_a_disk_is_nearly_full(free: int, level: Level) -> None:
    found = rules.judge_disk(Disk("/srv", free, 100 * GB), SERVER)
    assert (found.level, measured(found)["disk_free_bytes"]) == (level, free)


def test_the_disk_of_another_server_is_not_known_and_not_called_full() -> None:
    found = rules.judge_disk(None, replace(SERVER, size_bytes=None))
    assert (found.level, list(found.measures)) == (OK, [])


def test_extensions_are_there_loaded_and_up_to_date() -> None:
    vector = Extension("vector", "0.8.5", "0.8.5", True)
    timescale = Extension("timescaledb", None, None, False)
    counting = Extension("pg_stat_statements", None, "1.10", True)

    def level(*extensions: Extension, engine: str = "native") -> Level:
        return rules.judge_extensions(extensions, replace(SERVER, engine=engine)).level

    assert level(vector, timescale, counting) is OK
    assert level(replace(vector, available="0.8.6"), timescale, counting) is WARNING
    assert level(vector, timescale, replace(counting, installed="1.10", is_loaded=False)) is WARNING
    assert level(vector, timescale, counting, engine="timescale") is CRITICAL
    assert level(replace(vector, installed=None), timescale, counting) is CRITICAL


@pytest.mark.parametrize(
    ("transactions", "multixacts", "level"),
    [(999_999_999, 0, OK), (1_000_000_000, 0, WARNING), (0, 1_600_000_000, CRITICAL)],
)
def test_ids_run_out(transactions: int, multixacts: int, level: Level) -> None:
    assert rules.judge_transaction_ids(TransactionIds("guildhall", transactions, multixacts)).level is level


def test_a_schema_is_behind_or_ahead() -> None:
    assert judge_schema(29, 29, []).level is OK
    assert judge_schema(29, 29, ["0028_backfill"]).level is WARNING
    assert judge_schema(30, 29, []).level is WARNING
    assert schema_unusable("the database lacks 2 migrations", None).level is CRITICAL


def test_the_worst_finding_is_what_counts() -> None:
    fine, bad = judge_schema(29, 29, []), schema_unusable("no", None)
    assert overall([fine, bad, fine]) is CRITICAL
    assert overall([]) is OK


@pytest.mark.parametrize(
    ("since_s", "workers", "is_paused", "level"),
    [
        (None, 0, False, OK),
        (59, 0, False, OK),
        (60, 0, False, WARNING),
        (60, 1, False, OK),
        (3600, 1, False, WARNING),
        (3600, 0, True, OK),
    ],
)
def test_jobs_that_wait_with_nobody_there_or_for_long_are_told(
    since_s: int | None, workers: int, is_paused: bool, level: Level
) -> None:
    since = None if since_s is None else NOW - timedelta(seconds=since_s)
    lanes = [
        Lane("mail", "default", is_paused, 0 if since is None else 7, since, 2),
        Lane("idle", "slow", False, 0, None, 0),
    ]
    found = rules.judge_jobs(Work(lanes, workers, 3), NOW)
    assert found.level is level
    assert measured(found) == {"workers_alive": workers, "dead_letters_open": 3}
    told = {(each.name, each.labels["type"]): each.value for each in found.measures if each.labels}
    assert told["jobs_waiting", "mail"] == (0 if since is None else 7)
    assert told["jobs_oldest_wait_seconds", "mail"] == (since_s or 0)
    assert told["jobs_running", "mail"] == 2
    assert told["jobs_oldest_wait_seconds", "idle"] == 0


def test_jobs_that_could_not_be_counted_are_not_told_as_none() -> None:
    found = rules.judge_jobs(None, NOW)
    assert (found.level, list(found.measures)) == (OK, [])
