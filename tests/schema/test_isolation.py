"""
Every tenant relation against another team: nothing passes, and nothing shows that the other's row exists.

Every table of class tenant holds a row of ours and one of theirs. Everything
that the application's role may do is then tried on theirs: with our team set,
and with none. What is tried is rolled back, and a superuser compares.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from fixtures.guildhall import at
from fixtures.population import WINGS, Population, Table
from fixtures.statements import OURS, THEIRS
from guildhall.db import people
from guildhall.db.errors import translate
from guildhall.errors import GuildhallError

PINNED = {
    "fk_latest_version": "(config_id, latest_version_id): a version's config_id is taken already, by its team's configuration",
}
"""Keys between teams' tables that may be without the team, and why."""

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of class tenant that some role of the application may use."""

    name: str
    kind: str
    columns: Sequence[str]
    insertable: Sequence[str]
    """What the application may name in an INSERT."""
    base: str | None


class House:
    """A populated database, and a connection that takes any role for the length of an attempt."""

    def __init__(
        self, connection: asyncpg.Connection[Any], tables: Sequence[Table], relations: Sequence[Relation]
    ) -> None:
        self.connection = connection
        self.tables = tables
        self.relations = relations
        self._before: dict[str, str] = {}

    async def remember(self) -> None:
        """Keep what the other team has now, to compare with."""
        self._before = await self.theirs()

    async def attempt(
        self,
        sql: str,
        *arguments: Any,
        role: str = "guildhall_app",
        team: Any = OURS.tenant_id,
        prepared: Sequence[str] = (),
    ) -> Any:
        """
        What a statement of a role returns (rows, or how many it touched), or the error that refuses it.

        Whatever it did is rolled back, and what a superuser `prepared` for it;
        `theirs` then says whether it had touched the other team's rows.
        """
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            for each in prepared:
                await self.connection.execute(each)
            await self.connection.execute(f"SET LOCAL ROLE {role}")
            await self.connection.execute(
                "SELECT set_config('app.tenant_id', $1, true), set_config('app.user_id', $2, true)",
                str(team or ""), str(OURS.user_id),
            )  # fmt: skip
            savepoint = self.connection.transaction()
            await savepoint.start()
            try:
                if sql.lstrip().upper().startswith(("SELECT", "WITH")):
                    result: Any = await self.connection.fetch(sql, *arguments)
                else:
                    status = await self.connection.execute(sql, *arguments)
                    result = int(status.rsplit(" ", 1)[-1])
                await self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            except asyncpg.PostgresError as error:
                await savepoint.rollback()
                return error
            if isinstance(result, int) and result:  # a statement that touched something must have touched ours
                await self.connection.execute("RESET ROLE")
                assert await self.theirs() == self._before, f"{sql} changed another team's rows"
            return result
        finally:
            await transaction.rollback()

    async def theirs(self) -> dict[str, str]:
        """A digest of everything that belongs to the other team, by table."""
        parts = [
            f"SELECT '{table.name}' AS name, md5(string_agg(rows::text, '|' ORDER BY rows::text)) AS digest "
            f"FROM {table.name} AS rows WHERE tenant_id = '{THEIRS.tenant_id}'"
            for table in self.tables
        ]
        return {row["name"]: row["digest"] for row in await self.connection.fetch(" UNION ALL ".join(parts))}

    async def row(self, table: str, team: Any) -> asyncpg.Record:
        """A team's row, as a superuser sees it."""
        found = await self.connection.fetchrow(f"SELECT * FROM {table} WHERE tenant_id = $1", team)
        assert found is not None, table
        return found


@pytest.fixture
async def house(administrator_url: str) -> AsyncIterator[House]:
    connection = await asyncpg.connect(administrator_url)
    await connection.execute(
        f"""
        INSERT INTO platform.users (id, username, email) VALUES ('{THEIRS.user_id}', 'other', 'other@localhost');
        INSERT INTO platform.teams (id, name, slug) VALUES ('{THEIRS.tenant_id}', 'Other', 'other');
        """
    )
    population = Population(connection)
    tables = await population.tables()
    ledgers = {row["relation"] for row in await connection.fetch("SELECT relation FROM platform.ledgers")}
    for table in tables:
        await population.fill(table, [OURS.tenant_id, THEIRS.tenant_id])
        # Roll-ups know of changes by triggers, which were off; rows of ledgers never change.
        if table.name.startswith("store.") and table.name not in ledgers:
            await connection.execute(f"UPDATE {table.name} SET tenant_id = tenant_id")
    house = House(connection, tables, await _relations(connection))
    await house.remember()
    yield house
    await connection.close()


