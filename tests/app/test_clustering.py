"""Failures in clusters: the demo's traps, τ-bench's failures, ids that last, and an embedding service that is down."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score, silhouette_samples, silhouette_score

from fixtures.engines import Place
from fixtures.trials import a_failure, make_simulation
from guildhall import demo
from guildhall.adapters.embeddings import HASHED_THRESHOLD, HashedWords
from guildhall.adapters.importers import read_log
from guildhall.algorithms import clusters, embedding, templates
from guildhall.app import clustering, evaluations, upkeep
from guildhall.app.wiring import App
from guildhall.app.workers import HANDLERS, ours
from guildhall.app.workers.handlers import Context, TryLater
from guildhall.domains.evaluation import failures, outcomes
from guildhall.domains.evaluation.failures import (
    Cluster,
    ClusterNotFound,
    ClusterState,
    EmbeddingUnavailable,
    EvidenceUnknown,
    FailedTrial,
    FailureRefused,
    Fault,
    Signature,
)
from guildhall.domains.platform.jobs import Claim
from guildhall.settings import Settings

AT = datetime(2026, 5, 1, tzinfo=UTC)


class Down:
    """A service that does not answer."""

    model = "remote"
    threshold = 0.75

    async def embed(self, texts: Sequence[str]) -> Any:
        raise EmbeddingUnavailable("http://nowhere/embeddings", "nobody answers")


class Renamed(HashedWords):
    """Another model, as far as anybody can see."""

    model = "other"


async def fail(app: App, *messages: str, at: datetime = AT, **more: Any) -> list[UUID]:
    """Failures that say this, each of a trial of its own; the outcomes' ids."""
    found = []
    async with app.transaction() as tx:
        simulation_id = await make_simulation(tx)
        for number, message in enumerate(messages):
            trial = FailedTrial(uuid4(), at + timedelta(seconds=number), simulation_id, "scenario_1", number + 1)
            await failures.add_failures(tx, trial, [a_failure(error_message=message, **more)])
            found.append(trial.outcome_id)
    return found


async def known(app: App, **filters: Any) -> list[Cluster]:
    async with app.transaction() as tx:
        return list((await failures.page_clusters(tx, filters, failures.CLUSTERS.order())).items)


async def placed(app: App) -> dict[UUID, UUID | None]:
    """The cluster of each failed trial."""
    async with app.transaction() as tx:
        return {each.outcome_id: each.pattern_cluster_id for each in await failures.list_failures(tx, at_most=10_000)}


# What it finds ----------------------------------------------------------------


def trap_of(outcome: outcomes.Outcome) -> str:
    """Which of the demo's traps a trial fell into, told from what was done in it and not from what was said of it."""
    calls = {each.tool_name: each for each in outcome.tools or ()}
    trajectory = outcome.trajectory or {}
    said = [each for each in trajectory["steps"] if each.get("role") == "user"]
    if any(each.error_count for each in calls.values()):
        return "a tool did not answer"
    if outcome.scenario_id == "swap_address":
        return "a stranger was believed" if "look_up" in calls else "nothing was looked up"
    if not (calls.keys() & {"refund", "cancel", "change_address", "resend"}):
        return "the customer had no time"
    if "look_up" not in calls:
        return "nothing was looked up"
    return "the customer was not asked" if len(said) <= 1 else "a yes was believed"


async def test_clusters_are_the_demos_traps(app: App) -> None:
    async with app.transaction() as tx:
        from guildhall.adapters.agentfile import read_agent
        from guildhall.domains.evaluation import configurations

        first = (await configurations.save_version(tx, read_agent(demo.AGENT_V1))).version
    request = evaluations.Request(
        agent=demo.AGENT_V2, scenarios=[demo.SCENARIOS], trials=demo.TRIALS, against=first.label, seed=demo.SEED
    )
    planned = (await evaluations.plan(app, request)).simulations
    await evaluations.run(app, [each.simulation_id for each in planned], concurrency=4)
    found = await placed(app)
    assert len(found) > 50
    assert None not in found.values(), "a run ends with its failures in clusters"
    traps, ids = [], []
    async with app.transaction() as tx:
        for outcome_id, cluster_id in found.items():
            traps.append(trap_of(await outcomes.get_outcome(tx, outcome_id)))
            ids.append(str(cluster_id))
    assert len(set(traps)) >= 4
    assert adjusted_rand_score(traps, ids) >= 0.9
    async with app.transaction() as tx:
        said = {each.outcome_id: each for each in await failures.list_failures(tx, at_most=10_000)}
    texts = [
        Signature(
            uuid4(), each.failure_type, each.failure_category, each.fault, templates.mask(each.error_message or "")
        ).text
        for each in (said[outcome_id] for outcome_id in found)
    ]
    made = embedding.embed(texts)
    different, where = np.unique(texts, return_inverse=True)
    apart = embedding.embed(different.tolist())
    cuts = [
        clusters.partition(apart, [each.encode() for each in different], threshold)
        for threshold in (HASHED_THRESHOLD, *np.arange(0.3, 1, 0.05))
    ]
    # Over different texts no other threshold has a better silhouette; what is best over all failures are no traps.
    assert silhouette(apart, cuts[0]) == pytest.approx(max(silhouette(apart, each) for each in cuts))
    best_over_all = max(cuts, key=lambda each: silhouette(made, each[where]))
    assert adjusted_rand_score(traps, best_over_all[where]) < 0.6
    for least in (2, 3, 5):  # what has the better silhouette over all failures does not find the traps
        assert adjusted_rand_score(traps, each_alone(hdbscan(made, least))) < 0.5


