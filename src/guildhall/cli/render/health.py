"""How an installation is, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from guildhall.cli.render.figures import count

if TYPE_CHECKING:
    from guildhall.app.checkup import Checkup

_STYLES = {"ok": "green", "warning": "yellow", "critical": "bold red"}


def checkup_lines(checkup: Checkup) -> Iterator[Text]:
    """A line for each finding, and its remedy below where there is something to do; then how many there are."""
    width = max(len(each.name) for each in checkup.findings) + 2
    for each in checkup.findings:
        level = each.level.value
        yield Text.assemble((f"{each.name:<{width}}", "bold"), (f"{level:<10}", _STYLES[level]), each.summary)
        if level != "ok":
            yield Text.assemble(" " * (width + 10), (each.remedy, "dim"))
    levels = [each.level.value for each in checkup.findings]
    yield Text(f"{count(levels.count('critical'), 'thing')} to act on, {count(levels.count('warning'), 'warning')}")
