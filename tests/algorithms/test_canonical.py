"""One text for each value."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.canonical import canonical_json, digest

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=5),
    max_leaves=20,
)


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same value, its keys in another order and its integers as floats where that loses nothing."""
    if isinstance(value, dict):
        items = [(key, shuffled(each, chance)) for key, each in value.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        return [shuffled(each, chance) for each in value]
    if type(value) is int and abs(value) < 2**53 and chance.random() < 0.5:
        return float(value)
    return value


@given(_JSON, st.randoms(use_true_random=False))
def test_order_of_keys_and_form_of_numbers_do_not_matter(value: Any, chance: random.Random) -> None:
    assert digest(shuffled(value, chance)) == digest(value)


@given(_JSON)
def test_the_text_says_the_value(value: Any) -> None:
    assert json.loads(canonical_json(value)) == value


@given(_JSON, _JSON)
def test_different_values_have_different_texts(one: Any, other: Any) -> None:
    # The oracle tells 1 from True, which Python's == does not, and takes 1 and 1.0 for the same.
    def told_apart(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: told_apart(each) for key, each in value.items()}
        if isinstance(value, list):
            return [told_apart(each) for each in value]
        return (type(value).__name__, value) if isinstance(value, (bool, str)) or value is None else ("number", value)

    assert (canonical_json(one) == canonical_json(other)) == (told_apart(one) == told_apart(other))


def test_worked_examples() -> None:
    assert canonical_json({"b": [1.0, -0.0, 2.5], "a": None}) == b'{"a":null,"b":[1,0,2.5]}'
    assert canonical_json({"é": "\n€", "e": True}).decode() == '{"e":true,"é":"\\n€"}'
    assert canonical_json([2**70, 1e22]) == b"[1180591620717411303424,10000000000000000000000]"
    assert digest({}) == hashlib.sha256(b"{}").hexdigest()


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), {1: 2}, ["\ud800"], {"a": {None: 1}}, object(), {"a": {1, 2}}, b"bytes"],
)
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        canonical_json(value)


def test_endless_nesting_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="deep"):
        canonical_json(value)
