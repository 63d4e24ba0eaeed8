"""
Database logins for people who write SQL.

Each belongs to one person and one team: whatever they ask, they see that
team's rows and change none (decision 7). Series and roll-ups are there as
windows in schema `mine`, which their `search_path` has first.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from guildhall.db.errors import translated
from guildhall.errors import Conflict, InvalidInput, NotFound

_SEARCH_PATH = "mine, evaluation, gateway, catalogue, society, platform, public"
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class SqlLogin:
    """Who may look with SQL, and at which team's rows."""

    role: str
    username: str
    team: str
    created_at: datetime


class LoginExists(Conflict):
    """There is a role of this name already, ours or not."""

    code = "login_exists"

    def __init__(self, role: str) -> None:
        super().__init__(
            f"the server has a role {role!r} already",
            remedy="Choose another name with --role.",
            field="role",
            value=role,
        )


class LoginNotFound(NotFound):
    """No such login was made with Guildhall."""

    code = "login_not_found"

    def __init__(self, role: str) -> None:
        super().__init__(
            f"there is no SQL login {role!r}",
            remedy="`guildhall db admitted` lists them.",
            field="role",
            value=role,
        )


class NotAMember(NotFound):
    """Nobody of this name is in a team of this name."""

    code = "not_a_member"

    def __init__(self, username: str, team: str | None, teams: Sequence[str]) -> None:
        where = f"the team {team!r}" if team else "a single team"
        super().__init__(
            f"there is no person {username!r} in {where}",
            remedy=f"Say which with --team: {', '.join(teams)}."
            if teams
            else "`guildhall users list` shows who there is.",
            field="username",
            value=username,
        )


async def admit(url: str, username: str, *, team: str | None = None, role: str | None = None) -> tuple[SqlLogin, str]:
    """
    Make a login for a person in a team, by an administrator's URL; it and its password, which nothing keeps.

    `team` is a slug and may be left out where the person is in one only; `role` is the login's name,
    `<username>_<team>` unless given.

    Raises:
        NotAMember: There is no such person in such a team.
        LoginExists: The server has a role of the name.
        InvalidInput: The name is no name of a role.
    """
    async with _administrator(url) as connection, connection.transaction():
        found = await connection.fetch(
            """
            SELECT users.id AS user_id, teams.id AS tenant_id, teams.slug::text AS slug
              FROM platform.users
              JOIN platform.team_members AS members ON members.user_id = users.id
              JOIN platform.teams ON teams.id = members.tenant_id
             WHERE users.username = $1 AND ($2::text IS NULL OR teams.slug = $2)
             ORDER BY teams.slug
            """,
            username,
            team,
        )
        if len(found) != 1:
            raise NotAMember(username, team, [row["slug"] for row in found])
        (member,) = found
        name = role or f"{username}_{member['slug']}"
        if not 0 < len(name.encode()) <= _LONGEST_NAME or name.startswith("pg_"):
            raise InvalidInput(
                f"the role's name {name!r} is not one of 1 to {_LONGEST_NAME} bytes that does not begin with pg_",
                remedy="Choose another with --role.",
                field="role",
                value=name,
            )
        if await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", name):
            raise LoginExists(name)
        password = secrets.token_urlsafe(24)
        for statement in (
            "CREATE ROLE %1$I LOGIN INHERIT CONNECTION LIMIT 10 PASSWORD %2$L",
            "GRANT guildhall_person TO %1$I",
            f"ALTER ROLE %1$I IN DATABASE %3$I SET search_path = {_SEARCH_PATH}",
            "ALTER ROLE %1$I IN DATABASE %3$I SET default_transaction_read_only = on",
            "COMMENT ON ROLE %1$I IS 'Guildhall: a person who writes SQL'",
        ):
            await connection.execute(
                await connection.fetchval(
                    "SELECT format($1, $2::text, $3::text, current_database())", statement, name, password
                )
            )
        created_at = await connection.fetchval(
            "INSERT INTO platform.sql_logins (role_name, tenant_id, user_id) VALUES ($1, $2, $3) RETURNING created_at",
            name,
            member["tenant_id"],
            member["user_id"],
        )
    return SqlLogin(name, username, member["slug"], created_at), password


async def admitted(url: str) -> list[SqlLogin]:
    """Every login that was made, by name."""
    async with _administrator(url) as connection:
        rows = await connection.fetch(
            """
            SELECT logins.role_name::text AS role, users.username::text AS username, teams.slug::text AS team, logins.created_at
              FROM platform.sql_logins AS logins
              JOIN platform.users ON users.id = logins.user_id
              JOIN platform.teams ON teams.id = logins.tenant_id
             ORDER BY logins.role_name
            """
        )
    return [SqlLogin(**dict(row)) for row in rows]


async def dismiss(url: str, role: str) -> None:
    """
    End a login at once: its sessions are closed and the role is gone.

    Raises:
        LoginNotFound: It was not made with `admit`.
    """
    async with _administrator(url) as connection:
        async with connection.transaction():
            if not await connection.fetchval(
                "DELETE FROM platform.sql_logins WHERE role_name = $1 RETURNING true", role
            ):
                raise LoginNotFound(role)
            for statement in ("DROP OWNED BY %I", "DROP ROLE %I"):
                await connection.execute(await connection.fetchval("SELECT format($1, $2::text)", statement, role))
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()",
            role,
        )


@asynccontextmanager
async def _administrator(url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    with translated():
        connection = await asyncpg.connect(url, timeout=10, server_settings={"timezone": "UTC"})
    try:
        with translated():
            yield connection
    finally:
        await connection.close()
