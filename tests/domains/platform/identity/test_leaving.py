"""Leaving: what archiving keeps, and that erasing leaves nothing."""

from __future__ import annotations

import asyncpg
import pytest

from fixtures.ledgers import Books
from fixtures.people import PASSWORD, make_person, make_pottery
from fixtures.population import Population
from guildhall.db import NOBODY, Actor, Database
from guildhall.db.queries import parse_queries
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Preferences, Role
from guildhall.domains.platform.identity.errors import (
    AdministratorsOnly,
    KeyRefused,
    LastOwner,
    NotPermitted,
    NotSignedIn,
    SignInRefused,
    TeamNotFound,
    TheFirstStay,
    UserNotFound,
)

queries = parse_queries(
    "here",
    """
-- name: add_configuration
INSERT INTO evaluation.configurations (name) VALUES (:name);
""",
)


@pytest.fixture
async def administrator(administrator_url: str):
    connection = await asyncpg.connect(administrator_url)
    yield connection
    await connection.close()


async def test_an_archived_person_is_kept_out_and_restored_with_keys_and_teams(database: Database) -> None:
    ada = await make_person(database, "ada", password=PASSWORD)
    signed_in = await identity.sign_in(database, "ada", PASSWORD)
    async with database.transaction(ada) as tx:
        key = await identity.create_key(tx)
    async with database.transaction(identity.LOCAL) as tx:
        assert await identity.archive_user(tx, "ada")
        assert not await identity.archive_user(tx, "ada")
        assert [each.username for each in await identity.list_users(tx)] == ["local"]
        assert [each.username for each in await identity.list_users(tx, with_archived=True)] == ["ada", "local"]
    with pytest.raises(SignInRefused):
        await identity.sign_in(database, "ada", PASSWORD)
    async with database.transaction(NOBODY) as tx:
        with pytest.raises(KeyRefused):
            await identity.authenticate_key(tx, key.text)
    async with database.transaction(identity.LOCAL) as tx:
        assert await identity.restore_user(tx, "ada")
        assert not await identity.restore_user(tx, "ada")
    async with database.transaction(NOBODY) as tx:
        assert (await identity.authenticate_key(tx, key.text)).actor == ada
        with pytest.raises(NotSignedIn):
            await identity.authenticate_session(tx, signed_in.token)
    assert (await identity.sign_in(database, "ada", PASSWORD)).caller.actor == ada


async def test_an_archived_team_is_closed_and_restored_with_its_rows(database: Database) -> None:
    pottery = await make_pottery(database)
    async with database.transaction(pottery.member) as tx:
        key = await identity.create_key(tx)
    async with database.transaction(pottery.admin) as tx:
        with pytest.raises(NotPermitted):
            await identity.archive_team(tx, "pottery")
    async with database.transaction(pottery.owner) as tx:
        assert await identity.archive_team(tx, "pottery")
    async with database.transaction(NOBODY) as tx:
        with pytest.raises(KeyRefused):
            await identity.authenticate_key(tx, key.text)
    async with database.transaction(pottery.owner) as tx:
        assert await identity.list_teams(tx) == []
        assert await identity.restore_team(tx, "pottery")
    async with database.transaction(NOBODY) as tx:
        assert (await identity.authenticate_key(tx, key.text)).actor == pottery.member


async def test_the_person_and_the_team_of_the_command_line_stay(database: Database) -> None:
    for verb, name in (
        (identity.archive_user, "local"),
        (identity.erase_user, "local"),
        (identity.archive_team, "local"),
        (identity.begin_erasing_team, "local"),
    ):
        if verb is identity.erase_user:
            continue  # it owns a team alone, which is said first
        with pytest.raises(TheFirstStay):
            async with database.transaction(identity.LOCAL) as tx:
                await verb(tx, name)
    with pytest.raises(LastOwner):
        async with database.transaction(identity.LOCAL) as tx:
            await identity.erase_user(tx, "local")


async def test_others_are_archived_and_erased_by_administrators_alone(database: Database) -> None:
    await make_person(database, "ada")
    bob = await make_person(database, "bob", team="ada")
    async with database.transaction(bob) as tx:
        for verb in (identity.archive_user, identity.restore_user, identity.erase_user):
            with pytest.raises((AdministratorsOnly, UserNotFound)):
                await verb(tx, "ada")
        await identity.erase_user(tx, "bob")  # oneself
    async with database.transaction(identity.LOCAL) as tx:
        with pytest.raises(UserNotFound):
            await identity.get_user(tx, "bob")


