"""Anything at all becomes JSON that PostgreSQL accepts, and what is clean stays as it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import sanitise

# Everything JSON can say, without what PostgreSQL or orjson cannot take.
clean_text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
clean_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | clean_text
)
clean_values = st.recursive(
    clean_scalars, lambda inner: st.lists(inner) | st.dictionaries(clean_text, inner), max_leaves=20
)


class Stubborn:
    """Cannot even be printed."""

    def __str__(self) -> str:
        raise RuntimeError("no")


class Colour(Enum):
    RED = "r\0d"


@dataclass
class Order:
    number: int
    note: str


any_text = st.text(st.characters())  # surrogates and NUL included
hashables = any_text | st.integers() | st.floats() | st.booleans() | st.none() | st.binary() | st.just(Colour.RED)
wild_scalars = (
    hashables
    | st.decimals()
    | st.datetimes()
    | st.uuids()
    | st.builds(Stubborn)
    | st.builds(object)
    | st.integers(2**64, 2**90)
    | st.sampled_from([-(2**70), 10**4000, float("nan"), float("inf"), range(3), {}.keys(), b"\xff\0", 1j, int, len])
)
wild_values = st.recursive(
    wild_scalars,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(hashables, inner)
        | st.builds(Order, number=st.integers(), note=inner)
        | st.sets(hashables)
    ),
    max_leaves=20,
)


def strictly_parsed(encoded: bytes) -> object:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(encoded.decode("utf-8", "strict"), parse_constant=refuse)


def strings_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [each for item in value for each in strings_in(item)]
    if isinstance(value, dict):
        return [each for key, item in value.items() for each in (key, *strings_in(item))]
    return []


@given(clean_values)
def test_what_is_clean_comes_back_as_it_was(value):
    assert strictly_parsed(sanitise.to_json(value)) == value


@given(clean_values)
def test_the_slow_path_changes_nothing_that_is_clean(value):
    assert sanitise.clean(value) == value


@given(wild_values)
def test_anything_becomes_strict_json_without_nul_or_surrogates(value):
    parsed = strictly_parsed(sanitise.to_json(value))

    for each in strings_in(parsed):
        assert "\0" not in each
        assert not any("\ud800" <= character <= "\udfff" for character in each)


@given(wild_values)
def test_sanitising_twice_changes_nothing_more(value):
    once = sanitise.plain(value)

    assert sanitise.plain(once) == once


@given(any_text)
def test_text_is_changed_only_where_it_must_be(value):
    expected = "".join("\ufffd" if each == "\0" or "\ud800" <= each <= "\udfff" else each for each in value)

    assert sanitise.text(value) == expected
    assert sanitise.plain(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("-inf"), None),
        (2**64, str(2**64)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (2**64 - 1, 2**64 - 1),
        ((1, (2, 3)), [1, [2, 3]]),
        ({3, 1, 2}, [1, 2, 3]),
        ({"a": b"bytes"}, {"a": "bytes"}),
        ({None: 1, True: 2, 1.5: 3}, {"null": 1, "true": 2, "1.5": 3}),
        ({(1, 2): 3}, {"(1, 2)": 3}),
        (Decimal("1.10"), "1.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (Order(7, "x"), {"number": 7, "note": "x"}),
        ([Order(2**70, "\0")], [{"number": str(2**70), "note": "\ufffd"}]),
        (Colour.RED, "r\ufffdd"),
        (np.arange(3), [0, 1, 2]),
        ({"a": np.float32(0.5), "b": np.int64(3), "c": np.array(["x"])}, {"a": 0.5, "b": 3, "c": ["x"]}),
        ([np.int64(3), 2**70], [3, str(2**70)]),
        ("six characters: \\u0000", "six characters: \\u0000"),
        ({"a\0": ["\ud800", "\\u0000"]}, {"a\ufffd": ["\ufffd", "\\u0000"]}),
        (orjson.Fragment(b'{"inside":"\\u0000"}'), {"inside": "\ufffd"}),
    ],
)
def test_each_kind_of_value_has_its_form(value, expected):
    assert sanitise.plain(value) == expected


def test_a_list_that_contains_itself_says_so():
    circle: list[object] = [1]
    circle += [circle, circle]

    assert sanitise.plain(circle) == [1, "[contains itself]", "[contains itself]"]


def test_nesting_stops_at_a_depth_that_readers_bear():
    deep: object = "bottom"
    for _ in range(10_000):
        deep = [deep]

    levels = 0
    found = sanitise.plain(deep)
    while isinstance(found, list):
        (found,) = found
        levels += 1

    assert (levels, found) == (sanitise.DEEPEST, "[nested too deeply]")


def test_an_object_that_cannot_be_printed_is_named_by_its_type():
    assert sanitise.plain([Stubborn()]) == ["[Stubborn that cannot be printed]"]


def test_an_integer_that_python_refuses_to_print_keeps_its_digits_as_hexadecimal():
    assert sanitise.plain([16**5000]) == ["0x1" + "0" * 5000]


def test_a_mapping_that_fails_while_it_is_read_does_not_break_the_rest():
    class Broken(dict):
        def items(self):
            raise RuntimeError("no")

        def __str__(self) -> str:
            return "broken"

    assert sanitise.plain({"ok": 1, "not": [Broken(a=2**70)]}) == {"ok": 1, "not": ["broken"]}
