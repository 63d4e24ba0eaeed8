"""`/v1/evaluation/configurations` and `/versions`."""

from __future__ import annotations

import asyncio
import base64
from uuid import uuid4

import pytest

from fixtures.material import V1, agent_yaml, named, save_version

SAVE = f"{V1}/configurations"


async def test_a_version_is_saved_once_and_found_under_all_its_names(client_of):
    client = client_of("pottery/member")
    name = named("agent")
    async with client.session.post(SAVE, json={"raw_yaml": agent_yaml(name)}) as response:
        assert response.status == 201
        first = await response.json()
        assert response.headers["Location"] == f"{V1}/versions/{first['version_id']}"
    assert (first["label"], first["new"], first["warnings"]) == (f"{name}@v1", True, [])

    status, again = await client.post(SAVE, json={"raw_yaml": f"# the same\n{agent_yaml(name)}"})
    assert (status, again["version_id"], again["new"]) == (200, first["version_id"], False)

    second = await save_version(client, name, temperature=1)
    assert second["version_number"] == 2
    for reference in (name, f"{name}@v2", f"{name}@latest", second["version_id"]):
        status, found = await client.get(f"{V1}/versions/{reference}")
        assert (status, found["version_id"]) == (200, second["version_id"])
        assert found["raw_yaml"] == agent_yaml(name, temperature=1)

    status, listed = await client.get(f"{SAVE}/{name}/versions?fields=label")
    assert (status, listed["items"]) == (200, [{"label": f"{name}@v2"}, {"label": f"{name}@v1"}])
    status, one = await client.get(f"{SAVE}/{name}")
    assert (one["versions"], one["latest_version"], one["is_active"]) == (2, 2, True)


async def test_files_belong_to_a_version_and_to_what_changed(client_of):
    client = client_of("pottery/member")
    name = named("agent")
    yaml = agent_yaml(name, system_prompt="file://prompts/system.md", include="[picture.bin]")
    picture = base64.b64encode(bytes(range(256))).decode()
    bodies = [
        {"raw_yaml": yaml, "files": {"prompts/system.md": text}, "files_base64": {"picture.bin": picture}}
        for text in ("Be brief.\n", "Be kind.\n")
    ]
    for body in bodies:
        status, saved = await client.post(SAVE, json=body)
        assert status == 201, saved
    assert set(saved["files"]) == {"prompts/system.md", "picture.bin"}

    status, diff = await client.get(f"{V1}/versions/{name}@v2/diff?against={name}@v1")
    assert status == 200
    assert [each["path"] for each in diff["changes"]] == ["system_prompt"]
    assert "-Be brief.\n+Be kind.\n" in diff["unified"]
    # whoever may only read reads it too
    assert (await client_of("pottery/viewer").get(f"{V1}/versions/{name}@v2/diff?against={name}@v1"))[1] == diff


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 422, "fields_refused", "raw_yaml"),
        ({"raw_yaml": "model: [", "name": "broken"}, 422, "yaml_refused", None),
        ({"raw_yaml": "model: x\n", "name": "a/b"}, 422, "fields_refused", "name"),
        ({"raw_yaml": agent_yaml("abc"), "bogus": 1}, 422, "fields_refused", "bogus"),
        ({"raw_yaml": agent_yaml("abc", temperature="hot")}, 422, "agent_file_refused", "temperature"),
        ({"raw_yaml": agent_yaml("abc", system_prompt="file://no.md")}, 422, "agent_file_refused", "system_prompt"),
        (
            {"raw_yaml": agent_yaml("abc", system_prompt="file:///etc/passwd")},
            422,
            "agent_file_refused",
            "system_prompt",
        ),
        ({"raw_yaml": agent_yaml("abc"), "files": {"../x": ""}}, 422, "upload_refused", "files"),
        ({"raw_yaml": agent_yaml("abc"), "files": {"/etc/x": ""}}, 422, "upload_refused", "files"),
        ({"raw_yaml": agent_yaml("abc"), "files": {"a/./b": ""}}, 422, "upload_refused", "files"),
        ({"raw_yaml": agent_yaml("abc"), "files": {"a\\b": ""}}, 422, "upload_refused", "files"),
        ({"raw_yaml": agent_yaml("abc"), "files": {"": ""}}, 422, "upload_refused", "files"),
        ({"raw_yaml": agent_yaml("abc"), "files": {"a": "", "a/b": ""}}, 422, "upload_refused", "files"),
        ({"raw_yaml": agent_yaml("abc"), "files": {"x" * 300: ""}}, 422, "upload_refused", "files"),
        ({"raw_yaml": agent_yaml("abc"), "files": {"agent.yaml": ""}}, 422, "upload_refused", "files"),
        ({"raw_yaml": agent_yaml("abc"), "files": {"a": 1}}, 422, "fields_refused", "files.a"),
        ({"raw_yaml": agent_yaml("abc"), "files_base64": {"a": "?"}}, 422, "upload_refused", "files"),
        (
            {"raw_yaml": agent_yaml("abc"), "files": {"a": ""}, "files_base64": {"a": ""}},
            422,
            "upload_refused",
            "files",
        ),
        ({"raw_yaml": "name: \0"}, 422, "character_refused", "body"),
        ({"raw_yaml": "a: &a [*a]\n"}, 422, None, None),
        (["raw_yaml"], 422, "fields_refused", "body"),
    ],
)
async def test_what_is_no_agent_is_refused_with_the_field(client_of, body, status, code, field):
    got, document = await client_of("pottery/member").post(SAVE, json=body)
    error = document["error"]
    assert got == status, document
    assert code is None or error["code"] == code
    assert field is None or error["details"]["field"] == field
    assert "guildhall-upload" not in str(document), "the server's own folders are nobody's business"


