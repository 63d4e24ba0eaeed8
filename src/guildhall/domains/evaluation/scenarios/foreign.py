"""
Scenarios in the words of other tools: samples of Inspect, tests of promptfoo.

They become entries of a scenarios file. What would change how a trial is
judged and has no counterpart here is refused, not left out. Their ids get the
suite's name as a prefix, so that two files' test 1 do not collide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from guildhall.algorithms.documents import Section, shown

_SHORTEST_PROMPT = 10
_LONGEST_ID = 100
_PROMPT_VARIABLES = ("prompt", "input", "question", "query", "task", "message", "request")
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_INSPECT_ONLY = ("choices", "sandbox", "files", "setup")


def is_foreign(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is a sample of Inspect or a test of promptfoo."""
    return "task_prompt" not in entry and ("input" in entry or "vars" in entry or "assert" in entry)


def is_promptfoo(value: Any) -> bool:
    """Whether a document is a configuration of promptfoo."""
    return isinstance(value, dict) and isinstance(value.get("tests"), list) and "scenarios" not in value


def promptfoo_tests(top: Section) -> list[Any]:
    """The tests of a configuration of promptfoo, each with what they have in common."""
    given = top.get("prompts")
    prompts = given if isinstance(given, list) else [] if given is None else [given]
    prompt = None
    if len(prompts) > 1:
        top.refuse("prompts", "one prompt", "Keep the one that is to be tried; others are versions of the agent.")
    elif prompts:
        prompt = prompts[0].get("raw") if isinstance(prompts[0], dict) else prompts[0]
        if not isinstance(prompt, str) or prompt.startswith("file://"):
            top.refuse("prompts", "a prompt as text", "Write the prompt itself into the file.")
            prompt = None
    common = top.mapping("defaultTest")
    tests: list[Any] = []
    for test in top.get("tests"):
        if not isinstance(test, dict):
            tests.append(test)
            continue
        together = {**common, **test}
        for key, join in (("vars", _joined), ("assert", _added)):
            if key in common and key in test:
                together[key] = join(common[key], test[key])
        if prompt is not None:
            together["_prompt"] = prompt
        tests.append(together)
    return tests


def translated(section: Section, index: int, suite: str) -> dict[str, Any] | None:
    """The entry in our words; None, and notes, where that cannot be done. `index` counts from 0."""
    before = len(section.findings.problems)
    entry = _inspect(section) if "input" in section else _promptfoo(section)
    if len(section.findings.problems) > before:
        return None
    label = str(entry.pop("_label", None) or section.get("id") or index + 1)
    own_suite = section.get("suite") if isinstance(section.get("suite"), str) else suite
    prefix = _slug(own_suite) or "imported"
    identifier = _slug(label) or str(index + 1)
    if not identifier.startswith(f"{prefix}_"):
        identifier = f"{prefix}_{identifier}"
    if len(identifier) > _LONGEST_ID:
        identifier = f"{identifier[: _LONGEST_ID - 12].rstrip('_')}_{index + 1}"
    name = str(section.get("name") or section.get("description") or f"{own_suite} {label}")[:200]
    prompt = entry["task_prompt"]
    if len(prompt.strip()) < _SHORTEST_PROMPT:
        entry["task_prompt"] = f"{name}: {prompt.strip()}"
    return {"scenario_id": identifier, "name": name, "suite": own_suite, **entry}


def _inspect(section: Section) -> dict[str, Any]:
    for key in _INSPECT_ONLY:
        if section.get(key):
            section.findings.note(
                section.at(key),
                f"{key} of an Inspect sample is not understood",
                "Write the scenario with task_prompt, environment and scorers.",
            )
    prompt, turns = _conversation(section)
    entry: dict[str, Any] = {"task_prompt": prompt}
    if turns:
        entry["user"] = {"turns": turns}
    target = section.get("target")
    if isinstance(target, list):
        # Inspect takes a list of targets as alternatives.
        entry["scorers"] = [{"type": "contains", "value": target, "all": False}]
        entry["ground_truth"] = target
    elif target not in (None, ""):
        # Its targets are text, whatever they look like.
        entry["ground_truth"] = target if isinstance(target, str) else str(target)
    for key in section.items:
        if key not in ("input", "target", "id", "name", "suite", *_INSPECT_ONLY):
            entry[key] = section.get(key)
    return entry


def _conversation(section: Section) -> tuple[str, list[str]]:
    """What the user says first, and what after that."""
    value = section.get("input")
    if isinstance(value, str) and value.strip():
        return value, []
    expected = "a text, or messages of the user"
    if not isinstance(value, list) or not value:
        section.refuse("input", expected)
        return "", []
    said = []
    for index, each in enumerate(value):
        content = each.get("content") if isinstance(each, dict) else None
        if not isinstance(content, str) or each.get("role") != "user":
            section.findings.refuse(
                (*section.at("input"), index),
                each,
                "a message of the user",
                "Put what the system says into the agent's system_prompt; a conversation cannot begin half-way.",
            )
            return "", []
        said.append(content)
    return said[0], said[1:]


