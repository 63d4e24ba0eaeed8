"""
The schema of a database as text, for comparing and for reading.

`schema.native.sql` is what the migrations add up to on native partitions. It
is written by `scripts/schema` and never edited; a test holds it against a
database that has just been migrated.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from guildhall.db.embedded import binary

NATIVE = Path(__file__).with_name("schema.native.sql")

# What differs from one dump to the next: versions, a random token, session settings.
_NOISE = re.compile(r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*)$")
_SCHEMAS = ("platform", "catalogue", "gateway", "evaluation", "society", "store", "mine")
_PARTITIONS = ("store.*_20[0-9][0-9]_[0-9][0-9]", "gateway.distributed_memory_[0-9][0-9]")


def schema(url: str) -> str:
    """
    The definitions of everything in our schemas, partitions left out: they follow the calendar, or are all alike.

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
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
