"""The documents' views of the evaluation wing: their columns, and their values on examples computed by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from fixtures.histories import History
from fixtures.statements import OURS, THEIRS
from guildhall.db import Actor

DOCUMENTED = {
    "v_system_performance": "hour total_simulations avg_execution_time total_cost failed_count avg_score",
    "v_active_simulations": "simulation_id simulation_name status completed_scenarios total_scenarios progress_pct runtime_seconds model",
    "v_error_rates": "day scenario_id total_runs error_count error_rate_pct",
    "v_llm_failure_analysis": "day failure_category daily_failures avg_confidence sample_errors affected_scenarios",
    "v_llm_config_performance": "config_id version_number parsed_config day total_executions avg_reliability avg_execution_time daily_cost error_count",
    "v_llm_scenario_trends": "scenario_id week executions avg_reliability reliability_variance avg_duration timeout_count",
    "v_dashboard_active_simulations": "simulation_id simulation_name status completed_scenarios total_scenarios progress_pct runtime_seconds modal_app_id model_name outcomes_recorded",
    "v_dashboard_pending_recommendations": "recommendation_id recommendation_type description confidence impact_estimate suggested_yaml_changes generated_by_model data_window_start data_window_end created_at",
    "v_dashboard_performance_trends": "day total_executions avg_reliability avg_duration_ms daily_cost error_count error_rate_pct",
    "v_dashboard_cost_analysis": "day model executions total_cost avg_cost_per_execution total_tokens avg_tokens_per_execution",
    "simulation_performance_hourly": "hour simulation_id total_outcomes avg_reliability avg_execution_time total_cost error_count",
    "failure_trends_daily": "day failure_category failure_count avg_confidence unique_patterns",
    "tool_performance_daily": "day tool_name avg_success_rate avg_duration daily_cost usage_count",
}

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
"""Within every window, long enough ago to be over, and far from midnight."""
DAY = NOON.replace(hour=0)


async def shown(history: History, view: str, actor: Actor = OURS) -> list[dict[str, Any]]:
    async with history.acting(actor) as connection:
        return [dict(row) for row in await connection.fetch(f"SELECT * FROM evaluation.{view}")]


@pytest.mark.parametrize("view", DOCUMENTED)
async def test_every_view_begins_with_the_documented_columns_and_says_whose_rows_they_are(
    history: History, view: str
) -> None:
    rows = await history.connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 ORDER BY attnum",
        f"evaluation.{view}",
    )
    columns = [row["attname"] for row in rows]
    documented = DOCUMENTED[view].split()
    assert columns[: len(documented) + 1] == [*documented, "tenant_id"]


async def test_simulations_of_the_last_day_by_hour(history: History) -> None:
    await history.connection.execute("DELETE FROM evaluation.simulations")
    now = datetime.now(UTC)
    ended = {"started_at": now, "completed_at": now, "created_at": now}
    await history.simulation(OURS, status="completed", execution_time_ms=100.0, overall_score=0.5, total_cost_usd=Decimal("0.25"), **ended)  # fmt: skip
    await history.simulation(OURS, status="failed", execution_time_ms=300.0, overall_score=1.0, total_cost_usd=Decimal("0.5"), **ended)  # fmt: skip
    await history.simulation(OURS, created_at=now - timedelta(hours=25))
    await history.simulation(THEIRS, status="failed", **ended)
    [row] = await shown(history, "v_system_performance")
    assert row == {
        "hour": now.replace(minute=0, second=0, microsecond=0),
        "total_simulations": 2,
        "avg_execution_time": 200.0,
        "total_cost": Decimal("0.75"),
        "failed_count": 1,
        "avg_score": 0.75,
        "tenant_id": OURS.tenant_id,
    }


async def test_active_simulations_with_their_progress_and_outcomes(history: History) -> None:
    await history.connection.execute("DELETE FROM evaluation.simulations")
    begun = datetime.now(UTC) - timedelta(minutes=10)
    running = await history.simulation(
        OURS, version=1, status="running", simulation_name="nightly", completed_scenarios=1, total_scenarios=3,
        modal_app_id="app", created_at=begun, started_at=begun,
    )  # fmt: skip
    pending = await history.simulation(OURS)
    over = await history.simulation(OURS, status="cancelled", completed_at=begun)
    await history.simulation(THEIRS, status="running")
    for simulation in (running, running, over):
        await history.add_outcome(OURS, NOON, simulation_id=simulation)
    await history.connection.execute("SELECT platform.refresh_rollups()")
    await history.add_outcome(OURS, datetime.now(UTC), simulation_id=running)

    rows = {row["simulation_id"]: row for row in await shown(history, "v_dashboard_active_simulations")}
    assert rows.keys() == {running, pending}
    assert float(rows[running].pop("runtime_seconds")) == pytest.approx(600, abs=120)
    assert rows[running] == {
        "simulation_id": running,
        "simulation_name": "nightly",
        "status": "running",
        "completed_scenarios": 1,
        "total_scenarios": 3,
        "progress_pct": Decimal("33.33"),
        "modal_app_id": "app",
        "model_name": "large",
        "outcomes_recorded": 3,
        "tenant_id": OURS.tenant_id,
    }
    assert (rows[pending]["outcomes_recorded"], rows[pending]["runtime_seconds"]) == (0, None)
    plain = {row["simulation_id"]: row for row in await shown(history, "v_active_simulations")}
    assert {key: (row["model"], row["progress_pct"]) for key, row in plain.items()} == {
        running: ("large", Decimal("33.33")),
        pending: ("small", Decimal("0.00")),
    }


async def outcomes_of_two_days(history: History) -> None:
    """Yesterday's noon and the day before; two versions: simulation 0 and 2 are of `small`, 1 is of `large`."""
    first, second, _ = history.simulations[OURS]
    add = history.add_outcome
    await add(OURS, NOON, simulation_id=first, reliability_score=1.0, execution_time_ms=100.0, cost_usd=Decimal("0.01"), tokens_used=10)  # fmt: skip
    await add(OURS, NOON, simulation_id=first, reliability_score=0.0, execution_time_ms=300.0, status="error")
    await add(OURS, NOON + timedelta(hours=2), simulation_id=second, reliability_score=0.5, cost_usd=Decimal("0.05"), tokens_used=50, status="timeout")  # fmt: skip
    await add(OURS, NOON - timedelta(days=1), simulation_id=second, execution_time_ms=50.0, status="error")
    await add(OURS, NOON - timedelta(days=60), simulation_id=first, reliability_score=0.0)
    await add(THEIRS, NOON, reliability_score=0.0, cost_usd=Decimal(9))


