"""
The deviations page, read as reasons.

Its tables have a row for each deviation. The first cell names, in backquotes,
what deviates: a table, `table.column`, an index, a view, a function …, a
pattern with `*`, or a change of type written `real → numeric`. The last cell
says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path

from guildhall.errors import NotFound

_NAME = re.compile(r"`([^`]+)`")
_RULE = re.compile(r"^\|[\s:|-]+\|$")


class DeviationsMissing(NotFound):
    """The page that says what deviates is not where it should be."""

    code = "deviations_missing"

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"there is no deviations page at {file}",
            remedy="Name it with --deviations; in the repository it is docs/deviations.md.",
            file=str(file),
        )


@dataclass(slots=True)
class Reasons:
    """Why something differs, by the names of what differs; remembers which names were asked for."""

    rows: Sequence[tuple[Sequence[str], str]]
    _used: set[str] = field(default_factory=set)

    def why(self, names: Iterable[str]) -> str | None:
        """The reason for the first of these names that has one."""
        found = None
        for name in names:
            for patterns, reason in self.rows:
                for pattern in patterns:
                    if pattern == name or ("*" in pattern and fnmatchcase(name, pattern)):
                        self._used.add(pattern)
                        found = found or reason
        return found

    def unused(self) -> list[str]:
        """Names that nothing asked for, in the order of the page."""
        return [pattern for patterns, _ in self.rows for pattern in patterns if pattern not in self._used]


def shipped_page() -> Path:
    """The page that belongs to this code: beside it in an installed package, in docs/ in the repository."""
    shipped = Path(str(resources.files("guildhall.db.conformance") / "deviations.md"))
    return shipped if shipped.is_file() else Path(__file__).parents[4] / "docs" / "deviations.md"


def read_reasons(page: Path) -> Reasons:
    """
    Every row of every table of the page.

    Raises:
        DeviationsMissing: There is no such page.
    """
    try:
        text = page.read_text("utf-8")
    except OSError as error:
        raise DeviationsMissing(page) from error
    rows = []
    for line in text.splitlines():
        if not line.startswith("|") or _RULE.match(line):
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        names = _named(cells[0])
        if names and len(cells) > 1:
            rows.append((names, cells[-1]))
    return Reasons(rows)


def _named(cell: str) -> list[str]:
    """The names in a cell; in `` `table.a`, `b` `` the second is `b` and also `table.b`."""
    names: list[str] = []
    table = None
    for name in _NAME.findall(cell):
        names.append(name)
        if "." in name:
            table = name.partition(".")[0]
        elif table is not None and " " not in name:
            names.append(f"{table}.{name}")
    return names
