"""Behind PgBouncer in transaction mode: every transaction may meet another session."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from uuid import UUID

import asyncpg
import pytest

from fixtures.agents import Project
from fixtures.command_line import Command
from fixtures.poolers import Pooler
from guildhall import clock
from guildhall.db import Actor, Database, migrate, poolers
from guildhall.db.queries import parse_queries
from guildhall.domains.platform import identity
from guildhall.errors import InvalidInput
from guildhall.settings import Settings

OURS = identity.LOCAL
THEIRS = Actor(user_id=UUID(int=10), tenant_id=UUID(int=11))

queries = parse_queries(
    "here",
    """
-- name: add
INSERT INTO evaluation.configurations (name) VALUES (:name);
-- name: names
SELECT name FROM evaluation.configurations ORDER BY name;
-- name: identity
SELECT current_user::text AS role, current_setting('app.tenant_id', true) AS tenant, pg_backend_pid() AS session,
       current_setting('jit') AS jit, current_setting('timezone') AS timezone;
-- name: wait_for
SELECT pg_advisory_xact_lock(:key);
""",
)


@pytest.fixture
def pooled_url(pooler: Pooler, direct_url: str) -> str:
    """The application's URL of the test's own database, through the pooler."""
    return pooler.url(direct_url)


@pytest.fixture
async def clients(pooled_url: str, administrator_url: str) -> AsyncIterator[list[Database]]:
    """Two programs that share the pooler's connections, and a second team."""
    administrator = await asyncpg.connect(administrator_url)
    try:
        await administrator.execute(
            "INSERT INTO platform.users (id, username, email) VALUES ($1, 'other', 'other@localhost')", THEIRS.user_id
        )
        await administrator.execute(
            "INSERT INTO platform.teams (id, name, slug) VALUES ($1, 'Other', 'other')", THEIRS.tenant_id
        )
    finally:
        await administrator.close()
    clients = [await Database.connect(pooled_url, size=8) for _ in range(2)]
    yield clients
    for client in clients:
        await client.close()


async def test_a_pooler_is_told_from_a_server(pooled_url: str, direct_url: str) -> None:
    for url, expected in ((pooled_url, True), (direct_url, False)):
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            assert await poolers.is_pooled(connection) is expected
        finally:
            await connection.close()


async def test_each_transaction_sees_its_own_team_whichever_session_it_meets(clients: list[Database]) -> None:
    for name, actor in (("ours", OURS), ("theirs", THEIRS)):
        async with clients[0].transaction(actor) as tx:
            await tx.execute(queries.add, name=name)
    sessions = set()

    async def look(client: Database, actor: Actor, expected: str) -> None:
        async with client.transaction(actor) as tx:
            who = await tx.find(queries.identity)
            assert who is not None
            assert (who["role"], who["tenant"]) == ("guildhall_app", str(actor.tenant_id))
            assert (who["jit"], who["timezone"]) == ("off", "UTC")
            sessions.add(who["session"])
            assert [row["name"] for row in await tx.fetch(queries.names)] == [expected]

    async with AsyncExitStack() as together:  # every session that the pooler may open
        for client, actor in itertools.islice(itertools.product(clients, (OURS, THEIRS)), Pooler.connections):
            tx = await together.enter_async_context(client.transaction(actor))
            sessions.add((await tx.find(queries.identity))["session"])  # type: ignore[index]
    assert len(sessions) == Pooler.connections
    await asyncio.gather(
        *(
            look(client, actor, expected)
            for _ in range(20)
            for client in clients
            for actor, expected in ((OURS, "ours"), (THEIRS, "theirs"))
        )
    )
    assert len(sessions) == Pooler.connections  # all of them went through these


@pytest.mark.parametrize("ending", ["commits", "fails", "is cut off"])
async def test_nothing_of_a_transaction_is_left_for_the_next_client(
    clients: list[Database], pooled_url: str, ending: str
) -> None:
    with suppress(_Ended):
        async with clients[0].transaction(OURS) as tx:
            await tx.execute(queries.add, name="ours")
            await tx.is_absent(1)  # takes a lock
            if ending == "is cut off":
                tx._connection.terminate()  # as when the process is killed
            if ending != "commits":
                raise _Ended
    # Every session of the pooler in turn, each asked outside of any transaction of ours.
    bare = await asyncpg.connect(pooled_url, statement_cache_size=0)
    try:
        sessions = set()
        for _ in range(2 * Pooler.connections):
            left = await bare.fetchrow(
                "SELECT pg_backend_pid(), current_user::text, nullif(current_setting('app.tenant_id', true), ''),"
                " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"
            )
            sessions.add(left[0])
            assert tuple(left)[1:] == ("guildhall_login", None, 0)
    finally:
        await bare.close()
    assert sessions