async def test_what_is_archived_leaves_the_list_and_comes_back(client_of):
    client = client_of("pottery/member")
    name = (await save_version(client))["name"]

    async def is_listed(query: str = "") -> bool:
        _, page = await client.get(f"{SAVE}?name={name}{query}")
        return bool(page["items"])

    status, archived = await client.delete(f"{SAVE}/{name}")
    assert (status, archived["is_active"], await is_listed(), await is_listed("&archived=true")) == (
        200, False, False, True,
    )  # fmt: skip
    status, restored = await client.post(f"{SAVE}/{name}/restoration")
    assert (status, restored["is_active"], await is_listed()) == (200, True, True)


async def test_a_list_is_paged_while_versions_are_added_and_exported_whole(client_of):
    client = client_of("pottery/member")
    name = named("agent")
    for temperature in (0.1, 0.2, 0.3):
        await save_version(client, name, temperature=temperature)
    path = f"{SAVE}/{name}/versions?fields=version_number&limit=2"
    _, first = await client.get(path)
    await save_version(client, name, temperature=0.4)
    async with client.session.get(f"{path}&cursor={first['next_cursor']}") as response:
        second = await response.json()
        assert "Link" not in response.headers
    assert [each["version_number"] for each in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next_cursor"] is None

    _, text = await client.get(f"{SAVE}/{name}/versions?sort=version_number&fields=label&format=csv")
    assert text == "label\r\n" + "".join(f"{name}@v{number}\r\n" for number in (1, 2, 3, 4))
    _, text = await client.get(f"{SAVE}/{name}/versions?fields=label", headers={"Accept": "application/x-ndjson"})
    assert text.splitlines()[0] == f'{{"label":"{name}@v4"}}'


async def test_the_same_idempotency_key_saves_once(client_of):
    client = client_of("pottery/member")
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"raw_yaml": agent_yaml(named("agent"))}

    async def save(body):
        async with client.session.post(SAVE, json=body, headers=headers) as response:
            return response.status, await response.json(), response.headers.get("Idempotency-Replayed")

    answers = await asyncio.gather(save(body), save(body))
    assert [status for status, _, _ in answers] == [201, 201]
    assert answers[0][1] == answers[1][1]
    assert {replayed for _, _, replayed in answers} == {None, "true"}
    status, refused, _ = await save({"raw_yaml": agent_yaml(named("other"))})
    assert (status, refused["error"]["code"]) == (422, "idempotency_key_reused")


async def test_another_teams_versions_are_as_if_they_did_not_exist(client_of):
    saved = await save_version(client_of("pottery/member"))
    other = client_of("smithy/member")
    for path in (
        f"configurations/{saved['name']}",
        f"configurations/{saved['name']}/versions",
        f"versions/{saved['version_id']}",
        f"versions/{saved['label']}",
    ):
        status, document = await other.get(f"{V1}/{path}")
        unknown = path.replace(saved["name"], "unknown").replace(saved["version_id"], str(uuid4()))
        assert (status, document["error"]["code"]) == (404, "config_version_not_found")
        assert (await other.get(f"{V1}/{unknown}"))[0] == 404
    assert (await other.delete(f"{SAVE}/{saved['name']}"))[0] == 404
    assert (await other.post(f"{SAVE}/{saved['name']}/restoration"))[0] == 404
    assert (await other.get(f"{SAVE}?name={saved['name']}"))[1]["items"] == []


async def test_viewers_read_and_do_not_write(client_of):
    saved = await save_version(client_of("pottery/member"))
    viewer = client_of("pottery/viewer")
    assert (await viewer.get(f"{V1}/versions/{saved['label']}"))[0] == 200
    for answer in (
        viewer.post(SAVE, json={"raw_yaml": agent_yaml(named("agent"))}),
        viewer.delete(f"{SAVE}/{saved['name']}"),
        viewer.post(f"{SAVE}/{saved['name']}/restoration"),
    ):
        assert (await answer)[0] == 403
