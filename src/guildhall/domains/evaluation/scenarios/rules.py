"""
What a scenarios file may say, and what it means.

`drafts` finds every mistake of one document at once; `finished` makes a
scenario of a draft and the files that grade it; `scenario_of` makes it again of
what was stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from guildhall.algorithms import sanitise, suggestions
from guildhall.algorithms.canonical import digest
from guildhall.algorithms.documents import Findings, Problem, Section, in_quotes, shown
from guildhall.algorithms.safeyaml import Path
from guildhall.domains.evaluation.scenarios import foreign, scoring
from guildhall.domains.evaluation.scenarios.errors import ScenarioFileRefused
from guildhall.domains.evaluation.scenarios.types import Scenario, ScenarioLimits, ScorerSpec, UserSpec

KEYS = (
    "scenario_id",
    "name",
    "task_prompt",
    "ground_truth",
    "difficulty_level",
    "tags",
    "expected_tools",
    "estimated_duration_ms",
    "suite",
    "split",
    "group",
    "environment",
    "user",
    "scorers",
    "pass_score",
    "limits",
    "metadata",
    "include",
)
FILE_KEYS = ("suite", "defaults", "scenarios", "metadata")
USER_KEYS = ("goal", "turns", "model", "base_url", "api_key_env", "max_turns", "temperature")
LIMIT_KEYS = ("timeout_ms", "max_turns", "max_cost_usd")
DIFFICULTIES = ("easy", "medium", "hard")
SPLITS = ("search", "holdout")

LONGEST_ID = 100
MOST_TAGS = 20
_ID = re.compile(r"^[a-z0-9_]+$")
_MODULE = re.compile(r"^[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*$")
_OF_ONE = ("scenario_id", "task_prompt", "input", "vars")  # a mapping with one of these is a scenario
_MERGED = ("limits", "user", "metadata")
# What other tools, or other people, call our keys.
_ALSO_KNOWN_AS = {"id": "scenario_id", "prompt": "task_prompt", "difficulty": "difficulty_level", "scorer": "scorers"}


@dataclass(frozen=True, slots=True)
class CodeReference:
    """`module:name` at a path of the document."""

    path: Path
    target: str


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A scenario without the files that grade it: `definition` is its canonical form but for their digests.

    `code` and `include` say which files these are; `path` and `line` where it stands.
    """

    definition: Mapping[str, Any]
    path: Path
    file: str
    line: int | None
    code: tuple[CodeReference, ...] = ()
    include: tuple[tuple[Path, str], ...] = ()


def drafts(value: Any, findings: Findings, default_suite: str) -> list[Draft]:
    """
    The scenarios of one document: a list, a mapping with `scenarios`, or one scenario alone.

    Every mistake and every unknown key is noted in `findings`. Documents of
    Inspect and promptfoo are understood; `default_suite` is the suite of
    scenarios that came from these and name none.
    """
    if foreign.is_promptfoo(value):
        tests = foreign.promptfoo_tests(Section(value, (), findings))
        return _entries(tests, ("tests",), {}, None, findings, default_suite)
    if isinstance(value, list):
        if not value:
            findings.refuse((), value, "a list of at least one scenario", "Begin each with `- scenario_id: …`.")
        return _entries(value, (), {}, None, findings, default_suite)
    if not isinstance(value, dict):
        findings.refuse(
            (), value, "a list of scenarios, or a mapping with `scenarios`", "Begin with `- scenario_id: …`."
        )
        return []
    if "scenarios" not in value:
        if any(key in value for key in _OF_ONE):
            return _entries([value], None, {}, None, findings, default_suite)
        if {"model", "temperature"} <= value.keys():
            findings.note(
                (),
                "this is an agent, not scenarios",
                "Scenarios come second: `guildhall eval run AGENT.yaml SCENARIOS`.",
            )
            return []
        Section(value, (), findings).missing("scenarios", "Add `scenarios:` and a list below it.", FILE_KEYS)
        return []
    top = Section(value, (), findings)
    for key in value:
        if key not in FILE_KEYS:
            findings.warn((key,), _unknown(key, "a scenarios file", FILE_KEYS))
    suite = top.text("suite", most=100)
    defaults = top.mapping("defaults", "a mapping of what every scenario has unless it says otherwise")
    for key in defaults:
        if key in ("scenario_id", "name"):
            findings.note(("defaults", key), f"defaults.{key} would be every scenario's", "Give each scenario its own.")
        elif key not in KEYS:
            findings.warn(("defaults", key), _unknown(f"defaults.{key}", "a scenario", KEYS))
    entries = value["scenarios"]
    if not isinstance(entries, list) or not entries:
        top.refuse("scenarios", "a list of at least one scenario", "Begin each with `- scenario_id: …`.")
        return []
    return _entries(entries, ("scenarios",), defaults, suite, findings, default_suite)


