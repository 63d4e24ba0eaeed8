"""What a scenarios file may say, and what it means."""

from __future__ import annotations

import doctest
import importlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guildhall.algorithms import safeyaml
from guildhall.algorithms.documents import Findings
from guildhall.domains.evaluation import scenarios
from guildhall.domains.evaluation.scenarios import (
    Scenario,
    ScenarioFileRefused,
    ScenarioLimits,
    ScorerSpec,
    UserSpec,
    drafts,
    duplicates,
    finished,
    rules,
    scenario_from,
    scoring,
)

ENOUGH = """\
- scenario_id: refund_late
  name: Refund a late order
  task_prompt: Order 1042 never came. Refund me.
  ground_truth: refunded
"""


def examined(text: str, suite: str = "shop") -> tuple[list[scenarios.Draft], Findings]:
    document = safeyaml.load(text, "shop.yaml")
    findings = Findings("shop.yaml", document.lines)
    return drafts(document.value, findings, suite), findings


def read(text: str) -> list[Scenario]:
    found, findings = examined(text)
    assert findings.problems == []
    return [finished(each, {}) for each in found]


def one(text: str) -> Scenario:
    (scenario,) = read(text)
    return scenario


def refused(text: str) -> Findings:
    _, findings = examined(text)
    assert findings.problems
    assert all(each.file == "shop.yaml" for each in findings.problems)
    return findings


def test_id_name_prompt_and_truth_are_enough() -> None:
    scenario = one(ENOUGH)
    assert scenario.scorers == (ScorerSpec("contains"),)
    assert (scenario.difficulty_level, scenario.split, scenario.pass_score) == ("medium", "search", 1.0)
    assert (scenario.suite, scenario.group, scenario.user, scenario.tags) == (None, None, None, ())
    assert scenario.limits == ScenarioLimits()
    assert len(scenario.content_hash) == 64


def test_everything_that_may_be_said_is_understood() -> None:
    scenario = one(
        """\
        suite: shop
        defaults: {pass_score: 0.5, environment: "shop.env:Shop", limits: {max_turns: 5}}
        scenarios:
          - scenario_id: refund_late
            name: Refund a late order
            task_prompt: Order 1042 never came. Refund me.
            ground_truth: {orders: {"1042": {status: refunded}}}
            difficulty_level: hard
            tags: [refund, trap, refund]
            expected_tools: [lookup_order, {name: refund, arguments: {order: "1042"}}]
            estimated_duration_ms: 4000
            group: refunds
            split: holdout
            user: {goal: Get a refund, model: gpt-5-mini, max_turns: 8}
            scorers:
              - {type: final_state, required: true}
              - {type: expected_tools, order: any, weight: 0.2}
              - {type: llm_judge, model: gpt-5, rubric: "Polite?", weight: 0.2}
            pass_score: 0.9
            limits: {timeout_ms: 60000}
        """
    )
    assert (scenario.suite, scenario.environment, scenario.pass_score) == ("shop", "shop.env:Shop", 0.9)
    assert scenario.tags == ("refund", "trap")
    assert scenario.limits == ScenarioLimits(timeout_ms=60_000, max_turns=5)
    assert scenario.user == UserSpec(goal="Get a refund", model="gpt-5-mini", max_turns=8)
    assert [(each.type, each.required, each.weight) for each in scenario.scorers] == [
        ("final_state", True, 1.0),
        ("expected_tools", False, 0.2),
        ("llm_judge", False, 0.2),
    ]
    assert scenario.scorers[2].options == {"model": "gpt-5", "rubric": "Polite?"}
    assert scenario.definition["group"] == "refunds"