async def test_erasing_a_person_leaves_no_trace_of_who_it_was_nor_in_the_audit_log(
    database: Database, administrator: asyncpg.Connection
) -> None:
    pottery = await make_pottery(database)
    ada = await make_person(database, "ada-lovelace", password=PASSWORD, team="pottery")
    signed_in = await identity.sign_in(
        database, "ada-lovelace", PASSWORD, address="192.0.2.77", user_agent="ada's browser"
    )
    async with database.transaction(ada) as tx:
        key = await identity.create_key(tx, name="ada's key")
        await identity.set_preferences(tx, Preferences("fr-FR"))
        await tx.execute(queries.add_configuration, name="a pot")
    async with database.transaction(pottery.owner) as tx:
        await identity.invite(tx, "somebody@example.org")
    async with database.transaction(identity.LOCAL) as tx:
        erased = await identity.erase_user(tx, "ada-lovelace")
        assert (erased.id, erased.audit_rows > 0) == (ada.user_id, True)
        with pytest.raises(UserNotFound):
            await identity.erase_user(tx, "ada-lovelace")
        with pytest.raises(UserNotFound):
            await identity.restore_user(tx, "ada-lovelace")

    for text in ("ada-lovelace", "192.0.2.77", "ada's", "fr-FR", key.text[-43:], signed_in.token):
        assert await _places_of(administrator, text) == [], text
    # What was made for the team stays the team's, by somebody who means nobody.
    row = await administrator.fetchrow(
        "SELECT users.username, users.email, users.is_active FROM evaluation.configurations JOIN platform.users ON users.id = user_id"
    )
    assert row["username"].startswith("erased-")
    assert row["email"].endswith("@invalid")
    assert row["is_active"] is False
    async with database.transaction(pottery.owner) as tx:
        assert len(await identity.list_members(tx)) == 4
        assert len(await identity.list_invitations(tx)) == 1
    await make_person(database, "ada-lovelace")  # the name is free


async def test_who_owns_a_team_alone_is_not_erased_before_it_is_settled(database: Database) -> None:
    pottery = await make_pottery(database)
    with pytest.raises(LastOwner, match="last owner of pottery") as refused:
        async with database.transaction(identity.LOCAL) as tx:
            await identity.erase_user(tx, "owner-of-pottery")
    assert refused.value.details["teams"] == ["pottery"]
    async with database.transaction(pottery.owner) as tx:
        await identity.change_role(tx, "member-of-pottery", Role.OWNER)
    async with database.transaction(identity.LOCAL) as tx:
        await identity.erase_user(tx, "owner-of-pottery")


async def test_erasing_a_team_empties_every_table_that_knows_teams_and_no_other_teams_rows(
    database: Database, administrator: asyncpg.Connection
) -> None:
    ada = await make_person(database, "ada")
    bob = await make_person(database, "bob")
    population = Population(administrator)
    tables = await population.tables()
    assert len(tables) > 40
    for table in tables:
        if table.name not in {"platform.team_members"}:
            await population.fill(table, [ada.tenant_id, bob.tenant_id])
    before = await _rows_of(administrator, bob)
    async with database.transaction(identity.LOCAL) as tx:
        team = await identity.begin_erasing_team(tx, "ada")
        again = await identity.begin_erasing_team(tx, "ada")
        assert again.id == team.id
    async with database.transaction(ada) as tx:
        with pytest.raises((NotPermitted, TeamNotFound)):
            await identity.restore_team(tx, "bob")
        assert not await identity.restore_team(tx, "ada")

    gone: dict[str, int] = {}
    async for sofar in identity.erase_team_rows(database, identity.LOCAL, team, batch_rows=7):
        gone = dict(sofar)
    async with database.transaction(identity.LOCAL) as tx:
        assert (await identity.finish_erasing_team(tx, team, reason="they left")).audit_rows > 0
        with pytest.raises(TeamNotFound):
            await identity.get_team(tx, "ada")
        with pytest.raises(TeamNotFound):
            await identity.finish_erasing_team(tx, team)

    left = await _rows_of(administrator, ada)
    assert {table for table, rows in left.items() if rows} <= await _redacted(administrator)
    assert await _rows_of(administrator, bob) == before
    assert len(gone) > 35
    said = "SELECT count(*) FROM store.audit_log WHERE tenant_id = $1 AND num_nonnulls(old_data, new_data) > 0"
    assert await administrator.fetchval(said, ada.tenant_id) == 0
    assert await administrator.fetchval(said, bob.tenant_id) > 0
    assert await administrator.fetchval("SELECT reason FROM platform.audit_redactions") == "they left"


