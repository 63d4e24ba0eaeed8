"""Whatever happened in a trial, its record is accepted by the database as it is."""

from __future__ import annotations

from pathlib import Path

from fixtures.plays import SHOP, a_scenario, an_agent, in_the_shop, perform, python_tool, write
from fixtures.trials import claim_all, simulation_in
from guildhall.app.recorder import Recorder
from guildhall.app.sinks import DatabaseSink
from guildhall.app.spool import Spool
from guildhall.db import Actor, Database
from guildhall.domains.evaluation import outcomes
from guildhall.domains.evaluation.configurations import AgentLimits
from guildhall.domains.evaluation.scenarios import ScorerSpec

TOOLS = r"""
def echo(x=None): return {"seen": x, "nan": float("nan"), "big": 2**80, "\0": {"\ud800": (1, {2})}}
def breaks(): raise KeyError("nul \0 \ud800")
"""

AGENTS = {
    "passes": ("def play(session): return 'refunded'", {}, None),
    "is_wrong": ("def play(session): return 'no \\0 \\udfff'", {}, None),
    "raises": ("def play(session): raise OSError('nul \\0 and \\ud800')", {}, None),
    "strange": (
        "def play(session):\n"
        "    session.call('echo', x='\\0\\ud800')\n"
        "    try: session.call('no \\0 \\ud800 such tool' * 50, **{'\\ud800': float('inf')})\n"
        "    except session.ToolError: pass\n"
        "    session.log('\\0\\ud800')\n"
        "    session.say('\\ud800', usage={'input_tokens': 10**9, 'output_tokens': 10**9}, cost_usd='999999.99')\n"
        "    session.model_call(model='m\\0', usage={'input_tokens': 10**9, 'output_tokens': 10**9})\n"
        "    return 'refunded'",
        {},
        None,
    ),
    "tool_breaks": ("def play(session): session.call('breaks')", {}, None),
    "times_out": ("import threading\ndef play(session): threading.Event().wait(20)", {"timeout_ms": 60}, None),
    "says_too_much": ("def play(session): session.say('x'); session.say('x')", {"max_turns": 1}, None),
    "large": ("def play(session): return 'refunded ' + 'x' * 3_000_000", {}, None),
    "shops": ("def play(session): session.call('refund', order='1042')", {}, in_the_shop()),
    "no_scorer": ("def play(session): return 'x'", {}, a_scenario(scorers=(ScorerSpec("numeric"),))),
}

EXPECTED = {
    "passes": ("success", True, 1.0, None),
    "is_wrong": ("success", False, 0.0, "agent"),
    "raises": ("error", False, 0.0, "agent"),
    "strange": ("success", True, 1.0, None),
    "tool_breaks": ("error", False, 0.0, "tool"),
    "times_out": ("timeout", False, 0.0, "agent"),
    "says_too_much": ("error", False, 0.0, "agent"),
    "large": ("success", True, 1.0, None),
    "shops": ("success", True, 1.0, None),
    "no_scorer": ("error", None, None, "scenario"),
}


async def test_every_kind_of_trial_is_stored(tmp_path: Path, database: Database, actor: Actor) -> None:
    simulation_id = await simulation_in(database, actor, *AGENTS)
    claims = {each.scenario_id: each for each in await claim_all(database, actor, simulation_id)}
    recorder = Recorder(DatabaseSink(database), actor, Spool(tmp_path / "spool"))

    async with recorder:
        for name, (source, limits, scenario) in AGENTS.items():
            directory = write(tmp_path / name, agent=source, tools=TOOLS, shop=SHOP)
            spec = an_agent(limits=AgentLimits(**limits), tools=(python_tool("echo"), python_tool("breaks")))
            record = await perform(directory, spec=spec, scenario=scenario, claim=claims[name])
            await recorder.record(record)

    async with database.transaction(actor) as tx:
        stored = {
            each.scenario_id: each
            for each in (await outcomes.list_outcomes(tx, simulation_id=simulation_id, at_most=100)).outcomes
        }
    assert {
        name: (each.status, each.passed, each.reliability_score, each.fault) for name, each in stored.items()
    } == EXPECTED
    assert stored["strange"].tokens_used == 2**31 - 1
