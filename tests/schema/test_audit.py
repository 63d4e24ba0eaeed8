"""What the triggers record, that nothing is left out, and who may touch it."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from fixtures.statements import OURS, THEIRS, Statements
from guildhall.domains.platform.audit import rules
from guildhall.domains.platform.audit.types import Column, Ledger

WINGS = ["platform", "catalogue", "gateway", "evaluation", "society"]
MACHINES = ["app", "reader", "curator", "writer", "worker", "scheduler"]
INSERT = "INSERT INTO evaluation.configurations (name, sandbox_config) VALUES ('an agent', $1) RETURNING config_id"


ORIGIN = ["app.address", "app.user_agent", "app.request_id", "app.agent_id"]


async def entries(sql: Statements, table: str = "configurations") -> list[asyncpg.Record]:
    """The audit log of a table, oldest first, with images as Python has them."""
    await sql.act("guildhall_app", OURS)
    rows = await sql.fetch('SELECT * FROM platform.audit_log WHERE table_name = $1 ORDER BY "timestamp"', table)
    return [
        {
            name: json.loads(value) if name.endswith(("_data", "_key")) and value else value
            for name, value in row.items()
        }
        for row in rows
    ]


async def test_a_change_is_kept_with_who_made_it_and_from_where(sql: Statements) -> None:
    await sql.execute(
        "SELECT set_config('app.address', '192.0.2.7', true), set_config('app.user_agent', 'curl', true), "
        "set_config('app.request_id', 'r-1', true), set_config('app.agent_id', $1, true)",
        str(THEIRS.user_id),
    )
    key = await sql.value(INSERT, "{}")
    await sql.execute("UPDATE evaluation.configurations SET is_active = false")
    await sql.execute("DELETE FROM evaluation.configurations")
    made, changed, gone = await entries(sql)
    assert (made["operation"], changed["operation"], gone["operation"]) == ("INSERT", "UPDATE", "DELETE")
    for each in (made, changed, gone):
        assert each["table_schema"] == "evaluation"
        assert each["record_key"] == {"config_id": str(key)}
        assert (each["user_id"], each["tenant_id"]) == (OURS.user_id, OURS.tenant_id)
        assert (each["agent_id"], each["actor_role"]) == (THEIRS.user_id, "guildhall_app")
        assert (str(each["ip_address"]), each["user_agent"], each["request_id"]) == ("192.0.2.7", "curl", "r-1")
    assert (made["old_data"], gone["new_data"]) == (None, None)
    assert (changed["old_data"]["is_active"], changed["new_data"]["is_active"]) == (True, False)


async def test_an_update_that_changes_nothing_leaves_nothing(sql: Statements) -> None:
    await sql.value(INSERT, "{}")
    await sql.execute("UPDATE evaluation.configurations SET is_active = true, name = 'an agent'")
    assert [each["operation"] for each in await entries(sql)] == ["INSERT"]


async def test_a_key_of_several_columns_is_kept_whole(sql: Statements) -> None:
    await sql.execute(
        "INSERT INTO evaluation.scenarios (scenario_id, name, task_prompt, content_hash) VALUES ('one', 'One', 'Do what is to be done.', repeat('0', 64))"
    )
    (made,) = await entries(sql, "scenarios")
    assert made["record_key"] == {"tenant_id": str(OURS.tenant_id), "scenario_id": "one"}
    assert "scenario_embedding" not in made["new_data"]
    assert await sql.value("SELECT record_id FROM platform.audit_trail WHERE table_name = 'scenarios'") is None


async def test_the_documents_trail_shows_the_same_rows(sql: Statements) -> None:
    key = await sql.value(INSERT, "{}")
    row = await sql.row("SELECT * FROM platform.audit_trail WHERE table_name = 'configurations'")
    assert (row["action"], row["record_id"], row["user_id"]) == ("INSERT", key, str(OURS.user_id))
    assert json.loads(row["new_values"])["name"] == "an agent"


async def test_a_change_by_hand_says_whose_hand_it_was(sql: Statements) -> None:
    await sql.execute("RESET ROLE")
    await sql.execute("UPDATE platform.teams SET name = 'Ours' WHERE id = $1", OURS.tenant_id)
    (changed,) = await entries(sql, "teams")
    assert changed["actor_role"] == "postgres"
    assert changed["tenant_id"] == OURS.tenant_id


@pytest.mark.parametrize("name", ["record_change", "audit_trigger", "config_version_audit"])
async def test_the_documents_names_record_the_same(sql: Statements, name: str) -> None:
    await sql.execute("RESET ROLE")
    await sql.execute(
        f"""
        CREATE TABLE evaluation.numbered (id bigint PRIMARY KEY, tenant_id uuid DEFAULT platform.tenant_id(), api_key text, embedding text);
        CREATE TRIGGER numbered_are_audited AFTER INSERT ON evaluation.numbered
            FOR EACH ROW EXECUTE FUNCTION platform.{name}('embedding');
        INSERT INTO evaluation.numbered (id, api_key, embedding) VALUES (7, 'sk-1', 'much');
        """
    )
    (made,) = await entries(sql, "numbered")
    assert made["record_key"] == {"id": 7}
    assert made["new_data"] == {"id": 7, "tenant_id": str(OURS.tenant_id), "api_key": "[redacted]"}


SECRETS = {
    "password": "hunter2",
    "headers": {"Authorization": "Bearer abc", "Accept": "json"},
    "env": [{"OPENAI_API_KEY": "sk-abc", "HOME": "/"}, {"client-secret": ["s1", "s2"]}],
    "accessToken": "eyJ",
    "token_hash": "ab",
    "db": {"credentials": {"user": "x"}},
}


async def test_images_hold_no_secrets_however_deep(sql: Statements) -> None:
    plain = {
        "max_tokens": 5,
        "tokens_used": 7,
        "key": "shown",
        "is_secret": True,
        "password": None,
        "note": "a token is a word",
    }
    await sql.value(INSERT, json.dumps(SECRETS | {"plain": plain}))
    (made,) = await entries(sql)
    kept = made["new_data"]["sandbox_config"]
    assert kept["plain"] == plain
    assert kept["headers"] == {"Authorization": "[redacted]", "Accept": "json"}
    assert kept["env"] == [{"OPENAI_API_KEY": "[redacted]", "HOME": "/"}, {"client-secret": "[redacted]"}]
    text = json.dumps(made["new_data"])
    for secret in ("hunter2", "Bearer", "sk-abc", "s1", "eyJ", '"ab"', '"x"'):
        assert secret not in text, secret


async def test_secrets_of_people_are_in_no_image(sql: Statements) -> None:
    await sql.execute("RESET ROLE")
    await sql.execute("UPDATE platform.users SET password_hash = 'argon2-of-it' WHERE id = $1", OURS.user_id)
    rows = await sql.fetch("SELECT old_data::text, new_data::text FROM store.audit_log WHERE table_name = 'users'")
    assert rows
    assert all("argon2-of-it" not in (row[0] or "") + (row[1] or "") for row in rows)


async def test_every_table_is_audited_or_says_why_not(sql: Statements) -> None:
    await sql.execute("RESET ROLE")
    await sql.execute("SET LOCAL search_path = pg_catalog")
    tables = await sql.fetch(
        """
        SELECT classes.oid::regclass::text AS name, split_part(obj_description(classes.oid), ': ', 2) AS class,
               ARRAY(SELECT operation FROM unnest(ARRAY['INSERT', 'DELETE', 'UPDATE'], ARRAY[4, 8, 16]) AS bits (operation, bit)
                      WHERE NOT EXISTS (
                                SELECT FROM pg_trigger
                                 WHERE tgrelid = classes.oid AND tgtype::integer & bit <> 0
                                   AND tgfoid IN ('platform.record_change'::regproc, 'platform.audit_trigger'::regproc,
                                                  'platform.config_version_audit'::regproc,
                                                  to_regproc(format('store.record_%s_%s', classes.relnamespace::regnamespace, classes.relname)))))
                   AS unaudited
          FROM pg_class AS classes
         WHERE classes.relnamespace::regnamespace::text = ANY ($1)
           AND classes.relkind IN ('r', 'p') AND NOT classes.relispartition
        """,
        WINGS,
    )
    exempt = {row["relation"]: row for row in await sql.fetch("SELECT * FROM platform.audit_exemptions")}
    assert len(tables) > 50
    missing = {
        table["name"]: sorted(
            set(table["unaudited"]) - set(exempt[table["name"]]["operations"] if table["name"] in exempt else ())
        )
        for table in tables
        if table["class"] in {"tenant", "global"}
    }
    assert {name: operations for name, operations in missing.items() if operations} == {}
    assert exempt.keys() <= {table["name"] for table in tables}, "a table that is exempt is not there"
    needless = [
        table["name"]
        for table in tables
        if table["name"] in exempt and not set(exempt[table["name"]]["operations"]) & set(table["unaudited"])
    ]
    assert needless == []


async def test_no_role_of_the_machine_may_touch_a_ledger(sql: Statements) -> None:
    await sql.execute("RESET ROLE")
    for ledger in await sql.fetch("SELECT name, relation, stamped FROM platform.ledgers"):
        for machine in MACHINES:
            for privilege in ("DELETE", "TRUNCATE"):
                may = await sql.value(
                    "SELECT has_table_privilege($1, $2, $3)", f"guildhall_{machine}", ledger["relation"], privilege
                )
                assert not may, (machine, privilege, ledger["name"])
            for column in ("epoch", "transaction_id", "digest", "redaction_id"):
                may = await sql.value(
                    "SELECT has_column_privilege($1, $2, $3, 'INSERT, UPDATE')",
                    f"guildhall_{machine}",
                    ledger["relation"],
                    column,
                )
                assert not may, (machine, column, ledger["name"])
            may = await sql.value(
                "SELECT has_any_column_privilege($1, $2, 'UPDATE')", f"guildhall_{machine}", ledger["relation"]
            )
            assert not may or ledger["name"] not in {"audit_log", "audit_logs"}, (machine, ledger["name"])
    for machine in MACHINES:
        may = await sql.value(
            "SELECT has_any_column_privilege($1, 'store.audit_log', 'INSERT')", f"guildhall_{machine}"
        )
        assert not may, machine
        for table in ("audit_seals", "audit_seal_parts", "audit_redactions", "ledgers", "audit_exemptions"):
            may = await sql.value(
                "SELECT has_table_privilege($1, $2, 'UPDATE, DELETE, TRUNCATE')",
                f"guildhall_{machine}",
                f"platform.{table}",
            )
            assert not may, (machine, table)


@pytest.mark.parametrize("statement", ["UPDATE store.audit_log SET user_id = NULL", "DELETE FROM store.audit_log"])
async def test_even_a_superuser_does_not_change_the_log_by_mistake(sql: Statements, statement: str) -> None:
    await sql.value(INSERT, "{}")
    await sql.execute("RESET ROLE")
    async with sql.refused("audit_log_is_a_ledger"):
        await sql.execute(statement)


VALUES = {
    "an_id uuid": "gen_random_uuid()",
    "words text": "E'two\\nlines = \"and\" \\t\\x01 é'",
    "short varchar(20)": "'x'",
    "state platform.job_status": "'running'",
    "flag boolean": "true",
    "small smallint": "-3",
    "number integer": "7",
    "big bigint": "9007199254740993",
    "money numeric(18, 10)": "0.0000012300",
    "score double precision": "0.1::float8 + 0.2::float8",
    "document jsonb": """'{"b": [1, null, "x\\n"], "a": 1.50}'""",
    "address inet": "'192.0.2.1/24'",
    "day date": "'2026-02-03'",
    "at timestamptz": "'2026-02-03 04:05:06.789012+02'",
    "bytes bytea": "'\\x00ff'",
    "names text[]": "ARRAY['a', NULL, 'b\"c']",
    "numbers integer[]": "'{1,2,NULL}'",
    "ids uuid[]": "ARRAY[gen_random_uuid()]",
    "nothing text": "NULL",
}


async def test_a_row_has_one_text_in_the_database_and_outside_whatever_the_session(sql: Statements) -> None:
    """Triggers and verifier write the text by code of their own; each is the other's check."""
    await sql.execute("RESET ROLE")
    names = [column.split()[0] for column in VALUES]
    await sql.execute(
        f"""
        CREATE TABLE society.samples (id integer PRIMARY KEY, {", ".join(VALUES)}, written_at timestamptz NOT NULL DEFAULT clock_timestamp());
        SELECT platform.create_ledger('society.samples', 'written_at');
        INSERT INTO society.samples (id, {", ".join(names)}) VALUES (1, {", ".join(VALUES.values())});
        SET LOCAL timezone = 'Asia/Tokyo';
        SET LOCAL datestyle = 'SQL, DMY';
        SET LOCAL extra_float_digits = -3;
        SET LOCAL bytea_output = 'escape';
        INSERT INTO society.samples SELECT 2, {", ".join(names)} FROM society.samples;
        """
    )
    ledger = await ledger_of(sql, "samples")
    text = rules.text_sql(ledger, ledger.columns)
    one, two = await sql.fetch(
        f"SELECT digest, convert_to({text}, 'UTF8') AS text FROM society.samples AS entry ORDER BY id"
    )
    for row in (one, two):
        assert hashlib.sha256(row["text"]).digest() == row["digest"]
    lines = [dict(line.split("=", 1) for line in row["text"].decode().split("\n")) for row in (one, two)]
    assert {name: value for name, value in lines[0].items() if name in names} == {
        name: value for name, value in lines[1].items() if name in names
    }
    assert set(lines[0]) == {"id", *names, "written_at", "epoch", "transaction_id"} - {"nothing"}
    assert json.loads(lines[0]["words"]) == 'two\nlines = "and" \t\x01 é'
    assert (lines[0]["at"], lines[0]["money"], lines[0]["day"]) == ("1770084306.789012", "0.0000012300", '"2026-02-03"')


