"""One function for each statement on bodies."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from guildhall.db import Tx, load_queries
from guildhall.domains.evaluation.bodies import rules

_queries = load_queries(__package__)


async def known_bodies(tx: Tx, sha256s: Collection[str]) -> set[str]:
    return {row["sha256"] for row in await tx.fetch(_queries.known_bodies, sha256s=list(sha256s))}


async def insert_bodies(tx: Tx, packed: Mapping[str, tuple[int, str, bytes]]) -> int:
    """Content by name, each with its size before packing and its encoding."""
    return await tx.execute(
        _queries.insert_bodies,
        sha256s=list(packed),
        sizes=[size for size, _, _ in packed.values()],
        encodings=[encoding for _, encoding, _ in packed.values()],
        contents=[content for _, _, content in packed.values()],
    )


async def find_bodies(tx: Tx, sha256s: Collection[str]) -> dict[str, bytes]:
    rows = await tx.fetch(_queries.bodies, sha256s=list(sha256s))
    return {row["sha256"]: rules.unpacked(row["encoding"], row["content"]) for row in rows}