def hdbscan(vectors: np.ndarray, least: int) -> np.ndarray:
    """Its groups, -1 for what it calls noise."""
    found: np.ndarray = HDBSCAN(min_cluster_size=least, metric="cosine", algorithm="brute", copy=True).fit_predict(
        vectors
    )
    return found


def each_alone(labels: np.ndarray) -> np.ndarray:
    """What is noise as a group of its own, whose silhouette is 0: a heap of strangers would be no fair comparison."""
    return np.where(labels >= 0, labels, np.arange(len(labels)) + len(labels))


def silhouette(vectors: np.ndarray, labels: np.ndarray) -> float:
    return float(silhouette_score(vectors, labels, metric="cosine"))


@pytest.fixture(scope="module")
def tau_bench(shared_data: Path) -> list[tuple[str, str]]:
    """What is embedded of each of its failures: with volatile parts masked, as the product does, and as it was said."""
    told = [
        each
        for path in sorted((shared_data / "tau_bench").glob("*.json.gz"))
        for trial in read_log(path, None).trials
        for each in trial.failures
    ]
    assert len(told) > 150
    return [
        (
            Signature(uuid4(), each.failure_type, each.failure_category, each.fault, templates.mask(said)).text,
            Signature(uuid4(), each.failure_type, each.failure_category, each.fault, said).text,
        )
        for each in told
        for said in [each.error_message or ""]
    ]


@pytest.mark.parametrize("column", [0, 1], ids=["masked", "as it was said"])
def test_on_tau_bench_it_is_not_worse_than_hdbscan(tau_bench: list[tuple[str, str]], column: int) -> None:
    """Each text once, as signatures are kept; over all that is noise, and over what HDBSCAN groups alone."""
    texts = sorted({each[column] for each in tau_bench})
    assert len(texts) >= (15, 40)[column]
    made = embedding.embed(texts)
    keys = [each.encode() for each in texts]
    ours_ = clusters.partition(made, keys, HASHED_THRESHOLD)
    order = list(range(len(made)))
    random.Random(1).shuffle(order)
    shuffled = clusters.partition(made[order], [keys[each] for each in order], HASHED_THRESHOLD)
    assert adjusted_rand_score(ours_[order], shuffled) == 1
    for least in (2, 3, 5):  # five is scikit-learn's own choice
        theirs = hdbscan(made, least)
        is_grouped = theirs >= 0
        if not is_grouped.any():
            continue  # of 15 texts it finds no five that are alike
        apart = each_alone(theirs)
        assert silhouette(made, ours_) >= silhouette(made, apart)
        on_the_same = [silhouette_samples(made, each, metric="cosine")[is_grouped].mean() for each in (ours_, apart)]
        assert on_the_same[0] >= on_the_same[1]


def test_over_all_failures_hdbscan_is_ahead_as_a_group_for_each_text_is(tau_bench: list[tuple[str, str]]) -> None:
    """The other yardstick, which we do not hold: whoever groups nothing but what is the same comes near to 1, and HDBSCAN does."""
    texts = [masked for masked, _ in tau_bench]
    made = embedding.embed(texts)
    _, same = np.unique(texts, return_inverse=True)
    ours_ = clusters.partition(made, [each.encode() for each in texts], HASHED_THRESHOLD)
    theirs = each_alone(hdbscan(made, 2))
    assert silhouette(made, same) > 0.97
    assert silhouette(made, theirs) == pytest.approx(silhouette(made, same), abs=0.01)
    assert silhouette(made, theirs) > silhouette(made, ours_) > 0.92
    assert len(set(ours_)) < len(set(theirs)) < len(set(same))