async def test_a_table_s_own_recorder_is_the_one_that_would_be_written_now(sql: Statements) -> None:
    """A column that may hold secrets and came later would be kept as it is."""
    await sql.execute("RESET ROLE")
    rows = await sql.fetch(
        r"""
        SELECT proname AS name, prosrc AS body, pg_trigger.oid IS NOT NULL AS is_used,
               platform.recorder_text(tgrelid, (string_to_array(encode(tgargs, 'escape'), '\000'))[:tgnargs]) AS wanted
          FROM pg_proc
          LEFT JOIN pg_trigger ON tgfoid = pg_proc.oid
         WHERE pronamespace = 'store'::regnamespace AND starts_with(proname, 'record_')
        """
    )
    assert len(rows) > 50
    assert [row["name"] for row in rows if not row["is_used"]] == []
    assert [row["name"] for row in rows if row["body"] != row["wanted"]] == []


RECORDED = "table_schema, table_name, operation, record_key, tenant_id, user_id, agent_id, actor_role, old_data, new_data, ip_address"


@pytest.mark.parametrize("left_out", ["", "'embedding', 'number'"])
async def test_a_table_s_own_recorder_records_what_the_general_one_does(sql: Statements, left_out: str) -> None:
    await sql.execute("RESET ROLE")
    await sql.execute(
        f"""
        CREATE TABLE society.samples (
            number integer, tenant_id uuid DEFAULT platform.tenant_id(), "Key" text, embedding text, settings jsonb, raw json,
            PRIMARY KEY ("Key", tenant_id)
        );
        CREATE TRIGGER samples_are_audited AFTER INSERT OR UPDATE OR DELETE ON society.samples
            FOR EACH ROW EXECUTE FUNCTION platform.record_change({left_out});
        """
    )
    changes = [
        f"""INSERT INTO society.samples VALUES (1, DEFAULT, 'it''s one', 'much', '{json.dumps(SECRETS)}', '{{"\\u0074oken": "sk-1"}}')""",
        """INSERT INTO society.samples VALUES (2, DEFAULT, 'two', NULL, '{"plain": [1, 2]}', '[{"a": 1}]')""",
        "UPDATE society.samples SET number = number",
        "UPDATE society.samples SET embedding = 'more', settings = '{}' WHERE number = 1",
        "DELETE FROM society.samples",
    ]
    recorded = []
    for _ in range(2):
        for change in changes:
            await sql.execute(change)
        rows = await sql.fetch(
            f"SELECT {RECORDED} FROM store.audit_log WHERE table_name = 'samples' ORDER BY \"timestamp\""
        )
        recorded.append([tuple(row) for row in rows][sum(map(len, recorded)) :])
        await sql.execute("SELECT platform.write_recorder('society.samples')")
    general, own = recorded
    assert len(general) == 5
    assert own == general
    assert "sk-1" not in str(own)
    assert "hunter2" not in str(own)
    source = await sql.value("SELECT prosrc FROM pg_proc WHERE proname = 'record_society_samples'")
    await sql.execute("ALTER TABLE society.samples ADD COLUMN api_key text")
    await sql.execute("SELECT platform.write_recorder('society.samples')")
    assert await sql.value("SELECT prosrc FROM pg_proc WHERE proname = 'record_society_samples'") != source
    await sql.execute("INSERT INTO society.samples (\"Key\", api_key) VALUES ('three', 'sk-2')")
    newest = await sql.value(
        "SELECT new_data::text FROM store.audit_log WHERE table_name = 'samples' ORDER BY \"timestamp\" DESC LIMIT 1"
    )
    assert '"api_key": "[redacted]"' in newest


