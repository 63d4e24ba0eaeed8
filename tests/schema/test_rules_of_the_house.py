"""What an import linter cannot see: SQL, ownership, and the rules that every table keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import asyncpg
import pytest

import guildhall
from guildhall.db import load_queries

_ROOMS = sorted(
    ".".join(("guildhall", *path.parent.relative_to(Path(guildhall.__file__).parent).parts))
    for path in Path(guildhall.__file__).parent.glob("domains/*/*/queries.sql")
)
_WRITES = re.compile(
    r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+(?P<table>(?:platform|catalogue|gateway|evaluation|society|store)\.[a-z_]+)",
    re.IGNORECASE,
)


@pytest.fixture
async def connection(common_url: str) -> Iterator[asyncpg.Connection]:
    connection = await asyncpg.connect(common_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize("room", _ROOMS)
async def test_every_named_query_prepares_as_the_applications_role(room: str, connection: asyncpg.Connection) -> None:
    await connection.execute("SET ROLE guildhall_app")
    for query in load_queries(room).values():
        try:
            await connection.prepare(query.sql)
        except asyncpg.PostgresError as error:
            pytest.fail(f"{room}: {query.name}: {error}")


@pytest.mark.parametrize("room", _ROOMS)
async def test_a_room_writes_only_tables_that_it_owns(room: str, connection: asyncpg.Connection) -> None:
    text = resources.files(room).joinpath("queries.sql").read_text("utf-8")
    written = {match["table"] for match in _WRITES.finditer(re.sub(r"--[^\n]*", "", text))}
    name = room.rpartition(".")[2]
    for table in written:
        comment = await connection.fetchval("SELECT obj_description(to_regclass($1))", table)
        assert comment is not None, f"{table} has no comment"
        assert comment.partition(":")[0] == name, f"{room} writes {table}, which belongs to {comment.partition(':')[0]}"


async def test_every_relation_says_its_room_and_its_class(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        """
        SELECT oid::regclass::text AS relation, obj_description(oid) AS comment
          FROM pg_class
         WHERE relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
           AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
        """
    )
    assert rows
    for row in rows:
        parts = (row["comment"] or "").split(": ")
        assert len(parts) >= 3, f"{row['relation']} lacks a comment 'room: class: meaning'"
        assert parts[1] in {"tenant", "global", "system"}, row["relation"]


async def test_every_tenant_table_is_closed_to_other_teams(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        """
        SELECT classes.oid::regclass::text AS relation, classes.relkind::text AS kind, classes.relrowsecurity,
               classes.relforcerowsecurity, namespaces.nspname AS schema,
               pg_get_viewdef(classes.oid) AS definition,
               COALESCE('security_invoker=true' = ANY (classes.reloptions), false) AS asks_as_invoker,
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = classes.oid AND attname = 'tenant_id') AS has_tenant
          FROM pg_class AS classes
          JOIN pg_namespace AS namespaces ON namespaces.oid = classes.relnamespace
         WHERE namespaces.nspname IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
           AND classes.relkind IN ('r', 'p', 'v') AND NOT classes.relispartition
           AND split_part(obj_description(classes.oid), ': ', 2) = 'tenant'
        """
    )
    assert len(rows) > 15
    for row in rows:
        assert row["has_tenant"], row["relation"]
        if row["schema"] == "store":
            may_read = await connection.fetchval(
                "SELECT has_any_column_privilege('guildhall_app', $1, 'SELECT, UPDATE')", row["relation"]
            )
            names_owner = await connection.fetchval(
                "SELECT has_column_privilege('guildhall_app', $1, 'tenant_id', 'INSERT')", row["relation"]
            )
            assert (may_read, names_owner) == (False, False), row["relation"]
        elif row["kind"] == "v":
            # either it sees what whoever asks may see, or it names the team itself
            assert row["asks_as_invoker"] or "tenant_id = ( SELECT platform.tenant_id()" in row["definition"], row[
                "relation"
            ]
        else:
            assert (row["relrowsecurity"], row["relforcerowsecurity"]) == (True, True), row["relation"]


async def test_every_referencing_column_has_an_index(connection: asyncpg.Connection) -> None:
    missing = await connection.fetch(
        """
        SELECT keys.conrelid::regclass::text AS relation, keys.conname,
               (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = keys.conrelid AND attnum = ANY (keys.conkey)) AS columns
          FROM pg_constraint AS keys
          JOIN pg_class AS classes ON classes.oid = keys.conrelid
         WHERE keys.contype = 'f' AND NOT classes.relispartition
           AND classes.relnamespace::regnamespace::text NOT LIKE '%timescaledb%'
           AND keys.confrelid NOT IN ('platform.teams'::regclass)
           AND NOT EXISTS (
                   SELECT FROM pg_index AS indexes
                    WHERE indexes.indrelid = keys.conrelid
                      -- tenant_id says little; the column beside it must lead
                      AND (indexes.indkey::int2[])[0:1] && (
                              SELECT array_agg(attnum) FROM pg_attribute
                               WHERE attrelid = keys.conrelid AND attnum = ANY (keys.conkey)
                                 AND (attname <> 'tenant_id' OR cardinality(keys.conkey) = 1))
               )
        """
    )
    assert [(row["relation"], row["conname"], row["columns"]) for row in missing] == []


async def test_every_column_that_triggers_keep_as_a_key_has_an_index(connection: asyncpg.Connection) -> None:
    """Functions that refuse as a foreign key would say which: its other side looks the column up for each row that goes."""
    kept = await connection.fetch(
        r"""
        SELECT DISTINCT (keys.said[1] || '.' || keys.said[2])::regclass AS relation, keys.said[3]::text AS column
          FROM pg_proc AS functions
         CROSS JOIN LATERAL regexp_matches(
                   functions.prosrc,
                   'SCHEMA = ''(\w+)'', TABLE = ''(\w+)'',\s+CONSTRAINT = ''\2_(\w+)_fkey''', 'g'
               ) AS keys (said)
         WHERE functions.pronamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
        """
    )
    assert {("platform.background_tasks", "tenant_id"), ("platform.background_tasks", "created_by")} <= {
        (row["relation"], row["column"]) for row in kept
    }
    for row in kept:
        if row["column"] != "tenant_id":  # as of foreign keys to teams
            assert await connection.fetchval(
                """
                SELECT count(*)
                  FROM pg_index AS indexes
                  JOIN pg_attribute AS columns ON columns.attrelid = indexes.indrelid AND columns.attnum = indexes.indkey[0]
                 WHERE indexes.indrelid = $1::text::regclass AND columns.attname = $2
                   AND COALESCE(pg_get_expr(indexes.indpred, indexes.indrelid) = format('(%I IS NOT NULL)', $2), true)
                """,
                row["relation"],
                row["column"],
            ), row


async def test_the_application_never_owns_what_it_works_on(connection: asyncpg.Connection) -> None:
    owners = await connection.fetch(
        """
        SELECT DISTINCT pg_get_userbyid(relowner) AS owner
          FROM pg_class
         WHERE relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
        """
    )
    assert {row["owner"] for row in owners} == {"guildhall_owner"}
    members = await connection.fetchval("SELECT pg_has_role('guildhall_login', 'guildhall_owner', 'MEMBER')")
    assert members is False


async def test_money_is_exact_and_time_knows_its_zone(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        SELECT table_schema || '.' || table_name || '.' || column_name AS col, data_type
          FROM information_schema.columns
         WHERE table_schema IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
           AND ((column_name LIKE '%\\_usd' AND data_type <> 'numeric')
                OR data_type IN ('real', 'timestamp without time zone'))
        """
    )
    assert [(row["col"], row["data_type"]) for row in wrong] == []
