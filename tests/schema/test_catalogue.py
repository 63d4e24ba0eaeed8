"""The catalogue wing: what all teams share, who may change it, and that it finds and prices what it should."""

from __future__ import annotations

import json
import math
import random
import unicodedata
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from fixtures.statements import OURS, Statements

DAY = date(2025, 1, 1)


async def provider(sql: Statements, slug: str = "acme") -> UUID:
    return await sql.value("INSERT INTO catalogue.providers (slug, name) VALUES ($1, 'Acme') RETURNING id", slug)


async def model(sql: Statements, slug: str = "acme-1", *, of: UUID, **values: object) -> UUID:
    """A model whose name is its slug, unless `name`, by locale, says otherwise."""
    given: dict[str, object] = {"slug": slug, "name": {"en-US": slug}, "provider_id": of, **values}
    texts = {
        key: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value for key, value in given.items()
    }
    marks = ", ".join(f"${n}" for n in range(1, len(texts) + 1))
    return await sql.value(
        f"INSERT INTO catalogue.models ({', '.join(texts)}) VALUES ({marks}) RETURNING id", *texts.values()
    )


@pytest.fixture
async def curator(sql: Statements) -> Statements:
    """The transaction as a curator's."""
    await sql.act("guildhall_curator")
    return sql


# who may do what ------------------------------------------------------------------


async def test_curators_write_and_applications_read(sql: Statements) -> None:
    await sql.act("guildhall_curator")
    acme = await provider(sql)
    priced = await model(sql, of=acme)
    await sql.execute(
        "INSERT INTO catalogue.pricing (model_id, tier, input_per_million, effective_from) VALUES ($1, 'standard', 3, $2)",
        priced,
        DAY,
    )
    tables = [
        row["name"]
        for row in await sql.fetch(
            """
            SELECT oid::regclass::text AS name FROM pg_class
             WHERE relnamespace = 'catalogue'::regnamespace AND relkind IN ('r', 'v')
               AND split_part(obj_description(oid), ': ', 2) = 'global' AND oid::regclass::text NOT LIKE '%listings%'
               AND has_table_privilege('guildhall_curator', oid, 'INSERT')
            """
        )
    ]
    assert len(tables) == 14
    for table in tables:
        for role in ("guildhall_app", "guildhall_reader"):
            await sql.act(role, OURS)
            await sql.fetch(f"SELECT * FROM {table}")
            async with sql.refused("not_allowed"):
                await sql.execute(f"DELETE FROM {table}")
            async with sql.refused("not_allowed"):
                await sql.execute(f"INSERT INTO {table} SELECT * FROM {table}")
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE catalogue.pricing SET input_per_million = 0")


async def test_nobody_but_curators_and_the_scheduler_adds_probes(sql: Statements) -> None:
    await sql.act("guildhall_curator")
    probed = await model(sql, of=await provider(sql))
    for relation, role in (
        ("catalogue.status_probes", "guildhall_app"),
        ("store.status_probes", "guildhall_app"),
        ("catalogue.status_probes", "guildhall_worker"),
    ):
        await sql.act(role, OURS)
        async with sql.refused("not_allowed"):
            await sql.execute(f"INSERT INTO {relation} (model_id, region) VALUES ($1, 'eu')", probed)
    await sql.act("guildhall_scheduler")
    await sql.execute("INSERT INTO catalogue.status_probes (model_id, region) VALUES ($1, 'eu')", probed)
    await sql.execute(
        "INSERT INTO catalogue.incidents (model_id, severity, status, title, started_at) VALUES ($1, 'minor', 'identified', 'Slow', now())",
        probed,
    )
    await sql.execute("UPDATE catalogue.incidents SET status = 'resolved', resolved_at = now()")
    async with sql.refused("not_allowed"):
        await sql.execute("DELETE FROM catalogue.incidents")
    async with sql.refused("not_allowed"):
        await sql.execute("UPDATE catalogue.models SET is_active = false")


async def test_what_a_curator_changes_is_kept_without_what_only_machines_read(curator: Statements) -> None:
    kept = await model(curator, of=await provider(curator))
    await curator.execute("UPDATE catalogue.models SET context_window = 128000 WHERE id = $1", kept)
    await curator.act("postgres")
    row = await curator.row(
        "SELECT old_data, new_data, tenant_id FROM store.audit_log WHERE table_name LIKE '%models' AND operation = 'UPDATE'"
    )
    assert row["tenant_id"] is None
    assert json.loads(row["old_data"])["context_window"] is None
    assert json.loads(row["new_data"])["context_window"] == 128000
    assert "search_vector" not in json.loads(row["new_data"])


