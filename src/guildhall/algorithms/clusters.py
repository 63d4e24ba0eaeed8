"""
Groups of vectors that are alike, which keep their names while more come in.

A new vector joins the group whose centre is near enough or founds one
(`assign`): that is one matrix product for a batch. Now and then all are grouped
anew (`partition`), by average linkage cut at the same threshold, in an order
that follows from the vectors' keys alone; what one threshold for all leaves
apart is then joined where the groups are told apart better so. So the result
does not depend on the order in which they came. `matched` then says which of the new groups is which
of the old, and what has merged and split.

Similarities are cosines of unit vectors. Average linkage: Sokal and Michener, "A
statistical method for evaluating systematic relationships", 1958. Silhouette:
Rousseeuw, Journal of Computational and Applied Mathematics 20, 1987. Where there are
too many for it, they are first taken together in leaders, as in BIRCH (Zhang,
Ramakrishnan and Livny, SIGMOD 1996).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.embedding import Vectors, unit

Id = TypeVar("Id", bound=Hashable)
Labels = NDArray[np.intp]

MOST_LINKED = 3_000
"""Vectors that average linkage takes at once: it needs memory and time by the square of their number."""

BELOW = 0.2
"""How much less similar than the threshold two groups may be that are told apart from others better as one."""

_BLOCK = 2_048
_TIGHTEST = 0.95
_LOOSER = 0.05
_FEWEST = 2
"""Groups that a silhouette takes."""

_CLEARER = 1e-4
"""Of the sum of silhouettes: below that it is the rounding of single precision that differs."""


def assign(vectors: Vectors, centres: Vectors, threshold: float) -> tuple[Labels, NDArray[np.float32]]:
    """
    For each vector the nearest centre, -1 where none is as near as the threshold, and how near it is.

    Of two that are equally near, the first.
    """
    labels = np.full(len(vectors), -1, dtype=np.intp)
    nearness = np.zeros(len(vectors), dtype=np.float32)
    if len(centres) == 0:
        return labels, nearness
    for start in range(0, len(vectors), _BLOCK):
        alike = vectors[start : start + _BLOCK] @ centres.T
        nearest = alike.argmax(axis=1)
        best = alike[np.arange(len(alike)), nearest]
        labels[start : start + _BLOCK] = np.where(best >= threshold, nearest, -1)
        nearness[start : start + _BLOCK] = best
    return labels, nearness


def partition(
    vectors: Vectors,
    keys: Sequence[bytes],
    threshold: float,
    *,
    below: float = BELOW,
    most_linked: int = MOST_LINKED,
) -> Labels:
    """
    A group for each vector, numbered from 0 in the order of the keys.

    Two groups are joined as long as their members' average similarity is at
    least `threshold`, the most similar first; then down to `below` less than
    that, where the silhouette is greater so. Keys tell vectors apart; the
    result depends on them and the vectors, not on the order of the rows.
    """
    if len(vectors) == 0:
        return np.empty(0, dtype=np.intp)
    order = np.array(sorted(range(len(vectors)), key=keys.__getitem__), dtype=np.intp)
    ordered = vectors[order]
    members = np.arange(len(ordered), dtype=np.intp)
    leaders = ordered
    nearer = _TIGHTEST
    while len(leaders) > most_linked and nearer > threshold:
        nearer = max(threshold, nearer)
        labels, leaders = _led(leaders, nearer)
        members = labels[members]
        nearer -= _LOOSER
    if len(leaders) <= most_linked:
        linked = _linked(leaders, threshold)
        members = (_gathered(leaders, linked, threshold - below) if below else linked)[members]
    _, first, numbers = np.unique(members, return_index=True, return_inverse=True)
    found = np.empty(len(vectors), dtype=np.intp)
    found[order] = np.argsort(np.argsort(first))[numbers]
    return found


def centres_of(vectors: Vectors, labels: Labels, weights: NDArray[np.floating] | None = None) -> Vectors:
    """The centre of each group from 0, a unit vector: the mean of its members, by their weights."""
    sums = np.zeros((int(labels.max(initial=-1)) + 1, vectors.shape[1]), dtype=np.float32)
    weighted = vectors if weights is None else vectors * np.asarray(weights, dtype=np.float32)[:, None]
    np.add.at(sums, labels, weighted)
    return unit(sums)


@dataclass(frozen=True, slots=True)
class Lineage(Generic[Id]):
    """
    What became of groups when all were grouped anew.

    `ids` names each new group. `merged` maps an old group that is no more to
    the one that took most of it, `split` a group that is new to the one that
    most of it came from, and `founded` are those that came from nowhere.
    """

    ids: Sequence[Id]
    merged: Mapping[Id, Id] = field(default_factory=dict)
    split: Mapping[Id, Id] = field(default_factory=dict)
    founded: Sequence[Id] = ()


def matched(
    before: Sequence[Id | None],
    labels: Labels,
    weights: Sequence[float],
    *,
    older: Callable[[Id], object],
    new_id: Callable[[], Id],
) -> Lineage[Id]:
    """
    Which new group is which of the old: each keeps the id that most of it had, by weight, and no id is given twice.

    `before` is the old group of each member, None where it had none; `older` sorts ids by their age, for
    when two have the same claim.
    """
    shared: dict[tuple[int, Id], float] = defaultdict(float)
    for old, label, weight in zip(before, labels.tolist(), weights, strict=True):
        if old is not None:
            shared[label, old] += weight
    claims = sorted(shared, key=lambda claim: (-shared[claim], older(claim[1]), claim[0]))
    named: dict[int, Id] = {}
    taken: set[Id] = set()
    for label, old in claims:
        if label not in named and old not in taken:
            named[label] = old
            taken.add(old)
    ids: list[Id] = []
    split: dict[Id, Id] = {}
    founded: list[Id] = []
    sources: dict[int, Id] = {}
    targets: dict[Id, int] = {}
    for label, old in claims:  # the greatest share comes first
        sources.setdefault(label, old)
        targets.setdefault(old, label)
    for label in range(int(labels.max(initial=-1)) + 1):
        if label in named:
            ids.append(named[label])
            continue
        fresh = new_id()
        ids.append(fresh)
        if label in sources:
            split[fresh] = sources[label]
        else:
            founded.append(fresh)
    merged = {old: ids[label] for old, label in targets.items() if old not in taken}
    return Lineage(ids, merged, split, founded)


def kept_apart(labels: Labels, before: Sequence[Id | None], vectors: Vectors, apart: Sequence[Id]) -> Labels:
    """
    The same groups, but none that takes in two of the old groups that are to be kept apart.

    A group that would is divided again: members of such an old group stay in it, the others go where they are nearest.
    """
    wanted = set(apart)
    divided = labels.copy()
    following = int(labels.max(initial=-1)) + 1
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        olds = sorted({old for row in rows if (old := before[row]) in wanted and old is not None}, key=apart.index)
        if len(olds) < 2:
            continue
        own = np.array([olds.index(old) if (old := before[row]) in olds else -1 for row in rows], dtype=np.intp)
        centres = centres_of(vectors[rows[own >= 0]], own[own >= 0])
        nearest, _ = assign(vectors[rows], centres, -1.0)
        places = np.where(own >= 0, own, nearest)
        for place in range(1, len(olds)):
            divided[rows[places == place]] = following
            following += 1
    return divided


def _led(vectors: Vectors, nearness: float) -> tuple[Labels, Vectors]:
    """Each vector's leader, the first that it is near to; one that is near to none leads."""
    labels = np.empty(len(vectors), dtype=np.intp)
    leaders = np.empty_like(vectors)
    count = 0
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        found, _ = assign(block, leaders[:count], nearness)
        open_rows = np.flatnonzero(found < 0)
        alike = block[open_rows] @ block[open_rows].T >= nearness
        new: list[int] = []
        for place, row in enumerate(open_rows):
            near = next((each for each in new if alike[place, each]), None) if alike[place, :place].any() else None
            if near is None:
                new.append(place)
                leaders[count] = block[row]
                found[row] = count
                count += 1
            else:
                found[row] = found[open_rows[near]]
        labels[start : start + _BLOCK] = found
    return labels, unit(leaders[:count])


