"""
Clustering 100,000 failures, adding 1,000 to them, and searching by likeness, beside HDBSCAN and exact search.

Failures of planted modes are written straight into the tables of a fresh embedded
server: messages with numbers, ids and paths, and a share of free text in which
no two are the same, as judges write it. Timed is what `guildhall failures
recluster` does: masking, embedding, placing, counting, all grouped anew. The
peer is scikit-learn's HDBSCAN on the same distinct vectors; it places no later
failure, so it has only the first half to do. Search finds the ten nearest
trajectories by HNSW, with and without a filter; the limit is an exact scan of
the same table.

    python benchmarks/clusters.py --failures 100000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score

from guildhall.adapters.embeddings import HASHED, HashedWords
from guildhall.algorithms import embedding, vectors
from guildhall.app import clustering
from guildhall.app.wiring import App, keep_running
from guildhall.db import embedded
from guildhall.domains.evaluation import failures, search
from guildhall.domains.evaluation.search import Filters, Kind
from guildhall.domains.platform import identity
from guildhall.settings import Settings

MODES = 60
FREE = 0.02
SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "qui",
    "ro",
    "su",
    "ta",
    "ve",
    "wi",
    "xo",
    "zu",
]


def words(chance: random.Random, count: int) -> list[str]:
    """Words that nobody uses."""
    return ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(count)]


def messages(count: int, chance: random.Random) -> Iterator[tuple[int, str]]:
    """The planted mode and what is said, with what is volatile in it and a word that varies; free text is of no mode (-1)."""
    planted = random.Random(0)
    modes = [words(planted, 5) for _ in range(MODES)]
    tails = words(planted, 25)
    for _ in range(count):
        if chance.random() < FREE:
            yield -1, " ".join(words(chance, 12))
            continue
        mode = min(int(chance.paretovariate(0.6)) - 1, MODES - 1)
        first, *others = modes[mode]
        yield (
            mode,
            f"{first} {chance.choice(tails)} {' '.join(others)} {chance.randrange(10**6)} after {chance.randrange(9999)} ms: "
            f"TimeoutError (/srv/{chance.randrange(99)}/run.py:{chance.randrange(999)}) for AB-{chance.randrange(10**6)}",
        )


async def write(connection: asyncpg.Connection, count: int, chance: random.Random, at: datetime) -> list[int]:
    """Failures over thirty days; the mode of each."""
    modes, rows = [], []
    for number, (mode, message) in enumerate(messages(count, chance)):
        modes.append(mode)
        moment = at - timedelta(seconds=30 * 86_400 * (count - number) / count)
        rows.append(
            (uuid4(), uuid4(), moment, "check_failed" if mode >= 0 else "judged", "validation_error", "agent", message)
        )
    await connection.copy_records_to_table(
        "failure_patterns",
        schema_name="store",
        columns=[
            "pattern_id",
            "outcome_id",
            "execution_time",
            "failure_type",
            "failure_category",
            "fault",
            "error_message",
        ],
        records=rows,
    )
    await connection.execute("ANALYZE store.failure_patterns")
    return modes


def tell(**figures: object) -> None:
    print(json.dumps({name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}))


async def cluster(app: App, connection: asyncpg.Connection, count: int, added: int) -> None:
    chance = random.Random(1)
    now = datetime.now(UTC)
    await connection.execute(
        "SELECT platform.ensure_partitions('failure_patterns', $1, $2)", now - timedelta(days=31), now
    )
    modes = await write(connection, count, chance, now - timedelta(hours=1))
    began = time.perf_counter()
    done = await clustering.catch_up(app)
    all_s = time.perf_counter() - began
    found = await connection.fetch(
        "SELECT pattern_cluster_id FROM store.failure_patterns ORDER BY execution_time, pattern_id"
    )
    planted = [row for row, mode in enumerate(modes) if mode >= 0]
    index = adjusted_rand_score([modes[row] for row in planted], [str(found[row][0]) for row in planted])
    assert done.failures == count
    assert done.trouble is None
    tell(
        measure="cluster",
        failures=count,
        signatures=done.signatures,
        clusters=done.founded,
        seconds=all_s,
        planted_ari=index,
    )

    await write(connection, added, chance, now)
    began = time.perf_counter()
    more = await clustering.catch_up(app)
    tell(
        measure="add",
        failures=more.failures,
        signatures=more.signatures,
        seconds=time.perf_counter() - began,
        regrouped=more.regrouped is not None,
    )

    rows = await connection.fetch(
        "SELECT vector_send(embedding) AS vector, cluster_id FROM evaluation.failure_signatures ORDER BY signature_id"
    )
    made = vectors.read([row["vector"] for row in rows])
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = HDBSCAN(min_cluster_size=2, metric="cosine", algorithm="brute", copy=True).fit_predict(made)
    peer_s = time.perf_counter() - began
    began = time.perf_counter()
    async with app.transaction() as tx:
        await failures.regroup(tx, HashedWords.model, HashedWords.threshold, always=True)
    ours_s = time.perf_counter() - began
    tell(
        measure="group all signatures anew",
        signatures=len(made),
        seconds=ours_s,
        hdbscan_seconds=peer_s,
        ratio=peer_s / ours_s,
        hdbscan_noise=int((theirs < 0).sum()),
    )


async def look(app: App, connection: asyncpg.Connection, count: int, asked: int) -> None:
    """Recall of the ten nearest trajectories, and how long each takes."""
    chance = random.Random(2)
    said = [
        " ".join(message for _, message in messages(chance.randrange(1, 6), chance)) + " " + " ".join(words(chance, 8))
        for _ in range(count)
    ]
    made = embedding.embed(said)
    began_at = datetime.now(UTC) - timedelta(days=count / 1440)
    began = time.perf_counter()
    await connection.execute(
        """
        INSERT INTO evaluation.outcome_embeddings (outcome_id, execution_time, model, embedding)
        SELECT rows.id, rows.at, $4, rows.embedding::sparsevec(1536)::vector
          FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS rows (id, at, embedding)
        """,
        [uuid4() for _ in said],
        [began_at + timedelta(minutes=number) for number in range(count)],
        vectors.written(made),
        HASHED,
    )
    tell(measure="index trajectories", trajectories=count, ms_each=1000 * (time.perf_counter() - began) / count)
    await connection.execute("ANALYZE evaluation.outcome_embeddings")
    half = Filters(after=began_at + timedelta(minutes=count * 0.9))
    for name, filters in (("all", Filters()), ("newest tenth", half)):
        recalls, took, exactly = [], [], []
        for row in chance.sample(range(count), asked):
            query = embedding.embed([" ".join(said[row].split()[:12])])
            async with app.transaction() as tx:
                began = time.perf_counter()
                near = await search.nearest(tx, Kind.TRAJECTORY, query, HASHED, filters, at_most=10)
                took.append(1000 * (time.perf_counter() - began))
            began = time.perf_counter()
            exact = await connection.fetch(
                """
                SELECT outcome_id::text AS id, embedding::halfvec(1536) <=> $1::text::sparsevec(1536)::vector(1536)::halfvec(1536) AS far
                  FROM evaluation.outcome_embeddings
                 WHERE $2::timestamptz IS NULL OR execution_time >= $2
                 ORDER BY (embedding::halfvec(1536) <=> $1::text::sparsevec(1536)::vector(1536)::halfvec(1536)) + 0 LIMIT 10
                """,
                vectors.written(query)[0],
                filters.after,
            )
            exactly.append(1000 * (time.perf_counter() - began))
            # As near as the tenth: of several that are equally near, any will do.
            far = exact[-1]["far"] + 1e-6
            recalls.append(sum(1 - similarity <= far for similarity in near.values()) / len(exact))
        tell(
            measure="search by likeness",
            among=name,
            recall_at_10=float(np.mean(recalls)),
            median_ms=statistics.median(took),
            exact_ms=statistics.median(exactly),
        )


async def measure(wanted: argparse.Namespace, settings: Settings) -> None:
    connection = await asyncpg.connect(await keep_running(settings))
    await connection.execute(
        "SELECT set_config('app.tenant_id', $1, false), set_config('app.user_id', $2, false)",
        str(identity.LOCAL.tenant_id),
        str(identity.LOCAL.user_id),
    )
    async with App.open(settings) as app:
        if wanted.failures:
            await cluster(app, connection, wanted.failures, wanted.added)
        if wanted.trajectories:
            await look(app, connection, wanted.trajectories, wanted.asked)
    await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--failures", type=int, default=100_000)
    parser.add_argument("--added", type=int, default=1_000)
    parser.add_argument("--trajectories", type=int, default=5_000)
    parser.add_argument("--asked", type=int, default=50)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings = Settings(data_dir=Path(folder))
        try:
            asyncio.run(measure(wanted, settings))
        finally:
            embedded.stop(settings.data_dir)


if __name__ == "__main__":
    main()
