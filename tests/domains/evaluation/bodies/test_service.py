"""Bodies: content by its digest, once for each team."""

from __future__ import annotations

import asyncio
import hashlib
import os
from uuid import uuid4

import pytest

from guildhall.db import Actor, Database, Tx
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import bodies
from guildhall.domains.evaluation.bodies import BodyNotFound

queries = parse_queries(
    "here",
    """
-- name: kept
SELECT sha256, encoding, size_bytes, octet_length(content) AS kept FROM evaluation.bodies ORDER BY size_bytes;
""",
)


@pytest.mark.parametrize("content", [b"", b"short", b"long " * 10_000, os.urandom(10_000)])
async def test_content_comes_back_byte_for_byte(tx: Tx, content: bytes) -> None:
    name = await bodies.keep(tx, content)
    assert name == hashlib.sha256(content).hexdigest()
    assert await bodies.fetch(tx, name) == content


async def test_what_gains_nothing_is_not_compressed(tx: Tx) -> None:
    await bodies.keep_many(tx, [b"short", os.urandom(2_000), b"long " * 1_000])
    kept = [(row["encoding"], row["size_bytes"]) for row in await tx.fetch(queries.kept)]
    assert kept == [("identity", 5), ("identity", 2_000), ("zstd", 5_000)]
    assert (await tx.fetch(queries.kept))[-1]["kept"] < 100


async def test_the_same_content_is_kept_once(tx: Tx) -> None:
    first = await bodies.keep_many(tx, [b"same", b"other", b"same"])
    second = await bodies.keep_many(tx, [b"same"])
    assert first == [second[0], first[1], second[0]]
    assert len(await tx.fetch(queries.kept)) == 2


async def test_two_who_keep_the_same_content_at_once_both_have_it(database: Database, actor: Actor) -> None:
    async def keep(contents: list[bytes]) -> list[str]:
        async with database.transaction(actor) as tx:
            return await bodies.keep_many(tx, contents)

    contents = [b"content %d" % n for n in range(200)]
    one, other = await asyncio.gather(keep(contents), keep(contents[::-1]))
    assert one == other[::-1]


async def test_content_that_nobody_kept_is_not_found(tx: Tx) -> None:
    name = await bodies.keep(tx, b"kept")
    with pytest.raises(BodyNotFound):
        await bodies.fetch_many(tx, [name, "0" * 64])


async def test_another_teams_content_is_not_found(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        name = await bodies.keep(tx, b"ours")
    async with database.transaction(Actor(actor.user_id, uuid4())) as theirs:
        with pytest.raises(BodyNotFound):
            await bodies.fetch(theirs, name)