async def test_performance_of_the_last_thirty_days(history: History) -> None:
    await outcomes_of_two_days(history)
    for _ in ("live", "rolled up"):
        assert await shown(history, "v_dashboard_performance_trends") == [
            {
                "day": DAY,
                "total_executions": 3,
                "avg_reliability": 0.5,  # (1 + 0 + 0.5) / 3
                "avg_duration_ms": 200.0,  # the third is unknown, not 0
                "daily_cost": Decimal("0.06"),
                "error_count": 1,
                "error_rate_pct": Decimal("33.33"),
                "tenant_id": OURS.tenant_id,
            },
            {
                "day": DAY - timedelta(days=1),
                "total_executions": 1,
                "avg_reliability": None,
                "avg_duration_ms": 50.0,
                "daily_cost": None,
                "error_count": 1,
                "error_rate_pct": Decimal("100.00"),
                "tenant_id": OURS.tenant_id,
            },
        ]
        await history.connection.execute("SELECT platform.refresh_rollups()")


async def test_cost_by_day_and_model_dearest_first_and_the_unknown_last(history: History) -> None:
    await outcomes_of_two_days(history)
    rows = await shown(history, "v_dashboard_cost_analysis")
    assert [tuple(row.values())[:-1] for row in rows] == [
        (DAY, "large", 1, Decimal("0.05"), Decimal("0.05"), 50, Decimal(50)),
        (DAY, "small", 2, Decimal("0.01"), Decimal("0.01"), 10, Decimal(10)),
        (DAY - timedelta(days=1), "large", 1, None, None, None, None),
    ]