def finished(draft: Draft, files: Mapping[str, bytes]) -> Scenario:
    """The scenario of a draft, with the files that grade it."""
    return _with_files(draft.definition, files)


def with_files(scenario: Scenario, files: Mapping[str, bytes]) -> Scenario:
    """The same scenario, graded by these files."""
    return _with_files(scenario.definition, files)


def _with_files(of: Mapping[str, Any], files: Mapping[str, bytes]) -> Scenario:
    definition = dict(of)
    if files:
        definition["files"] = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())}
    return scenario_of(definition, digest(definition), files)


def scenario_of(definition: Mapping[str, Any], content_hash: str, files: Mapping[str, bytes]) -> Scenario:
    """The scenario of a canonical definition, as `finished` made it and the database keeps it."""
    user, limits = definition.get("user"), definition.get("limits") or {}
    return Scenario(
        scenario_id=definition["scenario_id"],
        name=definition["name"],
        task_prompt=definition["task_prompt"],
        scorers=tuple(
            ScorerSpec(
                each["type"],
                each["required"],
                each["weight"],
                {key: value for key, value in each.items() if key not in ("type", "required", "weight")},
            )
            for each in definition["scorers"]
        ),
        content_hash=content_hash,
        definition=definition,
        ground_truth=definition["ground_truth"],
        difficulty_level=definition["difficulty_level"],
        tags=tuple(definition["tags"]),
        expected_tools=definition["expected_tools"],
        estimated_duration_ms=definition["estimated_duration_ms"],
        suite=definition["suite"],
        split=definition["split"],
        group=definition["group"],
        environment=definition["environment"],
        user=None if user is None else UserSpec(**{**user, "turns": tuple(user["turns"])}),
        pass_score=definition["pass_score"],
        limits=ScenarioLimits(**limits),
        files=files,
    )


def scenario_from(definition: Mapping[str, Any]) -> Scenario:
    """
    A scenario that an importer made of another tool's log, from the keys of an entry of a scenarios file.

    It may have the scorer `external`: it was judged elsewhere, and cannot be run here.

    Raises:
        ScenarioFileRefused: The definition has mistakes.
    """
    entry = sanitise.clean(dict(definition))
    findings = Findings(str(entry.get("scenario_id", "import")))
    draft = _entry(Section(entry, (), findings), {}, imported=True)
    if findings.problems or draft is None:
        raise ScenarioFileRefused(findings.problems)
    return finished(draft, {})


def duplicates(found: Iterable[Draft]) -> list[Problem]:
    """A problem for every id that is used again, naming both places."""
    first: dict[str, Draft] = {}
    problems = []
    for each in found:
        scenario_id = each.definition["scenario_id"]
        known = first.setdefault(scenario_id, each)
        if known is not each:
            where = f"{known.file}:{known.line}" if known.line else known.file
            problems.append(
                Problem(
                    f"scenario_id {shown(scenario_id)} is used twice, first in {where}",
                    "scenario_id",
                    scenario_id,
                    "an id of its own",
                    "Give one of them another id.",
                    each.file,
                    each.line,
                )
            )
    return problems


def proposed_id(text: str) -> str:
    """
    The nearest id that may be given.

    >>> proposed_id("Refund-Late #2"), proposed_id("é")
    ('refund_late_2', 'scenario')
    """
    return re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")[:LONGEST_ID] or "scenario"