# Ids that last ------------------------------------------------------------------

TIMEOUTS = [f"the carrier did not answer about order {number}" for number in range(20)]
WRONG = [f"refunded {number}.00 without look-up" for number in range(20)]


async def test_what_comes_later_joins_what_it_is_like_and_the_rest_keeps_its_place(app: App) -> None:
    await fail(app, *TIMEOUTS[:10], *WRONG[:10])
    done = await clustering.catch_up(app)
    assert (done.failures, done.signatures, done.founded) == (20, 2, 2)
    before = await placed(app)
    later = await fail(app, TIMEOUTS[15], "judged to be rude", at=AT + timedelta(days=40))
    done = await clustering.catch_up(app)
    assert (done.failures, done.signatures, done.founded) == (2, 1, 1)
    after = await placed(app)
    assert {each: after[each] for each in before} == before
    assert after[later[0]] in set(before.values())
    assert after[later[1]] not in set(before.values())
    assert (await clustering.catch_up(app)).failures == 0
    timeouts = next(each for each in await known(app) if each.cluster_id == after[later[0]])
    assert timeouts.failures == 11
    assert timeouts.pattern == "the carrier did not answer about order <n>"
    assert (timeouts.first_seen, timeouts.last_seen) == (AT, AT + timedelta(days=40))


async def test_two_that_cluster_at_once_count_each_failure_once(app: App) -> None:
    await fail(app, *TIMEOUTS, *WRONG)
    done = await asyncio.gather(*(clustering.catch_up(app) for _ in range(3)))
    assert sum(each.failures for each in done) == 40
    assert sum(each.founded for each in done) == 2
    assert sorted(each.failures for each in await known(app)) == [20, 20]


async def test_it_is_the_same_on_either_engine(place: Place, tmp_path: Path) -> None:
    async with App.open(Settings(database_url=place.login_url, data_dir=tmp_path, pool_size=2)) as app:
        await fail(app, *TIMEOUTS[:3], WRONG[0])
        assert (await clustering.catch_up(app)).failures == 4
        assert sorted(each.failures for each in await known(app)) == [1, 3]
        loose = HashedWords()
        loose.threshold = 0.01
        done = await clustering.catch_up(app, maker=loose, regroup=True)
        assert done.regrouped is not None
        assert (done.regrouped.merged, done.regrouped.moved) == (1, 1)
        assert len(set((await placed(app)).values())) == 1


async def test_merging_and_splitting_is_recorded_and_failures_follow(app: App) -> None:
    one, other = "the carrier did not answer about it today", "the carrier did not answer about it at night"
    await fail(app, one, one, other)
    tight, loose = HashedWords(), HashedWords()
    tight.threshold, loose.threshold = 0.99, 0.3
    await clustering.catch_up(app, maker=tight)
    apart = await known(app)
    assert sorted(each.failures for each in apart) == [1, 2]
    greater, lesser = sorted(apart, key=lambda each: -each.failures)

    done = await clustering.catch_up(app, maker=loose, regroup=True)
    assert done.regrouped is not None
    assert (done.regrouped.merged, done.regrouped.split, done.regrouped.moved) == (1, 0, 1)
    (together,) = await known(app)
    assert (together.cluster_id, together.failures) == (greater.cluster_id, 3)
    assert set((await placed(app)).values()) == {greater.cluster_id}
    async with app.transaction() as tx:
        assert (await failures.get_cluster(tx, lesser.cluster_id)).cluster_id == greater.cluster_id
        story = await failures.tell_story(tx, greater.cluster_id)
    assert [(each.kind, each.cluster_id, each.other_id) for each in story.events if each.kind != "founded"] == [
        ("merged", lesser.cluster_id, greater.cluster_id)
    ]
    assert sum(each.failures for each in story.days) == 3

    done = await clustering.catch_up(app, maker=tight, regroup=True)
    assert done.regrouped is not None
    assert (done.regrouped.merged, done.regrouped.split, done.regrouped.moved) == (0, 1, 1)
    assert sorted(each.failures for each in await known(app)) == [1, 2]
    assert len(set((await placed(app)).values())) == 2
    async with app.transaction() as tx:
        (split,) = [each for each in (await failures.tell_story(tx, greater.cluster_id)).events if each.kind == "split"]
    assert (split.other_id, split.failures) == (greater.cluster_id, 1)


