"""
Scenarios: the test cases, and every content they ever had.

Files are read from disk by `guildhall.adapters.scenariofile`. A simulation pins
the content that it ran, by its hash.
"""

from guildhall.domains.evaluation.scenarios.errors import ScenarioFileRefused, ScenarioNotFound
from guildhall.domains.evaluation.scenarios.rules import (
    CodeReference,
    Draft,
    drafts,
    duplicates,
    finished,
    proposed_id,
    scenario_from,
    with_files,
)
from guildhall.domains.evaluation.scenarios.service import (
    SCENARIOS,
    archive_scenario,
    embed_scenarios,
    get_scenario,
    get_scenarios,
    get_stored,
    known_contents,
    latest_contents,
    list_scenarios,
    page_scenarios,
    pass_scores,
    restore_scenario,
    save_scenarios,
    strange_scenarios,
)
from guildhall.domains.evaluation.scenarios.types import (
    SavedScenarios,
    Scenario,
    ScenarioFile,
    ScenarioLimits,
    ScorerSpec,
    StoredScenario,
    UserSpec,
)

__all__ = [
    "SCENARIOS",
    "CodeReference",
    "Draft",
    "SavedScenarios",
    "Scenario",
    "ScenarioFile",
    "ScenarioFileRefused",
    "ScenarioLimits",
    "ScenarioNotFound",
    "ScorerSpec",
    "StoredScenario",
    "UserSpec",
    "archive_scenario",
    "drafts",
    "duplicates",
    "embed_scenarios",
    "finished",
    "get_scenario",
    "get_scenarios",
    "get_stored",
    "known_contents",
    "latest_contents",
    "list_scenarios",
    "page_scenarios",
    "pass_scores",
    "proposed_id",
    "restore_scenario",
    "save_scenarios",
    "scenario_from",
    "strange_scenarios",
    "with_files",
]
