"""Configurations and their versions in a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from guildhall.db import Actor, ConstraintViolated, Database, Tx
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.configurations import (
    AgentDefinition,
    VersionAmbiguous,
    VersionNotFound,
    VersionRefused,
    define,
)

_SQL = parse_queries(
    "test",
    """
-- name: numbers
SELECT version_number FROM evaluation.config_versions ORDER BY version_number;
-- name: diffs
SELECT version_before, version_after, diff_yaml, change_summary FROM evaluation.config_diffs;
-- name: audit
SELECT table_name, operation FROM platform.audit_log ORDER BY "timestamp";
-- name: insert_version
INSERT INTO evaluation.config_versions (version_id, config_id, version_number, raw_yaml, parsed_config, config_hash)
VALUES (:version_id, :config_id, :number, 'x', '{"model": "x", "temperature": 0}', :config_hash);
-- name: change_version
UPDATE evaluation.config_versions SET raw_yaml = 'other' WHERE version_id = :version_id;
-- name: delete_version
UPDATE evaluation.config_versions SET is_deleted = true WHERE version_id = :version_id;
""",
)


def an_agent(note: object = 1, name: str = "support-agent", **files: str) -> AgentDefinition:
    return define(
        f"name: {name}\nmodel: gpt-5-mini\ntemperature: 0.2\nnote: {note}\n",
        files={f"{path}.md": content.encode() for path, content in files.items()},
    )


async def test_a_version_is_kept_as_it_was_read(tx: Tx) -> None:
    agent = an_agent(prompt="You help. " * 500, empty="")
    saved = await configurations.save_version(tx, agent)
    loaded = await configurations.load_definition(tx, saved.version)

    assert saved.is_new
    assert saved.version.label == "support-agent@v1"
    assert saved.version.generated_by == "manual"
    assert loaded == replace(agent, warnings=())
    assert list(loaded.parsed) == ["name", "model", "temperature", "note"], "keys are in the order of the text"


async def test_the_same_content_is_kept_once(tx: Tx) -> None:
    first = await configurations.save_version(tx, an_agent(1))
    second = await configurations.save_version(tx, an_agent(2))
    again = await configurations.save_version(tx, an_agent(1))

    assert (again.version, again.is_new) == (first.version, False)
    assert second.version.version_number == 2
    (listed,) = await configurations.list_configurations(tx)
    assert (listed.latest_version_number, listed.versions) == (2, 2)


async def test_the_same_content_under_another_name_is_another_configuration(tx: Tx) -> None:
    agent = an_agent(1)
    one = await configurations.save_version(tx, agent)
    other = await configurations.save_version(tx, replace(agent, name="other-agent"))

    assert other.is_new
    assert other.version.label == "other-agent@v1"
    assert other.version.config_id != one.version.config_id
    assert [each.name for each in await configurations.list_configurations(tx)] == ["other-agent", "support-agent"]


async def test_a_changed_file_makes_a_new_version(tx: Tx) -> None:
    before = await configurations.save_version(tx, an_agent(prompt="one\ntwo\n"))
    after = await configurations.save_version(tx, an_agent(prompt="one\n2\n"))
    diff = await configurations.diff_versions(tx, before.version, after.version)

    assert after.version.version_number == 2
    assert [(each["path"], each["lines_added"]) for each in diff.changes] == [("prompt.md", 1)]
    assert "-two" in diff.unified


async def test_versions_saved_at_the_same_time_are_numbered_without_gaps(database: Database, actor: Actor) -> None:
    async def save(note: int) -> int:
        async with database.transaction(actor) as tx:
            saved = await configurations.save_version(tx, an_agent(note))
            return saved.version.version_number

    numbers = await asyncio.gather(*(save(note % 8) for note in range(16)))

    assert sorted(set(numbers)) == list(range(1, 9)), "eight contents, each saved twice"
    async with database.transaction(actor) as tx:
        assert [row["version_number"] for row in await tx.fetch(_SQL.numbers)] == list(range(1, 9))
        latest = await configurations.get_version(tx, "support-agent")
        assert latest.version_number == 8
        versions = await configurations.list_versions(tx, "support-agent")
        assert [each.version_number for each in versions] == list(range(8, 0, -1)), "later numbers have later times"


async def test_a_save_that_is_rolled_back_leaves_no_gap(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        await configurations.save_version(tx, an_agent(1))
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(actor) as tx:
            await configurations.save_version(tx, an_agent(2))
            raise ZeroDivisionError
    async with database.transaction(actor) as tx:
        assert (await configurations.save_version(tx, an_agent(3))).version.version_number == 2


async def test_a_version_can_be_named_in_many_ways(tx: Tx) -> None:
    first = (await configurations.save_version(tx, an_agent(1))).version
    second = (await configurations.save_version(tx, an_agent(2))).version

    for reference, expected in [
        ("support-agent", second),
        ("support-agent@latest", second),
        ("@latest", second),
        (" support-agent@v1 ", first),
        ("support-agent@1", first),
        (str(first.version_id), first),
        (first.version_id.hex, first),
        (str(first.version_id).upper(), first),
        (first.version_id.hex[:8], first),
        (first.version_id.hex[-8:], first),
        (str(first.config_id), second),
    ]:
        assert await configurations.get_version(tx, reference) == expected, reference


async def test_an_ambiguous_short_id_lists_its_candidates(tx: Tx) -> None:
    config_id = (await configurations.save_version(tx, an_agent())).version.config_id
    ids = [UUID("abcd0000-0000-4000-8000-000000000001"), UUID("00000000-0000-4000-8000-00000000abcd")]
    for number, version_id in enumerate(ids, start=2):
        await tx.execute(
            _SQL.insert_version, version_id=version_id, config_id=config_id, number=number, config_hash=str(number) * 64
        )
    with pytest.raises(VersionAmbiguous) as caught:
        await configurations.get_version(tx, "abcd")
    assert {each["version_id"] for each in caught.value.details["candidates"]} == set(map(str, ids))
    assert "support-agent@v2" in caught.value.message
    assert (await configurations.get_version(tx, "abcd0")).version_id == ids[0]


async def test_a_name_goes_before_an_id_that_looks_the_same(tx: Tx) -> None:
    await configurations.save_version(tx, an_agent(name="feed"))
    assert (await configurations.get_version(tx, "feed")).config_name == "feed"


@pytest.mark.parametrize(
    ("reference", "similar"),
    [
        ("suport-agent", "support-agent"),
        ("support-agent@v7", "support-agent@v1"),
        ("support-agent@newest", "support-agent@v1"),
        ("ffffffff", None),
        ("0d5f3c1e-7a7b-4f7e-9d4e-1a2b3c4d5e6f", None),
        ("@v1", None),
        ("", None),
        ("100%", None),
        ("____", None),
    ],
)
async def test_an_unknown_version_is_not_found_and_what_is_near_is_named(
    tx: Tx, reference: str, similar: str | None
) -> None:
    await configurations.save_version(tx, an_agent())
    with pytest.raises(VersionNotFound) as caught:
        await configurations.get_version(tx, reference)
    assert (similar or "config list") in str(caught.value.remedy)


async def test_versions_of_an_unknown_configuration_are_not_found(tx: Tx) -> None:
    with pytest.raises(VersionNotFound, match="'nobody'"):
        await configurations.list_versions(tx, "nobody")


async def test_a_difference_is_kept_once(tx: Tx) -> None:
    one = (await configurations.save_version(tx, an_agent(1))).version
    two = (await configurations.save_version(tx, an_agent(2))).version
    diff = await configurations.diff_versions(tx, one, two)
    await configurations.diff_versions(tx, one, two)

    assert diff.changes == [{"path": "note", "kind": "changed", "before": 1, "after": 2}]
    (row,) = await tx.fetch(_SQL.diffs)
    assert (row["version_before"], row["version_after"]) == (one.version_id, two.version_id)
    assert (row["diff_yaml"], row["change_summary"]) == (diff.unified, diff.changes)


async def test_a_version_does_not_differ_from_itself(tx: Tx) -> None:
    one = (await configurations.save_version(tx, an_agent(1))).version
    diff = await configurations.diff_versions(tx, one, one)
    assert (list(diff.changes), diff.unified) == ([], "")
    assert await tx.fetch(_SQL.diffs) == []


async def test_two_configurations_are_compared_and_nothing_is_kept(tx: Tx) -> None:
    one = (await configurations.save_version(tx, an_agent(1))).version
    other = (await configurations.save_version(tx, an_agent(2, name="other-agent"))).version
    diff = await configurations.diff_versions(tx, one, other)
    assert {each["path"] for each in diff.changes} == {"name", "note"}
    assert await tx.fetch(_SQL.diffs) == []


async def test_a_version_cannot_be_changed(tx: Tx) -> None:
    version = (await configurations.save_version(tx, an_agent())).version
    with pytest.raises(ConstraintViolated) as caught:
        await tx.execute(_SQL.change_version, version_id=version.version_id)
    assert caught.value.constraint == "config_versions_are_immutable"


async def test_a_deleted_version_is_found_by_its_id_only_and_comes_back_when_it_is_saved(tx: Tx) -> None:
    first = (await configurations.save_version(tx, an_agent(1))).version
    second = (await configurations.save_version(tx, an_agent(2))).version
    await tx.execute(_SQL.delete_version, version_id=second.version_id)

    assert await configurations.get_version(tx, "support-agent") == first
    assert await configurations.get_version(tx, str(second.version_id)) == second
    assert (await configurations.save_version(tx, an_agent(2))).version == second
    assert await configurations.get_version(tx, "support-agent@v2") == second


async def test_an_imported_agent_is_kept_without_a_temperature(tx: Tx) -> None:
    agent = configurations.imported_agent({"name": "gpt-4o-airline"})
    saved = await configurations.save_version(tx, agent, generated_by="import")
    assert saved.version.parsed_config["temperature"] is None
    assert (await configurations.load_definition(tx, saved.version)).config_hash == agent.config_hash


@pytest.mark.parametrize(
    ("changes", "generated_by", "field"),
    [
        ({"name": "a/b"}, "manual", "name"),
        ({"name": "x"}, "manual", "name"),
        ({}, "somebody", "generated_by"),
        ({"raw_yaml": "x" * 1_048_577}, "manual", "raw_yaml"),
        ({"parsed": {"model": "x"}}, "manual", "temperature"),
        ({"parsed": {"model": None, "temperature": 0}}, "api", "model"),
    ],
)
async def test_what_cannot_be_a_version_is_refused_before_anything_is_written(
    tx: Tx, changes: dict[str, object], generated_by: str, field: str
) -> None:
    with pytest.raises(VersionRefused) as caught:
        await configurations.save_version(tx, replace(an_agent(), **changes), generated_by=generated_by)
    assert caught.value.details["field"] == field
    assert await configurations.list_configurations(tx) == []


async def test_saving_is_audited(tx: Tx) -> None:
    await configurations.save_version(tx, an_agent())
    rows = [(row["table_name"], row["operation"]) for row in await tx.fetch(_SQL.audit)]
    assert rows == [("configurations", "INSERT"), ("config_versions", "INSERT"), ("configurations", "UPDATE")]


async def test_another_team_sees_nothing_and_may_use_the_same_name(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        mine = (await configurations.save_version(tx, an_agent())).version
    stranger = Actor(actor.user_id, UUID("00000000-0000-7000-8000-00000000ffff"))
    async with database.transaction(stranger) as tx:
        assert await configurations.list_configurations(tx) == []
        for reference in ("support-agent", "@latest", str(mine.version_id), mine.version_id.hex[:8]):
            with pytest.raises(VersionNotFound) as caught:
                await configurations.get_version(tx, reference)
            assert caught.value.details["similar"] == []