async def test_what_people_have_named_is_not_merged_and_what_is_merged_keeps_what_was_said(app: App) -> None:
    one, other = "the carrier did not answer about it today", "the carrier did not answer about it at night"
    await fail(app, one, one, other)
    tight, loose = HashedWords(), HashedWords()
    tight.threshold, loose.threshold = 0.99, 0.3
    await clustering.catch_up(app, maker=tight)
    greater, lesser = sorted(await known(app), key=lambda each: -each.failures)
    async with app.transaction() as tx:
        await failures.change_cluster(tx, greater.cluster_id, {"name": "By day"})
        await failures.change_cluster(tx, lesser.cluster_id, {"name": "By night"})
    await clustering.catch_up(app, maker=loose, regroup=True)
    assert {each.name for each in await known(app)} == {"By day", "By night"}
    async with app.transaction() as tx:
        await failures.change_cluster(tx, greater.cluster_id, {"name": None})
    await clustering.catch_up(app, maker=loose, regroup=True)
    (together,) = await known(app)
    assert (together.cluster_id, together.name) == (greater.cluster_id, "By night")


# A service that is down -----------------------------------------------------------


async def test_while_the_service_is_down_failures_wait_and_are_filled_in_later(app: App) -> None:
    await fail(app, *TIMEOUTS[:3])
    done = await clustering.catch_up(app, maker=Down())
    assert (done.failures, done.trouble) == (
        0,
        "the embedding service at http://nowhere/embeddings gave no embeddings: nobody answers",
    )
    async with app.transaction() as tx:
        stands = await failures.get_clustering(tx)
    assert (stands.loose, stands.trouble) == (3, done.trouble)
    assert (await clustering.catch_up(app)).failures == 3
    async with app.transaction() as tx:
        stands = await failures.get_clustering(tx)
    assert (stands.loose, stands.trouble, stands.embedding_model) == (0, None, HashedWords.model)


async def test_while_it_is_down_what_is_known_finds_its_place_and_with_another_model_ids_stay(app: App) -> None:
    await fail(app, *TIMEOUTS[:3], WRONG[0])
    await clustering.catch_up(app, maker=Renamed())
    before = await placed(app)
    down = Down()
    down.model = Renamed.model
    await fail(app, TIMEOUTS[9], "something new")
    done = await clustering.catch_up(app, maker=down)
    assert done.failures == 1
    assert done.trouble
    await clustering.catch_up(app)  # another model, for all of them
    after = await placed(app)
    assert {each: after[each] for each in before} == before
    assert None not in after.values()
    async with app.transaction() as tx:
        assert (await failures.get_clustering(tx)).embedding_model == HashedWords.model


async def test_a_run_ends_well_though_the_service_is_down(app: App) -> None:
    there = replace(app, settings=replace(app.settings, embedding_url="http://127.0.0.1:9/v1"))
    await fail(app, TIMEOUTS[0])
    await clustering.catch_up_quietly(there)
    async with app.transaction() as tx:
        stands = await failures.get_clustering(tx)
    assert stands.loose == 1
    assert "http://127.0.0.1:9/v1/embeddings" in str(stands.trouble)


# Jobs and upkeep ----------------------------------------------------------------


def context(app: App) -> Context:
    claim = Claim(
        id=uuid4(),
        tenant_id=app.actor.tenant_id,
        task_type="failures.cluster",
        payload={},
        token=uuid4(),
        attempt=1,
        retry_count=0,
        max_retries=3,
        leased_until=None,
        status="running",
        created_by=app.actor.user_id,
    )
    return Context(app, "worker", claim)


async def test_the_job_clusters_and_is_tried_later_where_the_service_is_down(app: App) -> None:
    await fail(app, *TIMEOUTS[:2])
    down = replace(app, settings=replace(app.settings, embedding_url="http://127.0.0.1:9/v1"))
    wanted = ours.ClusterFailures()
    with pytest.raises(TryLater, match="gave no embeddings"):
        await HANDLERS["failures.cluster"].call(wanted, context(down))
    assert await HANDLERS["failures.cluster"].call(wanted, context(app)) == {
        "failures": 2,
        "signatures": 1,
        "founded": 1,
    }


async def test_upkeep_clusters_what_waits(app: App, administrator_url: str) -> None:
    await fail(app, *TIMEOUTS[:2])
    done = await upkeep.maintain(app, administrator_url)
    assert done.clustered == 2
    assert len(await known(app)) == 1


