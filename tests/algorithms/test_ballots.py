"""Counting ballots, held against definitions written out by brute force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, groupby, pairwise, permutations, product
from math import isqrt, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import ballots as counting
from guildhall.algorithms.ballots import Ballots, Grades, Result, UnusableBallot

NAMES = ("ash", "birch", "cedar", "date", "elm")


@st.composite
def elections(draw: st.DrawFn, *, ties: bool = True, most: int = 5) -> Ballots:
    """Few options and few ballots: ties, circles and empty ballots are common."""
    options = NAMES[: draw(st.integers(1, most))]
    rankings = []
    for _ in range(draw(st.integers(0, 9))):
        listed = draw(st.permutations(options))[: draw(st.integers(0, len(options)))]
        groups: list[list[str]] = []
        for option in listed:
            if ties and groups and draw(st.booleans()):
                groups[-1].append(option)
            else:
                groups.append([option])
        rankings.append(groups)
    weights = draw(st.lists(st.integers(0, 4), min_size=len(rankings), max_size=len(rankings)))
    return Ballots.ranked(options, rankings, weights)


def rows(ballots: Ballots) -> list[tuple[dict[str, int], int]]:
    """Each ballot as ranks by name, what is not ranked at 99, and its weight."""
    return [
        ({option: int(rank) or 99 for option, rank in zip(ballots.options, ranks, strict=True)}, int(weight))
        for ranks, weight in zip(ballots.ranks, ballots.weights, strict=True)
    ]


def support(ballots: Ballots, one: str, other: str) -> int:
    return sum(weight for ranks, weight in rows(ballots) if ranks[one] < ranks[other])


def margin(ballots: Ballots, one: str, other: str) -> int:
    return support(ballots, one, other) - support(ballots, other, one)


def spoken(ballots: Ballots) -> int:
    return sum(weight for ranks, weight in rows(ballots) if min(ranks.values()) < 99)


@given(elections())
def test_pairs_are_counted_on_every_ballot(ballots: Ballots) -> None:
    compared = counting.pairwise(ballots)
    for (i, one), (j, other) in product(enumerate(ballots.options), repeat=2):
        assert compared.support[i, j] == (support(ballots, one, other) if i != j else 0)


def test_pairs_of_many_options_are_counted_with_ranks_that_no_byte_holds() -> None:
    options = [f"option {number}" for number in range(300)]
    orders = np.array([np.roll(np.arange(300), shift) for shift in (0, 1, 150)])
    compared = counting.pairwise(Ballots.ordered(options, orders, [1, 1, 3]))
    places = np.argsort(orders, axis=1)
    expected = sum(weight * (row[:, None] < row[None, :]) for row, weight in zip(places, (1, 1, 3), strict=True))
    assert (compared.support == expected).all()


@given(elections())
def test_the_smith_set_is_the_smallest_whose_members_beat_all_others(ballots: Ballots) -> None:
    options = ballots.options
    expected = next(
        set(members)
        for size in range(1, len(options) + 1)
        for members in combinations(options, size)
        if all(margin(ballots, one, other) > 0 for one in members for other in set(options) - set(members))
    )
    assert set(counting.pairwise(ballots).smith_set) == expected


@given(elections())
def test_who_beats_every_other_is_the_condorcet_winner_and_wins_by_every_condorcet_rule(ballots: Ballots) -> None:
    def beaten_by(one: str) -> bool:
        return all(margin(ballots, one, other) > 0 for other in ballots.options if other != one)

    winner = next((option for option in ballots.options if beaten_by(option)), None) if spoken(ballots) else None
    assert counting.pairwise(ballots).condorcet_winner == winner
    assert counting.condorcet(ballots).winners == (() if winner is None else (winner,))
    if winner is not None:
        for rule in ("copeland", "minimax", "schulze", "ranked_pairs"):
            assert counting.RANKED[rule](ballots).winners == (winner,)


@given(elections())
def test_borda_gives_two_points_for_each_below_and_one_for_each_equal(ballots: Ballots) -> None:
    result = counting.borda(ballots)
    for one in ballots.options:
        expected = 0
        for ranks, weight in rows(ballots):
            if min(ranks.values()) == 99:
                continue
            for other in ballots.options:
                if other != one:
                    expected += weight * (2 if ranks[one] < ranks[other] else 1 if ranks[one] == ranks[other] else 0)
        assert result.scores[one] == expected
    wins(result, ballots)


@given(elections())
def test_minimax_and_copeland_by_their_definitions(ballots: Ballots) -> None:
    others = {one: [other for other in ballots.options if other != one] for one in ballots.options}
    minimax = counting.minimax(ballots)
    by_votes = counting.minimax(ballots, "winning_votes")
    copeland = counting.copeland(ballots)
    for one, rest in others.items():
        defeats = [(margin(ballots, other, one), support(ballots, other, one)) for other in rest]
        assert minimax.scores[one] == -max([lost for lost, _ in defeats if lost > 0], default=0)
        assert by_votes.scores[one] == -max([votes for lost, votes in defeats if lost > 0], default=0)
        assert copeland.scores[one] == sum((lost < 0) - (lost > 0) for lost, _ in defeats)
    wins(minimax, ballots)
    wins(copeland, ballots)


@given(elections(), st.sampled_from(["margins", "winning_votes"]))
def test_schulze_by_all_paths(ballots: Ballots, strength: counting.Strength) -> None:
    def victory(one: str, other: str) -> int:
        if margin(ballots, one, other) <= 0:
            return 0
        return margin(ballots, one, other) if strength == "margins" else support(ballots, one, other)

    def strongest(one: str, other: str) -> int:
        between = [option for option in ballots.options if option not in (one, other)]
        paths = [
            (one, *middle, other) for length in range(len(between) + 1) for middle in permutations(between, length)
        ]
        return max(min(victory(a, b) for a, b in pairwise(path)) for path in paths)

    expected = tuple(
        one
        for one in ballots.options
        if all(one == other or strongest(one, other) >= strongest(other, one) for other in ballots.options)
    )
    assert counting.schulze(ballots, strength).winners == (expected if spoken(ballots) else ())


@given(elections(most=4))
def test_ranked_pairs_over_every_order_of_equal_victories(ballots: Ballots) -> None:
    victories = sorted(
        ((margin(ballots, a, b), a, b) for a, b in product(ballots.options, repeat=2) if margin(ballots, a, b) > 0),
        key=lambda each: -each[0],
    )
    levels = [list(level) for _, level in groupby(victories, key=lambda each: each[0])]
    result = counting.ranked_pairs(ballots)
    if not spoken(ballots):
        assert result.winners == ()
        return
    in_order = [sorted(level, key=lambda each: (NAMES.index(each[1]), NAMES.index(each[2]))) for level in levels]
    assert result.winners == unbeaten(ballots.options, in_order)
    if prod(len(list(permutations(level))) for level in levels) > 800:
        return
    possible = {
        option
        for order in product(*(permutations(level) for level in levels))
        for option in unbeaten(ballots.options, order)
    }
    assert set(result.winners) | set(result.contested) <= possible
    assert set(result.contested).isdisjoint(result.winners)
    if not result.contested:
        assert possible == set(result.winners)


def unbeaten(options: tuple[str, ...], levels: object) -> tuple[str, ...]:
    """Those nobody is locked over, with victories locked one by one."""
    locked: set[tuple[str, str]] = set()

    def reaches(one: str, other: str) -> bool:
        return one == other or any(reaches(low, other) for high, low in locked if high == one)

    for level in levels:  # type: ignore[attr-defined]
        for _, high, low in level:
            if not reaches(low, high):
                locked.add((high, low))
    return tuple(option for option in options if not any(low == option for _, low in locked))


def test_a_declared_order_settles_ranked_pairs_and_the_other_way_is_told() -> None:
    circle = Ballots.ranked(NAMES[:3], [NAMES[:3], (NAMES[1], NAMES[2], NAMES[0]), (NAMES[2], NAMES[0], NAMES[1])])
    first = counting.ranked_pairs(circle)
    assert (first.winners, first.contested) == (("ash",), ("birch", "cedar"))
    assert counting.ranked_pairs(circle, order=["cedar", "ash", "birch"]).winners == ("cedar",)
    with pytest.raises(UnusableBallot, match="'oak'"):
        counting.ranked_pairs(circle, order=["oak"])


@given(elections())
def test_first_choices(ballots: Ballots) -> None:
    votes = dict.fromkeys(ballots.options, 0)
    for ranks, weight in rows(ballots):
        heads = [option for option, rank in ranks.items() if rank == min(ranks.values()) < 99]
        if len(heads) == 1:
            votes[heads[0]] += weight
    counted = sum(votes.values())
    most = max(votes.values())
    for rule in (counting.plurality, counting.weighted):
        assert rule(ballots).scores == votes
        assert rule(ballots).counted == counted
        assert rule(ballots).winners == tuple(each for each in votes if votes[each] == most and counted)
    assert counting.majority(ballots).winners == tuple(each for each in votes if 2 * votes[each] > counted)
    for share in (Fraction(2, 3), Fraction(1)):
        reached = tuple(each for each in votes if counted and votes[each] >= share * counted)
        assert counting.supermajority(ballots, share).winners == reached
    full = counting.supermajority(ballots, Fraction(3, 4), roll=counted + 2)
    assert full.winners == tuple(each for each in votes if votes[each] >= Fraction(3, 4) * (counted + 2))


@given(elections())
def test_the_run_off_drops_all_with_the_fewest(ballots: Ballots) -> None:
    left = list(ballots.options)
    while True:
        votes = dict.fromkeys(left, 0)
        for ranks, weight in rows(ballots):
            among = {option: ranks[option] for option in left if ranks[option] < 99}
            heads = [option for option, rank in among.items() if rank == min(among.values())]
            if len(heads) == 1:
                votes[heads[0]] += weight
        most = [option for option in left if 2 * votes[option] > sum(votes.values())]
        fewest = [option for option in left if votes[option] == min(votes.values())]
        if most or fewest == left:
            break
        left = [option for option in left if option not in fewest]
    result = counting.irv(ballots)
    assert result.winners == (tuple(most or left) if spoken(ballots) else ())
    if spoken(ballots):
        assert result.rounds[-1].scores == votes
        assert {each for turn in result.rounds for each in turn.eliminated} == set(ballots.options) - set(left)


def test_a_declared_order_says_who_of_the_fewest_drops_out() -> None:
    ballots = Ballots.ranked(("a", "b", "c"), [("a",), ("a",), ("b", "c"), ("c", "b")])
    assert counting.irv(ballots).winners == ("a",)
    assert counting.irv(ballots, order=["a", "b", "c"]).rounds[0].eliminated == ("c",)
    assert counting.irv(ballots, order=["c", "b", "a"]).rounds[0].eliminated == ("b",)
    assert counting.irv(ballots, order=["c", "b", "a"]).winners == ("c",)
    with pytest.raises(UnusableBallot, match="to name every option"):
        counting.irv(ballots, order=["a"])


def test_the_single_transferable_vote_passes_surpluses_on_cut_to_five_decimals() -> None:
    # Quota 4 of 11 votes for 2 seats. Ash has 7: each of its papers goes on at 3/7 = .42857.
    ballots = Ballots.ranked(NAMES[:3], [("ash", "birch"), ("ash", "cedar"), ("birch",), ("cedar",)], [5, 2, 2, 2])
    result = counting.stv(ballots, 2)
    assert result.needed == 4
    assert result.winners == ("ash", "birch")
    assert result.rounds[1].scores == {
        "ash": 4,
        "birch": 2 + 5 * Fraction(42857, 100_000),
        "cedar": 2 + 2 * Fraction(42857, 100_000),
    }
    assert not result.tied


@given(elections(ties=False), st.integers(1, 5), st.permutations(NAMES))
def test_the_single_transferable_vote_fills_the_seats_and_invents_no_votes(
    ballots: Ballots, seats: int, order: list[str]
) -> None:
    seats = min(seats, len(ballots.options))
    result = counting.stv(ballots, seats, [each for each in order if each in ballots.options])
    assert len(set(result.winners)) == (seats if spoken(ballots) else 0)
    for turn in result.rounds:
        assert sum(turn.scores.values()) + turn.exhausted == spoken(ballots)
        assert turn.exhausted >= 0
    if spoken(ballots) and seats == 1 and (first := counting.majority(ballots)).winners:
        assert result.winners == first.winners


@given(elections(ties=False), st.integers(1, 4))
def test_a_solid_coalition_of_quotas_gets_its_seats(ballots: Ballots, seats: int) -> None:
    """Droop's proportionality for solid coalitions, the property for which one counts by transferable votes (Woodall, 1994)."""
    seats = min(seats, len(ballots.options))
    result = counting.stv(ballots, seats)
    quota = spoken(ballots) // (seats + 1) + 1
    for size in range(1, len(ballots.options) + 1):
        for coalition in combinations(ballots.options, size):
            behind = sum(
                weight
                for ranks, weight in rows(ballots)
                if max(ranks[each] for each in coalition) < 99
                and all(ranks[a] < ranks[b] for a in coalition for b in ballots.options if b not in coalition)
            )
            due = min(behind // quota, size)
            # Cutting values to five decimals may cost a hundred-thousandth a paper, not a seat of so few.
            assert len(set(result.winners) & set(coalition)) >= due - (1 if behind % quota == 0 and due > 1 else 0)


@given(elections(), st.data())
def test_no_rule_looks_at_the_order_of_ballots_or_the_names_of_options(ballots: Ballots, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(range(len(ballots.weights))))
    relabelled = data.draw(st.permutations(range(len(ballots.options))))
    other = Ballots(
        tuple(ballots.options[each] for each in relabelled),
        ballots.ranks[np.array(shuffled, int)][:, np.array(relabelled, int)],
        ballots.weights[np.array(shuffled, int)],
    )
    for name, rule in counting.RANKED.items():
        if name != "ranked_pairs":
            assert set(rule(ballots).winners) == set(rule(other).winners), name
            assert rule(ballots).scores == rule(other).scores, name


@given(elections())
def test_a_weight_is_so_many_ballots(ballots: Ballots) -> None:
    repeated = np.repeat(np.arange(len(ballots.weights)), ballots.weights)
    many = Ballots(ballots.options, ballots.ranks[repeated], np.ones(len(repeated), np.int64))
    for rule in counting.RANKED.values():
        assert rule(ballots) == rule(many)
    assert (replace(ballots, weights=ballots.weights).heads().weights == 1).all()


def wins(result: Result, ballots: Ballots) -> None:
    most = max(result.scores.values())
    assert result.winners == tuple(each for each in ballots.options if result.scores[each] == most and result.counted)
    assert list(result.scores.values()) == sorted(result.scores.values(), reverse=True)


grades = st.integers(1, 4).flatmap(
    lambda options: st.lists(
        st.tuples(st.dictionaries(st.sampled_from(NAMES[:options]), st.integers(-50, 50)), st.integers(0, 3)),
        max_size=8,
    ).map(lambda cast: Grades.graded(NAMES[:options], [row for row, _ in cast], [weight for _, weight in cast]))
)


@given(grades)
def test_grades_are_summed_averaged_and_rooted(cast: Grades) -> None:
    table = [
        ({each: int(row[i]) for i, each in enumerate(cast.options) if given_[i]}, int(weight))
        for row, given_, weight in zip(cast.grades, cast.given, cast.weights, strict=True)
    ]
    for option in cast.options:
        of_it = [(row[option], weight) for row, weight in table if option in row]
        assert counting.score(cast).scores[option] == sum(grade * weight for grade, weight in of_it)
        weight_of_it = sum(weight for _, weight in of_it)
        mean = counting.score(cast, by="mean").scores
        assert mean.get(option) == (
            Fraction(sum(grade * weight for grade, weight in of_it), weight_of_it) if weight_of_it else None
        )
        votes = sum((1 if grade > 0 else -1) * isqrt(abs(grade) * 10**12) * weight for grade, weight in of_it)
        assert counting.quadratic(cast).scores[option] == Fraction(votes, 10**6)


def test_approval_counts_who_is_content() -> None:
    cast = Grades.approved(("a", "b", "c"), [("a", "b"), ("b",), ("c", "b"), ()])
    result = counting.approval(cast)
    assert (result.winners, dict(result.scores), result.counted, result.lead) == (
        ("b",),
        {"b": 3, "a": 1, "c": 1},
        3,
        2,
    )


def test_a_quadratic_voter_pays_the_square_and_no_more_than_the_budget() -> None:
    cast = Grades.graded(("road", "park"), [{"road": 64}, {"road": -9, "park": 25}, {"park": 2}])
    result = counting.quadratic(cast, budget=64)
    assert dict(result.scores) == {"road": 5, "park": Fraction(6_414_213, 1_000_000)}
    assert result.winners == ("park",)
    with pytest.raises(UnusableBallot, match="ballot 0 spends is 64, expected at most 60"):
        counting.quadratic(cast, budget=60)


@given(st.lists(st.fractions(min_value=0, max_value=100, max_denominator=50), max_size=6))
def test_weights_keep_their_proportions_as_whole_numbers(weights: list[Fraction]) -> None:
    result = counting.whole(weights)
    for (one, whole), (other, other_whole) in combinations(zip(weights, result, strict=True), 2):
        assert one * other_whole == other * whole


def test_ties_are_settled_by_what_was_declared() -> None:
    tied = counting.plurality(Ballots.chosen(("a", "b", "c"), ["a", "b"]))
    assert (tied.winners, tied.tied, tied.lead) == (("a", "b"), True, 0)
    assert counting.first_in(["c", "b", "a"], tied.winners) == "b"
    seed = b"sixteen bytes or"
    drawn = counting.lottery(seed, ("a", "b", "c"))
    assert sorted(drawn) == ["a", "b", "c"]
    assert counting.lottery(seed, ("c", "a", "b")) == drawn
    assert len({counting.lottery(bytes([number]) * 16, ("a", "b", "c")) for number in range(60)}) == 6
    assert counting.commitment(seed) != counting.commitment(seed + b"!")
    with pytest.raises(UnusableBallot, match="to name one of a, b"):
        counting.first_in(["c"], tied.winners)
    with pytest.raises(UnusableBallot, match="16 bytes or more"):
        counting.commitment(b"short")


def test_an_option_that_never_stood() -> None:
    spoiler = Ballots.ranked(("a", "b", "c"), [("a",), ("a",), ("b", "c"), ("c", "b"), ("c", "b")])
    assert counting.plurality(spoiler).winners == ("a", "c")
    assert counting.plurality(spoiler.without("b")).winners == ("c",)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: Ballots.ranked(("a",), [("b",)]), "an option of ballot 0 is 'b', expected one of a"),
        (lambda: Ballots.ranked(("a", "b"), [("b", "b")]), "expected each option once"),
        (lambda: Ballots.ranked(("a", "a"), []), "expected each name once"),
        (lambda: Ballots.ranked(("a",), [("a",)], [-1]), "the weight of ballot 0 is -1"),
        (lambda: Ballots.ranked(("a",), [("a",)], [1.5]), "the weight of ballot 0 is 1.5"),  # type: ignore[list-item]
        (lambda: Ballots.ranked(("a",), [("a",)], [1, 2]), "the shape of the ballots"),
        (lambda: Ballots.ranked(("a", "b"), [("a",), ("b",)], [2**52, 2**52]), "less than 2"),
        (lambda: Ballots.ordered(("a", "b"), np.array([[0, 0]])), r"an order is \[0, 0\]"),
        (lambda: Ballots.ordered(("a", "b"), np.array([[0, 2]])), "expected 0 to 1"),
        (lambda: Ballots.ordered(("a", "b"), np.array([[0]])), "the shape of orders"),
        (lambda: Grades.graded(("a",), [{"b": 1}]), "expected one of a"),
        (lambda: Grades.graded(("a",), [{"a": 0.5}]), "expected a whole number"),  # type: ignore[dict-item]
        (lambda: counting.approval(Grades.graded(("a",), [{"a": 2}])), "expected 0 or 1"),
        (lambda: counting.stv(Ballots.chosen(("a",), ["a"]), 2), "the number of seats is 2"),
        (lambda: counting.stv(Ballots.ranked(("a", "b"), [(("a", "b"),)]), 1), "one option at each rank"),
        (lambda: counting.supermajority(Ballots.chosen(("a",), ["a"]), Fraction(1, 3)), "more than 1/2"),
        (lambda: counting.supermajority(Ballots.chosen(("a",), ["a"]), roll=0), "at least the 1 that voted"),
        (lambda: Ballots.chosen(("a",), ["a"]).without("b"), "expected one of a"),
    ],
)
def test_ballots_that_make_no_sense_are_refused_by_name(wrong: Callable[[], object], told: str) -> None:
    with pytest.raises(UnusableBallot, match=told):
        wrong()


def test_nobody_wins_where_nobody_votes() -> None:
    for options in ((), ("a", "b")):
        for rule in counting.RANKED.values():
            assert rule(Ballots.ranked(options, [])).winners == ()
            assert rule(Ballots.ranked(options, [()])).winners == ()
        for graded in counting.GRADED.values():
            assert graded(Grades.graded(options, [])).winners == ()
