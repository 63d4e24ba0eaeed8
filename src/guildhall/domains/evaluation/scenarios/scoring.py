"""
What a scenario may say about how its trials are judged.

A scorer may be written as a word (`contains`), as one key with its main option
(`{contains: refunded}`), as `module:function`, or as a mapping with `type`. All
become the last form, with every default but those of the scorer's own options.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from guildhall.algorithms import suggestions
from guildhall.algorithms.documents import Findings, Section, in_quotes, shown
from guildhall.algorithms.safeyaml import Path

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "exact": ("value", "ignore_case", "strip"),
    "contains": ("value", "all", "ignore_case", "strip", "forbid"),
    "regex": ("pattern", "value", "full", "ignore_case", "multiline", "dotall"),
    "numeric": ("value", "tolerance", "relative", "which"),
    "json_schema": ("schema", "extract"),
    "expected_tools": ("tools", "order", "forbid"),
    "final_state": ("value", "exact"),
    "python": ("python", "function"),
    "llm_judge": ("model", "rubric", "scale", "threshold", "temperature", "base_url", "api_key_env"),
}
"""The scorers, and the options that each has beside `type`, `required` and `weight`; the first is its main one."""

EXTERNAL = "external"
"""The scorer of what was imported: something else has judged it, and nothing here can."""

_OF_ALL = ("type", "required", "weight")
_MODULE = re.compile(r"^[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*$")
_VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_LONGEST_PATTERN = 10_000
_MAIN = {kind: options[0] for kind, options in OPTIONS.items()} | {"llm_judge": "rubric"}


@dataclass(frozen=True, slots=True)
class Case:
    """What else a scenario says that a scorer may rely on."""

    ground_truth: Any
    expected_tools: Any
    environment: str | None
    imported: bool = False


def scorers(section: Section, case: Case) -> list[dict[str, Any]]:
    """
    The scorers of a scenario; without any, the one that its ground truth implies.

    A text implies `contains`, a number `numeric`, anything that has parts
    `final_state` if there is an environment. Nothing else is guessed.
    """
    given = section.get("scorers")
    if given in (None, []):
        implied = _implied(section, case)
        return [] if implied is None else [implied]
    path = section.at("scorers")
    if not isinstance(given, list):
        return [each for each in [_scorer(given, path, section.findings, case)] if each is not None]
    found = [_scorer(each, (*path, index), section.findings, case) for index, each in enumerate(given)]
    return [each for each in found if each is not None]


def _implied(section: Section, case: Case) -> dict[str, Any] | None:
    truth = case.ground_truth
    match truth:
        case None:
            remedy = "Add a ground_truth that the answer contains, or `scorers: [...]`."
            if case.expected_tools:
                remedy = "Add `scorers: [expected_tools]` to judge by the tools that are called."
            section.findings.note(
                section.at("scorers"), "there is no scorer and no ground truth, so nothing could be judged", remedy
            )
            return None
        case bool():
            remedy = f'Put it in quotes, "{"yes" if truth else "no"}", or name the scorers.'
        case str():
            return _complete("contains")
        case int() | float():
            return _complete("numeric")
        case _ if case.environment is not None:
            return _complete("final_state")
        case _:
            remedy = "Add the `environment` whose final state it describes, or name the scorers."
    section.findings.note(
        section.at("ground_truth"),
        f"ground_truth is {shown(truth)}, and no scorer says what to do with it",
        remedy,
        value=truth,
    )
    return None


def _complete(kind: str, **options: Any) -> dict[str, Any]:
    return {"type": kind, "required": False, "weight": 1.0, **options}


def _scorer(value: Any, path: Path, findings: Findings, case: Case) -> dict[str, Any] | None:
    written = _written_out(value)
    if written is None:
        findings.refuse(
            path, value, "a scorer: its type, or a mapping with `type`", f"There are {', '.join(sorted(OPTIONS))}."
        )
        return None
    section = Section(written, path, findings)
    kind = written["type"]
    if case.imported and kind == EXTERNAL:
        return _complete(EXTERNAL)
    if kind not in OPTIONS:
        remedy = suggestions.did_you_mean(kind, OPTIONS) or f"There are {', '.join(sorted(OPTIONS))}."
        findings.note(path, f"there is no scorer {shown(kind)}", remedy, value=kind)
        return None
    before = len(findings.problems)
    section.only((*_OF_ALL, *OPTIONS[kind]), f"scorer {kind}")
    required = section.flag("required", False)
    weight = section.number("weight", 1.0, low=0, expected="a number of at least 0")
    _CHECKS[kind](section, case)
    if len(findings.problems) > before:
        return None
    options = {key: each for key, each in written.items() if key not in _OF_ALL and each is not None}
    if "function" in options:
        options.setdefault("python", options.pop("function"))
    return {"type": kind, "required": required, "weight": float(weight or 0.0), **options}


def _written_out(value: Any) -> dict[str, Any] | None:
    """A scorer as a mapping with `type`, whichever way it was written; None where it is none."""
    if isinstance(value, str):
        return {"type": "python", "python": value} if _MODULE.match(value) else {"type": value}
    if not isinstance(value, dict):
        return None
    if "type" in value:
        return value if isinstance(value["type"], str) else None
    kinds = [key for key in value if key in OPTIONS]
    if len(kinds) != 1:
        return None
    kind = kinds[0]
    main, rest = value[kind], {key: each for key, each in value.items() if key != kind}
    if (
        isinstance(main, dict)
        and main
        and kind not in ("final_state", "json_schema")
        and main.keys() <= set(OPTIONS[kind]) | set(_OF_ALL)
    ):
        return {"type": kind, **main, **rest}
    return {"type": kind, **rest} if main is None else {"type": kind, _MAIN[kind]: main, **rest}


def _check_exact(section: Section, case: Case) -> None:
    _flags(section, "ignore_case", "strip")
    _check_wanted(section, case)


def _check_contains(section: Section, case: Case) -> None:
    _flags(section, "all", "ignore_case", "strip")
    if section.get("forbid") is not None:
        section.texts("forbid", expected="a text, or a list of texts, that must not occur")
    if section.get("forbid") is None or "value" in section:
        _check_wanted(section, case)


def _check_wanted(section: Section, case: Case) -> None:
    """That there is a text to look for: the option `value`, or else the ground truth."""
    value = section.get("value")
    if "value" not in section:
        if case.ground_truth is None or isinstance(case.ground_truth, Mapping):
            kind = section.get("type")
            section.findings.note(
                section.path,
                f"scorer {kind} has no value, and the ground truth is no text",
                f"Write it as {{type: {kind}, value: …}}.",
            )
            return
        if isinstance(case.ground_truth, bool):
            section.findings.note(
                section.path, f"ground_truth is {shown(case.ground_truth)}, expected text", in_quotes(case.ground_truth)
            )
        return
    for each in value if isinstance(value, list) and value else [value]:
        if isinstance(each, bool) or not isinstance(each, (str, int, float)):
            section.refuse("value", "a text, a number, or a list of these", in_quotes(each))
            return


def _check_regex(section: Section, case: Case) -> None:
    _flags(section, "full", "ignore_case", "multiline", "dotall")
    key = "value" if "value" in section and "pattern" not in section else "pattern"
    pattern = section.get(key)
    if pattern is None and key not in section:
        pattern = case.ground_truth
    if not isinstance(pattern, str) or not pattern:
        section.refuse(
            key, "a regular expression", "Give the scorer a `pattern`, or the scenario a text as ground_truth."
        )
        return
    try:
        if len(pattern) > _LONGEST_PATTERN:
            raise ValueError(f"it has more than {_LONGEST_PATTERN:,} characters")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of syntax that may change its meaning one day
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, ValueError) as error:
        section.findings.note(
            section.at(key),
            f"{shown(pattern)} is no regular expression: {error}",
            "It is read by Python's `re`; put it in single quotes, so that YAML leaves backslashes alone.",
            value=pattern,
        )


def _check_numeric(section: Section, case: Case) -> None:
    for key in ("tolerance", "relative"):
        section.number(key, low=0, expected="a number of at least 0")
    section.choice("which", ["last", "first", "any"])
    value = section.get("value") if "value" in section else case.ground_truth
    if not _is_number(value):
        section.refuse("value", "a number", "Give the scorer a `value`, or the scenario a number as ground_truth.")


def _check_schema(section: Section, case: Case) -> None:
    _flags(section, "extract")
    schema = section.get("schema") if "schema" in section else case.ground_truth
    if not isinstance(schema, dict):
        section.refuse("schema", "a JSON schema", "Write it as {type: json_schema, schema: {type: object, …}}.")
        return
    import jsonschema  # noqa: PLC0415 - slow to import, and few scenarios need it

    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        section.findings.note(
            section.at("schema"),
            f"the JSON schema is none: {error.message[:200]} at {error.json_path}",
            "See https://json-schema.org/understanding-json-schema for what may stand in it.",
        )


def _check_tools(section: Section, case: Case) -> None:
    section.choice("order", ["any", "in_order", "exact"])
    if section.get("forbid") is not None:
        section.texts("forbid", expected="a list of names of tools")
    if section.get("tools") is not None:
        tool_calls(section, "tools")
    elif case.expected_tools is None and not section.get("forbid"):
        section.findings.note(
            section.path,
            "scorer expected_tools has no tools, and the scenario has no expected_tools",
            "Add `expected_tools: [...]` to the scenario, or `tools: [...]` to the scorer.",
        )


def _check_state(section: Section, case: Case) -> None:
    _flags(section, "exact")
    if case.environment is None:
        section.findings.note(
            section.path,
            "scorer final_state needs an environment, whose state it looks at",
            'Add `environment: "module:Class"` to the scenario.',
        )
    if section.get("value") is None and case.ground_truth is None:
        section.findings.note(
            section.path,
            "scorer final_state has no value, and there is no ground truth",
            "Describe in ground_truth what the state must hold.",
        )


def _check_python(section: Section, case: Case) -> None:
    key = "function" if "function" in section and "python" not in section else "python"
    value = section.get(key)
    if not isinstance(value, str) or not _MODULE.match(value):
        section.refuse(key, "module:function", 'Write it as python: "checks:refunded".')


def _check_judge(section: Section, case: Case) -> None:
    for key, remedy in (
        ("model", "Name the model that judges; the same for every agent."),
        ("rubric", "Say in `rubric` what a good answer is."),
    ):
        if section.get(key) is None:
            section.missing(key, remedy, OPTIONS["llm_judge"])
        section.text(key)
    scale = section.get("scale")
    if scale is not None and not (
        isinstance(scale, list) and len(scale) == 2 and all(map(_is_number, scale)) and scale[0] < scale[1]
    ):
        section.refuse("scale", "two numbers, the lower first, such as [1, 5]")
    section.number("threshold", low=0, high=1, expected="a number from 0 to 1")
    section.number("temperature", low=0, high=2, expected="a number from 0 to 2")
    model_access(section)


def model_access(section: Section) -> None:
    """Check `base_url` and `api_key_env`; a key in the place of a variable's name is not repeated."""
    address = section.text("base_url")
    if address is not None and not re.match(r"^https?://[^\s/]+", address):
        section.refuse("base_url", "an address that begins with http:// or https://")
    variable = section.get("api_key_env")
    if variable is None:
        return
    expected = "the name of an environment variable"
    if not isinstance(variable, str) or not _VARIABLE.match(variable) or variable.lower().startswith(("sk_", "pk_")):
        section.findings.note(
            section.at("api_key_env"),
            f"api_key_env is no name of an environment variable, expected {expected}, never a secret",
            "Write the name of the variable that holds the key, such as api_key_env: OPENAI_API_KEY.",
            expected=expected,
        )


