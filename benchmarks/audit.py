"""
What auditing costs whoever writes, and how fast ledgers are sealed and verified.

The same single-row change of a business table is written with its audit trigger
on and off, in turns: by one writer, by sixteen, and by sixteen that hold each
transaction for 5 ms; all through `Database.transaction`, as every face writes.
`pgbench_*` is the same statement straight from pgbench, with nothing of ours
around it. The ratios are what remains of the unaudited rate, beside what remains
with the plainest trigger (`plain`), which only adds a row as big, of constants, to a
table without an index: no audit in the writer's transaction costs less. `least` says
all that an audit must, the image, who and from where, as the owner and into such a
table too: what is above it is the price of finding rows again, of partitions, of
secrets and of any kind of change. `server_us_*` is the processor time of the server for each change, where Linux tells it.

Then a million rows (`--rows`) of the audit log are sealed and verified; the limit is
reading the same rows and hashing each once.

    python benchmarks/audit.py --rounds 5
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from guildhall.app import sealing
from guildhall.app.wiring import App, keep_running
from guildhall.db import Query, embedded
from guildhall.domains.platform import identity
from guildhall.settings import Settings

CHANGE = Query(
    "benchmark.change",
    "INSERT INTO evaluation.configurations (name, sandbox_config) "
    """VALUES ('bench ' || gen_random_uuid(), '{"image": "python:3.12", "memory_mb": 512, "network": false}')""",
    (),
)
HOLD = Query("benchmark.hold", "SELECT pg_sleep(0.005)", ())
PGBENCH = f"""\\startpipeline
BEGIN;
SET LOCAL ROLE guildhall_app;
SELECT set_config('app.user_id', '{identity.LOCAL.user_id}', true), set_config('app.tenant_id', '{identity.LOCAL.tenant_id}', true);
\\endpipeline
{CHANGE.sql};
COMMIT;
"""
PLAIN = """
DROP SCHEMA IF EXISTS benchmark CASCADE;
CREATE SCHEMA benchmark;
GRANT USAGE ON SCHEMA benchmark TO PUBLIC;
CREATE TABLE benchmark.log (LIKE store.audit_log);
GRANT INSERT ON benchmark.log TO PUBLIC;
DO $do$
DECLARE
    row record;
BEGIN
    SELECT string_agg(quote_ident(key), ', ') AS names, string_agg(quote_literal(value), ', ') AS constants
      INTO row
      FROM jsonb_each_text((SELECT to_jsonb(entry) FROM store.audit_log AS entry WHERE table_name = 'configurations' LIMIT 1))
     WHERE value IS NOT NULL;
    EXECUTE format('CREATE FUNCTION benchmark.add() RETURNS trigger LANGUAGE plpgsql AS '
                   '$f$ BEGIN INSERT INTO benchmark.log (%s) VALUES (%s); RETURN NULL; END $f$', row.names, row.constants);
END
$do$;
CREATE TRIGGER benchmark_plain AFTER INSERT ON evaluation.configurations FOR EACH ROW EXECUTE FUNCTION benchmark.add();
CREATE TABLE benchmark.least (LIKE store.audit_log INCLUDING DEFAULTS);
CREATE FUNCTION benchmark.add_least() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $f$
BEGIN
    INSERT INTO benchmark.least (tenant_id, table_schema, table_name, operation, record_key, new_data)
    VALUES (NEW.tenant_id, 'evaluation', 'configurations', TG_OP, jsonb_build_object('config_id', NEW.config_id), to_jsonb(NEW));
    RETURN NULL;
END $f$;
CREATE TRIGGER benchmark_least AFTER INSERT ON evaluation.configurations FOR EACH ROW EXECUTE FUNCTION benchmark.add_least();
"""
TRIGGERS = {"plain": "benchmark_plain", "least": "benchmark_least", "audited": "configurations_are_audited"}
MODES = ["unaudited", *TRIGGERS]
FILL = """
INSERT INTO store.audit_log (log_id, tenant_id, table_schema, table_name, operation, record_key, new_data, actor_role, "timestamp",
                             epoch, transaction_id)
SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000002', 'evaluation', 'configurations', 'INSERT', jsonb_build_object('config_id', n),
       jsonb_build_object('name', 'bench ' || n, 'is_active', true, 'sandbox_config', '{{}}'::jsonb, 'created_at', now()),
       'guildhall_app', clock_timestamp(), epoch.number, pg_current_xact_id()::text::bigint
  FROM generate_series({first}, {last}) AS n, platform.epoch
"""


async def rate(app: App, writers: int, seconds: float, *, hold: bool = False) -> float:
    """Transactions per second of so many writers."""
    done = 0
    end = time.perf_counter() + seconds

    async def writer() -> None:
        nonlocal done
        while time.perf_counter() < end:
            async with app.transaction() as tx:
                await tx.execute(CHANGE)
                if hold:
                    await tx.value(HOLD)
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(writer() for _ in range(writers)))
    return done / (time.perf_counter() - began)


def pgbench(url: str, script: Path, writers: int, seconds: float) -> float:
    program = str(embedded.binary("pgbench"))
    options = [
        "-n",
        "-M",
        "prepared",
        "-c",
        str(writers),
        "-j",
        str(min(writers, 2)),
        "-T",
        str(round(seconds)),
        "-f",
        str(script),
    ]
    printed = subprocess.run([program, *options, url], check=True, capture_output=True, text=True).stdout
    found = re.search(r"tps = ([\d.]+)", printed)
    assert found, printed
    return float(found[1])


async def server_us(connection: asyncpg.Connection[asyncpg.Record], changes: int) -> float:
    """Microseconds of the server's processor for each change, in transactions like ours, one after another."""
    spent = Path(f"/proc/{connection.get_server_pid()}/schedstat")
    change = await connection.prepare(CHANGE.sql)
    begin = (
        f"BEGIN; SET LOCAL ROLE guildhall_app; SELECT set_config('app.user_id', '{identity.LOCAL.user_id}', true), "
        f"set_config('app.tenant_id', '{identity.LOCAL.tenant_id}', true)"
    )
    before = 0
    for number in range(changes + 10):
        if number == 10:  # plans and caches are there
            before = int(spent.read_text().split()[0])
        await connection.execute(begin)
        await change.fetch()
        await connection.execute("COMMIT")
    return (int(spent.read_text().split()[0]) - before) / 1000 / changes


