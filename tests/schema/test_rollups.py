"""Roll-ups: equal to the raw query at every moment, whoever writes, deletes or refreshes meanwhile."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from fixtures.engines import Place
from fixtures.histories import History
from fixtures.rollups import (
    LATENCY,
    OF_TEAMS,
    assert_exact,
    marked,
    refresh,
    refresh_all,
    refresh_continuous,
    shown,
)
from fixtures.statements import OURS, THEIRS
from guildhall.db import Actor, Database, rollups
from guildhall.errors import InvalidInput

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
NOON = TODAY - timedelta(days=10, hours=12)
"""Over, so that every bucket around it is due, and not so old that a series no longer keeps it."""
MONTHS_END = (TODAY - timedelta(days=3)).replace(day=1)


@pytest.fixture
def history(either_history: History) -> History:
    """Everything here holds on both engines."""
    return either_history


@pytest.fixture
def database(place: Place) -> Database:
    return place.database


class Play:
    """Random things that happen to the series of two teams, within two days around midnight and a month's end."""

    def __init__(self, history: History, seed: int) -> None:
        self.history = history
        self.chance = random.Random(seed)

    def moment(self) -> datetime:
        return MONTHS_END - timedelta(days=1) + timedelta(seconds=self.chance.randrange(2 * 86_400))

    def span(self) -> tuple[datetime, datetime]:
        return MONTHS_END - timedelta(days=1), MONTHS_END + timedelta(days=1)

    async def step(self) -> str:
        what = self.chance.choice(
            [
                self.add_outcomes,
                self.add_outcomes,
                self.add_failures,
                self.add_tools,
                self.call,
                self.probe,
                self.look,
                self.change,
                self.remove,
                self.refresh,
            ]
        )
        return await what()

    async def add_outcomes(self) -> str:
        chance, actor = self.chance, self.chance.choice((OURS, THEIRS))
        columns = ["outcome_id", "simulation_id", "scenario_id", "execution_time", "status", "passed", "reliability_score",
                   "execution_time_ms", "tokens_used", "cost_usd", "trajectory"]  # fmt: skip
        rows = [
            (
                uuid4(),
                chance.choice(self.history.simulations[actor]),
                f"scenario_{chance.randrange(3)}",
                self.moment(),
                chance.choice(["success", "error", "timeout"]),
                chance.choice([True, False, None]),
                chance.choice([None, chance.random()]),
                chance.choice([None, 0.0, chance.expovariate(0.001)]),
                chance.choice([None, chance.randrange(1000)]),
                chance.choice([None, Decimal(chance.randrange(10**6)) / 10**8]),
                '{"start_time": 0, "status": "success"}',
            )
            for _ in range(chance.choice([1, 20]))
        ]
        async with self.history.acting(actor) as connection:
            await connection.execute("SELECT platform.ensure_partitions('outcomes', $1, $2)", *self.span())
            await connection.copy_records_to_table("outcomes", schema_name="store", columns=columns, records=rows)
        return f"{len(rows)} outcomes"

    async def add_failures(self) -> str:
        for _ in range(3):
            await self.history.add_failure(
                self.chance.choice((OURS, THEIRS)),
                self.moment(),
                failure_category=self.chance.choice(["timeout", "tool_error"]),
                pattern_cluster_id=self.chance.choice([None, OURS.tenant_id, THEIRS.tenant_id]),
                cluster_confidence=self.chance.choice([None, self.chance.random()]),
            )
        return "failures"

    async def add_tools(self) -> str:
        for _ in range(3):
            await self.history.add_tool_usage(
                self.chance.choice((OURS, THEIRS)),
                self.moment(),
                tool_name=self.chance.choice(["look_up", "refund"]),
                call_count=self.chance.randrange(1, 9),
                success_rate=self.chance.random(),
                avg_duration_ms=self.chance.choice([None, self.chance.random() * 100]),
                total_cost_usd=self.chance.choice([None, Decimal("0.01")]),
            )
        return "tool usage"

    async def call(self) -> str:
        """Calls of models, some of which are settled later, some days later."""
        actor, chance, made = self.chance.choice((OURS, THEIRS)), self.chance, self.moment()
        async with self.history.acting(actor) as connection:
            for series in ("llm_requests", "llm_responses"):
                await connection.execute("SELECT platform.ensure_partitions($1, $2, $3)", series, *self.span())
            await connection.execute(
                "INSERT INTO gateway.llm_requests (model, prompt, created_at) VALUES ($1, '?', $2), ($1, '?', $2)",
                chance.choice([None, "small", "large"]),
                made,
            )
            await connection.execute(
                """
                INSERT INTO gateway.llm_responses
                       (request_id, request_created_at, created_at, provider_name, model, content, error_code, response_time)
                VALUES (gen_random_uuid(), $1, $1, 'here', $2, 'yes', $3, $4), (gen_random_uuid(), $1, $1, 'there', $2, 'no', NULL, NULL)
                """,
                made,
                chance.choice([None, "small"]),
                chance.choice([None, "timeout"]),
                chance.randrange(1, 10**6),
            )
        await self.history.connection.execute(
            """
            UPDATE store.llm_requests
               SET status = $1, completed_at = now(), tokens_prompt = 5, tokens_total = $2, cost_usd = $3
             WHERE status = 'pending' AND created_at < $4
            """,
            chance.choice(["completed", "failed"]),
            chance.choice([None, 7]),
            chance.choice([None, Decimal("0.000001")]),
            self.moment(),
        )
        return "calls"

    async def look(self) -> str:
        """People look at pages and models."""
        chance = self.chance
        async with self.history.acting(chance.choice((OURS, THEIRS))) as connection:
            await connection.execute("SELECT platform.ensure_partitions('analytics_events', $1, $2)", *self.span())
            await connection.executemany(
                """
                INSERT INTO platform.analytics_events (timestamp, session_id, event_type, event_properties)
                VALUES ($1, $2, $3, $4)
                """,
                [
                    (
                        self.moment(),
                        chance.choice([None, "one", "two"]),
                        chance.choice(["page_view", "model_view"]),
                        chance.choice(["{}", '{"model_id": "a"}', '{"model_id": "b"}']),
                    )
                    for _ in range(6)
                ],
            )
        return "looks"

    async def probe(self) -> str:
        """Probes of two models, as the scheduler adds them."""
        chance = self.chance
        async with self.history.acting(OURS, "guildhall_scheduler") as connection:
            await connection.execute("SELECT platform.ensure_partitions('status_probes', $1, $2)", *self.span())
            await connection.executemany(
                """
                INSERT INTO catalogue.status_probes (time, model_id, region, availability, latency_p95, error_rate,
                                                     requests_per_minute, tokens_per_minute)
                VALUES ($1, $2, $3, $4, $5, $6, $7::integer, $7::integer)
                """,
                [
                    (
                        self.moment(),
                        chance.choice(self.history.models),
                        chance.choice(["eu", "us"]),
                        chance.choice([None, Decimal(chance.randrange(10001)) / 100]),
                        chance.choice([None, chance.randrange(5000)]),
                        chance.choice([None, Decimal("1.5")]),
                        chance.choice([None, chance.randrange(1, 100)]),
                    )
                    for _ in range(8)
                ],
            )
        return "probes"

    async def change(self) -> str:
        """Outcomes change, and may move to another hour, day, month (a hypertable lets no row move to another chunk)."""
        moved = "" if self.history.engine == "timescale" else ", execution_time = $1"
        return await self.history.connection.execute(
            f"""
            UPDATE store.outcomes SET status = 'error', reliability_score = 0.25 {moved}
             WHERE $1::timestamptz IS NOT NULL AND outcome_id = ANY (ARRAY(SELECT outcome_id FROM store.outcomes ORDER BY md5($2 || outcome_id::text) LIMIT 3))
            """,
            self.moment(),
            str(self.chance.random()),
        )

    async def remove(self) -> str:
        """A simulation goes, and takes its outcomes with it; or some failures and tool usage."""
        actor = self.chance.choice((OURS, THEIRS))
        if len(self.history.simulations[actor]) > 1 and self.chance.random() < 0.3:
            gone = self.history.simulations[actor].pop()
            async with self.history.acting(actor) as connection:
                return await connection.execute("DELETE FROM evaluation.simulations WHERE simulation_id = $1", gone)
        await self.history.connection.execute("DELETE FROM store.tool_usage WHERE execution_time > $1", self.moment())
        return await self.history.connection.execute(
            "DELETE FROM store.failure_patterns WHERE execution_time < $1", self.moment()
        )

    async def refresh(self) -> str:
        until = self.chance.choice([None, self.moment()])
        at_most = self.chance.choice([None, 2])
        if self.chance.random() < 0.5:
            await refresh_continuous(self.history)
        return f"refresh {until} {at_most}: {await refresh(self.history, until, at_most)}"


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_each_roll_up_equals_the_raw_query_at_every_step(history: History, seed: int) -> None:
    play = Play(history, seed)
    happened = []
    for _ in range(30):
        happened.append(await play.step())
        await assert_exact(history, after=" → ".join(happened))
    await refresh_all(history)
    assert await marked(history) == set()
    await assert_exact(history, after="the last refresh")


