"""Transactions: whose they are, what they leave behind, and what their errors say."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from guildhall import clock
from guildhall.db import SLOW_MS, Actor, ConstraintViolated, Database, DatabaseUnavailable, Tx, pool
from guildhall.db.errors import StatementRefused, TooBusy, ValueRefused, translated
from guildhall.db.queries import parse_queries

queries = parse_queries(
    "here",
    """
-- name: add
INSERT INTO evaluation.configurations (name) VALUES (:name) RETURNING config_id;
-- name: count
SELECT count(*) FROM evaluation.configurations;
-- name: identity
SELECT current_user::text AS role, current_setting('app.tenant_id', true) AS tenant, current_setting('app.user_id', true) AS person;
-- name: add_for_another_team
INSERT INTO evaluation.configurations (name, tenant_id) VALUES ('theirs', :tenant_id);
-- name: give_away
UPDATE evaluation.configurations SET tenant_id = :tenant_id;
-- name: read_base_table
SELECT count(*) FROM store.outcomes;
-- name: audit
SELECT operation, table_name, user_id, new_data ->> 'name' AS name FROM platform.audit_log;
-- name: change_audit
UPDATE platform.audit_log SET operation = 'DELETE';
-- name: nonsense
SELECT 'x'::text::integer;
-- name: take_long
SELECT pg_sleep(0.6), :secret::text;
-- name: take_long_and_fail
SELECT ('x' || pg_sleep(0.6)::text)::integer;
-- name: role
SELECT current_user::text;
-- name: slow_statements
SELECT query, duration_ms FROM platform.slow_query_log ORDER BY id;
""",
)


async def test_a_transaction_is_the_applications_role_for_one_person_and_team(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        row = await tx.find(queries.identity)
    assert row is not None
    assert dict(row) == {"role": "guildhall_app", "tenant": str(actor.tenant_id), "person": str(actor.user_id)}


async def test_what_a_block_did_is_kept_when_it_ends_and_undone_when_it_raises(
    database: Database, actor: Actor
) -> None:
    async with database.transaction(actor) as tx:
        await tx.execute(queries.add, name="kept")
    with pytest.raises(RuntimeError):
        async with database.transaction(actor) as tx:
            await tx.execute(queries.add, name="undone")
            raise RuntimeError
    async with database.transaction(actor) as tx:
        assert await tx.value(queries.count) == 1


async def test_another_team_sees_nothing_and_gets_no_error(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        await tx.execute(queries.add, name="ours")
    async with database.transaction(Actor(actor.user_id, uuid4())) as tx:
        assert await tx.value(queries.count) == 0
        assert await tx.fetch(queries.audit) == []


@pytest.mark.parametrize("query", ["add_for_another_team", "give_away"])
async def test_a_row_can_neither_be_made_for_nor_given_to_another_team(
    database: Database, actor: Actor, query: str
) -> None:
    async with database.transaction(actor) as tx:
        await tx.execute(queries.add, name="ours")
    with pytest.raises(StatementRefused):
        async with database.transaction(actor) as tx:
            await tx.execute(queries[query], tenant_id=uuid4())


async def test_the_base_table_of_a_series_cannot_be_read(tx: Tx) -> None:
    with pytest.raises(StatementRefused):
        await tx.value(queries.read_base_table)


async def test_copy_cannot_name_the_team(tx: Tx) -> None:
    with pytest.raises(StatementRefused):
        await tx.copy("store.outcomes", ["outcome_id", "tenant_id"], [(uuid4(), uuid4())])


async def test_a_change_is_audited_with_who_made_it_and_nobody_can_change_that(
    database: Database, actor: Actor
) -> None:
    async with database.transaction(actor) as tx:
        await tx.execute(queries.add, name="audited")
    async with database.transaction(actor) as tx:
        rows = [dict(row) for row in await tx.fetch(queries.audit)]
        assert rows == [
            {"operation": "INSERT", "table_name": "configurations", "user_id": actor.user_id, "name": "audited"}
        ]
    with pytest.raises(StatementRefused):
        async with database.transaction(actor) as tx:
            await tx.execute(queries.change_audit)


async def test_nothing_of_a_caller_is_left_on_the_connection(database_url: str, actor: Actor) -> None:
    database = await Database.connect(database_url, size=1)
    try:
        async with database.transaction(actor) as tx:
            await tx.value(queries.count)
        connection = database._pool  # what the next caller of the one connection would find
        async with connection.acquire() as bare:
            left = await bare.fetchrow("SELECT current_user::text, current_setting('app.tenant_id', true)")
        assert tuple(left) in {("guildhall_login", ""), ("guildhall_login", None)}
    finally:
        await database.close()


async def test_a_broken_rule_names_the_rule_and_no_values(tx: Tx) -> None:
    await tx.execute(queries.add, name="secret name")
    with pytest.raises(ConstraintViolated) as refused:
        await tx.execute(queries.add, name="secret name")
    assert refused.value.constraint == "configurations_one_per_name"
    assert refused.value.kind == "unique"
    assert "secret" not in str(refused.value)


async def test_a_value_of_the_wrong_kind_is_bad_input(tx: Tx) -> None:
    with pytest.raises(ValueRefused):
        await tx.value(queries.nonsense)


async def test_a_savepoint_fails_alone(tx: Tx) -> None:
    await tx.execute(queries.add, name="first")
    with pytest.raises(ConstraintViolated):
        async with tx.savepoint():
            await tx.execute(queries.add, name="first")
    await tx.execute(queries.add, name="second")
    assert await tx.value(queries.count) == 2


async def test_a_connection_that_died_while_idle_is_replaced(
    database: Database, administrator_url: str, actor: Actor
) -> None:
    async with database.transaction(actor) as tx:
        await tx.value(queries.count)
    administrator = await asyncpg.connect(administrator_url)
    try:
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await administrator.close()
    async with database.transaction(actor) as tx:
        assert await tx.value(queries.count) == 0


async def test_a_connection_that_dies_in_a_transaction_says_that_the_database_is_away(
    database: Database, administrator_url: str, actor: Actor
) -> None:
    administrator = await asyncpg.connect(administrator_url)
    try:
        with pytest.raises(DatabaseUnavailable):
            async with database.transaction(actor) as tx:
                await tx.value(queries.count)
                await administrator.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                await tx.value(queries.count)
    finally:
        await administrator.close()


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nowhere", "nonsense", "postgresql://[::1/x"])
async def test_a_server_that_is_not_there_is_unavailable(url: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        await Database.connect(url)


async def test_presence_is_seen_until_it_ends(database: Database, actor: Actor) -> None:
    key = clock.new_id().int & (1 << 63) - 1

    async def is_absent() -> bool:
        async with database.transaction(actor) as tx:
            return await tx.is_absent(key)

    async with database.presence(key) as presence:
        assert not await is_absent()
        await presence.renew()
        assert not await is_absent()
    assert await is_absent()


async def test_whoever_is_present_for_hours_is_not_sent_away_and_holds_up_no_vacuum(
    direct_url: str, administrator_url: str
) -> None:
    administrator = await asyncpg.connect(administrator_url)
    try:
        name = await administrator.fetchval("SELECT quote_ident(current_database())")
        await administrator.execute(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '1min'")
        database = await Database.connect(direct_url, size=2)
        async with database.presence(7) as presence:
            assert presence._connection is not None
            assert await presence._connection.fetchval("SHOW idle_in_transaction_session_timeout") == "0"
            holds = await administrator.fetch(
                "SELECT state, backend_xid, backend_xmin FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE locktype = 'advisory' AND objid = 7 AND datname = current_database()"
            )
            assert [tuple(each) for each in holds] == [("idle in transaction", None, None)]
        await database.close()
    finally:
        await administrator.close()


async def test_many_transactions_share_few_connections(database: Database, actor: Actor) -> None:
    async def one(name: str) -> UUID:
        async with database.transaction(actor) as tx:
            found: UUID = await tx.value(queries.add, name=name)
            return found

    made = await asyncio.gather(*(one(f"agent {number}") for number in range(40)))
    assert len(set(made)) == 40


def test_what_the_driver_raises_is_told_in_our_words() -> None:
    # Seen when the server's farewell arrived just before a statement was sent; it cannot be had at will.
    lost = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    with pytest.raises(DatabaseUnavailable), translated():
        raise lost
    with pytest.raises(TooBusy), translated():
        raise asyncpg.QueryCanceledError("canceling statement due to statement timeout")
    with pytest.raises(DatabaseUnavailable, match="standby"), translated():
        raise asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction")
    with pytest.raises(asyncpg.InternalClientError), translated():
        raise asyncpg.InternalClientError("something that nobody expects")


async def test_slow_statements_are_kept_without_values_whatever_becomes_of_their_transaction(
    database: Database, actor: Actor
) -> None:
    """Here the database is slow on request: what it takes is the condition, and no time is measured."""
    async with database.transaction(actor) as tx:
        await tx.value(queries.count)
        await tx.find(queries.take_long, secret="password")
    reader = Actor(actor.user_id, actor.tenant_id, reads_only=True)
    with pytest.raises(ValueRefused):
        async with database.transaction(reader) as tx:
            await tx.value(queries.take_long_and_fail)
    async with database.duty("scheduler") as tx:
        kept = await tx.fetch(queries.slow_statements)
    assert [row["query"] for row in kept] == [queries.take_long.sql, queries.take_long_and_fail.sql]
    assert all(row["duration_ms"] >= SLOW_MS for row in kept)


async def test_a_connection_goes_back_although_whoever_kept_its_slow_statements_was_cancelled(
    direct_url: str, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging = asyncio.Event()

    async def log_for_ever(*_: object) -> None:
        logging.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(pool, "_log", log_for_ever)
    database = await Database.connect(direct_url, size=1, patience_s=5)

    async def slow() -> None:
        async with database.transaction(actor) as tx:
            await tx.find(queries.take_long, secret="password")

    working = asyncio.create_task(slow())
    await logging.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    async with database.transaction(actor) as tx:
        assert await tx.value(queries.count) is not None
    await database.close()


async def test_a_part_on_duty_that_fails_leaves_the_transaction_its_own_role(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        role = await tx.value(queries.role)
        with pytest.raises(ZeroDivisionError):
            async with tx.on_duty("worker"):
                assert await tx.value(queries.role) == "guildhall_worker"
                raise ZeroDivisionError
        assert await tx.value(queries.role) == role == "guildhall_app"
