"""Series on both engines: every row is taken, whole partitions go when they are old, nobody is made to wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from fixtures.engines import Place
from fixtures.readings import PLACE_ID, Readings
from guildhall.db import rollups, timeseries

OLD = datetime(2019, 3, 14, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


async def now(place: Place) -> datetime:
    moment: datetime = await place.connection.fetchval("SELECT now()")
    return moment


# what a series is ----------------------------------------------------------


async def test_a_series_has_the_same_form_on_either_engine(place: Place, readings: Readings) -> None:
    """What create_series is given is what there is, under the same names, whatever keeps it."""
    connection = place.connection
    await connection.execute("SET search_path = pg_catalog")
    columns = await connection.fetch(
        """
        SELECT attname::text, format_type(atttypid, atttypmod) AS type, attnotnull, attgenerated::text,
               pg_get_expr(adbin, adrelid) AS value, col_description(attrelid, attnum) AS comment
          FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE attrelid = 'store.readings'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
        """
    )
    assert [row["attname"] for row in columns] == [
        "reading_id", "tenant_id", "station_id", "taken_at", "expires_at", "value", "amount", "kind", "note", "tags",
        "detail", "address", "raw", "doubled",
    ]  # fmt: skip
    by_name = {row["attname"]: row for row in columns}
    assert by_name["value"]["comment"] == "In any unit."
    assert by_name["amount"]["type"] == "numeric(18,10)"
    assert by_name["tenant_id"]["value"] == "platform.tenant_id()"
    assert (by_name["doubled"]["attgenerated"], by_name["doubled"]["value"]) == ("s", "(value * (2)::double precision)")

    rules = await connection.fetch(
        "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = 'store.readings'::regclass AND contype <> 'n' ORDER BY conname"
    )
    assert [tuple(row) for row in rules] == [
        (
            "readings_kind_is_known",
            "CHECK (((kind)::text = ANY ((ARRAY['plain'::character varying, 'odd'::character varying])::text[])))",
        ),
        ("readings_pkey", "PRIMARY KEY (reading_id, taken_at)"),
        (
            "readings_tenant_id_station_id_fkey",
            "FOREIGN KEY (tenant_id, station_id) REFERENCES platform.stations(tenant_id, station_id) ON DELETE CASCADE",
        ),
    ]
    indexes = await connection.fetch(
        "SELECT replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') FROM pg_index "
        "WHERE indrelid = 'store.readings'::regclass ORDER BY indexrelid::regclass::text"
    )
    assert [row[0] for row in indexes] == [
        "CREATE INDEX readings_by_note ON store.readings USING btree (lower(note))",
        "CREATE INDEX readings_by_station ON store.readings USING btree (tenant_id, station_id, taken_at DESC) "
        "WHERE (station_id IS NOT NULL)",
        "CREATE UNIQUE INDEX readings_pkey ON store.readings USING btree (reading_id, taken_at)",
    ]
    triggers = await connection.fetch(
        "SELECT tgname::text FROM pg_trigger WHERE tgrelid = 'store.readings'::regclass AND NOT tgisinternal "
        "AND tgname NOT LIKE 'ts\\_%'"
    )
    assert [row[0] for row in triggers] == ["readings_are_noted"]
    granted = await connection.fetch(
        """
        SELECT grantee::regrole::text, privilege_type FROM pg_class, aclexplode(relacl)
         WHERE pg_class.oid = 'store.readings'::regclass AND grantee <> relowner
        UNION ALL
        SELECT grantee::regrole::text, privilege_type || ' ' || attname FROM pg_attribute, aclexplode(attacl)
         WHERE attrelid = 'store.readings'::regclass AND attname IN ('reading_id', 'tenant_id', 'note', 'doubled')
         ORDER BY 1, 2
        """
    )
    assert [tuple(row) for row in granted] == [
        ("guildhall_app", "INSERT note"),
        ("guildhall_app", "INSERT reading_id"),
        ("guildhall_curator", "DELETE"),
        ("guildhall_curator", "SELECT reading_id"),
        ("guildhall_curator", "UPDATE note"),
    ]
    assert await connection.fetchval("SELECT obj_description('store.readings'::regclass)") == (
        "operations: tenant: what tests keep by time."
    )
    assert await connection.fetchval(
        "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'store.readings'::regclass"
    ) == ("guildhall_owner")


async def test_the_application_adds_rows_and_does_nothing_else_to_the_base_table(
    place: Place, readings: Readings
) -> None:
    await readings.add(await now(place))
    for statement in (
        "SELECT FROM store.readings",
        "SELECT taken_at FROM store.readings",
        "UPDATE store.readings SET note = 'x'",
        "DELETE FROM store.readings",
        "TRUNCATE store.readings",
        "INSERT INTO store.readings (tenant_id, taken_at) VALUES (gen_random_uuid(), now())",
        "SELECT platform.drop_partition('readings', 'store.readings_2019_03')",
        "SELECT platform.create_series('x', 'y', '1 month', NULL)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with place.acting("guildhall_app") as connection:
                await connection.execute(statement)
    part = (await readings.spans())[-1]["partition"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with place.acting("guildhall_app") as connection:
            await connection.execute(f"SELECT FROM {part}")


async def test_rows_are_read_and_changed_through_the_view(place: Place, readings: Readings) -> None:
    moment = await now(place)
    await readings.add(moment, OLD)
    async with place.acting("guildhall_app") as connection:
        await connection.execute("UPDATE platform.readings SET note = 'seen' WHERE taken_at < $1", moment)
        await connection.execute("INSERT INTO platform.readings (taken_at, note) VALUES ($1, 'new')", moment)
    async with place.acting("guildhall_app") as connection:
        seen = {row["note"] for row in await connection.fetch("SELECT note FROM platform.readings")}
        assert {"seen", "new"} < seen
        assert await connection.execute("DELETE FROM platform.readings WHERE note = 'new'") == "DELETE 1"


async def test_what_a_row_refers_to_takes_it_along(place: Place, readings: Readings) -> None:
    await readings.add(await now(place), OLD, station_id=PLACE_ID)
    await readings.add(OLD)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await readings.add(OLD, station_id=PLACE_ID.__class__(int=7))
    await place.connection.execute("DELETE FROM platform.stations")
    assert len(await readings.times()) == 1


# every row is taken --------------------------------------------------------


@pytest.fixture
def moments() -> list[str]:
    return [
        "0044-03-15 12:00+00 BC", "0001-01-01 00:00+00", "1969-12-31 23:59:59.999999+00", "2024-02-29 23:30-05",
        "2026-11-26 12:00+00", "2099-12-31 23:59+00", "12026-01-01 00:00+00",
    ]  # fmt: skip


async def test_a_row_of_any_date_is_taken(moments: list[str], place: Place, readings: Readings) -> None:
    for moment in moments:
        async with place.acting("guildhall_app") as connection:
            await readings.insert(connection, moment)
    kept = await place.connection.fetchval(
        "SELECT count(*) FROM store.readings WHERE taken_at = ANY ($1::text[]::timestamptz[])", moments
    )
    assert kept == len(moments)


async def test_years_on_both_sides_of_year_one_have_partitions_of_their_own(place: Place, readings: Readings) -> None:
    async with place.acting("guildhall_app") as connection:
        for moment in ("0044-03-15 12:00+00 BC", "0044-03-15 12:00+00"):
            await readings.insert(connection, moment)
    assert await place.connection.fetchval("SELECT count(*) FROM store.readings") == 2


async def test_a_time_that_never_comes_is_refused_at_once(place: Place, readings: Readings) -> None:
    for moment in ("infinity", "-infinity"):
        with pytest.raises(asyncpg.DatetimeFieldOverflowError):
            async with place.acting("guildhall_app") as connection:
                await readings.insert(connection, moment)


async def test_many_writers_of_a_new_month_are_all_served(place: Place, readings: Readings) -> None:
    months = [OLD + timedelta(days=31 * n) for n in range(3)]
    await asyncio.gather(*(readings.add(*months) for _ in range(6)))
    assert len(await readings.times()) == 18
    assert len({(row["starts"], row["ends"]) for row in await readings.spans()}) == len(await readings.spans())


async def test_partitions_are_made_ahead_and_their_end_is_noticed(place: Place, readings: Readings) -> None:
    async def short() -> dict[str, datetime]:
        return await timeseries.short_of(place.database)

    assert await short() == {}
    if place.engine == "timescale":
        return  # chunks are made by whoever comes first
    spans = await readings.spans()
    assert [row["ends"] for row in spans[:-1]] == [row["starts"] for row in spans[1:]]
    assert spans[-1]["ends"] > await now(place) + timedelta(days=89)
    lacking = spans[1]
    await place.connection.execute(f"DROP TABLE {lacking['partition']}")
    assert await short() == {"readings": lacking["starts"]}
    assert await readings.maintain() == [("made", "1")]
    assert await short() == {}


async def test_the_documents_functions_make_partitions_of_every_series(place: Place, readings: Readings) -> None:
    for name in ("create_monthly_partitions", "create_monthly_partition", "create_next_month_partitions"):
        if place.engine == "native":
            for row in (await readings.spans())[1:]:
                await place.connection.execute(f"DROP TABLE {row['partition']}")
            assert len(await timeseries.short_of(place.database)) == 1
        async with place.acting("guildhall_scheduler") as connection:
            await connection.execute(f"SELECT platform.{name}()")
        assert await timeseries.short_of(place.database) == {}
        assert len(await readings.spans()) == (4 if place.engine == "native" else 0)


# retention -----------------------------------------------------------------


async def test_whole_old_partitions_are_dropped_and_the_rest_is_kept(place: Place, readings: Readings) -> None:
    boundary = await place.connection.fetchval("SELECT now() - interval '1 year'")
    kept = [boundary + timedelta(seconds=1), boundary + timedelta(days=40), await now(place)]
    await readings.add(OLD, OLD + timedelta(days=31), *kept)
    old = [row["partition"] for row in await readings.spans() if row["ends"] <= boundary]
    assert len(old) == 2
    done = await readings.maintain()
    assert [each for each in done if each[0] == "dropped"] == [("dropped", part) for part in old]
    assert await readings.times() == kept
    dropped_before = await place.connection.fetchval(
        "SELECT dropped_before FROM platform.series WHERE name = 'readings'"
    )
    assert OLD + timedelta(days=31) < dropped_before <= kept[0]
    assert [each for each in await readings.maintain() if each[0] == "dropped"] == []


async def test_a_partition_of_which_one_row_is_young_enough_stays_whole(place: Place, readings: Readings) -> None:
    start = datetime(2020, 5, 1, tzinfo=UTC)
    await readings.add(start, start + timedelta(hours=23))
    await readings.keep(retention=await now(place) - start - timedelta(hours=22))
    await readings.keep(compress_after=None)
    assert [each for each in await readings.maintain() if each[0] == "dropped"] == []
    assert len(await readings.times()) == 2


async def test_a_series_without_retention_keeps_rows_for_ever(place: Place, readings: Readings) -> None:
    await readings.add(OLD)
    await readings.keep(retention=None)
    await readings.maintain()
    assert await readings.times() == [OLD]


async def test_a_row_that_comes_after_its_month_was_dropped_is_taken_and_goes_with_the_next_pass(
    place: Place, readings: Readings
) -> None:
    await readings.add(OLD)
    await readings.maintain()
    assert await readings.times() == []
    await readings.add(OLD)
    assert await readings.times() == [OLD]
    await readings.maintain()
    assert await readings.times() == []


async def test_what_is_younger_than_it_is_kept_cannot_be_dropped(place: Place, readings: Readings) -> None:
    await readings.add(await now(place))
    part = (await readings.spans())[-1]["partition"]
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
        async with place.acting("guildhall_scheduler") as connection:
            await connection.execute("SELECT platform.drop_partition('readings', $1)", part)


async def test_a_partition_that_somebody_writes_into_is_left_for_the_next_pass(
    place: Place, readings: Readings
) -> None:
    await readings.add(OLD)
    async with place.acting("guildhall_app") as writer:
        await readings.insert(writer, OLD + timedelta(seconds=1))
        assert [each[0] for each in await readings.maintain() if each[0] != "made"] in (["busy"], ["busy", "busy"])
    assert len(await readings.times()) == 2
    await readings.maintain()
    assert await readings.times() == []


async def test_a_writer_whose_month_is_being_dropped_gets_it_anew(place: Place, readings: Readings) -> None:
    await readings.add(OLD)
    async with place.acting("guildhall_scheduler") as scheduler:
        dropped = await scheduler.fetch(
            "SELECT action FROM platform.maintain_series('readings') WHERE action = 'dropped'"
        )
        assert len(dropped) == 1
        late = asyncio.create_task(readings.add(OLD + timedelta(seconds=1)))
        while not await place.connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())"
        ):
            assert not late.done()
    await late
    assert await readings.times() == [OLD + timedelta(seconds=1)]


async def test_what_somebody_reads_does_not_stop_other_series(place: Place, readings: Readings) -> None:
    """A long query holds a lock; whoever wants to drop gives up soon, and others are served."""
    await readings.add(OLD)
    async with place.acting("guildhall_owner") as reader:
        await reader.fetch("SELECT taken_at FROM store.readings")
        assert "busy" in [each[0] for each in await readings.maintain()]
        await readings.add(await now(place))
    assert len(await readings.times()) == 2


async def test_what_a_view_of_somebody_depends_on_is_left_and_said(place: Place, readings: Readings) -> None:
    await readings.add(OLD)
    part = (await readings.spans())[0]["partition"]
    await place.connection.execute(f"CREATE VIEW public.mine AS SELECT * FROM {part}")
    assert ("in use", part) in await readings.maintain()
    assert await readings.times() == [OLD]


async def test_what_a_roll_up_has_not_taken_in_waits_for_it(place: Place) -> None:
    async with place.acting("guildhall_owner") as connection:
        await connection.execute("SELECT platform.ensure_partitions('failure_patterns', $1, $1)", OLD)
        await connection.execute(
            "INSERT INTO store.failure_patterns "
            "(pattern_id, outcome_id, execution_time, failure_type, failure_category, fault) "
            "VALUES (gen_random_uuid(), gen_random_uuid(), $1, 'loop', 'tool_error', 'agent')",
            OLD,
        )
    shown = "SELECT sum(failure_count) FROM evaluation.failure_trends_daily WHERE day < '2020-01-01'"

    async def pass_over(retention: str) -> list[str]:
        await timeseries.adjust(place.url, "failure_patterns", timeseries.Adjustment(retention))
        async with place.acting("guildhall_scheduler") as connection:
            rows = await connection.fetch("SELECT action FROM platform.maintain_series('failure_patterns')")
        return [row["action"] for row in rows if row["action"] in ("dropped", "roll-ups")]

    assert await pass_over("1 year") == ["roll-ups"]
    assert await pass_over("20 years") == []
    await rollups.refresh(place.database)
    await rollups.refresh_continuous(place.url)
    assert await pass_over("1 year") == ["dropped"]
    async with place.acting("guildhall_app") as connection:
        assert await connection.fetchval(shown) == 1


async def test_old_rows_of_the_audit_log_go_and_recent_ones_stay(place: Place) -> None:
    async with place.acting("guildhall_owner") as connection:
        for moment in (OLD, await now(place)):
            await connection.execute("SELECT platform.ensure_partitions('audit_log', $1, $1)", moment)
            await connection.execute(
                """
                INSERT INTO store.audit_log (table_name, operation, "timestamp", epoch, transaction_id, digest)
                VALUES ('t', 'INSERT', $1, platform.epoch(), pg_current_xact_id()::text::bigint, sha256(''))
                """,
                moment,
            )
    async with place.acting("guildhall_scheduler") as connection:
        await connection.execute("SELECT platform.cleanup_old_audit_logs()")
    left = await place.connection.fetch("SELECT \"timestamp\" FROM store.audit_log WHERE table_name = 't'")
    assert [row[0] > OLD for row in left] == [True]


# the engine's own work -----------------------------------------------------


async def test_old_chunks_are_compressed_and_can_still_be_changed(place: Place, readings: Readings) -> None:
    moment = await now(place)
    await readings.add(
        moment - timedelta(days=30), moment - timedelta(days=30, seconds=-1), moment, station_id=PLACE_ID
    )
    done = [each for each in await readings.maintain() if each[0] == "compressed"]
    if place.engine == "native":
        assert done == []
        return
    assert len(done) == 1
    assert [row["is_compressed"] for row in await readings.spans()] == [True, False]
    await readings.add(moment - timedelta(days=30, seconds=1))  # a late row into a compressed chunk
    assert len(await readings.times()) == 4
    async with place.acting("guildhall_app") as connection:
        assert await connection.execute("UPDATE platform.readings SET note = note || '!'") == "UPDATE 4"
    await place.connection.execute("DELETE FROM platform.stations")
    assert len(await readings.times()) == 1


async def test_policies_follow_the_register(place: Place, readings: Readings) -> None:
    if place.engine == "native":
        return

    async def policies() -> dict[str, Any]:
        rows = await place.connection.fetch(
            "SELECT proc_name, COALESCE(config ->> 'drop_after', config ->> 'compress_after') AS after "
            "FROM timescaledb_information.jobs WHERE hypertable_name = 'readings'"
        )
        return {row["proc_name"]: row["after"] for row in rows}

    assert await policies() == {"policy_retention": "1 year", "policy_compression": "7 days"}
    await timeseries.adjust(place.url, "readings", timeseries.Adjustment("90 days", "30 days"))
    assert await policies() == {"policy_retention": "90 days", "policy_compression": "30 days"}
    await timeseries.adjust(place.url, "readings", timeseries.Adjustment(is_archived=True))
    assert await policies() == {"policy_compression": "30 days"}  # only upkeep drops what goes to a file
    await timeseries.adjust(place.url, "readings", timeseries.Adjustment("forever", "never", False))
    assert await policies() == {}


async def test_what_its_own_job_drops_is_known_after_the_next_pass(place: Place, readings: Readings) -> None:
    if place.engine == "native":
        return
    await readings.add(OLD, await now(place))
    job = await place.connection.fetchval(
        "SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'readings' AND proc_name = 'policy_retention'"
    )
    await place.connection.execute("CALL public.run_job($1::integer)".replace("$1", str(job)))
    assert len(await readings.times()) == 1
    await readings.maintain()
    dropped_before = await place.connection.fetchval(
        "SELECT dropped_before FROM platform.series WHERE name = 'readings'"
    )
    assert dropped_before > OLD


# settings and survey -------------------------------------------------------


async def test_settings_change_one_by_one_and_are_shown(place: Place, readings: Readings) -> None:
    async def state() -> timeseries.SeriesState:
        return next(each for each in await timeseries.survey(place.database) if each.name == "readings")

    before = await state()
    assert (before.retention, before.compress_after, before.is_archived) == ("1 year", "7 days", False)
    await timeseries.adjust(place.url, "readings", timeseries.Adjustment(retention="90 days"))
    await timeseries.adjust(place.url, "readings", timeseries.Adjustment(is_archived=True))
    after = await state()
    assert (after.retention, after.compress_after, after.is_archived) == ("90 days", "7 days", True)
    await timeseries.adjust(place.url, "readings", timeseries.Adjustment(retention="forever"))
    assert (await state()).retention is None


async def test_a_survey_tells_what_there_is(place: Place, readings: Readings) -> None:
    await readings.add(*[OLD + timedelta(minutes=n) for n in range(50)], OLD + YEAR)
    await place.connection.execute("ANALYZE store.readings")
    state = next(each for each in await timeseries.survey(place.database) if each.name == "readings")
    assert state.estimated_rows == 51
    assert state.starts is not None
    assert state.ends is not None
    assert state.starts <= OLD < OLD + YEAR < state.ends
    assert state.partitions == len(await readings.spans())
    assert state.size_bytes > 8192


async def test_a_span_that_makes_no_sense_is_refused(place: Place, readings: Readings) -> None:
    for text in ("soon", "-1 day", "0 days", "1 year; DROP TABLE x", "100000 years"):
        for change in (timeseries.Adjustment(retention=text), timeseries.Adjustment(compress_after=text)):
            with pytest.raises(timeseries.IntervalRefused, match="expected a span of time"):
                await timeseries.adjust(place.url, "readings", change)
    with pytest.raises(timeseries.SeriesNotFound):
        await timeseries.adjust(place.url, "writings", timeseries.Adjustment("1 year"))
    with pytest.raises(timeseries.OwnerNeeded):
        await timeseries.adjust(place.login_url, "readings", timeseries.Adjustment("1 year"))


async def test_a_month_that_is_over_is_frozen_once(place: Place, readings: Readings) -> None:
    await readings.add(OLD, await now(place))
    done = await timeseries.close_partitions(place.url)
    assert ("readings" in {step.series for step in done}) == (place.engine == "native")
    if place.engine == "native":
        closed = [step.detail for step in done if (step.action, step.series) == ("closed", "readings")]
        assert closed == ["store.readings_2019_03"]  # of other series a day may be over since the template was made
        frozen = await place.connection.fetchrow(
            "SELECT relpages, relallvisible, reltuples FROM pg_class WHERE oid = 'store.readings_2019_03'::regclass"
        )
        assert tuple(frozen) == (1, 1, 1.0)
        assert (
            await place.connection.fetchval("SELECT reltuples FROM pg_class WHERE oid = 'store.readings'::regclass")
            == 2
        )
    assert [step for step in await timeseries.close_partitions(place.url) if step.series == "readings"] == []
