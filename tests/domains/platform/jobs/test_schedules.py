"""When schedules are due, on clocks that go forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.domains.platform.jobs import Schedule
from guildhall.domains.platform.jobs.rules import due_after


def following(line: str, after: str, zone: str = "UTC") -> list[str]:
    """The two moments at which a cron line is due next, in UTC."""
    found, moment = [], datetime.fromisoformat(after).replace(tzinfo=UTC)
    for _ in range(2):
        due = due_after(Schedule("s", "s", {}, cron=line, timezone=zone), moment, moment)
        assert due is not None
        found.append(f"{due:%Y-%m-%d %H:%M}")
        moment = due
    return found


@pytest.mark.parametrize(
    ("line", "after", "due"),
    [
        ("*/15 * * * *", "2026-01-01T00:00", ["2026-01-01 00:15", "2026-01-01 00:30"]),
        ("30 9 * * mon-fri", "2026-01-02T10:00", ["2026-01-05 09:30", "2026-01-06 09:30"]),
        ("0 0 13 * 5", "2026-02-01T00:00", ["2026-02-06 00:00", "2026-02-13 00:00"]),  # the 13th, or a Friday
        ("0 0 29 2 *", "2026-01-01T00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
    ],
)
def test_a_cron_line_is_due_when_it_says(line: str, after: str, due: list[str]) -> None:
    assert following(line, after) == due


def test_what_clocks_skip_is_due_once_they_have_and_what_they_repeat_once() -> None:
    assert following("30 2 * * *", "2026-03-28T12:00", "Europe/Berlin") == ["2026-03-29 01:00", "2026-03-30 00:30"]
    assert following("30 2 * * *", "2026-10-24T12:00", "Europe/Berlin") == ["2026-10-25 00:30", "2026-10-26 01:30"]


_MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_LINES = st.sampled_from(["*/7 * * * *", "20 * * * *", "5,35 * * * *", "15 2 * * *", "30 2 * * sun", "0 */2 * * *"])


@given(moment=_MOMENTS, line=_LINES)
def test_what_is_due_next_is_always_ahead_also_in_an_hour_that_comes_twice(moment: datetime, line: str) -> None:
    due = due_after(Schedule("s", "s", {}, cron=line, timezone="Europe/Berlin"), moment, moment)
    assert due is not None
    assert timedelta(0) < due - moment <= timedelta(days=8)


def test_an_hour_that_comes_twice_is_got_out_of() -> None:
    moment = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 in Berlin, for the second time
    due = due_after(Schedule("s", "s", {}, cron="30 * * * *", timezone="Europe/Berlin"), moment, moment)
    assert due is not None
    assert moment < due <= moment + timedelta(hours=2)


def test_intervals_that_were_missed_are_not_made_up_for() -> None:
    due, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 5, 30, tzinfo=UTC)
    assert due_after(Schedule("s", "s", {}, every=timedelta(hours=1)), due, now) == datetime(2026, 1, 1, 6, tzinfo=UTC)
