"""Named statements and their parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.db.queries import parse_queries


def test_parameters_are_numbered_in_the_order_of_their_first_appearance() -> None:
    queries = parse_queries("here", "-- name: a\nSELECT :second, :first, :second")
    assert queries.a.sql == "SELECT $1, $2, $1"
    assert queries.a.arguments({"first": 1, "second": 2}) == [2, 1]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT '{}'::jsonb",
        "SELECT ':not_one', 'it''s :not_one'",
        'SELECT ":not_one"',
        "SELECT 1 -- :not_one",
        "SELECT $$ :not_one $$",
        "SELECT a[1:2]",
    ],
)
def test_a_colon_that_is_no_parameter_is_left_alone(sql: str) -> None:
    query = parse_queries("here", f"-- name: a\n{sql}").a
    assert (query.sql, query.parameters) == (sql, ())


def test_comments_under_the_name_and_the_last_semicolon_do_not_matter() -> None:
    queries = parse_queries("here", "-- name: a\n-- Because.\nSELECT 1;\n\n-- name: b\nSELECT 2;\n")
    assert list(queries) == ["a", "b"]
    assert queries.b.sql == "SELECT 2"


def test_a_missing_and_an_unknown_value_are_named() -> None:
    query = parse_queries("here", "-- name: a\nSELECT :x, :y").a
    with pytest.raises(TypeError, match=r"query a: missing \['y'\], unknown \['z'\]"):
        query.arguments({"x": 1, "z": 2})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "two queries are called 'a'"),
        ("SELECT 1;\n-- name: a\nSELECT 2", "SQL stands before"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_queries("here", text)


def test_an_unknown_name_says_where_it_was_looked_for() -> None:
    with pytest.raises(AttributeError, match="here has no query 'b'"):
        _ = parse_queries("here", "-- name: a\nSELECT 1").b


@given(st.lists(st.sampled_from(["alpha", "beta", "gamma"]), min_size=1, max_size=8))
def test_the_same_name_always_has_the_same_number(names: list[str]) -> None:
    query = parse_queries("here", "-- name: q\nSELECT " + ", ".join(f":{name}" for name in names)).q
    numbers = [int(part.strip().removeprefix("$")) for part in query.sql.removeprefix("SELECT ").split(",")]
    assert [query.parameters[number - 1] for number in numbers] == names
    assert query.parameters == tuple(dict.fromkeys(names))
