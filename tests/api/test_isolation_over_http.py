"""
What is one team's, as another one meets it over HTTP: on every route of the OpenAPI document.

Another team's ids are answered exactly as ids that nobody has; lists never
show its rows, and nothing that is tried changes anything. A route that this
module cannot place fails it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest
import requests

from fixtures.api import Client, Served
from fixtures.guildhall import apart
from fixtures.material import V1, plan, save_suite, save_version, told
from fixtures.openapi import document, parameters_of
from fixtures.people import PASSWORD
from guildhall import clock
from guildhall.db import Actor

P = "/v1/platform"
S = "/v1/society"
G = "/v1/gateway"

# What stands in a path, by its name there: every name that is somebody's.
IN_PATHS = {
    "name": "config",
    "version": "version",
    "scenario_id": "scenario",
    "simulation": "simulation",
    "simulation_id": "simulation",
    "outcome_id": "outcome",
    "cluster_id": "cluster",
    "invitation_id": "invitation",
    "key": "key",
    "user": "user",
    "session_id": "session",
    "secret_id": "secret",
    "team": "team",
    "job_id": "job",
    "dead_letter_id": "dead_letter",
    "worker": "worker",
    "agent": "agent",
    "task": "task",
    "letter_id": "letter",
    "task_type": "task_type",
    "schedule": "schedule",
    "proposal": "proposal",
    "recommendation": "recommendation",
    "analysis": "analysis",
    "provider": "provider",
    "budget": "budget",
    "request_id": "call",
    "debate": "debate",
    "ensemble": "ensemble",
    "session": "conversation",
}
INSTALLATION = {"verify_ledger"}
"""A ledger is everybody's; of its rows only one's own are verified."""

# Operations that name somebody's things in their query or body.
NAMED: dict[str, list[tuple[str, Any]]] = {
    "compare": [
        ("?baseline={simulation}&candidate={simulation}", None),
        ("?baseline={version}&candidate={config}", None),
    ],
    "check_gate": [("?baseline={version}&candidate={simulation}", None)],
    "compare_tools": [("?baseline={simulation}&candidate={simulation}", None)],
    "plan_next": [("?baseline={version}&candidate={config}", None)],
    "get_diff": [("?against={version}", None)],
    "list_outcomes": [("?simulation={simulation}", None)],
    "list_clusters": [("?simulation={simulation}", None), ("?scenario_id={scenario}", None)],
    "search": [("?text=x&simulation={simulation}", None), ("?like={cluster}", None)],
    "list_simulations": [("?config={config}", None), ("?config_version_id={version_id}", None)],
    "list_scenarios": [("?scenario_id={scenario}", None)],
    "list_configurations": [("?name={config}", None)],
    "list_proposals": [("?name={config}", None)],
    "list_recommendations": [("?name={config}", None)],
    "analyse": [
        ("", {"version": "{version}"}),
        ("", {"version": "{version}", "analyst": "llm", "model": "kiln"}),
    ],
    "list_changes": [("?record={simulation}", None), ("?user_id={user_id}", None), ("?record={key_id}", None)],
    "list_members": [("?user_id={user_id}", None)],
    "list_users": [("?email={user}@example.org", None)],
    "list_keys": [("?user={user}", None)],
    "plan_simulation": [("", {"config": "{version}", "scenarios": ["{scenario}"]})],
    "begin_execution": [
        ("", {"config_id": "{config}", "scenario_id": "{scenario}"}),
        ("", {"simulation_id": "{simulation}", "config_version_id": "{version_id}", "scenario_set": ["{scenario}"]}),
    ],
    "tell_tools": [("", {"events": [{"outcome_id": "{outcome}", "tool_name": "look_up", "duration_ms": 1}]})],
    "tell_failure": [("", {"outcome_id": "{outcome}", "failure_category": "tool_error", "error_message": "no"})],
    "record_outcomes": [
        (
            "",
            {
                "outcomes": [
                    {
                        "simulation_id": "{simulation}",
                        "scenario_id": "{scenario}",
                        "status": "success",
                        "reliability_score": 1.0,
                        "trajectory": {"steps": []},
                    }
                ]
            },
        )
    ],
    "enqueue_job": [("", {"task_type": "pottery.fire", "waits_for": [{"job_id": "{job}"}]})],
    "enqueue_jobs": [("", {"jobs": [{"task_type": "pottery.fire", "waits_for": [{"job_id": "{job}"}]}]})],
    "add_task": [
        ("", {"title": "t", "waits_for": [{"task": "{task}"}]}),
        ("", {"title": "t", "assigned_to": "{agent}"}),
        ("", {"title": "t", "required_skills": ["{skill}"]}),
        ("", {"title": "t", "task_type": "{kind}"}),
    ],
    "add_tasks": [("", {"tasks": [{"title": "t", "waits_for": [{"task": "{task}"}]}]})],
    "list_tasks": [("?agent={agent}", None), ("?skill={skill}", None), ("?task_type={kind}", None)],
    "list_agents": [("?skill={skill}", None)],
    "list_requests": [
        ("?api_key_id={key_id}", None),
        ("?user_id={user_id}", None),
        ("?model={model}", None),
        ("?session_id={conversation}", None),
        ("?simulation_id={simulation}", None),
        ("?outcome_id={outcome}", None),
    ],
    "list_named_sessions": [("?name={conversation_name}", None)],
    "put_ensemble": [],  # a name is each team's own: whoever puts one there makes theirs
    "add_budget": [
        ("", {"name": "theirs", "key": "{key}", "limit_usd": 1}),
        ("", {"name": "theirs", "user_id": "{user_id}", "limit_usd": 1}),
    ],
    "sign_in": [("", {"login": "owner-of-smithy", "password": PASSWORD, "team": "{team}"})],
}
OWN = {
    "save_version": "makes something in one's own team",
    "save_scenarios": "makes something in one's own team",
    "save_deployment": "makes something in one's own team",
    "export_traces": "makes something in one's own team",
    "try_writing": "writes into a table that nobody else sees, and takes it back",
    "create_key": "makes something in one's own team",
    "keep_secret": "makes something in one's own team",
    "invite": "makes something in one's own team",
    "register_worker": "makes something in one's own team",
    "add_agent": "makes something in one's own team",
    "set_task_type": "makes something in one's own team",
    "add_provider": "makes something in one's own team",
    "start_debate": "makes something in one's own team",
    "create_team": "makes a team; slugs are everybody's, so that a taken one is told",
    "create_user": "is for administrators",
    "create_schedule": "is for administrators",
    "accept_invitation": "takes a token, which is all that anybody needs",
    "create_account": "takes a token, which is all that anybody needs",
    "change_password": "changes one's own",
    "set_preferences": "changes one's own",
    "end_other_sessions": "ends one's own",
}
PERSONAL = {
    "end_session",
    "end_named_session",
    "end_other_sessions",
    "change_password",
    "accept_invitation",
    "set_preferences",
    "create_team",
}
"""What viewers do as well: it is their own, and not their team's."""


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    is_open: bool
    is_list: bool
    body: Any

    def filled(self, things: dict[str, str]) -> str:
        """Its path with these things in it."""
        wanted = {name: quote(things[thing], safe="@") for name, thing in IN_PATHS.items()}
        return self.path.format(**wanted, ledger="audit_log")

    @property
    def names(self) -> bool:
        """Whether its path names somebody's things."""
        return "{" in self.path and self.name not in INSTALLATION


