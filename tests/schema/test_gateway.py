"""The gateway's tables: what they refuse, whose rows they show, and which secrets they keep out of the audit."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.statements import OURS, THEIRS, Statements
from guildhall.db import Actor, Database, Query
from guildhall.domains.platform import identity

SEALED = bytes([1, *range(60)])
"""In the form of an envelope: version 1, then the id of the key that sealed it."""


_ADD_SEALED = Query(
    "add",
    "INSERT INTO gateway.llm_providers (id, name, type, api_key_ciphertext) VALUES ($1, 'acme', 'openai', $2)",
    ("id", "sealed"),
)
_KEY_ID = Query("key_id", "SELECT api_key_key_id FROM gateway.llm_providers WHERE id = $1", ("id",))
_SEALED = Query("sealed", "SELECT api_key_ciphertext FROM gateway.llm_providers WHERE id = $1", ("id",))


async def make_provider(sql: Statements, name: str = "openai", **values: object) -> UUID:
    names = ["name", "type", *values]
    marks = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    return await sql.value(
        f"INSERT INTO gateway.llm_providers ({', '.join(names)}) VALUES ({marks}) RETURNING id",
        name,
        "openai",
        *values.values(),
    )


async def make_debate(sql: Statements) -> UUID:
    return await sql.value(
        "INSERT INTO gateway.debate_sessions (topic, total_rounds) VALUES ('tabs or spaces', 2) RETURNING id"
    )


# providers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"api_key_ciphertext": b"sk-in-clear"}, "llm_providers_secret_is_sealed"),
        (
            {"api_key_ciphertext": b"sk-proj-in-clear-and-longer-than-an-envelope-must-be"},
            "llm_providers_secret_is_sealed",
        ),
        ({"base_url": "https://me:secret@api.example"}, "llm_providers_url_holds_no_secret"),
        ({"base_url": "ftp://api.example"}, "llm_providers_url_holds_no_secret"),
        ({"weight": Decimal(-1)}, "llm_providers_weight_is_not_negative"),
        ({"health_status": "fine"}, "llm_providers_health_is_known"),
        ({"response_time": -1}, "llm_providers_time_is_not_negative"),
        ({"total_models": 1, "enabled_models": 2}, "llm_providers_models_are_counted"),
        ({"name": ""}, "llm_providers_are_named"),
    ],
)
async def test_a_provider_that_makes_no_sense_is_refused(
    sql: Statements, values: dict[str, object], constraint: str
) -> None:
    async with sql.refused(constraint):
        await make_provider(sql, **values)


async def test_a_secret_never_reaches_the_audit(sql: Statements) -> None:
    other = bytes([1, *range(60, 120)])
    provider = await make_provider(sql, api_key_ciphertext=SEALED)
    await sql.execute("UPDATE gateway.llm_providers SET api_key_ciphertext = $2 WHERE id = $1", provider, other)
    await sql.execute("DELETE FROM gateway.llm_providers WHERE id = $1", provider)
    images = await sql.fetch(
        "SELECT operation, old_data::text AS before, new_data::text AS after FROM platform.audit_log"
    )
    assert sorted(row["operation"] for row in images) == ["DELETE", "INSERT", "UPDATE"]
    kept = " ".join(filter(None, (text for row in images for text in (row["before"], row["after"]))))
    assert "ciphertext" not in kept
    for sealed in (SEALED, other):
        assert sealed[9:].hex() not in kept
    assert f'"api_key_key_id": "{other[1:9].hex()}"' in kept  # that another key sealed it is seen


async def test_secrets_of_providers_are_sealed_anew_with_all_others(database: Database, actor: Actor) -> None:
    old, new = (identity.read_keyring(bytes([each] * 32).hex()) for each in (1, 2))
    provider, place = uuid4(), ("gateway.llm_providers", "api_key_ciphertext")
    about = {"place": place, "tenant_id": actor.tenant_id, "row_id": provider}
    sealed = identity.seal_secret(old, "sk-secret", **about)
    async with database.transaction(actor) as tx:
        await tx.execute(_ADD_SEALED, id=provider, sealed=sealed)
        assert await tx.value(_KEY_ID, id=provider) == old.current.id.hex()
    both = identity.read_keyring(bytes([2] * 32).hex(), [bytes([1] * 32).hex()])
    assert (await identity.rotate_secrets(database, actor, both)).resealed == 1
    async with database.transaction(actor) as tx:
        assert await tx.value(_KEY_ID, id=provider) == new.current.id.hex()
        assert identity.open_secret(new, await tx.value(_SEALED, id=provider), **about) == "sk-secret"


async def test_how_a_provider_fares_is_no_matter_for_the_audit(sql: Statements) -> None:
    provider = await make_provider(sql)
    await sql.execute(
        "UPDATE gateway.llm_providers SET health_status = 'degraded', response_time = 900 WHERE id = $1", provider
    )
    await sql.execute("UPDATE gateway.llm_providers SET enabled = false WHERE id = $1", provider)
    assert [row[0] for row in await sql.fetch("SELECT operation FROM platform.audit_log ORDER BY timestamp")] == [
        "INSERT",
        "UPDATE",
    ]


async def test_a_provider_says_when_it_was_changed(sql: Statements) -> None:
    provider = await make_provider(sql)
    await sql.act("postgres", OURS)
    await sql.execute(
        "UPDATE gateway.llm_providers SET created_at = '2026-01-01Z', updated_at = '2026-01-01Z' WHERE id = $1",
        provider,
    )
    await sql.act("guildhall_app", OURS)
    await sql.execute("UPDATE gateway.llm_providers SET weight = 2 WHERE id = $1", provider)
    assert await sql.value("SELECT updated_at = now() FROM gateway.llm_providers WHERE id = $1", provider)


# requests -------------------------------------------------------------------


async def sign_in(sql: Statements, actor: Actor) -> UUID:
    """A session of somebody; the application then goes on for the same."""
    await sql.act("postgres", actor)
    session = await sql.value(
        """
        INSERT INTO platform.user_sessions (session_token, expires_at, ends_at)
        VALUES (encode(sha256(gen_random_uuid()::text::bytea), 'hex'), now() + interval '1 day', now() + interval '2 days')
        RETURNING id
        """
    )
    await sql.act("guildhall_app", actor)
    return session


async def test_a_call_and_a_memory_outlive_their_session_and_are_of_the_same_team(sql: Statements) -> None:
    session = await sign_in(sql, OURS)
    ask = "INSERT INTO gateway.llm_requests (session_id, prompt) VALUES ($1, 'hello')"
    keep = "INSERT INTO gateway.cognee_memories (session_id, content) VALUES ($1, 'likes tea')"
    await sql.execute(ask, session)
    await sql.execute(keep, session)
    await sql.act("guildhall_app", THEIRS)
    for stranger in (session, uuid4()):
        async with sql.refused("llm_requests_tenant_id_session_id_fkey"):
            await sql.execute(ask, stranger)
        async with sql.refused("cognee_memories_tenant_id_session_id_fkey"):
            await sql.execute(keep, stranger)
    await sql.act("postgres")
    await sql.execute("DELETE FROM platform.user_sessions WHERE id = $1", session)
    await sql.act("guildhall_app", OURS)
    assert await sql.value("SELECT count(*) FROM gateway.llm_requests WHERE session_id IS NULL") == 1
    assert await sql.value("SELECT count(*) FROM gateway.cognee_memories WHERE session_id IS NULL") == 1


async def test_a_session_remembers_a_memory_of_its_team_until_that_is_gone(sql: Statements) -> None:
    theirs = await sign_in(sql, THEIRS)
    session = await sign_in(sql, OURS)
    memory = await sql.value("INSERT INTO gateway.cognee_memories (content) VALUES ('likes tea') RETURNING id")
    remember_it = "UPDATE platform.user_sessions SET memory_id = $2 WHERE id = $1"
    await sql.execute(remember_it, session, memory)
    await sql.act("guildhall_app", THEIRS)
    async with sql.refused("user_sessions_remember_what_is_there"):
        await sql.execute(remember_it, theirs, memory)
    await sql.act("guildhall_app", OURS)
    await sql.execute("DELETE FROM gateway.cognee_memories")
    assert await sql.value("SELECT memory_id FROM platform.user_sessions WHERE id = $1", session) is None


async def test_a_call_is_written_before_and_settled_after_and_what_was_asked_stays(sql: Statements) -> None:
    call = await sql.value(
        "INSERT INTO gateway.llm_requests (prompt, model) VALUES ('hello', 'gpt-5-mini') RETURNING id"
    )
    settle = (
        "UPDATE gateway.llm_requests SET status = 'completed', completed_at = now(), tokens_total = 12 WHERE id = $1"
    )
    assert await sql.execute(settle, call) == "UPDATE 1"
    row = await sql.row("SELECT user_id, tokens_total, tokens_prompt, cost_usd FROM gateway.llm_requests")
    assert tuple(row) == (OURS.user_id, 12, None, None)  # what is not known is null
    for change in (
        "prompt = 'x'",
        "messages = '[]'",
        f"tenant_id = '{THEIRS.tenant_id}'",
        "user_id = NULL",
        "created_at = now()",
    ):
        async with sql.refused("not_allowed"):
            await sql.execute(f"UPDATE gateway.llm_requests SET {change} WHERE id = $1", call)
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM gateway.llm_requests WHERE id = $1", call)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ("status) VALUES ('x', 'done')", "llm_requests_status_is_known"),
        ("status) VALUES ('x', 'completed')", "llm_requests_end_is_recorded"),
        ("completed_at) VALUES ('x', now())", "llm_requests_end_is_recorded"),
        ("error_code) VALUES ('x', 'timeout')", "llm_requests_error_is_of_a_failure"),
        ("tokens_total) VALUES ('x', -1)", "llm_requests_tokens_is_not_negative"),
        ("cost_usd) VALUES ('x', -1)", "llm_requests_cost_is_not_negative"),
        ("messages) VALUES ('x', '{}')", "llm_requests_messages_is_a_list"),
        ("user_id) VALUES ('x', NULL)", "user_id is null"),
    ],
)
async def test_a_call_that_makes_no_sense_is_refused(sql: Statements, columns: str, constraint: str) -> None:
    async with sql.refused(constraint):
        await sql.execute(f"INSERT INTO gateway.llm_requests (prompt, {columns}")


ANSWER = """
    INSERT INTO gateway.llm_responses (request_id, request_created_at, provider_id, provider_name, content, error_code)
    VALUES ($1, now(), $2, 'openai', $3, $4)