# what is refused ------------------------------------------------------------------


async def test_a_provider_has_a_plain_slug(curator: Statements) -> None:
    for slug in ("OpenAI", "open ai", "-openai", "openai-", "", "open/ai"):
        async with curator.refused("providers_slug_is_plain"):
            await provider(curator, slug)


async def test_models_keep_the_slugs_that_providers_give_them(curator: Statements) -> None:
    acme = await provider(curator)
    for slug in (
        "gpt-4o",
        "claude-3.5-sonnet",
        "meta-llama/llama-3.1-70b:free",
        "gemini-2.0-flash@001",
        "@cf/openai/gpt-oss-120b",
        "~openai/gpt-latest",
    ):
        await model(curator, slug, of=acme)
        async with curator.refused("models_one_per_slug"):
            await model(curator, slug, of=acme)
        async with curator.refused("models_slug_is_plain"):
            await model(curator, slug.upper(), of=acme)


async def test_what_is_localized_has_a_text_for_each_locale(curator: Statements) -> None:
    acme = await provider(curator)
    wrong = [
        '"GPT"',
        "[]",
        "{}",
        '{"en-US": ""}',
        '{"en-US": 4}',
        '{"English": "GPT"}',
        '{"en-US": "GPT", "": "x"}',
        "null",
    ]
    for texts in wrong:
        async with curator.refused("models_name_is_localized"):
            await curator.execute(
                "INSERT INTO catalogue.models (provider_id, slug, name) VALUES ($1, 'x', $2::text::jsonb)", acme, texts
            )


WRONG_MODELS: list[tuple[Any, ...]] = [
    ({"context_window": 0}, "models_sizes_are_positive"),
    ({"max_output_tokens": -1}, "models_sizes_are_positive"),
    ({"released_at": DAY, "deprecated_at": date(2024, 12, 31)}, "models_life_goes_forward"),
    ({"released_at": DAY, "sunset_at": date(2024, 12, 31)}, "models_life_goes_forward"),
    ({"description": {"en-US": "x" * 100_000}}, "models_texts_size"),
]


async def test_a_model_that_cannot_be_is_refused(curator: Statements) -> None:
    acme = await provider(curator)
    for values, constraint in WRONG_MODELS:
        async with curator.refused(constraint):
            await model(curator, of=acme, **values)


WRONG_PROBES: list[tuple[Any, ...]] = [
    ("availability) VALUES ($1, 'eu', 100.01)", "status_probes_rates_are_percentages"),
    ("error_rate) VALUES ($1, 'eu', -1)", "status_probes_rates_are_percentages"),
    ("latency_p50, latency_p95) VALUES ($1, 'eu', 200, 100)", "status_probes_latencies_rise"),
    ("latency_p50, latency_p99) VALUES ($1, 'eu', 200, 100)", "status_probes_latencies_rise"),
    ("latency_p99) VALUES ($1, 'eu', -1)", "status_probes_latencies_rise"),
    ("requests_per_minute) VALUES ($1, 'eu', -1)", "status_probes_counts_are_not_negative"),
    ("window_seconds) VALUES ($1, 'eu', 0)", "status_probes_window_is_positive"),
]


async def test_a_probe_that_cannot_be_is_refused(curator: Statements) -> None:
    probed = await model(curator, of=await provider(curator))
    for values, constraint in WRONG_PROBES:
        async with curator.refused(constraint):
            await curator.execute(f"INSERT INTO catalogue.status_probes (model_id, region, {values}", probed)


WRONG_INCIDENTS: list[tuple[Any, ...]] = [
    ("severity, status) VALUES (NULL, 'Slow', now(), 'minor', 'investigating')", "incidents_concern_something"),
    ("severity, status) VALUES ($1, 'Slow', now(), 'bad', 'investigating')", "incidents_severity_is_known"),
    ("severity, status) VALUES ($1, 'Slow', now(), 'minor', 'gone')", "incidents_status_is_known"),
    ("severity, status) VALUES ($1, 'Slow', now(), 'minor', 'resolved')", "incidents_end_is_recorded"),
    (
        "severity, status, identified_at) VALUES ($1, 'Slow', now(), 'minor', 'identified', now() - interval '1 s')",
        "incidents_go_forward",
    ),
]


