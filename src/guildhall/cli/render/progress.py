"""A bar for all simulations of a run: how far, how well, what it cost, how long it will take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from guildhall.cli.render.figures import money

if TYPE_CHECKING:
    from guildhall.app.runner import Run

_WORTH_TELLING = 100_000
"""Rows; fewer are done in a moment."""


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[Run], None]]:
    """
    What to call with a run whenever something has happened in it.

    On a terminal a bar follows it; elsewhere there is one line at each tenth.
    """
    if not console.is_terminal:
        yield _tenths(console)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("trials", total=None, figures="")

        def show(run: Run) -> None:
            done, total = _counts(run)
            bar.update(task, completed=done, total=total, figures=_figures(run))

        yield show


@contextmanager
def counting(console: Console, what: str) -> Iterator[Callable[[str, int, int], None]]:
    """
    What to call with a name, how many rows are done and of how many.

    On a terminal a bar follows it; elsewhere there is one line at each tenth of more than a moment's work.
    """
    if not console.is_terminal:
        yield _row_tenths(console, what)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"{what} {name}", total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield show


def _row_tenths(console: Console, what: str) -> Callable[[str, int, int], None]:
    shown: dict[str, int] = {}

    def show(name: str, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 10
        if total > _WORTH_TELLING and tenth > shown.get(name, 0):
            shown[name] = tenth
            console.print(f"{what} {name}: {done:,} of {total:,} rows", highlight=False)

    return show


def _tenths(console: Console) -> Callable[[Run], None]:
    shown = 0

    def show(run: Run) -> None:
        nonlocal shown
        done, total = _counts(run)
        tenth = 10 * done // total if total else 10
        if tenth > shown:
            shown = tenth
            console.print(f"{done:,} of {total:,} trials  {_figures(run)}", highlight=False)

    return show


def _counts(run: Run) -> tuple[int, int]:
    return sum(each.done for each in run.progress.values()), sum(each.total for each in run.progress.values())


def _figures(run: Run) -> str:
    passed = sum(each.passed for each in run.progress.values())
    scored = passed + sum(each.not_passed for each in run.progress.values())
    parts = [f"{passed / scored:.0%} passed"] if scored else []
    if run.bill.is_known:
        parts.append(money(run.cost_usd))
    return " · ".join(parts)
