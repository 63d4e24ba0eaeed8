"""Simulations as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import Amount, described
from guildhall.domains.evaluation.overview import RunningSimulation
from guildhall.domains.evaluation.simulations import Progress, Simulation, SimulationStatus


@described
class SimulationDocument(TypedDict):
    """One configuration version on a set of scenarios, each tried once or several times."""

    simulation_id: UUID
    config: str
    """The version that was run, as people call it: `support-agent@v2`."""
    config_version_id: UUID
    name: str | None
    status: SimulationStatus
    origin: str
    """How its outcomes come about: run here, imported, told by a client, or put together from traces."""
    scenarios: int
    completed_scenarios: int
    trials: int
    """How many trials are planned."""
    outcomes: int
    """How many of them are done."""
    overall_score: float | None
    cost_usd: Amount | None
    max_cost_usd: Amount | None
    execution_time_ms: float | None
    seed: int
    interleaved_with: UUID | None
    assumed: Sequence[str]
    """What a log did not say, and was therefore left unknown."""
    error_message: str | None
    metadata: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


@described
class ProgressDocument(TypedDict):
    """How far a simulation is."""

    simulation_id: UUID
    status: SimulationStatus
    error_message: str | None
    trials: int
    """How many are planned."""
    done: int
    running: int
    outcomes: int
    passed: int
    not_passed: int
    cost_usd: Amount | None
    max_cost_usd: Amount | None
    eta_s: float | None
    """How long the rest will take at the pace so far, in seconds."""


def progress_document(progress: Progress, now: datetime) -> ProgressDocument:
    """How far a simulation is."""
    return {
        "simulation_id": progress.simulation_id,
        "status": progress.status,
        "error_message": progress.error_message,
        "trials": progress.trials,
        "done": progress.done,
        "running": progress.running,
        "outcomes": progress.outcomes,
        "passed": progress.passed,
        "not_passed": progress.not_passed,
        "cost_usd": progress.cost_usd,
        "max_cost_usd": progress.max_cost_usd,
        "eta_s": progress.eta_s(now),
    }


def simulation_document(simulation: Simulation) -> SimulationDocument:
    """A simulation."""
    return {
        "simulation_id": simulation.simulation_id,
        "config": simulation.label,
        "config_version_id": simulation.config_version_id,
        "name": simulation.name,
        "status": simulation.status,
        "origin": simulation.origin,
        "scenarios": simulation.total_scenarios,
        "completed_scenarios": simulation.completed_scenarios,
        "trials": simulation.trials_total,
        "outcomes": simulation.trials_done,
        "overall_score": simulation.overall_score,
        "cost_usd": simulation.total_cost_usd,
        "max_cost_usd": simulation.max_cost_usd,
        "execution_time_ms": simulation.execution_time_ms,
        "seed": simulation.seed,
        "interleaved_with": simulation.interleaved_with,
        "assumed": list(simulation.assumed),
        "error_message": simulation.error_message,
        "metadata": simulation.metadata,
        "created_at": simulation.created_at,
        "started_at": simulation.started_at,
        "completed_at": simulation.completed_at,
    }


def running_document(running: RunningSimulation) -> dict[str, Any]:
    """A simulation that is not over, in whole scenarios; `progress_pct` is of 100, `runtime_s` null until it begins."""
    return {
        "simulation_id": running.simulation_id,
        "name": running.name,
        "status": running.status,
        "completed_scenarios": running.completed_scenarios,
        "scenarios": running.total_scenarios,
        "progress_pct": float(running.progress_pct),
        "runtime_s": running.runtime_s,
        "model": running.model,
    }
