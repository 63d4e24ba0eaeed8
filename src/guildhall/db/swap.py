"""
Changing a table while everybody goes on writing to it.

The fourth reference document copies a table, keeps the copy in step by triggers
and swaps the names; keys and triggers of others then stay with the old table
(errata, ai_go_global 784–818). Here a table is changed in place, in up to three
migrations, each of which says its phase in its first lines:

- `-- phase: expand` adds, so that programs of before and after both work;
- `-- phase: backfill` fills in what old rows lack, in batches by key, each in a
  transaction of its own, and goes on where it was cut off;
- `-- phase: contract` forbids what only programs of before would do, once none
  of them is connected.

`-- transaction: no` lets a migration run paragraph by paragraph, each in a
transaction of its own, so that the lock of one is gone before the next begins;
`CONCURRENTLY` runs outside of any.

Whoever waits for a lock makes others queue behind. So nobody waits longer than
a tenth of a second here: we give way and try again. That is also less than the
server waits before it looks for a deadlock and ends somebody's transaction,
which is therefore never a writer's.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import asyncpg

_T = TypeVar("_T")

_OVER = re.compile(r"^-- over: (?P<table>[a-z_]+\.[a-z_]+) \((?P<key>[a-z_]+(?:, [a-z_]+)*)\)$", re.MULTILINE)
_LOCK_TIMEOUT_MS = 100
_ATTEMPTS = 300
_PAUSE_S = 0.2

# A batch holds its rows for about this long, and as long a pause follows.
_BATCH_S = 0.05
_FIRST_BATCH, _LEAST_BATCH, _MOST_BATCH = 200, 20, 20_000

# An index that is built beside the writers waits for their transactions, and nobody waits for it.
_CONCURRENT_LOCK_TIMEOUT = "60s"


class Phase(StrEnum):
    """What a migration may do to programs that are running."""

    EXPAND = "expand"
    BACKFILL = "backfill"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Header:
    """What the first lines of a migration say of it."""

    phase: Phase | None
    """None: an ordinary migration, which adds and is waited for."""
    as_owner: bool
    in_one_transaction: bool
    mends: frozenset[str] = frozenset()
    """The checksums of what it was before it was mended."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """
    A statement over the rows of a table, a batch at a time.

    `statement` joins the relation `batch`, which has the columns of `key` for
    the rows of one batch, locked in the order of the key.
    """

    table: str
    key: Sequence[str]
    statement: str


def read_header(script: str) -> Header:
    """What the comments before the first blank line say."""
    head = script.split("\n\n", 1)[0]
    said = re.search(r"^-- phase: (\w+)$", head, re.MULTILINE)
    return Header(
        phase=Phase(said[1]) if said else None,
        as_owner="-- role: administrator" not in head,
        in_one_transaction="-- transaction: no" not in head,
        mends=frozenset(re.findall(r"^-- mends: ([0-9a-f]{64})$", head, re.MULTILINE)),
    )


def read_backfill(script: str) -> Backfill:
    """
    The table and key that a backfill names as `-- over: schema.table (column, …)`, and its statement.

    Raises:
        ValueError: It names none.
    """
    over = _OVER.search(script)
    if over is None:
        raise ValueError("a backfill says `-- over: schema.table (key, …)` before its statement")
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return Backfill(over["table"], over["key"].split(", "), "\n".join(lines).strip().rstrip(";"))


def paragraphs(script: str) -> list[str]:
    """The statements of a migration that is not one transaction: what stands between blank lines."""
    parts = (part.strip() for part in re.split(r"\n\s*\n", script))
    return [part for part in parts if any(not line.startswith("--") for line in part.splitlines())]


async def older_instances(connection: asyncpg.Connection[Any], number: int) -> int:
    """How many connections of Guildhall belong to a version that does not know migration `number`."""
    found: int = await connection.fetchval(
        """
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database()
           AND application_name ~ '^guildhall(/\\d+)?$'
           AND COALESCE(substring(application_name FROM '/(\\d+)$')::integer, 0) < $1
        """,
        number,
    )
    return found


async def run_at_once(
    connection: asyncpg.Connection[Any],
    script: str,
    note: Callable[[], Awaitable[None]],
    *,
    as_owner: bool,
) -> None:
    """
    Run a script in one transaction, and in the same `note` that it was run.

    Raises:
        LockNotAvailableError, DeadlockDetectedError: Somebody held a lock through all attempts.
    """

    async def work() -> None:
        async with connection.transaction():
            await _execute(connection, script, as_owner=as_owner)
            await note()

    await _giving_way(work)


async def run_in_steps(connection: asyncpg.Connection[Any], number: int, script: str, *, as_owner: bool) -> None:
    """
    Run a script paragraph by paragraph; those that an earlier attempt has run are left out.

    Raises:
        LockNotAvailableError, DeadlockDetectedError: Somebody held a lock through all attempts.
    """
    steps = paragraphs(script)
    done: int = await connection.fetchval("SELECT step FROM migrations.progress WHERE number = $1", number) or 0
    for place, step in enumerate(steps[done:], done + 1):
        if "CONCURRENTLY" in step:
            await _run_beside_writers(connection, step, as_owner=as_owner)
            await _keep_progress(connection, number, place)
            continue

        async def run_step(step: str = step, place: int = place) -> None:
            async with connection.transaction():
                await _execute(connection, step, as_owner=as_owner)
                await _keep_progress(connection, number, place)

        await _giving_way(run_step)


async def run_backfill(
    connection: asyncpg.Connection[Any],
    number: int,
    backfill: Backfill,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> int:
    """
    Fill in old rows, batch after batch, and return how many rows were looked at, earlier attempts included.

    A batch and the note of how far it went are one transaction: whatever stops
    this, the next run goes on behind the last batch that was committed. Batches
    grow or shrink to last a twentieth of a second. `sleep` is called with the
    pause in seconds after each.

    Raises:
        LockNotAvailableError, DeadlockDetectedError: Somebody held a row through all attempts.
    """
    types = await _key_types(connection, backfill)
    progress = await connection.fetchrow("SELECT last_key, rows FROM migrations.progress WHERE number = $1", number)
    last_key, rows = (progress["last_key"], progress["rows"]) if progress else (None, 0)
    size = _FIRST_BATCH
    while True:
        began = time.monotonic()

        async def run_batch(
            after: Sequence[str] | None = last_key, size: int = size
        ) -> tuple[int, Sequence[str] | None]:
            async with connection.transaction():
                seen, last = await _fill(connection, backfill, types, after, size)
                if seen:
                    await _keep_progress(connection, number, 0, last, seen)
                return seen, last

        seen, last_key = await _giving_way(run_batch)
        if not seen:
            return rows
        rows += seen
        took = time.monotonic() - began
        size = max(_LEAST_BATCH, min(_MOST_BATCH, int(size * max(0.5, min(2.0, _BATCH_S / max(took, 0.001))))))
        await sleep(min(took, 4 * _BATCH_S))


async def _fill(
    connection: asyncpg.Connection[Any],
    backfill: Backfill,
    types: Sequence[str],
    after: Sequence[str] | None,
    size: int,
) -> tuple[int, Sequence[str] | None]:
    # The names are a migration's own; the values go in as parameters.
    key = ", ".join(backfill.key)
    as_text = ", ".join(f"{column}::text" for column in backfill.key)
    descending = ", ".join(f"{column} DESC" for column in backfill.key)
    from_text = ", ".join(f"($1::text[])[{place}]::{kind}" for place, kind in enumerate(types, 1))
    condition = f"({key}) > ({from_text})" if after is not None else "$1::text[] IS NULL"
    statement = f"""
        WITH batch AS MATERIALIZED (
            SELECT {key} FROM {backfill.table} WHERE {condition} ORDER BY {key} LIMIT $2 FOR NO KEY UPDATE
        ), changed AS (
            {backfill.statement}
        )
        SELECT (SELECT count(*) FROM batch), (SELECT ARRAY[{as_text}] FROM batch ORDER BY {descending} LIMIT 1)
    """  # noqa: S608
    await _set_up(connection, as_owner=True)
    row = await connection.fetchrow(statement, after, size)
    await connection.execute("RESET ROLE")
    assert row is not None
    return row[0], row[1]


async def _key_types(connection: asyncpg.Connection[Any], backfill: Backfill) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT format_type(atttypid, atttypmod) AS type
          FROM unnest($2::text[]) WITH ORDINALITY AS wanted (name, place)
          JOIN pg_attribute ON attrelid = $1::text::regclass AND attname = name
         ORDER BY place
        """,
        backfill.table,
        list(backfill.key),
    )
    return [row["type"] for row in rows]