async def test_every_snapshot_is_exact_while_others_write_and_refresh(history: History, database: Database) -> None:
    await Play(history, 1).add_outcomes()
    over = asyncio.Event()

    async def write(seed: int) -> None:
        connection = await asyncpg.connect(history.url)
        theirs = History(history.url, connection)
        theirs.engine, theirs.simulations = (
            history.engine,
            {actor: list(ids) for actor, ids in history.simulations.items()},
        )
        play = Play(theirs, seed)
        for _ in range(15):
            async with connection.transaction():
                for _ in range(2):
                    await play.add_outcomes()
                    await asyncio.sleep(0)
                if seed % 2:
                    await play.change()
        await connection.close()

    async def go_on_refreshing() -> int:
        rounds = 0
        while not over.is_set():
            await rollups.refresh(database, batch=3)
            rounds += 1
        return rounds

    async def go_on_refreshing_continuously() -> int:
        connection = await asyncpg.connect(history.url)
        theirs = History(history.url, connection)
        theirs.engine = history.engine
        rounds = 0
        while not over.is_set():
            await refresh_continuous(theirs)
            rounds += 1
            await asyncio.sleep(0)
        await connection.close()
        return rounds

    async def look() -> int:
        looks = 0
        while not over.is_set():
            async with history.connection.transaction(isolation="repeatable_read"):
                await assert_exact(history)
            looks += 1
        return looks

    watchers = [
        asyncio.create_task(each)
        for each in (
            go_on_refreshing(),
            go_on_refreshing(),
            go_on_refreshing_continuously(),
            go_on_refreshing_continuously(),
            look(),
        )
    ]
    await asyncio.gather(*(write(seed) for seed in (10, 11, 12)))
    over.set()
    assert all(await asyncio.gather(*watchers))
    await refresh_all(history)
    await assert_exact(history)
    assert await marked(history) == set()


