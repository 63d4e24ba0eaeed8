"""Pure decisions on recommendations: what a patch may touch, what it makes of an agent, and how good predictions were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from guildhall.algorithms import safeyaml, yamlpatch
from guildhall.domains.evaluation import configurations, scenarios
from guildhall.domains.evaluation.configurations import AgentDefinition
from guildhall.domains.evaluation.recommendations.errors import FeedbackRefused, PatchRefused
from guildhall.domains.evaluation.recommendations.types import Calibration, Kind, Prediction, Suggestion
from guildhall.domains.evaluation.scenarios import Scenario
from guildhall.errors import GuildhallError, InvalidInput

SECTIONS: dict[Kind, frozenset[str]] = {
    Kind.CONFIG_CHANGE: frozenset({"model", "temperature", "system_prompt", "tools", "params", "limits"}),
    Kind.TOOL_OPTIMIZATION: frozenset({"tools"}),
    Kind.PERFORMANCE_TUNING: frozenset({"model", "params", "limits"}),
    Kind.MODAL_OPTIMIZATION: frozenset({"resources"}),
}
"""
The keys of an agent.yaml that a recommendation of each kind may change.

No kind may change which code runs, where it runs, what it may reach or which
secrets it is given: that is for people.
"""

SHORTEST_DESCRIPTION = 10
"""How many characters say what a recommendation is about, at least: the table has no less."""

_TOOL_KEYS_FOR_PEOPLE = ("python", "command")
_SCENARIO_KEYS = frozenset(
    {
        "scenario_id", "name", "task_prompt", "ground_truth", "difficulty_level", "tags", "expected_tools", "user",
        "group", "like",
    }
)  # fmt: skip
_FROM_THE_OTHER = ("environment", "scorers", "suite", "pass_score", "limits")
_MOST_SCENARIOS = 20
_LONGEST_PATCH = 100_000
_FILE = "file://"


def changed_agent(parent: AgentDefinition, suggestion: Suggestion) -> AgentDefinition:
    """
    The agent that a suggestion makes of its parent.

    A text that stands in a file of its own is changed there.

    Raises:
        PatchRefused: The patch is no mapping, is meant for another configuration, touches what its kind may not, changes
            nothing, or makes an agent that has mistakes.
    """
    if suggestion.agent is not None and suggestion.agent.partition("@")[0] != parent.name:
        raise PatchRefused(f"it is meant for {suggestion.agent}, and this is {parent.name}")
    patch = _loaded(suggestion.patch)
    if not isinstance(patch, dict) or not patch:
        raise PatchRefused("it is no mapping of keys to change")
    if patch.get("name", parent.name) != parent.name:
        raise PatchRefused(f"it is meant for {patch['name']!r:.100}, and this is {parent.name}")
    patch.pop("name", None)
    allowed = SECTIONS[suggestion.kind]
    outside = sorted(patch.keys() - allowed)
    if outside:
        raise PatchRefused(f"a {suggestion.kind.value} may not change {outside[0]}, only {', '.join(sorted(allowed))}")
    _check_tools(parent.parsed.get("tools"), patch.get("tools"))
    if _refers_to_files(patch):
        raise PatchRefused("it refers to a file, which is for people to add")
    files = dict(parent.files)
    for key, value in list(patch.items()):
        held = parent.parsed.get(key)
        if isinstance(held, str) and held.startswith(_FILE) and isinstance(value, str):
            files[configurations.normal_path(held.removeprefix(_FILE))] = value.encode()
            del patch[key]
    try:
        text = yamlpatch.apply(parent.raw_yaml, patch)
        changed = configurations.define(text, files=files, name=parent.name)
    except InvalidInput as error:
        raise PatchRefused(error.message) from error
    if changed.config_hash == parent.config_hash:
        raise PatchRefused("it changes nothing")
    return changed


def new_scenarios(patch: str, known: Mapping[str, Scenario]) -> list[Scenario]:
    """
    The scenarios that a suggestion adds.

    `known` are scenarios by id, one of which each new one is `like`: it takes
    over how trials are graded and in which environment they run, with the
    files that this needs. All are of the split `search`: who wrote them knows them.

    Raises:
        PatchRefused: It is no list of scenarios, one of them has mistakes, or its id is taken.
    """
    value = _loaded(patch)
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_SCENARIOS:
        raise PatchRefused(f"it is no list of 1 to {_MOST_SCENARIOS} scenarios")
    made = [_new_scenario(each, known) for each in value]
    ids = [each.scenario_id for each in made]
    taken = sorted({each for each in ids if each in known or ids.count(each) > 1})
    if taken:
        raise PatchRefused(f"the scenario {taken[0]} is there already")
    return made


def check_evidence(suggestion: Suggestion, seen: Collection[UUID]) -> None:
    """
    Make sure that a suggestion rests on what its analyst was shown.

    Raises:
        PatchRefused: It cites an outcome that was not shown.
    """
    strange = [each for each in suggestion.outcome_ids if each not in seen]
    if strange:
        raise PatchRefused(f"it cites outcome {strange[0]}, which the analyst was not shown")


def check_description(suggestion: Suggestion) -> None:
    """
    Make sure that a suggestion says what it is about.

    Raises:
        PatchRefused: Its description has less than ten characters.
    """
    length = len(suggestion.description)
    if length < SHORTEST_DESCRIPTION:
        raise PatchRefused(f"its description has {length} characters, expected at least {SHORTEST_DESCRIPTION}")


def check_feedback(score: int, comment: str | None) -> None:
    """
    Make sure that feedback can be kept.

    Raises:
        FeedbackRefused: The score is not 1 to 5, or the comment very long.
    """
    if not 1 <= score <= 5:
        raise FeedbackRefused("score", score, "1 (of no use) to 5 (just right)")
    if comment is not None and len(comment) > 2_000:
        raise FeedbackRefused("comment", comment, "at most 2,000 characters")


def calibrations(predictions: Sequence[Prediction]) -> list[Calibration]:
    """How good each analyst's predictions were; none for who has no proofs."""
    by_analyst: dict[str, list[Prediction]] = defaultdict(list)
    for each in predictions:
        by_analyst[each.analyst].append(each)
    return [_calibration(analyst, of) for analyst, of in sorted(by_analyst.items())]


