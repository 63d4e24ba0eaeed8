from __future__ import annotations

import pytest

from fixtures.models import KEY_VARIABLE, refuses, says
from fixtures.stages import scenario
from guildhall.adapters.llm import EndpointRefused, ModelKeyMissing, ModelNotNamed
from guildhall.adapters.users import STOP, ScriptedUser, check_user, user_for
from guildhall.domains.evaluation.failures import Fault
from guildhall.domains.evaluation.scenarios import UserSpec
from guildhall.domains.evaluation.simulations import TrialFailed

CONVERSATION = [
    {"role": "system", "content": "secret prompt"},
    {"role": "user", "content": "Order 1042 never came. Refund me."},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
    {"role": "tool", "content": "internal"},
    {"role": "assistant", "content": "Which order?"},
]


@pytest.fixture
def spec(model_server) -> UserSpec:
    return UserSpec(
        goal="Get {a} refund",
        model="gpt-test",
        base_url=f"{model_server.url}/v1",
        api_key_env=KEY_VARIABLE,
        max_turns=2,
        temperature=0.5,
    )


@pytest.fixture
def user(spec, models):
    return user_for(scenario(user=spec), models)


async def test_a_script_is_said_turn_by_turn_and_then_nothing_more():
    user = ScriptedUser(["one", "two"])
    assert [await user.answer([]) for _ in range(4)] == ["one", "two", None, None]
    assert list(user.calls) == []


async def test_every_trial_gets_a_user_of_its_own(models):
    scripted = scenario(user=UserSpec(turns=("one",)))
    first, second = user_for(scripted, models), user_for(scripted, models)
    assert [await first.answer([]), await second.answer([])] == ["one", "one"]


def test_a_scenario_without_a_user_has_none(models):
    assert user_for(scenario(), models) is None


async def test_a_model_plays_the_user_with_roles_exchanged(user, model_server):
    model_server.will(says("  1042, please\n"))
    assert await user.answer(CONVERSATION) == "1042, please"

    [request] = model_server.requests
    assert request.roles == ["system", "user"]
    assert request.body["messages"][1]["content"] == "Which order?"
    assert "Get {a} refund" in request.body["messages"][0]["content"]
    assert "Order 1042 never came" in request.body["messages"][0]["content"]
    assert "internal" not in str(request.body)
    assert "secret prompt" not in str(request.body)
    assert request.body["temperature"] == 0.5
    assert [call.usage.total for call in user.calls] == [120]


async def test_its_own_words_are_the_assistants_to_the_one_who_plays_the_user(user, model_server):
    model_server.will(says("ok"))
    await user.answer([*CONVERSATION, {"role": "user", "content": "1042"}, {"role": "assistant", "content": ""}])
    assert model_server.requests[0].body["messages"][1:] == [
        {"role": "user", "content": "Which order?"},
        {"role": "assistant", "content": "1042"},
        {"role": "user", "content": "(no words)"},
    ]


@pytest.mark.parametrize("last", [STOP, f"Thanks! {STOP}", "", "  \n", None])
async def test_the_stop_token_or_silence_ends_the_conversation(user, model_server, last):
    model_server.will(says(last))
    assert await user.answer(CONVERSATION) is None
    assert len(user.calls) == 1


async def test_the_user_answers_at_most_so_often(user, model_server):
    model_server.will(says("one"), says("two"))
    assert [await user.answer(CONVERSATION) for _ in range(3)] == ["one", "two", None]
    assert len(model_server.requests) == 2


async def test_a_model_that_takes_no_temperature_plays_the_user_without_one(user, model_server):
    model_server.will(refuses(400, param="temperature"), says("one"))
    assert await user.answer(CONVERSATION) == "one"


async def test_a_refused_request_is_the_simulators_fault_and_an_outage_infrastructures(user, model_server):
    model_server.will(refuses(400, "too long", code="context_length_exceeded"))
    with pytest.raises(TrialFailed) as caught:
        await user.answer(CONVERSATION)
    assert (caught.value.fault, caught.value.failure_type) == (Fault.SIMULATOR, "user_context_length")

    model_server.will(refuses(401))
    with pytest.raises(TrialFailed) as caught:
        await user.answer(CONVERSATION)
    assert caught.value.fault is Fault.INFRASTRUCTURE


async def test_filtered_words_are_the_simulators_fault_and_still_paid_for(user, model_server):
    model_server.will(says("x", choices=[{"message": {"content": "x"}, "finish_reason": "content_filter"}]))
    with pytest.raises(TrialFailed) as caught:
        await user.answer(CONVERSATION)
    assert caught.value.fault is Fault.SIMULATOR
    assert len(user.calls) == 1


def test_a_user_who_cannot_speak_is_found_before_the_run(models, model_server):
    check_user(scenario(), models)
    check_user(scenario(user=UserSpec(turns=("one",))), models)
    with pytest.raises(ModelNotNamed, match="refund_late"):
        check_user(scenario(user=UserSpec(goal="g")), models)
    with pytest.raises(ModelKeyMissing):
        check_user(scenario(user=UserSpec(goal="g", model="m")), models)
    with pytest.raises(EndpointRefused):
        check_user(scenario(user=UserSpec(goal="g", model="m", base_url="nowhere")), models)
