"""
The schema of a database as text, for comparing and for reading.

`schema.native.sql` is what the migrations add up to on native partitions,
`schema.timescale.sql` on TimescaleDB, as PostgreSQL 15 puts it. Both are written
by `scripts/schema` and never edited; tests hold them against databases that have
just been migrated.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from guildhall.db.embedded import binary

NATIVE = Path(__file__).with_name("schema.native.sql")
TIMESCALE = Path(__file__).with_name("schema.timescale.sql")

# What differs from one dump to the next: versions, a random token, session settings, and what
# servers since the minor releases of 2026 note beside each column, which an older pg_dump shows.
_NOISE = re.compile(
    r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*|ALTER TABLE .* SET \(pg_attver=\d+\);)$"
)
_SCHEMAS = ("platform", "catalogue", "gateway", "evaluation", "society", "store", "mine")
_PARTITIONS = ("store.*_20[0-9][0-9]_[0-9][0-9]", "gateway.distributed_memory_[0-9][0-9]")


def schema(url: str) -> str:
    """
    The definitions of everything in our schemas, partitions left out: they follow the calendar, or are all alike.

    What pg_dump does not tell of TimescaleDB follows at the end, as comments.

    Raises:
        subprocess.CalledProcessError: pg_dump fails; its message is on stderr.
    """
    wanted = [option for name in _SCHEMAS for option in ("--schema", name)]
    unwanted = [option for pattern in _PARTITIONS for option in ("--exclude-table", pattern)]
    dumped = subprocess.run(
        [str(binary("pg_dump")), "--schema-only", *unwanted, *wanted, url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = [line.rstrip() for line in dumped.splitlines() if not _NOISE.match(line)]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
    hypertables = _ask(url, "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'") and _ask(url, _HYPERTABLES)
    return text + "".join(f"\n{line}" for line in hypertables.splitlines()) + "\n" if hypertables else text


_HYPERTABLES = """
    SELECT format('-- hypertable %s by %s, chunks of %s%s%s', hypertables.hypertable_name, dimensions.column_name,
                  dimensions.time_interval,
                  format(', segmented by (%s) ordered by (%s)', settings.segmentby, settings.orderby),
                  (SELECT string_agg(format(', %s %s every %s', jobs.proc_name,
                                            COALESCE(jobs.config ->> 'drop_after', jobs.config ->> 'compress_after',
                                                     concat_ws(' to ', jobs.config ->> 'start_offset', jobs.config ->> 'end_offset')),
                                            jobs.schedule_interval), '' ORDER BY jobs.proc_name)
                     FROM timescaledb_information.jobs
                    WHERE jobs.hypertable_schema = hypertables.hypertable_schema
                      AND jobs.hypertable_name = hypertables.hypertable_name))
      FROM timescaledb_information.hypertables
      JOIN timescaledb_information.dimensions USING (hypertable_schema, hypertable_name)
      LEFT JOIN timescaledb_information.hypertable_columnstore_settings AS settings
        ON settings.hypertable = format('%I.%I', hypertables.hypertable_schema, hypertables.hypertable_name)::regclass
     WHERE hypertables.hypertable_schema = 'store'
     ORDER BY hypertables.hypertable_name
"""


def _ask(url: str, query: str) -> str:
    return subprocess.run(
        [str(binary("psql")), "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", query, url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
