"""Looking at any time: against a direct computation, and how often it is wrong, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.statistics import Stop, UnusableSample, look
from guildhall.algorithms.statistics.sequential import capital

ROUNDS = st.lists(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=8), min_size=1, max_size=6)
STAKES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7)


def plain_capital(differences: list[int], claim: float) -> float:
    """Each stake's capital, bet after bet."""
    total = 0.0
    for part in STAKES:
        worth = 1.0
        for each in differences:
            worth *= 1 + part / (1 + claim) * (each - claim)
        total += worth
    return total / len(STAKES)


@given(ROUNDS, st.floats(-0.9, 1))
def test_capital_is_that_of_betting_one_after_the_other(rounds: list[list[int]], claim: float) -> None:
    flat = [each for one in rounds for each in one]
    values, counts = np.unique(np.array(flat, dtype=float), return_counts=True)
    assert math.exp(capital(values, counts, claim)) == pytest.approx(plain_capital(flat, claim))


@given(ROUNDS)
def test_the_interval_holds_what_is_not_refuted(rounds: list[list[int]]) -> None:
    found = look(rounds)
    flat = [each for one in rounds for each in one]
    assert found.low <= found.difference <= found.high
    if found.low > -1 + 1e-9:
        assert plain_capital(flat, found.low) == pytest.approx(40, rel=1e-6)  # 2 / .05
    mirrored = look([[-each for each in one] for one in rounds])
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))


def test_worked_examples() -> None:
    assert look([[1] * 12]).stop is Stop.BETTER
    assert look([[-1] * 12]).stop is Stop.WORSE
    assert look([[1, -1] * 6]).stop is None
    assert look([[0] * 50] * 10).stop is Stop.HOPELESS
    assert (look([[1, 0], [0, 0]]).rounds, look([[1, 0], [0, 0]]).pairs) == (2, 4)
    for bad in ([], [[]], [[2]]):
        with pytest.raises(UnusableSample):
            look(bad)


def differences(random: np.random.Generator, before: np.ndarray, after: np.ndarray) -> list[int]:
    one, other = random.random(len(before)) < before, random.random(len(after)) < after
    return (other.astype(int) - one.astype(int)).tolist()


@pytest.mark.parametrize("spread", [0.0, 0.6], ids=["alike", "up-and-down"])
def test_looking_after_every_round_is_seldom_wrong_where_there_is_no_difference(spread: float) -> None:
    """No difference on average, in the second case of scenarios that go far up and far down; 30 looks each."""
    random = np.random.default_rng(7)
    half = np.arange(20) % 2 == 0
    before = np.where(half, 0.5 - spread / 2, 0.5 + spread / 2)
    after = before[::-1] if spread else before
    runs, wrong = 200, 0
    for _ in range(runs):
        rounds: list[list[int]] = []
        for _ in range(30):
            rounds.append(differences(random, before, after))
            found = look(rounds)
            if not found.low <= 0 <= found.high:
                wrong += 1
                break
    assert wrong / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_a_difference_of_twenty_points_ends_in_less_than_half_of_the_rounds() -> None:
    random = np.random.default_rng(8)
    before, after = np.full(24, 0.55), np.full(24, 0.75)
    used = []
    for _ in range(50):
        rounds: list[list[int]] = []
        while len(rounds) < 20:
            rounds.append(differences(random, before, after))
            if look(rounds).stop is not None:
                break
        assert look(rounds).stop in (Stop.BETTER, None)
        used.append(len(rounds))
    assert np.mean(used) < 10