async def test_a_session_that_outlives_the_month_goes_on_recording(sql: Statements) -> None:
    """The partition of the next one is there by then."""
    await sql.value(INSERT, "{}")
    await sql.execute("RESET ROLE")
    partition = await sql.value("SELECT 'store.audit_log' || to_char(clock_timestamp() AT TIME ZONE 'UTC', '_YYYY_MM')")
    await sql.execute(f"DROP TABLE IF EXISTS {partition}")
    until = await sql.value("SELECT current_setting('guildhall.audited_until')")
    now = await sql.value(
        "SELECT set_config('guildhall.audited_until', extract(epoch FROM clock_timestamp())::text, false)"
    )
    assert float(now) < float(until) < float(now) + 32 * 86_400
    await sql.act("guildhall_app", OURS)
    await sql.execute("UPDATE evaluation.configurations SET is_active = false")
    assert (await entries(sql))[-1]["operation"] == "UPDATE"
    assert await sql.value("SELECT current_setting('guildhall.audited_until')") == until


async def test_what_has_no_one_text_cannot_be_in_a_ledger(sql: Statements) -> None:
    await sql.execute("RESET ROLE")
    await sql.execute("CREATE TABLE society.samples (id integer PRIMARY KEY, at timestamptz, span interval)")
    with pytest.raises(
        asyncpg.DatatypeMismatchError, match=r"column span of society\.samples cannot be digested: it is interval"
    ):
        await sql.execute("SELECT platform.create_ledger('society.samples', 'at')")


