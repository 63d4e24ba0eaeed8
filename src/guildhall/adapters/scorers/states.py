"""
Scorers of what was done: final_state, expected_tools, json_schema, and a Python function of one's own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from guildhall.adapters import code, schemas, signatures
from guildhall.adapters.scorers.errors import ScorerNotUsable
from guildhall.adapters.scorers.texts import all_or_nothing
from guildhall.adapters.threads import in_thread
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.scenarios import ScorerSpec
from guildhall.domains.evaluation.simulations.ports import Performance, Score

_MANY = 10


class FinalState:
    """
    The environment's state at the end agrees with the ground truth.

    The ground truth names what matters: keys that it does not name may hold
    anything. Lists agree when they have the same length and each item does;
    1 and 1.0 are the same, 1 and true are not. Options: `value` instead of the
    ground truth, `exact` (false; true: no other keys may be there).
    """

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score:
        expected = spec.options.get("value", performance.scenario.ground_truth)
        if expected is None:
            raise ScorerNotUsable(spec.type, "it has no value, and the scenario has no ground truth")
        exact = bool(spec.options.get("exact"))
        wrong: list[dict[str, Any]] = []
        _differences(sanitise.plain(expected), performance.final_state, "", exact, wrong)
        if not wrong:
            return all_or_nothing(spec, True)
        first = wrong[0]
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        why = f"{first['path'] or 'the state'} is {_brief(first.get('found'))}, expected {_brief(first['expected'])}{more}"
        if "found" not in first:
            why = f"{first['path']} is missing, expected {_brief(first['expected'])}{more}"
        return all_or_nothing(spec, False, why, differences=wrong[:_MANY])


class ExpectedTools:
    """
    The tools that should be called were called.

    Expected are the option `tools` or the scenario's `expected_tools`: names,
    or objects `{name, arguments}`, whose arguments must agree with a call's as
    a final state does. Option `order`: `any` (each is called, in whatever
    order, others besides), `in_order` (in this order, others between), `exact`
    (these calls and no others). With `any` and `in_order` the score is the
    share that was found. Option `forbid` names tools that must not be called.
    Calls that gave an error do not count, with `exact` they do.
    """

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score:
        expected = [_expected_call(spec, each) for each in self._expected(spec, performance)]
        order = spec.options.get("order", "any")
        if order not in ("any", "in_order", "exact"):
            raise ScorerNotUsable(spec.type, f"order is {order!r}, expected any, in_order or exact")
        forbidden = set(spec.options.get("forbid", ()))
        calls = [each for each in performance.tool_calls if order == "exact" or not each.get("error")]
        used = sorted({str(each["name"]) for each in performance.tool_calls if each["name"] in forbidden})
        names = [str(each["name"]) for each in calls]
        if order == "exact":
            right = len(calls) == len(expected) and all(map(_fits, expected, calls))
            share = 1.0 if right else 0.0
            why = "" if right else f"called {_listed(names)}, expected {_listed([each for each, _ in expected])}"
        else:
            missing = _missing(expected, calls) if order == "any" else _missing_in_order(expected, calls)
            share = 1.0 - len(missing) / len(expected) if expected else 1.0
            why = (
                f"never called {_listed(missing)}" + (" in this order" if order == "in_order" else "")
                if missing
                else ""
            )
        if used:
            share, why = 0.0, "; ".join(filter(None, (f"called {_listed(used)}, which is forbidden", why)))
        return Score(
            scorer=spec.type,
            score=share,
            passed=share >= 1.0,
            weight=spec.weight,
            required=spec.required,
            explanation=why,
            details={} if share >= 1.0 else {"called": names[:100]},
        )

    def _expected(self, spec: ScorerSpec, performance: Performance) -> Sequence[Any]:
        expected = spec.options.get("tools", performance.scenario.expected_tools)
        if isinstance(expected, str):
            expected = [expected]
        if expected is None and spec.options.get("forbid"):
            expected = []
        if not isinstance(expected, Sequence):
            raise ScorerNotUsable(spec.type, "it has no list of tools, and the scenario has no expected_tools")
        return expected


class JsonSchema:
    """
    The final message is JSON that fits a schema.

    Options: `schema`, or the ground truth is the schema; `extract` (true: a
    fenced block, or what lies between the first and the last bracket, will do).
    """

    def __init__(self, spec: ScorerSpec, ground_truth: Any = None) -> None:
        schema = spec.options.get("schema", ground_truth)
        if not isinstance(schema, Mapping):
            raise ScorerNotUsable(spec.type, "it has no schema")
        self._check = schemas.checker(schema, f"scorer {spec.type!r}")

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score:
        text = performance.final_message
        document = _parsed(text, extract=bool(spec.options.get("extract", True)))
        if document is _NOTHING:
            return all_or_nothing(spec, False, "the final message is no JSON")
        wrong = await in_thread(lambda: self._check(document))
        return all_or_nothing(spec, wrong is None, wrong or "")


class PythonFunction:
    """
    A function of one's own: option `python: module:function`.

    It is called with the performance (`final_message`, `final_state`,
    `conversation`, `tool_calls`, `scenario`), or with those of them that its
    parameters name. It returns true or false, a number from 0 to 1, a pair of
    one of these and an explanation, or an object with `score` and, if it likes,
    `passed` and `explanation`.
    """

    def __init__(self, spec: ScorerSpec, directory: Path | None) -> None:
        reference = spec.options.get("python", spec.options.get("function"))
        if not isinstance(reference, str) or directory is None:
            raise ScorerNotUsable(spec.type, "it names no function", 'Write it as python: "checks:refunded".')
        self._reference, self._directory = reference, directory
        self._function: Callable[..., Any] = code.load(reference, directory)
        if not callable(self._function):
            raise ScorerNotUsable(spec.type, f"{reference!r} is a {type(self._function).__name__}, expected a function")
        self._names = _wishes(spec, self._function)

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score:
        if signatures.is_async(self._function):
            given = await self._call(performance)
        else:
            given = await in_thread(lambda: self._call(performance))
        return self._read(spec, given)

    def _call(self, performance: Performance) -> Any:
        if self._names is None:
            return self._function(performance)
        return self._function(**{name: getattr(performance, name) for name in self._names})

    def _read(self, spec: ScorerSpec, given: Any) -> Score:
        explanation: Any = ""
        passed: Any = None
        score = given
        if isinstance(given, Mapping):
            score = given.get("score", given.get("passed"))
            passed, explanation = given.get("passed"), given.get("explanation", "")
        elif isinstance(given, tuple) and len(given) == 2:
            score, explanation = given
        if isinstance(score, bool):
            score = 1.0 if score else 0.0
        if not isinstance(score, (int, float)) or not 0 <= score <= 1:
            raise ScorerNotUsable(
                spec.type,
                f"{self._reference!r} returned {_brief(given)}",
                "Return true or false, or a number from 0 to 1.",
            )
        return Score(
            scorer=spec.type,
            score=float(score),
            passed=bool(passed) if passed is not None else score >= 1.0,
            weight=spec.weight,
            required=spec.required,
            explanation=sanitise.text(str(explanation))[:2000],
        )


def _wishes(spec: ScorerSpec, function: Callable[..., Any]) -> list[str] | None:
    """Which parts of a performance a function asks for by name; None for the whole."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    parts = {"final_message", "final_state", "conversation", "tool_calls", "scenario"}
    if parameters and all(each.name in parts for each in parameters):
        return [each.name for each in parameters]
    if len([each for each in parameters if each.default is each.empty]) > 1 or not parameters:
        raise ScorerNotUsable(
            spec.type,
            f"its parameters are {', '.join(each.name for each in parameters) or 'none'}",
            "Take the performance as the one parameter, or any of " + ", ".join(sorted(parts)) + " by name.",
        )
    return None


