"""YAML from strangers: what is read, where it stands, and what is refused."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import safeyaml
from guildhall.algorithms.safeyaml import Limits, YamlRefused

# 1e5 is a number here, as in YAML 1.2, and text to PyYAML, which therefore writes it without quotes.
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).filter(
    lambda text: re.fullmatch(r"[-+]?[0-9]+[eE][-+]?[0-9]+", text) is None
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


def value_of(text: str) -> Any:
    return safeyaml.load(text, "agent.yaml").value


def refusal_of(text: str, limits: Limits | None = None) -> YamlRefused:
    with pytest.raises(YamlRefused) as caught:
        safeyaml.load(text, "agent.yaml", limits)
    assert caught.value.details["file"] == "agent.yaml"
    return caught.value


@given(_JSON)
def test_what_pyyaml_writes_is_read_back(value: Any) -> None:
    assert value_of(yaml.safe_dump(value, allow_unicode=True)) == value


@given(_JSON)
def test_json_is_yaml(value: Any) -> None:
    assert value_of(json.dumps(value, ensure_ascii=False)) == value


@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        value = safeyaml.load(safeyaml.decode(content, "agent.yaml"), "agent.yaml").value
    except YamlRefused:
        return
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", True),
        ("off", False),
        ("~", None),
        ("-12", -12),
        ("0x1F", 31),
        ("1_000", 1000),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("2020-01-01", "2020-01-01"),
        ("12:30", "12:30"),
        ("0089", "0089"),
        ("1.2.3", "1.2.3"),
        ("-", None),
        ("e5", "e5"),
        ("0x_", "0x_"),
        (".", "."),
        ('"yes"', "yes"),
        ("!!str 12", "12"),
        ("!!float 1", 1.0),
    ],
)
def test_a_plain_word_means_what_it_should(word: str, value: Any) -> None:
    if word == "-":
        assert value_of("- ") == [None]
        return
    found = value_of(f"key: {word}")["key"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_text_as_written() -> None:
    assert value_of("1042: a\nyes: b\n1.50: c\n") == {"1042": "a", "yes": "b", "1.50": "c"}


def test_every_value_knows_its_line() -> None:
    document = safeyaml.load(
        "name: a\ntools:\n  - name: x\n\n  - {name: y,\n     b: 1}\nprompt: |\n  one\n  two\n", "agent.yaml"
    )
    lines = document.lines
    assert lines.of(("tools", 1, "b")) == 6
    assert lines.of(("tools", 1)) == 5
    assert lines.of(("prompt",)) == 7
    assert lines.of(("tools", 1, "not there")) == 5, "of what surrounds it"


def test_aliases_and_merges_are_followed() -> None:
    text = "base: &b {x: 1, y: 2}\none: *b\ntwo: {<<: *b, y: 3}\nthree: {<<: [{x: 7}, *b]}\n"
    found = value_of(text)
    assert found["one"] == {"x": 1, "y": 2}
    assert found["two"] == {"x": 1, "y": 3}
    assert found["three"] == {"x": 7, "y": 2}


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [
        f"{here}: &{here} [{','.join(['*' + before] * 9)}]" for before, here in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    bomb = "\n".join(lines)
    assert len(bomb) < 320, "which would come to 387 million values"
    assert "aliases add more than" in refusal_of(bomb).message


def test_a_bomb_of_long_text_is_refused() -> None:
    text = f"a: &a {'x' * 1000}\nb: [{','.join(['*a'] * 6000)}]"
    assert "characters" in refusal_of(text).message


def test_merges_count_as_aliases() -> None:
    lines = ["a: &a {x1: 1, x2: 2}"]
    lines += [f"b{n}: &b{n} {{<<: *{'a' if n == 0 else f'b{n - 1}'}, y{n}: [*a, *a]}}" for n in range(10)]
    assert "aliases add" in refusal_of("\n".join(lines), Limits(aliased_nodes=50)).message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: [1, 2\nb: 3", 2, "no YAML"),
        ("a: b: c", 1, "mapping values are not allowed"),
        ("a:\n\t- 1", 2, "cannot start any token"),
        ('a: "unfinished', 1, "no YAML"),
        ("a: 1\nb: 2\na: 3", 3, 'the key "a" is given twice, first in line 1'),
        ("x: {a: 1, a: 2}", 1, "given twice"),
        ("x: 1\ny: !!python/object/apply:os.system ['touch /tmp/x']", 2, "tag !!python/object/apply:os.system"),
        ("y: !!python/name:os.system", 1, "not allowed"),
        ("y: !!set {a}", 1, "not allowed"),
        ("y: !!binary aGk=", 1, "not allowed"),
        ("y: !mine 1", 1, "tag !mine"),
        ("y: !!int x", 1, "is no int"),
        ("y: !!seq {a: 1}", 1, "tag !!seq"),
        ("a: .inf", 1, "no number that can be kept"),
        ("a: .NaN", 1, "no number that can be kept"),
        ("a: 1e999", 1, "too large"),
        ("a: 18446744073709551616", 1, "more than 64 bits"),
        (f"a: {'9' * 10_000}", 1, "more than 64 bits"),
        ("a: 0042", 1, "octal"),
        ("a: &x [*x]", 1, "inside what it stands for"),
        ("a: *nobody", 1, "no YAML|no anchor"),
        ("? [a, b]\n: 1", 1, "a key is no plain text"),
        ("?\n: 1", 1, "a key is empty"),
        ('a: 1\nb: "x\\0y"', 2, "a NUL character"),
        ("a: {<<: 3}", 1, "merges mappings"),
        ("a: 1\n---\nb: 2", 3, "second document"),
        ("", None, "empty"),
        ("# nothing but this\n", None, "empty"),
        ("---\n---\n", None, "empty"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(text: str, line: int | None, said: str) -> None:
    refused = refusal_of(text)
    assert refused.details["line"] == line
    assert any(each in refused.message for each in said.split("|")), refused.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "a: [{b: "])
def test_deep_nesting_is_refused_and_does_not_crash(opening: str) -> None:
    refusal_of(opening * 100_000)
    refusal_of(opening * 300)


def test_nesting_has_a_limit_of_its_own() -> None:
    assert value_of("[" * 100 + "]" * 100) is not None
    assert "deeper than 100 levels" in refusal_of("[" * 102 + "]" * 102).message


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"a: 1\nb: \xff", 2, "byte 0xff is no UTF-8"),
        ("a: é".encode("latin-1"), 1, "no UTF-8"),
        ("a: 1".encode("utf-16"), 1, "no UTF-8"),
        (b"a: 1\n\nb: \0", 3, "a NUL character"),
        (b"a: \x07", 1, "U+0007"),
        (b"a: \x1b[31m", 1, "U+001B"),
        (b"x" * 101, None, "100"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_their_line(content: bytes, line: int | None, said: str) -> None:
    with pytest.raises(YamlRefused) as caught:
        safeyaml.decode(content, "agent.yaml", most_bytes=100)
    assert caught.value.details["line"] == line
    assert said in caught.value.message


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert safeyaml.decode(b"\xef\xbb\xbfa: 1", "agent.yaml") == "a: 1"


def test_a_text_with_a_lone_surrogate_is_refused() -> None:
    assert "surrogate" in refusal_of("a: 1\nb: \ud800").message


def test_several_documents_can_be_asked_for() -> None:
    found = list(safeyaml.load_all("- 1\n---\n---\na: 2\n", "x.yaml"))
    assert [each.value for each in found] == [[1], {"a": 2}]
    assert found[1].lines.of(("a",)) == 4


def test_an_anchor_ends_with_its_document() -> None:
    with pytest.raises(YamlRefused):
        list(safeyaml.load_all("a: &x 1\n---\nb: *x\n", "x.yaml"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_their_value(number: float) -> None:
    found = value_of(f"a: {number!r}")["a"]
    assert math.isclose(found, number, rel_tol=0, abs_tol=0)