async def test_a_row_that_is_committed_after_a_refresh_saw_its_bucket_is_not_lost(history: History) -> None:
    late = History(history.url, await asyncpg.connect(history.url))
    late.simulations = history.simulations
    await history.add_outcome(OURS, NOON, execution_time_ms=1.0)
    async with late.connection.transaction():
        await late.add_outcome(OURS, NOON + timedelta(minutes=5), execution_time_ms=1.0)
        assert (await refresh(history))[LATENCY] == 1
        await refresh_continuous(history)
        assert await marked(history) == set()
    await late.connection.close()
    assert LATENCY in await marked(history)
    await assert_exact(history)
    await refresh_all(history)
    await assert_exact(history)


async def test_what_was_refreshed_is_read_from_the_roll_up_and_not_from_raw_rows(history: History) -> None:
    for hour in (0, 3):
        await history.add_outcome(OURS, NOON + timedelta(hours=hour), execution_time_ms=1.0)
    await refresh(history)
    await history.add_outcome(OURS, NOON + timedelta(hours=3), execution_time_ms=1.0)
    await history.connection.execute("UPDATE store.simulation_latency_hourly SET n = 77")
    seen = await shown(history, f"evaluation.{LATENCY}", OURS)
    assert [values[0] for _, values in sorted(seen.items())] == [77, 2]


async def test_of_two_refreshers_one_works_and_the_other_goes_on(history: History) -> None:
    await history.add_outcome(OURS, NOON)
    other = await asyncpg.connect(history.url)
    async with history.connection.transaction():
        assert (await refresh(history))[LATENCY] == 1
        await other.execute("SET statement_timeout = '5s'")
        assert await other.fetchval("SELECT platform.refresh_rollup($1)", LATENCY) is None
    assert await other.fetchval("SELECT platform.refresh_rollup($1)", LATENCY) == 0
    await other.close()


