"""Scenarios in a real database."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from guildhall.db import Actor, Database, Tx
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import scenarios
from guildhall.domains.evaluation.scenarios import (
    SavedScenarios,
    Scenario,
    ScenarioNotFound,
    scenario_from,
)
from guildhall.domains.evaluation.scenarios.rules import scenario_of

_SQL = parse_queries(
    "test",
    """
-- name: bodies
SELECT count(*) FROM evaluation.bodies;
-- name: audited
SELECT count(*) FROM platform.audit_log WHERE table_name = 'scenarios';
""",
)


def a_scenario(scenario_id: str = "refund_late", **changes: Any) -> Scenario:
    files = changes.pop("files", {})
    scenario = scenario_from(
        {
            "scenario_id": scenario_id,
            "name": "Refund a late order",
            "task_prompt": "Order 1042 never came. Refund me.",
            "ground_truth": "refunded",
            **changes,
        }
    )
    if not files:
        return scenario
    import hashlib

    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    definition = {**scenario.definition, "files": digests}
    return scenario_of(definition, hashlib.sha256(repr(definition).encode()).hexdigest(), files)


async def test_a_scenario_is_kept_as_it_was_read(tx: Tx) -> None:
    written = [
        a_scenario(
            "whole",
            difficulty_level="hard",
            tags=["refund", "trap"],
            expected_tools=["look_up", {"name": "refund", "arguments": {"order": "1042"}}],
            estimated_duration_ms=4000,
            suite="shop",
            split="holdout",
            group="refunds",
            environment="shop.env:Shop",
            user={"goal": "Get it", "model": "m"},
            scorers=["contains", {"type": "expected_tools", "weight": 0.2, "required": True}],
            pass_score=0.9,
            limits={"timeout_ms": 5},
            ground_truth="refunded",
            odd={"anything": [1, {"deep": None}]},
            files={"shop/env.py": b"class Shop: ...", "data.bin": b"\0\xff" * 2000},
        ),
        a_scenario("list_truth", ground_truth=["a", ["b"]], environment="a:B"),
        a_scenario("number_truth", ground_truth=42),
        a_scenario("false_truth", ground_truth=False, scorers=[{"contains": "no"}]),
    ]
    await scenarios.save_scenarios(tx, written)
    assert [await scenarios.get_scenario(tx, each.scenario_id) for each in written] == written
    pins = [(each.scenario_id, each.content_hash) for each in reversed(written)]
    assert await scenarios.get_scenarios(tx, pins) == written[::-1]


async def test_saving_counts_what_is_new_changed_and_the_same(tx: Tx) -> None:
    one, two, three = (a_scenario(f"s{n}") for n in range(3))
    assert await scenarios.save_scenarios(tx, [one, two]) == SavedScenarios(new=2, changed=0, same=0)
    changed = a_scenario("s1", ground_truth="denied")
    assert await scenarios.save_scenarios(tx, [one, changed, three]) == SavedScenarios(new=1, changed=1, same=1)
    assert await tx.value(_SQL.audited) == 4, "what stays as it is, is not written"
    assert await scenarios.save_scenarios(tx, []) == SavedScenarios(new=0, changed=0, same=0)


async def test_every_content_is_kept_and_the_latest_is_meant(tx: Tx) -> None:
    first, second = a_scenario(ground_truth="refunded"), a_scenario(ground_truth="denied")
    for each in (first, second, first, second):
        await scenarios.save_scenarios(tx, [each])

    assert await scenarios.get_scenario(tx, "refund_late") == second
    assert await scenarios.get_scenario(tx, "refund_late", first.content_hash) == first
    (listed,) = await scenarios.list_scenarios(tx)
    assert (listed.versions, listed.content_hash) == (2, second.content_hash)


async def test_files_that_many_scenarios_share_are_kept_once(tx: Tx) -> None:
    files = {"env.py": b"class Shop: ..."}
    await scenarios.save_scenarios(tx, [a_scenario(f"s{n}", files=files) for n in range(20)])
    assert await tx.value(_SQL.bodies) == 1


async def test_an_unknown_scenario_is_not_found_and_what_is_near_is_named(tx: Tx) -> None:
    await scenarios.save_scenarios(tx, [a_scenario()])
    with pytest.raises(ScenarioNotFound) as caught:
        await scenarios.get_scenario(tx, "refund_lat")
    assert caught.value.details["similar"] == ["refund_late"]
    with pytest.raises(ScenarioNotFound, match="with content 000000000000"):
        await scenarios.get_scenarios(tx, [("refund_late", "0" * 64)])


async def test_scenarios_are_listed_by_what_people_filter_by(tx: Tx) -> None:
    await scenarios.save_scenarios(
        tx,
        [
            a_scenario("a", suite="shop", tags=["refund"], difficulty_level="hard"),
            a_scenario("b", suite="shop", split="holdout", name="Cancel a parcel"),
            a_scenario("c", suite="bank"),
        ],
    )

    async def ids(**filters: Any) -> list[str]:
        return [each.scenario_id for each in await scenarios.list_scenarios(tx, **filters)]

    assert await ids() == ["a", "b", "c"]
    assert await ids(suite="shop") == ["a", "b"]
    assert await ids(split="holdout") == ["b"]
    assert await ids(tag="refund") == ["a"]
    assert await ids(difficulty_level="hard") == ["a"]
    assert await ids(search="cancelled parcels") == ["b"]
    assert await ids(at_most=1, after="a") == ["b"]


async def test_a_thousand_scenarios_are_saved_in_a_few_statements(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    statements = 0
    execute, fetch = Tx.execute, Tx.fetch

    async def counted(self: Tx, query: Any, **values: object) -> int:
        nonlocal statements
        statements += 1
        return await execute(self, query, **values)

    async def counted_fetch(self: Tx, query: Any, **values: object) -> list[Any]:
        nonlocal statements
        statements += 1
        return await fetch(self, query, **values)

    monkeypatch.setattr(Tx, "execute", counted)
    monkeypatch.setattr(Tx, "fetch", counted_fetch)
    saved = await scenarios.save_scenarios(tx, [a_scenario(f"s{n}") for n in range(1000)])
    assert saved.new == 1000
    assert statements <= 5


async def test_two_who_save_the_same_at_once_both_succeed(database: Database, actor: Actor) -> None:
    async def save(order: int) -> SavedScenarios:
        async with database.transaction(actor) as tx:
            return await scenarios.save_scenarios(tx, [a_scenario(f"s{n}") for n in range(50)][::order])

    await asyncio.gather(*(save(order) for order in (1, -1, 1, -1)))
    async with database.transaction(actor) as tx:
        assert len(await scenarios.list_scenarios(tx)) == 50
        assert (await scenarios.save_scenarios(tx, [a_scenario("s3")])).same == 1


async def test_ids_are_unique_within_a_team_only(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        await scenarios.save_scenarios(tx, [a_scenario()])
    stranger = Actor(actor.user_id, UUID("00000000-0000-7000-8000-00000000ffff"))
    async with database.transaction(stranger) as tx:
        assert await scenarios.list_scenarios(tx) == []
        with pytest.raises(ScenarioNotFound) as caught:
            await scenarios.get_scenario(tx, "refund_late")
        assert caught.value.details["similar"] == []
