"""All trials of one simulation: what they have in common is loaded once, and each claim becomes a record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from guildhall.adapters import code
from guildhall.app.trial.conduct import conduct
from guildhall.app.trial.preparation import (
    Cast,
    PreparedAgent,
    PreparedScenario,
    Services,
    cast,
    prepare_agent,
    prepare_scenario,
)
from guildhall.domains.evaluation.configurations import AgentSpec
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.scenarios import Scenario
from guildhall.domains.evaluation.simulations import Claim


def trial_seed(simulation_seed: int, scenario_id: str, trial: int) -> int:
    """
    The seed of a trial: 32 bits that depend on nothing else, so that two versions of an agent get the same ones.

    >>> trial_seed(0, "refund_late", 1) == trial_seed(0, "refund_late", 1) != trial_seed(0, "refund_late", 2)
    True
    """
    digest = hashlib.sha256(f"{simulation_seed}:{trial}:{scenario_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


class TrialConductor:
    """Conducts the trials of one simulation; see `app.runner.Conductor`."""

    def __init__(
        self,
        spec: AgentSpec,
        directory: Path | None,
        scenarios: Mapping[str, Scenario],
        *,
        services: Services,
        files: Path,
        seed: int,
        timeout_ms: int,
    ) -> None:
        """
        Load and check the agent and every scenario.

        The agent's files lie in `directory`; those of the scenarios are laid
        out below `files`.

        Raises:
            InvalidInput: Something that they refer to is missing or broken.
        """
        self._agent: PreparedAgent = prepare_agent(spec, directory, services)
        self._seed, self._timeout_ms = seed, timeout_ms
        self._casts: dict[str, Cast] = {}
        prepared: PreparedScenario | None = None
        company: Cast | None = None
        folder, laid_out = files, None
        for scenario_id, scenario in scenarios.items():
            if scenario.files != laid_out:
                folder, laid_out = code.lay_out(scenario.files, files), scenario.files
            prepared = prepare_scenario(scenario, folder, services, alike=prepared)
            company = self._casts[scenario_id] = cast(self._agent, prepared, alike=company)

    async def conduct(self, claim: Claim) -> TrialRecord:
        """Play and record one trial; see `conduct`."""
        return await conduct(
            self._casts[claim.scenario_id],
            claim,
            seed=trial_seed(self._seed, claim.scenario_id, claim.trial_number),
            timeout_ms=self._timeout_ms,
        )
