"""Statements of operations."""

from __future__ import annotations

from datetime import datetime

from guildhall.db import Tx, load_queries
from guildhall.domains.platform.operations.types import (
    Extension,
    Horizon,
    Lane,
    PreparedTransaction,
    Replica,
    Rollup,
    Server,
    Session,
    Slot,
    SlowStatement,
    SlowStatements,
    Table,
    TransactionIds,
    Wait,
    Work,
)

_queries = load_queries("guildhall.domains.platform.operations")


async def look_only(tx: Tx) -> None:
    await tx.execute(_queries.look_only)
    await tx.execute(_queries.be_brief)


async def server(tx: Tx) -> Server:
    row = await tx.find(_queries.server)
    assert row is not None
    return Server(**dict(row))


async def sessions(tx: Tx) -> list[Session]:
    return [Session(**dict(row)) for row in await tx.fetch(_queries.sessions)]


async def waits(tx: Tx) -> list[Wait]:
    return [Wait(**dict(row)) for row in await tx.fetch(_queries.waits)]


async def slots(tx: Tx) -> list[Slot]:
    return [Slot(**dict(row)) for row in await tx.fetch(_queries.slots)]


async def replicas(tx: Tx) -> list[Replica]:
    return [Replica(**dict(row)) for row in await tx.fetch(_queries.replicas)]


async def prepared_transactions(tx: Tx) -> list[PreparedTransaction]:
    return [PreparedTransaction(**dict(row)) for row in await tx.fetch(_queries.prepared_transactions)]


async def slow_statements(tx: Tx, *, slow_ms: float, at_least: int, at_most: int, since: datetime) -> SlowStatements:
    """Those that pg_stat_statements has counted `at_least` so often; without it, those logged since."""
    if not await tx.value(_queries.statements_are_counted):
        row = await tx.find(_queries.slow_statements_logged, since=since, slow_ms=slow_ms)
        assert row is not None
        return SlowStatements("slow_query_log", slow_ms, row["how_many"], row["max_ms"])
    rows = await tx.fetch(_queries.slow_statements, slow_ms=slow_ms, at_least=at_least, at_most=at_most)
    worst = [
        SlowStatement(row["statement_id"], row["login"], row["calls"], row["mean_ms"], row["max_ms"]) for row in rows
    ]
    return SlowStatements(
        "pg_stat_statements",
        slow_ms,
        rows[0]["how_many"] if rows else 0,
        max((each.max_ms for each in worst), default=None),
        worst,
    )


async def tables(tx: Tx, *, at_most: int) -> tuple[list[Table], int]:
    """Those with most dead rows, and how many dead rows there are in all tables."""
    rows = await tx.fetch(_queries.tables, at_most=at_most)
    found = [Table(row["name"], row["live_rows"], row["dead_rows"], row["vacuumed_at"]) for row in rows]
    return found, rows[0]["dead_rows_of_all"] if rows else 0


async def horizons(tx: Tx) -> list[Horizon]:
    return [Horizon(**dict(row)) for row in await tx.fetch(_queries.horizons)]


async def rollups(tx: Tx) -> list[Rollup]:
    return [Rollup(**dict(row)) for row in await tx.fetch(_queries.rollups)]


async def extensions(tx: Tx) -> list[Extension]:
    return [Extension(**dict(row)) for row in await tx.fetch(_queries.extensions)]


async def transaction_ids(tx: Tx) -> TransactionIds:
    row = await tx.find(_queries.transaction_ids)
    assert row is not None
    return TransactionIds(**dict(row))


async def note_upkeep(tx: Tx) -> None:
    await tx.execute(_queries.note_upkeep, now=tx.now)


async def forget_slow_statements(tx: Tx, before: datetime) -> int:
    return await tx.execute(_queries.forget_slow_statements, before=before)


async def work(tx: Tx) -> Work:
    """What is to be done; no lock is waited for."""
    await tx.execute(_queries.be_briefest)
    lanes = [Lane(**dict(row)) for row in await tx.fetch(_queries.lanes)]
    crew = await tx.find(_queries.crew)
    assert crew is not None
    return Work(lanes, crew["workers"], crew["dead_letters"])