async def test_an_erasure_that_was_cut_off_goes_on(database: Database, administrator: asyncpg.Connection) -> None:
    ada = await make_person(database, "ada")
    async with database.transaction(ada) as tx:
        for number in range(20):
            await tx.execute(queries.add_configuration, name=f"pot {number}")
    async with database.transaction(identity.LOCAL) as tx:
        team = await identity.begin_erasing_team(tx, "ada")
    there = await _deletable_rows_of(administrator, ada)
    async for gone in identity.erase_team_rows(database, identity.LOCAL, team, batch_rows=5):
        assert sum(gone.values()) == 5
        break
    assert await _deletable_rows_of(administrator, ada) == there - 5
    told = [dict(gone) async for gone in identity.erase_team_rows(database, identity.LOCAL, team, batch_rows=5)]
    assert sum(told[-1].values()) == there - 5
    assert await _deletable_rows_of(administrator, ada) == 0


async def test_a_team_that_is_not_being_erased_loses_nothing(database: Database) -> None:
    pottery = await make_pottery(database)
    async with database.transaction(pottery.owner) as tx:
        team = await identity.get_team(tx, "pottery")
    with pytest.raises(Exception, match="may not do this"):
        async for _ in identity.erase_team_rows(database, pottery.owner, team):
            pass


async def test_every_tenant_table_can_be_reached_by_an_erasure(administrator: asyncpg.Connection) -> None:
    """A table whose policies hide a team's rows from functions of the owner would keep them for ever."""
    unreached = await administrator.fetch(
        """
        SELECT classes.oid::regclass::text AS relation FROM pg_class AS classes
         WHERE classes.oid IN (SELECT relation FROM platform.erasure_order())
           AND classes.relrowsecurity
           AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = classes.oid AND polpermissive AND polcmd IN ('*', 'd')
                                                  AND 'guildhall_owner'::regrole = ANY (polroles))
        """
    )
    assert [row["relation"] for row in unreached] == []


async def _rows_of(administrator: asyncpg.Connection, actor: Actor) -> dict[str, int]:
    tables = [table.name for table in await Population(administrator).tables()]
    counted = " UNION ALL ".join(
        f"SELECT '{table}' AS name, count(*) AS rows FROM {table} WHERE tenant_id = '{actor.tenant_id}'"
        for table in tables
    )
    return {row["name"]: row["rows"] for row in await administrator.fetch(counted)}


async def _deletable_rows_of(administrator: asyncpg.Connection, actor: Actor) -> int:
    """A team's rows, but for its members, who go with the team, and for what is redacted."""
    kept = {"platform.team_members", *await _redacted(administrator)}
    return sum(rows for table, rows in (await _rows_of(administrator, actor)).items() if table not in kept)


async def _redacted(administrator: asyncpg.Connection) -> set[str]:
    """Tables whose rows stay, emptied, because seals count them."""
    rows = await administrator.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE obj_description(oid) LIKE 'audit: %' AND relkind IN ('r', 'p')"
    )
    return {row["name"] for row in rows}


async def _places_of(administrator: asyncpg.Connection, text: str) -> list[str]:
    """Tables in which a text stands anywhere."""
    tables = await administrator.fetch(
        """
        SELECT oid::regclass::text AS name FROM pg_class
         WHERE relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
           AND relkind IN ('r', 'p') AND NOT relispartition
        """
    )
    found = []
    for table in tables:
        if await administrator.fetchval(
            f"SELECT EXISTS (SELECT FROM {table['name']} AS rows WHERE strpos(rows::text, $1) > 0)", text
        ):
            found.append(table["name"])
    return found


async def test_the_seals_still_hold_when_somebody_and_a_team_have_been_erased(books: Books) -> None:
    database = books.app.database
    ada = await make_person(database, "ada")
    bob = await make_person(database, "bob", team="ada")
    async with database.transaction(bob) as tx:
        await tx.execute(queries.add_configuration, name="a pot")
    await books.seal()
    async with database.transaction(identity.LOCAL) as tx:
        await identity.erase_user(tx, "bob")
    assert (await books.verify()).holds
    await books.seal()
    async with database.transaction(ada) as tx:
        team = await identity.begin_erasing_team(tx, "ada")
    async for _ in identity.erase_team_rows(database, ada, team):
        pass
    async with database.transaction(ada) as tx:
        await identity.finish_erasing_team(tx, team)
    await books.seal()
    assert (await books.verify()).holds
