"""Regular expressions that cannot hang the runner."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.adapters import patterns
from guildhall.adapters.patterns import PatternNotUsable, PatternTookTooLong


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(.*)*x", r"^(\w+\s?)*$", "(?:a|a)*b", r"(x+x+)+y", ".*.*=.*"]
)
def test_an_expression_that_explodes_does_not_run_here(pattern):
    assert not patterns.is_tame(pattern)


@pytest.mark.parametrize(
    "pattern", ["refund", r"^\d+$", r"order \d{4}", "(yes|no)", "(?i)refunded", r"\$[0-9.]+ back", "a{3}"]
)
def test_the_expressions_that_people_write_run_here(pattern):
    assert patterns.is_tame(pattern)


def test_one_that_explodes_is_given_up_and_named():
    with pytest.raises(PatternTookTooLong, match=r"took more than 2 s on a text of 41 characters"):
        patterns.search_guarded("(a+)+$", "a" * 40 + "b")


def test_one_that_could_explode_and_does_not_is_answered():
    assert patterns.search_guarded("(a+)+$", "b" + "a" * 40)
    assert not patterns.search_guarded("(a+)+b$", "ccc")
    assert patterns.search_guarded("(A+)+b", "aab", re.IGNORECASE, full=True)
    assert not patterns.search_guarded("(a+)+b", "aabc", full=True)


def test_a_long_text_does_not_run_here():
    assert not patterns.runs_here("a*b", "a" * 20_000)
    assert patterns.search_guarded("a*b", "a" * 20_000 + "b")


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "(?P<1>x)", "a{2,1}", "(?<=a+)b"])
def test_one_with_an_error_is_refused(pattern):
    with pytest.raises(PatternNotUsable):
        patterns.search_guarded(pattern, "text")


@given(st.text("ab.*+?|()[]{1,2}^$\\d", max_size=8), st.text("ab1", max_size=12), st.booleans())
def test_what_runs_here_answers_as_re_does(pattern, text, full):
    if not patterns.runs_here(pattern, text):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of syntax that may change its meaning one day
        expression = re.compile(pattern)

    found = expression.fullmatch(text) if full else expression.search(text)
    assert patterns.search_guarded(pattern, text, full=full) == (found is not None)
