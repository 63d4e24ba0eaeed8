"""Which engine keeps series: chosen once, the same schema on top of either, and a way back."""

from __future__ import annotations

import itertools
import os

import asyncpg
import pytest

from fixtures import snapshot
from fixtures.engines import Place
from fixtures.wording import hypertables, major_version
from guildhall.db import migrate


async def _engine(url: str) -> str | None:
    return (await migrate.status(url)).engine


async def test_an_engine_that_is_asked_for_is_the_one_that_is_used(
    empty_engine_database: str, engine_server: tuple[migrate.Engine, str]
) -> None:
    wanted, _ = engine_server
    assert await _engine(empty_engine_database) is None
    await migrate.migrate(empty_engine_database, to=1, engine=wanted)
    assert await _engine(empty_engine_database) == wanted  # fixed by the first migration
    await migrate.migrate(empty_engine_database, to=2)
    assert await _engine(empty_engine_database) == wanted
    other = "native" if wanted == "timescale" else "timescale"
    for to in (2, 3):
        with pytest.raises(migrate.EngineFixed, match=f"kept by {wanted}, not by {other}"):
            await migrate.migrate(empty_engine_database, to=to, engine=other)
    assert (await migrate.status(empty_engine_database)).version == 2


async def test_timescale_is_the_engine_wherever_the_server_has_loaded_it(
    empty_engine_database: str, engine_server: tuple[migrate.Engine, str]
) -> None:
    await migrate.migrate(empty_engine_database, to=2)
    connection = await asyncpg.connect(empty_engine_database)
    try:
        loaded = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.max_background_workers')"
        )
    finally:
        await connection.close()
    assert await _engine(empty_engine_database) == ("timescale" if loaded else "native")


@pytest.mark.timescale
async def test_a_server_that_has_timescale_can_be_told_to_do_without(fresh_timescale_database: str) -> None:
    await migrate.migrate(fresh_timescale_database, to=3, engine="native")
    assert await _engine(fresh_timescale_database) == "native"
    assert "store.outcomes" in snapshot.schema(fresh_timescale_database)
    await migrate.rollback(fresh_timescale_database, to=0)


async def test_timescale_on_a_server_that_lacks_it_is_explained(fresh_database: str) -> None:
    if await _loads_timescale(fresh_database):
        await migrate.migrate(fresh_database, to=1, engine="timescale")
        return
    with pytest.raises(migrate.EngineUnavailable, match="shared_preload_libraries"):
        await migrate.migrate(fresh_database, engine="timescale")
    assert (await migrate.status(fresh_database)).version == 0


async def _loads_timescale(url: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        found: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.max_background_workers')"
        )
        return found
    finally:
        await connection.close()


async def test_an_engine_that_nobody_knows_is_refused(fresh_database: str) -> None:
    with pytest.raises(Exception, match="there is no engine 'oracle'"):
        await migrate.migrate(fresh_database, engine="oracle")


@pytest.mark.timescale
async def test_the_migrations_add_up_to_the_committed_schema_on_timescale(fresh_timescale_database: str) -> None:
    await migrate.migrate(fresh_timescale_database, engine="timescale")
    differs = snapshot.beside_native(snapshot.schema(fresh_timescale_database))
    if os.environ.get("GUILDHALL_TEST_WRITE_SCHEMA"):
        snapshot.TIMESCALE.write_text(differs, encoding="utf-8")
    committed = snapshot.TIMESCALE.read_text(encoding="utf-8")
    if await major_version(fresh_timescale_database) == 15:
        assert differs == committed, "run scripts/schema"
    else:
        assert hypertables(differs) == hypertables(committed)


@pytest.mark.timescale
async def test_up_down_up_is_the_identity_for_every_migration_on_timescale(fresh_timescale_database: str) -> None:
    url = fresh_timescale_database
    await migrate.migrate(url, engine="timescale")
    whole = snapshot.schema(url)
    numbers = [0, *(each.number for each in migrate.migrations())]
    for target, number in reversed(list(itertools.pairwise(numbers))):
        await migrate.rollback(url, to=target)
        if target:
            before = snapshot.schema(url)
            await migrate.migrate(url, to=number)
            await migrate.rollback(url, to=target)
            assert snapshot.schema(url) == before, f"the way back from {number} leaves something"
    await migrate.migrate(url, engine="timescale")
    assert snapshot.schema(url) == whole


async def test_nobody_can_log_in_as_the_owner(place: Place) -> None:
    """TimescaleDB's jobs run as the owner, who must be allowed to log in for that, and still cannot."""
    url = place.url.replace("postgres@", "guildhall_owner@")
    assert url != place.url
    with pytest.raises((asyncpg.InvalidAuthorizationSpecificationError, asyncpg.TooManyConnectionsError)):
        await asyncpg.connect(url)
