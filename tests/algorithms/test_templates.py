"""Masking what is volatile in messages, and what masked messages have in common."""

from __future__ import annotations

import doctest
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import templates

TEXTS = st.text(max_size=3_000)


def test_the_examples_hold() -> None:
    assert doctest.testmod(templates).failed == 0


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("timed out after 12.5 s in 3 of 10", "timed out after <n> in <n> of <n>"),
        ("at 2026-01-02T03:04:05Z, then at 10:11:12", "at <time>, then at <time>"),
        ("GET https://a.example/b?c=1 gave 503", "GET <url> gave <n>"),
        ("no route to 10.0.0.1:5432", "no route to <ip>"),
        ("user ada@example.org is gone", "user <email> is gone"),
        ("run 550e8400-e29b-41d4-a716-446655440000 of deadbeef01", "run <uuid> of <hex>"),
        ("raised in /usr/lib/x.py:3, or in C:\\a\\b.py", "raised in <path>, or in <path>"),
        ("card GC-128 of order W4284542", "card <id> of order <id>"),
        ("tool \"look_up\" got 'a b c'", 'tool "look_up" got <text>'),
        ('ledger is ["cancel 1014", {"a": [1, 2]}], expected []', "ledger is <list>, expected <list>"),
        ("did not say: 327, 1000 and 1786", "did not say: <n>"),
        ("<b>bold</b> <script>alert(1)</script>", "bold alert(<n>)"),
        ("paid $1,286.50, that is 12 % more", "paid <n>, that is <n> more"),
        ("two\nlines\x00 and\x1b[31m red", "two lines and red"),
        ("", ""),
    ],
)
def test_what_is_volatile_is_masked(message: str, masked: str) -> None:
    assert templates.mask(message) == masked


@given(TEXTS)
def test_any_text_becomes_one_line_of_bounded_length_without_control_characters(text: str) -> None:
    masked = templates.mask(text)
    assert len(masked) <= templates.LONGEST
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\n]", masked)
    assert masked == masked.strip()


@given(st.lists(st.integers(min_value=0, max_value=10**9), min_size=2, max_size=2))
def test_messages_that_differ_in_numbers_alone_read_the_same(numbers: list[int]) -> None:
    one, other = (f"no answer about order {number} after {number} ms (shop/env.py:{number})" for number in numbers)
    assert templates.mask(one) == templates.mask(other)


@pytest.mark.parametrize("unit", ["/", "a/", "a.", "[", "<a", "1-", "0", "a@", "'a", "a-", "e-1", "x", '"', "{[", "1,"])
def test_a_message_made_to_take_long_does_not(unit: str) -> None:
    began = time.process_time()
    templates.mask(unit * 100_000)
    assert time.process_time() - began < 0.5


@given(st.lists(st.text(alphabet="abc <>*n", max_size=30), max_size=6), st.randoms())
def test_a_template_does_not_depend_on_the_order_of_its_messages(messages: list[str], chance) -> None:
    shuffled = list(messages)
    chance.shuffle(shuffled)
    assert templates.template(messages) == templates.template(shuffled)


def test_a_template_of_one_message_is_that_message_and_of_none_is_nothing() -> None:
    said = "tool 'cancel' failed in <n> of <n> calls (<path>): no answer"
    assert templates.template([said]) == templates.template([said] * 3) == said
    assert templates.template([]) == ""


def test_messages_that_have_next_to_nothing_in_common_do_not_empty_a_template() -> None:
    assert templates.template(["no answer of the carrier"] * 2 + ["<list> and <list>"]) == "no answer of the carrier"