def tool_calls(section: Section, key: str) -> list[Any] | None:
    """A list of tools: names, or objects with `name` and perhaps `arguments`."""
    value = section.get(key)
    if value is None:
        return None
    if isinstance(value, str) and value.strip():
        return [value]
    if not isinstance(value, list):
        section.refuse(key, "a list of tools: names, or objects with name and arguments")
        return None
    for index, each in enumerate(value):
        named = each if not isinstance(each, dict) else each.get("name")
        arguments = each.get("arguments", each.get("kwargs")) if isinstance(each, dict) else None
        if not isinstance(named, str) or not named or not isinstance(arguments, (dict, type(None))):
            section.findings.refuse(
                (*section.at(key), index), each, "a tool's name, or an object {name, arguments}", in_quotes(each)
            )
    return value


def _flags(section: Section, *keys: str) -> None:
    for key in keys:
        section.flag(key, False)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            value = float(value.replace(",", ""))
        except ValueError:
            return False
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


_CHECKS: Mapping[str, Callable[[Section, Case], None]] = {
    "exact": _check_exact,
    "contains": _check_contains,
    "regex": _check_regex,
    "numeric": _check_numeric,
    "json_schema": _check_schema,
    "expected_tools": _check_tools,
    "final_state": _check_state,
    "python": _check_python,
    "llm_judge": _check_judge,
}
