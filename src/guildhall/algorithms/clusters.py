"""
Groups of vectors that are alike, which keep their names while more come in.

A new vector joins the group whose centre is near enough or founds one
(`assign`): that is one matrix product for a batch. Now and then all are grouped
anew (`partition`), by average linkage cut at the same threshold, in an order
that follows from the vectors' keys alone. So the result does not depend on the
order in which they came. `matched` then says which of the new groups is which
of the old, and what has merged and split.

Similarities are cosines of unit vectors. Average linkage: Sokal and Michener, "A
statistical method for evaluating systematic relationships", 1958. Where there are
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

_BLOCK = 2_048
_TIGHTEST = 0.95
_LOOSER = 0.05


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


def partition(vectors: Vectors, keys: Sequence[bytes], threshold: float, *, most_linked: int = MOST_LINKED) -> Labels:
    """
    A group for each vector, numbered from 0 in the order of the keys.

    Two groups are joined as long as their members' average similarity is at
    least `threshold`, the most similar first. Keys tell vectors apart; the
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
    grouped = _linked(leaders, threshold)[members] if len(leaders) <= most_linked else members
    _, first, numbers = np.unique(grouped, return_index=True, return_inverse=True)
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
