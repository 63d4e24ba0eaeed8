"""Groups of vectors: the same whatever the order, and under the same names while more come in."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import silhouette_score

from guildhall.algorithms import clusters, embedding


def some(seed: int, count: int, centres: int, noise: float = 0.9) -> tuple[embedding.Vectors, np.ndarray, list[bytes]]:
    """Vectors around centres, which of them each is about, and keys."""
    chance = np.random.default_rng(seed)
    about = chance.integers(0, centres, count)
    middle = chance.normal(size=(centres, 64))
    made = embedding.unit(middle[about] + noise * chance.normal(size=(count, 64)))
    return made, about, [f"{number:05}".encode() for number in range(count)]


def pairs(labels: np.ndarray) -> set[tuple[int, int]]:
    return {(a, b) for a, b in itertools.combinations(range(len(labels)), 2) if labels[a] == labels[b]}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_groups_are_those_of_average_linkage(seed: int, threshold: float) -> None:
    made, _, keys = some(seed, 60, 9)
    distances = 1 - (made @ made.T).astype(np.float64)
    tree = linkage(np.clip(distances[np.triu_indices(60, k=1)], 0, 2), method="average")
    oracle = fcluster(tree, t=1 - threshold, criterion="distance")
    assert pairs(clusters.partition(made, keys, threshold, below=0)) == pairs(oracle)


@pytest.mark.parametrize("seed", range(12))
def test_groups_below_the_threshold_are_joined_where_the_silhouette_is_greater_so(seed: int) -> None:
    made, _, keys = some(seed, 80, 12, noise=1.1)
    plain = clusters.partition(made, keys, 0.55, below=0)
    found = clusters.partition(made, keys, 0.55)
    assert pairs(plain) <= pairs(found)
    assert len(set(found)) < len(set(plain))
    assert silhouette_score(made, found, metric="cosine") > silhouette_score(made, plain, metric="cosine")
    alone = {label for label in set(plain) if (plain == label).sum() == 1}
    for label in set(found):
        assert len(set(plain[found == label]) - alone) > 0 or (found == label).sum() == 1, "two that were alone"


@given(st.integers(0, 30), st.randoms())
def test_the_order_in_which_they_come_does_not_matter(seed: int, chance) -> None:
    made, _, keys = some(seed, 40, 6)
    order = list(range(40))
    chance.shuffle(order)
    straight = clusters.partition(made, keys, 0.4)
    shuffled = clusters.partition(made[order], [keys[each] for each in order], 0.4)
    assert np.array_equal(shuffled, straight[order])


def test_nothing_and_one_have_their_groups() -> None:
    made, _, keys = some(1, 3, 1)
    assert clusters.partition(made[:0], [], 0.5).tolist() == []
    assert clusters.partition(made[:1], keys[:1], 0.5).tolist() == [0]
    assert clusters.partition(np.zeros((2, 64), dtype=np.float32), keys[:2], 0.5).tolist() == [0, 1], "alike in nothing"


def test_more_than_are_linked_at_once_are_taken_together_first() -> None:
    made, about, keys = some(3, 2_000, 12, noise=0.2)
    found = clusters.partition(made, keys, 0.5, most_linked=100)
    assert pairs(found[:200]) == pairs(about[:200])
    assert len(set(found.tolist())) == 12


def test_a_new_one_joins_the_nearest_that_is_near_enough() -> None:
    made, about, _ = some(4, 100, 5, noise=0.2)
    centres = clusters.centres_of(made, about)
    labels, nearness = clusters.assign(made, centres, 0.5)
    assert np.array_equal(labels, about)
    assert np.all(nearness >= 0.5)
    stranger = embedding.unit(np.random.default_rng(5).normal(size=(1, 64)))
    assert clusters.assign(stranger, centres, 0.9)[0].tolist() == [-1]
    assert clusters.assign(stranger, centres[:0], 0.9)[0].tolist() == [-1]


class Names:
    """New ids, and how old each is."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self) -> str:
        self.made.append(f"new{len(self.made)}")
        return self.made[-1]


def lineage(before: list[str | None], labels: list[int], weights: list[float] | None = None) -> clusters.Lineage[str]:
    return clusters.matched(
        before, np.array(labels), weights or [1.0] * len(labels), older=lambda each: each, new_id=Names()
    )


def test_groups_that_stay_keep_their_ids() -> None:
    found = lineage(["a", "a", "b", None], [1, 1, 0, 0])
    assert (found.ids, found.merged, found.split, found.founded) == (["b", "a"], {}, {}, [])


def test_of_two_that_merge_the_greater_keeps_its_id_and_the_other_is_known_to_have_gone_there() -> None:
    found = lineage(["a", "b", "b"], [0, 0, 0])
    assert (found.ids, found.merged) == (["b"], {"a": "b"})
    assert lineage(["a", "b", "b"], [0, 0, 0], [5, 1, 1]).merged == {"b": "a"}
    assert lineage(["a", "b"], [0, 0]).merged == {"b": "a"}, "the older, where both are as great"


def test_of_one_that_splits_the_greater_part_keeps_the_id() -> None:
    found = lineage(["a", "a", "a"], [0, 1, 1])
    assert (found.ids, found.split) == (["new0", "a"], {"new0": "a"})


def test_what_comes_from_nowhere_is_founded() -> None:
    assert lineage([None, "a"], [0, 1]).founded == ["new0"]


@given(st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.integers(0, 3)), min_size=1, max_size=30))
def test_no_id_is_given_twice_and_each_old_one_is_accounted_for(rows: list[tuple[str | None, int]]) -> None:
    _, labels = np.unique([label for _, label in rows], return_inverse=True)
    found = lineage([old for old, _ in rows], labels.tolist())
    assert len(set(found.ids)) == len(found.ids) == len(set(labels.tolist()))
    olds = {old for old, _ in rows if old is not None}
    assert olds == (olds & set(found.ids)) | set(found.merged)
    assert set(found.merged.values()) <= set(found.ids)
    assert set(found.ids) - olds == set(found.split) | set(found.founded)


def test_those_that_are_to_be_kept_apart_are() -> None:
    made, _, _ = some(6, 6, 1, noise=0.1)
    before = ["a", "a", "b", "b", None, "c"]
    found = clusters.kept_apart(np.zeros(6, dtype=np.intp), before, made, ["a", "b"])
    assert found[0] == found[1] != found[2] == found[3]
    assert found[4] in (found[0], found[2])
    assert found[5] in (found[0], found[2])
    assert clusters.kept_apart(np.zeros(6, dtype=np.intp), before, made, ["a"]).tolist() == [0] * 6