"""

ANSWERED_BY = """
    INSERT INTO gateway.llm_responses (request_id, request_created_at, provider_name, model, model_id, content)
    VALUES (gen_random_uuid(), now(), 'acme', 'acme-1', $1, 'hi')
"""


async def test_a_response_is_an_answer_or_says_why_there_is_none(sql: Statements) -> None:
    await sql.execute(ANSWER, uuid4(), None, "", None)
    await sql.execute(ANSWER, uuid4(), None, None, "rate_limited")
    async with sql.refused("llm_responses_answer_or_fail"):
        await sql.execute(ANSWER, uuid4(), None, None, None)


async def test_a_response_names_a_provider_of_its_own_team_or_none(sql: Statements) -> None:
    ours = await make_provider(sql)
    await sql.act("guildhall_app", THEIRS)
    for stranger in (ours, uuid4()):  # one that exists elsewhere, one that exists nowhere: the same answer
        async with sql.refused("llm_responses_tenant_id_provider_id_fkey"):
            await sql.execute(ANSWER, uuid4(), stranger, "hi", None)
    await sql.act("guildhall_app", OURS)
    await sql.execute(ANSWER, uuid4(), ours, "hi", None)
    await sql.execute("DELETE FROM gateway.llm_providers WHERE id = $1", ours)
    assert tuple(await sql.row("SELECT provider_id, provider_name FROM gateway.llm_responses")) == (None, "openai")


async def test_an_answer_names_its_model_in_the_catalogue_while_that_is_there(sql: Statements) -> None:
    async with sql.refused("llm_responses_model_id_fkey"):
        await sql.execute(ANSWERED_BY, uuid4())
    await sql.act("guildhall_curator")
    company = await sql.value("INSERT INTO catalogue.providers (slug, name) VALUES ('acme', 'Acme') RETURNING id")
    model = await sql.value(
        """INSERT INTO catalogue.models (provider_id, slug, name) VALUES ($1, 'acme-1', '{"en": "Acme 1"}') RETURNING id""",
        company,
    )
    await sql.act("guildhall_app", OURS)
    await make_provider(sql, provider_id=company)
    await sql.execute(ANSWERED_BY, model)
    assert await sql.value("SELECT model_id FROM gateway.llm_responses") == model
    await sql.act("postgres", OURS)
    await sql.execute("DELETE FROM catalogue.providers WHERE id = $1", company)
    assert tuple(await sql.row("SELECT model_id, model FROM gateway.llm_responses")) == (None, "acme-1")
    assert tuple(await sql.row("SELECT provider_id, name FROM gateway.llm_providers")) == (None, "openai")


async def test_the_ledger_shows_a_team_its_own_calls(sql: Statements) -> None:
    await sql.execute("INSERT INTO gateway.llm_requests (prompt) VALUES ('ours')")
    await sql.execute(ANSWER, uuid4(), None, "ours", None)
    await sql.act("guildhall_app", THEIRS)
    for relation in ("llm_requests", "llm_responses"):
        assert await sql.fetch(f"SELECT id FROM gateway.{relation}") == []
        async with sql.refused("not_allowed"):
            await sql.fetch(f"SELECT id FROM store.{relation}")
    with pytest.raises(asyncpg.PostgresError, match="check option"):
        await sql.execute(
            "INSERT INTO gateway.llm_requests (tenant_id, prompt) VALUES ($1, 'not ours')", OURS.tenant_id
        )


async def test_one_day_s_figures_come_from_the_calls_alone(sql: Statements) -> None:
    await sql.execute(
        """
        INSERT INTO gateway.llm_requests (prompt, model, status, completed_at, tokens_total, cost_usd, error_code)
        VALUES ('a', 'm', 'completed', now(), 10, 0.01, NULL),
               ('b', 'm', 'completed', now(), 20, 0.02, NULL),
               ('c', 'm', 'failed', now(), NULL, NULL, 'timeout'),
               ('d', 'n', 'completed', now(), 5, NULL, NULL)
        """
    )
    figures = await sql.fetch(
        """
        SELECT date_trunc('day', created_at) AS day, tenant_id, user_id, model, count(*) AS requests,
               sum(tokens_total) AS tokens, sum(cost_usd) AS cost, count(*) FILTER (WHERE status = 'failed') AS errors
          FROM gateway.llm_requests GROUP BY 1, 2, 3, 4 ORDER BY model
        """
    )
    assert [(row["model"], row["requests"], row["tokens"], row["cost"], row["errors"]) for row in figures] == [
        ("m", 3, 30, Decimal("0.03"), 1),
        ("n", 1, 5, None, 0),
    ]


# debates --------------------------------------------------------------------

SPEAK = """
    INSERT INTO gateway.debate_turns (session_id, round_number, turn_number, participant_id, position, content)
    VALUES ($1, $2, $3, 'm', 'tabs', 'because')
