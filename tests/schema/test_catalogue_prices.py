"""What models cost: one price for each thing on each day, and aliases that mean one model at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from fixtures.catalogue import model, provider
from fixtures.statements import Statements

DAY = date(2025, 1, 1)


PRICE = """
    INSERT INTO catalogue.pricing (model_id, tier, region, currency, input_per_million, effective_from, effective_to)
    VALUES ($1, $2, $3, $4, 1, $5, $6)
"""


async def test_of_two_prices_for_the_same_one_holds_on_each_day(curator: Statements) -> None:
    priced = await model(curator, of=await provider(curator))
    june, july = date(2025, 6, 1), date(2025, 7, 1)
    for region in (None, "eu-west"):  # a region that is not given is one as well
        await curator.execute(PRICE, priced, "standard", region, "USD", DAY, june)
        for starts, ends in (
            (DAY, june),
            (date(2025, 5, 31), None),
            (date(2024, 1, 1), date(2025, 1, 2)),
            (date(2025, 2, 1), date(2025, 2, 2)),
        ):
            async with curator.refused("pricing_one_price_a_day"):
                await curator.execute(PRICE, priced, "standard", region, "USD", starts, ends)
        await curator.execute(
            PRICE, priced, "standard", region, "USD", june, july
        )  # the day on which one ends is the next one's
        await curator.execute(PRICE, priced, "standard", region, "USD", july, None)
        async with curator.refused("pricing_one_price_a_day"):
            await curator.execute("UPDATE catalogue.pricing SET effective_to = NULL WHERE region IS NOT DISTINCT FROM $1 AND effective_from = $2", region, DAY)  # fmt: skip
    assert await curator.value("SELECT count(*) FROM catalogue.pricing") == 6


async def test_prices_of_different_things_stand_beside_each_other(curator: Statements) -> None:
    acme = await provider(curator)
    priced, other = await model(curator, of=acme), await model(curator, "acme-2", of=acme)
    for thing in (
        (priced, "standard", None, "USD"),
        (other, "standard", None, "USD"),
        (priced, "academic", None, "USD"),
        (priced, "standard", "eu-west", "USD"),
        (priced, "standard", None, "CNY"),
    ):
        await curator.execute(PRICE, *thing, DAY, None)
    for column, value in (("min_input_tokens", 200_000), ("service_tier", "batch")):
        await curator.execute(
            f"INSERT INTO catalogue.pricing (model_id, tier, {column}, input_per_million, effective_from) VALUES ($1, 'standard', $2, 1, $3)",
            priced, value, DAY,
        )  # fmt: skip


async def test_a_price_that_was_wrong_makes_room_and_stays(curator: Statements) -> None:
    priced = await model(curator, of=await provider(curator))
    await curator.execute(PRICE, priced, "standard", None, "USD", DAY, None)
    await curator.execute("UPDATE catalogue.pricing SET superseded_at = now()")
    await curator.execute(PRICE, priced, "standard", None, "USD", DAY, None)
    assert await curator.value("SELECT count(*) FROM catalogue.pricing") == 2


@pytest.mark.parametrize("isolation", ["read_committed", "repeatable_read", "serializable"])
@pytest.mark.parametrize("first_stays", [True, False])
async def test_two_curators_at_once_cannot_both_set_a_price(
    administrator_url: str, isolation: str, first_stays: bool
) -> None:
    """The second has looked before the first has written: what it cannot see holds it back all the same."""
    first, second = await asyncpg.connect(administrator_url), await asyncpg.connect(administrator_url)
    try:
        acme = await first.fetchval("INSERT INTO catalogue.providers (slug, name) VALUES ('acme', 'Acme') RETURNING id")
        priced = await first.fetchval(
            """INSERT INTO catalogue.models (provider_id, slug, name) VALUES ($1, 'acme-1', '{"en-US": "1"}') RETURNING id""",
            acme,
        )
        price = (PRICE, priced, "standard", None, "USD", DAY, None)
        holder, waiter = first.transaction(isolation=isolation), second.transaction(isolation=isolation)
        await holder.start()
        await waiter.start()
        assert await second.fetchval("SELECT count(*) FROM catalogue.pricing") == 0
        await first.execute(*price)
        if first_stays:
            await holder.commit()
            with pytest.raises((asyncpg.ExclusionViolationError, asyncpg.SerializationError)):
                await second.execute(*price)
            await waiter.rollback()
        else:
            await holder.rollback()
            await second.execute(*price)
            await waiter.commit()
        assert await first.fetchval("SELECT count(*) FROM catalogue.pricing") == 1
    finally:
        await first.close()
        await second.close()


async def test_the_price_of_a_day_is_found_through_the_index_that_keeps_prices_apart(curator: Statements) -> None:
    priced = await model(curator, of=await provider(curator))
    for year in range(2000, 2020):
        await curator.execute(PRICE, priced, "standard", None, "USD", date(year, 1, 1), date(year + 1, 1, 1))
    await curator.execute("SET LOCAL enable_seqscan = off")
    await curator.execute("SET LOCAL enable_bitmapscan = off")
    query = f"""
        SELECT effective_from FROM catalogue.pricing
         WHERE catalogue.key_of(model_id::text, tier, service_tier, region, currency, min_input_tokens::text)
               = catalogue.key_of('{priced}', 'standard', 'default', NULL, 'USD', '0')
           AND daterange(effective_from, effective_to) @> date '2011-07-01' AND superseded_at IS NULL
    """
    assert await curator.value(query) == date(2011, 1, 1)
    plan = "\n".join(row[0] for row in await curator.fetch(f"EXPLAIN {query}"))
    assert "pricing_one_price_a_day" in plan


WRONG_PRICES: list[tuple[Any, ...]] = [
    ("input_per_million", "-0.0000000001", "pricing_is_not_negative"),
    ("video_per_minute", "-1", "pricing_is_not_negative"),
    ("currency", "'usd'", "pricing_currency_is_a_code"),
    ("region", "''", "pricing_region_is_named"),
    ("effective_to", "'2025-01-01'", "pricing_ends_after_it_begins"),
    ("volume_discounts", "'{}'", "pricing_volume_discounts_is_a_list"),
    ("min_input_tokens", "-1", "pricing_threshold_is_not_negative"),
    ("service_tier", "'Batch'", "pricing_tiers_are_plain"),
]


async def test_a_price_that_cannot_be_is_refused(curator: Statements) -> None:
    priced = await model(curator, of=await provider(curator))
    for column, value, constraint in WRONG_PRICES:
        async with curator.refused(constraint):
            await curator.execute(
                f"INSERT INTO catalogue.pricing (model_id, tier, effective_from, {column}) VALUES ($1, 'standard', '2025-01-01', {value})",
                priced,
            )


async def test_a_price_keeps_every_digit_and_what_is_unknown_is_not_free(curator: Statements) -> None:
    priced = await model(curator, of=await provider(curator))
    row = await curator.row(
        """
        INSERT INTO catalogue.pricing (model_id, tier, input_per_million, effective_from)
        VALUES ($1, 'standard', 0.0123456789, '2025-01-01') RETURNING input_per_million::text AS input, output_per_million
        """,
        priced,
    )
    assert tuple(row) == ("0.0123456789", None)


# aliases --------------------------------------------------------------------------


async def test_an_alias_means_one_model_at_a_time_and_may_move_on(curator: Statements) -> None:
    acme, other = await provider(curator), await provider(curator, "other")
    old, new = await model(curator, of=acme), await model(curator, "acme-2", of=acme)
    alias = "INSERT INTO catalogue.model_aliases (alias, provider_id, model_id, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5)"
    moved = datetime(2025, 6, 1, tzinfo=UTC)
    begun = datetime(2024, 1, 1, tzinfo=UTC)
    for served_by in (None, acme, other):
        await curator.execute(alias, "acme-latest", served_by, old, begun, moved)
        await curator.execute(alias, "acme-latest", served_by, new, moved, None)
        async with curator.refused("model_aliases_mean_one_model_at_a_time"):
            await curator.execute(alias, "acme-latest", served_by, old, datetime(2025, 5, 31, 23, tzinfo=UTC), None)
    async with curator.refused("model_aliases_end_after_they_begin"):
        await curator.execute(alias, "acme-newest", None, new, moved, moved)
    async with curator.refused("model_aliases_alias_is_plain"):
        await curator.execute(alias, "Acme-Latest", None, new, moved, None)
