"""What can be done with bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from guildhall.db import Tx
from guildhall.domains.evaluation.bodies import rules, store
from guildhall.domains.evaluation.bodies.errors import BodyNotFound


async def keep(tx: Tx, content: bytes) -> str:
    """Keep content, unless the team has it already; the SHA-256 under which it can be had again."""
    (name,) = await keep_many(tx, [content])
    return name


async def keep_many(tx: Tx, contents: Iterable[bytes]) -> list[str]:
    """Keep several, in one statement; their SHA-256, in the order given."""
    contents = list(contents)
    names = await asyncio.to_thread(lambda: [rules.sha256_of(each) for each in contents])
    missing = dict(zip(names, contents, strict=True))
    for known in await store.known_bodies(tx, missing.keys()):
        del missing[known]
    if missing:
        # Compressing lets other threads work meanwhile.
        packed = await asyncio.to_thread(
            lambda: {name: (len(content), *rules.packed(content)) for name, content in missing.items()}
        )
        await store.insert_bodies(tx, packed)
    return names


async def fetch(tx: Tx, sha256: str) -> bytes:
    """
    The content of a name.

    Raises:
        BodyNotFound: There is none, or it is another team's.
    """
    return (await fetch_many(tx, [sha256]))[sha256]


async def fetch_many(tx: Tx, sha256s: Collection[str]) -> dict[str, bytes]:
    """
    The contents of several names.

    Raises:
        BodyNotFound: One of them has none.
    """
    found = await store.find_bodies(tx, sha256s)
    for name in sha256s:
        if name not in found:
            raise BodyNotFound(name)
    return found
