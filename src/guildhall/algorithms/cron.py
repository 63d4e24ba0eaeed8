"""
When a cron line is due: five fields, minute, hour, day of month, month, day of week.

Each field is `*`, a number, a range `1-5`, a list `1,3`, any of them with a
step `*/15`; months and days also by their first three letters; Sunday is 0 or 7.
Where both days are restricted, either is enough, as POSIX says (crontab, IEEE
Std 1003.1). Times are of a wall clock: one that is skipped when clocks go
forward comes as much later as they went, one that comes twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTHS = {
    name: n
    for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_DAYS = {name: n for n, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_LONGEST_DAYS = 366 * 28
"""The 29th of February falls on each day of the week within so many days, 2100 apart."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron line, read."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def includes(self, day: date) -> bool:
        """Whether it is ever due on a day."""
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first moment later than this one, in UTC; None where there is none, as on the 30th of February."""
        local = moment.astimezone(zone)
        # From a day before: what was skipped late in the evening may come after midnight.
        first = local.date() - timedelta(days=1)
        for n in range(_LONGEST_DAYS):
            day = first + timedelta(days=n)
            if not self.includes(day):
                continue
            due = [
                datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
                for hour in self.hours
                for minute in self.minutes
            ]
            later = [each for each in due if each > moment]
            if later:
                return min(later)
        return None


def parse(line: str) -> Cron:
    """
    A cron line.

    Raises:
        ValueError: It is none; the message says which field, and why.

    >>> parse("0 3 * * mon").next_after(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    datetime.datetime(2026, 1, 5, 3, 0, tzinfo=datetime.timezone.utc)
    """
    texts = line.split()
    if len(texts) != len(_FIELDS):
        raise ValueError(f"{line!r} has {len(texts)} fields, expected minute hour day month weekday")
    minutes, hours, days, months, weekdays = (_field(text, *field) for text, field in zip(texts, _FIELDS, strict=True))
    return Cron(
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        frozenset(days),
        frozenset(months),
        frozenset(each % 7 for each in weekdays),
        either_day=not texts[2].startswith("*") and not texts[4].startswith("*"),
    )


def _field(text: str, name: str, least: int, most: int, words: dict[str, int]) -> set[int]:
    def number(word: str) -> int:
        value = words.get(word.lower())
        if value is None:
            if not (word.isascii() and word.isdecimal()):
                raise ValueError(f"the {name} is {text!r}, expected numbers from {least} to {most}")
            value = int(word)
        if not least <= value <= most:
            raise ValueError(f"the {name} is {text!r}, expected numbers from {least} to {most}")
        return value

    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = int(step_text) if step_text.isascii() and step_text.isdecimal() else 0
        if slash and step < 1:
            raise ValueError(f"the {name} is {text!r}, expected a step from 1")
        start, dash, end = span.partition("-")
        if span == "*":
            low, high = least, most
        else:
            low = number(start)
            high = number(end) if dash else most if slash else low
        if low > high:
            raise ValueError(f"the {name} is {text!r}, expected the smaller number first")
        found.update(range(low, high + 1, step or 1))
    return found
