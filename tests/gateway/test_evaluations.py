"""Evaluations through the gateway: every call behind an outcome is in the ledger, by who made it, and the sums agree."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import openai
import pytest

from fixtures.command_line import Command
from fixtures.gateways import PRICES, SECRET_KEY, Town
from fixtures.people import make_person
from guildhall.db import Actor
from guildhall.domains.gateway import providers
from guildhall.domains.platform import identity

AGENT, USER, JUDGE = "say-Refunded", "say-###STOP###", 'say-{"score":1,"reason":"polite"}'
ANALYST = 'say-{"recommendations":[]}'

_LLM = f"""\
name: helper
model: {AGENT}
temperature: 0
runtime: llm
prices: {{input: 1000, output: 2000}}
"""

_PROGRAM = """\
name: program
model: any
temperature: 0
runtime: command
command: [python3, agent.py]
include: [agent.py]
network: true
environment: [OPENAI_API_KEY]
"""

_CODE = """\
import json, os, sys, urllib.request

start = json.loads(input())
assert start["gateway"]["api_key"] == os.environ["OPENAI_API_KEY"] == os.environ["ANTHROPIC_API_KEY"]
body = {"model": "say-From_a_program", "messages": start["messages"]}
wanted = urllib.request.Request(
    os.environ["OPENAI_BASE_URL"] + "/chat/completions",
    json.dumps(body).encode(),
    {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"},
)
said = json.load(urllib.request.urlopen(wanted))["choices"][0]["message"]["content"]
print("key", os.environ["OPENAI_API_KEY"], file=sys.stderr)
print(json.dumps({"type": "message", "content": said}), flush=True)
"""

_SCENARIOS = f"""\
- scenario_id: refund
  name: Refund
  task_prompt: I want my money back.
  user: {{goal: Get a refund, model: "{USER}"}}
  scorers:
    - {{type: llm_judge, model: '{JUDGE}', rubric: Is it polite?}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agent.py").write_text(_CODE)
    (tmp_path / "helper.yaml").write_text(_LLM)
    (tmp_path / "program.yaml").write_text(_PROGRAM)
    (tmp_path / "scenarios.yaml").write_text(_SCENARIOS)
    return tmp_path


@pytest.fixture
def command(guildhall: Command, command_environment: dict[str, str], town: Town) -> Any:
    """A command whose models are behind the gateway; nobody has a provider's key."""
    command_environment |= {
        "GUILDHALL_SECRET_KEY": SECRET_KEY,
        "GUILDHALL_GATEWAY_URL": town.url,
        "OPENAI_API_KEY": "sk-of-the-team",
    }

    async def command(*arguments: object, **given: Any) -> Any:
        return await asyncio.to_thread(guildhall, *arguments, **given)

    return command


async def _price(town: Town, *models: str) -> None:
    """From now on these models have a price."""
    async with town.database.transaction(town.actor) as tx:
        await providers.change_account(
            tx,
            "upstream",
            identity.read_keyring(SECRET_KEY),
            networks=providers.read_networks(["127.0.0.0/8"]),
            config={"prices": dict.fromkeys(models, PRICES)},
        )


async def test_every_call_behind_an_outcome_is_found_and_the_sums_agree(town: Town, command: Any, folder: Path) -> None:
    await _price(town, AGENT, USER, JUDGE)
    report = (
        await command("eval", "run", folder / "helper.yaml", folder / "scenarios.yaml", "--trials", 2, "--json")
    ).json
    assert (report["outcomes"], report["passed"]) == (2, 2)
    outcomes = await town.sql("SELECT outcome_id, cost_usd FROM store.outcomes ORDER BY trial_number")
    by_outcome: dict[UUID, list[Any]] = {each["outcome_id"]: [] for each in outcomes}
    calls = await town.calls()
    for each in calls:
        assert each["simulation_id"] == UUID(report["simulation_id"])
        by_outcome[each["outcome_id"]].append(each)
    for outcome in outcomes:
        made = by_outcome[outcome["outcome_id"]]
        assert [(each["role"], each["model"]) for each in made] == [
            ("agent", AGENT),
            ("user", USER),
            ("judge", JUDGE),
        ]
        assert sum(each["cost_usd"] for each in made if each["role"] == "agent") == outcome["cost_usd"]
    assert len(town.provider.asked) == len(calls) == 6

    ledger = report["ledger"]
    assert (ledger["calls"], ledger["unpriced"]) == (6, 0)
    assert Decimal(str(ledger["cost_usd"])) == sum(each["cost_usd"] for each in calls) == Decimal("0.132")
    roles = {each["role"]: each for each in ledger["roles"]}
    assert roles["agent"]["cost_usd"] == roles["agent"]["reported_usd"] == report["cost_usd"]
    assert ledger["differs"] == ["judge", "user"]  # nobody told the runner what these cost

    # Another team's key ties nothing to it.
    stranger = await make_person(town.database, "stranger")
    async with town.database.transaction(Actor(identity.LOCAL.user_id, stranger.tenant_id)) as tx:
        theirs = (await identity.create_key(tx, user_id=stranger.user_id)).text
    with pytest.raises(openai.BadRequestError, match="expected a simulation of the key's team"):
        await town.say(key=theirs, extra_headers={"x-guildhall-simulation": report["simulation_id"]})

    # The key was made for the run, could call models alone, and is good for nothing now.
    [key] = await town.sql("SELECT * FROM platform.api_keys WHERE name LIKE 'evaluation %'")
    assert (key["scopes"], key["is_active"], key["expires_at"] > key["created_at"]) == (["models"], False, True)
    assert {each["api_key_id"] for each in calls} == {key["id"]}

    # By commands: all of a simulation, those of one trial, those of one role.
    first = outcomes[0]["outcome_id"]
    shown = await command("eval", "show", "@latest", "refund", "--trial", 1, "--calls", "--json")
    assert [each["role"] for each in shown.json["calls"]] == ["judge", "user", "agent"]
    assert {each["outcome_id"] for each in shown.json["calls"]} == {str(first)}
    listed = await command("gateway", "requests", "list", "--outcome", first)
    assert [line.split()[-1] for line in listed.out.splitlines()] == ["judge", "user", "agent"]
    judged = (await command("gateway", "requests", "list", "--simulation", "@latest", "--role", "judge", "--json")).json
    assert len(judged) == 2

    # A call that has no price makes the sum unknown, which is said; an analyst's calls are on record, too.
    analysed = await command("recommend", "run", "helper@v1", "--analyst", "llm", "--model", ANALYST, "--json")
    assert analysed.json["recommendations"] == []
    last = (await town.calls())[-1]
    assert (last["role"], last["simulation_id"], last["outcome_id"]) == ("analyst", UUID(report["simulation_id"]), None)
    said = (await command("eval", "report", "@latest")).out
    assert "Ledger cost unknown: agent $0.044 in 2 calls · analyst cost unknown in 1 call" in said
    assert "1 call without a price that is known" in said
    assert "the trials report cost unknown for judges, the ledger has $0.044" in said


async def test_a_program_is_told_the_gateway_and_a_key_of_its_own(town: Town, command: Any, folder: Path) -> None:
    done = await command("eval", "run", folder / "program.yaml", folder / "scenarios.yaml", "--json")
    assert done.json["passed"] == 1, done.err
    [(agent, model), *_] = [(each["role"], each["model"]) for each in await town.calls()]
    assert (agent, model) == ("agent", "say-From_a_program")
    [outcome] = await town.sql("SELECT outcome_id, sandbox_logs, trajectory::text FROM store.outcomes")
    assert {each["outcome_id"] for each in await town.calls()} == {outcome["outcome_id"]}
    # It wrote its key to its log, and nobody can read it there.
    assert "key" in outcome["sandbox_logs"]
    assert "gh_" not in outcome["sandbox_logs"] + outcome["trajectory"]


async def test_a_call_is_tied_to_the_teams_own_simulations_alone(town: Town) -> None:
    async def refused(expected: str, **headers: str) -> None:
        named = {f"x-guildhall-{name}": value for name, value in headers.items()}
        with pytest.raises(openai.BadRequestError, match=expected):
            await town.say(extra_headers=named)

    await refused("x-guildhall-simulation is .*, expected a simulation of the key's team", simulation=str(uuid4()))
    await refused("x-guildhall-simulation is 'nonsense', expected a UUID", simulation="nonsense")
    await refused("x-guildhall-simulation is None, expected the simulation", outcome=str(uuid4()))
    assert town.provider.asked == []
    assert [each["error_code"] for each in await town.calls()] == ["request_refused"] * 3