def _calibration(analyst: str, of: Sequence[Prediction]) -> Calibration:
    n = len(of)
    errors = [each.predicted.effect - each.measured for each in of]
    covered = sum(each.predicted.low <= each.measured <= each.predicted.high for each in of)
    better = [each.verdict == "better" for each in of]
    scores = [each.feedback_score for each in of if each.feedback_score is not None]
    return Calibration(
        analyst=analyst,
        proofs=n,
        better=sum(better),
        bias=sum(errors) / n,
        mean_error=sum(map(abs, errors)) / n,
        covered=covered / n,
        brier=sum((each.confidence - came) ** 2 for each, came in zip(of, better, strict=True)) / n,
        feedback_mean=sum(scores) / len(scores) if scores else None,
        feedbacks=len(scores),
    )


def _loaded(patch: str) -> Any:
    if len(patch) > _LONGEST_PATCH:
        raise PatchRefused(f"it has {len(patch):,} characters, expected at most {_LONGEST_PATCH:,}")
    try:
        return safeyaml.load(patch, "patch").value
    except safeyaml.YamlRefused as error:
        raise PatchRefused(f"it is no YAML, {error.message}") from error


def _check_tools(known: Any, changed: Any) -> None:
    if changed is None:
        return
    if not isinstance(changed, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in changed
    ):
        raise PatchRefused("tools is no list of mappings, each with the name of the tool that it changes")
    if not isinstance(known, (list, type(None))) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in known or []
    ):
        raise PatchRefused("the agent's tools have no names by which they could be changed")
    for each in changed:
        for key in _TOOL_KEYS_FOR_PEOPLE:
            if key in each:
                raise PatchRefused(f"tools.{each['name']}.{key} is code, which is for people to change")


def _refers_to_files(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_refers_to_files, value.values()))
    if isinstance(value, list):
        return any(map(_refers_to_files, value))
    return isinstance(value, str) and value.startswith(_FILE)


def _new_scenario(entry: Any, known: Mapping[str, Scenario]) -> Scenario:
    if not isinstance(entry, dict):
        raise PatchRefused("one of the scenarios is no mapping")
    outside = sorted(map(str, entry.keys() - _SCENARIO_KEYS))
    if outside:
        raise PatchRefused(f"a new scenario may not say {outside[0]}, only {', '.join(sorted(_SCENARIO_KEYS))}")
    other = known.get(str(entry.get("like")))
    if other is None or other.split != "search":  # to be graded like a held-out one would tell of it
        raise PatchRefused(
            f"like is {entry.get('like')!r:.100}, expected the id of a scenario to take the scorers from"
        )
    if _refers_to_files(entry):
        raise PatchRefused("it refers to a file, which is for people to add")
    taken_over = {key: other.definition[key] for key in _FROM_THE_OTHER if other.definition.get(key) is not None}
    tags = entry.get("tags")
    definition = {
        **taken_over,
        **{key: value for key, value in entry.items() if key != "like"},
        "split": "search",
        "tags": [*(tags if isinstance(tags, list) else []), "recommended"],
    }
    try:
        return scenarios.with_files(scenarios.scenario_from(definition), other.files)
    except GuildhallError as error:
        raise PatchRefused(error.message) from error
