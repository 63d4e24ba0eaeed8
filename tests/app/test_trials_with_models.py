"""Whole trials in which agent, user and judge are models, behind one scripted endpoint."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import uuid4

import orjson
import pytest

from fixtures.models import KEY_VARIABLE, Hang, answers, calls, refuses, says
from fixtures.stages import agent, scenario
from guildhall import clock
from guildhall.adapters.exchange import HttpClient
from guildhall.adapters.llm import ModelClient, ModelKeyMissing
from guildhall.adapters.users import STOP
from guildhall.app.trial import Services, cast, conduct, prepare_agent, prepare_scenario
from guildhall.domains.evaluation.configurations import AgentLimits, Runtime
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.scenarios import ScorerSpec, UserSpec
from guildhall.domains.evaluation.simulations import Claim


@pytest.fixture
def services(models: ModelClient, http: HttpClient) -> Services:
    return Services(models=models, http=http)


@pytest.fixture
def endpoint(model_server) -> dict[str, str]:
    return {"base_url": f"{model_server.url}/v1", "api_key_env": KEY_VARIABLE}


@pytest.fixture
def conducted(services, endpoint):
    """Conducts one trial of an agent on a scenario; both may be changed."""

    async def conducted(spec=None, *, timeout_ms: int = 60_000, **scenario_changes) -> TrialRecord:
        spec = spec or agent(**endpoint, prices={"input": 1.0, "output": 5.0})
        played = cast(
            prepare_agent(spec, None, services), prepare_scenario(scenario(**scenario_changes), None, services)
        )
        outcome_id = clock.new_id()
        claim = Claim(uuid4(), "refund_late", 1, uuid4(), outcome_id, clock.time_of(outcome_id), 1)
        return await conduct(played, claim, seed=1, timeout_ms=timeout_ms)

    return conducted


@pytest.fixture
def judged(endpoint) -> tuple[ScorerSpec, ...]:
    return (ScorerSpec("llm_judge", options={"model": "judge", "rubric": "Polite?", **endpoint}),)


@pytest.fixture
def user(endpoint) -> UserSpec:
    return UserSpec(goal="Get a refund", model="user", **endpoint)


def grade(score: float, **changes):
    return says(json.dumps({"reason": "Because", "score": score}), **changes)


async def test_agent_user_and_judge_talk_and_each_pays_its_own_bill(conducted, user, judged, model_server):
    dear = {"prompt_tokens": 10, "completion_tokens": 10, "cost": 3.0}
    model_server.will(
        says("Which order?"),
        says("1042", usage=dear),
        says("Refunded"),
        says(STOP, usage=dear),
        grade(1, usage=dear),
    )
    record = await conducted(user=user, scorers=judged)

    assert (record.outcome.status, record.outcome.passed, record.outcome.reliability_score) == ("success", True, 1.0)
    assert [each.body["model"] for each in model_server.requests] == ["gpt-test", "user", "gpt-test", "user", "judge"]
    # Two calls of the agent's: 2 × (100 × 1 + 20 × 5) millionths.
    assert record.outcome.cost_usd == Decimal("0.0004")
    assert record.outcome.tokens_used == 240
    assert record.failures == ()


async def test_a_poor_grade_is_the_agents_fault(conducted, judged, model_server):
    model_server.will(says("Go away"), grade(0.1))
    record = await conducted(scorers=judged)
    assert (record.outcome.status, record.outcome.passed, record.outcome.fault) == ("success", False, "agent")
    assert record.failures[0].failure_type == "judged_insufficient"


async def test_a_judge_that_answers_nonsense_scores_nobody(conducted, judged, model_server):
    model_server.will(says("Refunded"), says("Lovely"), says("Lovely!"))
    record = await conducted(scorers=judged)
    assert (record.outcome.passed, record.outcome.reliability_score, record.outcome.fault) == (None, None, "judge")
    assert [each.failure_type for each in record.failures] == ["judge_nonsense"]


async def test_a_user_that_is_refused_scores_nobody(conducted, user, model_server):
    model_server.will(says("Which order?"), refuses(400, "too long", code="context_length_exceeded"))
    record = await conducted(user=user)
    assert (record.outcome.passed, record.outcome.reliability_score, record.outcome.fault) == (None, None, "simulator")


async def test_an_outage_is_infrastructures_whoever_asked(conducted, user, model_server):
    model_server.will(says("Which order?"), *[refuses(503)] * 6)
    record = await conducted(user=user)
    assert (record.outcome.status, record.outcome.passed, record.outcome.fault) == ("error", None, "infrastructure")


async def test_a_request_that_is_refused_is_the_agents_failure(conducted, model_server):
    model_server.will(refuses(400, "max_tokens is too large"))
    record = await conducted()
    assert (record.outcome.status, record.outcome.passed, record.outcome.reliability_score) == ("error", False, 0.0)
    assert record.outcome.error_category == "model_error"


async def test_a_model_that_never_answers_is_infrastructures_fault(conducted, model_server):
    model_server.will(Hang())
    record = await conducted(timeout_ms=500)
    assert (record.outcome.status, record.outcome.passed, record.outcome.fault) == ("timeout", None, "infrastructure")


async def test_a_model_that_only_writes_unreadable_arguments_runs_out_of_turns(conducted, endpoint, model_server):
    model_server.will(*[calls(("refund", "{"))] * 4)
    record = await conducted(agent(**endpoint, limits=AgentLimits(max_turns=3)))
    assert (record.outcome.fault, record.failures[0].failure_type) == ("agent", "max_turns_exceeded")


async def test_a_call_of_a_tool_that_is_not_there_is_told_to_the_model(conducted, model_server):
    model_server.will(calls(("refund", {"id": "1042"})), says("It cannot be refunded"))
    record = await conducted(scorers=(ScorerSpec("contains"),))
    assert record.outcome.passed is True
    assert [(each.tool_name, each.error_count) for each in record.tools] == [("refund", 1)]
    assert "there is no tool 'refund'" in model_server.requests[1].body["messages"][-1]["content"]


async def test_an_agent_behind_an_address_is_recorded_like_any_other(conducted, model_server):
    model_server.will(
        answers([{"type": "log", "text": "thinking"}, {"type": "tool_call", "id": "1", "name": "refund"}]),
        answers({"type": "message", "content": "refunded", "usage": {"input_tokens": 7}, "cost_usd": "0.5"}),
    )
    record = await conducted(agent(runtime=Runtime.HTTP, url=f"{model_server.url}/agent"))

    assert (record.outcome.passed, record.outcome.cost_usd, record.outcome.tokens_used) == (True, Decimal("0.5"), 7)
    trajectory = record.outcome.trajectory
    steps = (orjson.loads(trajectory) if isinstance(trajectory, bytes) else trajectory)["steps"]
    assert [each["type"] for each in steps] == ["message", "log", "tool_call", "tool_result", "message"]


def test_a_judge_without_its_key_is_found_before_the_run(services):
    keyless = ScorerSpec("llm_judge", options={"model": "judge", "rubric": "Polite?", "api_key_env": "NOT_SET"})
    with pytest.raises(ModelKeyMissing):
        prepare_scenario(scenario(scorers=(keyless,)), None, services)
