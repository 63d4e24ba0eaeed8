"""How figures are written on a terminal: as everywhere (`app.figures`), and trials as marks of one character."""

from __future__ import annotations

from guildhall.app.figures import (
    change_in_points,
    count,
    duration,
    money,
    p_value,
    percent,
    points,
    share,
    shortened,
)

__all__ = [
    "change_in_points",
    "count",
    "duration",
    "marks",
    "money",
    "p_value",
    "percent",
    "points",
    "share",
    "shortened",
]


def marks(passed: tuple[bool | None, ...], most: int = 10) -> str:
    """`##.?.`: passed, not passed, not scored, trial by trial."""
    shown = "".join("#" if each else "?" if each is None else "." for each in passed[:most])
    return shown + ("…" if len(passed) > most else "")