@pytest.mark.parametrize(
    ("change", "line", "field", "said", "remedy"),
    [
        ({"scenario_id": "Refund-Late"}, 1, "[0].scenario_id", '"Refund-Late"', "Write it as refund_late."),
        ({"scenario_id": "refund-late"}, 1, "[0].scenario_id", "small letters", "Write it as refund_late."),
        ({"scenario_id": "x" * 101}, 1, "[0].scenario_id", "1 to 100", None),
        ({"scenario_id": 7}, 1, "[0].scenario_id", "is 7", 'Put it in quotes: "7".'),
        ({"scenario_id": None}, 1, "[0].scenario_id", "is missing", None),
        ({"name": "ab"}, 2, "[0].name", "3 to 200", None),
        ({"name": "x" * 201}, 2, "[0].name", "3 to 200", None),
        ({"name": None}, 2, "[0].name", "is empty", None),
        ({"task_prompt": "short"}, 3, "[0].task_prompt", "at least 10", None),
        ({"task_prompt": "         x"}, 3, "[0].task_prompt", "at least 10", None),
        ({"task_prompt": 1234567890}, 3, "[0].task_prompt", "text", None),
        ({"difficulty_level": "extreme"}, 5, "[0].difficulty_level", "easy, medium or hard", None),
        ({"difficulty_level": "hrad"}, 5, "[0].difficulty_level", "easy, medium or hard", 'Did you mean "hard"?'),
        ({"split": "test"}, 5, "[0].split", "search or holdout", None),
        ({"tags": [f"t{n}" for n in range(21)]}, 5, "[0].tags", "21 tags, expected at most 20", None),
        ({"tags": [True]}, 5, "[0].tags[0]", "is true, expected text", "in quotes"),
        ({"pass_score": 1.5}, 5, "[0].pass_score", "from 0 to 1", None),
        ({"pass_score": True}, 5, "[0].pass_score", "from 0 to 1", None),
        ({"estimated_duration_ms": 0}, 5, "[0].estimated_duration_ms", "at least 1", None),
        ({"estimated_duration_ms": 3000000000}, 5, "[0].estimated_duration_ms", "at most", None),
        ({"environment": "shop/env.py"}, 5, "[0].environment", "module:Class", None),
        ({"limits": {"timout_ms": 5}}, 5, "[0].limits.timout_ms", "has no", 'mean "timeout_ms"'),
        ({"limits": {"max_cost_usd": -1}}, 5, "[0].limits.max_cost_usd", "greater than 0", None),
        ({"user": {"goal": "Get it"}}, 5, "[0].user.model", "is missing", "plays the user"),
        ({"user": {"model": "gpt"}}, 5, "[0].user.goal", "is missing", None),
        ({"user": {"turns": []}}, 5, "[0].user.turns", "at least one turn", None),
        ({"user": {"turns": ["a"], "max_turn": 3}}, 5, "[0].user.max_turn", "user has no", 'mean "max_turns"'),
        ({"user": 3}, 5, "[0].user", "a mapping", None),
        (
            {"user": {"goal": "x", "model": "y", "api_key_env": "sk-abcdefghijklmnopqrst"}},
            5,
            "[0].user.api_key_env",
            "never a secret",
            None,
        ),
        ({"expected_tools": 3}, 5, "[0].expected_tools", "a list of tools", None),
        ({"expected_tools": [3]}, 5, "[0].expected_tools[0]", "a tool's name", None),
        ({"files": {"a": "b"}}, 5, "[0].files", "reserved", "include"),
        ({"ground_truth": None}, 1, "[0].scorers", "no scorer and no ground truth", "ground_truth"),
        ({"ground_truth": True}, 4, "[0].ground_truth", "no scorer says what to do", "in quotes"),
        ({"ground_truth": ["a", "b"]}, 4, "[0].ground_truth", "no scorer says what to do", "environment"),
        ({"ground_truth": {"a": 1}}, 4, "[0].ground_truth", "no scorer says what to do", "environment"),
    ],
)
def test_a_mistake_is_told_with_line_field_and_remedy(
    change: dict[str, Any], line: int, field: str, said: str, remedy: str | None
) -> None:
    entry = {
        "scenario_id": "refund_late",
        "name": "Refund a late order",
        "task_prompt": "Order 1042 never came. Refund me.",
        "ground_truth": "refunded",
        **change,
    }
    text = "\n".join(
        f"{'-' if n == 0 else ' '} {key}: {json.dumps(value)}" for n, (key, value) in enumerate(entry.items())
    )
    findings = refused(text)
    problem = next(each for each in findings.problems if each.field == field)
    assert problem.line == line
    assert said in problem.message
    if remedy is not None:
        assert remedy in str(problem.remedy)
    assert "sk-abcdefghijklmnopqrst" not in str([each.as_json() for each in findings.problems])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "a list of scenarios"),
        ("- 3", "a scenario, which is a mapping"),
        ("scenarios: []", "at least one scenario"),
        ("scenarios: {a: 1}", "a list"),
        ("suite: shop", "scenarios is missing"),
        ("scenaros: []", 'Is it "scenaros" in line 1?'),
        ("model: x\ntemperature: 0", "scenarios"),
        ("suite: 3\nscenarios:\n  - {}", "suite is 3"),
        ("defaults: 3\nscenarios:\n  - {}", "a mapping of what every scenario has"),
        ("defaults: {scenario_id: x}\nscenarios:\n  - {}", "Give each scenario its own"),
    ],
)
def test_a_document_of_another_shape_is_refused(text: str, said: str) -> None:
    findings = refused(text)
    assert any(said in f"{each.message} {each.remedy}" for each in findings.problems)