async def _relations(connection: asyncpg.Connection[Any]) -> list[Relation]:
    rows = await connection.fetch(
        """
        SELECT classes.oid::regclass::text AS name, classes.relkind::text AS kind,
               ARRAY(SELECT attname::text FROM pg_attribute
                      WHERE attrelid = classes.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum) AS columns,
               ARRAY(SELECT attname::text FROM pg_attribute
                      WHERE attrelid = classes.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                        AND has_column_privilege('guildhall_app', attrelid, attnum, 'INSERT') ORDER BY attnum) AS insertable,
               CASE WHEN classes.relkind = 'v' THEN to_regclass(format('store.%I', classes.relname))::text
                    WHEN classes.relkind IN ('r', 'p') THEN classes.oid::regclass::text END AS base
          FROM pg_class AS classes
         WHERE classes.relnamespace::regnamespace::text = ANY ($1) AND classes.relkind IN ('r', 'p', 'v', 'm')
           AND NOT classes.relispartition AND split_part(obj_description(classes.oid), ': ', 2) = 'tenant'
         ORDER BY 1
        """,
        [*WINGS, "store"],
    )
    return [Relation(**dict(row)) for row in rows]


def _refused(result: Any) -> bool:
    return isinstance(result, asyncpg.PostgresError)


def _refused_by_rights(result: Any) -> bool:
    """By a grant, a policy, a view's own condition, or because the view aggregates and takes no rows at all."""
    return isinstance(
        result,
        (
            asyncpg.InsufficientPrivilegeError,
            asyncpg.WithCheckOptionViolationError,
            asyncpg.ObjectNotInPrerequisiteStateError,
        ),
    )


def _nothing(result: Any) -> bool:
    return _refused(result) or result in (0, [])


async def test_every_table_is_populated_and_its_owner_sees_its_row(house: House) -> None:
    assert len(house.tables) > 15
    unseen = []
    for relation in house.relations:
        if relation.base is None or relation.name.startswith("store."):
            continue
        seen = await house.attempt(f"SELECT 1 FROM {relation.name} WHERE tenant_id = '{OURS.tenant_id}'")
        if not seen and not (_refused(seen) and isinstance(seen, asyncpg.InsufficientPrivilegeError)):
            unseen.append(relation.name)
    assert unseen == []


async def test_every_rollup_of_teams_has_rows_of_both(house: House) -> None:
    rollups = await house.connection.fetch("SELECT name FROM platform.rollups")
    views = [
        each
        for each in house.relations
        if each.kind == "v" and each.name.partition(".")[2] in {row["name"] for row in rollups}
    ]
    assert len(views) >= 3
    for view in views:
        for team in (OURS.tenant_id, THEIRS.tenant_id):
            assert await house.attempt(f"SELECT FROM {view.name} WHERE tenant_id = '{team}'", team=team), (
                view.name,
                team,
            )


async def test_an_outcome_shows_its_embedding(house: House) -> None:
    async with house.connection.transaction():
        await house.connection.execute("SET LOCAL session_replication_role = replica")
        await house.connection.execute(
            """
            UPDATE evaluation.outcome_embeddings AS embeddings
               SET outcome_id = outcomes.outcome_id, execution_time = outcomes.execution_time
              FROM store.outcomes WHERE outcomes.tenant_id = embeddings.tenant_id
            """
        )
    for role in ("guildhall_app", "guildhall_reader"):
        (row,) = await house.attempt("SELECT trajectory_embedding FROM evaluation.outcomes", role=role)
        assert row["trajectory_embedding"] is not None


@pytest.mark.parametrize("role", ["guildhall_app", "guildhall_reader"])
async def test_nobody_reads_another_teams_row(house: House, role: str) -> None:
    leaks = []
    for relation in house.relations:
        ours = await house.attempt(f"SELECT * FROM {relation.name} WHERE tenant_id <> '{OURS.tenant_id}'", role=role)
        unset = await house.attempt(f"SELECT * FROM {relation.name}", role=role, team=None)
        if not _nothing(ours):
            leaks.append((relation.name, "with a team"))
        if not _nothing(unset):
            leaks.append((relation.name, "with none"))
        if _refused(unset) and not isinstance(unset, asyncpg.InsufficientPrivilegeError):
            leaks.append((relation.name, f"an error where no team is set: {unset}"))
    assert leaks == []


