"""Scenarios as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.evaluation.scenarios import SavedScenarios, Scenario, StoredScenario


@described
class ScenarioDocument(TypedDict):
    """A test case, as lists show it."""

    scenario_id: str
    name: str
    suite: str | None
    difficulty_level: str
    split: str
    """`search` for those that improvements are sought with, `holdout` for those that judge them."""
    group: str | None
    tags: Sequence[str]
    content_hash: str
    """The SHA-256 of its latest content."""
    versions: int
    """How many contents it has had."""
    is_active: bool
    """False where it is archived."""


@described
class SavedScenariosDocument(TypedDict):
    """What saving scenarios came to."""

    scenarios: int
    """How many there were."""
    new: int
    changed: int
    """How many had another content before, which is kept for the simulations that ran it."""
    same: int


def scenario_document(scenario: StoredScenario) -> ScenarioDocument:
    """A scenario in a list."""
    return {
        "scenario_id": scenario.scenario_id,
        "name": scenario.name,
        "suite": scenario.suite,
        "difficulty_level": scenario.difficulty_level,
        "split": scenario.split,
        "group": scenario.group,
        "tags": list(scenario.tags),
        "content_hash": scenario.content_hash,
        "versions": scenario.versions,
        "is_active": scenario.is_active,
    }


def whole_scenario_document(scenario: Scenario) -> Mapping[str, Any]:
    """A scenario with the keys of a scenarios file, every default filled in, and the hash of this content."""
    return {**scenario.definition, "content_hash": scenario.content_hash}


def saved_scenarios_document(saved: SavedScenarios, scenarios: int) -> SavedScenariosDocument:
    """What saving so many scenarios came to."""
    return {"scenarios": scenarios, "new": saved.new, "changed": saved.changed, "same": saved.same}
