"""Percentiles from histograms in SQL, beside numpy's from the values themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import numpy as np
import pytest

RELATIVE_ERROR = 0.02
FRACTIONS = [0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0]

SHAPES = {
    "uniform": lambda rng, n: rng.uniform(0, 5000, n),
    "exponential": lambda rng, n: rng.exponential(800, n),
    "heavy-tailed": lambda rng, n: rng.pareto(1.1, n) * 100,
    "two humps": lambda rng, n: np.where(rng.random(n) < 0.9, rng.normal(300, 20, n), rng.normal(60_000, 500, n)),
    "many orders of magnitude": lambda rng, n: 10 ** rng.uniform(-8, 12, n),
    "mostly zero": lambda rng, n: np.where(rng.random(n) < 0.7, 0.0, rng.exponential(10, n)),
    "all alike": lambda rng, n: np.full(n, 1234.5),
}

_PERCENTILES = """
WITH histogram AS (
    SELECT platform.histogram_index(measured) AS idx, count(*) AS n FROM unnest($1::float8[]) AS measured GROUP BY 1
)
SELECT platform.percentile(fraction, (SELECT array_agg(idx) FROM histogram), (SELECT array_agg(n) FROM histogram))
  FROM unnest($2::float8[]) WITH ORDINALITY AS wanted (fraction, place) ORDER BY place
"""


@pytest.fixture
async def connection(administrator_url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(administrator_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize("shape", SHAPES)
async def test_percentiles_are_within_two_percent_of_the_values_of_their_rank(
    connection: asyncpg.Connection[Any], shape: str
) -> None:
    rng = np.random.default_rng(1)
    for size in (1, 2, 3, 10, 1000, 20_000):
        values = SHAPES[shape](rng, size)
        found = [row[0] for row in await connection.fetch(_PERCENTILES, list(values), FRACTIONS)]
        true = np.percentile(values, [100 * fraction for fraction in FRACTIONS], method="lower")
        assert found == pytest.approx(list(true), rel=RELATIVE_ERROR * (1 + 1e-9), abs=1e-9), size


async def test_histograms_of_parts_give_the_percentiles_of_the_whole(connection: asyncpg.Connection[Any]) -> None:
    values = np.random.default_rng(2).exponential(100, 3000)
    whole = [row[0] for row in await connection.fetch(_PERCENTILES, list(values), FRACTIONS)]
    parts = await connection.fetch(
        """
        WITH rows AS (
            SELECT place % 7 AS part, platform.histogram_index(measured) AS idx
              FROM unnest($1::float8[]) WITH ORDINALITY AS rows (measured, place)
        ), histograms AS (
            SELECT part, idx, count(*) AS n FROM rows GROUP BY part, idx
        )
        SELECT platform.percentile(fraction, (SELECT array_agg(idx) FROM histograms), (SELECT array_agg(n) FROM histograms))
          FROM unnest($2::float8[]) WITH ORDINALITY AS wanted (fraction, place) ORDER BY place
        """,
        list(values),
        FRACTIONS,
    )
    assert [row[0] for row in parts] == whole


@pytest.mark.parametrize(
    ("measured", "idx"),
    [
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (0.0, -1_000_000),
        (1e-9, -1_000_000),
        (1.0, 0),
        (1.04, 1),
        (1.05, 2),  # 1.02/0.98 is 1.0408
        (1e308, 17728),
    ],
)
async def test_what_is_unknown_or_infinite_is_in_no_bucket_and_zero_in_its_own(
    connection: asyncpg.Connection[Any], measured: float | None, idx: int | None
) -> None:
    assert await connection.fetchval("SELECT platform.histogram_index($1)", measured) == idx


@pytest.mark.parametrize(
    ("fraction", "idx", "n"),
    [(0.5, [], []), (0.5, None, None), (0.5, [3], [0]), (1.5, [3], [1]), (-0.1, [3], [1]), (None, [3], [1])],
)
async def test_of_nothing_there_is_no_percentile(
    connection: asyncpg.Connection[Any], fraction: float | None, idx: list[int] | None, n: list[int] | None
) -> None:
    assert await connection.fetchval("SELECT platform.percentile($1, $2, $3)", fraction, idx, n) is None