"""


async def test_a_turn_has_one_place_in_its_debate(sql: Statements) -> None:
    debate = await make_debate(sql)
    await sql.execute(SPEAK, debate, 1, 1)
    await sql.execute(SPEAK, debate, 1, 2)
    async with sql.refused("debate_turns_one_per_place"):
        await sql.execute(SPEAK, debate, 1, 2)
    for change in ("UPDATE gateway.debate_turns SET content = 'other'", "DELETE FROM gateway.debate_turns"):
        async with sql.refused("not_allowed"):
            await sql.execute(change)
    await sql.execute("DELETE FROM gateway.debate_sessions WHERE id = $1", debate)
    assert await sql.value("SELECT count(*) FROM gateway.debate_turns") == 0


async def test_a_taken_place_in_another_team_s_debate_looks_like_any_unknown_debate(sql: Statements) -> None:
    debate = await make_debate(sql)
    await sql.execute(SPEAK, debate, 1, 1)
    await sql.act("guildhall_app", THEIRS)
    for stranger in (debate, uuid4()):
        async with sql.refused("debate_turns_tenant_id_session_id_fkey"):
            await sql.execute(SPEAK, stranger, 1, 1)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'finished'", "debate_sessions_status_is_known"),
        ("status = 'active'", "debate_sessions_active_has_begun"),
        ("status = 'completed'", "debate_sessions_end_is_recorded"),
        ("voting_method = 'dictator'", "debate_sessions_method_is_known"),
        ("current_round = 3", "debate_sessions_round_is_within_the_plan"),
        ("total_rounds = 0", "debate_sessions_rounds_is_positive"),
        ("final_winner = 'tabs'", "debate_sessions_winner_is_of_an_end"),
        ("positions = '{}'", "debate_sessions_positions_is_a_list"),
        ("created_by = NULL", "created_by is null"),
    ],
)
async def test_a_debate_that_makes_no_sense_is_refused(sql: Statements, change: str, constraint: str) -> None:
    debate = await make_debate(sql)
    async with sql.refused(constraint):
        await sql.execute(f"UPDATE gateway.debate_sessions SET {change} WHERE id = $1", debate)


@pytest.mark.parametrize("method", ["weighted", "majority", "borda", "condorcet"])
async def test_a_debate_is_decided_by_any_of_the_documented_methods(sql: Statements, method: str) -> None:
    debate = await make_debate(sql)
    await sql.execute(
        """
        UPDATE gateway.debate_sessions
           SET status = 'completed', started_at = now(), completed_at = now(), current_round = 2, voting_method = $2, final_winner = 'tabs'
         WHERE id = $1
        """,
        debate,
        method,
    )


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ("'not a hash', 'pending'", "code_versions_hash_is_of_a_commit"),
        ("'0a1b2c3', 'skipped'", "code_versions_status_is_known"),
    ],
)
async def test_a_code_version_is_a_commit_with_a_known_verdict(sql: Statements, values: str, constraint: str) -> None:
    debate = await make_debate(sql)
    add = "INSERT INTO gateway.code_versions (session_id, branch, version_hash, validation_status) VALUES ($1, 'main', {})"
    await sql.execute(add.format("'0a1b2c3d4e5f', 'passed'"), debate)
    async with sql.refused(constraint):
        await sql.execute(add.format(values), debate)


# protocols ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "mcp_servers (name, type, endpoint, port) VALUES ('x', 'http', 'https://t.example', 0)",
            "mcp_servers_port_range",
        ),
        (
            "mcp_servers (name, type, endpoint) VALUES ('x', 'http', 'https://me:pw@t.example')",
            "mcp_servers_endpoint_holds_no_secret",
        ),
        (
            "mcp_servers (name, type, endpoint, health_status) VALUES ('x', 'http', 'e', 'fine')",
            "mcp_servers_health_is_known",
        ),
        (
            "lsp_servers (name, language, command, args) VALUES ('x', 'python', 'pylsp', '{}')",
            "lsp_servers_args_is_a_list",
        ),
        ("acp_agents (name, command, protocol_version) VALUES ('x', 'agent', 0)", "acp_agents_version_is_positive"),
        ("acp_agents (name, command, health_status) VALUES ('x', 'agent', 'fine')", "acp_agents_health_is_known"),
    ],
)
async def test_a_server_that_makes_no_sense_is_refused(sql: Statements, statement: str, constraint: str) -> None:
    async with sql.refused(constraint):
        await sql.execute(f"INSERT INTO gateway.{statement}")


@pytest.mark.parametrize(
    "statement",
    [
        "llm_providers (name, type) VALUES ('x', 'openai')",
        "mcp_servers (name, type, endpoint) VALUES ('x', 'stdio', 'npx server')",
        "lsp_servers (name, language, command) VALUES ('x', 'python', 'pylsp')",
        "acp_agents (name, command) VALUES ('x', 'agent')",
    ],
)
async def test_a_name_is_taken_within_a_team_and_free_in_another(sql: Statements, statement: str) -> None:
    add = f"INSERT INTO gateway.{statement}"
    await sql.execute(add)
    async with sql.refused(f"{statement.split()[0]}_one_per_name"):
        await sql.execute(add)
    await sql.act("guildhall_app", THEIRS)
    await sql.execute(add)


# the document ---------------------------------------------------------------


async def test_the_document_s_tables_take_rows_as_it_describes_them(sql: Statements) -> None:
    await sql.execute("SET LOCAL search_path = evaluation, gateway, catalogue, society, platform, public")
    await sql.execute(
        """
        INSERT INTO llm_providers (name, type, base_url, model, weight) VALUES ('anthropic', 'anthropic', 'https://api.example', 'm', 1.5);
        INSERT INTO llm_requests (prompt, messages, model_params, request_type)
        VALUES ('hello', '[{"role": "user", "content": "hello"}]', '{"temperature": 0.2}', 'chat');
        INSERT INTO llm_responses (request_id, request_created_at, provider_id, provider_name, content, tokens_total, confidence, selected)
        SELECT requests.id, requests.created_at, providers.id, providers.name, 'hi', 12, 0.9, true
          FROM llm_requests AS requests CROSS JOIN llm_providers AS providers;
        INSERT INTO debate_sessions (topic, total_rounds, voting_method, positions, participants)
        VALUES ('tabs or spaces', 3, 'condorcet', '["tabs", "spaces"]', '[{"id": "m"}]');
        INSERT INTO cognee_memories (content, entities, relationships) VALUES ('likes tea', '["tea"]', '[]');
        INSERT INTO distributed_memory (shard_key, content, node_id) VALUES ('a', 'likes tea', 'local');
        INSERT INTO mcp_servers (name, type, endpoint, port) VALUES ('tools', 'http', 'https://tools.example', 443);
        INSERT INTO lsp_servers (name, language, command, file_patterns) VALUES ('pylsp', 'python', 'pylsp', '["*.py"]');
        """
    )
    row = await sql.row(
        """
        SELECT requests.status, responses.content
          FROM llm_requests AS requests
          JOIN llm_responses AS responses ON responses.request_id = requests.id AND responses.selected
        """
    )
    assert tuple(row) == ("pending", "hi")