async def test_presence_is_seen_by_others_and_ends_with_the_client(clients: list[Database]) -> None:
    key = clock.new_id().int & (1 << 63) - 1
    here, elsewhere = clients

    async def is_absent() -> bool:
        async with elsewhere.transaction(OURS) as tx:
            return await tx.is_absent(key)

    async with here.presence(key) as presence:
        for _ in range(2 * Pooler.connections):  # whichever session asks
            assert not await is_absent()
        async with here.transaction(OURS) as tx:  # it works beside being present
            await tx.fetch(queries.names)
        await presence.renew()
        assert not await is_absent()
        presence._connection.terminate()  # type: ignore[union-attr]  # as when the network is cut
        await presence.renew()
        assert not await is_absent()
    assert await is_absent()


async def test_presence_ends_when_its_process_is_killed(clients: list[Database], pooled_url: str) -> None:
    key = clock.new_id().int & (1 << 63) - 1
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PRESENT, pooled_url, str(key), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        assert await process.stdout.readline() == b"present\n"
        async with clients[0].transaction(OURS) as tx:
            assert not await tx.is_absent(key)
    finally:
        process.kill()
        await process.communicate()
    async with clients[0].transaction(OURS) as tx:
        # The server may still be about to hear of it: this waits for the lock, and the statement's own limit ends it.
        await tx.fetch(queries.wait_for, key=key)


async def test_the_main_job_is_done_behind_a_pooler(guildhall: Command, project: Project, pooled_url: str) -> None:
    behind = {"GUILDHALL_DATABASE_URL": pooled_url}
    guildhall("eval", "run", project.agent, project.scenarios, "--trials", 2, **behind)
    project.write_agent(right=9)
    guildhall("eval", "run", project.agent, project.scenarios, "--trials", 2, **behind)
    report = guildhall("eval", "report", "@latest", "--json", **behind).json
    assert (report["outcomes"], report["pass_rate"], report["status"]) == (20, 0.9, "completed")
    comparison = guildhall("eval", "compare", "adder@v1", "adder@v2", "--json", **behind).json
    assert comparison["difference"] == pytest.approx(0.3)
    # What was done behind the pooler is what anybody sees who comes without it.
    assert guildhall("eval", "report", "@latest", "--json").json["outcomes"] == 20


async def test_migrations_ask_for_a_direct_connection(
    guildhall: Command, pooler: Pooler, administrator_url: str
) -> None:
    behind = {"GUILDHALL_DATABASE_URL": pooler.url(administrator_url)}
    before, newest = (each.number for each in migrate.migrations()[-2:])
    assert guildhall("db", "status", "--json", **behind).json["version"] == newest
    assert guildhall("db", "migrate", "--json", **behind).json["applied"] == []  # nothing to do needs nothing
    back = ("db", "rollback", "--to", before, "--yes")
    assert "GUILDHALL_DIRECT_URL" in guildhall(*back, expect=2, **behind).err
    directly = {**behind, "GUILDHALL_DIRECT_URL": administrator_url}
    assert guildhall(*back, "--json", **directly).json["removed"] == [newest]
    refused = guildhall("db", "migrate", "--json", expect=2, **behind)
    assert refused.json["error"]["code"] == "direct_connection_needed"
    assert guildhall("db", "migrate", "--json", **directly).json["applied"] == [newest]


def test_a_pooler_that_is_said_not_to_be_there_is_named(
    guildhall: Command, pooler: Pooler, administrator_url: str
) -> None:
    behind = {"GUILDHALL_DATABASE_URL": pooler.url(administrator_url), "GUILDHALL_POOLER": "none"}
    said = guildhall("eval", "list", expect=3, **behind).err
    assert "pooler" in said
    assert "jit" in said
    assert "Unset GUILDHALL_POOLER" in said


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"GUILDHALL_POOLER": "session"}, "GUILDHALL_POOLER"),
        ({"GUILDHALL_DIRECT_URL": "postgresql://here/db"}, "GUILDHALL_DATABASE_URL"),
    ],
)
def test_settings_of_poolers_that_make_no_sense_are_refused(environment: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Settings.from_environment(environment)
    assert refused.value.details["field"] == named


_PRESENT = """
import asyncio, sys
from guildhall.db import Database

async def stay():
    database = await Database.connect(sys.argv[1])
    async with database.presence(int(sys.argv[2])):
        print("present", flush=True)
        await asyncio.Event().wait()

asyncio.run(stay())
"""


class _Ended(Exception):
    """Raised to end a transaction."""
