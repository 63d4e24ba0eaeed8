"""
An analyst made of rules: what usually helps, where the figures say so.

Each rule looks at one kind of trouble. Predictions are deliberately modest: an
effect can be no larger than the share of trials that the trouble cost, and its
interval begins where nothing comes of it, or below.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import yaml

from guildhall.algorithms import statistics
from guildhall.algorithms.canonical import canonical_json
from guildhall.algorithms.statistics import ScenarioMeans
from guildhall.domains.evaluation.recommendations import (
    Analysis,
    Analyst,
    Effect,
    Evidence,
    Kind,
    Suggestion,
    TrialSeen,
)

_MOST_CITED = 20
_LEAST_SHARE = 0.02
_LONGEST_TIMEOUT_MS = 600_000
_RETRY_PARAMETERS = ("retries", "max_retries", "tool_retries")
_ENOUGH_RETRIES = 2
_FEWEST_CALLS = 5
_MANY_ERRORS = 0.2
_REPEATED = 3
_EQUAL = 0.05
_CHEAPER = 0.9
_UNSTABLE = 0.3
_COLD = 0.3


class RuleAnalyst:
    """Looks for timeouts, tools that need another try, tools that fail, loops, missing tools, cheaper models and chance."""

    who = Analyst("rules", "rules", 0.0, "rules-1")

    async def analyse(self, evidence: Evidence) -> Analysis:
        """Whatever the rules find; none asks anybody or costs anything."""
        found = [suggestion for rule in _RULES for suggestion in rule(evidence)]
        return Analysis(found)


def _timeouts(evidence: Evidence) -> Iterable[Suggestion]:
    """Trials that ran into the agent's own limit of time get twice as much; the simulation's is for people."""
    limit = _number(_part(evidence.agent, "limits").get("timeout_ms"))
    late = [each for each in evidence.trials if each.status == "timeout" and limit and limit < each.timeout_ms]
    share = len(late) / len(evidence.trials)
    if limit is None or len(late) < 2 or share < _LEAST_SHARE or limit >= _LONGEST_TIMEOUT_MS:
        return
    longer = int(min(2 * limit, _LONGEST_TIMEOUT_MS, max(each.timeout_ms for each in late)))
    yield _suggestion(
        Kind.PERFORMANCE_TUNING,
        "timeouts",
        f"{len(late)} of {len(evidence.trials)} trials ran into the limit of {limit:,.0f} ms; give them {longer:,} ms.",
        {"limits": {"timeout_ms": longer}},
        _at_most(share, len(evidence.trials), part=0.5),
        confidence=0.5,
        trials=late,
        figures={"timeouts": len(late), "trials": len(evidence.trials), "timeout_ms": limit},
    )


def _retries(evidence: Evidence) -> Iterable[Suggestion]:
    """Trials that a tool's fault has cost, where the agent has a parameter for trying again."""
    parameters = _part(evidence.agent, "params")
    name = next((each for each in _RETRY_PARAMETERS if type(parameters.get(each)) is int), None)
    if name is None or parameters[name] >= _ENOUGH_RETRIES:
        return
    blamed = {each.outcome_id for each in evidence.failures if each.fault == "tool" and not each.recovery_successful}
    lost = [each for each in evidence.trials if each.outcome_id in blamed and each.passed is not True]
    share = len(lost) / len(evidence.trials)
    if len(lost) < 2 or share < _LEAST_SHARE:
        return
    yield _suggestion(
        Kind.PERFORMANCE_TUNING,
        "retries",
        f"{len(lost)} of {len(evidence.trials)} trials were lost because a tool did not answer; "
        f"let the agent try {_ENOUGH_RETRIES} times more.",
        {"params": {name: _ENOUGH_RETRIES}},
        _at_most(share, len(evidence.trials), part=0.6),
        confidence=0.6,
        trials=lost,
        figures={"lost_to_tools": len(lost), "trials": len(evidence.trials), name: parameters[name]},
    )


