from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.adapters.llm import OPENAI
from guildhall.adapters.llm.prices import cost_usd, reported_cost_usd
from guildhall.domains.evaluation.simulations.ports import Usage

tokens = st.integers(0, 10**7)
rates = st.decimals(0, 1000, places=4).map(float)


def test_cached_tokens_cost_their_own_price():
    prices = {"input": 1.0, "output": 4.0, "cached": 0.1}
    # 600 × 1 + 400 × 0.1 + 50 × 4 = 840 millionths
    assert cost_usd(Usage(1000, 50, 400), ["m"], "http://x", prices) == Decimal("0.00084")


def test_without_a_price_of_their_own_cached_tokens_cost_what_all_do():
    assert cost_usd(Usage(1000, 50, 400), ["m"], "http://x", {"input": 1.0, "output": 4.0}) == Decimal("0.0012")


def test_half_a_price_is_no_price():
    assert cost_usd(Usage(1000, 50), ["m"], "http://x", {"input": 1.0}) is None


def test_public_prices_are_known_for_the_provider_that_has_them():
    # gpt-4o: $2.50 a million tokens in, $10 out.
    assert cost_usd(Usage(1_000_000, 0), ["gpt-4o"], OPENAI) == Decimal("2.5")
    assert cost_usd(Usage(0, 1_000_000), ["gpt-4o-2024-11-20"], OPENAI) == Decimal("10")


def test_the_first_name_that_has_a_price_counts():
    assert cost_usd(Usage(1_000_000, 0), ["no-such-model", "gpt-4o"], OPENAI) == Decimal("2.5")


def test_an_unknown_model_or_provider_has_no_price():
    assert cost_usd(Usage(1000, 0), ["no-such-model"], OPENAI) is None
    assert cost_usd(Usage(1000, 0), ["gpt-4o"], "http://127.0.0.1:8000/v1") is None
    assert cost_usd(None, ["gpt-4o"], OPENAI) is None


@given(tokens, tokens, st.integers(0, 2 * 10**7), rates, rates, rates)
def test_declared_prices_add_up(asked, answered, cached, rate_in, rate_out, rate_cached):
    cost = cost_usd(
        Usage(asked, answered, cached), ["m"], "x", {"input": rate_in, "output": rate_out, "cached": rate_cached}
    )
    cached = min(cached, asked)
    exact = (asked - cached) * rate_in + cached * rate_cached + answered * rate_out
    assert float(cost) == pytest.approx(exact / 1e6, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("nonsense", [None, True, "much", float("nan"), float("inf"), -1, 1e12, [1], {}])
def test_a_reported_cost_that_is_no_money_is_not_known(nonsense):
    assert reported_cost_usd(nonsense) is None


def test_a_reported_cost_is_kept_to_ten_digits():
    assert reported_cost_usd(0.00012345678912) == Decimal("0.0001234568")
    assert reported_cost_usd(0) == 0