def _promptfoo(section: Section) -> dict[str, Any]:
    variables = section.mapping("vars")
    entry: dict[str, Any] = {"task_prompt": _rendered(section, variables)}
    scorers = []
    asserts = section.get("assert")
    if asserts is not None and not isinstance(asserts, list):
        section.refuse("assert", "a list of assertions")
        asserts = None
    for index, each in enumerate(asserts or ()):
        scorer = _assertion(section, index, each, variables)
        if scorer is not None:
            scorers.append(scorer)
    if scorers:
        entry["scorers"] = scorers
    if section.get("threshold") is not None:
        entry["pass_score"] = section.get("threshold")
    for key in ("metadata", "tags", "group", "split", "limits", "difficulty_level", "environment", "ground_truth"):
        if key in section:
            entry[key] = section.get(key)
    entry["_label"] = section.get("id") or section.get("scenario_id")
    return entry


def _rendered(section: Section, variables: Mapping[str, Any]) -> str:
    """The prompt with its variables filled in; without a prompt, the variable that must be it."""
    template = section.get("_prompt")
    if template is None:
        named = [name for name in _PROMPT_VARIABLES if name in variables]
        name = named[0] if named else next(iter(variables)) if len(variables) == 1 else None
        if name is None or not isinstance(variables[name], str):
            section.findings.note(
                section.at("vars"),
                "there is no prompt, and no variable that must be it",
                f"Add `prompts: [...]` to the file, or call the variable {_PROMPT_VARIABLES[0]}.",
            )
            return ""
        return str(variables[name])
    missing = sorted({name for name in _VARIABLE.findall(template) if name not in variables})
    if missing or "{%" in template:
        section.findings.note(
            section.at("vars"),
            f"the prompt has no value for {', '.join(missing)}" if missing else "the prompt has code in it",
            "Only {{ variables }} are filled in; give each a value in vars.",
        )
        return ""
    return _filled(template, variables)


def _filled(text: str, variables: Mapping[str, Any]) -> str:
    return _VARIABLE.sub(lambda match: str(variables.get(match[1], match[0])), text)


def _assertion(section: Section, index: int, value: Any, variables: Mapping[str, Any]) -> dict[str, Any] | None:
    path = (*section.at("assert"), index)
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        section.findings.refuse(path, value, "an assertion with a type")
        return None
    kind, wanted = value["type"], value.get("value")
    make = ASSERTIONS.get(kind)
    if make is None:
        section.findings.note(
            path,
            f"the assertion {shown(kind)} is not understood",
            f"There are {', '.join(sorted(ASSERTIONS))}; or write the scenario with scorers.",
            value=kind,
        )
        return None
    if isinstance(wanted, str) and wanted.startswith("file://"):
        section.findings.note(
            path, "the assertion refers to a file", "Write its value into the file, or a python scorer."
        )
        return None
    if isinstance(wanted, str):
        wanted = _filled(wanted, variables)
    scorer = make(wanted, value)
    if value.get("weight") is not None:
        scorer["weight"] = value["weight"]
    return scorer


def _judge(wanted: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    provider = value.get("provider")
    scorer: dict[str, Any] = {"type": "llm_judge", "rubric": wanted}
    if isinstance(provider, str):
        scorer["model"] = provider.rpartition(":")[2]
    if value.get("threshold") is not None:
        scorer["threshold"] = value["threshold"]
    return scorer


def _schema(wanted: Any, *, extract: bool) -> dict[str, Any]:
    return {"type": "json_schema", "schema": {} if wanted is None else wanted, "extract": extract}


ASSERTIONS: Mapping[str, Callable[[Any, Mapping[str, Any]], dict[str, Any]]] = {
    "equals": lambda wanted, _: {"type": "exact", "value": wanted, "strip": False},
    "contains": lambda wanted, _: {"type": "contains", "value": wanted, "ignore_case": False},
    "icontains": lambda wanted, _: {"type": "contains", "value": wanted},
    "contains-all": lambda wanted, _: {"type": "contains", "value": wanted, "ignore_case": False},
    "icontains-all": lambda wanted, _: {"type": "contains", "value": wanted},
    "contains-any": lambda wanted, _: {"type": "contains", "value": wanted, "all": False, "ignore_case": False},
    "icontains-any": lambda wanted, _: {"type": "contains", "value": wanted, "all": False},
    "not-contains": lambda wanted, _: {"type": "contains", "forbid": wanted, "ignore_case": False},
    "not-icontains": lambda wanted, _: {"type": "contains", "forbid": wanted},
    "starts-with": lambda wanted, _: {"type": "regex", "pattern": rf"\A{re.escape(str(wanted))}"},
    "regex": lambda wanted, _: {"type": "regex", "pattern": wanted},
    "is-json": lambda wanted, _: _schema(wanted, extract=False),
    "contains-json": lambda wanted, _: _schema(wanted, extract=True),
    "llm-rubric": _judge,
}


def _joined(common: Any, own: Any) -> Any:
    return {**common, **own} if isinstance(common, dict) and isinstance(own, dict) else own


def _added(common: Any, own: Any) -> Any:
    return [*common, *own] if isinstance(common, list) and isinstance(own, list) else own


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
