"""
Keeping what other tools have recorded: a version, its scenarios, and a finished simulation with all its outcomes.

Everything that one call imports is stored in one transaction, or not at all. A
log is recognised by its content, whatever its file is called; importing it
again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from guildhall import clock
from guildhall.adapters.importers import ImportedLog, ImportedTask, ImportedTrial, read_log
from guildhall.app import clustering
from guildhall.app.wiring import App
from guildhall.db import ConstraintViolated, Tx
from guildhall.domains.evaluation import configurations, outcomes, scenarios, simulations
from guildhall.domains.evaluation.outcomes import NewOutcome, TrialRecord
from guildhall.domains.evaluation.scenarios import Scenario
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario, Simulation
from guildhall.errors import NotFound


@dataclass(frozen=True, slots=True)
class ImportResult:
    """
    What an import came to; `new` is False where the log was known already.

    `assumed` names, in sentences, what the log does not say.
    """

    simulation_id: UUID
    scenarios: int
    outcomes: int
    new: bool
    assumed: tuple[str, ...]


async def import_log(app: App, path: Path, format: str | None = None, name: str | None = None) -> ImportResult:
    """
    Import one log; see `import_logs`.

    Raises:
        NotFound, InvalidInput: The file is not there, or cannot be read; nothing is stored.
    """
    [result] = await import_logs(app, [path], format=format, name=name)
    return result


async def import_logs(
    app: App, paths: Sequence[Path], format: str | None = None, name: str | None = None
) -> list[ImportResult]:
    """
    Import logs, all or none.

    `name` is the configuration's, instead of one made from the file's. A task
    that one log only mentions is taken from another that describes it.

    Raises:
        NotFound, InvalidInput: A file is not there, or cannot be read; nothing is stored.
    """
    logs = [await asyncio.to_thread(read_log, path, format) for path in paths]
    if name is not None:
        logs = [replace(log, name=name, agent={**log.agent, "name": name}) for log in logs]
    known = {task.scenario_id: task for log in logs for task in log.tasks if task.is_known}
    try:
        results = await _import(app, logs, known)
    except ConstraintViolated as error:
        if error.constraint != "simulations_one_per_import":
            raise
        # Somebody else was importing the same at the same time; now it is known.
        results = await _import(app, logs, known)
    await clustering.catch_up_quietly(app)
    return results


async def _import(app: App, logs: Sequence[ImportedLog], known: Mapping[str, ImportedTask]) -> list[ImportResult]:
    async with app.transaction() as tx:
        return [await _import_one(tx, log, known) for log in logs]


async def _import_one(tx: Tx, log: ImportedLog, known: Mapping[str, ImportedTask]) -> ImportResult:
    found = await simulations.find_import(tx, log.content_hash)
    if found is not None:
        return _known(found)
    saved = await configurations.save_version(tx, configurations.imported_agent(log.agent), generated_by="import")
    cases = await _cases(tx, log, known)
    trials = Counter(trial.scenario_id for trial in log.trials)
    simulation_id = await simulations.plan_simulation(
        tx,
        NewSimulation(
            config_version_id=saved.version.version_id,
            scenarios=[PinnedScenario(each.scenario_id, each.content_hash) for each in cases],
            trials=min(trials.values()),  # where a task was tried more often, its outcomes bring their own trials
            name=log.suite,
            seed=log.seed or 0,
            origin="import",
            import_hash=log.content_hash,
            assumed=log.assumed,
            metadata=log.metadata,
        ),
    )
    await outcomes.record_trials(tx, [_record(tx, simulation_id, log, each) for each in log.trials])
    await simulations.finish_simulation(tx, simulation_id, execution_time_ms=_span_ms(log))
    return ImportResult(simulation_id, len(cases), len(log.trials), True, log.assumed)


async def _cases(tx: Tx, log: ImportedLog, known: Mapping[str, ImportedTask]) -> list[Scenario]:
    """
    The scenarios of a log, stored.

    A task that the log only mentions is taken from another log of this call,
    or else from what is stored. Where nobody has described it yet, a
    placeholder is stored; it gives way, also in earlier imports, as soon as
    somebody does.
    """
    tasks = [task if task.is_known else known.get(task.scenario_id, task) for task in log.tasks]
    cases = []
    for task in tasks:
        stored = None if task.is_known else await _stored(tx, task.scenario_id)
        cases.append(stored or scenarios.scenario_from(task.definition))
    await scenarios.save_scenarios(tx, cases)
    described = [(task, case) for task, case in zip(tasks, cases, strict=True) if task.is_known]
    await simulations.repin_scenarios(
        tx,
        {
            case.scenario_id: (scenarios.scenario_from(task.placeholder).content_hash, case.content_hash)
            for task, case in described
        },
    )
    return cases


async def _stored(tx: Tx, scenario_id: str) -> Scenario | None:
    try:
        return await scenarios.get_scenario(tx, scenario_id)
    except NotFound:
        return None


def _known(simulation: Simulation) -> ImportResult:
    return ImportResult(
        simulation.simulation_id,
        simulation.total_scenarios,
        simulation.trials_done,
        False,
        tuple(simulation.assumed),
    )


def _record(tx: Tx, simulation_id: UUID, log: ImportedLog, trial: ImportedTrial) -> TrialRecord:
    outcome_id = clock.new_id(trial.started_at or tx.now)
    return TrialRecord(
        NewOutcome(
            outcome_id=outcome_id,
            execution_time=clock.time_of(outcome_id),
            simulation_id=simulation_id,
            scenario_id=trial.scenario_id,
            trial_number=trial.trial_number,
            status=trial.status,
            passed=trial.passed,
            reliability_score=trial.score,
            fault=trial.fault,
            execution_time_ms=trial.duration_ms,
            tokens_used=trial.tokens,
            cost_usd=trial.cost_usd,
            trajectory=trial.trajectory,
            metrics=trial.metrics,
            error_code=trial.error_code,
            error_category=trial.error_category,
            execution_metadata={"imported_from": log.format, "log": trial.source},
        ),
        tools=trial.tools,
        failures=trial.failures,
    )


def _span_ms(log: ImportedLog) -> float | None:
    """From the beginning of the first trial to the end of the last, where the log says both of every trial."""
    spans = [
        (each.started_at.timestamp() * 1000, each.duration_ms)
        for each in log.trials
        if each.started_at is not None and each.duration_ms is not None
    ]
    if len(spans) < len(log.trials):
        return None
    return max(start + duration for start, duration in spans) - min(start for start, _ in spans)