async def in_turns(
    administrator: asyncpg.Connection[asyncpg.Record], rounds: int, measure: Callable[[], Awaitable[float]]
) -> dict[str, list[float]]:
    """What is measured in each mode, the modes taking turns in one order and then the other."""
    await measure()  # connections, plans, caches
    found: dict[str, list[float]] = {mode: [] for mode in MODES}
    for turn in range(rounds):
        for mode in MODES if turn % 2 else reversed(MODES):
            for name, trigger in TRIGGERS.items():
                switch = "ENABLE" if name == mode else "DISABLE"
                await administrator.execute(f"ALTER TABLE evaluation.configurations {switch} TRIGGER {trigger}")
            found[mode].append(await measure())
    return found


async def measure_writing(app: App, url: str, folder: Path, rounds: int, seconds: float) -> dict[str, float]:
    await rate(app, 1, 0.1)  # a change of which the plain trigger makes its row
    administrator = await asyncpg.connect(url)
    await administrator.execute(PLAIN)
    script = folder / "change.sql"
    script.write_text(PGBENCH)
    ways = {
        "one_writer": lambda: rate(app, 1, seconds),
        "sixteen_writers": lambda: rate(app, 16, seconds),
        "sixteen_holding_5ms": lambda: rate(app, 16, seconds, hold=True),
        "pgbench_one": lambda: asyncio.to_thread(pgbench, url, script, 1, seconds),
        "pgbench_sixteen": lambda: asyncio.to_thread(pgbench, url, script, 16, seconds),
    }
    figures: dict[str, float] = {}
    for name, measure in ways.items():
        rates = await in_turns(administrator, rounds, measure)
        for mode in ("unaudited", "audited"):
            figures[f"{name}_{mode}_per_s"] = round(statistics.median(rates[mode]))
        for mode, suffix in (("audited", "remains"), ("least", "remains_with_least"), ("plain", "remains_with_plain")):
            ratios = [some / bare for bare, some in zip(rates["unaudited"], rates[mode], strict=True)]
            figures[f"{name}_{suffix}"] = round(statistics.median(ratios), 2)
    if Path("/proc/self/schedstat").exists():
        connection = await asyncpg.connect(url, server_settings={"synchronous_commit": "off"})
        spent = await in_turns(administrator, rounds * 6, lambda: server_us(connection, 60))
        figures |= {f"server_us_{mode}": round(statistics.median(each)) for mode, each in spent.items()}
        await connection.close()
    await administrator.execute("DROP SCHEMA benchmark CASCADE")
    await administrator.close()
    return figures


async def measure_sealing(app: App, url: str, rows: int) -> dict[str, float]:
    administrator = await asyncpg.connect(url)
    [each async for each in sealing.seal(app)]
    text = await administrator.fetchval(
        "SELECT platform.ledger_text('store.audit_log', columns, 'entry.') FROM platform.ledgers WHERE name = 'audit_log'"
    )
    await administrator.execute("TRUNCATE store.audit_log, platform.audit_seals, platform.audit_seal_parts")
    await administrator.execute("SET session_replication_role = replica")
    for first in range(1, rows + 1, 1000):
        await administrator.execute(FILL.format(first=first, last=min(rows, first + 999)))
    await administrator.execute("VACUUM ANALYZE store.audit_log")

    began = time.perf_counter()
    sealed = sum([seal.row_count or 0 async for seal in sealing.seal(app, after_restore=True)])
    sealing_s = time.perf_counter() - began
    assert sealed == rows, sealed

    began = time.perf_counter()
    (found,) = await sealing.verify(app, ["audit_log"])
    verifying_s = time.perf_counter() - began
    assert found.holds, found.findings[:3]
    assert found.rows == rows

    began = time.perf_counter()
    async with administrator.transaction():
        query = f"SELECT convert_to({text}, 'UTF8') FROM store.audit_log AS entry"
        async for row in administrator.cursor(query, prefetch=1000):
            hashlib.sha256(row[0]).digest()
    limit_s = time.perf_counter() - began
    await administrator.close()
    return {
        "rows": rows,
        "sealed_per_s": round(rows / sealing_s),
        "verified_per_s": round(rows / verifying_s),
        "read_and_hashed_per_s": round(rows / limit_s),
        "verifying_over_limit": round(verifying_s / limit_s, 2),
    }


async def measure(options: argparse.Namespace, folder: Path) -> None:
    settings = Settings(data_dir=folder, pool_size=17)
    url = await keep_running(settings)
    async with App.open(settings) as app:
        print(json.dumps(await measure_writing(app, url, folder, options.rounds, options.seconds)))
        print(json.dumps(await measure_sealing(app, url, options.rows)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        try:
            asyncio.run(measure(options, Path(folder)))
        finally:
            embedded.stop(Path(folder))


if __name__ == "__main__":
    main()