async def test_an_incident_that_cannot_be_is_refused(curator: Statements) -> None:
    acme = await provider(curator)
    for values, constraint in WRONG_INCIDENTS:
        async with curator.refused(constraint):
            await curator.execute(
                f"INSERT INTO catalogue.incidents (provider_id, title, started_at, {values}".replace("$1", f"'{acme}'")
            )


async def test_a_provider_takes_its_models_and_all_about_them_along(curator: Statements) -> None:
    acme = await provider(curator)
    gone = await model(curator, of=acme)
    other = await model(curator, "other-1", of=await provider(curator, "other"))
    for each in (gone, other):
        await curator.execute(
            "INSERT INTO catalogue.model_endpoints (model_id, region, endpoint_url) VALUES ($1, 'eu', 'https://x')",
            each,
        )
        await curator.execute("INSERT INTO catalogue.status_probes (model_id, region) VALUES ($1, 'eu')", each)
        await curator.execute(
            "INSERT INTO catalogue.model_aliases (alias, model_id) VALUES ($1, $2)", f"alias-{each}", each
        )
    await curator.execute("DELETE FROM catalogue.providers WHERE id = $1", acme)
    for table in ("model_endpoints", "status_probes", "model_aliases"):
        assert [row["model_id"] for row in await curator.fetch(f"SELECT model_id FROM catalogue.{table}")] == [other]


# prices ---------------------------------------------------------------------------

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


# search ---------------------------------------------------------------------------


@pytest.fixture
async def shelf(curator: Statements) -> Statements:
    """A catalogue of four models, and the application to search it."""
    acme = await provider(curator)
    await model(
        curator, "gpt-4o", of=acme,
        name={"en-US": "GPT-4o", "zh-CN": "GPT-4o", "ja-JP": "GPT-4o"},
        description={"en-US": "A multimodal model for reasoning and embeddings", "zh-CN": "通用语言模型，支持推理", "ja-JP": "東京都で作られた汎用言語モデル"},
    )  # fmt: skip
    await model(
        curator, "claude-3.5-sonnet", of=acme,
        name={"en-US": "Claude 3.5 Sonnet"}, description={"en-US": "It writes café poetry", "zh-CN": "擅长写作的模型"},
    )  # fmt: skip
    await model(curator, "wenxin-4", of=acme, name={"zh-CN": "文心大模型", "en-US": "Wenxin"}, foundation_model="ernie")
    await model(curator, "gpt-4o-mini", of=acme, name={"en-US": "GPT-4o mini"})
    await model(curator, "gpt-3", of=acme, is_active=False)
    await curator.execute("INSERT INTO catalogue.model_aliases (alias, model_id) SELECT 'sonnet-latest', id FROM catalogue.models WHERE slug LIKE '%sonnet'")  # fmt: skip
    await curator.act("guildhall_app", OURS)
    return curator


async def slugs(sql: Statements, query: str, locale: str = "en-US", limit: int = 20) -> list[str]:
    rows = await sql.fetch(
        """
        SELECT slug FROM catalogue.search_models($1, $2, $3) WITH ORDINALITY AS found (id, name, rank, place)
          JOIN catalogue.models USING (id) ORDER BY place
        """,
        query, locale, limit,
    )  # fmt: skip
    return [row["slug"] for row in rows]


