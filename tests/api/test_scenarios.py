"""`/v1/evaluation/scenarios`."""

from __future__ import annotations

import json

import pytest

from fixtures.material import V1, named, save_suite, scenario

SCENARIOS = f"{V1}/scenarios"


async def test_scenarios_are_saved_and_every_content_is_kept(client_of):
    client = client_of("pottery/member")
    suite = named("suite")
    one, two = f"{suite}_1", f"{suite}_2"
    status, saved = await client.post(SCENARIOS, json={"scenarios": [scenario(one), scenario(two)], "suite": suite})
    assert (status, saved["scenarios"], saved["new"], saved["changed"], saved["same"]) == (200, 2, 2, 0, 0)
    before = saved["items"][0]
    assert before["scenario_id"] == one

    changed = [scenario(one, task_prompt="Say it again."), scenario(two)]
    _, saved = await client.post(SCENARIOS, json={"scenarios": changed, "suite": suite})
    assert (saved["new"], saved["changed"], saved["same"]) == (0, 1, 1)

    _, now = await client.get(f"{SCENARIOS}/{one}")
    assert (now["task_prompt"], now["pass_score"]) == ("Say it again.", 1.0)
    _, then = await client.get(f"{SCENARIOS}/{one}?content_hash={before['content_hash']}")
    assert (then["task_prompt"], then["content_hash"]) == (f"Say {one}.", before["content_hash"])
    _, listed = await client.get(f"{SCENARIOS}?suite={suite}")
    assert [(each["scenario_id"], each["versions"]) for each in listed["items"]] == [(one, 2), (two, 1)]


@pytest.mark.parametrize("form", ["yaml", "json", "jsonl"])
async def test_a_file_of_any_form_is_read_as_on_disk(client_of, form):
    client = client_of("pottery/member")
    each = scenario(named("case"), environment="env:World")
    text = json.dumps(each if form == "jsonl" else [each])
    files = {"env.py": "class World:\n    pass\n"}
    status, saved = await client.post(SCENARIOS, json={"text": text, "format": form, "files": files})
    assert (status, saved["new"]) == (200, 1)
    _, found = await client.get(f"{SCENARIOS}/{each['scenario_id']}")
    assert list(found["files"]) == ["env.py"]


async def test_a_list_is_filtered_by_what_scenarios_have(client_of):
    client = client_of("pottery/member")
    suite = named("suite")
    cases = [
        scenario(f"{suite}_a", tags=["red", "round"], difficulty_level="easy"),
        scenario(f"{suite}_b", tags=["red"], split="holdout", task_prompt="Count the elephants."),
        scenario(f"{suite}_c", difficulty_level="hard"),
    ]
    assert (await client.post(SCENARIOS, json={"scenarios": cases, "suite": suite}))[0] == 200

    async def found(query: str) -> str:
        _, page = await client.get(f"{SCENARIOS}?suite={suite}&{query}")
        return "".join(each["scenario_id"][-1] for each in page["items"])

    assert await found("tag=red") == "ab"
    assert await found("tag=round") == "a"
    assert await found("split=holdout") == "b"
    assert await found("difficulty_level=easy&difficulty_level=hard") == "ac"
    assert await found("search=elephant") == "b"
    assert await found("sort=-scenario_id") == "cba"
    assert await found(f"scenario_id={suite}_c") == "c"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "fields_refused", "body"),
        ({"scenarios": [], "suite": "x"}, "fields_refused", "scenarios"),
        ({"scenarios": [scenario("a")], "text": "x"}, "fields_refused", "body"),
        ({"scenarios": [{"scenario_id": "a"}]}, "scenario_file_refused", None),
        ({"scenarios": [scenario("a"), scenario("a")]}, "scenario_file_refused", None),
        ({"scenarios": [scenario("Has Spaces")]}, "scenario_file_refused", "scenario_id"),
        ({"scenarios": [scenario("a", scorers=[{"type": "guess"}])]}, "scenario_file_refused", None),
        ({"text": "- [", "format": "yaml"}, "yaml_refused", None),
        ({"text": "{", "format": "json"}, "json_refused", None),
        ({"text": " ", "format": "jsonl"}, "file_unreadable", None),
        ({"text": "x", "format": "toml"}, "fields_refused", "format"),
        ({"text": "x", "suite": "y"}, "fields_refused", "body"),
        ({"scenarios": [scenario("a", environment="env:World")]}, "scenario_file_refused", None),
        ({"scenarios": [scenario("a")], "files": {"../env.py": ""}}, "upload_refused", "files"),
    ],
)
async def test_what_is_no_scenario_is_refused_and_nothing_is_saved(client_of, body, code, field):
    client = client_of("pottery/member")
    status, document = await client.post(SCENARIOS, json=body)
    assert (status, document["error"]["code"]) == (422, code), document
    assert field is None or field in document["error"]["details"]["field"]
    assert "guildhall-upload" not in str(document)
    assert (await client.get(f"{SCENARIOS}/a"))[0] == 404


async def test_what_is_archived_leaves_the_list_and_comes_back(client_of):
    client = client_of("pottery/member")
    suite, (one, two) = await save_suite(client)
    status, archived = await client.delete(f"{SCENARIOS}/{one}")
    assert (status, archived["is_active"]) == (200, False)
    _, listed = await client.get(f"{SCENARIOS}?suite={suite}&fields=scenario_id")
    assert listed["items"] == [{"scenario_id": two}]
    _, listed = await client.get(f"{SCENARIOS}?suite={suite}&archived=true")
    assert len(listed["items"]) == 2
    status, restored = await client.post(f"{SCENARIOS}/{one}/restoration")
    assert (status, restored["is_active"]) == (200, True)


async def test_a_list_is_paged_while_scenarios_are_added_and_exported_whole(client_of):
    client = client_of("pottery/member")
    suite, ids = await save_suite(client, 5)
    path = f"{SCENARIOS}?suite={suite}&limit=2&fields=scenario_id"
    seen, cursor = [], ""
    while cursor is not None:
        _, page = await client.get(path + (f"&cursor={cursor}" if cursor else ""))
        seen += [each["scenario_id"] for each in page["items"]]
        cursor = page["next_cursor"]
        earlier = [scenario(f"{suite}_{len(seen)}_a")]
        await client.post(SCENARIOS, json={"scenarios": earlier, "suite": "another"})
    assert seen == ids
    _, text = await client.get(f"{SCENARIOS}?suite={suite}&fields=scenario_id,tags&format=csv")
    assert text == "scenario_id,tags\r\n" + "".join(f"{each},[]\r\n" for each in ids)


async def test_another_teams_scenarios_do_not_exist_and_viewers_may_not_write(client_of):
    suite, (one, _) = await save_suite(client_of("pottery/member"))
    other, viewer = client_of("smithy/member"), client_of("pottery/viewer")
    for path in (f"{SCENARIOS}/{one}", f"{SCENARIOS}/unknown"):
        status, document = await other.get(path)
        assert (status, document["error"]["code"]) == (404, "scenario_not_found")
    assert (await other.delete(f"{SCENARIOS}/{one}"))[0] == 404
    assert (await other.post(f"{SCENARIOS}/{one}/restoration"))[0] == 404
    assert (await other.get(f"{SCENARIOS}?suite={suite}"))[1]["items"] == []

    assert (await viewer.get(f"{SCENARIOS}/{one}"))[0] == 200
    assert (await viewer.post(SCENARIOS, json={"scenarios": [scenario("b")]}))[0] == 403
    assert (await viewer.delete(f"{SCENARIOS}/{one}"))[0] == 403