def _tool_errors(evidence: Evidence) -> Iterable[Suggestion]:
    """A tool that refuses many calls: its description says with what it is refused."""
    described = _tools(evidence.agent)
    for tool in evidence.tools:
        rate = tool.errors / tool.calls
        if tool.tool_name not in described or tool.calls < _FEWEST_CALLS or rate < _MANY_ERRORS:
            continue
        kinds = ", ".join(filter(None, tool.error_types)) or "errors"
        before = str(described[tool.tool_name].get("description") or "").rstrip()
        advice = f"It fails often ({kinds}): check the arguments first, and if it fails twice, say so."
        if advice in before:
            continue
        lost = [
            each
            for each in evidence.failures
            if each.fault == "tool" and tool.tool_name in (each.error_message or "") and not each.recovery_successful
        ]
        yield _suggestion(
            Kind.TOOL_OPTIMIZATION,
            "tool_errors",
            f"{tool.tool_name} failed in {tool.errors} of {tool.calls} calls ({kinds}); say so in its description.",
            {"tools": [{"name": tool.tool_name, "description": f"{before} {advice}".strip()}]},
            _at_most(len(lost) / len(evidence.trials), len(evidence.trials), part=0.3),
            confidence=0.3,
            ids=[each.outcome_id for each in lost],
            figures={"tool": tool.tool_name, "calls": tool.calls, "errors": tool.errors},
        )


def _loops(evidence: Evidence) -> Iterable[Suggestion]:
    """Trials that made the same call with the same arguments again and again."""
    caught: dict[UUID, str] = {}
    for excerpt in evidence.excerpts:
        calls = Counter(
            (str(step.get("name")), canonical_json(step.get("arguments")))
            for step in excerpt.steps
            if step.get("type") == "tool_call"
        )
        if calls:
            (name, _), times = calls.most_common(1)[0]
            if times >= _REPEATED:
                caught[excerpt.outcome_id] = name
    prompt = evidence.agent.get("system_prompt")
    advice = "Never make the same call with the same arguments again after it has been answered."
    if len(caught) < 2 or not isinstance(prompt, str) or advice in prompt:
        return
    share = len(caught) / max(len(evidence.excerpts), 1) * _failed_share(evidence)
    names = ", ".join(sorted(set(caught.values())))
    yield _suggestion(
        Kind.CONFIG_CHANGE,
        "loops",
        f"{len(caught)} of {len(evidence.excerpts)} failed trials looked at repeated one call ({names}); tell the agent not to.",
        {"system_prompt": f"{prompt.rstrip()}\n{advice}\n"},
        _at_most(share, len(evidence.trials), part=0.3),
        confidence=0.35,
        ids=list(caught),
        figures={"loops": len(caught), "looked_at": len(evidence.excerpts), "tools": sorted(set(caught.values()))},
    )


def _missing_tools(evidence: Evidence) -> Iterable[Suggestion]:
    """Tools that scenarios expect to be called, and the agent does not have."""
    there = _tools(evidence.agent)
    wanted: dict[str, list[TrialSeen]] = defaultdict(list)
    for each in evidence.trials:
        for name in _names(each.expected_tools):
            if name not in there and each.passed is not True:
                wanted[name].append(each)
    if not there:
        return  # an agent that brings its own tools says nothing of them
    for name, lost in sorted(wanted.items()):
        yield _suggestion(
            Kind.TOOL_OPTIMIZATION,
            "missing_tools",
            f"{len(lost)} trials that did not pass were expected to call {name}, which the agent does not have; give it to it.",
            {"tools": [{"name": name}]},
            _at_most(len(lost) / len(evidence.trials), len(evidence.trials), part=0.7),
            confidence=0.65,
            trials=lost,
            figures={"tool": name, "lost": len(lost), "trials": len(evidence.trials)},
        )


def _cheaper_model(evidence: Evidence) -> Iterable[Suggestion]:
    """Another version's model that costs less, where both have been shown to pass equally often."""
    ours = _by_scenario(evidence.trials)
    cost = _mean_cost(evidence.trials)
    own = str(evidence.agent.get("model"))
    by_version: dict[UUID, list[TrialSeen]] = defaultdict(list)
    for each in evidence.siblings:
        by_version[each.config_version_id].append(each)
    best: tuple[Decimal, Suggestion] | None = None
    for version_id, trials in by_version.items():
        model, other_cost = evidence.models.get(version_id), _mean_cost(trials)
        if model in (None, own) or cost is None or other_cost is None or other_cost > cost * Decimal(str(_CHEAPER)):
            continue
        theirs = _by_scenario(trials)
        common = sorted(ours.keys() & theirs.keys())
        if len(common) < 2:
            continue
        compared = statistics.compare(
            _means(ours[each] for each in common), _means(theirs[each] for each in common), binary=True, margin=_EQUAL
        )
        if compared.equivalence_p >= 0.05 and compared.low <= -_EQUAL:
            continue
        suggestion = _suggestion(
            Kind.CONFIG_CHANGE,
            "cheaper_model",
            f"{model} passes as often as {own} on {len(common)} scenarios (difference "
            f"{100 * compared.difference:+.1f} points) and costs ${other_cost:.4f} a trial instead of ${cost:.4f}.",
            {"model": model},
            Effect(compared.difference, compared.low, compared.high),
            confidence=0.7,
            trials=trials,
            figures={"cost_usd": float(cost), "cheaper_cost_usd": float(other_cost), "scenarios": len(common)},
        )
        if best is None or other_cost < best[0]:
            best = (other_cost, suggestion)
    if best is not None:
        yield best[1]


