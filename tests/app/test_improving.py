"""The whole loop on the demo agent: analysed by rules and by a model, proven on held-out scenarios, approved or not."""

from __future__ import annotations

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fixtures.models import KEY, KEY_VARIABLE, Reply, Request, ScriptedServer, says
from guildhall import demo
from guildhall.app import improving
from guildhall.app.improving import Order
from guildhall.app.recommending import AnalystChoice
from guildhall.app.wiring import App
from guildhall.domains.evaluation import configurations, recommendations, simulations
from guildhall.domains.evaluation.recommendations import AnalystFailed, Improvement

PATCH = """\
system_prompt: |
  You help the customers of a small shop.
  Always look an order up, and always ask who is asking before you change an address.
  Confirm before you pay.
tools:
  - {name: refund, confirm: true}
params: {retries: 2}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The demo's files, in a folder of the test's own."""
    for name in ("agent.v1.yaml", "scenarios.yaml"):
        shutil.copy(demo.DIRECTORY / name, tmp_path / name)
    shutil.copytree(demo.DIRECTORY / "shop", tmp_path / "shop")
    return tmp_path


def order(shop: Path, **changes: Any) -> Order:
    return Order(**{"agent": shop / "agent.v1.yaml", "scenarios": [shop / "scenarios.yaml"], "rounds": 2, **changes})


def recommends(*items: dict[str, Any]) -> Any:
    """A model's answer, which cites the first failure that it was shown."""

    def answer(request: Request) -> Reply:
        shown = request.body["messages"][1]["content"].split("<failures>")[1].split("</failures>")[0]
        first = json.loads(shown.strip().splitlines()[0])["outcome_id"]
        whole = [
            {
                "recommendation_type": "config_change",
                "agent": "support-agent",
                "description": "The clerk does not look orders up, so it refunds what it must not.",
                "predicted_effect": {"effect": 0.3, "low": 0.1, "high": 0.5},
                "confidence": 0.8,
                "outcome_ids": [first],
                **each,
            }
            for each in items
        ]
        return says(json.dumps({"recommendations": whole}))

    return answer


def with_a_judge(shop: Path, server: ScriptedServer) -> None:
    """Let every scenario be judged by a model, too, which finds that who looks nothing up does half of it well."""
    file = shop / "scenarios.yaml"
    judge = {
        "type": "llm_judge", "model": "judge-test", "rubric": "Did it look before it acted?",
        "base_url": server.endpoint.base_url, "api_key_env": KEY_VARIABLE,
    }  # fmt: skip
    text, changed = re.subn(
        r"^( +)(- \{type: final_state, required: true\})$",
        lambda found: f"{found[0]}\n{found[1]}- {json.dumps(judge)}",
        file.read_text(),
        flags=re.MULTILINE,
    )
    assert changed == 3, "the defaults, and two scenarios with scorers of their own"
    file.write_text(text)

    def grade(request: Request) -> Reply | None:
        if request.body["model"] != "judge-test":
            return None
        looked = "look_up" in request.body["messages"][1]["content"]
        return says(json.dumps({"reason": "By the calls in the transcript.", "score": 1.0 if looked else 0.5}))

    server.judges = grade


async def seen(app: App, improvement: Improvement) -> list[improving.RoundSeen]:
    async with app.transaction() as tx:
        return await improving.rounds_seen(tx, improvement)


