"""People, teams, invitations and preferences: who may do what, also by SQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.people import PASSWORD, Pottery, make_person, make_pottery
from guildhall.db import NOBODY, Actor, Database
from guildhall.db.errors import StatementRefused
from guildhall.db.queries import parse_queries
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Preferences, Role
from guildhall.domains.platform.identity.errors import (
    AdministratorsOnly,
    AlreadyMember,
    IdentityRefused,
    IdentityTaken,
    InvitationUnusable,
    LastOwner,
    MemberNotFound,
    NotPermitted,
    TeamNotFound,
    UserNotFound,
)

queries = parse_queries(
    "here",
    """
-- name: insert_member
INSERT INTO platform.team_members (user_id, role) VALUES (:user_id, 'owner');
-- name: promote
UPDATE platform.team_members SET role = 'owner';
-- name: expel
DELETE FROM platform.team_members;
-- name: insert_key
INSERT INTO platform.api_keys (key_hash) VALUES (repeat('0', 64));
-- name: prolong_keys
UPDATE platform.api_keys SET expires_at = NULL;
-- name: become_administrator
UPDATE platform.users SET role = 'admin';
-- name: read_hash
SELECT password_hash FROM platform.users;
-- name: read_digest
SELECT key_hash FROM platform.api_keys;
-- name: read_token
SELECT session_token FROM platform.user_sessions;
-- name: read_invitation
SELECT token_digest FROM platform.team_invitations;
-- name: read_failures
SELECT subject FROM platform.sign_in_failures;
-- name: rename_team
UPDATE platform.teams SET name = 'mine';
-- name: promote_by_function
SELECT platform.change_member_role(:user_id, 'owner');
-- name: remove_by_function
SELECT platform.remove_member(:user_id);
-- name: add_by_function
SELECT platform.add_member(:user_id, 'owner');
-- name: invite_by_function
SELECT platform.invite('eve@example.org', 'owner', repeat('0', 64), now());
-- name: key_by_function
SELECT platform.create_api_key(gen_random_uuid(), repeat('0', 64), :user_id, 'mine', '{}', 1, NULL, true);
-- name: user_by_function
SELECT platform.create_user('eve', 'eve@example.org', '!', 'admin');
-- name: password_by_function
SELECT platform.set_password_hash(:user_id, '!');
-- name: archive_by_function
SELECT platform.archive_user(:user_id);
-- name: erase_by_function
SELECT platform.erase_person(:user_id, 'a reason');
-- name: half_an_erasure
SELECT platform.erase_user(:user_id);
-- name: redact
SELECT platform.redact_audit('user', :user_id, 'a reason');
-- name: archive_team_by_function
SELECT platform.archive_team(platform.tenant_id());
-- name: erase_team_by_function
SELECT platform.begin_erasing_team(platform.tenant_id());
-- name: rotate_by_function
SELECT * FROM platform.secrets_under_other_keys('platform.provider_secrets', 'sealed', 'x', NULL, 1);
-- name: login_by_function
SELECT platform.find_login('owner-of-pottery');
-- name: order_by_function
SELECT * FROM platform.erasure_order();
-- name: insert_secret
INSERT INTO platform.provider_secrets (sealed) VALUES (decode('01' || repeat('00', 40), 'hex'));
-- name: preferences_of_others
INSERT INTO platform.user_preferences (user_identifier, user_id) VALUES (:user_id::uuid::text, :user_id::uuid);
-- name: all_preferences
SELECT count(*) FROM platform.user_preferences;
""",
)


@pytest.fixture
async def pottery(database: Database) -> Pottery:
    return await make_pottery(database)


# users --------------------------------------------------------------------


async def test_somebody_new_has_a_team_of_one_and_owns_it(database: Database) -> None:
    ada = await make_person(database, "ada-l")
    async with database.transaction(identity.LOCAL) as tx:
        user = await identity.get_user(tx, "ADA-L")
        assert (user.email, dict(user.teams), user.has_password) == ("ada-l@example.org", {"ada-l": Role.OWNER}, False)
    async with database.transaction(ada) as tx:
        assert [each.username for each in await identity.list_users(tx)] == ["ada-l"]
        assert [each.slug for each in await identity.list_teams(tx)] == ["ada-l"]
        with pytest.raises(UserNotFound):
            await identity.get_user(tx, "local")
        with pytest.raises(TeamNotFound):
            await identity.get_team(tx, "local")


async def test_a_team_of_one_takes_a_slug_that_is_free(database: Database) -> None:
    async with database.transaction(identity.LOCAL) as tx:
        await identity.create_team(tx, "Ada", "ada")
        user = await identity.create_user(tx, "ada", "ada@example.org")
        assert list(user.teams) == ["ada-2"]


async def test_names_and_addresses_are_taken_once(database: Database) -> None:
    await make_person(database, "ada")
    for name, email, field in (("ada", "b@example.org", "username"), ("bob", "ADA@example.org", "email")):
        with pytest.raises(IdentityTaken) as refused:
            async with database.transaction(identity.LOCAL) as tx:
                await identity.create_user(tx, name, email)
        assert refused.value.details["field"] == field


async def test_only_administrators_add_people_and_set_passwords(database: Database) -> None:
    ada = await make_person(database, "ada")
    async with database.transaction(ada) as tx:
        with pytest.raises(AdministratorsOnly):
            await identity.create_user(tx, "eve", "eve@example.org")
        with pytest.raises(AdministratorsOnly):
            await identity.set_password(tx, "ada", PASSWORD)
        with pytest.raises(AdministratorsOnly):
            await identity.add_member(tx, "ada")
    async with database.transaction(identity.LOCAL) as tx:
        await identity.set_password(tx, "ada", PASSWORD)
        with pytest.raises(UserNotFound):
            await identity.set_password(tx, "nobody", PASSWORD)
    assert (await identity.sign_in(database, "ada", PASSWORD)).caller.actor == ada


# roles --------------------------------------------------------------------


async def test_owners_and_administrators_of_a_team_change_roles_below_theirs(
    database: Database, pottery: Pottery
) -> None:
    async with database.transaction(pottery.admin) as tx:
        await identity.change_role(tx, "viewer-of-pottery", Role.MEMBER)
        with pytest.raises(NotPermitted):
            await identity.change_role(tx, "viewer-of-pottery", Role.OWNER)
        with pytest.raises(NotPermitted):
            await identity.change_role(tx, "owner-of-pottery", Role.MEMBER)
        with pytest.raises(NotPermitted):
            await identity.remove_member(tx, "owner-of-pottery")
    async with database.transaction(pottery.owner) as tx:
        await identity.change_role(tx, "member-of-pottery", Role.OWNER)
        await identity.remove_member(tx, "admin-of-pottery")
        with pytest.raises(MemberNotFound):
            await identity.change_role(tx, "admin-of-pottery", Role.MEMBER)
        assert {each.username: each.role for each in await identity.list_members(tx)} == {
            "owner-of-pottery": Role.OWNER,
            "member-of-pottery": Role.OWNER,
            "viewer-of-pottery": Role.MEMBER,
        }


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
async def test_members_and_viewers_change_nobody_and_may_leave(
    database: Database, pottery: Pottery, role: Role
) -> None:
    async with database.transaction(pottery.of(role)) as tx:
        with pytest.raises(NotPermitted, match="expected owner or admin"):
            await identity.change_role(tx, "viewer-of-pottery", Role.ADMIN)
        with pytest.raises(NotPermitted):
            await identity.remove_member(tx, "admin-of-pottery")
        with pytest.raises(NotPermitted):
            await identity.invite(tx, "eve@example.org")
        await identity.remove_member(tx, f"{role.value}-of-pottery")
        assert await identity.list_teams(tx) == []


async def test_the_last_owner_can_neither_leave_nor_step_down(database: Database, pottery: Pottery) -> None:
    for attempt in (
        lambda tx: identity.remove_member(tx, "owner-of-pottery"),
        lambda tx: identity.change_role(tx, "owner-of-pottery", Role.ADMIN),
    ):
        with pytest.raises(LastOwner, match="owner-of-pottery is the team's last owner"):
            async with database.transaction(pottery.owner) as tx:
                await attempt(tx)
    async with database.transaction(pottery.owner) as tx:
        await identity.change_role(tx, "member-of-pottery", Role.OWNER)
        await identity.remove_member(tx, "owner-of-pottery")


async def test_of_two_owners_who_leave_at_once_one_stays(database: Database, pottery: Pottery) -> None:
    async with database.transaction(pottery.owner) as tx:
        await identity.change_role(tx, "member-of-pottery", Role.OWNER)

    async def leave(actor: Actor, name: str) -> None:
        async with database.transaction(actor) as tx:
            await identity.remove_member(tx, name)

    ended = await asyncio.gather(
        leave(pottery.owner, "owner-of-pottery"), leave(pottery.member, "member-of-pottery"), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in ended) == ["LastOwner", "NoneType"]


_DIRECT = [
    "insert_member", "promote", "expel", "insert_key", "prolong_keys", "become_administrator", "read_hash",
    "read_digest", "read_token", "read_invitation", "read_failures", "rename_team", "login_by_function",
    "order_by_function", "user_by_function", "rotate_by_function", "add_by_function", "password_by_function",
    "half_an_erasure", "redact",
]  # fmt: skip


@pytest.mark.parametrize("name", _DIRECT)
async def test_by_sql_nobody_in_a_team_goes_round_the_functions(
    database: Database, pottery: Pottery, name: str
) -> None:
    values = dict.fromkeys(queries[name].parameters, pottery.viewer.user_id)
    for role in Role:
        with pytest.raises(StatementRefused):
            async with database.transaction(pottery.of(role)) as tx:
                await tx.fetch(queries[name], **values)


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("promote_by_function", {Role.OWNER}),
        ("invite_by_function", {Role.OWNER}),
        ("remove_by_function", {Role.OWNER, Role.ADMIN}),
        ("insert_secret", {Role.OWNER, Role.ADMIN}),
        ("archive_team_by_function", {Role.OWNER}),
        ("erase_team_by_function", {Role.OWNER}),
        ("key_by_function", {Role.MEMBER}),
        ("archive_by_function", {Role.MEMBER}),
        ("erase_by_function", {Role.MEMBER}),
    ],
)
async def test_by_sql_each_role_may_call_what_its_actions_need(
    database: Database, pottery: Pottery, name: str, roles: set[Role]
) -> None:
    """What is tried is done to the member, who may do some of it to themselves; nothing of it is kept."""
    values = dict.fromkeys(queries[name].parameters, pottery.member.user_id)
    allowed = set()
    for role in Role:
        try:
            async with database.transaction(pottery.of(role)) as tx:
                await tx.fetch(queries[name], **values)
                allowed.add(role)
                raise _Undone
        except (StatementRefused, _Undone):
            pass
    assert allowed == roles | ({Role.MEMBER} if name == "remove_by_function" else set())


class _Undone(Exception):
    """Raised to roll back what was allowed."""


# teams --------------------------------------------------------------------


async def test_whoever_makes_a_team_owns_it(database: Database) -> None:
    ada = await make_person(database, "ada")
    async with database.transaction(ada) as tx:
        team = await identity.create_team(tx, "Glaze & Kiln")
        assert (team.slug, team.role, team.members) == ("glaze-kiln", Role.OWNER, 1)
        assert (await identity.create_team(tx, "Glaze kiln")).slug == "glaze-kiln-2"
        for slug, error in (("glaze-kiln", IdentityTaken), ("Glaze", IdentityRefused)):
            with pytest.raises(error):
                async with tx.savepoint():
                    await identity.create_team(tx, "Glaze", slug)
    with pytest.raises(StatementRefused):
        async with database.transaction(ada) as tx:
            await identity.create_team(tx, "Theirs", owner=identity.LOCAL.user_id)


# invitations --------------------------------------------------------------


async def test_an_invitation_lets_one_person_in_once(database: Database, pottery: Pottery) -> None:
    ada, bob = await make_person(database, "ada"), await make_person(database, "bob")
    async with database.transaction(pottery.admin) as tx:
        made = await identity.invite(tx, "Ada@example.org", Role.MEMBER)
        assert [each.email for each in await identity.list_invitations(tx)] == ["ada@example.org"]
    async with database.transaction(ada) as tx:
        assert await identity.accept_invitation(tx, made.token) == (pottery.team_id, "pottery", Role.MEMBER)
    for actor in (bob, ada):
        async with database.transaction(actor) as tx:
            with pytest.raises(InvitationUnusable):
                await identity.accept_invitation(tx, made.token)
    async with database.transaction(pottery.admin) as tx:
        assert await identity.list_invitations(tx) == []
        with pytest.raises(AlreadyMember):
            await identity.invite(tx, "ada@example.org")


async def test_two_who_use_one_invitation_at_once_are_one(database: Database, pottery: Pottery) -> None:
    people = [await make_person(database, name) for name in ("ada", "bob", "cyd")]
    async with database.transaction(pottery.owner) as tx:
        made = await identity.invite(tx, "somebody@example.org")

    async def accept(actor: Actor) -> UUID:
        async with database.transaction(actor) as tx:
            return (await identity.accept_invitation(tx, made.token))[0]

    ended = await asyncio.gather(*map(accept, people), return_exceptions=True)
    assert sum(each == pottery.team_id for each in ended) == 1
    assert sum(isinstance(each, InvitationUnusable) for each in ended) == 2


async def test_somebody_new_joins_under_the_address_that_was_invited(database: Database, pottery: Pottery) -> None:
    async with database.transaction(pottery.owner) as tx:
        made = await identity.invite(tx, "ada@example.org", Role.VIEWER)
        assert made.token not in repr(made)
    for taken in ("owner-of-pottery", "Ada L"):
        with pytest.raises((IdentityTaken, IdentityRefused)):
            async with database.transaction(NOBODY) as tx:
                await identity.join(tx, made.token, taken, PASSWORD)
    async with database.transaction(NOBODY) as tx:
        actor, slug, role = await identity.join(tx, made.token, "ada", PASSWORD)
    assert (actor.tenant_id, slug, role) == (pottery.team_id, "pottery", Role.VIEWER)
    signed_in = await identity.sign_in(database, "ada@example.org", PASSWORD)
    assert signed_in.caller.actor == Actor(actor.user_id, pottery.team_id, reads_only=True)
    with pytest.raises(InvitationUnusable):
        async with database.transaction(NOBODY) as tx:
            await identity.join(tx, made.token, "eve", PASSWORD)


async def test_an_invitation_ends_when_it_is_taken_back_replaced_or_too_old(
    database: Database, pottery: Pottery
) -> None:
    ada = await make_person(database, "ada")
    async with database.transaction(pottery.owner) as tx:
        revoked = await identity.invite(tx, "one@example.org")
        await identity.revoke_invitation(tx, revoked.id)
        replaced = await identity.invite(tx, "two@example.org")
        latest = await identity.invite(tx, "two@example.org")
        expired = await identity.invite(tx, "three@example.org", lifetime=timedelta(seconds=-1))
        with pytest.raises(InvitationUnusable):
            await identity.revoke_invitation(tx, revoked.id)
        with pytest.raises(InvitationUnusable):
            await identity.revoke_invitation(tx, uuid4())
    for token in (revoked.token, replaced.token, expired.token, "gi_" + "A" * 43, "nonsense"):
        async with database.transaction(ada) as tx:
            with pytest.raises(InvitationUnusable):
                await identity.accept_invitation(tx, token)
    async with database.transaction(ada) as tx:
        assert (await identity.accept_invitation(tx, latest.token))[0] == pottery.team_id


async def test_owners_are_invited_by_owners(database: Database, pottery: Pottery) -> None:
    async with database.transaction(pottery.admin) as tx:
        with pytest.raises(NotPermitted):
            await identity.invite(tx, "ada@example.org", Role.OWNER)
    async with database.transaction(pottery.owner) as tx:
        assert (await identity.invite(tx, "ada@example.org", Role.OWNER)).role is Role.OWNER


# preferences --------------------------------------------------------------


async def test_preferences_are_a_persons_own_and_follow_them_through_teams(database: Database) -> None:
    ada, bob = await make_person(database, "ada"), await make_person(database, "bob")
    wanted = Preferences("zh-CN", "cn", "CNY", (uuid4(),), {"theme": "dark"})
    async with database.transaction(ada) as tx:
        assert await identity.get_preferences(tx) == Preferences()
        await identity.set_preferences(tx, Preferences("de-DE"))
        await identity.set_preferences(tx, wanted)
    async with database.transaction(Actor(ada.user_id, uuid4())) as tx:
        assert await identity.get_preferences(tx) == wanted
    async with database.transaction(bob) as tx:
        assert await identity.get_preferences(tx) == Preferences()
        assert await tx.value(queries.all_preferences) == 0
    with pytest.raises(StatementRefused):
        async with database.transaction(bob) as tx:
            await tx.execute(queries.preferences_of_others, user_id=ada.user_id)


async def test_a_visitor_without_an_account_has_preferences_too(database: Database) -> None:
    ada = await make_person(database, "ada")
    async with database.transaction(NOBODY) as tx:
        await identity.set_preferences(tx, Preferences("fr-FR"), visitor="browser-4711")
    async with database.transaction(ada) as tx:
        assert await identity.get_preferences(tx, visitor="browser-4711") == Preferences("fr-FR")
    async with database.transaction(NOBODY) as tx:
        assert await identity.get_preferences(tx, visitor="browser-4712") == Preferences()
        assert await identity.get_preferences(tx, visitor="browser-4711") == Preferences("fr-FR")
    async with database.transaction(NOBODY) as tx:
        with pytest.raises(IdentityRefused):
            await identity.get_preferences(tx, visitor=str(ada.user_id))
        with pytest.raises(StatementRefused):
            await identity.set_preferences(tx, Preferences())  # nobody has none


async def test_the_audit_log_says_who_changed_whom_and_holds_no_secret(
    database: Database, administrator_url: str, pottery: Pottery
) -> None:
    async with database.transaction(pottery.owner) as tx:
        await identity.change_role(tx, "viewer-of-pottery", Role.MEMBER)
    connection = await asyncpg.connect(administrator_url)
    try:
        row = await connection.fetchrow(
            "SELECT user_id, old_data ->> 'role' AS before, new_data ->> 'role' AS after FROM store.audit_log "
            "WHERE table_name = 'team_members' AND operation = 'UPDATE'"
        )
    finally:
        await connection.close()
    assert tuple(row) == (pottery.owner.user_id, "viewer", "member")
