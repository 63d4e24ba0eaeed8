"""
How long it takes to make the whole schema, and to hold it against the reference documents.

An embedded server with fsync on; each round makes an empty database and
migrates it. The limit is the same schema as one script of plain statements
(`docs/schema/native`), run by psql in one transaction: what PostgreSQL needs for the objects alone.

    python benchmarks/schema.py --rounds 5 --inventory ../shared/design/inventory.json

Where there is no inventory, conformance is not measured, and it says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from guildhall.db import embedded, migrate
from guildhall.db.conformance import examine

NATIVE = Path(__file__).parents[1] / "docs" / "schema" / "native"
INVENTORY = Path(__file__).parents[2] / "shared" / "design" / "inventory.json"


def apply_plainly(url: str) -> None:
    """The schema by psql. The roles are there by now; the extension is the one thing that a dump of our schemas leaves out."""
    beforehand = ["CREATE EXTENSION vector", "SET check_function_bodies = off"]
    commands = [part for each in beforehand for part in ("-c", each)]
    subprocess.run(
        [
            embedded.binary("psql"),
            "-qX1",
            "-v",
            "ON_ERROR_STOP=1",
            *commands,
            *(word for part in sorted(NATIVE.glob("*.sql")) for word in ("-f", part)),
            url,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )


async def measure(rounds: int, inventory: Path, server: embedded.EmbeddedServer) -> None:
    figures: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        ours, plain = f"ours_{number}", f"plain_{number}"
        for name in (ours, plain):
            await migrate.create_database(server.url(), name)

        began = time.perf_counter()
        await migrate.migrate(server.url(database=ours))
        figures.setdefault("migrate_s", []).append(time.perf_counter() - began)

        began = time.perf_counter()
        apply_plainly(server.url(database=plain))
        figures.setdefault("plain_statements_s", []).append(time.perf_counter() - began)

        if inventory.is_file():
            began = time.perf_counter()
            found = await examine(server.url(database=ours), inventory)
            figures.setdefault("conformance_s", []).append(time.perf_counter() - began)
            figures.setdefault("unexplained", []).append(len(found.unexplained))
    medians = {name: round(statistics.median(values[1:]), 2) for name, values in figures.items()}
    if not inventory.is_file():
        print(json.dumps({"note": f"no inventory at {inventory.name}: conformance is not measured"}))
    print(json.dumps({**medians, "migrate_over_plain": round(medians["migrate_s"] / medians["plain_statements_s"], 2)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inventory", type=Path, default=INVENTORY)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with embedded.start(Path(folder)) as server:
            asyncio.run(measure(options.rounds, options.inventory, server))


if __name__ == "__main__":
    main()
