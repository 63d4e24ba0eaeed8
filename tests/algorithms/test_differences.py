"""What changed from one value to another."""

from __future__ import annotations

import copy
import difflib
import doctest
import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.differences import differences, lines_changed, summarise, unified

_KEY = st.sampled_from(["a", "b", "name", "tools", "x y"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "p", "q\nr", "q\ns"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEY, inner, max_size=4),
    max_leaves=15,
)
_LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(_JSON)
def test_a_value_does_not_differ_from_its_copy(value: Any) -> None:
    assert differences(value, copy.deepcopy(value)) == []


@given(_JSON, _JSON)
def test_what_is_added_one_way_is_removed_the_other(one: Any, other: Any) -> None:
    there = sorted((each["path"], each["kind"]) for each in differences(one, other) if each["kind"] == "added")
    back = sorted((each["path"], each["kind"]) for each in differences(other, one) if each["kind"] == "removed")
    if not _has_lists(one) and not _has_lists(other):
        assert [path for path, _ in there] == [path for path, _ in back]


@given(_JSON, _JSON)
def test_only_equal_values_have_no_changes(one: Any, other: Any) -> None:
    def exact(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: exact(each) for key, each in value.items()}
        if isinstance(value, list):
            return [exact(each) for each in value]
        return (type(value).__name__, value)

    assert (differences(one, other) == []) == (exact(one) == exact(other))


def _has_lists(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_lists, value.values()))
    return isinstance(value, list)


def test_tools_are_told_apart_by_their_names() -> None:
    before = {"tools": [{"name": "a", "x": 1}, {"name": "b", "x": 1}, {"name": "c"}]}
    after = {"tools": [{"name": "b", "x": 2}, {"name": "a", "x": 1}, {"name": "d"}]}
    assert differences(before, after) == [
        {"path": "tools.b.x", "kind": "changed", "before": 1, "after": 2},
        {"path": "tools.c", "kind": "removed", "before": {"name": "c"}},
        {"path": "tools.d", "kind": "added", "after": {"name": "d"}},
        {"path": "tools[order]", "kind": "changed", "before": ["a", "b"], "after": ["b", "a"]},
    ]


def test_lists_without_names_are_compared_as_sequences() -> None:
    assert differences({"include": ["a", "b", "c"]}, {"include": ["a", "c", "d"]}) == [
        {"path": "include[1]", "kind": "removed", "before": "b"},
        {"path": "include[2]", "kind": "added", "after": "d"},
    ]


def test_two_of_one_name_are_compared_as_a_sequence() -> None:
    twice = [{"name": "a", "x": 1}, {"name": "a", "x": 2}]
    assert differences(twice, [{"name": "a", "x": 1}, {"name": "a", "x": 3}]) == [
        {"path": "[1].x", "kind": "changed", "before": 2, "after": 3}
    ]


def test_a_number_is_not_a_boolean_but_an_integer_is_a_float() -> None:
    assert differences({"a": 1, "b": 1}, {"a": 1.0, "b": True}) == [
        {"path": "b", "kind": "changed", "before": 1, "after": True}
    ]


def test_a_long_text_is_told_by_its_lines() -> None:
    before, after = "one\ntwo\nthree\n", "one\n2\nthree\nfour\nfive\n"
    (change,) = differences({"system_prompt": before}, {"system_prompt": after})
    assert (change["lines_added"], change["lines_removed"]) == (3, 1)
    assert summarise([change]) == "system_prompt (+3 -1)"


def test_a_summary_is_as_the_compare_screen_shows_it() -> None:
    changes = [
        {"path": "system_prompt", "kind": "changed", "before": "", "after": "", "lines_added": 4, "lines_removed": 1},
        {"path": "tools.refund.confirm", "kind": "changed", "before": False, "after": True},
        {"path": "params.retries", "kind": "added", "after": 2},
        {"path": "limits", "kind": "removed", "before": {"max_turns": 3}},
        {"path": "model", "kind": "changed", "before": "m" * 50, "after": "n"},
    ]
    assert summarise(changes) == (
        "system_prompt (+4 -1), tools.refund.confirm false -> true, params.retries added (2), limits removed, model changed"
    )
    assert summarise(changes, most=2).endswith("and 3 more")
    assert summarise([]) == "nothing"


def test_odd_keys_stand_in_quotes() -> None:
    (change,) = differences({"a": {"x.y": 1}}, {"a": {"x.y": 2}})
    assert change["path"] == 'a["x.y"]'


@given(_LINES, _LINES)
def test_a_unified_diff_has_the_lines_that_it_counts(one: list[str], other: list[str]) -> None:
    before, after = "".join(f"{each}\n" for each in one), "".join(f"{each}\n" for each in other)
    text = unified(before, after, before_name="a", after_name="b")
    body = text.splitlines()[2:]
    added, removed = lines_changed(before, after)
    assert sum(line.startswith("+") for line in body) == added
    assert sum(line.startswith("-") for line in body) == removed
    assert len(other) - len(one) == added - removed
    if one != other:
        assert text.splitlines() == list(difflib.unified_diff(one, other, "a", "b", lineterm=""))


def test_ends_of_lines_that_differ_are_told() -> None:
    assert "ends of lines" in unified("a\n", "a", before_name="x", after_name="y")


def test_very_long_texts_are_counted_and_not_shown() -> None:
    before = "".join(f"{n}\n" for n in range(30_000))
    after = "".join(f"{n}\n" for n in range(1, 30_001))
    assert lines_changed(before, after) == (1, 1)
    assert "too long to be shown: +1 -1" in unified(before, after, before_name="x", after_name="y")


@pytest.mark.parametrize("module", ["canonical", "differences", "documents", "suggestions"])
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"guildhall.algorithms.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
