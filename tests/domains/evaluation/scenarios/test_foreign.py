"""Samples of Inspect and tests of promptfoo."""

from __future__ import annotations

from typing import Any

import pytest

from guildhall.algorithms.documents import Findings
from guildhall.domains.evaluation.scenarios import Scenario, ScorerSpec, UserSpec, drafts, finished


def read(value: Any, suite: str = "math_qa") -> tuple[list[Scenario], Findings]:
    findings = Findings("x.jsonl")
    return [finished(each, {}) for each in drafts(value, findings, suite)], findings


def test_samples_of_inspect_become_scenarios_of_their_suite() -> None:
    found, findings = read(
        [
            {"input": "What is 6 times 7? Explain.", "target": "42", "id": "q-1", "metadata": {"topic": "products"}},
            {"input": "2 + 2?", "target": ["4", "four"]},
            {
                "input": [{"role": "user", "content": "Tell me about 7."}, {"role": "user", "content": "And 8?"}],
                "target": 8,
            },
        ]
    )
    assert findings.problems == []
    one, two, three = found
    assert (one.scenario_id, one.suite, one.name) == ("math_qa_q_1", "math_qa", "math_qa q-1")
    assert (one.ground_truth, one.scorers) == ("42", (ScorerSpec("contains"),))
    assert one.definition["metadata"] == {"topic": "products"}
    assert (two.scenario_id, two.task_prompt) == ("math_qa_2", "math_qa 2: 2 + 2?")
    assert two.scorers == (ScorerSpec("contains", options={"value": ["4", "four"], "all": False}),)
    assert (three.task_prompt, three.user) == ("Tell me about 7.", UserSpec(turns=("And 8?",)))
    assert three.ground_truth == "8"


def test_a_suite_is_not_prefixed_twice() -> None:
    found, _ = read([{"input": "What is 6 times 7?", "target": "42", "id": "math_qa_1"}])
    assert found[0].scenario_id == "math_qa_1"


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ({"input": "Which one is it?", "choices": ["a", "b"], "target": "A"}, "choices of an Inspect sample"),
        ({"input": "Which one is it?", "sandbox": "docker", "target": "A"}, "sandbox of an Inspect sample"),
        ({"input": [{"role": "assistant", "content": "Hello"}], "target": "A"}, "a message of the user"),
        ({"input": "", "target": "A"}, "a text, or messages"),
        ({"input": "Which one is it?"}, "no scorer and no ground truth"),
    ],
)
def test_what_would_change_the_judging_is_refused(sample: dict[str, Any], said: str) -> None:
    found, findings = read([sample])
    assert found == []
    assert any(said in each.message for each in findings.problems)


def test_tests_of_promptfoo_become_scenarios() -> None:
    found, findings = read(
        {
            "description": "translations",
            "providers": ["openai:gpt-5"],
            "prompts": ["Translate to {{language}}: {{ text }}"],
            "defaultTest": {"vars": {"language": "French"}, "assert": [{"type": "not-icontains", "value": "sorry"}]},
            "tests": [
                {
                    "description": "A greeting",
                    "vars": {"text": "Hello"},
                    "assert": [
                        {"type": "icontains", "value": "bonjour", "weight": 2},
                        {"type": "contains-any", "value": ["Bonjour", "{{text}}"]},
                        {"type": "equals", "value": "Bonjour"},
                        {"type": "starts-with", "value": "B.n"},
                        {"type": "regex", "value": "^B"},
                        {"type": "is-json"},
                        {
                            "type": "llm-rubric",
                            "value": "Is it French?",
                            "provider": "openai:chat:gpt-5",
                            "threshold": 0.5,
                        },
                    ],
                    "threshold": 0.8,
                }
            ],
        },
        suite="translate",
    )
    assert findings.problems == []
    (scenario,) = found
    assert (scenario.scenario_id, scenario.name) == ("translate_1", "A greeting")
    assert (scenario.task_prompt, scenario.pass_score) == ("Translate to French: Hello", 0.8)
    assert scenario.scorers == (
        ScorerSpec("contains", options={"forbid": "sorry"}),
        ScorerSpec("contains", weight=2.0, options={"value": "bonjour"}),
        ScorerSpec("contains", options={"value": ["Bonjour", "{{text}}"], "all": False, "ignore_case": False}),
        ScorerSpec("exact", options={"value": "Bonjour", "strip": False}),
        ScorerSpec("regex", options={"pattern": r"\AB\.n"}),
        ScorerSpec("regex", options={"pattern": "^B"}),
        ScorerSpec("json_schema", options={"schema": {}, "extract": False}),
        ScorerSpec("llm_judge", options={"model": "gpt-5", "rubric": "Is it French?", "threshold": 0.5}),
    )


def test_a_test_without_a_prompt_takes_the_variable_that_must_be_it() -> None:
    found, findings = read(
        [{"vars": {"question": "What is 6 times 7?", "x": "y"}, "assert": [{"type": "contains", "value": 42}]}]
    )
    assert findings.problems == []
    assert found[0].task_prompt == "What is 6 times 7?"


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({"vars": {"a": "b", "c": "d"}, "assert": []}, "no variable that must be it"),
        (
            {"vars": {"q": "What is it?"}, "assert": [{"type": "javascript", "value": "true"}]},
            '"javascript" is not understood',
        ),
        ({"vars": {"q": "What is it?"}, "assert": [{"type": "equals", "value": "file://x"}]}, "refers to a file"),
        ({"vars": {"q": "What is it?"}, "assert": [{"type": "llm-rubric", "value": "x"}]}, "model is missing"),
        ({"vars": {"q": "What is it?"}, "assert": 3}, "a list of assertions"),
        ({"vars": {"q": "What is it?"}, "assert": [3]}, "an assertion with a type"),
        ({"vars": {"q": "What is it?"}}, "no scorer and no ground truth"),
    ],
)
def test_what_promptfoo_says_and_we_cannot_do_is_refused(test: dict[str, Any], said: str) -> None:
    found, findings = read([test])
    assert found == []
    assert any(said in each.message for each in findings.problems), findings.problems


@pytest.mark.parametrize(
    "prompts", [["a {{x}}", "b {{x}}"], ["file://prompt.txt"], ["say {{ missing }}"], ["{% if x %}"]]
)
def test_prompts_that_cannot_be_filled_in_are_refused(prompts: list[str]) -> None:
    _, findings = read(
        {"prompts": prompts, "tests": [{"vars": {"x": "1", "y": "2"}, "assert": [{"type": "contains", "value": "x"}]}]}
    )
    assert findings.problems