def _operations() -> Iterator[Operation]:
    described = document()
    schemas = described["components"]["schemas"]
    for path, item in described["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            schema = content.get("schema", {})
            named = [each["$ref"].rpartition("/")[2] for each in (schema, *schema.get("anyOf", ())) if "$ref" in each]
            examples = [
                example for shape in (schema, *map(schemas.get, named)) for example in shape.get("examples", ())
            ]
            yield Operation(
                operation["operationId"],
                method.upper(),
                path,
                not operation.get("security"),
                any(each["name"] == "cursor" for each in parameters_of(described, operation)),
                content.get("example", examples[0] if examples else None),
            )


OPERATIONS = {each.name: each for each in _operations()}


@dataclass(frozen=True)
class World:
    """What the pottery has, what nobody has under names of the same kind, and tokens that are no good."""

    url: str
    theirs: dict[str, str]
    nobodys: dict[str, str]
    tokens: dict[str, str]

    def ask(self, operation: Operation, who: str, *, path: str | None = None, body: Any = None) -> requests.Response:
        """The answer to somebody, whose token is among those of the world."""
        return requests.request(
            operation.method,
            self.url + (path if path is not None else operation.filled(self.theirs)),
            headers={"Authorization": f"Bearer {self.tokens[who]}"} if who else {},
            json=body,
            timeout=60,
        )

    def has(self, who: str) -> dict[str, str]:
        """Everything that somebody's team shows in lists, but for when a key or a session was last used; "403" of one that it may not see."""
        fields = {"list_keys": "&fields=id,name,is_active", "list_sessions": "&fields=id,status"}
        shown = {}
        for each in OPERATIONS.values():
            if each.is_list:
                path = each.filled(self.theirs) + "?format=ndjson" + fields.get(each.name, "")
                answer = self.ask(each, who, path=path)
                shown[each.name] = answer.text if answer.ok else str(answer.status_code)
        return shown


@pytest.fixture(scope="module")
def world(served: Served) -> World:
    return apart(lambda: _made(served))


async def _made(served: Served) -> World:
    async with aiohttp.ClientSession(served.url) as session:

        async def asked(who: str, method: str, path: str, body: Any = None) -> Any:
            headers = {"Authorization": f"Bearer {served.keys[who]}"} if who else {}
            async with session.request(method, path, json=body, headers=headers) as response:
                assert response.status < 300, (path, await response.text())
                return await response.json()

        for name in ("owner-of-pottery", "owner-of-smithy"):
            await asked("local", "POST", f"{P}/users/{name}/password", {"password": PASSWORD})
        signed_in = await asked("", "POST", f"{P}/sessions", {"login": "owner-of-pottery", "password": PASSWORD})
        key = await asked("pottery/owner", "POST", f"{P}/keys", {"name": "the kiln"})
        secret = await asked("pottery/owner", "POST", f"{P}/secrets", {"secret": "glaze"})
        invitation = await asked("pottery/owner", "POST", f"{P}/invitations", {"email": "turner@example.org"})
        kinds = [{"task_type": "pottery.fire"}]
        await asked("pottery/owner", "POST", f"{P}/workers", {"name": "the-kiln-keeper", "task_types": kinds})
        account = {"name": "the-clay-pit", "models": {"clay": "clay-1"}, "base_url": "https://clay.example/v1"}
        await asked("pottery/owner", "POST", f"{G}/providers", account)
        await asked("pottery/owner", "POST", f"{G}/budgets", {"name": "for-clay", "limit_usd": 5, "model": "clay"})
        three = {"config": {"strategy": "majority", "members": ["clay", "clay", "clay"]}}
        await asked("pottery/owner", "PUT", f"{G}/ensembles/three-kilns", three)
        agent = {"agent_id": "potter", "skills": [{"name": "throwing"}]}
        await asked("pottery/owner", "POST", f"{S}/agents", agent)
        await asked("pottery/owner", "POST", f"{S}/task-types", {"name": "vases"})
        task = {"title": "Throw a vase", "task_id": "vase", "task_type": "vases", "max_retries": 0}
        await asked("pottery/owner", "POST", f"{S}/tasks", task)
        [claim] = (await asked("pottery/owner", "POST", f"{S}/agents/potter/claim", {}))["items"]
        failed = {"tasks": [{"id": claim["id"], "token": claim["token"], "message": "cracked"}]}
        await asked("pottery/owner", "POST", f"{S}/agents/potter/fail", failed)
        [letter] = (await asked("pottery/owner", "GET", f"{S}/task-dead-letters"))["items"]
        nightly = {"name": "pottery-nightly", "task_type": "pottery.fire", "every_s": 3600}
        await asked("local", "POST", f"{P}/schedules", nightly)
        bad = {
            name: await asked("smithy/owner", "POST", f"{P}/keys", {"name": name, "scopes": scopes})
            for name, scopes in (("revoked", []), ("expired", []), ("reader", ["read"]))
        }
        await asked("smithy/owner", "DELETE", f"{P}/keys/{bad['revoked']['id']}")

    async with aiohttp.ClientSession(
        served.url, headers={"Authorization": f"Bearer {served.keys['pottery/owner']}"}
    ) as session:
        client = Client(session)
        version = await save_version(client, "pottery-agent")
        # named like nothing of the smithy's, which would be offered as what might have been meant
        suite, ids = await save_suite(client, suite="pottery_wares")
        planned = {**await plan(client, config=version["label"], suite=suite), "ids": ids}
        _, report = await client.post(f"{V1}/outcomes", json=[told(planned, planned["ids"][0])])
        _, analysed = await client.post(f"{V1}/analyses", json={"version": version["label"]})

    database = await asyncpg.connect(served.database_url)
    try:
        job, dead_letter = await _jobs(database, served.people["pottery/owner"].tenant_id)
        proposal, recommendation = await _proposed(database, served.people["pottery/owner"].tenant_id)
        call, debate = await _called(database, served.people["pottery/owner"])
        conversation = await _conversation(database, served.people["pottery/owner"])
        cluster = await _cluster(database, served.people["pottery/owner"].tenant_id)
        await database.execute(
            "UPDATE platform.api_keys SET created_at = created_at - interval '2 days',"
            " expires_at = now() - interval '1 day' WHERE id = $1",
            UUID(bad["expired"]["id"]),
        )
    finally:
        await database.close()
    return World(
        served.url,
        theirs={
            "config": "pottery-agent",
            "version": version["label"],
            "version_id": version["version_id"],
            "scenario": planned["ids"][0],
            "simulation": planned["simulation_id"],
            "outcome": report["items"][0]["outcome_id"],
            "invitation": invitation["id"],
            "key": key["id"],
            "key_id": str(UUID(key["id"])),
            "user": "member-of-pottery",
            "user_id": str(served.people["pottery/member"].user_id),
            "session": signed_in["id"],
            "secret": secret["id"],
            "team": "pottery",
            "job": str(job),
            "dead_letter": str(dead_letter),
            "proposal": str(proposal),
            "recommendation": str(recommendation),
            "analysis": analysed["session"]["session_id"],
            "worker": "the-kiln-keeper",
            "agent": "potter",
            "skill": "throwing",
            "task": "vase",
            "kind": "vases",
            "letter": letter["id"],
            "task_type": "pottery.fire",
            "schedule": "pottery-nightly",
            "cluster": str(cluster),
            "provider": "the-clay-pit",
            "budget": "for-clay",
            "model": "clay",
            "call": str(call),
            "debate": str(debate),
            "ensemble": "three-kilns",
            "conversation": str(conversation),
            "conversation_name": "glazing",
        },
        nobodys={
            "config": "nobodys-agent",
            "version": "nobodys-agent@v1",
            "scenario": "nobodys_scenario",
            "key": uuid4().hex,
            "user": "member-of-nothing",
            "team": "nothing",
            "worker": "nobodys-worker",
            "agent": "nobody",
            "skill": "sculpting",
            "task": "nothing-to-do",
            "kind": "nothings",
            "task_type": "nobodys.type",
            "schedule": "nobodys-schedule",
            "provider": "nobodys-provider",
            "budget": "nobodys-budget",
            "model": "nobodys-model",
            "ensemble": "nobodys-ensemble",
            "conversation_name": "nobodys-session",
            **{
                each: str(uuid4())
                for each in (
                    "version_id",
                    "simulation",
                    "outcome",
                    "invitation",
                    "key_id",
                    "user_id",
                    "session",
                    "secret",
                    "job",
                    "dead_letter",
                    "letter",
                    "proposal",
                    "recommendation",
                    "analysis",
                    "cluster",
                    "call",
                    "debate",
                    "conversation",
                )
            },
        },
        tokens={
            "pottery": served.keys["pottery/owner"],
            "smithy": served.keys["smithy/owner"],
            "viewer": served.keys["pottery/viewer"],
            "wrong": "gh_" + "0" * 32 + "_" + "A" * 43,
            "nonsense": "nonsense",
            **{name: made["key"] for name, made in bad.items()},
        },
    )


async def _jobs(database: asyncpg.Connection[Any], team: UUID) -> tuple[UUID, UUID]:
    """A job of a team, and a dead letter of it."""
    job = await database.fetchval(
        "INSERT INTO platform.background_tasks (tenant_id, task_type, payload) VALUES ($1, 'pottery.fire', '{}') RETURNING id",
        team,
    )
    dead_letter = await database.fetchval(
        "INSERT INTO platform.dead_letter_queue (tenant_id, original_task_id, task_type, payload, error_message)"
        " VALUES ($1, $2, 'pottery.fire', '{}', 'cracked') RETURNING id",
        team,
        job,
    )
    return job, dead_letter


async def _proposed(database: asyncpg.Connection[Any], team: UUID) -> tuple[UUID, UUID]:
    """A proposal for a team's latest version, and a recommendation about it."""
    proposal = await database.fetchval(
        "WITH proposed AS ("
        "    INSERT INTO evaluation.config_versions (tenant_id, config_id, version_number, raw_yaml, parsed_config, config_hash, is_proposal)"
        "    SELECT tenant_id, config_id, (SELECT max(version_number) + 1 FROM evaluation.config_versions AS others"
        "                                   WHERE others.config_id = configurations.config_id),"
        "           raw_yaml, parsed_config, repeat('f', 64), true"
        "      FROM evaluation.configurations JOIN evaluation.config_versions USING (tenant_id, config_id)"
        "     WHERE tenant_id = $1 AND name = 'pottery-agent' AND version_id = latest_version_id RETURNING config_id, version_id)"
        " INSERT INTO evaluation.config_diffs (tenant_id, config_id, version_before, version_after, diff_yaml, is_proposal)"
        " SELECT $1, config_id, latest_version_id, proposed.version_id, '', true"
        "   FROM proposed JOIN evaluation.configurations USING (config_id) RETURNING diff_id",
        team,
    )
    recommendation = await database.fetchval(
        "INSERT INTO evaluation.recommendations (tenant_id, source_type, diff_id, recommendation_type, description, confidence)"
        " VALUES ($1, 'config_diff', $2, 'config_change', 'Fire it longer.', 0.5) RETURNING recommendation_id",
        team,
        proposal,
    )
    return proposal, recommendation


async def _cluster(database: asyncpg.Connection[Any], team: UUID) -> UUID:
    """A cluster of failures of a team."""
    return await database.fetchval(
        "INSERT INTO evaluation.failure_clusters (cluster_id, tenant_id, pattern, failure_type, failure_category, fault,"
        " first_seen, last_seen, embedding, embedding_model)"
        " VALUES (gen_random_uuid(), $1, 'it cracked', 'cracked', 'tool_error', 'tool', now(), now(),"
        " '{1:1}/1536'::sparsevec::vector, 'none') RETURNING cluster_id",
        team,
    )


async def _called(database: asyncpg.Connection[Any], who: Actor) -> tuple[UUID, UUID]:
    """A call of a model on record, and a debate, of somebody's team."""
    call = clock.new_id()
    await database.execute(
        "INSERT INTO store.llm_requests (id, tenant_id, user_id, model, prompt, status, created_at)"
        " VALUES ($1, $2, $3, 'clay', 'How hot?', 'running', $4)",
        call,
        who.tenant_id,
        who.user_id,
        clock.time_of(call),
    )
    debate = await database.fetchval(
        "INSERT INTO gateway.debate_sessions (tenant_id, created_by, topic, total_rounds) VALUES ($1, $2, 'Glaze or none?', 1)"
        " RETURNING id",
        who.tenant_id,
        who.user_id,
    )
    return call, debate


async def _conversation(database: asyncpg.Connection[Any], who: Actor) -> UUID:
    """A session that somebody's programs have named."""
    return await database.fetchval(
        "INSERT INTO platform.user_sessions (tenant_id, user_id, name, session_token, idle_lifetime, expires_at, ends_at)"
        " VALUES ($1, $2, 'glazing', repeat('e', 64), interval '1 day', now() + interval '1 day', now() + interval '9 days')"
        " RETURNING id",
        who.tenant_id,
        who.user_id,
    )


def _said(response: requests.Response, things: dict[str, str]) -> tuple[int, str]:
    """Status and body, without the request's id and the names that were asked for."""
    text = response.text.replace(response.headers["X-Request-ID"], "<request>")
    for name, value in sorted(things.items(), key=lambda thing: -len(thing[1])):
        text = text.replace(value, f"<{name}>")
    return response.status_code, text


def _put(template: Any, things: dict[str, str]) -> Any:
    text = json.dumps(template)
    for name, value in things.items():
        text = text.replace("{" + name + "}", value)
    return json.loads(text)


def test_every_route_has_its_place_here():
    placed = (
        {each.name for each in OPERATIONS.values() if each.names or each.method == "GET"} | NAMED.keys() | OWN.keys()
    )
    assert set(OPERATIONS) - placed == set(), "say how another team's things could be named there, or why they cannot"
    assert (NAMED.keys() | OWN.keys() | PERSONAL | INSTALLATION) - set(OPERATIONS) == set()


def test_another_teams_ids_are_as_ids_that_nobody_has_and_nothing_changes(world):
    before = world.has("pottery")
    for operation in OPERATIONS.values():
        attempts = [("", operation.body)] if operation.names and operation.name not in NAMED else []
        for query, body in NAMED.get(operation.name, attempts):
            said = [
                _said(
                    world.ask(
                        operation,
                        "" if operation.is_open else "smithy",
                        path=operation.filled(things) + _put(query, things).replace("@v", "%40v"),
                        body=None if body is None else _put(body, things),
                    ),
                    things,
                )
                for things in (world.theirs, world.nobodys)
            ]
            assert said[0] == said[1], operation.name
            assert not operation.names or said[0][0] in (403, 404), (operation.name, said)
    assert world.has("pottery") == before


def test_no_list_and_nothing_else_that_is_read_shows_another_teams_rows(world):
    shown = {name: text for name, text in world.has("smithy").items() if not OPERATIONS[name].names}
    for operation in OPERATIONS.values():
        if operation.method == "GET" and not operation.is_list and not operation.names and operation.name not in NAMED:
            shown[operation.name] = world.ask(operation, "smithy").text
    for name, text in shown.items():
        for thing, value in world.theirs.items():
            assert f'"{value}"' not in text, (name, thing)
    assert [name for name, text in shown.items() if text == "403"] == ["list_installation_changes"]
    assert all(f'"{world.theirs["key"]}"' in text for name, text in world.has("pottery").items() if name == "list_keys")


@pytest.mark.parametrize("token", ["wrong", "nonsense", "revoked", "expired"])
def test_a_key_that_is_no_good_is_refused_on_every_route(world, token):
    for operation in OPERATIONS.values():
        if not operation.is_open:
            answer = world.ask(operation, token, body=operation.body)
            assert answer.status_code == 401, (operation.name, answer.text)
            assert answer.json()["error"]["code"] in ("api_key_refused", "not_signed_in")


@pytest.mark.parametrize("who", ["viewer", "reader"])
def test_whoever_may_only_read_is_refused_wherever_something_is_written(world, who):
    before = world.has("pottery")
    for operation in OPERATIONS.values():
        if operation.is_open or operation.method == "GET" or (who == "viewer" and operation.name in PERSONAL):
            continue
        answer = world.ask(operation, who, body=operation.body)
        # a viewer does not see keys of others, which are therefore not found
        assert answer.status_code == 403 or (operation.name, answer.status_code) == ("revoke_key", 404), operation.name
    assert world.has("pottery") == before
