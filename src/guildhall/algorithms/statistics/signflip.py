"""
The sign-flip test on paired differences, and the interval that inverts it.

If the versions are alike, each scenario's difference could as well have had the
other sign (Fisher 1935, The Design of Experiments, §21). Flipping the signs of a set S
of differences brings the sum to the other side of `shift` exactly when the mean
over S does not exceed it, so the one-sided p-value against a true difference of
`shift` is the share of sets, the empty one included, whose mean is at most
`shift` (Hartigan 1969, JASA 64: "typical values"). The limits are therefore order statistics of
the means of subsets, and contradict the p-value nowhere.

Where at most `EXACT_UNITS` differences are not zero, all sets count, exactly: those
of the others only enlarge a set, by a number whose distribution is known. Beyond
that, `DRAWS` sets are drawn from a fixed seed; test and interval use the same sets.

Units may be groups of scenarios: a unit has a sum and a size, and a set's mean is
its sum over its size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.statistics.distributions import binomial_chances

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EXACT_UNITS = 18
SIZES_OF_SETS = 1_000
MEANS_AT_ONCE = 1 << 17  # as many are sorted; of more, the limit is searched for
DRAWS = 20_000  # the sample as it is, and 19,999 sets
SEED = 20_240_611
NEGLIGIBLE = 1e-12  # of a sum of differences: two sums closer than that are the same sum, rounded differently


@dataclass(frozen=True)
class SignFlip:
    """The test of per-unit sums of differences; `sizes` says how many scenarios each unit holds."""

    sums: Floats
    sizes: Integers
    seed: int = SEED
    _slack: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_slack", NEGLIGIBLE * float(np.abs(self.sums).sum()))

    @property
    def method(self) -> str:
        """What a report calls it."""
        how = "exact" if self._is_exact else f"{DRAWS:,} draws"
        return f"sign-flip permutation, {how}"

    @property
    def p_value(self) -> float:
        """Two-sided: twice the smaller tail, at most 1."""
        return min(1.0, 2 * min(self.tail_at_most(0.0), self._mirrored.tail_at_most(0.0)))

    @property
    def smallest_reachable_p(self) -> float:
        """Two of 2^k sets at best, with k units that changed; and never below one draw's weight."""
        sets = min(1.0, 2.0 ** (1 - self._changed))
        return sets if self._is_exact else max(sets, 2 / DRAWS)

    def interval(self, alpha: float) -> tuple[float, float]:
        """
        The differences that the test at level alpha does not reject.

        Infinite where even the sample as it is, one set of all, weighs more than alpha / 2.
        """
        low, high = self.lower_limit(alpha / 2), -self._mirrored.lower_limit(alpha / 2)
        # A limit that is zero but for rounding is zero, where that keeps it on its side of the test;
        # ten digits of the others are right.
        tiny = 4 * self._slack
        return (
            0.0 if -tiny <= low <= 0 else float(f"{low:.10g}"),
            0.0 if 0 <= high <= tiny else float(f"{high:.10g}"),
        )

    def equivalence_p(self, margin: float) -> float:
        """The larger p-value of the two one-sided tests against -margin and +margin (Schuirmann 1987)."""
        return max(self.tail_at_most(-margin), self._mirrored.tail_at_most(-margin))

    def tail_at_most(self, shift: float) -> float:
        """The share of sets whose mean is at most `shift`: the p-value of a true difference of at most that."""
        if not self._is_exact:
            return float(1 + np.searchsorted(self._drawn_means, shift, side="right")) / DRAWS
        # A set's unchanged part adds to its size only, which against a shift of 0 is nothing. Of sum and size
        # zero, the empty set is counted with any shift.
        padding, weights = (self._padding_sizes, self._padding_weights) if shift else (0, np.ones(1))
        total = 0.0
        for size, ordered in self._subset_sums.items():
            bounds = np.atleast_1d(shift * (size + padding) + self._slack)
            total += float(weights @ np.searchsorted(ordered, bounds, side="right"))
        return min(1.0, total / 2.0**self._changed)

    def lower_limit(self, tail: float) -> float:
        """The smallest mean of a set at which the share of sets reaches `tail`."""
        if not self._is_exact:
            rank = int(np.ceil(round(tail * DRAWS, 9))) - 1
            return float(self._drawn_means[rank - 1]) if rank >= 1 else -np.inf
        if 2.0 ** -len(self.sums) >= tail:
            return -np.inf
        if len(self._padding_sizes) << self._changed <= MEANS_AT_ONCE:
            limit = self._limit_among_all_means(tail)
        else:
            limit = self._limit_by_bisection(tail)
        # The last bit of a share must not put the limit on the other side of 0 than the test.
        return min(limit, 0.0) if self.tail_at_most(0.0) >= tail else max(limit, float(np.nextafter(0.0, 1.0)))

    def _limit_among_all_means(self, tail: float) -> float:
        means, weights = self._all_means
        first = int(np.searchsorted(weights, tail * 2.0**self._changed))
        return float(means[min(first, len(means) - 1)])

    def _limit_by_bisection(self, tail: float) -> float:
        low = float(np.min(self.sums / self.sizes))
        high = max(0.0, float(self.sums.sum() / self.sizes.sum()), low)
        low -= 1e-9 * max(abs(low), abs(high))  # below every mean of a set but the empty one
        if self.tail_at_most(0.0) >= tail:
            high = min(high, 0.0)
        elif low < 0:
            low = 0.0
        for _ in range(60):
            middle = (low + high) / 2
            if middle in (low, high):
                break
            if self.tail_at_most(middle) >= tail:
                high = middle
            else:
                low = middle
        return high

    @cached_property
    def _mirrored(self) -> SignFlip:
        """The same with the versions exchanged."""
        mirrored = SignFlip(-self.sums, self.sizes, self.seed)
        if not self._is_exact:  # the same sets, which are drawn once
            sums, sizes = self._drawn_sets
            mirrored.__dict__["_drawn_sets"] = (0.0 - sums, sizes)
        return mirrored

    @cached_property
    def _moved(self) -> NDArray[np.bool_]:
        return np.abs(self.sums) > self._slack

    @property
    def _changed(self) -> int:
        return int(self._moved.sum())

    @cached_property
    def _is_exact(self) -> bool:
        # Groups of many different sizes would make as many lists of sums.
        alike = bool(self.sizes.min() == self.sizes.max())
        return self._changed <= EXACT_UNITS and (alike or int(self.sizes.sum()) <= SIZES_OF_SETS)

    @cached_property
    def _subset_sums(self) -> dict[int, Floats]:
        """Per size, the sums of all sets of changed units of that size, ascending."""
        sums, sizes = np.zeros(1), np.zeros(1, dtype=np.int64)
        for value, size in zip(self.sums[self._moved], self.sizes[self._moved], strict=True):
            sums, sizes = np.concatenate((sums, sums + value)), np.concatenate((sizes, sizes + size))
        order = np.argsort(sizes, kind="stable")
        sums, sizes = sums[order], sizes[order]
        kinds, starts = np.unique(sizes, return_index=True)
        parts = np.split(sums, starts[1:])
        return {int(kind): np.sort(part) for kind, part in zip(kinds, parts, strict=True)}

    @cached_property
    def _all_means(self) -> tuple[Floats, Floats]:
        """The means of all sets, ascending, the empty one first, and how many sets have at most that mean."""
        means, weights = [], []
        for size, ordered in self._subset_sums.items():
            sizes = size + self._padding_sizes
            with np.errstate(divide="ignore", invalid="ignore"):
                means.append(np.where(sizes > 0, (ordered[:, None] - self._slack) / sizes, -np.inf).ravel())
            weights.append(np.broadcast_to(self._padding_weights, (len(ordered), len(sizes))).ravel())
        every, weight = np.concatenate(means), np.concatenate(weights)
        order = np.argsort(every)
        return every[order], np.cumsum(weight[order])

    @cached_property
    def _padding(self) -> Floats:
        """How likely a random set of unchanged units holds 0, 1, 2, … scenarios."""
        unmoved = self.sizes[~self._moved]
        if len(unmoved) and unmoved.min() == unmoved.max():
            return _spread(binomial_chances(len(unmoved), 0.5), int(unmoved[0]))
        chances = np.ones(1)
        for size in unmoved:
            longer = np.zeros(len(chances) + int(size))
            longer[: len(chances)] += chances / 2
            longer[int(size) :] += chances / 2
            chances = longer
        return chances

    @cached_property
    def _padding_sizes(self) -> Integers:
        return np.flatnonzero(self._padding > 1e-15)

    @cached_property
    def _padding_weights(self) -> Floats:
        return np.asarray(self._padding[self._padding_sizes])

    @cached_property
    def _drawn_sets(self) -> tuple[Floats, Integers]:
        return drawn_sets(self.sums[self._moved], self.sizes[self._moved], self.sizes[~self._moved], self.seed)

    @cached_property
    def _drawn_means(self) -> Floats:
        """The means of the drawn sets, ascending, each lowered by what rounding may have added."""
        sums, sizes = self._drawn_sets
        means = np.where(sizes > 0, (sums - self._slack) / np.maximum(sizes, 1), -np.inf)
        return np.sort(means)