def _entries(
    entries: list[Any],
    path: Path | None,
    defaults: Mapping[str, Any],
    suite: str | None,
    findings: Findings,
    default_suite: str,
) -> list[Draft]:
    """`path` is that of the list; None where one scenario is the whole document."""
    found = []
    unknown: dict[str, list[Path]] = {}
    for index, entry in enumerate(entries):
        here: Path = () if path is None else (*path, index)
        if not isinstance(entry, dict):
            findings.refuse(here, entry, "a scenario, which is a mapping", "Write `scenario_id: …` after the hyphen.")
            continue
        section = Section(entry, here, findings)
        if foreign.is_foreign(entry):
            translated = foreign.translated(section, index, suite or default_suite)
            if translated is None:
                continue
            section = Section(translated, here, findings)
        for key in entry if section.items is entry else ():
            if key not in KEYS and key != "files":
                unknown.setdefault(key, []).append((*here, key))
        draft = _entry(section, {**defaults, **({"suite": suite} if suite else {})})
        if draft is not None:
            found.append(draft)
    for key, places in unknown.items():
        more = f" (and in {len(places) - 1} more scenarios)" if len(places) > 1 else ""
        findings.warn(places[0], _unknown(key, "a scenario", KEYS) + more)
    return found


def _unknown(key: str, owner: str, known: Iterable[str]) -> str:
    last = key.rpartition(".")[2]
    meant = _ALSO_KNOWN_AS.get(last) or suggestions.nearest(last, known)
    text = f"{shown(key)} is not a key of {owner}; it is kept as it is"
    return f'{text}. Did you mean "{meant}"?' if meant else text


def _entry(section: Section, defaults: Mapping[str, Any], *, imported: bool = False) -> Draft | None:
    """One scenario; None, and notes, where it has mistakes."""
    findings, given = section.findings, section.items
    before = len(findings.problems)
    section = Section(_with_defaults(given, defaults), section.path, findings)
    if "files" in section:
        findings.note(section.at("files"), "files is reserved for the digests of files", "Name them in `include`.")
    scenario_id = _scenario_id(section)
    environment = section.text("environment")
    if environment is not None and not _MODULE.match(environment):
        section.refuse("environment", "module:Class", 'Write it as environment: "shop.env:Shop".')
        environment = None
    expected_tools = scoring.tool_calls(section, "expected_tools")
    case = scoring.Case(section.get("ground_truth"), expected_tools, environment, imported)
    scorers = scoring.scorers(section, case)
    include = section.texts("include", expected="a list of patterns, such as [data/*.json]")
    if section.get("metadata") is not None:
        section.mapping("metadata")
    known = {
        "scenario_id": scenario_id,
        "name": _name(section, scenario_id),
        "task_prompt": _prompt(section),
        "ground_truth": section.get("ground_truth"),
        "difficulty_level": section.choice("difficulty_level", DIFFICULTIES, "medium"),
        "tags": _tags(section),
        "expected_tools": expected_tools,
        "estimated_duration_ms": section.integer("estimated_duration_ms", low=1, unit="of milliseconds"),
        "suite": section.text("suite", most=100),
        "split": section.choice("split", SPLITS, "search"),
        "group": section.text("group", most=200),
        "environment": environment,
        "user": _user(section, "user" in given),
        "scorers": scorers,
        "pass_score": section.number("pass_score", 1.0, low=0, high=1, expected="a number from 0 to 1"),
        "limits": _limits(section),
    }
    if len(findings.problems) > before:
        return None
    rest = {key: value for key, value in section.items.items() if key not in known and key != "include"}
    code = [CodeReference(section.at("environment"), environment)] if environment else []
    code += [
        CodeReference((*section.at("scorers"), index), each["python"])
        for index, each in enumerate(scorers)
        if each["type"] == "python"
    ]
    return Draft(
        {**known, **rest},
        section.path,
        findings.file,
        findings.lines.of(section.path),
        tuple(code),
        tuple((section.at("include"), pattern) for pattern in include),
    )


