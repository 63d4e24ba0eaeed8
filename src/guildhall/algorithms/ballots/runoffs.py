"""Counts in rounds: the instant run-off for one seat, the single transferable vote for several."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from guildhall.algorithms.ballots.errors import UnusableBallot
from guildhall.algorithms.ballots.papers import Ballots, position
from guildhall.algorithms.ballots.results import Result, Round, Score, scored

_NOBODY = -1
_AT_A_TIME = 8
_BLOCK = 512
_STEPS = np.arange(_AT_A_TIME)
_LAST = np.iinfo(np.int16).max
_UNIT = 10**5
"""Votes of the single transferable vote are counted in hundred-thousandths."""


def irv(ballots: Ballots, order: Sequence[str] | None = None) -> Result:
    """
    Drop who has the fewest first choices, until one has more than half of what still counts.

    Where several have the fewest, all of them drop out, unless nobody else is left: then they have tied. With a declared
    `order` only the last of them in it does. A ballot with several at its head counts for nobody while they all
    stand. A Condorcet winner may lose.

    Raises:
        UnusableBallot: `order` leaves an option out.
    """
    options = ballots.options
    standing = _Standing(ballots)
    rank = _declared(options, order)
    rounds: list[Round] = []
    while True:
        votes, counted = standing.tally()
        left = [each for each in range(len(options)) if standing.alive[each]]
        scores = scored(tuple(options[each] for each in left), [votes[each] for each in left])
        exhausted = standing.counted - counted
        most = [each for each in left if 2 * votes[each] > counted]
        least = min((votes[each] for each in left), default=0)
        fewest = [each for each in left if votes[each] == least]
        if rank is not None and len(fewest) > 1:
            fewest = [max(fewest, key=lambda each: rank[each])]
        if most or not standing.counted or len(fewest) == len(left):
            winners = tuple(options[each] for each in most or left) if standing.counted else ()
            rounds.append(Round(scores, elected=winners, exhausted=exhausted))
            return Result("irv", winners, scores, standing.counted, counted // 2 + 1, tuple(rounds))
        rounds.append(Round(scores, eliminated=tuple(options[each] for each in fewest), exhausted=exhausted))
        standing.drop(fewest)


def stv(ballots: Ballots, seats: int, order: Sequence[str] | None = None) -> Result:
    """
    The single transferable vote by the rules of the Scottish Local Government Elections Order 2011, schedule 1, part III.

    Droop quota; surpluses go on at a reduced value (weighted inclusive Gregory), cut to five decimals; one count for each surplus or elimination.
    A tie goes by the last earlier count in which the tied differed, then by the declared `order` of the options (that
    of the ballots): who stands earlier is elected first and eliminated last. Scores are those in the last count of each option.

    Raises:
        UnusableBallot: There are fewer than 1 seat or more than options; a ballot has ties; `order` leaves an option out.
    """
    options = ballots.options
    if not 1 <= seats <= max(len(options), 1):
        raise UnusableBallot("the number of seats", seats, f"1 to {len(options)}, the number of options")
    standing = _Standing(ballots)
    if standing.has_ties:
        raise UnusableBallot("a ballot", "several options at one rank", "one option at each rank")
    count = _Count(ballots, standing, seats, _declared(options, order) or list(range(len(options))))
    count.run()
    names = tuple(options[each] for each in count.elected)
    by_votes = sorted(range(len(options)), key=lambda each: -count.last[each])
    last = {options[each]: _votes(count.last[each]) for each in by_votes}
    return Result("stv", names, last, standing.counted, count.quota // _UNIT, tuple(count.rounds))


class _Count:
    """A count by the single transferable vote, whose values are whole hundred-thousandths."""

    def __init__(self, ballots: Ballots, standing: _Standing, seats: int, rank: list[int]) -> None:
        self.options = ballots.options
        self.weights = ballots.weights
        self.standing = standing
        self.seats = seats
        self.rank = rank
        self.quota = (standing.counted // (seats + 1) + 1) * _UNIT
        self.values = np.full(len(self.weights), _UNIT, np.int64)
        # Sums of whole numbers are exact in floating point up to 2⁵³, and a third as dear.
        self.exactly_in_floats = standing.counted * _UNIT < 2**53
        self.elected: list[int] = []
        self.surpluses: list[int] = []
        self.history: list[list[int]] = []
        self.last = [0] * len(self.options)
        self.held = [0] * len(self.options)
        self.rounds: list[Round] = []

    def run(self) -> None:
        votes, _ = self.standing.tally()
        self.held = [vote * _UNIT for vote in votes]
        if not self.standing.counted:
            return
        while True:
            scores, newly = self._note()
            vacant = self.seats - len(self.elected)
            hopeful = self._hopeful()
            if len(hopeful) <= vacant:
                # All that are left fill the seats, in the order of their votes.
                while hopeful:
                    hopeful.remove(chosen := self._choose(hopeful, most=True))
                    self.elected.append(chosen)
                    newly.append(chosen)
                vacant = 0
            dropped: list[int] = []
            if vacant:
                if self.surpluses:
                    self.surpluses.remove(giver := self._choose(self.surpluses, most=True))
                    self._pass_on(giver, self.held[giver] - self.quota)
                else:
                    dropped = [self._choose(hopeful, most=False)]
                    self._pass_on(dropped[0], None)
            self.rounds.append(
                Round(
                    scores,
                    elected=tuple(self.options[each] for each in newly),
                    eliminated=tuple(self.options[each] for each in dropped),
                    exhausted=_votes(self.standing.counted * _UNIT - sum(self.history[-1])),
                )
            )
            if not vacant:
                return

    def _note(self) -> tuple[dict[str, Score], list[int]]:
        """Keep this count's votes, and elect who has reached the quota, the most first."""
        held, alive = self.held, self.standing.alive.tolist()
        self.history.append(held.copy())
        self.last = [now if stands else last for now, stands, last in zip(held, alive, self.last, strict=True)]
        shown = [each for each, stands in enumerate(alive) if stands or held[each]]
        shown.sort(key=held.__getitem__, reverse=True)
        scores = {self.options[each]: _votes(held[each]) for each in shown}
        reached = [each for each in self._hopeful() if self.held[each] >= self.quota]
        newly: list[int] = []
        while reached and len(self.elected) < self.seats:
            reached.remove(chosen := self._choose(reached, most=True))
            newly.append(chosen)
            self.elected.append(chosen)
            if self.held[chosen] > self.quota:
                self.surpluses.append(chosen)
        return scores, newly

    def _hopeful(self) -> list[int]:
        taken = set(self.elected)
        return [each for each, stands in enumerate(self.standing.alive.tolist()) if stands and each not in taken]

    def _choose(self, among: Sequence[int], *, most: bool) -> int:
        """Who has the most, or the fewest: now, else in the last count in which they differed, else by the declared order."""
        left = list(among)
        for held in reversed(self.history):
            wanted = (max if most else min)(held[each] for each in left)
            left = [each for each in left if held[each] == wanted]
            if len(left) == 1:
                return left[0]
        return (min if most else max)(left, key=lambda each: self.rank[each])

    def _pass_on(self, giver: int, surplus: int | None) -> None:
        """Move the papers of one option on to the next: all of their value, or the surplus in proportion to it."""
        heads = self.standing.heads
        papers = np.flatnonzero(heads == giver)
        credited = self.held[giver]
        if surplus is not None:
            values = self.values[papers]
            for value in set(values.tolist()):
                self.values[papers[values == value]] = surplus * value // credited
            # Of each paper the elected keep what is not passed on; in sum that is the quota.
            self.held[giver] = self.quota
        else:
            self.held[giver] = 0
        # The elected take no more papers, those that wait for their surplus to be passed on included.
        self.standing.drop([giver], closed=self.elected, papers=papers)
        going, moved = heads[papers], self.weights[papers] * self.values[papers]
        if self.exactly_in_floats:
            received = np.bincount(going + 1, moved, len(self.options) + 1).astype(np.int64)
        else:
            received = np.zeros(len(self.options) + 1, np.int64)
            np.add.at(received, going + 1, moved)
        for receiver in np.flatnonzero(received[1:]).tolist():
            self.held[receiver] += int(received[1 + receiver])