FOUND = [
    ("sonnet 3.5", "en-US", {"claude-3.5-sonnet"}),
    ("CLAUDE-3.5", "en-US", {"claude-3.5-sonnet"}),
    ("claude 35", "en-US", {"claude-3.5-sonnet"}),
    ("gpt 4o", "en-US", {"gpt-4o", "gpt-4o-mini"}),
    ("gpt4o", "en-US", {"gpt-4o", "gpt-4o-mini"}),
    ("ＧＰＴ－４ｏ", "ja-JP", {"gpt-4o", "gpt-4o-mini"}),
    ("embedding", "en-US", {"gpt-4o"}),
    ("models for reasoning", "en-US", {"gpt-4o"}),
    ("cafe", "en-US", {"claude-3.5-sonnet"}),
    ("ernie", "en-US", {"wenxin-4"}),
    ("sonnet-latest", "en-US", {"claude-3.5-sonnet"}),
    ("模型", "zh-CN", {"gpt-4o", "claude-3.5-sonnet", "wenxin-4"}),
    ("语言模型", "zh-CN", {"gpt-4o"}),
    ("写", "zh-CN", {"claude-3.5-sonnet"}),
    ("作的模型", "en-US", {"claude-3.5-sonnet"}),
    ("gpt 推理", "zh-CN", {"gpt-4o"}),
    ("言語モデル", "ja-JP", {"gpt-4o"}),
    ("ﾓﾃﾞﾙ", "ja-JP", {"gpt-4o"}),
    ("ル", "ja-JP", {"gpt-4o"}),
    ("gpt 文心", "zh-CN", {"gpt-4o", "gpt-4o-mini", "wenxin-4"}),  # none has both: each that has one
    ("型语", "zh-CN", set()),
    ("", "en-US", set()),
    ("'; --", "en-US", set()),
    ("\\ :* & | !", "en-US", set()),
]


async def test_models_are_found_in_every_language(shelf: Statements) -> None:
    found = [(query, locale, set(await slugs(shelf, query, locale))) for query, locale, _ in FOUND]
    assert found == FOUND
    assert "gpt-3" not in await slugs(shelf, "gpt-3")  # it is not offered any more


async def test_what_is_asked_for_by_its_name_comes_first(shelf: Statements) -> None:
    assert (await slugs(shelf, "gpt-4o-mini"))[0] == "gpt-4o-mini"
    assert (await slugs(shelf, "GPT-4o"))[0] == "gpt-4o"
    assert (await slugs(shelf, "模型", "zh-CN"))[0] == "wenxin-4"  # in its name, not only in what is said of it
    assert len(await slugs(shelf, "模型", "zh-CN", 2)) == 2


async def test_search_goes_through_its_index(shelf: Statements) -> None:
    await shelf.execute("SET LOCAL enable_seqscan = off")
    plan = await shelf.fetch(
        "EXPLAIN SELECT id FROM catalogue.models WHERE search_vector @@ platform.text_query('语言模型', 'zh-CN')"
    )
    assert "idx_models_search" in "\n".join(row[0] for row in plan)


async def test_a_changed_text_is_found_and_the_old_one_is_not(shelf: Statements) -> None:
    await shelf.act("guildhall_curator")
    await shelf.execute(
        """UPDATE catalogue.models SET description = '{"ja-JP": "翻訳が得意"}', search_vector = '' WHERE slug = 'gpt-4o'"""
    )
    assert await slugs(shelf, "翻訳", "ja-JP") == ["gpt-4o"]
    assert await slugs(shelf, "言語", "ja-JP") == []
    await shelf.execute("UPDATE catalogue.models SET search_vector = '' WHERE slug = 'gpt-4o'")
    assert await slugs(shelf, "翻訳", "ja-JP") == ["gpt-4o"]


async def test_in_text_without_spaces_substrings_are_found_and_nothing_else(sql: Statements) -> None:
    chance = random.Random(489)
    letters = "模型语言通モデル言語東京都がーｶﾞ"
    texts = ["".join(chance.choices(letters, k=chance.randint(0, 12))) for _ in range(400)]
    asked = [
        chance.choice(
            [text[start : start + chance.randint(1, 5)], "".join(chance.choices(letters, k=chance.randint(1, 3)))]
        )
        for text in texts
        for start in [chance.randint(0, max(0, len(text) - 1))]
    ]
    pairs = [(text, query) for text in texts[:100] for query in asked[:100] if query] + [
        (text, query) for text, query in zip(texts, asked, strict=True) if query
    ]
    rows = await sql.fetch(
        """
        SELECT platform.text_grams(text) @@ platform.text_query(query, 'ja-JP') AS found
          FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS pairs (text, query, place) ORDER BY place
        """,
        [text for text, _ in pairs], [query for _, query in pairs],
    )  # fmt: skip
    expected = [unicodedata.normalize("NFKC", query) in unicodedata.normalize("NFKC", text) for text, query in pairs]
    assert 1000 < sum(expected) < len(pairs) - 1000
    wrong = [pair for pair, row, right in zip(pairs, rows, expected, strict=True) if row["found"] is not right]
    assert wrong == []