def _linked(vectors: Vectors, threshold: float) -> Labels:
    """
    Average linkage, cut where the average similarity falls below the threshold.

    By chains of nearest neighbours (Murtagh, "A Survey of Recent Advances in Hierarchical Clustering
    Algorithms", The Computer Journal 26, 1983), in the square of the number. What has no neighbour that
    is near enough never will, as joining others brings none nearer: it is done with.
    """
    count = len(vectors)
    alike = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(alike, -np.inf)
    sizes = np.ones(count)
    parents = np.arange(count, dtype=np.intp)
    open_ones = list(range(count - 1, -1, -1))
    is_open = np.ones(count, dtype=bool)
    chain: list[int] = []
    while chain or open_ones:
        if not chain:
            first = open_ones.pop()
            if is_open[first]:
                chain.append(first)
            continue
        tip = chain[-1]
        nearest = int(alike[tip].argmax())
        if len(chain) > 1 and alike[tip, chain[-2]] >= alike[tip, nearest]:
            nearest = chain[-2]
        if alike[tip, nearest] < threshold:
            chain.pop()
            is_open[tip] = False
        elif len(chain) > 1 and nearest == chain[-2]:
            del chain[-2:]
            kept, gone = min(tip, nearest), max(tip, nearest)
            together = sizes[kept] + sizes[gone]
            alike[kept] = (sizes[kept] * alike[kept] + sizes[gone] * alike[gone]) / together
            alike[:, kept] = alike[kept]
            alike[gone] = alike[:, gone] = -np.inf
            sizes[kept], parents[gone], is_open[gone] = together, kept, False
            open_ones.append(kept)
        else:
            chain.append(nearest)
    for row in range(count):  # parents come before their children
        parents[row] = parents[parents[row]]
    return parents