async def test_nobody_who_writes_waits_for_a_refresh_or_for_another_writer(history: History) -> None:
    await history.add_outcome(OURS, NOON)
    other = History(history.url, await asyncpg.connect(history.url))
    other.simulations = history.simulations
    await other.connection.execute("SET lock_timeout = '1ms'")
    async with history.connection.transaction():
        await refresh(history)
        await history.add_outcome(OURS, NOON)
        await other.add_outcome(OURS, NOON)
    await other.connection.close()
    await assert_exact(history)


async def test_a_refresh_takes_the_oldest_buckets_first_and_leaves_those_that_are_not_over(history: History) -> None:
    for hour in (5, 1, 3):
        await history.add_outcome(OURS, NOON + timedelta(hours=hour))
    await history.add_outcome(OURS, datetime.now(UTC))

    async def left() -> list[datetime]:
        rows = await history.connection.fetch(
            "SELECT DISTINCT bucket FROM platform.rollup_marks WHERE rollup = $1 ORDER BY 1", LATENCY
        )
        return [row["bucket"] for row in rows]

    marks = await left()
    assert len(marks) == 4
    await refresh(history, at_most=2)
    assert await left() == marks[2:]
    await refresh(history, until=NOON + timedelta(hours=6) - timedelta(seconds=1))
    assert await left() == marks[2:]
    await refresh(history, until=NOON + timedelta(hours=6))
    assert await left() == marks[3:]
    await refresh(history)
    assert await left() == marks[3:]
    await assert_exact(history)


async def test_one_hour_of_many_teams_is_refreshed_for_each_of_them(history: History) -> None:
    await history.add_outcome(OURS, NOON, reliability_score=1.0)
    await history.add_outcome(THEIRS, NOON, reliability_score=0.0)
    await refresh_all(history)
    await history.add_outcome(THEIRS, NOON, reliability_score=0.0)
    await refresh_all(history)
    await assert_exact(history)
    assert len(await shown(history, "evaluation.simulation_performance_hourly", OURS)) == 1


async def test_retention_takes_raw_rows_and_leaves_what_was_rolled_up(history: History) -> None:
    for days in (9, 0):
        await history.add_outcome(OURS, NOON - timedelta(days=days), execution_time_ms=1.0)
    await refresh_all(history)
    before = await shown(history, f"evaluation.{LATENCY}", OURS)
    assert len(before) == 2
    await history.connection.execute("DELETE FROM store.outcomes WHERE execution_time < $1", NOON)
    await history.connection.execute("UPDATE platform.series SET dropped_before = $1 WHERE name = 'outcomes'", NOON)
    assert await shown(history, f"evaluation.{LATENCY}", OURS) == before
    await refresh_all(history)
    assert await shown(history, f"evaluation.{LATENCY}", OURS) == before
    assert await marked(history) == set()


@pytest.mark.parametrize("name", OF_TEAMS)
async def test_another_teams_rows_are_not_shown_and_without_a_team_there_are_none(history: History, name: str) -> None:
    await history.add_outcome(THEIRS, NOON, execution_time_ms=5.0)
    await history.add_failure(THEIRS, NOON)
    await history.add_tool_usage(THEIRS, NOON)
    async with history.acting(THEIRS) as connection:
        await connection.execute("INSERT INTO gateway.llm_requests (prompt) VALUES ('?')")
        await connection.execute("INSERT INTO platform.analytics_events (event_type) VALUES ('model_view')")
        await connection.execute(
            "INSERT INTO gateway.llm_responses (request_id, request_created_at, provider_name, content, response_time) "
            "VALUES (gen_random_uuid(), now(), 'here', 'yes', 5)"
        )
    nobody = Actor(user_id=OURS.user_id, tenant_id=uuid4())
    for _ in ("live", "rolled up"):
        assert len(await shown(history, name, THEIRS)) == 1
        assert await shown(history, name, OURS) == {}
        assert await shown(history, name, nobody) == {}
        await refresh_all(history)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT FROM platform.rollup_marks",
        "INSERT INTO platform.rollup_marks VALUES ('tool_performance_daily', NULL, now())",
        "DELETE FROM platform.rollup_marks",
        "UPDATE platform.rollups SET query = ''",
        "SELECT FROM store.simulation_latency_hourly",
        "SELECT FROM store.simulation_performance_hourly_now",
        "SELECT platform.refresh_rollups()",
        "SELECT platform.refresh_rollup('tool_performance_daily')",
        "UPDATE evaluation.tool_performance_daily SET usage_count = 0",
    ],
)
async def test_the_application_may_read_its_views_and_nothing_else_of_roll_ups(
    history: History, statement: str
) -> None:
    async with history.connection.transaction(), history.acting(OURS) as connection:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError)):
            async with connection.transaction():
                await connection.execute(statement)


