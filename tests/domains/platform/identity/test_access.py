"""Signing in, sessions and API keys: who is let in, and who is not."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from argon2 import PasswordHasher

from fixtures.people import PASSWORD, make_person, make_pottery
from guildhall.algorithms import credentials
from guildhall.db import NOBODY, Actor, Database
from guildhall.db.errors import StatementRefused
from guildhall.db.queries import parse_queries
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Caller, NewKey, Role, SignedIn
from guildhall.domains.platform.identity.errors import (
    IdentityRefused,
    KeyAmbiguous,
    KeyNotFound,
    KeyRefused,
    NotPermitted,
    NotSignedIn,
    SignInRefused,
    SignInThrottled,
    TeamNotFound,
)

queries = parse_queries(
    "here",
    """
-- name: verify
SELECT id, user_identifier, scopes, rate_limit FROM platform.verify_api_key(:key);
-- name: add_configuration
INSERT INTO evaluation.configurations (name) VALUES (:name);
-- name: count_configurations
SELECT count(*) FROM evaluation.configurations;
-- name: say
UPDATE platform.user_sessions SET context = '{"topic": "clay"}' WHERE id = :session_id;
-- name: may_access
SELECT platform.validate_user_access(:user_id);
""",
)


@pytest.fixture
async def administrator(administrator_url: str):
    connection = await asyncpg.connect(administrator_url)
    yield connection
    await connection.close()


async def authenticate(database: Database, token: str) -> Caller:
    async with database.transaction(NOBODY) as tx:
        return await identity.authenticate_session(tx, token)


async def use(database: Database, key: str) -> Caller:
    async with database.transaction(NOBODY) as tx:
        return await identity.authenticate_key(tx, key)


async def make_key(database: Database, actor: Actor, **given: object) -> NewKey:
    async with database.transaction(actor) as tx:
        return await identity.create_key(tx, **given)


# signing in ---------------------------------------------------------------


async def test_the_right_password_opens_a_session_for_the_person_in_their_team(database: Database) -> None:
    ada = await make_person(database, "ada", password=PASSWORD)
    by_name = await identity.sign_in(database, "Ada", PASSWORD, address="192.0.2.7", user_agent="a browser")
    by_mail = await identity.sign_in(database, "ada@example.org", PASSWORD)
    for signed_in in (by_name, by_mail):
        assert signed_in.caller.actor == ada
        assert signed_in.caller.standing.role is Role.OWNER
        assert await authenticate(database, signed_in.token) == signed_in.caller
    async with database.transaction(ada) as tx:
        sessions = await identity.list_sessions(tx)
        assert [(each.ip_address, each.user_agent) for each in sessions] == [(None, None), ("192.0.2.7", "a browser")]
        assert (await identity.get_user(tx, "ada")).last_login_at is not None


@pytest.mark.parametrize("login", ["ada", "ada@example.org", "nobody", "", "x" * 5000])
async def test_a_wrong_password_and_a_wrong_name_are_refused_alike(database: Database, login: str) -> None:
    await make_person(database, "ada", password=PASSWORD)
    with pytest.raises(SignInRefused) as refused:
        await identity.sign_in(database, login, "something else")
    assert str(refused.value) == str(SignInRefused())
    assert refused.value.details == {}


async def test_without_a_password_nobody_signs_in(database: Database) -> None:
    await make_person(database, "ada")
    for guess in ("", "!", PASSWORD):
        with pytest.raises(SignInRefused):
            await identity.sign_in(database, "ada", guess)


async def test_the_team_can_be_chosen_among_ones_own(database: Database) -> None:
    pottery = await make_pottery(database)
    ada = await make_person(database, "ada", password=PASSWORD)
    async with database.transaction(Actor(identity.LOCAL.user_id, pottery.team_id)) as tx:
        await identity.add_member(tx, "ada", Role.VIEWER)
    assert (await identity.sign_in(database, "ada", PASSWORD)).caller.tenant_id == ada.tenant_id
    chosen = await identity.sign_in(database, "ada", PASSWORD, team="pottery")
    assert (chosen.caller.tenant_id, chosen.caller.standing.role) == (pottery.team_id, Role.VIEWER)
    with pytest.raises(TeamNotFound):
        await identity.sign_in(database, "ada", PASSWORD, team="local")


async def test_many_failures_close_the_door_for_a_while_also_to_the_right_password(
    database: Database, administrator: asyncpg.Connection
) -> None:
    await make_person(database, "ada", password=PASSWORD)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await identity.sign_in(database, "ada", "something else")
    with pytest.raises(SignInThrottled) as throttled:
        await identity.sign_in(database, "ada@example.org", PASSWORD)  # the same person by another name
    assert 0 < throttled.value.details["retry_after_s"] <= 10
    await administrator.execute(
        "UPDATE platform.sign_in_failures SET last_failed_at = last_failed_at - interval '10 s'"
    )
    with pytest.raises(SignInRefused):
        await identity.sign_in(database, "ada", "something else")
    with pytest.raises(SignInThrottled) as longer:
        await identity.sign_in(database, "ada", PASSWORD)
    assert 10 < longer.value.details["retry_after_s"] <= 20
    await administrator.execute(
        "UPDATE platform.sign_in_failures SET last_failed_at = last_failed_at - interval '20 s'"
    )
    await identity.sign_in(database, "ada", PASSWORD)
    assert await administrator.fetchval("SELECT count(*) FROM platform.sign_in_failures") == 0


async def test_guessing_many_at_once_gains_nothing(database: Database) -> None:
    await make_person(database, "ada", password=PASSWORD)
    guesses = (identity.sign_in(database, "ada", f"guess number {number}") for number in range(12))
    ended = await asyncio.gather(*guesses, return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["SignInRefused"] * 5 + ["SignInThrottled"] * 7


async def test_an_unknown_name_is_throttled_like_a_known_one(database: Database) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await identity.sign_in(database, "nobody", "something else")
    with pytest.raises(SignInThrottled):
        await identity.sign_in(database, "Nobody", "something else")


async def test_an_address_that_fails_for_many_people_is_throttled(
    database: Database, administrator: asyncpg.Connection
) -> None:
    await make_person(database, "ada", password=PASSWORD)
    with pytest.raises(SignInRefused):
        await identity.sign_in(database, "nobody", "something else", address="192.0.2.7")
    await administrator.execute("UPDATE platform.sign_in_failures SET failures = failures + 49")
    with pytest.raises(SignInThrottled):
        await identity.sign_in(database, "ada", PASSWORD, address="192.0.2.7")
    await identity.sign_in(database, "ada", PASSWORD, address="192.0.2.8")
    with pytest.raises(IdentityRefused):
        await identity.sign_in(database, "ada", PASSWORD, address="somewhere")


def test_the_wait_doubles_up_to_a_quarter_of_an_hour_for_a_person(administrator_url: str) -> None:
    async def ask() -> list[float]:
        connection = await asyncpg.connect(administrator_url)
        try:
            rows = await connection.fetch(
                "SELECT extract(epoch FROM platform.sign_in_wait(n, 5))::float8 AS wait FROM unnest($1::integer[]) AS n",
                [0, 4, 5, 6, 9, 11, 12, 100000],
            )
        finally:
            await connection.close()
        return [row["wait"] for row in rows]

    assert asyncio.run(ask()) == [0, 0, 10, 20, 160, 640, 900, 900]


@pytest.mark.usefixtures("product_costs")
async def test_a_hash_at_other_costs_is_replaced_when_its_person_signs_in(
    database: Database, administrator: asyncpg.Connection
) -> None:
    await make_person(database, "ada")
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    await administrator.execute("UPDATE platform.users SET password_hash = $1 WHERE username = 'ada'", old)
    first = await identity.sign_in(database, "ada", PASSWORD)
    kept = await administrator.fetchval("SELECT password_hash FROM platform.users WHERE username = 'ada'")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    await identity.sign_in(database, "ada", PASSWORD)
    assert await authenticate(database, first.token)


async def test_whoever_knows_the_old_password_changes_it_and_ends_every_session(database: Database) -> None:
    await make_person(database, "ada", password=PASSWORD)
    signed_in = await identity.sign_in(database, "ada", PASSWORD)
    with pytest.raises(SignInRefused):
        await identity.change_password(database, "ada", "something else", "a new pass phrase")
    await identity.change_password(database, "ada", PASSWORD, "a new pass phrase")
    with pytest.raises(NotSignedIn):
        await authenticate(database, signed_in.token)
    with pytest.raises(SignInRefused):
        await identity.sign_in(database, "ada", PASSWORD)
    assert await identity.sign_in(database, "ada", "a new pass phrase")


# sessions -----------------------------------------------------------------


@pytest.fixture
async def signed_in(database: Database) -> SignedIn:
    await make_person(database, "ada", password=PASSWORD)
    return await identity.sign_in(database, "ada", PASSWORD)


async def test_using_a_session_moves_its_end_at_most_once_a_minute_and_never_past_the_last(
    database: Database, administrator: asyncpg.Connection, signed_in: SignedIn
) -> None:
    before = (await authenticate(database, signed_in.token)).expires_at
    assert (await authenticate(database, signed_in.token)).expires_at == before
    await administrator.execute(
        "UPDATE platform.user_sessions SET last_activity = last_activity - interval '1 day', expires_at = expires_at - interval '1 day'"
    )
    moved = (await authenticate(database, signed_in.token)).expires_at
    assert before <= moved < before + timedelta(minutes=5)
    await administrator.execute(
        """UPDATE platform.user_sessions
              SET last_activity = last_activity - interval '1 day', expires_at = now() + interval '1 hour', ends_at = now() + interval '1 hour'"""
    )
    last = await administrator.fetchval("SELECT ends_at FROM platform.user_sessions")
    assert (await authenticate(database, signed_in.token)).expires_at == last


async def test_a_session_that_ran_out_is_none_and_upkeep_says_so(
    database: Database, administrator: asyncpg.Connection, signed_in: SignedIn
) -> None:
    await administrator.execute("UPDATE platform.user_sessions SET expires_at = now() - interval '1 second'")
    with pytest.raises(NotSignedIn):
        await authenticate(database, signed_in.token)
    await administrator.execute("SET ROLE guildhall_scheduler")
    assert await administrator.fetchval("SELECT platform.tidy_identity()") == 1
    await administrator.execute("RESET ROLE")
    assert await administrator.fetchval("SELECT status FROM platform.user_sessions") == "expired"


async def test_a_session_is_revoked_alone_or_with_all_but_one(database: Database, signed_in: SignedIn) -> None:
    second = await identity.sign_in(database, "ada", PASSWORD)
    third = await identity.sign_in(database, "ada", PASSWORD)
    async with database.transaction(signed_in.caller.person) as tx:
        assert await identity.revoke_session(tx, second.caller.session_id)
        assert not await identity.revoke_session(tx, second.caller.session_id)
        assert await identity.revoke_sessions(tx, but=third.caller.session_id) == 1
    assert await authenticate(database, third.token)
    for ended in (signed_in, second):
        with pytest.raises(NotSignedIn):
            await authenticate(database, ended.token)


async def test_nobody_else_sees_ends_or_writes_in_a_session(database: Database, signed_in: SignedIn) -> None:
    bob = await make_person(database, "bob", team="ada")
    async with database.transaction(bob) as tx:
        assert await identity.list_sessions(tx, with_ended=True) == []
        assert await tx.execute(queries.say, session_id=signed_in.caller.session_id) == 0
        assert not await identity.count_requests(tx, signed_in.caller.session_id)
        assert not await identity.revoke_session(tx, signed_in.caller.session_id)
    with pytest.raises(StatementRefused):
        async with database.transaction(bob) as tx:
            await identity.revoke_sessions(tx, user_id=signed_in.caller.user_id)
    async with database.transaction(signed_in.caller.person) as tx:
        assert await tx.execute(queries.say, session_id=signed_in.caller.session_id) == 1
        assert await identity.count_requests(tx, signed_in.caller.session_id, 3)
        assert [each.request_count for each in await identity.list_sessions(tx)] == [3]
    async with database.transaction(identity.LOCAL) as tx:
        assert await identity.revoke_sessions(tx, user_id=signed_in.caller.user_id) == 1


@pytest.mark.parametrize("token", ["", "gs_", "gs_" + "A" * 43, "gi_" + "A" * 43, "'; DROP TABLE x", "\0"])
async def test_what_is_no_token_of_a_session_lets_nobody_in(
    database: Database, signed_in: SignedIn, token: str
) -> None:
    with pytest.raises(NotSignedIn):
        await authenticate(database, token)


# keys ---------------------------------------------------------------------


async def test_a_key_lets_in_whom_it_is_for_with_what_it_may(database: Database) -> None:
    ada = await make_person(database, "ada")
    key = await make_key(database, ada, name="laptop", scopes=["write", "read"], rate_limit=7)
    assert re.fullmatch(r"gh_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", key.text)
    caller = await use(database, key.text)
    assert (caller.actor, caller.key_id, caller.key_name) == (ada, key.id, "laptop")
    assert (caller.scopes, caller.rate_limit) == (("read", "write"), 7)


async def test_the_documents_function_answers_in_the_documents_columns(database: Database) -> None:
    ada = await make_person(database, "ada")
    key = await make_key(database, ada, scopes=["read"], rate_limit=7)
    async with database.transaction(NOBODY) as tx:
        rows = [dict(row) for row in await tx.fetch(queries.verify, key=key.text)]
        assert rows == [{"id": key.id, "user_identifier": str(ada.user_id), "scopes": ["read"], "rate_limit": 7}]
        for wrong in (
            None,
            "",
            "gh_",
            key.text[:-1] + ("A" if key.text[-1] != "A" else "B"),
            key.text + "\n",
            key.text.upper(),
        ):
            assert await tx.fetch(queries.verify, key=wrong) == []


async def test_a_key_with_another_keys_secret_is_none(database: Database) -> None:
    ada = await make_person(database, "ada")
    first, second = await make_key(database, ada), await make_key(database, ada)
    for wrong in (first.text[:36] + second.text[36:], credentials.make_key(uuid4(), bytes(32)).text, "nonsense"):
        with pytest.raises(KeyRefused):
            await use(database, wrong)


async def test_revoking_ends_a_key_at_once_and_for_good(database: Database) -> None:
    ada = await make_person(database, "ada")
    async with database.transaction(ada) as tx:
        of_a_run = await identity.create_key(tx, "of a run", as_default=None)
        assert (await identity.get_user(tx, "ada")).default_key_id is None
        await identity.revoke_key(tx, of_a_run.id.hex)
    key = await make_key(database, ada, name="laptop")
    await use(database, key.text)
    async with database.transaction(ada) as tx:
        assert (await identity.get_user(tx, "ada")).default_key_id == key.id
        revoked = await identity.revoke_key(tx, key.id.hex[:8])
        assert revoked[0] == key.id
        assert await identity.revoke_key(tx, "laptop") == revoked
        assert (await identity.get_user(tx, "ada")).default_key_id is None
        assert await identity.list_keys(tx) == []
        assert [each.is_active for each in await identity.list_keys(tx, with_revoked=True)] == [False, False]
    with pytest.raises(KeyRefused):
        await use(database, key.text)


async def test_a_key_that_expired_is_none(database: Database, administrator: asyncpg.Connection) -> None:
    ada = await make_person(database, "ada")
    async with database.transaction(ada) as tx:
        key = await identity.create_key(tx, expires_at=tx.now + timedelta(days=1))
    await use(database, key.text)
    await administrator.execute("UPDATE platform.api_keys SET expires_at = now()")
    with pytest.raises(KeyRefused):
        await use(database, key.text)


async def test_use_is_noted_at_most_once_a_minute(database: Database, administrator: asyncpg.Connection) -> None:
    ada = await make_person(database, "ada")
    key = await make_key(database, ada)
    last_used = "SELECT last_used_at FROM platform.api_keys"
    assert await administrator.fetchval(last_used) is None
    await use(database, key.text)
    first = await administrator.fetchval(last_used)
    await use(database, key.text)
    assert await administrator.fetchval(last_used) == first
    await administrator.execute("UPDATE platform.api_keys SET last_used_at = last_used_at - interval '61 s'")
    await use(database, key.text)
    assert await administrator.fetchval(last_used) >= first


async def test_nobody_waits_for_somebody_elses_minute(database: Database) -> None:
    ada = await make_person(database, "ada")
    key = await make_key(database, ada)
    async with database.transaction(NOBODY) as slow:
        await identity.authenticate_key(slow, key.text)  # holds the row until it commits
        assert (await asyncio.wait_for(use(database, key.text), 10)).key_id == key.id


async def test_a_key_or_a_session_of_somebody_who_left_is_none(database: Database) -> None:
    await make_person(database, "ada")
    bob = await make_person(database, "bob", team="ada", password=PASSWORD)
    key, signed_in = await make_key(database, bob), await identity.sign_in(database, "bob", PASSWORD)
    async with database.transaction(bob) as tx:
        await identity.remove_member(tx, "bob")
    async with database.transaction(Actor(identity.LOCAL.user_id, bob.tenant_id)) as tx:
        await identity.add_member(tx, "bob")  # coming back does not bring them back
    with pytest.raises(KeyRefused):
        await use(database, key.text)
    with pytest.raises(NotSignedIn):
        await authenticate(database, signed_in.token)


@pytest.mark.parametrize(
    "given", [{"scopes": ["fly"]}, {"rate_limit": 0}, {"name": ""}, {"name": "x" * 101}, {"name": "a\0b"}]
)
async def test_a_key_that_cannot_be_is_refused(database: Database, given: dict[str, object]) -> None:
    ada = await make_person(database, "ada")
    with pytest.raises(IdentityRefused):
        await make_key(database, ada, **given)


async def test_keys_are_seen_by_their_people_and_by_those_who_manage_the_team(database: Database) -> None:
    pottery = await make_pottery(database)
    key = await make_key(database, pottery.member, name="kiln")
    await make_key(database, pottery.member, name="kiln")
    for role, seen in ((Role.OWNER, 2), (Role.ADMIN, 2), (Role.MEMBER, 2), (Role.VIEWER, 0)):
        async with database.transaction(pottery.of(role)) as tx:
            assert len(await identity.list_keys(tx)) == seen, role
    async with database.transaction(pottery.member) as tx:
        with pytest.raises(KeyAmbiguous):
            await identity.revoke_key(tx, "kiln")
    for stranger in (pottery.viewer, await make_person(database, "eve")):
        async with database.transaction(stranger) as tx:
            with pytest.raises(KeyNotFound):
                await identity.revoke_key(tx, str(key.id))
    async with database.transaction(pottery.admin) as tx:
        assert (await identity.revoke_key(tx, str(key.id)))[0] == key.id
    async with database.transaction(pottery.viewer) as tx:
        with pytest.raises(NotPermitted):
            await identity.create_key(tx)


async def test_a_viewers_transaction_reads_and_changes_nothing(database: Database) -> None:
    pottery = await make_pottery(database)
    key = await make_key(database, pottery.member, scopes=["read"])
    reader = (await use(database, key.text)).actor
    assert reader.reads_only
    async with database.transaction(reader) as tx:
        assert await tx.value(queries.count_configurations) == 0
    with pytest.raises(StatementRefused, match="only reads"):
        async with database.transaction(reader) as tx:
            await tx.execute(queries.add_configuration, name="a pot")
    writer = (await use(database, (await make_key(database, pottery.member)).text)).actor
    async with database.transaction(writer) as tx:
        assert await tx.execute(queries.add_configuration, name="a pot") == 1


async def test_access_to_a_person_is_ones_own_or_an_administrators(database: Database) -> None:
    ada, bob = await make_person(database, "ada"), await make_person(database, "bob")
    for actor, expected in ((ada, True), (bob, False), (identity.LOCAL, True)):
        async with database.transaction(actor) as tx:
            assert await tx.value(queries.may_access, user_id=ada.user_id) is expected
    async with database.transaction(NOBODY) as tx:
        assert await tx.value(queries.may_access, user_id=ada.user_id) is False
        assert await tx.value(queries.may_access, user_id=UUID(int=0)) is False
