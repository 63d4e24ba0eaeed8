"""Letting in: remembered for a minute, and refused at once when a key or session has ended."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from fixtures.guildhall import apart, at, copy_of, drop
from fixtures.people import Pottery, make_pottery
from fixtures.poolers import Pooler
from guildhall import clock
from guildhall.algorithms import credentials
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.db import Actor, Database, Proof, ProofRefused, StandingChanged
from guildhall.db.errors import StatementRefused
from guildhall.db.queries import parse_queries
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Caller, KeyRefused, NotSignedIn, Role, Scope

queries = parse_queries(
    "here",
    """
-- name: whoami
SELECT platform.user_id() AS user_id, platform.tenant_id() AS tenant_id;
-- name: add
INSERT INTO evaluation.configurations (name) VALUES (:name);
""",
)


@pytest.fixture(scope="module")
def superuser_url(server_url: str, template: str):
    """The superuser's URL of a database for this module: each test makes a team of its own there."""
    name = apart(lambda: copy_of(server_url, template))
    yield at(server_url, database=name)
    apart(lambda: drop(server_url, name))


@pytest.fixture
async def database(superuser_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(_as_application(superuser_url), size=3)
    yield database
    await database.close()


@pytest.fixture
async def superuser(superuser_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another connection, which no process of ours hears of."""
    connection = await asyncpg.connect(superuser_url)
    yield connection
    await connection.close()


@pytest.fixture
async def team(database: Database) -> Pottery:
    return await make_pottery(database, f"pottery-{uuid4().hex[:8]}")


@pytest.fixture
def doorkeeper(database: Database) -> Doorkeeper:
    return Doorkeeper(database)


async def make_key(database: Database, actor: Actor, **given: object) -> str:
    async with database.transaction(Actor(identity.LOCAL.user_id, actor.tenant_id)) as tx:
        return (await identity.create_key(tx, user_id=actor.user_id, **given)).text


async def make_session(superuser: asyncpg.Connection, actor: Actor) -> str:
    """A token as signing in gives it, without hashing a password."""
    token = credentials.make_token("gs", secrets.token_bytes(credentials.SECRET_BYTES))
    await superuser.execute(
        "INSERT INTO platform.user_sessions (tenant_id, user_id, session_token, expires_at, ends_at) "
        "VALUES ($1, $2, $3, now() + interval '1 hour', now() + interval '1 day')",
        actor.tenant_id,
        actor.user_id,
        credentials.digest(token),
    )
    return token


async def whoami(doorkeeper: Doorkeeper, caller: Caller) -> Actor:
    async with doorkeeper.transaction(caller, caller.actor) as tx:
        row = await tx.find(queries.whoami)
    assert row is not None
    return Actor(row["user_id"], row["tenant_id"])


async def test_a_key_and_a_session_open_transactions_for_their_person(doorkeeper, database, superuser, team):
    key = await doorkeeper.admit(await make_key(database, team.member))
    assert await whoami(doorkeeper, key) == team.member
    session = await doorkeeper.admit(await make_session(superuser, team.member))
    assert await whoami(doorkeeper, session) == team.member


async def test_who_was_let_in_is_remembered_and_asked_afresh_on_demand(doorkeeper, database, superuser, team):
    token = await make_key(database, team.member)
    caller = await doorkeeper.admit(token)
    assert await doorkeeper.admit(token) is caller
    await superuser.execute("UPDATE platform.api_keys SET rate_limit = 7 WHERE id = $1", caller.key_id)
    assert (await doorkeeper.admit(token)).rate_limit == caller.rate_limit
    assert (await doorkeeper.admit(token, afresh=True)).rate_limit == 7
    assert (await doorkeeper.admit(token)).rate_limit == 7


async def test_memory_that_has_run_out_asks_the_database(database, superuser, team):
    forgetful = Doorkeeper(database, remembered_s=0)
    token = await make_key(database, team.member)
    caller = await forgetful.admit(token)
    await superuser.execute("UPDATE platform.api_keys SET rate_limit = 7 WHERE id = $1", caller.key_id)
    assert (await forgetful.admit(token)).rate_limit == 7


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param("UPDATE platform.api_keys SET is_active = false, revoked_at = now() WHERE id = $1", id="revoked"),
        pytest.param("UPDATE platform.api_keys SET expires_at = now() - interval '1 s' WHERE id = $1", id="expired"),
        pytest.param(
            "UPDATE platform.users SET is_active = false, deleted_at = now() "
            "WHERE id = (SELECT user_id FROM platform.api_keys WHERE id = $1)",
            id="person archived",
        ),
        pytest.param(
            "UPDATE platform.teams SET is_active = false, deleted_at = now() "
            "WHERE id = (SELECT tenant_id FROM platform.api_keys WHERE id = $1)",
            id="team archived",
        ),
        pytest.param(
            "DELETE FROM platform.team_members AS members USING platform.api_keys AS keys WHERE keys.id = $1 "
            "AND members.user_id = keys.user_id AND members.tenant_id = keys.tenant_id",
            id="sent away",
        ),
    ],
)
async def test_a_key_that_was_ended_elsewhere_opens_no_transaction(doorkeeper, database, superuser, team, ending):
    token = await make_key(database, team.member)
    caller = await doorkeeper.admit(token)
    await whoami(doorkeeper, caller)
    await superuser.execute(ending, caller.key_id)
    assert await doorkeeper.admit(token) is caller  # the memory does not know
    with pytest.raises(KeyRefused):
        await whoami(doorkeeper, caller)
    with pytest.raises(KeyRefused):  # and now it has forgotten
        await doorkeeper.admit(token)


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param("status = 'revoked', revoked_at = now()", id="revoked"),
        pytest.param("expires_at = now() - interval '1 s'", id="expired"),
    ],
)
async def test_a_session_that_was_ended_elsewhere_opens_no_transaction(doorkeeper, database, superuser, team, ending):
    token = await make_session(superuser, team.member)
    caller = await doorkeeper.admit(token)
    await whoami(doorkeeper, caller)
    await superuser.execute(f"UPDATE platform.user_sessions SET {ending} WHERE id = $1", caller.session_id)
    with pytest.raises(NotSignedIn):
        await whoami(doorkeeper, caller)
    with pytest.raises(NotSignedIn):
        await doorkeeper.admit(token)


async def test_what_another_process_revokes_is_refused_here(doorkeeper, database, superuser_url, team):
    token = await make_key(database, team.member, name="of the kiln")
    caller = await doorkeeper.admit(token)
    program = (
        "import asyncio, sys; from uuid import UUID; from guildhall.db import Actor, Database; "
        "from guildhall.domains.platform import identity\n"
        "async def main(url, user, team):\n"
        "    database = await Database.connect(url, size=1)\n"
        "    async with database.transaction(Actor(UUID(user), UUID(team))) as tx:\n"
        "        await identity.revoke_key(tx, 'of the kiln')\n"
        "    await database.close()\n"
        "asyncio.run(main(*sys.argv[1:]))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, _as_application(superuser_url), str(caller.user_id), str(caller.tenant_id)
    )
    assert await process.wait() == 0
    with pytest.raises(KeyRefused):
        await whoami(doorkeeper, caller)


@pytest.mark.parametrize("kind", ["key", "session"])
async def test_another_role_counts_at_once(doorkeeper, database, superuser, team, kind):
    token = await (make_key(database, team.member) if kind == "key" else make_session(superuser, team.member))
    caller = await doorkeeper.admit(token)
    await superuser.execute(
        "UPDATE platform.team_members SET role = 'viewer' WHERE user_id = $1 AND tenant_id = $2",
        caller.user_id,
        caller.tenant_id,
    )
    with pytest.raises(StandingChanged):
        await whoami(doorkeeper, caller)
    again = await doorkeeper.admit(token)
    assert again.standing.role is Role.VIEWER
    with pytest.raises(StatementRefused):
        async with doorkeeper.transaction(again, again.actor) as tx:
            await tx.execute(queries.add, name="a pot")


async def test_an_administrator_who_is_one_no_more_is_none_at_once(doorkeeper, database, superuser, team):
    token = await make_key(database, team.member)
    await superuser.execute("UPDATE platform.users SET role = 'admin' WHERE id = $1", team.member.user_id)
    caller = await doorkeeper.admit(token)
    assert caller.standing.is_administrator
    await superuser.execute("UPDATE platform.users SET role = 'user' WHERE id = $1", team.member.user_id)
    with pytest.raises(StandingChanged):
        await whoami(doorkeeper, caller)
    assert not (await doorkeeper.admit(token)).standing.is_administrator


async def test_a_key_whose_scopes_were_cut_is_let_in_anew(doorkeeper, database, superuser, team):
    token = await make_key(database, team.member, scopes=[Scope.READ, Scope.WRITE])
    caller = await doorkeeper.admit(token)
    await whoami(doorkeeper, caller)
    await superuser.execute("UPDATE platform.api_keys SET scopes = '{read}' WHERE id = $1", caller.key_id)
    with pytest.raises(StandingChanged):
        await whoami(doorkeeper, caller)
    assert (await doorkeeper.admit(token)).actor.reads_only


async def test_scopes_of_any_text_are_only_compared(doorkeeper, database, superuser, team):
    token = await make_key(database, team.member)
    strange = ["it's", "'); DROP TABLE platform.api_keys; --", "\\x00", "ключ"]
    await superuser.execute("UPDATE platform.api_keys SET scopes = $1 WHERE user_id = $2", strange, team.member.user_id)
    caller = await doorkeeper.admit(token)
    assert list(caller.scopes) == strange
    assert (await whoami(doorkeeper, caller)).user_id == team.member.user_id


async def test_a_proof_is_good_for_its_own_person_team_and_kind_only(doorkeeper, database, team):
    caller = await doorkeeper.admit(await make_key(database, team.member))
    assert caller.proof is not None
    assert caller.key_id is not None
    other = await make_pottery(database, f"smithy-{uuid4().hex[:8]}")
    believed = (caller.proof.role, caller.proof.is_administrator)
    for actor, proof in (
        (team.owner, caller.proof),
        (other.member, caller.proof),
        (Actor(team.member.user_id, other.team_id), caller.proof),
        (team.member, Proof("session", caller.key_id, *believed)),
        (team.member, Proof("key", uuid4(), *believed)),
    ):
        with pytest.raises(ProofRefused):
            async with database.transaction(actor, proof=proof):
                pytest.fail("the transaction began")
    async with database.transaction(team.member, proof=caller.proof):
        pass


async def test_a_key_that_expires_is_not_remembered_beyond(doorkeeper, database, superuser, team):
    token = await make_key(database, team.member, expires_at=clock.now() + timedelta(hours=1))
    caller = await doorkeeper.admit(token)
    await superuser.execute("UPDATE platform.api_keys SET expires_at = now() WHERE id = $1", caller.key_id)
    with pytest.raises(KeyRefused):
        await doorkeeper.admit(token, afresh=True)


async def test_a_connection_that_refused_a_proof_is_clean_for_the_next(database, team, superuser_url):
    async with AsyncExitStack() as stack:
        one = await Database.connect(_as_application(superuser_url), size=1)
        stack.push_async_callback(one.close)
        for _ in range(3):
            with pytest.raises(ProofRefused):
                async with one.transaction(team.member, proof=Proof("key", uuid4(), "member", False)):
                    pass
            async with one.transaction(team.member) as tx:
                row = await tx.find(queries.whoami)
                assert row is not None
                assert row["user_id"] == team.member.user_id


async def test_behind_a_pooler_proofs_are_insisted_on_as_well(pooler: Pooler, direct_url: str, administrator_url: str):
    superuser = await asyncpg.connect(administrator_url)
    pooled = await Database.connect(pooler.url(direct_url), size=4)
    try:
        doorkeeper = Doorkeeper(pooled)
        caller = await doorkeeper.admit(await make_key(pooled, identity.LOCAL))
        assert await asyncio.gather(*(whoami(doorkeeper, caller) for _ in range(20))) == [identity.LOCAL] * 20
        await superuser.execute("UPDATE platform.api_keys SET is_active = false, revoked_at = now()")
        refused = await asyncio.gather(*(whoami(doorkeeper, caller) for _ in range(20)), return_exceptions=True)
        assert {type(each) for each in refused} == {KeyRefused}
    finally:
        await pooled.close()
        await superuser.close()


def _as_application(url: str) -> str:
    return at(url, database=urlsplit(url).path[1:], user="guildhall_login")