# What people say ------------------------------------------------------------------


async def test_a_resolved_cluster_comes_back_when_it_is_seen_again(app: App) -> None:
    await fail(app, TIMEOUTS[0])
    await clustering.catch_up(app)
    (cluster,) = await known(app)
    async with app.transaction() as tx:
        changed = await failures.change_cluster(
            tx, cluster.cluster_id, {"resolved": True, "resolution_steps": "Retry."}
        )
    assert (changed.state, changed.resolution_steps) == (ClusterState.RESOLVED, "Retry.")
    assert changed.resolved_by == app.actor.user_id
    assert await known(app, is_resolved=False) == []
    async with app.transaction() as tx:
        now = tx.now
    await fail(app, TIMEOUTS[1], at=now + timedelta(minutes=1))
    await clustering.catch_up(app)
    (cluster,) = await known(app, is_resolved=False)
    assert cluster.state is ClusterState.CAME_BACK


async def test_an_analysis_cites_trials_that_failed_so_and_nothing_else(app: App) -> None:
    (outcome_id,) = await fail(app, TIMEOUTS[0])
    (stranger,) = await fail(app, WRONG[0])
    await clustering.catch_up(app)
    cluster_id = (await placed(app))[outcome_id]
    assert cluster_id is not None

    async def say(analysis: Mapping[str, Any] | None) -> Cluster:
        async with app.transaction() as tx:
            return await failures.change_cluster(tx, cluster_id, {"llm_analysis": analysis})

    said = await say({"analysis": "No retry.", "evidence": [outcome_id], "model": "gpt"})
    assert said.llm_analysis == {"analysis": "No retry.", "evidence": [str(outcome_id)], "model": "gpt"}
    with pytest.raises(EvidenceUnknown, match=str(stranger)):
        await say({"analysis": "No retry.", "evidence": [stranger]})
    for wrong in ({}, {"analysis": " "}, {"analysis": "x", "evidence": "y"}, {"analysis": "x", "evidence": ["y"]}):
        with pytest.raises(FailureRefused):
            await say(wrong)
    with pytest.raises(FailureRefused, match="65536 bytes"):
        await say({"analysis": "x" * 70_000})
    assert (await say(None)).llm_analysis is None


@pytest.mark.parametrize("reference", ["", "x", "zz", "0" * 33, "00000000-0000-7000-8000-000000000000", "\0", "abcd"])
async def test_what_is_no_cluster_is_not_found(app: App, reference: str) -> None:
    async with app.transaction() as tx:
        with pytest.raises(ClusterNotFound):
            await failures.resolve_cluster(tx, reference)


async def test_hostile_messages_are_clustered_and_do_no_harm(app: App) -> None:
    await fail(
        app,
        "<script>alert('x')</script> failed",
        "\x1b[31mred\x1b[0m \x00 control \ud800",
        "x" * 1_000_000,
        "",
        "'; DROP TABLE evaluation.outcomes; --",
        "超时 连接",
        fault=Fault.TOOL,
    )
    done = await clustering.catch_up(app)
    assert done.failures == 6
    async with app.transaction() as tx:
        for each in await known(app):
            assert each.pattern
            assert each.pattern.isprintable()
            assert "script" not in each.pattern
            await failures.tell_story(tx, each.cluster_id)


async def test_most_keep_their_cluster_when_a_tenth_is_new(app: App) -> None:
    """Planted modes whose messages vary in words as well as in numbers."""
    chance = random.Random(3)
    modes = [
        ("the carrier gave no answer", ["today", "again", "yesterday", "twice"]),
        ("refunded without look-up", ["teapot", "rug", "clock", "mugs"]),
        ("the judge found the tone rude", ["somewhat", "very", "plainly", "rather"]),
        ("schema of the answer is broken", ["root", "list", "item", "leaf"]),
    ]
    messages = [f"{what} {chance.choice(more)} {chance.randrange(10_000)}" for what, more in modes * 25]
    planted = [number % len(modes) for number in range(len(messages))]
    first = await fail(app, *messages[:90])
    await clustering.catch_up(app)
    before = await placed(app)
    rest = await fail(app, *messages[90:])
    await clustering.catch_up(app, regroup=True)
    after = await placed(app)
    assert sum(after[each] == before[each] for each in first) >= 0.95 * len(first)
    assert adjusted_rand_score(planted, [str(after[each]) for each in [*first, *rest]]) >= 0.8