async def test_the_verb_refreshes_in_batches_until_nothing_is_due(history: History, database: Database) -> None:
    for hour in range(5):
        await history.add_outcome(OURS, NOON + timedelta(hours=hour), execution_time_ms=1.0)
    done = {each.rollup: each.buckets for each in await rollups.refresh(database, batch=2)}
    assert (done[LATENCY], done["scenario_performance_daily"], done["mv_daily_stats"]) == (5, 1, 0)
    assert done["simulation_performance_hourly"] == (0 if history.engine == "timescale" else 5)
    assert not any(each.buckets for each in await rollups.refresh(database, batch=2))


async def test_each_roll_up_is_refreshed_at_an_interval_that_is_a_setting(history: History, database: Database) -> None:
    await rollups.refresh(database)
    assert await rollups.refresh_due(database) == []
    await rollups.adjust(history.url, LATENCY, rollups.Rhythm("5 minutes"))
    await rollups.adjust(
        history.url, "simulation_performance_hourly", rollups.Rhythm("20 minutes", "3 days", "2 hours")
    )
    await history.connection.execute("UPDATE platform.rollups SET refreshed_at = refreshed_at - interval '6 minutes'")
    due = {each.rollup for each in await rollups.refresh_due(database)}
    assert due == {LATENCY, "status_5min", "llm_arrival_hourly", "llm_first_token_hourly", "llm_traffic_hourly"} - (
        {"status_5min"} if history.engine == "timescale" else set()
    )
    state = next(each for each in await rollups.survey(database) if each.name == "simulation_performance_hourly")
    assert (state.refresh_interval, state.start_offset, state.end_offset) == ("00:20:00", "3 days", "02:00:00")
    if history.engine == "timescale":
        policy = await history.connection.fetchrow(
            """
            SELECT schedule_interval, config FROM timescaledb_information.jobs
             WHERE hypertable_name = 'simulation_performance_hourly' AND proc_name = 'policy_refresh_continuous_aggregate'
            """
        )
        assert policy["schedule_interval"] == timedelta(minutes=20)
        assert "02:00:00" in str(policy["config"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rollups.Rhythm("never"), "refresh_interval is 'never', expected a span of time above zero"),
        (rollups.Rhythm("0 s"), "refresh_interval is '0 s'"),
        (
            rollups.Rhythm(end_offset="-100000 years"),
            "end_offset is '-100000 years', expected a span of time of at most",
        ),
        (rollups.Rhythm(end_offset="1 year"), "a window of less than two of its buckets"),
    ],
)
async def test_an_interval_at_which_nothing_can_be_refreshed_is_refused(
    history: History, change: rollups.Rhythm, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        await rollups.adjust(history.url, LATENCY, change)


async def test_a_roll_up_that_is_not_there_is_named(history: History) -> None:
    with pytest.raises(asyncpg.UndefinedTableError, match="there is no roll-up 'monthly'"):
        await history.connection.execute("SELECT platform.refresh_rollup('monthly')")
    with pytest.raises(rollups.RollupNotFound, match="there is no roll-up 'monthly'"):
        await rollups.adjust(history.url, "monthly", rollups.Rhythm("1 day"))


async def test_intervals_default_to_the_documents_figures(history: History) -> None:
    row = await history.connection.fetchrow(
        "SELECT * FROM platform.rollups WHERE name = 'simulation_performance_hourly'"
    )
    assert (row["start_offset"], row["end_offset"], row["refresh_interval"]) == (
        timedelta(days=1),
        timedelta(hours=1),
        timedelta(hours=1),
    )
