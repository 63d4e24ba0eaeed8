"""
Charts as plain geometry, which a template draws as SVG.

Every chart has a sentence that says what it shows, axes with units, and the
rows that it was drawn from, which stand behind it as a table. Series are told
apart by colour, by the shape of their marks and by their names beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

WIDTH, HEIGHT = 480, 232
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 14, 42
_MOST_SERIES = 7
OTHER = "other"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
Span = Literal["hour", "day", "week"]
"""What a mark stands for."""
_FROM: Mapping[Span, str] = {"hour": "hour from, UTC", "day": "day, UTC", "week": "week from, UTC"}


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A mark at a place; `low` and `high` are the ends of its interval, if it has one."""

    x: float
    y: float
    title: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A series of marks; its number chooses colour and shape."""

    name: str
    number: int
    path: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a bar."""

    x: float
    y: float
    width: float
    height: float
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn, and the table behind it."""

    id: str
    title: str
    sentence: str
    unit: str
    along: str
    across: Sequence[Tick]
    up: Sequence[Tick]
    lines: Sequence[Line]
    blocks: Sequence[Block]
    names: Sequence[tuple[int, str]]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


@dataclass(frozen=True, slots=True)
class Value:
    """A measured value at a time, with the ends of its interval where it has one."""

    at: datetime
    value: float
    low: float | None = None
    high: float | None = None


def lines(
    id: str,
    title: str,
    sentence: str,
    series: Mapping[str, Sequence[Value]],
    *,
    unit: str,
    write: Callable[[float], str],
    top: float | None = None,
    span: Span = "day",
) -> Chart | None:
    """
    Values over time, joined by lines; None where there are none.

    `top` is the axis's end, the highest value unless given; each value is of a `span`, whose beginning is its time.
    """
    moment = "%Y-%m-%d %H:%M" if span == "hour" else "%Y-%m-%d"
    series = {name: values for name, values in series.items() if values}
    everything = [each for values in series.values() for each in values]
    if not everything:
        return None
    begin, end = min(each.at for each in everything), max(each.at for each in everything)
    ends = [each.value if each.high is None else each.high for each in everything]
    ticks, most = _scale(max(ends) if top is None else top)

    def x(at: datetime) -> float:
        share = 0.5 if begin == end else (at - begin) / (end - begin)
        return round(_LEFT + 8 + share * (WIDTH - _LEFT - _RIGHT - 16), 1)

    def y(value: float) -> float:
        return round(HEIGHT - _BOTTOM - min(max(value / most, 0.0), 1.0) * (HEIGHT - _BOTTOM - _TOP), 1)

    drawn = []
    for number, (name, values) in enumerate(series.items()):
        points = [
            Point(
                x(each.at),
                y(each.value),
                f"{name}, {each.at:{moment}}: {write(each.value)}"
                + (f" [{_interval(each, write)}]" if each.low is not None else ""),
                None if each.low is None else y(each.low),
                None if each.high is None else y(each.high),
            )
            for each in values
        ]
        drawn.append(Line(name, number, "M" + "L".join(f"{each.x} {each.y}" for each in points), points))
    has_intervals = any(each.low is not None for each in everything)
    rows = [
        (name, f"{each.at:{moment}}", write(each.value)) + ((_interval(each, write),) if has_intervals else ())
        for name, values in series.items()
        for each in values
    ]
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        unit=unit,
        along=_FROM[span],
        across=_hours(begin, end, x) if span == "hour" else _dates(begin, end, x),
        up=[Tick(y(each), write(each)) for each in ticks],
        lines=drawn,
        blocks=(),
        names=[(each.number, each.name) for each in drawn] if len(drawn) > 1 else (),
        columns=("series", _FROM[span], unit, "95 % interval") if has_intervals else ("series", _FROM[span], unit),
        rows=rows,
    )


def bars(
    id: str,
    title: str,
    sentence: str,
    amounts: Mapping[tuple[datetime, str], float],
    *,
    unit: str,
    write: Callable[[float], str],
) -> Chart | None:
    """Amounts by day and kind as stacked bars, the greatest kinds apart and the rest together; None where there are none."""
    if not amounts:
        return None
    totals: dict[str, float] = {}
    for (_, kind), amount in amounts.items():
        totals[kind] = totals.get(kind, 0.0) + amount
    kinds = sorted(totals, key=lambda kind: (-totals[kind], kind))
    apart = kinds if len(kinds) <= _MOST_SERIES + 1 else [*kinds[:_MOST_SERIES], OTHER]
    days: dict[datetime, dict[str, float]] = {}
    for (day, kind), amount in amounts.items():
        of_day = days.setdefault(day, {})
        name = kind if kind in apart else OTHER
        of_day[name] = of_day.get(name, 0.0) + amount
    begin, end = min(days), max(days)
    ticks, most = _scale(max(sum(of_day.values()) for of_day in days.values()))
    number_of_days = max((end - begin) // _DAY + 1, 1)
    room = (WIDTH - _LEFT - _RIGHT - 8) / max(number_of_days, 7)
    reach = HEIGHT - _BOTTOM - _TOP

    def x(day: datetime) -> float:
        return round(_LEFT + 4 + (day - begin) / _DAY * room, 1)

    blocks = []
    for day, of_day in sorted(days.items()):
        above = float(HEIGHT - _BOTTOM)
        for number, kind in enumerate(apart):
            amount = of_day.get(kind, 0.0)
            if amount <= 0:
                continue
            height = amount / most * reach
            above -= height
            blocks.append(
                Block(
                    x(day), round(above, 1), round(room * 0.8, 1), round(height, 1), number,
                    f"{day:%Y-%m-%d}, {kind}: {write(amount)}",
                )
            )  # fmt: skip
    return Chart(
        id=id,
        title=title,
        sentence=sentence,
        unit=unit,
        along=_FROM["day"],
        across=_dates(begin, end, lambda day: x(day) + room * 0.4),
        up=[Tick(round(HEIGHT - _BOTTOM - each / most * reach, 1), write(each)) for each in ticks],
        lines=(),
        blocks=blocks,
        names=list(enumerate(apart)),
        columns=(_FROM["day"], *apart),
        rows=[
            (f"{day:%Y-%m-%d}", *(write(of_day[kind]) if kind in of_day else "–" for kind in apart))
            for day, of_day in sorted(days.items())
        ],
    )


@dataclass(frozen=True, slots=True)
class Whisker:
    """An interval on an axis that all rows of a table share, as shares of its width in hundredths."""

    at: float
    low: float
    high: float
    zero: float


def whisker(value: float, low: float, high: float, *, least: float, most: float) -> Whisker:
    """Where a value and its interval are between `least` and `most`."""

    def place(each: float) -> float:
        return round(100 * (min(max(each, least), most) - least) / (most - least), 1)

    return Whisker(place(value), place(low), place(high), place(0.0))


def _scale(most: float) -> tuple[list[float], float]:
    """Round numbers from 0 to above the highest value, four or so of them, and the last."""
    if most <= 0 or not math.isfinite(most):
        return [0.0, 1.0], 1.0
    rough = most / 4
    size = 10 ** math.floor(math.log10(rough))
    step = next(each * size for each in (1, 2, 2.5, 5, 10) if each * size >= rough * 0.999)
    count = math.ceil(most / step - 1e-9)
    return [step * each for each in range(count + 1)], step * count


def _dates(begin: datetime, end: datetime, x: Callable[[datetime], float]) -> list[Tick]:
    days = max((end - begin) // _DAY, 0)
    if not days:
        return [Tick(x(begin), f"{begin:%b %-d}")]
    step = max(math.ceil(days / 4), 1)
    found = [begin + _DAY * each for each in range(0, days + 1, step)]
    return [Tick(x(each), f"{each:%b %-d}") for each in found]


def _hours(begin: datetime, end: datetime, x: Callable[[datetime], float]) -> list[Tick]:
    hours = max((end - begin) // _HOUR, 0)
    step = max(math.ceil(hours / 4), 1)
    return [Tick(x(begin + _HOUR * each), f"{begin + _HOUR * each:%H:%M}") for each in range(0, hours + 1, step)]


def _interval(value: Value, write: Callable[[float], str]) -> str:
    return "–" if value.low is None or value.high is None else f"{write(value.low)} to {write(value.high)}"
