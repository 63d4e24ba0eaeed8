"""The ways of writing scorers, and what is wrong with the others."""

from __future__ import annotations

from typing import Any

import pytest

from guildhall.adapters.scorers import scorer_for
from guildhall.algorithms.documents import Findings, Section
from guildhall.domains.evaluation.scenarios import ScorerSpec
from guildhall.domains.evaluation.scenarios.scoring import OPTIONS, Case, scorers

WHOLE = Case(ground_truth="refunded", expected_tools=["refund"], environment="shop.env:Shop")
BARE = Case(ground_truth=None, expected_tools=None, environment=None)
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def read(value: Any, case: Case = WHOLE) -> tuple[list[dict[str, Any]], Findings]:
    findings = Findings("s.yaml")
    return scorers(Section({"scorers": value}, (), findings), case), findings


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("contains", ("contains", {})),
        (["contains"], ("contains", {})),
        ({"contains": "paid"}, ("contains", {"value": "paid"})),
        ({"contains": ["paid", 7]}, ("contains", {"value": ["paid", 7]})),
        ({"contains": {"value": "paid", "all": False}}, ("contains", {"value": "paid", "all": False})),
        ({"contains": None}, ("contains", {})),
        ({"type": "contains", "forbid": "sorry"}, ("contains", {"forbid": "sorry"})),
        ({"exact": "42"}, ("exact", {"value": "42"})),
        ({"regex": "^a+$"}, ("regex", {"pattern": "^a+$"})),
        ({"numeric": 3}, ("numeric", {"value": 3})),
        ({"numeric": {"value": 3, "tolerance": 0.1}}, ("numeric", {"value": 3, "tolerance": 0.1})),
        ({"type": "numeric", "value": "1,000", "which": "any"}, ("numeric", {"value": "1,000", "which": "any"})),
        ({"json_schema": SCHEMA}, ("json_schema", {"schema": SCHEMA})),
        ("expected_tools", ("expected_tools", {})),
        (
            {"expected_tools": ["a", "b"], "order": "in_order"},
            ("expected_tools", {"tools": ["a", "b"], "order": "in_order"}),
        ),
        ({"final_state": {"value": 3}}, ("final_state", {"value": {"value": 3}})),
        ("final_state", ("final_state", {})),
        ("shop.checks:fine", ("python", {"python": "shop.checks:fine"})),
        ({"type": "python", "function": "checks:fine"}, ("python", {"python": "checks:fine"})),
        ({"llm_judge": "Polite?", "model": "m"}, ("llm_judge", {"model": "m", "rubric": "Polite?"})),
        (
            {"llm_judge": {"model": "m", "rubric": "r", "scale": [1, 5]}},
            ("llm_judge", {"model": "m", "rubric": "r", "scale": [1, 5]}),
        ),
    ],
)
def test_every_way_of_writing_a_scorer_means_the_same(written: Any, expected: tuple[str, dict[str, Any]]) -> None:
    found, findings = read(written)
    assert findings.problems == []
    kind, options = expected
    assert found == [{"type": kind, "required": False, "weight": 1.0, **options}]


def test_required_and_weight_are_everyones() -> None:
    found, findings = read([{"contains": "x", "required": True, "weight": 0}, {"type": "exact", "weight": 2}])
    assert findings.problems == []
    assert [(each["required"], each["weight"]) for each in found] == [(True, 0.0), (False, 2.0)]


@pytest.mark.parametrize(
    ("written", "case", "said", "remedy"),
    [
        ("contians", WHOLE, 'no scorer "contians"', 'Did you mean "contains"?'),
        ("vibes", WHOLE, 'no scorer "vibes"', "There are contains, exact"),
        (3, WHOLE, "a scorer", None),
        ({"type": 3}, WHOLE, "a scorer", None),
        ({"contains": "a", "exact": "b"}, WHOLE, "a scorer", None),
        ({"type": "contains", "vlaue": "x"}, WHOLE, "has no", 'Did you mean "value"?'),
        ({"type": "contains", "required": "yes"}, WHOLE, "true or false", None),
        ({"type": "contains", "weight": -1}, WHOLE, "at least 0", None),
        ({"type": "contains", "all": "no"}, WHOLE, "true or false", None),
        ({"contains": True}, WHOLE, "a text, a number", "quotes"),
        ({"contains": []}, WHOLE, "a text, a number", None),
        ("contains", BARE, "has no value", "value: …"),
        ("exact", Case({"a": 1}, None, None), "ground truth is no text", None),
        ("exact", Case(True, None, None), "ground_truth is true", "quotes"),
        ({"regex": "("}, WHOLE, "no regular expression", "single quotes"),
        ({"regex": "a" * 10_001}, WHOLE, "more than 10,000", None),
        ({"regex": "(" * 5000 + ")" * 5000}, WHOLE, "no regular expression", None),
        ("regex", BARE, "a regular expression", None),
        ("numeric", WHOLE, "a number", "Give the scorer a `value`"),
        ({"numeric": 3, "tolerance": "much"}, WHOLE, "at least 0", None),
        ({"numeric": 3, "which": "middle"}, WHOLE, "last, first or any", None),
        ({"json_schema": {"type": "objekt"}}, WHOLE, "the JSON schema is none", None),
        ("json_schema", BARE, "a JSON schema", None),
        ({"type": "expected_tools", "order": "some"}, WHOLE, "any, in_order or exact", None),
        ("expected_tools", BARE, "has no tools", "Add `expected_tools"),
        ({"type": "expected_tools", "tools": [{"nme": "a"}]}, WHOLE, "a tool's name", None),
        ("final_state", Case({"a": 1}, None, None), "needs an environment", None),
        ("final_state", Case(None, None, "a:B"), "no ground truth", None),
        ({"type": "python"}, WHOLE, "module:function", None),
        ({"type": "python", "python": "checks.py"}, WHOLE, "module:function", None),
        ({"type": "llm_judge", "rubric": "r"}, WHOLE, "model is missing", None),
        ({"type": "llm_judge", "model": "m"}, WHOLE, "rubric is missing", None),
        ({"type": "llm_judge", "model": "m", "rubric": "r", "scale": [5, 1]}, WHOLE, "the lower first", None),
        ({"type": "llm_judge", "model": "m", "rubric": "r", "threshold": 7}, WHOLE, "from 0 to 1", None),
        ({"type": "llm_judge", "model": "m", "rubric": "r", "base_url": "x"}, WHOLE, "http://", None),
        ({"type": "llm_judge", "model": "m", "rubric": "r", "api_key_env": "sk-123"}, WHOLE, "never a secret", None),
    ],
)
def test_a_scorer_that_makes_no_sense_is_told(written: Any, case: Case, said: str, remedy: str | None) -> None:
    found, findings = read(written, case)
    assert found == []
    problem = next(each for each in findings.problems if said in each.message)
    if remedy is not None:
        assert remedy in str(problem.remedy)


def test_every_scorer_that_may_be_written_exists() -> None:
    made = {
        "json_schema": {"schema": {"type": "object"}},
        "regex": {"pattern": "a"},
    }
    for kind in OPTIONS.keys() - {"python", "llm_judge"}:  # which need a file and a model
        assert scorer_for(ScorerSpec(kind, options=made.get(kind, {"value": 1}))) is not None
