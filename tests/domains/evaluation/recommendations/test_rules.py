"""What patches may touch, and how good predictions were: pure."""

from __future__ import annotations

from uuid import uuid4

import pytest

from guildhall.domains.evaluation import scenarios
from guildhall.domains.evaluation.configurations import AgentDefinition, define
from guildhall.domains.evaluation.recommendations import (
    Effect,
    Kind,
    PatchRefused,
    Prediction,
    Suggestion,
    calibrations,
    changed_agent,
    new_scenarios,
)
from guildhall.domains.evaluation.recommendations.rules import check_evidence

EFFECT = Effect(0.1, 0.0, 0.2)
AGENT = define(
    "name: clerk\nmodel: x\ntemperature: 0.5\nsystem_prompt: file://prompt.md\ntools: [{name: refund, confirm: false}]\n",
    files={"prompt.md": b"Be kind.\n"},
)


def suggestion(patch: str, kind: Kind = Kind.CONFIG_CHANGE, agent: str | None = None) -> Suggestion:
    return Suggestion(kind, "Change something here.", patch, EFFECT, 0.5, "model", agent=agent)


def changed(patch: str, kind: Kind = Kind.CONFIG_CHANGE, agent: str | None = None) -> AgentDefinition:
    return changed_agent(AGENT, suggestion(patch, kind, agent))


def test_a_text_that_stands_in_a_file_is_changed_there() -> None:
    after = changed("system_prompt: |\n  Look things up.\n")
    assert after.raw_yaml == AGENT.raw_yaml
    assert after.files == {"prompt.md": b"Look things up.\n"}
    assert after.config_hash != AGENT.config_hash


@pytest.mark.parametrize(
    ("patch", "kind", "why"),
    [
        ("name: other\ntemperature: 0", Kind.CONFIG_CHANGE, "meant for 'other'"),
        ("temperature: 0.5", Kind.CONFIG_CHANGE, "changes nothing"),
        ("temperature: 9", Kind.CONFIG_CHANGE, "a number from 0 to 2"),
        ("just words", Kind.CONFIG_CHANGE, "no mapping"),
        ("{a: [", Kind.CONFIG_CHANGE, "no YAML"),
        ("!!python/object/apply:os.system [ls]", Kind.CONFIG_CHANGE, "no YAML"),
        ("{}", Kind.CONFIG_CHANGE, "no mapping"),
        ("entrypoint: os:system", Kind.CONFIG_CHANGE, "may not change entrypoint"),
        ("command: [sh]", Kind.CONFIG_CHANGE, "may not change command"),
        ("base_url: http://evil.example", Kind.CONFIG_CHANGE, "may not change base_url"),
        ("network: true", Kind.CONFIG_CHANGE, "may not change network"),
        ("environment: [AWS_SECRET]", Kind.CONFIG_CHANGE, "may not change environment"),
        ("tools: [{name: refund, python: 'os:system'}]", Kind.CONFIG_CHANGE, "tools.refund.python is code"),
        ("tools: [{confirm: true}]", Kind.TOOL_OPTIMIZATION, "each with the name"),
        ("system_prompt: file:///etc/passwd", Kind.CONFIG_CHANGE, "refers to a file"),
        ("temperature: 0", Kind.TOOL_OPTIMIZATION, "a tool_optimization may not change temperature, only tools"),
        ("temperature: 0", Kind.PERFORMANCE_TUNING, "may not change temperature"),
        ("limits: {timeout_ms: 5}", Kind.MODAL_OPTIMIZATION, "may not change limits, only resources"),
        ("temperature: 0\n" + "#" * 100_000, Kind.CONFIG_CHANGE, "100,015 characters"),
    ],
)
def test_a_patch_that_does_not_apply_is_refused(patch: str, kind: Kind, why: str) -> None:
    with pytest.raises(PatchRefused) as caught:
        changed(patch, kind)
    assert why in caught.value.message


