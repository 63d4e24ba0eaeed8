"""
Scorers of what the agent said last: exact, contains, regex, numeric.

What they look for is the option of that name (`value`, `pattern`), and without
it the scenario's ground truth. Letters' case and space at the ends do not
matter unless an option says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from guildhall.adapters import patterns
from guildhall.adapters.scorers.errors import ScorerNotUsable
from guildhall.adapters.threads import in_thread
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.scenarios import ScorerSpec
from guildhall.domains.evaluation.simulations.ports import Performance, Score

_SHOWN = 300
_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|[-+−]?\.\d+")


class Exact:
    """
    The final message is the expected text, or one of several.

    Options: `value` (text, number, or a list of alternatives), `ignore_case`
    (false), `strip` (true: space at both ends and runs of space do not matter).
    """

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score:
        wanted = _alternatives(spec, performance)
        said = _normal(performance.final_message, spec.options)
        for each in wanted:
            if said == _normal(each, spec.options):
                return all_or_nothing(spec, True)
        return all_or_nothing(
            spec, False, f"said {_short(performance.final_message)}, expected {_either(wanted)}", expected=wanted
        )


class Contains:
    """
    The final message contains the expected text.

    Options: `value` (text, number, or a list), `all` (true: every text of a
    list; false: one of them), `ignore_case` (true), `forbid` (texts that must
    not occur).
    """

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score:
        options = {"ignore_case": True, **spec.options}
        said = _normal(performance.final_message, options)
        forbidden = _listed(spec.options.get("forbid", ()))
        found_forbidden = [each for each in forbidden if _normal(each, options) in said]
        only_forbids = bool(forbidden) and "value" not in options and performance.scenario.ground_truth is None
        wanted = [] if only_forbids else _alternatives(spec, performance)
        missing = [each for each in wanted if _normal(each, options) not in said]
        enough = not missing if options.get("all", True) else len(missing) < len(wanted) or not wanted
        if enough and not found_forbidden:
            return all_or_nothing(spec, True)
        why = []
        if not enough:
            why.append("does not contain " + _either(missing))
        if found_forbidden:
            why.append("contains " + _either(found_forbidden))
        said_short = _short(performance.final_message)
        return all_or_nothing(spec, False, f"{said_short} {' and '.join(why)}", missing=missing)


class Regex:
    """
    A regular expression matches in the final message.

    Options: `pattern`, `full` (false: anywhere), `ignore_case` (false),
    `multiline` (false: ^ and $ mean the whole text), `dotall` (false). It is
    given up after two seconds; the scenario is to blame then.
    """

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score:
        pattern = spec.options.get("pattern", spec.options.get("value", performance.scenario.ground_truth))
        if not isinstance(pattern, str):
            raise ScorerNotUsable(spec.type, "it has no pattern, and the ground truth is no text")
        flags = re.RegexFlag(0)
        for option, flag in (("ignore_case", re.IGNORECASE), ("multiline", re.MULTILINE), ("dotall", re.DOTALL)):
            if spec.options.get(option):
                flags |= flag
        full, said = bool(spec.options.get("full")), performance.final_message
        if patterns.runs_here(pattern, said, int(flags)):
            found = patterns.search_guarded(pattern, said, int(flags), full=full)
        else:
            found = await in_thread(lambda: patterns.search_guarded(pattern, said, int(flags), full=full))
        return all_or_nothing(spec, found, "" if found else f"{_short(said)} does not match {pattern!r}")


class Numeric:
    """
    A number in the final message is near the expected one.

    Options: `value`, `tolerance` (absolute, 1e-9), `relative` (a share of the
    expected number, 0), `which` (last, first or any number in the text; last).
    Thousands may be separated by commas.
    """

    async def score(self, spec: ScorerSpec, performance: Performance) -> Score:
        expected = _number_of(spec.options.get("value", performance.scenario.ground_truth))
        if expected is None:
            raise ScorerNotUsable(spec.type, "it has no value, and the ground truth is no number")
        margin = max(
            _number_of(spec.options.get("tolerance", 1e-9)) or 0.0,
            (_number_of(spec.options.get("relative", 0)) or 0.0) * abs(expected),
        )
        found = [float(each.replace(",", "").replace("−", "-")) for each in _NUMBER.findall(performance.final_message)]
        found = [each for each in found if math.isfinite(each)]
        if not found:
            return all_or_nothing(spec, False, f"{_short(performance.final_message)} has no number in it")
        which = spec.options.get("which", "last")
        candidates = found if which == "any" else [found[0] if which == "first" else found[-1]]
        near = any(abs(each - expected) <= margin for each in candidates)
        said = ", ".join(f"{each:g}" for each in candidates[:5])
        why = "" if near else f"said {said}, expected {expected:g} ± {margin:g}"
        return all_or_nothing(spec, near, why, found=candidates[:20])


def all_or_nothing(spec: ScorerSpec, passed: bool, explanation: str = "", **details: Any) -> Score:
    """A score of 1 or 0."""
    return Score(
        scorer=spec.type,
        score=1.0 if passed else 0.0,
        passed=passed,
        weight=spec.weight,
        required=spec.required,
        explanation=explanation,
        details=details if not passed else {},
    )


def _alternatives(spec: ScorerSpec, performance: Performance) -> list[str]:
    value = spec.options.get("value", performance.scenario.ground_truth)
    wanted = _listed(value)
    if not wanted:
        raise ScorerNotUsable(spec.type, "it has no value, and the scenario has no ground truth that is text")
    return wanted


def _listed(value: Any) -> list[str]:
    if isinstance(value, bool) or value is None or isinstance(value, Mapping):
        return [] if not isinstance(value, bool) else [str(value).lower()]
    if isinstance(value, (str, int, float)):
        return [str(value)]
    if isinstance(value, Sequence):
        return [text for each in value for text in _listed(each)]
    return []


def _normal(text: str, options: Mapping[str, Any]) -> str:
    if options.get("strip", True):
        text = " ".join(text.split())
    return text.casefold() if options.get("ignore_case") else text


def _number_of(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value.replace(",", "") if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _short(text: str) -> str:
    text = sanitise.text(text)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…") if text else "nothing"


def _either(texts: Sequence[str]) -> str:
    return " or ".join(_short(each) for each in texts[:5])
