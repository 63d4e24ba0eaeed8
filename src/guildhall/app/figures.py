"""How figures are written for people: few digits, a unit, and nothing where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guildhall.domains.evaluation.reports import EarlyStop  # brings NumPy, which a figure needs not wait for


def percent(share: float) -> str:
    """`84 %`"""
    return f"{share * 100:.0f} %"


def points(low: float, high: float) -> str:
    """An interval of a share, in points: `[73, 95]`"""
    return f"[{low * 100:.0f}, {high * 100:.0f}]"


def change_in_points(difference: float) -> str:
    """`+23`; a difference that rounds to nothing keeps a digit: `+0.4`"""
    value = difference * 100
    return f"{value:+.0f}" if abs(value) >= 0.95 or value == 0 else f"{value:+.1f}"


def share(value: float) -> str:
    """`.842`, and `1.00` where it is all."""
    return "1.00" if value > 0.9995 else f"{value:.3f}".removeprefix("0")


def p_value(p: float) -> str:
    """`p = .024`, or `p < .001`"""
    return "p < .001" if p < 0.001 else f"p = {f'{p:.3f}'.removeprefix('0')}" if p < 1 else "p = 1"


def money(amount: Decimal | float | None) -> str:
    """`$0.41`, `$0.0034`; unknown is not free."""
    if amount is None:
        return "unknown"
    value = float(amount)
    if value == 0:
        return "$0"
    if math.isinf(value):
        return "-∞" if value < 0 else "∞"
    digits = 2 if abs(value) >= 0.1 else min(10, 1 - math.floor(math.log10(abs(value))))
    return f"{'-' if value < 0 else ''}${abs(value):,.{digits}f}"


def duration(milliseconds: float | None) -> str:
    """`340 ms`, `1.2 s`, `4 m 10 s`"""
    if milliseconds is None:
        return "unknown"
    if math.isinf(milliseconds):
        return "∞"
    if milliseconds < 1:
        return f"{milliseconds:.2f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} m" if hours else f"{minutes} m {rest} s"


def count(number: int, noun: str) -> str:
    """`1 scenario`, `24 scenarios`"""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(text: str, width: int) -> str:
    """The text in one line of at most `width` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"


def early_stop(stops: Sequence[EarlyStop]) -> tuple[str, str]:
    """At which look a comparison was decided and what that saved on these sides, and by what rule: a sentence for each."""
    first, trials = stops[0], sum(each.trials_saved for each in stops)
    costs = [each.cost_saved_usd for each in stops if each.cost_saved_usd is not None]
    saved = count(trials, "trial") + (f", about {money(sum(costs, Decimal(0)))}" if len(costs) == len(stops) else "")
    return f"Decided at look {first.look} of {first.rounds_planned}; saved {saved}", f"Rule: {first.rule.told}"