async def test_versions_of_a_configuration_by_day(history: History) -> None:
    await outcomes_of_two_days(history)
    rows = await shown(history, "v_llm_config_performance")
    assert [row["day"] for row in rows] == [DAY, DAY, DAY - timedelta(days=1), DAY - timedelta(days=60)]
    by_version = sorted((row["version_number"], *tuple(row.values())[3:-1]) for row in rows)
    assert by_version == [
        (1, DAY - timedelta(days=60), 1, 0.0, None, None, 0),
        (1, DAY, 2, 0.5, 200.0, Decimal("0.01"), 1),
        (2, DAY - timedelta(days=1), 1, None, 50.0, None, 1),
        (2, DAY, 1, 0.5, None, Decimal("0.05"), 0),
    ]
    assert {row["parsed_config"] for row in rows if row["version_number"] == 2} == {
        '{"model": "large", "temperature": 0}'
    }


async def test_scenarios_by_week_with_their_standard_deviation(history: History) -> None:
    monday = DAY - timedelta(days=DAY.weekday() + 7)
    for hours, score in ((1, 1.0), (30, 0.0), (60, 0.5)):
        await history.add_outcome(
            OURS, monday + timedelta(hours=hours), reliability_score=score, execution_time_ms=10.0
        )
    await history.add_outcome(OURS, monday + timedelta(hours=2), scenario_id="scenario_1", status="timeout")
    await history.add_outcome(OURS, monday - timedelta(weeks=40), reliability_score=1.0)
    rows = await shown(history, "v_llm_scenario_trends")
    assert [tuple(row.values())[:-1] for row in rows] == [
        # deviations ½, ½, 0: sqrt((¼ + ¼) / 2) = ½
        ("scenario_0", monday, 3, 0.5, 0.5, 10.0, 0),
        ("scenario_1", monday, 1, None, None, None, 1),
    ]


async def test_error_rates_of_scenarios_with_ten_outcomes_or_more(history: History) -> None:
    for number in range(12):
        await history.add_outcome(OURS, NOON, status="error" if number < 3 else "success")
    for _ in range(9):
        await history.add_outcome(OURS, NOON, scenario_id="scenario_1", status="error")
    rows = await shown(history, "v_error_rates")
    assert [tuple(row.values())[:-1] for row in rows] == [(DAY, "scenario_0", 12, 3, Decimal("25.00"))]


async def test_failures_with_samples_and_the_scenarios_they_happened_in(history: History) -> None:
    outcome = await history.add_outcome(OURS, NOON, scenario_id="scenario_2", status="error")
    await history.add_failure(OURS, NOON, outcome_id=outcome, error_message="b", cluster_confidence=0.5)
    await history.add_failure(OURS, NOON, scenario_id="scenario_1", error_message="a", cluster_confidence=1.0)
    await history.add_failure(OURS, NOON, scenario_id="scenario_1", error_message="a")
    await history.add_failure(OURS, NOON, failure_category="tool_error")
    await history.add_failure(THEIRS, NOON, error_message="theirs")
    for number in range(30):
        await history.add_failure(OURS, NOON, failure_category="unknown", error_message=f"message {number}")
    rows = {
        row["failure_category"]: tuple(row.values())[2:-1] for row in await shown(history, "v_llm_failure_analysis")
    }
    assert len(rows["unknown"][2]) == 20
    del rows["unknown"]
    assert rows == {
        "timeout": (3, 0.75, ["a", "b"], ["scenario_1", "scenario_2"]),
        "tool_error": (1, None, None, None),
    }