def drawn_sets(sums: Floats, sizes: Integers, other_sizes: Integers, seed: int = SEED) -> tuple[Floats, Integers]:
    """
    The sum and the size of `DRAWS` - 1 random sets of units, each unit in or out by the toss of a coin.

    `other_sizes` are those of units whose sum is zero: they only make a set larger.
    """
    chance = np.random.default_rng(seed)
    set_sums, set_sizes = _tosses(chance, sums, sizes)
    if len(other_sizes) == 0:
        return set_sums, set_sizes
    if other_sizes.min() == other_sizes.max():
        return set_sums, set_sizes + chance.binomial(len(other_sizes), 0.5, DRAWS - 1) * other_sizes[0]
    return set_sums, set_sizes + _tosses(chance, np.zeros(len(other_sizes)), other_sizes)[1]


def _tosses(chance: np.random.Generator, sums: Floats, sizes: Integers) -> tuple[Floats, Integers]:
    # Eight units share a byte: a table holds the sums of their 256 sets, so that a thousand
    # units cost 125 look-ups per draw.
    blocks = -(-len(sums) // 8)
    drawn = chance.integers(0, 256, size=(blocks, DRAWS - 1), dtype=np.uint8)
    members = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int64)  # set × unit
    set_sums = np.zeros(DRAWS - 1)
    for table, sets in zip(_in_blocks(sums, blocks) @ members.T, drawn, strict=True):
        set_sums += table.take(sets)
    if len(sizes) and sizes.min() == sizes.max():
        drawn[-1] &= (0xFF << (-len(sizes) % 8)) & 0xFF  # those of the last byte that are units
        return set_sums, np.bitwise_count(drawn).sum(axis=0, dtype=np.int64) * sizes[0]
    set_sizes = np.zeros(DRAWS - 1, dtype=np.int64)
    for table, sets in zip(_in_blocks(sizes, blocks) @ members.T, drawn, strict=True):
        set_sizes += table.take(sets)
    return set_sums, set_sizes


def _in_blocks(values: NDArray[Any], blocks: int) -> NDArray[Any]:
    padded = np.zeros(blocks * 8, dtype=values.dtype)
    padded[: len(values)] = values
    return padded.reshape(blocks, 8)


def _spread(chances: Floats, size: int) -> Floats:
    """The same chances for multiples of `size`."""
    spread = np.zeros((len(chances) - 1) * size + 1)
    spread[::size] = chances
    return spread