def test_a_patch_for_another_configuration_is_refused() -> None:
    assert changed("temperature: 0", agent="clerk@v3").parsed["temperature"] == 0
    with pytest.raises(PatchRefused, match="meant for butler"):
        changed("temperature: 0", agent="butler")


@pytest.mark.parametrize(
    ("kind", "patch", "path"),
    [
        (Kind.TOOL_OPTIMIZATION, "tools: [{name: refund, confirm: true}, {name: track}]", "tools"),
        (Kind.PERFORMANCE_TUNING, "limits: {max_turns: 9}", "limits"),
        (Kind.MODAL_OPTIMIZATION, "resources: {cpus: 2}", "resources"),
    ],
)
def test_each_kind_changes_its_own_part(kind: Kind, patch: str, path: str) -> None:
    after = changed(patch, kind)
    assert {key for key in after.parsed if after.parsed[key] != AGENT.parsed.get(key)} == {path}


OTHER = scenarios.scenario_from(
    {
        "scenario_id": "refund_late",
        "name": "Refund it",
        "task_prompt": "Order 1042 never came.",
        "ground_truth": "refunded",
        "scorers": [{"type": "contains"}],
        "suite": "shop",
    }
)
NEW = "- {scenario_id: refund_lost, name: Refund what is lost, task_prompt: Order 7 is lost., ground_truth: refunded, like: refund_late}"


def test_a_new_scenario_is_graded_like_another_and_is_for_searching() -> None:
    (made,) = new_scenarios(NEW, {"refund_late": OTHER})
    assert (made.split, made.suite, made.scorers) == ("search", "shop", OTHER.scorers)
    assert made.tags == ("recommended",)


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ("temperature: 0", "no list of 1 to 20"),
        (NEW.replace("refund_lost", "refund_late"), "is there already"),
        (NEW.replace("like: refund_late", "like: unknown"), "expected the id of a scenario"),
        (NEW.replace("like:", "split: holdout, like:"), "may not say split"),
        (NEW.replace("like:", "environment: 'os:system', like:"), "may not say environment"),
        (NEW.replace("like:", "scorers: [{type: python, python: 'os:system'}], like:"), "may not say scorers"),
        (NEW.replace("Order 7 is lost.", "x"), "task_prompt"),
    ],
)
def test_new_scenarios_that_make_no_sense_are_refused(patch: str, why: str) -> None:
    with pytest.raises(PatchRefused) as caught:
        new_scenarios(patch, {"refund_late": OTHER})
    assert why in caught.value.message


def test_evidence_is_what_was_shown() -> None:
    seen = uuid4()
    check_evidence(Suggestion(Kind.CONFIG_CHANGE, "", "", EFFECT, 0.5, "model", [seen]), {seen})
    with pytest.raises(PatchRefused, match="was not shown"):
        check_evidence(Suggestion(Kind.CONFIG_CHANGE, "", "", EFFECT, 0.5, "model", [uuid4()]), {seen})


def test_calibration_by_hand() -> None:
    found = calibrations(
        [
            Prediction("llm", Effect(0.3, 0.1, 0.5), 0.9, measured=0.2, verdict="better", feedback_score=4),
            Prediction("llm", Effect(0.2, 0.1, 0.3), 0.5, measured=-0.1, verdict="not enough data"),
            Prediction("rules", Effect(0.0, 0.0, 0.1), 0.0, measured=0.0, verdict="equivalent"),
        ]
    )
    llm, rules = found
    assert (llm.analyst, llm.proofs, llm.better, llm.covered) == ("llm", 2, 1, 0.5)
    assert llm.bias == pytest.approx(0.2)  # (0.1 + 0.3) / 2
    assert llm.mean_error == pytest.approx(0.2)
    assert llm.brier == pytest.approx((0.1**2 + 0.5**2) / 2)
    assert (llm.feedback_mean, llm.feedbacks) == (4, 1)
    assert (rules.brier, rules.feedback_mean) == (0, None)