async def test_a_person_who_writes_sql_sees_their_teams_rows_whatever_they_set(
    house: House, administrator_url: str
) -> None:
    await house.connection.execute(
        "INSERT INTO platform.team_members (tenant_id, user_id, role) VALUES ($1, $2, 'member') ON CONFLICT DO NOTHING",
        THEIRS.tenant_id,
        THEIRS.user_id,
    )
    login, password = await people.admit(administrator_url, "local", role=f"person_{uuid4().hex[:12]}")
    person = await asyncpg.connect(
        at(administrator_url, database=_database(administrator_url), user=login.role), password=password
    )
    problems, seen = [], 0
    try:
        await person.execute("SET default_transaction_read_only = off")
        await person.execute(f"SET app.tenant_id = '{THEIRS.tenant_id}'")
        readable = await person.fetch(
            """
            SELECT oid::regclass::text AS name FROM pg_class
             WHERE relnamespace::regnamespace::text = ANY ($1) AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
               AND has_any_column_privilege(oid, 'SELECT') AND split_part(obj_description(oid), ': ', 2) = 'tenant'
            """,
            [*WINGS, "store", "mine"],
        )
        for row in readable:
            if await person.fetch(f"SELECT FROM {row['name']} WHERE tenant_id <> '{OURS.tenant_id}'"):
                problems.append((row["name"], "shows another team"))
            seen += bool(await person.fetch(f"SELECT FROM {row['name']} WHERE tenant_id = '{OURS.tenant_id}'"))
        for sql in (
            "INSERT INTO evaluation.configurations (name) VALUES ('theirs')",
            "DELETE FROM evaluation.configurations",
            "SELECT * FROM evaluation.outcomes",
            "SELECT * FROM store.outcomes",
            "SET ROLE guildhall_app",
            "SET ROLE guildhall_owner",
            "SELECT platform.ensure_partitions('outcomes', now(), now())",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await person.execute(sql)
        assert await person.fetchval("SELECT count(*) FROM outcomes") == 1
        assert await person.fetchval("SELECT count(*) FROM simulations") == 1
    finally:
        await person.close()
        await people.dismiss(administrator_url, login.role)
    assert problems == []
    assert seen >= len(house.tables) - 2  # all but what nobody may read


async def test_nobody_changes_or_deletes_another_teams_row(house: House) -> None:
    problems = []
    for relation in house.relations:
        for team in (OURS.tenant_id, None):
            for sql in (
                *(
                    f'UPDATE {relation.name} SET "{column}" = "{column}" WHERE tenant_id = $1'
                    for column in relation.columns
                ),
                f"DELETE FROM {relation.name} WHERE tenant_id = $1",
            ):
                result = await house.attempt(sql, THEIRS.tenant_id, team=team)
                if not _nothing(result):
                    problems.append((sql, team, result))
    assert problems == []


async def test_nobody_gives_a_row_to_another_team(house: House) -> None:
    """It is rights that refuse it, not a key or a trigger that happens to be in the way."""
    problems = []
    for relation in house.relations:
        if relation.base is None:
            continue
        unhindered = _without_triggers(relation.base)
        moved = await house.attempt(
            f"UPDATE {relation.name} SET tenant_id = $1 WHERE tenant_id = $2",
            THEIRS.tenant_id,
            OURS.tenant_id,
            prepared=unhindered,
        )
        if moved != 0 and not _refused_by_rights(moved):
            problems.append((relation.name, "moved", moved))
        row = dict(await house.row(relation.base, THEIRS.tenant_id))
        is_kept = relation.base in {table.name for table in house.tables}
        gone = _without_rows(relation.base, THEIRS.tenant_id) if is_kept else []
        named = [name for name in relation.columns if name in relation.insertable or name == "tenant_id"]
        for team in (OURS.tenant_id, None):
            added = await house.attempt(*_insertion(relation, row, named), team=team, prepared=[*unhindered, *gone])
            if not _refused_by_rights(added):
                problems.append((relation.name, "added", team, added))
    assert problems == []


async def test_a_key_that_points_at_another_teams_row_is_as_if_there_were_none(house: House) -> None:
    """Whether the row exists in the other team or nowhere, each key refuses it, and in the same words."""
    keys = await house.connection.fetch(
        """
        SELECT keys.conname AS name, keys.conrelid::regclass::text AS source, keys.confrelid::regclass::text AS target,
               ARRAY(SELECT attname::text FROM unnest(keys.conkey) WITH ORDINALITY AS k (n, o)
                       JOIN pg_attribute ON attrelid = keys.conrelid AND attnum = k.n ORDER BY o) AS columns,
               ARRAY(SELECT attname::text FROM unnest(keys.confkey) WITH ORDINALITY AS k (n, o)
                       JOIN pg_attribute ON attrelid = keys.confrelid AND attnum = k.n ORDER BY o) AS targets,
               ARRAY(SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', others.conrelid::regclass, others.conname)
                       FROM pg_constraint AS others
                      WHERE others.conrelid = keys.conrelid AND others.contype IN ('f', 'c') AND others.oid <> keys.oid
                        AND NOT (others.contype = 'f' AND NOT keys.conkey @> teams AND others.conkey @> teams AND others.conkey && keys.conkey)
                    ) AS hindrances
          FROM pg_constraint AS keys
          JOIN pg_class AS classes ON classes.oid = keys.conrelid
         CROSS JOIN LATERAL (SELECT array_agg(attnum) AS teams FROM pg_attribute WHERE attrelid = keys.conrelid AND attname = 'tenant_id') AS own
         WHERE keys.contype = 'f' AND NOT classes.relispartition AND keys.conparentid = 0
           AND split_part(obj_description(keys.conrelid), ': ', 2) = 'tenant'
           AND split_part(obj_description(keys.confrelid), ': ', 2) = 'tenant'
        """
    )
    assert len(keys) > 100
    problems = []
    for key in keys:
        if key["name"] in PINNED:
            continue
        relation = next(each for each in house.relations if each.name == key["source"])
        row = dict(await house.row(key["source"], OURS.tenant_id))
        target = await house.row(key["target"], THEIRS.tenant_id)
        pairs = zip(key["columns"], key["targets"], strict=True)
        row |= {column: target[other] for column, other in pairs if column != "tenant_id"}
        # The key stands alone: no grant, trigger, check or other key refuses the row in its stead. One that does not
        # name the team has beside it a policy, or a key that says of one of its columns whose it is.
        names_the_team = "tenant_id" in key["columns"]
        prepared = [
            *key["hindrances"],
            *_without_triggers(key["source"]),
            f"GRANT INSERT ON {key['source']} TO guildhall_app",
            *_without_rows(key["source"], OURS.tenant_id),
            *_without_rows(key["target"], OURS.tenant_id),
        ]
        there, nowhere = [
            await house.attempt(*_insertion(relation, row, _but_the_team(relation)), prepared=[*prepared, *world])
            for world in ([], _without_rows(key["target"], THEIRS.tenant_id))
        ]
        if not _refused(there) or (names_the_team and getattr(there, "constraint_name", None) != key["name"]):
            problems.append((key["source"], key["columns"], "not refused by the key", there))
        if (str(there), getattr(there, "detail", None)) != (str(nowhere), getattr(nowhere, "detail", None)):
            problems.append((key["source"], key["columns"], there, nowhere))
    assert problems == []


async def test_another_teams_names_can_be_used_again(house: House) -> None:
    """No unique key but a random id collides with a row of another team."""
    async with house.connection.transaction():
        await house.connection.execute("SET LOCAL session_replication_role = replica")
        for table in house.tables:  # ours, which are made of the same values
            await house.connection.execute(f"DELETE FROM {table.name} WHERE tenant_id = $1", OURS.tenant_id)
    problems = []
    for relation in house.relations:
        if relation.base is None or (relation.kind == "v") or not await _may_insert(house, relation):
            continue
        row = dict(await house.row(relation.base, THEIRS.tenant_id))
        for column in await _random_ids(house, relation.base):
            row[column] = uuid4()
        added = await house.attempt(*_insertion(relation, row, _but_the_team(relation)))
        if isinstance(added, asyncpg.UniqueViolationError):
            problems.append((relation.name, added.constraint_name))
    assert problems == []


async def test_every_unique_key_names_the_team_or_a_random_id(house: House) -> None:
    rows = await house.connection.fetch(
        """
        SELECT indexes.indexrelid::regclass::text AS name,
               ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = indexes.indrelid AND attnum = ANY (indexes.indkey)) AS columns,
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = indexes.indrelid AND attnum = ANY (indexes.indkey)
                                                  AND (attname = 'tenant_id' OR atttypid = 'uuid'::regtype))
               -- or of values that the server alone gives
               OR NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = indexes.indrelid AND attnum = ANY (indexes.indkey)
                                                         AND has_column_privilege('guildhall_app', attrelid, attnum, 'INSERT')) AS is_private
          FROM pg_index AS indexes
          JOIN pg_class AS classes ON classes.oid = indexes.indrelid
         WHERE indexes.indisunique AND NOT classes.relispartition
           AND split_part(obj_description(classes.oid), ': ', 2) = 'tenant'
        """
    )
    assert [(row["name"], row["columns"]) for row in rows if not row["is_private"]] == []


async def test_no_error_carries_another_teams_values(house: House) -> None:
    """The server's details name keys and rows; what reaches a caller does not."""
    problems = []
    for table in house.tables:
        relation = next(each for each in house.relations if each.base == table.name)
        row = dict(await house.row(table.name, THEIRS.tenant_id))
        error = await house.attempt(*_insertion(relation, row, _but_the_team(relation)))
        if not _refused(error) or isinstance(
            error, (asyncpg.ObjectNotInPrerequisiteStateError, asyncpg.GeneratedAlwaysError)
        ):
            continue  # the latter: a view that aggregates takes no rows, and numbers that the database gives take no value
        ours = translate(error)
        assert isinstance(ours, GuildhallError), (table.name, error)
        told = f"{ours} {ours.as_json()}"
        if any(str(value) in told for value in row.values() if _UUID.fullmatch(str(value)) and value != OURS.user_id):
            problems.append((table.name, told))
    assert problems == []


async def test_functions_that_see_every_team_are_closed_to_everybody_unless_granted(house: House) -> None:
    """What runs with its owner's rights says where it looks for names, and is not for everybody."""
    rows = await house.connection.fetch(
        """
        SELECT procedures.oid::regprocedure::text AS name, procedures.proconfig AS settings,
               has_function_privilege('public', procedures.oid, 'EXECUTE') AS is_public, procedures.prorettype = 'trigger'::regtype AS is_trigger
          FROM pg_proc AS procedures
         WHERE procedures.pronamespace::regnamespace::text = ANY ($1) AND procedures.prosecdef
        """,
        list(WINGS),
    )
    assert len(rows) > 1
    for row in rows:
        assert any(each.startswith("search_path=pg_catalog") for each in row["settings"] or ()), row["name"]
        assert row["is_trigger"] or not row["is_public"], row["name"]


def _insertion(relation: Relation, row: dict[str, Any], named: Sequence[str]) -> tuple[Any, ...]:
    """An INSERT of a row into a relation, by the columns that are named."""
    columns = [name for name in named if name in row]
    marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"INSERT INTO {relation.name} ({names}) OVERRIDING SYSTEM VALUE VALUES ({marks})",
        *(row[name] for name in columns),
    )