async def test_tools_are_rated_by_their_calls(history: History) -> None:
    await history.add_tool_usage(OURS, NOON, call_count=9, success_rate=1.0, avg_duration_ms=10.0, timed_count=3)
    await history.add_tool_usage(OURS, NOON, call_count=1, success_rate=0.0, avg_duration_ms=50.0, total_cost_usd=Decimal(1))  # fmt: skip
    [row] = await shown(history, "tool_performance_daily")
    assert (row["avg_success_rate"], row["usage_count"], row["daily_cost"]) == (0.9, 2, Decimal(1))
    assert row["avg_duration"] == 20.0  # (3 × 10 + 1 × 50) / 4: three of nine calls were timed


async def recommendation(history: History, actor: Actor = OURS, **columns: object) -> None:
    row = {
        "source_type": "simulation",
        "simulation_id": history.simulations[actor][0],
        "recommendation_type": "config_change",
        "description": "Lower the temperature.",
        "confidence": 0.9,
        **columns,
    }
    async with history.acting(actor) as connection:
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        await connection.execute(
            f"INSERT INTO evaluation.recommendations ({', '.join(row)}) VALUES ({places})", *row.values()
        )


async def test_the_ten_most_certain_recommendations_each_with_its_own_session(history: History) -> None:
    async with history.acting(OURS) as connection:
        session = await connection.fetchval("SELECT evaluation.trigger_llm_recommendation_analysis()")
        await connection.fetchval("SELECT evaluation.trigger_llm_recommendation_analysis()")  # overlaps in time
    await recommendation(history, session_id=session, confidence=0.99)
    await recommendation(history, llm_model_used="other-model", confidence=0.98)
    await recommendation(history, confidence=0.7)
    await recommendation(history, confidence=1.0, applied=True, applied_at=datetime.now(UTC))
    await recommendation(history, confidence=1.0, status="rejected", status_reason="no")
    await recommendation(history, THEIRS)
    for _ in range(12):
        await recommendation(history, confidence=0.8)
    rows = await shown(history, "v_dashboard_pending_recommendations")
    assert [row["confidence"] for row in rows] == [0.99, 0.98, *[0.8] * 8]
    assert [row["generated_by_model"] for row in rows[:3]] == ["gpt-4-turbo", "other-model", None]
    assert rows[0]["data_window_end"] - rows[0]["data_window_start"] == timedelta(days=7)


async def test_an_analysis_counts_within_the_team_and_stays_open(history: History) -> None:
    await history.add_outcome(OURS, NOON)
    await history.add_outcome(OURS, NOON - timedelta(days=30))
    await history.add_outcome(THEIRS, NOON)
    await history.add_failure(OURS, NOON)
    async with history.acting(OURS) as connection:
        session = await connection.fetchval("SELECT evaluation.trigger_llm_recommendation_analysis('10 days', NULL)")
        row = await connection.fetchrow(
            "SELECT * FROM evaluation.llm_recommendation_sessions WHERE session_id = $1", session
        )
    assert (row["total_outcomes_analyzed"], row["patterns_identified"], row["session_status"], row["user_id"]) == (
        1,
        1,
        "running",
        OURS.user_id,
    )


@pytest.mark.parametrize(
    ("window", "user", "message"),
    [
        (timedelta(days=7), THEIRS.user_id, "an analysis needs a member of the team"),
        (timedelta(days=7), uuid4(), "an analysis needs a member of the team"),
        (timedelta(0), None, "expected a positive one"),
    ],
)
async def test_an_analysis_is_for_a_member_of_the_team_and_a_time_before_now(
    history: History, window: timedelta, user: Any, message: str
) -> None:
    async with history.acting(OURS) as connection:
        with pytest.raises(asyncpg.InvalidParameterValueError, match=message):
            async with connection.transaction():
                await connection.fetchval("SELECT evaluation.trigger_llm_recommendation_analysis($1, $2)", window, user)


