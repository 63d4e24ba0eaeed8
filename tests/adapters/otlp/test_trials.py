"""What a trace tells of a trial, in both vocabularies, and what it leaves unknown."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.traces import a_request, a_run, a_span, as_json
from guildhall.adapters import otlp
from guildhall.adapters.otlp import ToldTrial
from guildhall.domains.evaluation.failures import Fault
from guildhall.domains.evaluation.outcomes import OutcomeStatus


def told(*spans: dict[str, Any]) -> ToldTrial:
    read = otlp.spans_of(as_json(a_request(*spans)), otlp.JSON)
    root = otlp.root_of(read)
    assert root is not None
    return otlp.tell(read, root)


def kinds(trial: ToldTrial) -> list[str]:
    return [step["type"] for step in trial.trajectory["steps"]]


def an_openinference_run() -> list[dict[str, Any]]:
    return [
        a_span("agent", span=1, end=3, openinference__span__kind="AGENT", input__value="Refund 7", output__value="Done"),
        a_span(
            "ChatCompletion", span=2, parent=1, start=0.1, end=1.1, openinference__span__kind="LLM",
            llm__model_name="gpt-5", llm__token_count__prompt=100, llm__token_count__completion=20,
            llm__input_messages__0__message__role="user", llm__input_messages__0__message__content="Refund 7",
            llm__cost__total=0.25,
        ),
        a_span(
            "lookup", span=3, parent=1, start=1.2, end=1.7, openinference__span__kind="TOOL", tool__name="lookup",
            input__value='{"order": 7}', input__mime_type="application/json", output__value="found",
        ),
    ]  # fmt: skip


def test_a_trace_in_the_words_of_opentelemetry_is_told_step_by_step() -> None:
    trial = told(*a_run())

    assert kinds(trial) == ["model_call", "tool_call", "tool_result"]
    call, asked, answered = trial.trajectory["steps"]
    assert call["model"] == "gpt-5"
    assert call["usage"] == {"input_tokens": 100, "output_tokens": 20}
    assert call["input"] == [{"role": "user", "content": "Refund 7"}]
    assert (asked["name"], asked["arguments"], asked["at_ms"]) == ("lookup", {"order": 7}, 1200)
    assert (answered["content"], answered["duration_ms"], answered["at_ms"]) == ("found", 500, 1700)
    assert (trial.tokens, trial.duration_ms, trial.metrics["models"]) == (120, 3000, ["gpt-5"])
    [usage] = trial.tools
    assert (usage.tool_name, usage.call_count, usage.error_count, usage.total_duration_ms) == ("lookup", 1, 0, 500)


def test_a_trace_in_the_words_of_openinference_tells_the_same() -> None:
    one, other = told(*a_run()), told(*an_openinference_run())

    assert kinds(other) == ["message", *kinds(one), "message"]
    assert [step["content"] for step in other.trajectory["steps"] if step["type"] == "message"] == ["Refund 7", "Done"]
    assert (other.tokens, other.duration_ms, other.tools) == (one.tokens, one.duration_ms, one.tools)
    assert other.trajectory["steps"][1]["input"] == [{"role": "user", "content": "Refund 7"}]
    assert (one.cost_usd, other.cost_usd) == (None, Decimal("0.25"))


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_spans_come_does_not_matter(chance: random.Random) -> None:
    spans = [*a_run(), *an_openinference_run()[1:]]
    for number, span in enumerate(spans[3:], 4):
        span["spanId"] = f"{number:016x}"
    expected = told(*spans)
    chance.shuffle(spans)

    assert told(*spans) == expected


def test_without_a_verdict_nothing_is_said_of_passing() -> None:
    trial = told(*a_run())

    assert (trial.status, trial.passed, trial.score, trial.fault) == (OutcomeStatus.SUCCESS, None, None, None)
    assert trial.failures == ()


@pytest.mark.parametrize(
    ("said", "passed", "score"),
    [
        ({"guildhall__passed": True, "guildhall__score": 0.75}, True, 0.75),
        ({"guildhall__passed": "false", "guildhall__score": "0"}, False, 0.0),
        ({"guildhall__passed": "perhaps", "guildhall__score": 7}, None, None),
        ({"guildhall__passed": 1}, None, None),
        ({"guildhall__score": float("nan")}, None, None),
    ],
)
def test_a_root_may_say_whether_the_trial_passed(
    said: dict[str, Any], passed: bool | None, score: float | None
) -> None:
    trial = told(*a_run(**said))

    assert (trial.passed, trial.score) == (passed, score)


def evaluation(name: str, **said: Any) -> tuple[str, dict[str, Any]]:
    return "gen_ai.evaluation.result", {
        "gen_ai.evaluation.name": name,
        **{f"gen_ai.evaluation.{key.replace('__', '.')}": value for key, value in said.items()},
    }


def test_evaluations_in_a_trace_are_its_verdict_and_one_that_failed_decides() -> None:
    trial = told(
        a_span("refund", events=[evaluation("polite", score__label="pass", score__value=1.0)]),
        a_span(
            "judge",
            span=2,
            parent=1,
            events=[evaluation("right", score__label="Fail", score__value=0.5, explanation="paid twice")],
        ),
    )

    # (1.0 + 0.5) / 2
    assert (trial.passed, trial.score, trial.fault) == (False, 0.75, Fault.AGENT)
    assert [each["scorer"] for each in trial.trajectory["scores"]] == ["polite", "right"]
    [failure] = trial.failures
    assert (failure.failure_type, failure.error_message) == ("wrong_answer", "paid twice")


def test_scores_of_another_scale_and_labels_that_nobody_knows_are_kept_and_judge_nothing() -> None:
    trial = told(a_span("refund", events=[evaluation("stars", score__label="relevant", score__value=4.0)]))

    assert (trial.passed, trial.score) == (None, None)
    assert trial.trajectory["scores"] == [{"scorer": "stars", "score": 4.0, "passed": None, "label": "relevant"}]


@pytest.mark.parametrize(
    ("error", "kind", "fault", "category"),
    [
        ("429 Too Many Requests", "openai.RateLimitError", Fault.INFRASTRUCTURE, "model_error"),
        ("the call timed out", "TimeoutError", None, "timeout"),
        ("nothing fits", "ValueError", None, None),
    ],
)
def test_an_error_of_the_root_is_blamed_where_its_kind_is_clear(
    error: str, kind: str, fault: Fault | None, category: str | None
) -> None:
    trial = told(*a_run(error=error, error__type=kind))

    assert (trial.status, trial.passed, trial.error_code) == (OutcomeStatus.ERROR, None, kind)
    assert (trial.fault, trial.error_category) == (fault, category)
    assert len(trial.failures) == (fault is not None)
    assert trial.trajectory["error"] == {"type": kind, "message": error}


def test_an_error_that_a_tool_raised_before_is_the_tools() -> None:
    broken = a_span(
        "lookup", span=3, parent=1, gen_ai__tool__name="lookup", gen_ai__operation__name="execute_tool",
        events=[("exception", {"exception.type": "KeyError", "exception.message": "order 7"})], error="",
    )  # fmt: skip
    trial = told(a_span("refund", error="KeyError: order 7"), broken)

    assert (trial.fault, trial.error_category) == (Fault.TOOL, "tool_error")
    [usage] = trial.tools
    assert (usage.error_count, usage.error_types) == (1, ("KeyError",))


def test_errors_that_say_nothing_are_nobodys() -> None:
    trial = told(a_span("refund", error=""), a_span("t", span=2, parent=1, gen_ai__tool__name="t", error=""))

    assert (trial.status, trial.fault, trial.failures) == (OutcomeStatus.ERROR, None, ())


def test_a_call_that_two_libraries_report_is_counted_once() -> None:
    inner = a_run()[1] | {"spanId": f"{4:016x}", "parentSpanId": f"{2:016x}"}
    tool_inside = a_run()[2] | {"spanId": f"{5:016x}", "parentSpanId": f"{3:016x}"}
    trial = told(*a_run(), inner, tool_inside)

    assert (trial.tokens, trial.metrics["model_calls"], trial.metrics["tool_calls"]) == (120, 1, 1)
    assert kinds(trial).count("model_call") == 2


def test_a_conversation_that_grows_from_call_to_call_is_told_once() -> None:
    messages = [{"role": "user", "content": f"message {n}"} for n in range(5)]
    calls = [
        a_span(
            "chat", span=10 + n, parent=1, start=n * 0.1, gen_ai__operation__name="chat",
            gen_ai__input__messages=json.dumps(messages[: n + 1]),
        )
        for n in range(5)
    ]  # fmt: skip
    trial = told(a_span("refund"), *calls)

    steps = trial.trajectory["steps"]
    assert [message for step in steps for message in step["input"]] == messages
    assert [step.get("same_messages", 0) for step in steps] == [0, 1, 2, 3, 4]


def test_the_sum_of_tokens_is_unknown_when_one_call_does_not_say() -> None:
    silent = a_span("chat", span=4, parent=1, gen_ai__operation__name="chat", gen_ai__request__model="other")
    trial = told(*a_run(), silent)

    assert trial.tokens is None
    assert trial.metrics["input_tokens"] == 100


def test_spans_whose_parents_go_in_a_circle_or_are_missing_are_told_all_the_same() -> None:
    circle = [
        a_span("chat", span=span, parent=parent, gen_ai__operation__name="chat") for span, parent in ((2, 3), (3, 2))
    ]
    trial = told(a_span("refund"), *circle, a_span("lost", span=9, parent=77))

    assert sorted(kinds(trial)) == ["model_call", "model_call", "span"]


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "openinference.span.kind", "gen_ai.operation.name", "gen_ai.usage.input_tokens", "llm.token_count.total",
                "gen_ai.usage.cost", "gen_ai.tool.name", "gen_ai.tool.call.id", "guildhall.passed", "guildhall.score",
                "guildhall.cost_usd", "input.value", "output.value", "error.type", "gen_ai.evaluation.score.value",
                "gen_ai.evaluation.score.label", "gen_ai.evaluation.name", "exception.type", "llm.model_name",
                "llm.input_messages.0.message.content", "llm.input_messages.x", "gen_ai.input.messages",
            ]
        ),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
        | st.sampled_from(["LLM", "TOOL", "chat", "execute_tool", "[", "{}", "1e400", "-1"]),
    ),
    st.integers(0, 2),
)  # fmt: skip
def test_whatever_attributes_say_a_trial_is_told(attributes: dict[str, Any], status: int) -> None:
    spans = otlp.spans_of(as_json(a_request(a_span("a"), a_span("b", span=2, parent=1))), otlp.JSON)
    for span in spans:
        span.attributes = attributes
        span.status = status
        span.events = [
            {"name": name, "time_unix_nano": 0, "attributes": attributes}
            for name in ("gen_ai.evaluation.result", "exception", "gen_ai.choice")
        ]
    root = otlp.root_of(spans)
    assert root is not None

    trial = otlp.tell(spans, root)

    assert trial.score is None or 0 <= trial.score <= 1
    assert trial.tokens is None or trial.tokens >= 0
    assert trial.cost_usd is None or trial.cost_usd >= 0
