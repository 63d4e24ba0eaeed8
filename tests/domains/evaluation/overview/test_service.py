"""Overviews over a handful of outcomes, each figure worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fixtures.trials import a_failure, a_tool, make_record, make_simulation
from guildhall.db import Tx
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import outcomes, overview, simulations
from guildhall.domains.evaluation.failures import Fault

_queries = parse_queries(
    "tests/domains/evaluation/overview/test_service.py",
    """
-- name: version_of
SELECT versions.config_id, versions.version_id
  FROM evaluation.simulations
  JOIN evaluation.config_versions AS versions ON versions.version_id = simulations.config_version_id
 WHERE simulations.simulation_id = :simulation_id;
""",
)


async def test_a_simulation_that_runs_is_active_until_it_ends(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["case_a", "case_b"], trials=2)
    await simulations.start_simulation(tx, simulation_id)
    await outcomes.record_trials(tx, [make_record(simulation_id, "case_a", cost_usd=Decimal("0.25"))])
    (active,) = await overview.active_simulations(tx)
    assert (active.simulation_id, active.trials, active.done, active.cost_usd) == (simulation_id, 4, 1, Decimal("0.25"))
    assert active.label.endswith("@v1")
    started = replace(active, runtime_s=30.0)
    assert started.eta_s == pytest.approx(90.0), "one of four took 30 s"
    assert replace(started, done=0).eta_s is None, "nothing tells"
    await simulations.finish_simulation(tx, simulation_id)
    assert await overview.active_simulations(tx) == []


async def test_cells_are_every_trial_with_what_came_of_it(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["case_a", "case_b", "case_c"], trials=2)
    records = [
        make_record(simulation_id, "case_a", trial_number=2, passed=False, reliability_score=0.0, fault="agent"),
        make_record(
            simulation_id, "case_b", trial_number=1, passed=None, reliability_score=None, fault="infrastructure"
        ),
    ]
    await outcomes.record_trials(tx, records)
    cells = await overview.cells(tx, simulation_id, ["case_a", "case_b"])
    assert [(each.scenario_id, each.trial_number, each.state, each.passed, each.fault) for each in cells] == [
        ("case_a", 1, "pending", None, None),
        ("case_a", 2, "done", False, "agent"),
        ("case_b", 1, "done", None, "infrastructure"),
        ("case_b", 2, "pending", None, None),
    ]
    assert cells[1].outcome_id == records[0].outcome.outcome_id
    assert cells[0].outcome_id is None


async def test_a_pair_is_found_once_both_of_it_are_complete(tx: Tx) -> None:
    one, two = await make_simulation(tx, ["case_a"]), await make_simulation(tx, ["case_a"])
    await simulations.interleave(tx, one, two)
    await simulations.finish_simulation(tx, one)
    assert await overview.latest_pairs(tx) == []
    await simulations.finish_simulation(tx, two)
    pairs = await overview.latest_pairs(tx)
    assert len(pairs) <= 1, "a pair is one, whichever way it is looked at"
    assert {(each.baseline_id, each.candidate_id) for each in pairs} <= {(one, two), (two, one)}


async def test_standings_are_sums_over_all_outcomes_of_a_version(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["case_a", "case_b"], trials=3)
    await outcomes.record_trials(
        tx,
        [
            make_record(simulation_id, "case_a", cost_usd=Decimal("0.1"), execution_time_ms=100.0),
            make_record(
                simulation_id, "case_a", passed=False, reliability_score=0.0, fault="agent", execution_time_ms=300.0
            ),
            make_record(simulation_id, "case_b", passed=None, reliability_score=None, fault="infrastructure"),
        ],
    )
    version = await tx.find(_queries.version_of, simulation_id=simulation_id)
    assert version is not None
    (standing,) = await overview.version_standings(tx, version["config_id"])
    assert (standing.simulations, standing.outcomes, standing.scored, standing.passed) == (1, 3, 2, 1)
    assert (standing.cost_usd, standing.priced) == (Decimal("0.1"), 1)
    assert standing.mean_duration_ms == pytest.approx(200.0)
    (day,) = await overview.version_days(tx, version["config_id"])
    assert (day.total_executions, day.avg_reliability, day.scored) == (3, pytest.approx(0.5), 2)
    (trend,) = await overview.trends(tx)
    assert (trend.total_executions, trend.scored) == (3, 2)


async def test_trials_of_one_version_disagree_as_often_as_their_pairs_do(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["case_a", "case_b"], trials=4)
    marks = {"case_a": [True, True, False, False], "case_b": [True, True, True, True]}
    await outcomes.record_trials(
        tx,
        [
            make_record(
                simulation_id, name, passed=mark, reliability_score=float(mark), fault=None if mark else "agent"
            )
            for name, passed in marks.items()
            for mark in passed
        ],
    )
    await simulations.finish_simulation(tx, simulation_id)
    found = {each.scenario_id: each for each in await overview.scenario_standings(tx)}
    # Of the six pairs of four trials, four are of one that passed and one that did not.
    assert found["case_a"].disagreement == pytest.approx(4 / 6)
    assert found["case_b"].disagreement == 0
    assert (found["case_a"].outcomes, found["case_a"].mean_score) == (4, pytest.approx(0.5))
    (week,) = await overview.scenario_weeks(tx, "case_a")
    assert (week.executions, week.avg_reliability) == (4, pytest.approx(0.5))
    (played,) = await overview.scenario_history(tx, "case_a")
    assert (played.trials, played.scored, played.passed) == (4, 4, 2)
    shown = await outcomes.get_outcome(tx, played.outcome_id)
    assert shown.passed is False, "one that did not pass is the one to look at"


async def test_failures_are_counted_by_day(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["case_a", "case_b"], trials=2)
    wrong = a_failure()
    slow = a_failure(failure_type="too_slow", fault=Fault.TOOL, error_message="it took an hour")
    await outcomes.record_trials(
        tx,
        [
            make_record(simulation_id, "case_a", failures=(wrong,), passed=False, reliability_score=0.0, fault="agent"),
            make_record(
                simulation_id, "case_b", failures=(wrong, slow), passed=False, reliability_score=0.0, fault="agent"
            ),
        ],
    )
    assert sum(each.failures for each in await overview.failure_days(tx)) == 3


async def test_tools_and_costs_are_sums_and_what_is_unknown_is_counted(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["case_a"], trials=3)
    await outcomes.record_trials(
        tx,
        [
            make_record(simulation_id, "case_a", tools=(a_tool(),), cost_usd=Decimal("0.4"), tokens_used=10),
            make_record(
                simulation_id, "case_a", tools=(a_tool(error_count=0, error_types=()),), cost_usd=Decimal("0.2")
            ),
            make_record(simulation_id, "case_a"),
        ],
    )
    (tool,) = await overview.tool_standings(tx)
    assert (tool.tool_name, tool.trials, tool.calls, tool.errors) == ("search", 2, 4, 1)
    assert tool.mean_duration_ms == pytest.approx(15.0)
    (day,) = await overview.cost_by_day(tx)
    assert (day.executions, day.unpriced, day.total_cost, day.total_tokens) == (3, 1, Decimal("0.6"), 10)
    (trend,) = await overview.trends(tx)
    assert (trend.total_executions, trend.daily_cost) == (3, Decimal("0.6"))
    assert await overview.error_rates(tx) == [], "fewer than ten trials say little"
    hours = await overview.hourly_performance(tx)
    assert sum(each.total_simulations for each in hours) == 1
    assert hours[0].hour <= tx.now < hours[0].hour + timedelta(hours=1)


async def test_how_long_trials_take_is_told_by_the_hour(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["case_a"], trials=4)
    await outcomes.record_trials(
        tx,
        [make_record(simulation_id, "case_a", trial_number=n + 1, execution_time_ms=ms) for n, ms in enumerate((100.0, 110.0, 900.0, 900.0))],
    )  # fmt: skip
    (hour,) = await overview.hourly_latency(tx)
    assert hour.trials == 4
    assert hour.p50_ms == pytest.approx(110, rel=0.1)
    assert hour.p95_ms == pytest.approx(900, rel=0.03)


async def test_what_waits_for_people_is_counted_and_the_most_certain_of_it_told(tx: Tx) -> None:
    waiting = await overview.pending(tx)
    assert (waiting.recommendations, waiting.approvals) == (0, 0)
    assert await overview.pending_recommendations(tx) == []


async def test_what_cost_nothing_is_priced(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["case_a"], trials=1)
    await outcomes.record_trials(tx, [make_record(simulation_id, "case_a", cost_usd=Decimal(0))])
    (day,) = await overview.cost_by_day(tx)
    assert (day.executions, day.unpriced, day.total_cost) == (1, 0, Decimal(0))
