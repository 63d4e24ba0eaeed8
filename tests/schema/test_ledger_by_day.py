"""The gateway's ledger goes from months to days and back: every row stays, as it was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fixtures.engines import Place
from guildhall.db import migrate, rollups, timeseries
from guildhall.domains.platform import identity

BEFORE = 45
"""The last migration by which the ledger's series were of months."""

NUMBERS = "SELECT digest, created_at, model FROM store.llm_requests ORDER BY created_at, id"


async def add(place: Place, *times: datetime) -> None:
    """Calls of these times, as the gateway writes them."""
    for each in times:
        async with place.acting("guildhall_writer") as connection:
            await connection.execute("SELECT platform.ensure_partitions('llm_requests', $1, $1)", each)
            await connection.execute(
                "INSERT INTO store.llm_requests (id, tenant_id, user_id, request_type, model, prompt, messages, status, created_at)"
                " VALUES (gen_random_uuid(), $2, $3, 'chat', 'm', '', '[]', 'running', $1)",
                each,
                identity.LOCAL.tenant_id,
                identity.LOCAL.user_id,
            )


async def spans(place: Place) -> dict[str, timedelta]:
    rows = await place.connection.fetch(
        "SELECT partition, ends - starts AS length FROM platform.partition_spans('llm_requests')"
    )
    return {row["partition"]: row["length"] for row in rows}


async def test_months_with_calls_stay_whole_until_they_expire_and_all_others_are_days(place: Place) -> None:
    if place.engine == "timescale":
        assert await place.connection.fetchval(
            "SELECT step FROM platform.series WHERE name = 'llm_requests'"
        ) == timedelta(1)
        return
    now: datetime = await place.connection.fetchval("SELECT now()")
    old = datetime(2026, 1, 30, 12, tzinfo=UTC)
    next_month = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    await migrate.rollback(place.url, to=BEFORE)
    await add(place, old, now)
    written = await place.connection.fetch(NUMBERS)
    await migrate.migrate(place.url)

    assert await place.connection.fetch(NUMBERS) == written
    left = [each for each, length in (await spans(place)).items() if length > timedelta(1)]
    assert left == ["store.llm_requests_2026_01", f"store.llm_requests_{now:%Y_%m}"]
    # A call of a month that is there goes into it; one of any other time has its day.
    await add(place, old - timedelta(days=20), now, next_month, next_month + timedelta(days=1))
    found = await spans(place)
    assert [each for each in found if found[each] == timedelta(1)][:2] == [
        f"store.llm_requests_{next_month:%Y_%m}_01",
        f"store.llm_requests_{next_month:%Y_%m}_02",
    ]
    assert await timeseries.short_of(place.database) == {}
    # What is old goes, a partition at a time, and nobody makes it anew for what is there.
    await rollups.refresh(place.database)
    steps = [
        (each.action, each.detail)
        for each in await timeseries.maintain(place.database)
        if each.series == "llm_requests"
    ]
    assert steps == [("dropped", "store.llm_requests_2026_01")]

    written = await place.connection.fetch(NUMBERS)
    await migrate.rollback(place.url, to=BEFORE)
    assert await place.connection.fetch(NUMBERS) == written
    assert all(length > timedelta(1) for length in (await spans(place)).values())