async def test_a_column_that_is_added_later_changes_no_older_digest(sql: Statements) -> None:
    await sql.execute("RESET ROLE")
    await sql.execute(
        """
        CREATE TABLE society.samples (id integer PRIMARY KEY, at timestamptz DEFAULT now());
        SELECT platform.create_ledger('society.samples', 'at');
        INSERT INTO society.samples VALUES (1);
        ALTER TABLE society.samples ADD COLUMN note text;
        SELECT platform.extend_ledger('samples', '{note}');
        INSERT INTO society.samples (id, note) VALUES (2, 'new');
        """
    )
    ledger = await ledger_of(sql, "samples")
    text = rules.text_sql(ledger, ledger.columns)
    rows = await sql.fetch(
        f"SELECT digest = sha256(convert_to({text}, 'UTF8')) AS is_its, {text} AS text FROM society.samples AS entry ORDER BY id"
    )
    assert [row["is_its"] for row in rows] == [True, True]
    assert rows[1]["text"].endswith('note="new"')


async def ledger_of(sql: Statements, name: str) -> Ledger:
    row = await sql.row("SELECT * FROM platform.ledgers WHERE name = $1", name)
    columns = await sql.fetch(
        """
        SELECT attname::text AS name, format_type(atttypid, NULL) AS type, typcategory::text AS category, typtype = 'e' AS is_enum,
               format_type(typelem, NULL) AS element,
               (SELECT elements.typcategory::text FROM pg_type AS elements WHERE elements.oid = pg_type.typelem) AS element_category
          FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
         WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
        """,
        row["relation"],
    )
    types: dict[str, Any] = {each["name"]: Column(**each) for each in columns}
    return Ledger(
        row["name"],
        row["relation"],
        None,
        row["time_column"],
        row["by_the_clock"],
        row["key_columns"],
        row["columns"],
        types,
    )


async def test_requests_are_kept_by_whoever_acts_and_of_no_other_time(sql: Statements) -> None:
    await sql.execute("SELECT set_config('app.address', '2001:db8::1', true)")
    await sql.execute("INSERT INTO store.audit_logs (action, response_status) VALUES ('login', 200)")
    row = await sql.row("SELECT * FROM platform.audit_logs")
    assert (row["user_id"], row["tenant_id"], str(row["ip_address"])) == (OURS.user_id, OURS.tenant_id, "2001:db8::1")
    assert isinstance(row["tenant_id"], UUID)
    for column, value in (
        ("timestamp", "'2020-01-01'"),
        ("user_id", "gen_random_uuid()"),
        ("digest", "''"),
        ("tenant_id", "gen_random_uuid()"),
    ):
        async with sql.refused("not_allowed"):
            await sql.execute(f"INSERT INTO store.audit_logs (action, \"{column}\") VALUES ('login', {value})")