async def test_any_text_can_be_kept_and_asked_for(sql: Statements) -> None:
    chance = random.Random(513)
    alphabet = [
        chr(code) for code in (*range(1, 0x250), *range(0x3000, 0x3100), *range(0xFF00, 0xFFF0), 0x10FFFF, 0x1F600)
    ]
    texts = ["".join(chance.choices(alphabet, k=chance.randint(0, 60))) for _ in range(500)]
    texts += ["x" * 5000, "模" * 30_000, "a-b" * 5000, "'" * 10, "\\" * 10]
    rows = await sql.fetch(
        "SELECT platform.text_vector(text, 'en-US') AS vector, platform.text_query(text, 'en-US')::text AS query FROM unnest($1::text[]) AS text",
        texts,
    )
    assert len(rows) == len(texts)


async def test_a_reader_gets_the_nearest_text(sql: Statements) -> None:
    for locale, text in (("zh-CN", "b"), ("zh-TW", "b"), ("de-DE", "a"), ("ja-JP", "a"), ("en-GB", "a")):
        texts = '{"zh-CN": "b", "en-US": "a", "fr-FR": "c"}'
        assert await sql.value("SELECT catalogue.localized($1::text::jsonb, $2)", texts, locale) == text, locale


# probes and places ----------------------------------------------------------------


async def test_a_probe_of_any_date_is_accepted_once(sql: Statements) -> None:
    await sql.act("guildhall_curator")
    probed = await model(sql, of=await provider(sql))
    await sql.act("guildhall_scheduler")
    for moment in (
        datetime(1999, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=UTC),
        datetime(2041, 7, 1, tzinfo=UTC),
    ):
        await sql.value("SELECT platform.ensure_partitions('status_probes', $1, $1)", moment)
        probe = 'INSERT INTO catalogue.status_probes ("time", model_id, region, availability) VALUES ($1, $2, $3, 99.5)'
        await sql.execute(probe, moment, probed, "eu-west")
        await sql.execute(probe, moment, probed, "us-east")
        async with sql.refused("status_probes" + moment.strftime("_%Y_%m_pkey")):
            await sql.execute(probe, moment, probed, "eu-west")
    await sql.act("guildhall_app", OURS)
    assert await sql.value("SELECT count(*) FROM catalogue.status_probes WHERE model_id = $1", probed) == 6


def great_circle_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """The angle between two vectors from the centre of the earth, by their cross and dot products."""

    def vector(place: tuple[float, float]) -> tuple[float, float, float]:
        latitude, longitude = map(math.radians, place)
        return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)

    (a, b, c), (d, e, f) = vector(here), vector(there)
    cross = math.hypot(b * f - c * e, c * d - a * f, a * e - b * d)
    return 6371.0088 * math.atan2(cross, a * d + b * e + c * f)


async def test_distances_agree_with_vectors_and_with_the_map(sql: Statements) -> None:
    chance = random.Random(39)
    places = [(chance.uniform(-90, 90), chance.uniform(-180, 180)) for _ in range(200)]
    places += [(0, 0), (90, 0), (-90, 77), (0, 180), (0, -180), (38.9072, -77.0369), (38.9073, -77.0369)]
    pairs = [(here, there) for here in places for there in places[-40:]]
    rows = await sql.fetch(
        """
        SELECT catalogue.distance_km(a, b, c, d) AS km
          FROM unnest($1::float8[], $2::float8[], $3::float8[], $4::float8[]) WITH ORDINALITY AS pairs (a, b, c, d, n) ORDER BY n
        """,
        *([pair[side][axis] for pair in pairs] for side in (0, 1) for axis in (0, 1)),
    )
    for (here, there), row in zip(pairs, rows, strict=True):
        # where two places face each other the formula is least exact: a metre at most
        assert row["km"] == pytest.approx(great_circle_km(here, there), rel=1e-9, abs=1e-3), (here, there)
    # London to New York: 5570 km on the ellipsoid
    assert await sql.value("SELECT catalogue.distance_km(51.5074, -0.1278, 40.7128, -74.0060)") == pytest.approx(
        5570, rel=0.006
    )