async def _keep_progress(
    connection: asyncpg.Connection[Any], number: int, step: int, last_key: Sequence[str] | None = None, rows: int = 0
) -> None:
    await connection.execute(
        """
        INSERT INTO migrations.progress (number, step, last_key, rows) VALUES ($1, $2, $3, $4)
            ON CONFLICT (number) DO UPDATE
           SET step = excluded.step, last_key = excluded.last_key, rows = progress.rows + excluded.rows, updated_at = now()
        """,
        number,
        step,
        last_key,
        rows,
    )


async def _set_up(connection: asyncpg.Connection[Any], *, as_owner: bool) -> None:
    await connection.execute(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}; SET LOCAL client_min_messages = 'warning'")
    if as_owner:
        await connection.execute("SET LOCAL ROLE guildhall_owner")


async def _execute(connection: asyncpg.Connection[Any], script: str, *, as_owner: bool) -> None:
    await _set_up(connection, as_owner=as_owner)
    await connection.execute(script)
    await connection.execute("RESET ROLE")


async def _run_beside_writers(connection: asyncpg.Connection[Any], step: str, *, as_owner: bool) -> None:
    # A build that was cut off leaves an index that is never used and always kept up (errata, arc_eval_postgres 299).
    await _drop_invalid_indexes(connection)
    await connection.execute(f"SET lock_timeout = '{_CONCURRENT_LOCK_TIMEOUT}'")
    try:
        if as_owner:
            await connection.execute("SET ROLE guildhall_owner")
        await connection.execute(step)
    except asyncpg.LockNotAvailableError:
        await connection.execute("RESET ROLE")
        await _drop_invalid_indexes(connection)
        raise
    finally:
        if not connection.is_closed():
            await connection.execute("RESET ROLE; RESET lock_timeout")


async def _drop_invalid_indexes(connection: asyncpg.Connection[Any]) -> None:
    names = await connection.fetch(
        """
        SELECT indexrelid::regclass::text AS name
          FROM pg_index
          JOIN pg_class ON pg_class.oid = indexrelid
         WHERE NOT indisvalid AND relkind = 'i'
           AND relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
        """
    )
    for row in names:
        await connection.execute(f"DROP INDEX CONCURRENTLY {row['name']}")


async def _giving_way(work: Callable[[], Awaitable[_T]]) -> _T:
    for _ in range(_ATTEMPTS - 1):
        try:
            return await work()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(_PAUSE_S * random.random())
    return await work()