async def test_the_loop_ends_with_a_significant_rise_on_held_out_scenarios(
    app: App, shop: Path, model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with_a_judge(shop, model_server)
    model_server.will(recommends({"patch": PATCH}), says(json.dumps({"recommendations": []})))
    choice = AnalystChoice("llm", "gpt-test", model_server.endpoint.base_url, KEY_VARIABLE)
    lines: list[str] = []

    begun = await improving.begin(app, order(shop, analyst=choice, approve=True))
    ended = await improving.improve(app, begun, on_event=lines.append)

    assert ended.stopped_for == "nothing is significantly better"
    first, second = await seen(app, ended)
    assert first.round.is_proven
    assert first.proof is not None
    assert first.proof.effect is not None
    assert first.proof.p_value is not None
    assert first.proof.verdict == "better"
    assert first.proof.effect > 0.15
    assert first.proof.p_value < 0.025
    assert first.proof.scenarios == 12
    assert second.recommendation is None
    async with app.transaction() as tx:
        latest = await configurations.get_version(tx, "support-agent")
        proposal = await configurations.get_proposal(tx, str(first.proof.diff_id))
        assert first.recommendation is not None
        applied = await recommendations.get_recommendation(tx, str(first.recommendation.recommendation_id))
        (calibration,) = await recommendations.calibration(tx)
    assert latest.version_id == proposal.version_after
    assert proposal.status is configurations.ApprovalStatus.APPROVED
    assert applied.applied
    assert (calibration.analyst, calibration.proofs, calibration.better) == ("llm", 1, 1)
    assert calibration.bias == pytest.approx(0.3 - first.proof.effect)
    async with app.transaction() as tx:
        played = await simulations.page_simulations(tx, {}, simulations.SIMULATIONS.order())
    trials = sum(each.total_scenarios * each.trials_per_scenario for each in played.items)
    assert len(model_server.judged) == trials > 100, "a judge was asked about every trial"
    prompt = model_server.requests[0].body["messages"][1]["content"]
    assert "cancel_timeout" in prompt
    assert "refund_second_thoughts" not in prompt, "a held-out scenario was shown"
    assert any("is approved" in line for line in lines)


async def test_a_budget_that_is_spent_ends_the_loop_and_what_was_proven_stays(
    app: App, shop: Path, model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial costs a cent: 12 scenarios, five times, of the parent, then of both versions where nobody looked before."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    agent = shop / "shop" / "agent.py"
    first = "        orders = ORDER.findall(self.heard)\n"
    text = agent.read_text()
    assert text.count(first) >= 1
    call = '        self.session.model_call(usage={"input_tokens": 9, "output_tokens": 1}, cost_usd="0.01")\n'
    agent.write_text(text.replace(first, call + first, 1))
    model_server.will(recommends({"patch": PATCH}), recommends({"patch": PATCH}))
    choice = AnalystChoice("llm", "gpt-test", model_server.endpoint.base_url, KEY_VARIABLE)
    lines: list[str] = []

    begun = await improving.begin(app, order(shop, analyst=choice, rounds=3, budget_usd=Decimal("1.90")))
    ended = await improving.improve(app, begun, on_event=lines.append, concurrency=2)

    assert ended.stopped_for is not None
    assert "the budget" in ended.stopped_for
    assert "used up" in ended.stopped_for
    assert Decimal("1.80") <= ended.spent_usd <= Decimal("2.00")
    first_round, *others = await seen(app, ended)
    assert first_round.round.is_proven
    assert first_round.proof is not None
    assert first_round.proof.verdict == "better"
    assert len(others) == 1, "a third round never began"
    assert others[0].proof is None
    assert any("waits for an approval" in line for line in lines)
    async with app.transaction() as tx:
        proposal = await configurations.get_proposal(tx, str(first_round.proof.diff_id))
    assert proposal.status is configurations.ApprovalStatus.PENDING
    assert await improving.improve(app, begun) == ended, "nothing more is spent"


async def test_what_was_proven_waits_for_a_person_and_an_interrupted_loop_goes_on(
    app: App, shop: Path, model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    choice = AnalystChoice("llm", "gpt-test", model_server.endpoint.base_url, KEY_VARIABLE)
    begun = await improving.begin(app, order(shop, analyst=choice, rounds=1))
    paid = {"prompt_tokens": 100, "completion_tokens": 20, "cost": 0.25}
    model_server.will(says("I would rather not.", usage=paid), says("No.", usage=paid))
    with pytest.raises(AnalystFailed):
        await improving.improve(app, begun)
    (interrupted,) = await seen(app, begun)
    async with app.transaction() as tx:
        begun = await recommendations.get_improvement(tx, str(begun.improvement_id))
    assert begun.spent_usd == Decimal("0.50"), "what failed was paid for"
    assert interrupted.round.simulation_id is not None
    assert interrupted.round.session_id is None

    model_server.will(recommends({"patch": PATCH}))
    ended = await improving.improve(app, begun)
    (done,) = await seen(app, ended)
    assert done.round.simulation_id == interrupted.round.simulation_id, "what was run is not run again"
    assert ended.stopped_for == "all rounds are done: 1"
    async with app.transaction() as tx:
        assert (await configurations.get_version(tx, "support-agent")).version_number == 1
        proposal = await configurations.get_proposal(tx, "support-agent@v2")
        page = await recommendations.page_sessions(tx, {}, recommendations.SESSIONS.order())
    assert proposal.status is configurations.ApprovalStatus.PENDING
    assert [each.session_status.value for each in page.items] == ["completed", "failed"]
    assert page.items[1].model_calls == 2
    assert await improving.improve(app, begun) == ended, "what has ended stays so"


async def test_what_is_not_shown_to_be_better_is_withdrawn(app: App, shop: Path) -> None:
    """
    The rules find that tools need another try, which is too small an improvement to be shown on so few scenarios.

    Not even where nothing needs an approval is it the latest before its proof.
    """
    async with app.transaction() as tx:
        await configurations.set_rule(tx, configurations.ApprovalRule(configurations.Need.NOTHING))
    begun = await improving.begin(app, order(shop, rounds=1, trials=2))
    ended = await improving.improve(app, begun)
    (only,) = await seen(app, ended)
    assert only.recommendation is not None
    assert only.proof is not None
    assert not only.round.is_proven
    async with app.transaction() as tx:
        proposal = await configurations.get_proposal(tx, str(only.proof.diff_id))
        assert (await configurations.get_version(tx, "support-agent")).version_number == 1
    assert proposal.status is configurations.ApprovalStatus.REJECTED
    assert "not proven" in (proposal.decision_reason or "")


async def test_without_held_out_scenarios_nothing_begins(app: App, shop: Path) -> None:
    file = shop / "scenarios.yaml"
    file.write_text(file.read_text().replace("    split: holdout\n", ""))
    with pytest.raises(recommendations.NoHeldOutScenarios, match="none of 24 scenarios is of the split holdout"):
        await improving.begin(app, order(shop))