def _gathered(vectors: Vectors, labels: Labels, least: float) -> Labels:
    """
    The groups, but those joined that are as near as `least` on average and are told apart better as one.

    That is: their silhouette, over all vectors, is greater so. It is 0 for whoever is alone, so any two
    that are alone gain by being joined, however little they share: one of the two has members. Each group is tried
    with the one that is nearest to it.
    """
    found, labels = np.unique(labels, return_inverse=True)
    if len(found) <= _FEWEST:
        return labels
    groups = _Groups(vectors, labels)
    while (pair := groups.nearest_pair(least)) is not None:
        groups.join_if_clearer(*pair)
    return groups.labels


class _Groups:
    """Groups with what each vector's silhouette hangs on; `labels` are numbers of groups, with gaps once some are joined."""

    def __init__(self, vectors: Vectors, labels: Labels) -> None:
        self.labels = labels
        self._sizes = np.bincount(labels).astype(np.float32)
        sums = np.zeros((len(self._sizes), vectors.shape[1]), dtype=np.float32)
        np.add.at(sums, labels, vectors)
        self._selves = np.einsum("ij,ij->i", vectors, vectors)
        self._near = vectors @ sums.T
        """Of each vector to each group, the sum over its members; so of each group to each in `_shared`."""
        self._shared = sums @ sums.T
        self._is_left = np.ones(len(sums), dtype=bool)
        alone = self._sizes == 1
        self._averages = np.where(np.outer(alone, alone), -np.inf, self._shared / np.outer(self._sizes, self._sizes))
        np.fill_diagonal(self._averages, -np.inf)
        self._mates = self._averages.argmax(axis=1)
        self._hopes = self._averages.max(axis=1)
        self._nearest, self._silhouettes = self._judge(np.arange(len(labels)), labels)

    def nearest_pair(self, least: float) -> tuple[int, int] | None:
        """The two groups whose members are most similar on average, of those that were not tried; None below `least`."""
        one = int(self._hopes.argmax())
        if self._hopes[one] < least or np.count_nonzero(self._is_left) <= _FEWEST:
            return None
        return one, int(self._mates[one])

    def join_if_clearer(self, kept: int, gone: int) -> None:
        """Make two groups one where the silhouette is greater so; else neither is tried again before it has others."""
        both = np.isin(self.labels, (kept, gone))
        # An average of both is between the two: whose nearest is another group keeps it.
        rows = np.flatnonzero(both | np.isin(self._nearest, (kept, gone)))
        near, size = self._near[:, [kept, gone]], self._sizes[kept]
        self._near[:, kept] += near[:, 1]
        self._near[:, gone] = -np.inf
        self._sizes[kept] += self._sizes[gone]
        joined = np.where(both, kept, self.labels)
        nearest, silhouettes = self._judge(rows, joined)
        if silhouettes.sum() - self._silhouettes[rows].sum() < _CLEARER:
            self._near[:, [kept, gone]], self._sizes[kept] = near, size
            self._hopes[[kept, gone]] = -np.inf
            return
        self.labels = joined
        self._nearest[rows], self._silhouettes[rows] = nearest, silhouettes
        self._shared[kept] += self._shared[gone]
        self._shared[:, kept] = self._shared[kept]
        self._is_left[gone] = False
        averages = np.where(self._is_left, self._shared[kept] / (self._sizes[kept] * self._sizes), -np.inf)
        averages[kept] = -np.inf
        self._averages[kept] = self._averages[:, kept] = averages
        self._averages[gone] = self._averages[:, gone] = -np.inf
        self._hopes[gone] = -np.inf
        changed = np.isfinite(self._hopes) & (np.isin(self._mates, (kept, gone)) | (averages > self._hopes))
        changed[kept] = True
        anew = np.flatnonzero(changed)
        self._mates[anew] = self._averages[anew].argmax(axis=1)
        self._hopes[anew] = self._averages[anew, self._mates[anew]]

    def _judge(self, rows: Labels, labels: Labels) -> tuple[Labels, NDArray[np.float32]]:
        """Of each of these vectors the nearest group but its own, and its silhouette, by cosine distances."""
        own, place = labels[rows], np.arange(len(rows))
        averages = self._near[rows] / self._sizes
        others = np.maximum(self._sizes[own] - 1, 1)
        inside = 1 - (self._near[rows, own] - self._selves[rows]) / others
        averages[place, own] = -np.inf
        nearest = averages.argmax(axis=1)
        outside = 1 - averages[place, nearest]
        widest = np.maximum(np.maximum(inside, outside), np.finfo(np.float32).tiny)
        return nearest, np.where(self._sizes[own] > 1, (outside - inside) / widest, 0.0)