def test_all_mistakes_of_all_scenarios_are_told_at_once() -> None:
    findings = refused("- {scenario_id: A, name: x}\n- {scenario_id: b-c, name: Good name, task_prompt: short}\n")
    assert len(findings.problems) == 7
    assert {each.line for each in findings.problems} == {1, 2}


@pytest.mark.parametrize(
    ("truth", "environment", "kind"),
    [
        ("refunded", None, "contains"),
        ("refunded", "shop.env:Shop", "contains"),
        (42, None, "numeric"),
        (4.5, None, "numeric"),
        ({"orders": {}}, "shop.env:Shop", "final_state"),
        (["a"], "shop.env:Shop", "final_state"),
    ],
)
def test_a_ground_truth_alone_implies_a_scorer(truth: Any, environment: str | None, kind: str) -> None:
    entry = {
        "scenario_id": "a",
        "name": "A name",
        "task_prompt": "Do what is due.",
        "ground_truth": truth,
        "environment": environment,
    }
    assert [each.type for each in scenario_from(entry).scorers] == [kind]


def test_defaults_give_way_and_a_null_cancels_them() -> None:
    first, second, third = read(
        """\
        defaults:
          tags: [a]
          environment: shop.env:Shop
          ground_truth: done
          user: {model: gpt-5-mini, temperature: 0.5}
          limits: {max_turns: 3, timeout_ms: 1000}
        scenarios:
          - {scenario_id: one, name: The first, task_prompt: Do what is due.}
          - {scenario_id: two, name: The second, task_prompt: Do what is due., tags: [b], environment: null,
             user: {goal: Get it}, limits: {max_turns: 4}}
          - {scenario_id: three, name: The third, task_prompt: Do what is due., limits: null, user: [Yes.]}
        """
    )
    assert (first.tags, first.environment, first.user) == (("a",), "shop.env:Shop", None)
    assert (second.tags, second.environment) == (("b",), None)
    assert second.user == UserSpec(goal="Get it", model="gpt-5-mini", temperature=0.5)
    assert second.limits == ScenarioLimits(timeout_ms=1000, max_turns=4)
    assert third.limits == ScenarioLimits()
    assert third.user == UserSpec(turns=("Yes.",))


def test_one_scenario_alone_is_a_document() -> None:
    assert one("scenario_id: a\nname: A name\ntask_prompt: Do what is due.\nground_truth: x\n").scenario_id == "a"


def test_unknown_keys_are_kept_and_warned_of_once() -> None:
    text = "".join(
        f"- {{scenario_id: s{n}, name: A name, task_prompt: Do what is due., ground_truth: x, dificulty_level: hard}}\n"
        for n in range(5)
    )
    found, findings = examined(text)
    assert found[0].definition["dificulty_level"] == "hard"
    (warning,) = findings.warnings
    assert "shop.yaml:1" in warning
    assert 'Did you mean "difficulty_level"?' in warning
    assert "4 more scenarios" in warning


def test_metadata_and_include_are_no_unknown_keys() -> None:
    found, findings = examined(ENOUGH + "  metadata: {owner: shop}\n  include: [data/*.json]\n")
    assert findings.warnings == []
    assert found[0].definition["metadata"] == {"owner": "shop"}
    assert "include" not in found[0].definition, "what it brings is known by its digests"
    assert [pattern for _, pattern in found[0].include] == ["data/*.json"]


