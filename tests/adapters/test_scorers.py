"""Scorers one by one: what passes, what does not, and what is said about it."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.plays import a_performance, write
from guildhall.adapters.code import CodeNotLoadable
from guildhall.adapters.schemas import SchemaNotUsable
from guildhall.adapters.scorers import ScorerNotUsable, scorer_for
from guildhall.adapters.scorers.states import _missing_in_order
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.scenarios import ScorerSpec


async def judged(kind, performance, *, directory=None, **options):
    spec = ScorerSpec(kind, options=options)
    scorer = scorer_for(spec, ground_truth=performance.scenario.ground_truth, directory=directory)
    return await scorer.score(spec, performance)


async def of_text(kind, text, truth=None, **options):
    return await judged(kind, a_performance(text, scenario={"ground_truth": truth}), **options)


@pytest.mark.parametrize(
    ("kind", "text", "truth", "options", "passes"),
    [
        ("exact", "Refunded", "Refunded", {}, True),
        ("exact", "  Refunded\n now ", "Refunded now", {}, True),
        ("exact", " Refunded", "Refunded", {"strip": False}, False),
        ("exact", "refunded", "Refunded", {}, False),
        ("exact", "refunded", "Refunded", {"ignore_case": True}, True),
        ("exact", "yes", ["no", "yes"], {}, True),
        ("exact", "42", 42, {}, True),
        ("exact", "true", True, {}, True),
        ("exact", "b", "a", {"value": "b"}, True),
        ("exact", "", "a", {}, False),
        ("contains", "It is REFUNDED now", "refunded", {}, True),
        ("contains", "It is REFUNDED now", "refunded", {"ignore_case": False}, False),
        ("contains", "a and b", ["a", "b"], {}, True),
        ("contains", "a only", ["a", "b"], {}, False),
        ("contains", "a only", ["a", "b"], {"all": False}, True),
        ("contains", "neither", ["x", "y"], {"all": False}, False),
        ("contains", "Straße", "STRASSE", {}, True),
        ("contains", "refunded, sorry", "refunded", {"forbid": ["sorry"]}, False),
        ("contains", "fine", None, {"forbid": "sorry"}, True),
        ("regex", "order 1042 refunded", r"order \d+", {}, True),
        ("regex", "order 1042 refunded", r"order \d+", {"full": True}, False),
        ("regex", "ORDER", "order", {"ignore_case": True}, True),
        ("regex", "a\nb", "^b$", {"multiline": True}, True),
        ("regex", "a\nb", "a.b", {"dotall": True}, True),
        ("regex", "x", "a", {"pattern": "x"}, True),
        ("numeric", "The total is 1,234.50 dollars", 1234.5, {}, True),
        ("numeric", "first 3, then 4", 4, {}, True),
        ("numeric", "first 3, then 4", 3, {}, False),
        ("numeric", "first 3, then 4", 3, {"which": "first"}, True),
        ("numeric", "first 3, then 4", 3, {"which": "any"}, True),
        ("numeric", "about 3.1", 3.0, {"tolerance": 0.2}, True),
        ("numeric", "about 110", 100, {"relative": 0.1}, True),
        ("numeric", "about 111", 100, {"relative": 0.1}, False),
        ("numeric", "minus −5", -5, {}, True),
        ("numeric", "1e3", 1000, {}, True),
        ("numeric", "none", 1, {}, False),
        ("numeric", "0.1", "0.1", {}, True),
    ],
)
async def test_what_the_agent_said_last(kind, text, truth, options, passes):
    score = await of_text(kind, text, truth, **options)

    assert (score.passed, score.score) == (passes, 1.0 if passes else 0.0)
    assert bool(score.explanation) is not passes


async def test_an_explanation_names_what_was_said_and_what_was_expected():
    score = await of_text("exact", "no", ["yes", "yep"])

    assert score.explanation == "said 'no', expected 'yes' or 'yep'"
    assert score.details == {"expected": ["yes", "yep"]}
    assert (await of_text("numeric", "4", 5)).explanation == "said 4, expected 5 ± 1e-09"


@pytest.mark.parametrize(
    ("kind", "truth"),
    [
        ("exact", None),
        ("exact", {"a": 1}),
        ("contains", None),
        ("regex", None),
        ("numeric", "many"),
        ("final_state", None),
    ],
)
async def test_a_scorer_that_has_nothing_to_compare_with_says_so(kind, truth):
    with pytest.raises(ScorerNotUsable):
        await of_text(kind, "text", truth)


STATE = {"orders": {"1": {"status": "refunded", "total": 30.0, "lines": [{"n": 1, "x": 0}]}, "2": {}}, "open": True}


@pytest.mark.parametrize(
    ("expected", "options", "wrong"),
    [
        ({"orders": {"1": {"status": "refunded"}}}, {}, None),
        ({"orders": {"1": {"total": 30}}}, {}, None),
        ({"orders": {"1": {"lines": [{"n": 1}]}}}, {}, None),
        ({}, {}, None),
        ({"open": 1}, {}, "open is true, expected 1"),
        ({"orders": {"1": {"status": "late"}}}, {}, 'orders.1.status is "refunded", expected "late"'),
        ({"orders": {"3": {}}}, {}, "orders.3 is missing, expected {}"),
        ({"orders": {"1": {"lines": []}}}, {}, 'orders.1.lines is [{"n":1,"x":0}], expected []'),
        ({"orders": {"1": {"lines": [{"n": 2}]}}}, {}, "orders.1.lines[0].n is 1, expected 2"),
        ({"open": False, "closed": True}, {}, "open is true, expected false and 1 more"),
        ({"orders": {"2": {}}, "open": True}, {"exact": True}, 'orders.1 is {"status":"refunded"'),
        (STATE, {"exact": True}, None),
        ([1], {}, "the state is {"),
    ],
)
async def test_the_final_state_must_agree_where_the_truth_speaks(expected, options, wrong):
    performance = a_performance(scenario={"ground_truth": expected}, final_state=STATE)

    score = await judged("final_state", performance, **options)

    assert score.passed is (wrong is None)
    assert score.explanation == "" if wrong is None else wrong in score.explanation


async def test_where_there_is_no_state_it_does_not_agree():
    score = await judged("final_state", a_performance(scenario={"ground_truth": {"a": 1}}))

    assert not score.passed


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


def pruned(value, data):
    """The value with some keys of its objects left out."""
    if isinstance(value, dict):
        kept = {key: pruned(each, data) for key, each in value.items()}
        return {key: each for key, each in kept.items() if data.draw(st.booleans())}
    if isinstance(value, list):
        return [pruned(each, data) for each in value]
    return value


@given(json_values.filter(lambda value: value is not None), st.data())
async def test_a_state_agrees_with_every_part_of_itself(state, data):
    state = sanitise.plain(state)  # as the conductor hands it over
    expected = pruned(state, data)
    if expected is None:
        return
    score = await judged("final_state", a_performance(scenario={"ground_truth": expected}, final_state=state))

    assert score.passed


def calls(*names, **arguments):
    return [{"id": "1", "name": name, "arguments": arguments, "error": None, "content": None} for name in names]


@pytest.mark.parametrize(
    ("expected", "called", "order", "share"),
    [
        (["a", "b"], "ba", "any", 1.0),
        (["a", "b"], "xbxa", "any", 1.0),
        (["a", "b"], "a", "any", 0.5),
        (["a", "a"], "a", "any", 0.5),
        (["a", "b"], "ab", "in_order", 1.0),
        (["a", "b"], "axb", "in_order", 1.0),
        (["a", "b"], "ba", "in_order", 0.5),
        (["a", "b", "c"], "cab", "in_order", 2 / 3),
        (["a", "b"], "ab", "exact", 1.0),
        (["a", "b"], "ba", "exact", 0.0),
        (["a", "b"], "abx", "exact", 0.0),
        ([], "", "exact", 1.0),
        ([], "a", "exact", 0.0),
        ([], "a", "any", 1.0),
        ("a", "a", "any", 1.0),
    ],
)
async def test_expected_tools(expected, called, order, share):
    performance = a_performance(scenario={"expected_tools": expected}, tool_calls=calls(*called))

    score = await judged("expected_tools", performance, order=order)

    assert score.score == pytest.approx(share)
    assert score.passed is (share == 1.0)


async def test_expected_arguments_must_agree_and_a_call_counts_once():
    performance = a_performance(tool_calls=[*calls("refund", order="1", amount=5), *calls("refund", order="2")])

    async def share(*expected, **options):
        return (await judged("expected_tools", performance, tools=list(expected), **options)).score

    assert await share({"name": "refund", "arguments": {"order": "1"}}) == 1.0
    assert await share({"name": "refund", "arguments": {"order": "3"}}) == 0.0
    assert await share("refund", {"name": "refund", "arguments": {"order": "1"}}) == 1.0
    assert await share({"name": "refund"}, {"name": "refund"}, {"name": "refund"}) == pytest.approx(2 / 3)


async def test_calls_that_failed_do_not_count_and_forbidden_ones_do_even_so():
    failed = [{**calls("refund")[0], "error": "no"}]
    performance = a_performance(tool_calls=[*failed, *calls("look")])

    missing = await judged("expected_tools", performance, tools=["refund", "look"])
    forbidden = await judged("expected_tools", performance, forbid=["refund"])

    assert (missing.score, missing.explanation) == (0.5, "never called refund")
    assert (forbidden.score, forbidden.explanation) == (0.0, "called refund, which is forbidden")


@given(st.lists(st.sampled_from("abc"), max_size=5), st.lists(st.sampled_from("abc"), max_size=5))
def test_in_order_finds_the_longest_part_that_the_calls_hold(expected, called):
    def held(part):
        rest = iter(called)
        return all(each in rest for each in part)

    longest = max(size for size in range(len(expected) + 1) if any(map(held, combinations(expected, size))))

    missing = _missing_in_order([(each, None) for each in expected], calls(*called))
    assert len(missing) == len(expected) - longest


@given(st.lists(st.sampled_from("ab"), max_size=4), st.lists(st.sampled_from("ab"), max_size=5))
async def test_any_order_finds_as_many_as_the_best_order_would(expected, called):
    performance = a_performance(tool_calls=calls(*called))
    best = max(
        len(expected) - len(_missing_in_order([(each, None) for each in order], calls(*called)))
        for order in permutations(expected)
    )

    score = await judged("expected_tools", performance, tools=expected)

    assert score.score == pytest.approx(best / len(expected) if expected else 1.0)


@pytest.mark.parametrize(
    "options", [{"tools": [7]}, {"tools": [{"arguments": {}}]}, {"tools": ["a"], "order": "maybe"}, {}]
)
async def test_expected_tools_that_make_no_sense_are_refused(options):
    with pytest.raises(ScorerNotUsable):
        await judged("expected_tools", a_performance(), **options)


SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}


@pytest.mark.parametrize(
    ("text", "options", "passes"),
    [
        ('{"ok": true}', {}, True),
        ('{"ok": 1}', {}, False),
        ("no json", {}, False),
        ('Here:\n```json\n{"ok": true}\n```\nDone.', {}, True),
        ('I think {"ok": true} it is', {}, True),
        ('I think {"ok": true} it is', {"extract": False}, False),
        ("", {}, False),
    ],
)
async def test_the_final_message_may_have_to_be_json(text, options, passes):
    score = await judged("json_schema", a_performance(text), schema=SCHEMA, **options)

    assert score.passed is passes
    assert bool(score.explanation) is not passes


def test_a_schema_that_is_none_is_refused_before_the_run():
    with pytest.raises(SchemaNotUsable):
        scorer_for(ScorerSpec("json_schema", options={"schema": {"type": "dance"}}))
    with pytest.raises(ScorerNotUsable):
        scorer_for(ScorerSpec("json_schema"))


CHECKS = """
def whole(performance): return performance.final_message == "hi"
def share(performance): return 0.25
def pair(performance): return False, "not good"
def full(performance): return {"score": 0.5, "passed": True, "explanation": "half"}
def parts(final_state, tool_calls): return final_state["n"] == len(tool_calls)
async def later(performance): return True
def wrong(performance): return 2
def nothing(performance): return None
def too_many(performance, other): return True
number = 3
"""


@pytest.mark.parametrize(
    ("name", "score", "passed", "explanation"),
    [
        ("whole", 1.0, True, ""),
        ("share", 0.25, False, ""),
        ("pair", 0.0, False, "not good"),
        ("full", 0.5, True, "half"),
        ("parts", 1.0, True, ""),
        ("later", 1.0, True, ""),
    ],
)
async def test_a_function_of_ones_own(tmp_path, name, score, passed, explanation):
    write(tmp_path, checks=CHECKS)
    performance = a_performance("hi", final_state={"n": 2}, tool_calls=calls("a", "b"))

    given_score = await judged("python", performance, directory=tmp_path, python=f"checks:{name}")

    assert (given_score.score, given_score.passed, given_score.explanation) == (score, passed, explanation)


@pytest.mark.parametrize("name", ["wrong", "nothing"])
async def test_a_function_that_returns_no_score_is_named(tmp_path, name):
    write(tmp_path, checks=CHECKS)

    with pytest.raises(ScorerNotUsable, match=f"'checks:{name}' returned"):
        await judged("python", a_performance(), directory=tmp_path, python=f"checks:{name}")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"python": "checks:missing"}, CodeNotLoadable),
        ({"python": "checks:number"}, ScorerNotUsable),
        ({"python": "checks:too_many"}, ScorerNotUsable),
        ({}, ScorerNotUsable),
    ],
)
def test_a_function_that_cannot_be_asked_is_refused_before_the_run(tmp_path, options, error):
    write(tmp_path, checks=CHECKS)

    with pytest.raises(error):
        scorer_for(ScorerSpec("python", options=options), directory=tmp_path)


@pytest.mark.parametrize("kind", ["magic", "llm_judge", "external"])
def test_a_scorer_that_is_not_there_is_refused(kind):
    with pytest.raises(ScorerNotUsable):
        scorer_for(ScorerSpec(kind))