class _Standing:
    """Which options still stand, and whom each ballot is for while they do."""

    def __init__(self, ballots: Ballots) -> None:
        ranks = _dense(ballots.ranks)
        count = len(ballots.options)
        self._weights = ballots.weights.astype(np.float64)
        self.alive = np.ones(count, np.bool_)
        # Whom a ballot puts first, second …: one option more, that never stands, where it puts nobody.
        width = 1 + count + _AT_A_TIME
        self._order = np.full((len(ranks), width), count, np.int16)
        # A block at a time, in flat arrays: what is written stays in the processor's cache, and numpy spreads a row slowly.
        numbers = np.tile(np.arange(count, dtype=np.int16), min(_BLOCK, len(ranks)))
        begins = (np.arange(min(_BLOCK, len(ranks))) * width)[:, None]
        for first in range(0, len(ranks), _BLOCK):
            block = ranks[first : first + _BLOCK]
            places = (block + begins[: len(block)]).reshape(-1)
            self._order[first : first + _BLOCK].reshape(-1)[places] = numbers[: len(places)]
        self._order[:, 0] = count
        taken = self._order < count
        # Options of one rank have overwritten each other.
        self._tied = np.empty(0, np.intp)
        if np.count_nonzero(taken) < np.count_nonzero(ranks):
            self._tied = np.flatnonzero(taken.sum(axis=1) < np.count_nonzero(ranks, axis=1))
        self._tied_ranks = np.where(ranks[self._tied] == 0, _LAST, ranks[self._tied])
        self._place = np.arange(len(ranks)) * width + 1
        self.has_ties = bool(len(self._tied))
        says = taken[:, 1].copy() if count else np.zeros(len(ranks), np.bool_)
        unsure = np.flatnonzero(~says)
        says[unsure] = taken[unsure].any(axis=1)
        self.counted = int(ballots.weights[says].sum())
        self.heads = self._order[:, 1].astype(np.intp) if count else np.full(len(ranks), _NOBODY, np.intp)
        self._move(np.flatnonzero(self.heads == count), self.alive)

    def tally(self) -> tuple[list[int], int]:
        """The weight behind each option, and their sum; exact, as weights add up to less than 2⁵³."""
        # Nobody is -1: one up, and cut off.
        votes = np.bincount(self.heads + 1, weights=self._weights, minlength=len(self.alive) + 1)[1:].astype(np.int64)
        return votes.tolist(), int(votes.sum())

    def drop(self, options: Sequence[int], closed: Sequence[int] = (), papers: NDArray[np.intp] | None = None) -> None:
        """Take options out of the count; their ballots, `papers` where they are known, pass over those that are closed as well."""
        for option in options:
            self.alive[option] = False
        takes = self.alive.copy()
        takes[list(closed)] = False
        if papers is not None:
            self._move(papers, takes)
            return
        for option in options:
            self._move(np.flatnonzero(self.heads == option), takes)

    def _move(self, ballots: NDArray[np.intp], takes: NDArray[np.bool_]) -> None:
        """Give ballots to the first option on each that takes them, a few places at a time: who is passed over stays so."""
        open_to = np.append(takes, False)
        cells = self._order.reshape(-1)
        while len(ballots):
            places = self._place.take(ballots)
            ahead = cells.take(places[:, None] + _STEPS)
            stands = open_to.take(ahead)
            step = stands.argmax(axis=1)
            first = np.arange(0, ahead.size, _AT_A_TIME) + step
            found = stands.reshape(-1).take(first)
            if found.all():
                self.heads[ballots] = ahead.reshape(-1).take(first)
                self._place[ballots] = places + step
                break
            self.heads[ballots] = np.where(found, ahead.reshape(-1).take(first), _NOBODY)
            self._place[ballots] = places + np.where(found, step, _AT_A_TIME)
            ballots = ballots[~found]
            ballots = ballots[self._place.take(ballots) < (ballots + 1) * self._order.shape[1] - _AT_A_TIME]
        if self.has_ties:
            ranks = np.where(takes[None, :], self._tied_ranks, _LAST)
            head = ranks.argmin(axis=1)
            top = ranks[np.arange(len(ranks)), head]
            alone = ((ranks == top[:, None]).sum(axis=1) == 1) & (top < _LAST)
            self.heads[self._tied] = np.where(alone, head, _NOBODY)


def _votes(held: int) -> Score:
    """Hundred-thousandths as votes: a whole number, where they are one."""
    return Fraction(held, _UNIT) if held % _UNIT else held // _UNIT


def _dense(ranks: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same ballots with no rank above the number of options."""
    if not ranks.size or int(ranks.max()) <= ranks.shape[1]:
        return ranks
    dense = np.zeros_like(ranks)
    for ballot, row in enumerate(ranks):
        used = np.unique(row[row > 0])
        dense[ballot] = np.where(row > 0, np.searchsorted(used, row) + 1, 0)
    return dense


def _declared(options: tuple[str, ...], order: Sequence[str] | None) -> list[int] | None:
    if order is None:
        return None
    listed = [position(options, option) for option in dict.fromkeys(order)]
    if len(listed) != len(options):
        raise UnusableBallot("the declared order", list(order), "to name every option")
    rank = [0] * len(options)
    for where, option in enumerate(listed):
        rank[option] = where
    return rank