def _differences(expected: Any, found: Any, path: str, exact: bool, wrong: list[dict[str, Any]]) -> None:
    """Note where `found` does not agree; see FinalState."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, each in expected.items():
            below = f"{path}.{key}" if path else key
            if key not in found:
                wrong.append({"path": below, "expected": each})
            else:
                _differences(each, found[key], below, exact, wrong)
        if exact:
            wrong.extend(
                {"path": f"{path}.{key}" if path else key, "expected": "[nothing]", "found": found[key]}
                for key in found
                if key not in expected
            )
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (each, other) in enumerate(zip(expected, found, strict=True)):
            _differences(each, other, f"{path}[{index}]", exact, wrong)
    elif isinstance(expected, bool) is not isinstance(found, bool) or expected != found:
        wrong.append({"path": path, "expected": expected, "found": found})


def _agrees(expected: Any, found: Any) -> bool:
    wrong: list[dict[str, Any]] = []
    _differences(expected, found, "", False, wrong)
    return not wrong


def _expected_call(spec: ScorerSpec, each: Any) -> tuple[str, Mapping[str, Any] | None]:
    if isinstance(each, str):
        return each, None
    if isinstance(each, Mapping) and isinstance(each.get("name"), str):
        arguments = each.get("arguments", each.get("kwargs"))
        return each["name"], None if arguments is None else sanitise.plain(arguments)
    raise ScorerNotUsable(spec.type, f"{_brief(each)} is neither a tool's name nor an object with a name")


def _fits(expected: tuple[str, Mapping[str, Any] | None], call: Mapping[str, Any]) -> bool:
    name, arguments = expected
    return name == call["name"] and (arguments is None or _agrees(arguments, call["arguments"]))


def _missing(expected: Sequence[tuple[str, Any]], calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """
    Each expected call takes one real call. Those with arguments choose first, as a name alone takes any.

    >>> _missing([("a", None), ("a", {"x": 1})], [{"name": "a", "arguments": {"x": 1}}])
    ['a']
    """
    left = list(calls)
    missing = []
    for each in sorted(expected, key=lambda each: each[1] is None):
        found = next((call for call in left if _fits(each, call)), None)
        if found is None:
            missing.append(each[0])
        else:
            left.remove(found)
    return missing


def _missing_in_order(expected: Sequence[tuple[str, Any]], calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is left out of the longest part of the expected sequence that the calls hold in this order."""
    rows, columns = len(expected), len(calls)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    fits = [[_fits(each, call) for call in calls] for each in expected]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            taken = 1 + best[row + 1][column + 1] if fits[row][column] else 0
            best[row][column] = max(taken, best[row + 1][column], best[row][column + 1])
    missing, row, column = [], 0, 0
    while row < rows:
        if column == columns or best[row][column] == best[row + 1][column]:
            missing.append(expected[row][0])
            row += 1
        elif fits[row][column] and best[row][column] == 1 + best[row + 1][column + 1]:
            row, column = row + 1, column + 1
        else:
            column += 1
    return missing


_NOTHING = object()


def _parsed(text: str, *, extract: bool) -> Any:
    candidates = [text]
    if extract:
        if "```" in text:
            candidates.extend(part.partition("\n")[2] for part in text.split("```")[1::2])
        for opening, closing in ("{}", "[]"):
            first, last = text.find(opening), text.rfind(closing)
            if 0 <= first < last:
                candidates.append(text[first : last + 1])
    for each in candidates:
        try:
            return orjson.loads(each)
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            continue
    return _NOTHING


def _brief(value: Any) -> str:
    text = sanitise.to_json(value).decode()
    return text if len(text) <= 200 else f"{text[:200]}…"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) or "nothing"
