"""Reports and comparisons over HTTP: the documents that the command line prints."""

from __future__ import annotations

import pytest

from fixtures.material import V1, named, plan, save_suite, save_version, told


async def recorded(client, *, config: str, suite: str, ids: list[str], passes: int, trials: int = 2):
    """A completed simulation in which the first `passes` scenarios pass."""
    planned = await plan(client, config=config, suite=suite, trials=trials)
    records = [
        told(planned, each, reliability_score=1.0 if position < passes else 0.0)
        for position, each in enumerate(ids)
        for _ in range(trials)
    ]
    _, report = await client.post(f"{V1}/outcomes", json=records)
    assert report["stored"] == len(records), report
    _, ended = await client.post(f"{V1}/simulations/{planned['simulation_id']}/completion")
    return ended


async def test_a_report_says_what_was_seen_with_intervals(client_of):
    client = client_of("pottery/member")
    version, (suite, ids) = await save_version(client), await save_suite(client, 4)
    simulation = await recorded(client, config=version["label"], suite=suite, ids=ids, passes=3)
    status, report = await client.get(f"{V1}/simulations/{simulation['simulation_id']}/report")
    assert status == 200
    assert (report["config"], report["scenarios"], report["outcomes"], report["scored"]) == (version["label"], 4, 8, 8)
    assert (report["pass_rate"], report["pass_hat_k"]) == (0.75, {"1": 0.75, "2": 0.75})
    low, high = report["pass_rate_interval"]
    assert 0 <= low < 0.75 < high <= 1
    assert report["cost_usd"] == 0.08
    assert [each["marks"] for each in report["by_scenario"]] == [[True, True]] * 3 + [[False, False]]
    _, rows = await client.get(f"{V1}/simulations/{simulation['simulation_id']}/scenarios")
    assert rows["items"] == report["by_scenario"]
    _, rows = await client.get(f"{V1}/simulations/{simulation['simulation_id']}/scenarios?sort=passed&limit=1")
    assert rows["items"] == report["by_scenario"][-1:]


async def test_a_comparison_gives_the_verdict_and_what_changed(client_of):
    client = client_of("pottery/member")
    name, (suite, ids) = named("agent"), await save_suite(client, 12)
    one, two = await save_version(client, name), await save_version(client, name, temperature=1)
    await recorded(client, config=one["label"], suite=suite, ids=ids, passes=2)
    await recorded(client, config=two["label"], suite=suite, ids=ids, passes=12)
    path = f"{V1}/comparisons?baseline={one['label']}&candidate={two['label']}"
    status, versus = await client.get(path)
    assert (status, versus["verdict"], versus["matched"]) == (200, "better", 12)
    assert versus["difference"] == pytest.approx(10 / 12)
    assert [each["path"] for each in versus["changes"]] == ["temperature"]
    assert (await client_of("pottery/viewer").get(path))[1] == versus

    other = client_of("smithy/member")
    for reference in (one["label"], "unknown@v1"):
        status, document = await other.get(f"{V1}/comparisons?baseline={reference}&candidate={reference}")
        assert (status, document["error"]["code"]) == (404, "simulation_not_found")


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("", 422, "baseline"),
        ("baseline=@latest", 422, "candidate"),
        ("baseline=x&candidate=y&margin=nan", 422, "margin"),
        ("baseline=x&candidate=y&margin=2", 422, "margin"),
        ("baseline=x&candidate=y", 404, "simulation"),
    ],
)
async def test_a_comparison_of_what_is_not_there_is_refused(client_of, query, status, field):
    got, document = await client_of("pottery/member").get(f"{V1}/comparisons?{query}")
    assert (got, document["error"]["details"]["field"]) == (status, field)


async def test_a_simulation_without_outcomes_has_a_report_that_knows_nothing(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    status, report = await client.get(f"{V1}/simulations/{planned['simulation_id']}/report")
    assert (status, report["outcomes"], report["pass_rate"], report["cost_usd"]) == (200, 0, None, None)
