"""Whose fault it is, and what the record of it says."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.plays import (
    SHOP,
    a_claim,
    a_scenario,
    an_agent,
    in_the_shop,
    perform,
    python_tool,
    steps,
    the_failure,
    trajectory,
    verdict,
    write,
)
from guildhall.adapters import code
from guildhall.adapters.scorers import combine
from guildhall.app.trial import Services, cast, conduct, prepare_agent, prepare_scenario
from guildhall.app.trial.preparation import PreparedScenario
from guildhall.domains.evaluation.configurations import AgentLimits
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.scenarios import ScorerSpec, UserSpec
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import Score

TOOLS = """
import threading
def good(n: int = 1): return n
def refuses(): raise ValueError("the shop is closed")
def breaks(): raise KeyError("cupboard")
def hangs(): threading.Event().wait(30)
def sometimes(works: bool):
    if works: return "fine"
    raise RuntimeError("cable cut")
class Closed(Exception): refusal = True
def closes(): raise Closed("after hours")
def badjson():
    import json
    json.loads("{")
"""
ALL = tuple(python_tool(name) for name in ("good", "refuses", "breaks", "hangs", "sometimes", "closes", "badjson"))


async def after(tmp_path, *lines: str, timeout_ms: int = 20_000, **changes):
    """A trial whose agent does these things and answers wrongly."""
    write(tmp_path, tools=TOOLS)
    body = "\n    ".join(lines)
    source = f"""
def attempt(session, name, **arguments):
    try: return session.call(name, **arguments)
    except session.ToolError: return None

def play(session):
    {body}
    return "I could not do it"
"""
    return await perform(tmp_path, source, spec=an_agent(tools=ALL, **changes), timeout_ms=timeout_ms)


@pytest.mark.parametrize(
    ("does", "fault", "kind"),
    [
        ("attempt(session, 'breaks')", "tool", "tool_failed"),
        ("attempt(session, 'badjson')", "tool", "tool_failed"),
        ("attempt(session, 'breaks'); attempt(session, 'good')", "tool", "tool_failed"),
        ("attempt(session, 'sometimes', works=False)", "tool", "tool_failed"),
        (
            "attempt(session, 'sometimes', works=False); attempt(session, 'sometimes', works=True)",
            "agent",
            "wrong_answer",
        ),
        ("attempt(session, 'refuses')", "agent", "wrong_answer"),
        ("attempt(session, 'closes')", "agent", "wrong_answer"),
        ("attempt(session, 'good', n='many')", "agent", "wrong_answer"),
        ("attempt(session, 'missing')", "agent", "wrong_answer"),
    ],
)
async def test_a_tool_is_to_blame_when_its_own_code_failed_and_it_never_answered(tmp_path, does, fault, kind):
    record = await after(tmp_path, does)

    assert verdict(record) == ("success", False, 0.0, fault)
    failure = the_failure(record)
    assert (failure.fault, failure.failure_type) == (fault, kind)


async def test_the_tools_failure_names_the_tool_the_error_the_line_and_the_step(tmp_path):
    record = await after(
        tmp_path, "attempt(session, 'good')", "attempt(session, 'breaks')", "attempt(session, 'breaks')"
    )

    failure = the_failure(record)
    assert failure.error_message == (
        "tool 'breaks' failed in 2 of 2 calls and never gave an answer: KeyError: 'cupboard' (tools.py:5)"
    )
    assert failure.failure_category is FailureCategory.TOOL_ERROR
    assert failure.step is not None
    assert steps(record)[failure.step]["error"] == "KeyError: 'cupboard'"


@pytest.mark.parametrize(
    ("does", "fault", "kind"),
    [
        ("session.call('breaks')", "tool", "tool_failed"),
        ("session.call('refuses')", "agent", "unhandled_tool_error"),
        ("session.call('missing')", "agent", "unhandled_tool_error"),
        ("attempt(session, 'breaks'); [][0]", "agent", "agent_raised_index_error"),
        ("attempt(session, 'breaks')\n    while True: session.say('hm')", "tool", "tool_failed"),
        ("while True: session.say('hm')", "agent", "max_turns_exceeded"),
    ],
)
async def test_an_agent_that_a_tool_brought_down_is_not_to_blame_for_it(tmp_path, does, fault, kind):
    record = await after(tmp_path, does)

    assert verdict(record) == ("error", False, 0.0, fault)
    assert the_failure(record).failure_type == kind


async def test_time_that_a_tool_took_is_the_tools(tmp_path):
    record = await after(tmp_path, "session.call('hangs')", timeout_ms=100)

    assert verdict(record) == ("timeout", False, 0.0, "tool")
    failure = the_failure(record)
    assert (failure.failure_type, failure.failure_category) == ("tool_timeout", "timeout")
    assert "waiting for hangs" in (failure.error_message or "")
    (usage,) = record.tools
    assert (usage.call_count, usage.error_count, usage.timed_count) == (1, 1, 0)
    assert usage.error_types == ("unfinished",)


async def test_a_tools_own_time_limit_ends_the_call_and_not_the_trial(tmp_path):
    write(tmp_path, tools=TOOLS)
    source = """
