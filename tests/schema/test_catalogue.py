"""The catalogue wing: what all teams share, who may change it, and what it refuses."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, date, datetime
from typing import Any

import pytest

from fixtures.catalogue import model, provider
from fixtures.statements import OURS, Statements

DAY = date(2025, 1, 1)


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
        async with sql.refused("status_probes_pkey"):
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
