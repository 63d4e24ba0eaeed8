"""When cron lines are due, on clocks that go forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import cron

BERLIN, GMT = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")


def following(line: str, after: str, n: int = 1, zone: ZoneInfo = GMT) -> list[str]:
    found, moment = [], datetime.fromisoformat(after).replace(tzinfo=UTC)
    for _ in range(n):
        due = cron.parse(line).next_after(moment, zone)
        assert due is not None
        found.append(f"{due:%Y-%m-%d %H:%M}")
        moment = due
    return found


@pytest.mark.parametrize(
    ("line", "after", "due"),
    [
        ("*/15 * * * *", "2026-01-01T00:00", ["2026-01-01 00:15", "2026-01-01 00:30"]),
        ("0 3 * * *", "2026-01-01T03:00", ["2026-01-02 03:00", "2026-01-03 03:00"]),
        ("30 9 * * mon-fri", "2026-01-02T10:00", ["2026-01-05 09:30", "2026-01-06 09:30"]),
        ("0 0 1 jan,jul *", "2026-01-01T00:00", ["2026-07-01 00:00", "2027-01-01 00:00"]),
        ("0 0 13 * 5", "2026-02-01T00:00", ["2026-02-06 00:00", "2026-02-13 00:00"]),  # the 13th, or a Friday
        ("0 0 * * 7", "2026-01-01T00:00", ["2026-01-04 00:00", "2026-01-11 00:00"]),
        ("0 0 29 2 *", "2026-01-01T00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("5-10/5,59 1 * * *", "2026-01-01T00:00", ["2026-01-01 01:05", "2026-01-01 01:10"]),
    ],
)
def test_a_line_is_due_when_it_says(line: str, after: str, due: list[str]) -> None:
    assert following(line, after, 2) == due


def test_what_clocks_skip_comes_as_much_later_and_what_they_repeat_comes_once() -> None:
    assert following("30 2 * * *", "2026-03-28T12:00", 2, BERLIN) == ["2026-03-29 01:30", "2026-03-30 00:30"]
    assert following("30 2 * * *", "2026-10-24T12:00", 2, BERLIN) == ["2026-10-25 00:30", "2026-10-26 01:30"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("* * * *", "has 4 fields"),
        ("60 * * * *", "the minute is '60', expected numbers from 0 to 59"),
        ("* * 0 * *", "the day of month is '0'"),
        ("* * * foo *", "the month is 'foo'"),
        ("*/0 * * * *", "expected a step from 1"),
        ("9-3 * * * *", "expected the smaller number first"),
        ("1, * * * *", "the minute is '1,'"),
        ("²  * * * *", "the minute is '²'"),
    ],
)
def test_a_line_that_is_none_says_why(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("'", ".")):
        cron.parse(line)


def test_a_day_that_never_comes_is_none() -> None:
    assert cron.parse("0 0 30 feb *").next_after(datetime(2026, 1, 1, tzinfo=UTC), GMT) is None


_MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2040, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)


@given(moment=_MOMENTS, minute=st.integers(0, 59), hour=st.integers(0, 23))
def test_a_daily_line_is_due_once_within_any_day_and_an_hour(moment: datetime, minute: int, hour: int) -> None:
    due = cron.parse(f"{minute} {hour} * * *").next_after(moment, BERLIN)
    assert due is not None
    assert timedelta(0) < due - moment <= timedelta(hours=25)