def play(session):
    try: session.call("hangs")
    except session.ToolError as error: return f"refunded, although {error}"
"""
    record = await perform(tmp_path, source, spec=an_agent(tools=(python_tool("hangs", timeout_ms=50),)))

    assert verdict(record) == ("success", True, 1.0, None)
    assert steps(record, "message")[-1]["content"] == "refunded, although hangs: the tool took more than 50 ms"
    assert record.tools[0].error_types == ("timeout",)


class User:
    """Answers as it is told."""

    calls = ()

    def __init__(self, answer) -> None:
        self._answer = answer

    async def answer(self, conversation):
        return await self._answer(conversation)


async def with_user(tmp_path, answer, *, timeout_ms=20_000, word="def"):
    write(tmp_path, agent=f"{word} play(session): return {'await ' if word != 'def' else ''}session.say('refunded')")
    prepared = prepare_scenario(a_scenario(), tmp_path, Services())
    scenario = PreparedScenario(prepared.scenario, prepared.definition, None, prepared.scorers, lambda: User(answer))
    company = cast(prepare_agent(an_agent(), tmp_path, Services()), scenario)
    return await conduct(company, a_claim(), seed=1, timeout_ms=timeout_ms)


@pytest.mark.parametrize("word", ["def", "async def"])
async def test_a_user_that_fails_is_the_simulators_fault_and_scores_nothing(tmp_path, word):
    async def fail(conversation):
        raise RuntimeError("lost my voice")

    record = await with_user(tmp_path, fail, word=word)

    assert verdict(record) == ("error", None, None, "simulator")
    assert the_failure(record).failure_type == "user_failed"
    assert "lost my voice" in (the_failure(record).error_message or "")


@pytest.mark.parametrize("word", ["def", "async def"])
async def test_a_user_that_says_why_is_believed(tmp_path, word):
    async def fail(conversation):
        raise TrialFailed(
            "no route", fault=Fault.INFRASTRUCTURE, category=FailureCategory.SYSTEM_ERROR, failure_type="no_route"
        )

    record = await with_user(tmp_path, fail, word=word)

    assert verdict(record) == ("error", None, None, "infrastructure")
    assert record.outcome.error_code == "no_route"


@pytest.mark.parametrize("word", ["def", "async def"])
async def test_a_user_that_never_answers_is_to_blame_for_the_time(tmp_path, word):
    async def wait(conversation):
        await asyncio.Event().wait()

    record = await with_user(tmp_path, wait, timeout_ms=80, word=word)

    assert verdict(record) == ("timeout", None, None, "simulator")


async def test_the_user_does_not_see_the_agents_system_prompt(tmp_path):
    seen = []

    async def answer(conversation):
        seen.append([dict(each) for each in conversation])

    await with_user(tmp_path, answer)

    assert [[each["role"] for each in conversation] for conversation in seen] == [["user", "assistant"]]


@pytest.mark.parametrize(
    ("shop", "kind"),
    [
        ("class Shop:\n def __init__(self, definition): raise OSError('no door')", "environment_not_constructed"),
        (
            "class Shop:\n def look(self): return 1\n def state(self): raise OSError('no light')",
            "environment_state_failed",
        ),
        ("class Shop:\n def look(self): return 1\n def close(self): raise OSError('no key')", "environment_not_closed"),
    ],
)
async def test_an_environment_that_fails_is_the_scenarios_fault(tmp_path, shop, kind):
    write(tmp_path, shop=shop)
    source = "def play(session):\n    session.call('look') if session.tools else None\n    return 'refunded'"

    record = await perform(tmp_path, source, scenario=in_the_shop())

    assert verdict(record) == ("error", None, None, "scenario")
    assert the_failure(record).failure_type == kind
    assert "(shop.py:" in (the_failure(record).error_message or "")


@pytest.mark.parametrize(
    ("scorer", "ground_truth", "message"),
    [
        (ScorerSpec("regex", options={"pattern": "(a+)+$"}), None, "took more than 2 s"),
        (ScorerSpec("regex", options={"pattern": "("}), None, "cannot be used"),
        (ScorerSpec("numeric"), "much", "ground truth is no number"),
        (ScorerSpec("python", options={"python": "check:raises"}), None, "ZeroDivisionError"),
        (ScorerSpec("python", options={"python": "check:nonsense"}), None, 'returned "maybe"'),
        (ScorerSpec("python", options={"python": "check:exits"}), None, "SystemExit"),
    ],
)
async def test_a_scorer_that_cannot_score_is_the_scenarios_fault(tmp_path, scorer, ground_truth, message):
    write(
        tmp_path,
        check="""
        import sys
        def raises(performance): 1 / 0
        def nonsense(performance): return "maybe"
        def exits(performance): sys.exit(1)
        """,
    )
    scenario = a_scenario(scorers=(ScorerSpec("contains", options={"value": "a"}), scorer), ground_truth=ground_truth)

    record = await perform(tmp_path, f"def play(session): return {'a' * 40 + 'b'!r}", scenario=scenario)

    assert verdict(record) == ("error", None, None, "scenario")
    assert message in (the_failure(record).error_message or "")
    assert trajectory(record)["scores"] == [
        {"scorer": "contains", "score": 1.0, "passed": True}
    ]  # what was measured stays


async def test_a_judge_that_answers_nonsense_is_the_judges_fault(tmp_path):
    class Judge:
        async def score(self, spec, performance):
            raise TrialFailed(
                "the judge said 'banana'",
                fault=Fault.JUDGE,
                category=FailureCategory.MODEL_ERROR,
                failure_type="judge_gave_no_score",
            )

    write(tmp_path, agent="def play(session): return 'refunded'")
    prepared = prepare_scenario(a_scenario(), tmp_path, Services())
    scenario = PreparedScenario(
        prepared.scenario, prepared.definition, None, [(ScorerSpec("llm_judge"), Judge())], prepared.make_user
    )
    company = cast(prepare_agent(an_agent(), tmp_path, Services()), scenario)

    record = await conduct(company, a_claim(), seed=1, timeout_ms=5_000)

    assert verdict(record) == ("error", None, None, "judge")
    assert record.outcome.error_category == "model_error"


async def test_a_required_scorer_that_failed_means_not_passed_whatever_the_score(tmp_path):
    write(tmp_path, shop=SHOP)
    scenario = in_the_shop(
        scorers=(
            ScorerSpec("final_state", required=True, weight=0.1),
            ScorerSpec("contains", weight=0.9, options={"value": "refunded"}),
        ),
        pass_score=0.5,
    )

    record = await perform(tmp_path, "def play(session): return 'refunded'", scenario=scenario)

    assert verdict(record) == ("success", False, pytest.approx(0.9), "agent")
    assert the_failure(record).failure_type == "wrong_final_state"


async def test_the_environment_is_put_away_whatever_happens(tmp_path):
    write(
        tmp_path,
        shop="""
        closed = []
        class Shop:
            def look(self): return 1
            def close(self): closed.append(self)
        """,
    )
    source = "def play(session):\n    session.call('look')\n    1 / 0"

    record = await perform(tmp_path, source, scenario=in_the_shop())

    assert verdict(record)[0] == "error"
    assert len(code.load("shop:closed", tmp_path)) == 1


async def test_the_environment_of_a_trial_that_is_cancelled_is_put_away(tmp_path):
    write(
        tmp_path,
        shop="""
        import threading
        closed, made = [], threading.Event()
        class Shop:
            def __init__(self): made.set()
            def look(self): return 1
            def close(self): closed.append(self)
        """,
        agent="""
        import threading
        def play(session):
            session.call("look")
            threading.Event().wait(20)
        """,
    )
    task = asyncio.ensure_future(perform(tmp_path, scenario=in_the_shop()))
    await asyncio.sleep(0)
    assert await asyncio.to_thread(code.load("shop:made", tmp_path).wait, 10)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(code.load("shop:closed", tmp_path)) == 1


async def test_an_agent_is_not_paid_for_what_a_limit_stopped(tmp_path):
    spec = an_agent(limits=AgentLimits(max_turns=1))

    record = await perform(tmp_path, "def play(session):\n    session.say('refunded')\n    session.say('x')", spec=spec)

    assert verdict(record) == ("error", False, 0.0, "agent")


async def test_a_user_with_turns_needs_no_model_client(tmp_path):
    record = await perform(
        tmp_path, "def play(session): return session.say('refunded')", scenario=a_scenario(user=UserSpec(turns=("ok",)))
    )

    assert [each["content"] for each in steps(record, "message")][1:] == ["refunded", "ok", "ok"]


scores = st.builds(
    Score,
    scorer=st.sampled_from(["exact", "contains"]),
    score=st.floats(0, 1),
    passed=st.booleans(),
    weight=st.floats(0, 1e6),
    required=st.booleans(),
)


@given(st.lists(scores, min_size=1, max_size=6), st.floats(0, 1))
def test_the_combined_score_lies_between_the_lowest_and_the_highest(given_scores, pass_score):
    score, _ = combine(given_scores, pass_score)

    counted = [each for each in given_scores if each.weight > 0] or given_scores
    assert min(each.score for each in counted) - 1e-9 <= score <= max(each.score for each in counted) + 1e-9


@given(st.lists(scores, min_size=1, max_size=6), st.floats(0, 1))
def test_a_trial_passes_exactly_when_score_and_requirements_say_so(given_scores, pass_score):
    score, passed = combine(given_scores, pass_score)

    assert passed == (score >= pass_score - 1e-9 and all(each.passed for each in given_scores if each.required))


@given(st.lists(scores, min_size=1, max_size=6), st.randoms())
def test_the_order_of_scorers_does_not_matter(given_scores, chance):
    shuffled = list(given_scores)
    chance.shuffle(shuffled)

    assert combine(shuffled, 0.5)[0] == pytest.approx(combine(given_scores, 0.5)[0], abs=1e-9)


@given(st.floats(0, 1), st.integers(1, 7))
def test_equal_scores_combine_to_exactly_that_score(score, number):
    same = [Score("exact", score, score == 1, weight=0.1 * (index + 1)) for index in range(number)]

    assert combine(same, score) == (score, True)


@given(st.lists(st.tuples(st.fractions(0, 1), st.integers(1, 9)), min_size=1, max_size=6))
def test_the_combined_score_is_the_weighted_mean(pairs):
    expected = sum(score * weight for score, weight in pairs) / sum(weight for _, weight in pairs)

    score, _ = combine([Score("exact", float(score), True, weight=weight) for score, weight in pairs], 0.5)

    assert score == pytest.approx(float(expected), abs=1e-9)


def test_nothing_cannot_be_combined():
    with pytest.raises(ValueError, match="without scores"):
        combine([], 0.5)