def _unstable(evidence: Evidence) -> Iterable[Suggestion]:
    """Scenarios that pass and fail by chance, where the temperature can be lowered."""
    temperature = _number(evidence.agent.get("temperature"))
    repeated = {name: each for name, each in _by_scenario(evidence.trials).items() if len(each) >= 3}
    flaky = {name: each for name, each in repeated.items() if 0 < sum(each) < len(each)}
    if not temperature or not repeated or len(flaky) / len(repeated) < _UNSTABLE:
        return
    colder = 0 if temperature <= _COLD else round(temperature / 2, 2)
    lost = [each for each in evidence.trials if (each.scenario_id, each.content_hash) in flaky and each.passed is False]
    # Chance takes and gives: what is right half the time may become right always or never.
    swing = sum(min(sum(each), len(each) - sum(each)) / len(each) for each in flaky.values()) / len(repeated)
    yield _suggestion(
        Kind.CONFIG_CHANGE,
        "unstable_scenarios",
        f"{len(flaky)} of {len(repeated)} scenarios pass in some trials and not in others; lower the temperature "
        f"from {temperature:g} to {colder:g}.",
        {"temperature": colder},
        Effect(0.0, -swing, swing),
        confidence=0.3,
        trials=lost,
        figures={"unstable": len(flaky), "scenarios": len(repeated), "temperature": temperature},
    )


_RULES: Sequence[Callable[[Evidence], Iterable[Suggestion]]] = (
    _timeouts,
    _retries,
    _tool_errors,
    _loops,
    _missing_tools,
    _cheaper_model,
    _unstable,
)


def _suggestion(
    kind: Kind,
    reason: str,
    description: str,
    patch: Mapping[str, Any],
    effect: Effect,
    *,
    confidence: float,
    figures: Mapping[str, Any],
    trials: Sequence[TrialSeen] = (),
    ids: Sequence[UUID] = (),
) -> Suggestion:
    cited = [*ids, *(each.outcome_id for each in trials)][:_MOST_CITED]
    text = yaml.safe_dump(dict(patch), sort_keys=False, allow_unicode=True)
    return Suggestion(kind, description, text, effect, confidence, reason, cited, figures)


def _at_most(share: float, n: int, *, part: float) -> Effect:
    """A part of a share of trials; at best all of it, by the upper end of Wilson's interval for the share at 90 %."""
    z = 1.645
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Effect(part * share, 0.0, min(1.0, centre + spread))


def _by_scenario(trials: Iterable[TrialSeen]) -> dict[tuple[str, str], list[bool]]:
    """By scenario content, whether each scored trial passed."""
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for each in trials:
        if each.passed is not None:
            found[each.scenario_id, each.content_hash].append(each.passed)
    return found


def _means(scenarios: Iterable[list[bool]]) -> ScenarioMeans:
    counted = [(len(each), sum(each)) for each in scenarios]
    return ScenarioMeans.of_counts([n for n, _ in counted], [passed for _, passed in counted])


def _mean_cost(trials: Sequence[TrialSeen]) -> Decimal | None:
    """USD for each trial; None where that of one is not known."""
    costs = [each.cost_usd for each in trials if each.cost_usd is not None]
    return sum(costs, Decimal(0)) / len(costs) if costs and len(costs) == len(trials) else None


def _failed_share(evidence: Evidence) -> float:
    return sum(each.passed is False for each in evidence.trials) / len(evidence.trials)


def _tools(agent: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The agent's tools that have a name."""
    tools = agent.get("tools")
    found = tools if isinstance(tools, list) else []
    return {each["name"]: each for each in found if isinstance(each, Mapping) and isinstance(each.get("name"), str)}


def _names(expected: Any) -> list[str]:
    """The names of expected tools: a list of words, or of mappings with a name."""
    found = expected if isinstance(expected, list) else []
    names = [each.get("name") if isinstance(each, Mapping) else each for each in found]
    return [each for each in names if isinstance(each, str)]


def _part(agent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = agent.get(key)
    return part if isinstance(part, Mapping) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