def _with_defaults(entry: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """
    An entry with what it does not say itself.

    `limits`, `user` and `metadata` are merged by key; an entry's null cancels a default.
    """
    merged = {key: value for key, value in defaults.items() if key not in ("scenario_id", "name")}
    for key, value in entry.items():
        default = merged.get(key)
        both = key in _MERGED and isinstance(value, dict) and isinstance(default, dict)
        merged[key] = {**default, **value} if both and default else value
    return merged


def _scenario_id(section: Section) -> str:
    value = section.get("scenario_id")
    if value is None:
        section.missing("scenario_id", "Give each scenario an id of small letters, digits and underscores.", KEYS)
        return ""
    if not isinstance(value, str):
        section.refuse("scenario_id", "text of small letters, digits and underscores", in_quotes(value))
        return ""
    if not _ID.match(value) or len(value) > LONGEST_ID:
        section.refuse(
            "scenario_id",
            f"1 to {LONGEST_ID} small letters, digits and underscores",
            f"Write it as {proposed_id(value)}.",
        )
    return value


def _name(section: Section, scenario_id: str) -> str | None:
    if "name" not in section:
        proposal = scenario_id.replace("_", " ").strip().capitalize()
        example = proposal if len(proposal) >= 3 else "Refund a late order"
        section.missing("name", f"Say in a few words what it tries, such as `name: {example}`.", KEYS)
    elif section.get("name") is None:
        section.refuse("name", "text of 3 to 200 characters")
    return section.text("name", least=3, most=200)


def _prompt(section: Section) -> str | None:
    if "task_prompt" not in section:
        section.missing("task_prompt", "Write what the user says to the agent first.", KEYS)
    elif section.get("task_prompt") is None:
        section.refuse("task_prompt", "text of at least 10 characters")
    return section.text("task_prompt", least=10)


def _tags(section: Section) -> list[str]:
    tags = list(dict.fromkeys(section.texts("tags", expected="a list of words")))
    if len(tags) > MOST_TAGS:
        section.findings.note(
            section.at("tags"), f"there are {len(tags)} tags, expected at most {MOST_TAGS}", "Keep those you filter by."
        )
    return tags


def _user(section: Section, is_own: bool) -> dict[str, Any] | None:
    value = section.get("user")
    if value is None:
        return None
    if isinstance(value, list):
        value = {"turns": value}
    if not isinstance(value, dict):
        section.refuse("user", "a mapping with turns, or with goal and model")
        return None
    user = Section(value, section.at("user"), section.findings)
    user.only(USER_KEYS, "user")
    turns = user.texts("turns", expected="a list of what the user says, one after the other")
    goal, model = user.text("goal"), user.text("model")
    if not turns and goal is None:
        if not is_own:
            return None  # the defaults say who plays a user, and this scenario has none
        if "goal" not in user and "turns" not in user:
            user.missing("goal", "Give the user a goal and a model, or turns to say.", USER_KEYS)
        elif "turns" in user and not user.get("turns"):
            user.refuse("turns", "at least one turn", "Leave `user` out where nobody answers the agent.")
    if goal is not None and not turns and model is None:
        user.missing("model", "Name the model that plays the user; the same for every agent.", USER_KEYS)
    scoring.model_access(user)
    return {
        "goal": goal,
        "turns": list(turns),
        "model": model,
        "base_url": user.get("base_url"),
        "api_key_env": user.get("api_key_env"),
        "max_turns": user.integer("max_turns", 8, low=1),
        "temperature": user.number("temperature", 0.0, low=0, high=2, expected="a number from 0 to 2"),
    }


def _limits(section: Section) -> dict[str, Any]:
    limits = section.section("limits")
    limits.only(LIMIT_KEYS, "limits of a scenario")
    return {
        "timeout_ms": limits.integer("timeout_ms", low=1, unit="of milliseconds"),
        "max_turns": limits.integer("max_turns", low=1),
        "max_cost_usd": limits.number("max_cost_usd", above=0, expected="an amount of USD greater than 0"),
    }
