"""Real elections from PrefLib, counted by us and by pref_voting (Holliday and Pacuit)."""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from guildhall.algorithms import ballots as counting
from guildhall.algorithms.ballots import Ballots


def read(path: Path) -> tuple[Ballots, list[dict[int, int]]]:
    """A file of PrefLib's format of September 2022, as ours and as ranks for pref_voting."""
    names: list[str] = []
    rankings: list[list[list[str]]] = []
    counts: list[int] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ALTERNATIVE NAME"):
            names.append(f"{len(names)}")
        elif line and not line.startswith("#"):
            count, order = line.split(":", 1)
            counts.append(int(count))
            groups = re.findall(r"\{([\d,\s]*)\}|(\d+)", order)
            rankings.append(
                [[str(int(each) - 1) for each in (tied or alone).split(",")] for tied, alone in groups if tied or alone]
            )
    ballots = Ballots.ranked(names, rankings, counts)
    ranks = [{int(each): place for place, group in enumerate(ranking, 1) for each in group} for ranking in rankings]
    return ballots, ranks


def elections(shared_data: Path) -> list[Path]:
    found = sorted((shared_data / "preflib").glob("*.[st]o[ci]"))
    assert len(found) > 20
    return found


def numbers(result: counting.Result) -> list[int]:
    return sorted(int(each) for each in result.winners)


@pytest.mark.filterwarnings("ignore")
def test_every_rule_agrees_with_pref_voting_on_every_election(shared_data: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pref_voting.voting_methods as theirs
        from pref_voting.profiles_with_ties import ProfileWithTies

    for path in elections(shared_data):
        ballots, ranks = read(path)
        options = len(ballots.options)
        profile: Any = ProfileWithTies(ranks, ballots.weights.tolist(), candidates=list(range(options)))
        profile.use_extended_strict_preference()
        compared = counting.pairwise(ballots)
        margins = [[profile.margin(a, b) for b in range(options)] for a in range(options)]
        assert compared.margins.tolist() == margins, path.name
        winner = profile.condorcet_winner()
        assert compared.condorcet_winner == (None if winner is None else str(winner)), path.name
        assert sorted(map(int, compared.smith_set)) == sorted(theirs.top_cycle(profile)), path.name
        for mine, other in (
            (counting.borda(compared), theirs.borda_for_profile_with_ties),
            (counting.copeland(compared), theirs.copeland),
            (counting.minimax(compared), theirs.minimax),
            (counting.schulze(compared), theirs.beat_path),
            (
                counting.schulze(compared, "winning_votes"),
                lambda it: theirs.beat_path(it, strength_function=it.support),
            ),
            (counting.ranked_pairs(compared), theirs.ranked_pairs_tb),
        ):
            assert numbers(mine) == sorted(other(profile)), (path.name, mine.rule)
        firsts = profile.plurality_scores_ignoring_overvotes()
        assert counting.plurality(ballots).scores == {str(each): firsts.get(each, 0) for each in range(options)}


@pytest.mark.filterwarnings("ignore")
def test_counts_in_rounds_agree_with_pref_voting_on_every_election_without_ties(shared_data: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pref_voting.voting_methods as theirs
        from pref_voting.profiles_with_ties import ProfileWithTies
        from pref_voting.proportional_methods import stv_scottish

    compared = 0
    for path in elections(shared_data):
        if path.suffix not in (".soc", ".soi"):
            continue
        ballots, ranks = read(path)
        options = len(ballots.options)
        profile: Any = ProfileWithTies(ranks, ballots.weights.tolist(), candidates=list(range(options)))
        run_off = theirs.instant_runoff_for_truncated_linear_orders(profile)
        assert numbers(counting.irv(ballots)) == sorted(run_off), path.name
        if options > 20:
            continue
        for seats in {1, 2, min(4, options - 1)} & set(range(1, options)):
            lots = {tuple(sorted(stv_scottish(profile, num_seats=seats, rng=random.Random(lot)))) for lot in range(4)}
            assert tuple(numbers(counting.stv(ballots, seats))) in lots, (path.name, seats, lots)
            compared += len(lots) == 1
    assert compared > 20