async def test_the_nearest_place_is_found_and_places_lie_on_earth(curator: Statements) -> None:
    place = "INSERT INTO catalogue.probe_locations (name, region, latitude, longitude) VALUES ($1, $2, $3, $4)"
    for name, longitude, latitude in (
        ("us-east-1", -77.0369, 38.9072),
        ("us-west-1", -122.4194, 37.7749),
        ("eu-west-1", 8.6821, 50.1109),
    ):
        await curator.execute(place, name, name[:-2], latitude, longitude)
    for latitude, longitude in ((90.1, 0), (0, 180.1)):
        async with curator.refused("probe_locations_are_on_earth"):
            await curator.execute(place, "nowhere", "x", latitude, longitude)
    paris = (48.8566, 2.3522)
    nearest = (
        "SELECT name FROM catalogue.probe_locations ORDER BY catalogue.distance_km(latitude, longitude, $1, $2) LIMIT 1"
    )
    assert await curator.value(nearest, *paris) == "eu-west-1"


# the document's own statements ------------------------------------------------------


async def test_the_document_s_statements_run_as_they_are_written(shelf: Statements) -> None:
    await shelf.act("guildhall_curator")
    await shelf.execute("SET LOCAL search_path = evaluation, gateway, catalogue, society, platform, public")
    gpt = await shelf.value("SELECT id FROM models WHERE slug = 'gpt-4o'")
    await shelf.execute(
        """
        INSERT INTO status_probes (time, model_id, region, probe_location, availability, latency_p50, latency_p95, latency_p99, error_rate, requests_per_minute)
        VALUES (now(), $1, 'us-east', 'us-east-1', 99.92, 500, 980, 2000, 0.08, 3400)
        """,
        gpt,
    )
    await shelf.execute(
        "INSERT INTO benchmark_suites (slug, name, category, max_score, scoring_method) VALUES ('mmlu', 'MMLU', 'reasoning', 100, 'percentage')"
    )
    await shelf.execute(
        "INSERT INTO benchmark_scores (model_id, suite_id, score_raw, score_normalized, evaluation_date) SELECT $1, id, 88.7, 88.7, CURRENT_DATE FROM benchmark_suites",
        gpt,
    )
    await shelf.act("guildhall_app", OURS)
    assert (await shelf.row("SELECT * FROM search_models('GPT-4o')"))["id"] == gpt
    assert (await shelf.row("SELECT * FROM search_models('推理', 'zh-CN', 5)"))["id"] == gpt
    five_minutes = await shelf.row(
        """
        SELECT date_bin('5 minutes', time, '2000-01-01') AS bucket, model_id, region, AVG(availability) AS avg_availability, COUNT(*) AS probe_count
          FROM status_probes GROUP BY bucket, model_id, region
        """
    )
    assert (five_minutes["model_id"], five_minutes["probe_count"]) == (gpt, 1)
    listing = await shelf.row(
        """
        SELECT m.id, m.slug, p.name AS provider_name,
               COALESCE((SELECT jsonb_agg(jsonb_build_object('suite', bs.slug, 'score', b.score_normalized, 'date', b.evaluation_date))
                           FROM benchmark_scores b JOIN benchmark_suites bs ON b.suite_id = bs.id
                          WHERE b.model_id = m.id AND b.evaluation_date >= CURRENT_DATE - INTERVAL '30 days'), '[]'::jsonb) AS recent_benchmarks
          FROM models m JOIN providers p ON m.provider_id = p.id
         WHERE m.is_active = true AND m.slug = 'gpt-4o'
        """
    )
    assert json.loads(listing["recent_benchmarks"])[0]["suite"] == "mmlu"


async def test_scores_say_how_sure_they_are_and_two_efforts_may_share_a_day(curator: Statements) -> None:
    scored = await model(curator, of=await provider(curator))
    suite = await curator.value(
        "INSERT INTO catalogue.benchmark_suites (slug, name) VALUES ('mmlu', 'MMLU') RETURNING id"
    )
    score = """
        INSERT INTO catalogue.benchmark_scores (model_id, suite_id, variant, score_raw, score_low, score_high, evaluation_date)
        VALUES ($1, $2, $3, 50, $4, $5, '2025-01-01')
    """
    await curator.execute(score, scored, suite, "high", 48, 52)
    await curator.execute(score, scored, suite, "low", None, None)
    async with curator.refused("benchmark_scores_one_per_day"):
        await curator.execute(score, scored, suite, "high", 48, 52)
    async with curator.refused("benchmark_scores_interval_holds_the_score"):
        await curator.execute(score, scored, suite, "medium", 51, 52)
