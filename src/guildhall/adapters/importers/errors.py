"""The ways in which reading a log fails."""

from __future__ import annotations

from pathlib import Path

from guildhall.errors import InvalidInput, NotFound

KNOWN = "τ-bench (a list of trials) and τ²-bench (an object with info, tasks and simulations), as .json or .json.gz"


class LogNotFound(NotFound):
    """There is no file of that name."""

    code = "import_not_found"

    def __init__(self, file: Path) -> None:
        super().__init__(f"file {str(file)!r} does not exist", remedy="Check the path.", file=str(file))


class LogUnreadable(InvalidInput):
    """A file is no log that we know, or it is damaged."""

    code = "import_unreadable"

    def __init__(self, file: Path, problem: str, *, field: str | None = None, remedy: str | None = None) -> None:
        where = f"{str(file)!r}, {field}" if field else f"{str(file)!r}"
        super().__init__(
            f"{where}: {problem}",
            remedy=remedy or f"Formats that can be imported: {KNOWN}.",
            file=str(file),
            field=field,
        )
