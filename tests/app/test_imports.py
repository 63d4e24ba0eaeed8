"""Imported logs in the database: whole, once, and honest about what they do not say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.importers.conftest import TASK, failed_row, tau2_log, tau_row
from guildhall.app.imports import import_log, import_logs
from guildhall.app.wiring import App
from guildhall.domains.evaluation import configurations, outcomes, reports, scenarios, simulations
from guildhall.domains.evaluation.reports import Report
from guildhall.errors import GuildhallError, InvalidInput

Writer = Callable[..., Path]


@pytest.fixture
def log_file(tmp_path: Path) -> Writer:
    def write(value: Any, name: str = "log.json") -> Path:
        file = tmp_path / name
        file.write_text(json.dumps(value))
        return file

    return write


async def report_of(app: App, file: Path, **options: Any) -> Report:
    result = await import_log(app, file, **options)
    async with app.transaction() as tx:
        return await reports.summarise(tx, await simulations.get_simulation(tx, result.simulation_id))


async def count(app: App) -> int:
    async with app.transaction() as tx:
        return len(await simulations.list_simulations(tx))


async def test_a_log_becomes_a_finished_simulation(app: App, log_file: Writer) -> None:
    rows = [tau_row(), tau_row(trial=1, reward=0.0), tau_row(task_id=1), tau_row(task_id=1, trial=1)]

    result = await import_log(app, log_file(rows, "my log.json"))

    assert (result.scenarios, result.outcomes, result.new) == (2, 4, True)
    async with app.transaction() as tx:
        simulation = await simulations.get_simulation(tx, result.simulation_id)
        version = await configurations.get_version(tx, "my-log@v1")
        case = await scenarios.get_scenario(tx, "tau_airline_0")
        page = await outcomes.list_outcomes(tx, simulation_id=result.simulation_id)
    assert (simulation.status, simulation.origin, simulation.label) == ("completed", "import", "my-log@v1")
    assert (simulation.trials_total, simulation.trials_done, simulation.completed_scenarios) == (4, 4, 2)
    assert simulation.overall_score == 0.75
    assert (simulation.execution_time_ms, simulation.total_cost_usd) == (None, None)
    assert list(simulation.assumed) == list(result.assumed)
    assert (version.generated_by, version.parsed_config["model"], version.parsed_config["temperature"]) == (
        "import",
        None,
        None,
    )
    assert (case.task_prompt, case.suite) == (TASK["instruction"], "tau_airline")
    assert len(page.outcomes) == 4


async def test_an_outcome_keeps_what_its_log_says_and_nothing_else(app: App, log_file: Writer) -> None:
    result = await import_log(app, log_file([tau_row(reward=0.0)]))

    async with app.transaction() as tx:
        page = await outcomes.list_outcomes(tx, simulation_id=result.simulation_id)
        outcome = await outcomes.get_outcome(tx, page.outcomes[0].outcome_id)
    assert (outcome.passed, outcome.reliability_score, outcome.fault) == (False, 0.0, "agent")
    assert (outcome.tokens_used, outcome.cost_usd, outcome.execution_time_ms) == (None, None, None)
    assert outcome.trajectory is not None
    assert outcome.trajectory["start_time"] is None
    assert outcome.execution_metadata["log"]["user_cost"] == 0.0035
    assert [(each.tool_name, each.call_count, each.error_count) for each in outcome.tools] == [
        ("get_reservation_details", 1, 1)
    ]
    assert [each.failure_type for each in outcome.failures] == ["not_rewarded"]


async def test_times_and_costs_of_a_log_are_the_outcomes_own(app: App, log_file: Writer) -> None:
    result = await import_log(app, log_file(tau2_log()))

    async with app.transaction() as tx:
        page = await outcomes.list_outcomes(tx, simulation_id=result.simulation_id)
        simulation = await simulations.get_simulation(tx, result.simulation_id)
    [outcome] = page.outcomes
    assert outcome.execution_time.isoformat() == "2026-05-31T11:41:11+00:00"
    assert (outcome.cost_usd, outcome.tokens_used, outcome.execution_time_ms) == (Decimal("0.0004524"), 520, 3500.0)
    assert (simulation.execution_time_ms, simulation.seed) == (3500.0, 300)


async def test_a_reimport_changes_nothing_whatever_the_file_is_called(app: App, log_file: Writer) -> None:
    first = await import_log(app, log_file([tau_row()], "one.json"))

    again = await import_log(app, log_file([tau_row()], "other.json"), name="another-name")

    assert (again.simulation_id, again.new) == (first.simulation_id, False)
    assert (again.scenarios, again.outcomes, again.assumed) == (first.scenarios, first.outcomes, first.assumed)
    assert await count(app) == 1


async def test_the_same_log_named_twice_is_imported_once(app: App, log_file: Writer) -> None:
    file = log_file([tau_row()])

    one, two = await import_logs(app, [file, file])

    assert (one.new, two.new) == (True, False)
    assert one.simulation_id == two.simulation_id


async def test_two_imports_of_a_log_at_once_leave_it_once(app: App, log_file: Writer) -> None:
    file = log_file([tau_row()])

    results = await asyncio.gather(*(import_log(app, file) for _ in range(3)))

    assert sorted(each.new for each in results) == [False, False, True]
    assert len({each.simulation_id for each in results}) == 1


async def test_another_name_and_another_log_make_another_version(app: App, log_file: Writer) -> None:
    other = tau_row(traj=[{"role": "system", "content": "# Airline Agent Policy\n\nBe kind."}])

    await import_log(app, log_file([tau_row()], "one.json"), name="airline agent")
    await import_log(app, log_file([other], "two.json"), name="airline agent")

    async with app.transaction() as tx:
        assert (await configurations.get_version(tx, "airline agent@v2")).parsed_config["name"] == "airline agent"


async def test_a_name_that_is_none_is_refused_and_nothing_is_kept(app: App, log_file: Writer) -> None:
    with pytest.raises(InvalidInput, match="a/b"):
        await import_log(app, log_file([tau_row()]), name="a/b")

    assert await count(app) == 0


async def test_one_broken_log_among_several_keeps_all_out(app: App, log_file: Writer) -> None:
    with pytest.raises(InvalidInput, match=r"broken\.json"):
        await import_logs(app, [log_file([tau_row()], "good.json"), log_file({"not": "a log"}, "broken.json")])

    assert await count(app) == 0


async def test_a_log_that_the_database_refuses_leaves_nothing_behind(app: App, log_file: Writer) -> None:
    # A time before there were agents: readable, but no time that an outcome can have.
    with pytest.raises(GuildhallError, match="execution_time"):
        await import_log(app, log_file(tau2_log(start_time="1971-01-01T00:00:00")))

    assert await count(app) == 0
    async with app.transaction() as tx:
        assert await configurations.list_configurations(tx) == []


async def test_tasks_tried_more_often_than_others_keep_all_their_trials(app: App, log_file: Writer) -> None:
    rows = [tau_row(), tau_row(task_id=1), tau_row(task_id=1, trial=1), tau_row(task_id=1, trial=2)]

    report = await report_of(app, log_file(rows))

    assert {each.scenario_id: each.trials for each in report.scenarios} == {"tau_airline_0": 1, "tau_airline_1": 3}
    assert report.simulation.trials_total == 4


async def test_a_trial_that_no_provider_answered_is_not_scored(app: App, log_file: Writer) -> None:
    lost = failed_row(task_id=1, info={"error": "Rate Limit Exceeded", "traceback": ""})

    report = await report_of(app, log_file([tau_row(), lost]))

    assert report.pass_rate is not None
    assert report.pass_rate.value == 1.0
    assert report.pass_rate_strict is not None
    assert report.pass_rate_strict.value == 0.5
    assert report.faults == {"infrastructure": 1}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("whole_first", [True, False])
async def test_two_agents_on_the_same_tasks_are_compared_task_by_task_in_whatever_order_they_came(
    app: App, log_file: Writer, together: bool, whole_first: bool
) -> None:
    # One log only names task 1, as its harness raised there; the other describes it.
    whole = log_file([tau_row(), tau_row(task_id=1)], "whole.json")
    partial = log_file(
        [tau_row(), failed_row(task_id=1, info={"traceback": 'File "x/agents/a.py", line 1'})], "part.json"
    )
    files = [whole, partial] if whole_first else [partial, whole]

    if together:
        results = await import_logs(app, files)
    else:
        results = [await import_log(app, each) for each in files]

    async with app.transaction() as tx:
        found = [await simulations.get_simulation(tx, each.simulation_id) for each in results]
        versus = await reports.compare(tx, *found)
        task = await scenarios.get_scenario(tx, "tau_airline_1")
    assert (len(versus.matched), versus.unmatched) == (2, {})
    assert task.task_prompt == TASK["instruction"]


async def test_a_real_log_gives_the_figures_of_its_source(app: App, shared_data: Path) -> None:
    report = await report_of(app, shared_data / "tau_bench" / "gpt-4o-airline.tasks-00-29.json.gz")

    assert {k: round(value, 4) for k, value in report.pass_hat_k.items()} == {1: 0.3, 2: 0.1722, 3: 0.1417, 4: 0.1333}
    assert (len(report.scenarios), report.totals.outcomes) == (30, 120)
    assert report.cost_usd is None


async def test_every_real_log_is_imported_once_and_two_agents_share_their_scenarios(
    app: App, shared_data: Path
) -> None:
    files = sorted((shared_data / "tau_bench").glob("*.json.gz"))

    first = [await import_log(app, each) for each in files]
    again = [await import_log(app, each) for each in files]

    assert [each.simulation_id for each in again] == [each.simulation_id for each in first]
    assert not any(each.new for each in again)
    assert all(each.assumed for each in first)
    async with app.transaction() as tx:
        retail = [
            await simulations.get_simulation(tx, result.simulation_id)
            for file, result in zip(files, first, strict=True)
            if file.name.startswith("retail")
        ]
        one, two = [await simulations.pinned_scenarios(tx, each.simulation_id) for each in retail]
        cases = await scenarios.list_scenarios(tx)
    assert {(each.scenario_id, each.content_hash) for each in one} == {
        (each.scenario_id, each.content_hash) for each in two
    }
    assert len({each.scenario_id for each in cases}) == sum(each.scenarios for each in first) - 100
