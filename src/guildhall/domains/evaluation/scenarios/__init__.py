"""Scenarios: the test cases, in every content they ever had."""

from guildhall.domains.evaluation.scenarios.types import (
    Scenario,
    ScenarioFile,
    ScenarioLimits,
    ScorerSpec,
    StoredScenario,
    UserSpec,
)

__all__ = ["Scenario", "ScenarioFile", "ScenarioLimits", "ScorerSpec", "StoredScenario", "UserSpec"]
