"""JSON from strangers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import safejson
from guildhall.algorithms.safejson import JsonRefused

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | _TEXT,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
        max_leaves=20,
    )
)
def test_what_the_standard_library_writes_is_read_back(value: Any) -> None:
    assert safejson.load(json.dumps(value), "x.jsonl") == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ('{"a": 1, "a": 2}', 'the key "a" is given twice'),
        ("[NaN]", "NaN"),
        ("[Infinity]", "Infinity"),
        ("[1e999]", "too large"),
        ("[18446744073709551616]", "64 bits"),
        ("[" + "9" * 10_000 + "]", "64 bits"),
        ('["\\u0000"]', "NUL"),
        ('["\\ud800"]', "lone surrogate U+D800"),
        ('{"\\u0000": 1}', "NUL"),
        ("[" * 100_000, "deeper than|no JSON"),
        ("[" * 150 + "]" * 150, "deeper than 100 levels"),
        ("{} {}", "no JSON"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(JsonRefused) as caught:
        safejson.load(text, "x.jsonl", 7)
    assert (caught.value.details["file"], caught.value.details["line"]) == ("x.jsonl", 7)
    assert any(each in caught.value.message for each in said.split("|")), caught.value.message


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert safejson.load('"\\ud83d\\ude00"', "x.jsonl") == "😀"