async def probe(history: History, at: datetime, **columns: object) -> None:
    row = {"time": at, "model_id": history.models[0], "region": "eu", **columns}
    async with history.acting(OURS, "guildhall_scheduler") as connection:
        await connection.execute("SELECT platform.ensure_partitions('status_probes', $1, $1)", at)
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        await connection.execute(
            f"INSERT INTO catalogue.status_probes ({', '.join(row)}) VALUES ({places})", *row.values()
        )


async def test_probes_weigh_the_requests_they_stand_for(history: History) -> None:
    """Ninety requests that took 100 ms and ten that took 2,000: the document has their median at 1,050."""
    await probe(history, NOON, requests_per_minute=90, availability=Decimal(100), latency_p95=100, error_rate=Decimal(0), tokens_per_minute=600)  # fmt: skip
    await probe(history, NOON + timedelta(minutes=1), requests_per_minute=5, window_seconds=120, availability=Decimal(50), latency_p95=2000, error_rate=Decimal(50))  # fmt: skip
    async with history.acting(THEIRS) as connection:  # everybody sees how models fare
        five = await connection.fetchrow("SELECT * FROM catalogue.status_5min")
        hour = await connection.fetchrow("SELECT * FROM catalogue.status_hourly")
    assert tuple(five) == (
        NOON, history.models[0], "eu", Decimal(95), None, Decimal(290), None, Decimal(5), 100, 600, 2,
    )  # fmt: skip
    assert tuple(hour) == (
        NOON, history.models[0], "eu", Decimal(95), Decimal(50), 100.0, 2000, Decimal(5), 100, 600, 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "weights", "median"),
    [
        ([3.0, 1.0, 2.0], [1.0, 1.0, 1.0], 2.0),
        ([1.0, 2.0, 3.0, 10.0], [1.0, 1.0, 1.0, 1.0], 2.5),
        ([1.0, 2.0, 3.0], [1.0, 1.0, 5.0], 3.0),
        ([5.0, 5.0, 1.0], [1.0, 1.0, 2.0], 3.0),
        ([7.0, None, 9.0], [1.0, 9.0, 0.0], 7.0),
        ([1.0], [0.0], None),
        ([], [], None),
    ],
)
async def test_the_weighted_median_has_half_of_the_weight_on_either_side(
    history: History, numbers: list[float | None], weights: list[float], median: float | None
) -> None:
    assert await history.connection.fetchval("SELECT platform.weighted_median($1, $2)", numbers, weights) == median


async def test_the_listing_of_models_is_as_of_its_last_refresh(history: History) -> None:
    async def listed() -> dict[str, Any]:
        async with history.acting(OURS) as connection:
            return {row["slug"]: dict(row) for row in await connection.fetch("SELECT * FROM catalogue.model_listings")}

    async def refresh() -> None:
        async with history.acting(OURS, "guildhall_scheduler") as connection:
            await connection.execute("SELECT catalogue.refresh_model_listings()")

    assert await listed() == {}
    small, large = history.models
    await history.connection.execute(
        """
        WITH suite AS (INSERT INTO catalogue.benchmark_suites (slug, name) VALUES ('quiz', 'Quiz') RETURNING id)
        INSERT INTO catalogue.benchmark_scores (model_id, suite_id, score_raw, score_normalized, evaluation_date)
        SELECT $1, suite.id, score, score, $2::date - age
          FROM suite, (VALUES (80, 1), (70, 29), (60, 40)) AS scores (score, age)
        """,
        small,
        datetime.now(UTC).date(),
    )
    await refresh()
    listing = await listed()
    assert listing.keys() == {"small", "large"}
    assert (listing["large"]["recent_benchmarks"], listing["large"]["provider_name"]) == ("[]", "Acme")
    assert [each["score"] for each in json.loads(listing["small"]["recent_benchmarks"])] == [80, 70]
    await history.connection.execute("UPDATE catalogue.models SET is_active = false WHERE id = $1", large)
    await refresh()
    assert (await listed()).keys() == {"small"}