def test_an_id_that_is_used_twice_is_told_with_both_lines() -> None:
    found, _ = examined(ENOUGH + "\n" + ENOUGH.replace("a late order", "an order again"))
    (problem,) = duplicates(found)
    assert (problem.line, problem.field) == (6, "scenario_id")
    assert "first in shop.yaml:1" in problem.message


def test_order_of_keys_and_written_defaults_make_no_new_content() -> None:
    expected = one(ENOUGH).content_hash
    turned = """\
    - ground_truth: "refunded"
      pass_score: 1
      scorers: [{weight: 1, type: contains}]
      tags: []
      task_prompt: 'Order 1042 never came. Refund me.'
      name: Refund a late order
      difficulty_level: medium
      scenario_id: refund_late
    """
    assert one(turned).content_hash == expected


@pytest.mark.parametrize("change", [("1042", "1043"), ("refunded", "denied"), ("a late", "an old")])
def test_other_words_make_other_content(change: tuple[str, str]) -> None:
    assert one(ENOUGH.replace(*change)).content_hash != one(ENOUGH).content_hash


def test_files_that_grade_it_are_part_of_the_content() -> None:
    (draft,), _ = examined(ENOUGH)
    first, second = finished(draft, {"env.py": b"1"}), finished(draft, {"env.py": b"2"})
    assert len({first.content_hash, second.content_hash, finished(draft, {}).content_hash}) == 3
    assert first.files == {"env.py": b"1"}


def test_a_scenario_of_a_log_may_be_judged_elsewhere() -> None:
    entry = {
        "scenario_id": "tau_airline_0",
        "name": "Airline task 0",
        "task_prompt": "Change my flight, please.\0",
        "suite": "tau_airline",
        "scorers": [{"type": "external"}],
        "ground_truth": {"actions": []},
    }
    scenario = scenario_from(entry)
    assert scenario.scorers == (ScorerSpec("external"),)
    assert scenario.task_prompt.endswith("\ufffd")
    assert scenario_from(dict(reversed(entry.items()))).content_hash == scenario.content_hash
    with pytest.raises(ScenarioFileRefused):
        scenario_from({**entry, "scenario_id": "A-B"})


def test_a_file_cannot_leave_judging_to_others() -> None:
    assert 'there is no scorer "external"' in refused(ENOUGH + "  scorers: [external]\n").problems[0].message


_KEYS = [
    *rules.KEYS,
    *rules.FILE_KEYS,
    *rules.USER_KEYS,
    *rules.LIMIT_KEYS,
    *scoring.OPTIONS,
    *{option for options in scoring.OPTIONS.values() for option in options},
    *("type", "required", "weight", "input", "target", "vars", "assert", "tests", "prompts", "role", "content", "id"),
]
_WORDS = st.sampled_from(["", "x", "a:b", "contains", "regex", "(", "refunded text", "{{x}}"]) | st.text(max_size=4)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**63) | st.floats(allow_nan=False, allow_infinity=False) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=6),
    max_leaves=20,
)
_ENTRY = {"scenario_id": "a", "name": "A name", "task_prompt": "Do what is due.", "ground_truth": "x"}


@given(
    _ANYTHING
    | st.dictionaries(st.sampled_from(_KEYS), _ANYTHING, max_size=8).map(lambda entry: [{**_ENTRY, **entry}])
    | st.dictionaries(st.sampled_from(["prompts", "defaultTest"]), _ANYTHING).map(
        lambda top: {**top, "tests": [{"vars": {"x": "y"}, "assert": top.get("prompts")}]}
    )
)
@settings(max_examples=150)
def test_whatever_stands_there_is_understood_or_told(value: Any) -> None:
    findings = Findings("shop.yaml")
    for each in drafts(value, findings, "shop"):
        finished(each, {})
    json.dumps([each.as_json() for each in findings.problems], allow_nan=False)


def test_the_examples_in_docstrings_are_true() -> None:
    result = doctest.testmod(importlib.import_module(f"{scenarios.__name__}.rules"))
    assert result.attempted > 0
    assert result.failed == 0