def _but_the_team(relation: Relation) -> list[str]:
    """The columns whose team is then whoever acts."""
    return [name for name in relation.columns if name != "tenant_id"]


def _without_rows(table: str, team: Any) -> list[str]:
    """Takes a team's rows away, whatever points at them."""
    return [
        "SET LOCAL session_replication_role = replica",
        f"DELETE FROM {table} WHERE tenant_id = '{team}'",
        "SET LOCAL session_replication_role = origin",
    ]


def _without_triggers(table: str) -> list[str]:
    """Takes a table's own triggers away, which may refuse a row for reasons of theirs; those of series are left: they fill rows in."""
    return [] if table.startswith("store.") else [f"ALTER TABLE {table} DISABLE TRIGGER USER"]


async def _random_ids(house: House, table: str) -> list[str]:
    """The columns of a table's own identity: UUIDs of its primary key that are no reference."""
    rows = await house.connection.fetch(
        """
        SELECT attname::text AS name FROM pg_attribute
          JOIN pg_constraint AS keys ON keys.conrelid = attrelid AND keys.contype = 'p' AND attnum = ANY (keys.conkey)
         WHERE attrelid = to_regclass($1) AND atttypid = 'uuid'::regtype AND attname <> 'tenant_id'
        """,
        table,
    )
    return [row["name"] for row in rows]


async def _may_insert(house: House, relation: Relation) -> bool:
    may: bool = await house.connection.fetchval(
        "SELECT has_any_column_privilege('guildhall_app', $1, 'INSERT')", relation.name
    )
    return may


def _database(url: str) -> str:
    return urlsplit(url).path[1:]
