"""What the gateway remembers: whose it is, how it is found, and that it can be forgotten."""

from __future__ import annotations

import json
import random
import re
from uuid import UUID

import pytest

from fixtures.statements import OURS, THEIRS, Statements


def towards(axis: int, *, and_a_little: int | None = None) -> str:
    """A vector of 1536 dimensions that points along one axis, perhaps leaning towards another."""
    return json.dumps([1.0 if each == axis else 0.1 if each == and_a_little else 0.0 for each in range(1536)])


async def remember(sql: Statements, shard: str, content: str, vector: str) -> UUID:
    return await sql.value(
        """
        INSERT INTO gateway.distributed_memory (shard_key, content, embedding, embedding_model)
        VALUES ($1, $2, $3::text::vector, 'test') RETURNING id
        """,
        shard,
        content,
        vector,
    )


SEARCH = """
    SELECT content FROM gateway.distributed_memory
     WHERE shard_key = 'shared' AND embedding IS NOT NULL
     ORDER BY embedding::halfvec(1536) <=> $1::text::halfvec(1536) LIMIT 5
"""


async def test_a_search_that_names_its_shard_reads_one_of_sixteen(sql: Statements) -> None:
    for number in range(64):
        await remember(sql, f"person-{number}", "likes tea", towards(1))
    plan = "\n".join(
        row[0]
        for row in await sql.fetch("EXPLAIN SELECT * FROM gateway.distributed_memory WHERE shard_key = 'person-7'")
    )
    assert len(set(re.findall(r"distributed_memory_\d\d\b", plan))) == 1
    await sql.act("postgres")
    used = await sql.fetch("SELECT DISTINCT tableoid::regclass::text FROM gateway.distributed_memory")
    shards = await sql.value(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'gateway.distributed_memory'::regclass"
    )
    assert shards == 16
    assert len(used) > 8


async def test_a_search_of_a_small_shard_is_exact_however_near_the_others_memories_are(sql: Statements) -> None:
    await sql.act("guildhall_app", THEIRS)
    for number in range(100):  # so close together that no way through a graph of neighbours leads out to ours
        await remember(sql, "shared", f"theirs {number}", towards(0, and_a_little=number + 10))
    await sql.act("guildhall_app", OURS)
    await remember(sql, "shared", "ours, near", towards(1, and_a_little=0))
    await remember(sql, "shared", "ours, far", towards(2))
    assert [row[0] for row in await sql.fetch(SEARCH, towards(0))] == ["ours, near", "ours, far"]
    await sql.act("guildhall_app")
    assert await sql.fetch(SEARCH, towards(0)) == []


async def test_a_search_through_the_vector_index_shows_a_team_its_own_memories_alone(sql: Statements) -> None:
    draw = random.Random(7)
    vectors = [json.dumps([round(draw.gauss(0, 1), 3) for _ in range(1536)]) for _ in range(120)]
    for team, actor, mine in (("theirs", THEIRS, vectors[:90]), ("ours", OURS, vectors[90:])):
        await sql.act("guildhall_app", actor)
        for vector in mine:
            await remember(sql, "shared", team, vector)
    await sql.execute("SET LOCAL enable_sort = off; SET LOCAL hnsw.iterative_scan = relaxed_order")
    plan = "\n".join(row[0] for row in await sql.fetch(f"EXPLAIN {SEARCH}", vectors[0]))
    assert re.search(r"Index Scan using distributed_memory_\d\d_embedding_idx", plan)
    assert [row[0] for row in await sql.fetch(SEARCH, vectors[0])] == ["ours"] * 5


async def test_nobody_reads_a_team_s_memories_but_the_team(sql: Statements) -> None:
    memory = await remember(sql, "ours", "the safe is behind the picture", towards(0))
    await sql.execute("INSERT INTO gateway.cognee_memories (content) VALUES ('likes tea')")
    await sql.act("guildhall_app", THEIRS)
    for relation in ("distributed_memory", "cognee_memories"):
        assert await sql.fetch(f"SELECT * FROM gateway.{relation}") == []
        assert await sql.execute(f"UPDATE gateway.{relation} SET content = 'x'") == "UPDATE 0"
        assert await sql.execute(f"DELETE FROM gateway.{relation}") == "DELETE 0"
    async with sql.refused("not_allowed"):
        await sql.execute(
            "INSERT INTO gateway.distributed_memory (tenant_id, shard_key, content) VALUES ($1, 'ours', 'x')",
            OURS.tenant_id,
        )
    shards = [
        row[0]
        for row in await sql.fetch(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'gateway.distributed_memory'::regclass"
        )
    ]
    for shard in shards:  # not through the side door either
        async with sql.refused("not_allowed"):
            await sql.fetch(f"SELECT * FROM {shard}")
    for role in ("guildhall_worker", "guildhall_scheduler", "guildhall_writer", "guildhall_curator"):
        await sql.act(role)
        for relation in ("distributed_memory", "cognee_memories", "llm_providers", "debate_sessions"):
            async with sql.refused("not_allowed"):
                await sql.fetch(f"SELECT * FROM gateway.{relation}")
    await sql.act("guildhall_app", OURS)
    assert await sql.value("SELECT id FROM gateway.distributed_memory") == memory


