"""How the database is: everything that can be read of it, judged."""

from __future__ import annotations

from datetime import timedelta

from guildhall.db import SLOW_MS, Tx
from guildhall.db.errors import TooBusy
from guildhall.domains.platform.operations import rules, store
from guildhall.domains.platform.operations.types import Finding, Surroundings, Work

_LOGGED_FOR = timedelta(days=1)
_KEPT_FOR = timedelta(days=30)
_CALLS = 5
"""A statement that ran less often, as a migration's, is no habit."""
_WORST = 10


async def examine(tx: Tx, ours: Surroundings) -> list[Finding]:
    """
    Every finding about the server and the database, always in the same order.

    It is for a scheduler's transaction (`Database.duty`), which from then on
    changes nothing. No lock on a table is waited for.

    Raises:
        DatabaseUnavailable: The server takes more than seconds for one of the readings.
    """
    await store.look_only(tx)
    server = await store.server(tx)
    sessions = await store.sessions(tx)
    slots = await store.slots(tx)
    prepared = await store.prepared_transactions(tx)
    slow = await store.slow_statements(tx, slow_ms=SLOW_MS, at_least=_CALLS, at_most=_WORST, since=tx.now - _LOGGED_FOR)
    tables, dead_rows = await store.tables(tx, at_most=_WORST)
    # What waits in another database is its own affair, and a snapshot there keeps nothing alive in this one.
    here = [each for each in sessions if each.database in (None, server.database)]
    prepared_here = [each for each in prepared if each.database == server.database]
    pids_here = {each.pid for each in here}
    waits = [each for each in await store.waits(tx) if each.pid in pids_here]
    return [
        rules.judge_connections(server, sessions, ours),
        rules.judge_visibility(server),
        rules.judge_locks(waits, sessions),
        rules.judge_snapshots(
            rules.oldest_snapshot(here, slots, prepared_here), rules.longest_transaction(here), server
        ),
        rules.judge_slow_statements(slow),
        rules.judge_bloat(tables, dead_rows),
        rules.judge_partitions(await store.horizons(tx), server, tx.now),
        rules.judge_upkeep(await store.rollups(tx), server, tx.now),
        rules.judge_replication(slots, await store.replicas(tx)),
        rules.judge_disk(ours.disk, server),
        rules.judge_extensions(await store.extensions(tx), server),
        rules.judge_transaction_ids(await store.transaction_ids(tx)),
        rules.judge_jobs(await _work(tx), tx.now),
    ]


async def _work(tx: Tx) -> Work | None:
    """What is to be done; None where somebody holds the jobs' tables, or there is too much of it to count in seconds."""
    try:
        async with tx.savepoint():
            return await store.work(tx)
    except TooBusy:
        return None


async def note_upkeep(tx: Tx) -> None:
    """Remember that upkeep has just found every ledger sealed."""
    await store.note_upkeep(tx)


async def tidy(tx: Tx) -> int:
    """Forget statements that were slow more than a month ago; how many. It is upkeep: a scheduler's transaction may."""
    return await store.forget_slow_statements(tx, tx.now - _KEPT_FOR)