async def test_the_audit_keeps_that_somebody_was_remembered_and_nothing_that_could_not_be_forgotten(
    sql: Statements,
) -> None:
    memory = await remember(sql, "ours", "likes tea", towards(0))
    await sql.execute(
        "UPDATE gateway.distributed_memory SET embedding = $2::text::vector WHERE id = $1", memory, towards(1)
    )
    await sql.execute("UPDATE gateway.distributed_memory SET content = 'likes coffee' WHERE id = $1", memory)
    await sql.execute("""INSERT INTO gateway.cognee_memories (content, entities) VALUES ('likes tea', '["tea"]')""")
    images = await sql.fetch(
        "SELECT operation, new_data, new_data::text AS text FROM platform.audit_log ORDER BY timestamp"
    )
    assert [row["operation"] for row in images] == ["INSERT", "UPDATE", "INSERT"]
    for row in images:
        assert json.loads(row["new_data"])["user_id"] == str(OURS.user_id)
        assert not re.search('tea|coffee|embedding"', row["text"])


async def test_the_audit_names_the_table_and_not_the_partition_that_a_memory_lies_in(sql: Statements) -> None:
    for shard in range(20):
        await remember(sql, f"shard {shard}", "likes tea", towards(0))
    assert await sql.value("SELECT count(DISTINCT tableoid) FROM gateway.distributed_memory") > 1
    await sql.execute("UPDATE gateway.distributed_memory SET content = 'likes coffee', replicated_to = '[\"north\"]'")
    await sql.execute("DELETE FROM gateway.distributed_memory")
    named = await sql.fetch("SELECT table_schema, table_name, operation FROM platform.audit_log")
    assert {tuple(row) for row in named} == {
        ("gateway", "distributed_memory", operation) for operation in ("INSERT", "UPDATE", "DELETE")
    }


async def test_who_is_erased_is_forgotten_by_every_team(sql: Statements) -> None:
    for actor in (OURS, THEIRS):
        await sql.act("guildhall_app", actor)
        await remember(sql, "shared", "likes tea", towards(0))
        await sql.execute("INSERT INTO gateway.cognee_memories (content) VALUES ('likes tea')")
    await sql.execute("INSERT INTO gateway.cognee_memories (user_id, content) VALUES ($1, 'wrote to us')", OURS.user_id)
    await sql.act("postgres")  # a team keeps an owner
    await sql.execute(
        "INSERT INTO platform.team_members (tenant_id, user_id, role) VALUES ($1, $2, 'owner')",
        THEIRS.tenant_id,
        OURS.user_id,
    )
    await sql.act("guildhall_app", OURS)  # an administrator of the installation
    assert await sql.value("SELECT platform.erase_person($1, 'they asked for it')", THEIRS.user_id) is not None
    await sql.act("postgres")
    for relation, left in (("cognee_memories", 2), ("distributed_memory", 1)):
        people = await sql.fetch(f"SELECT user_id FROM gateway.{relation}")
        assert [row["user_id"] for row in people] == [OURS.user_id] * left


async def test_a_memory_lies_on_a_node_that_is_known(sql: Statements) -> None:
    add = "INSERT INTO gateway.distributed_memory (shard_key, content, node_id) VALUES ('s', 'x', 'north')"
    async with sql.refused("distributed_memory_node_id_fkey"):
        await sql.execute(add)
    async with sql.refused("not_allowed"):
        await sql.execute("INSERT INTO gateway.memory_nodes (node_id) VALUES ('north')")
    await sql.act("guildhall_scheduler")
    await sql.execute("INSERT INTO gateway.memory_nodes (node_id, address) VALUES ('north', 'north.example:5432')")
    await sql.act("guildhall_app", OURS)
    await sql.execute(add)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ("confidence) VALUES ('x', 1.5)", "cognee_memories_confidence_is_a_share"),
        ("access_count) VALUES ('x', 1)", "cognee_memories_access_is_counted"),
        ("entities) VALUES ('x', '{}')", "cognee_memories_entities_is_a_list"),
        ("memory_type) VALUES ('x', '')", "cognee_memories_type_is_named"),
        ("memory_type) VALUES ('', 'fact')", "cognee_memories_say_something"),
    ],
)
async def test_a_memory_that_makes_no_sense_is_refused(sql: Statements, columns: str, constraint: str) -> None:
    async with sql.refused(constraint):
        await sql.execute(f"INSERT INTO gateway.cognee_memories (content, {columns}")
