"""From a file to a log: which format it is, and who reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from guildhall.adapters.importers import tau2_bench, tau_bench
from guildhall.adapters.importers.documents import MOST_BYTES, Document, read_document
from guildhall.adapters.importers.errors import LogUnreadable
from guildhall.adapters.importers.types import ImportedLog
from guildhall.errors import InvalidInput

__all__ = ["FORMATS", "MOST_BYTES", "read_log"]

_READERS: dict[str, tuple[Callable[[Any], bool], Callable[[Document, str], ImportedLog]]] = {
    "tau-bench": (tau_bench.looks_like, tau_bench.read),
    "tau2-bench": (tau2_bench.looks_like, tau2_bench.read),
}

FORMATS: dict[str, tuple[str, ...]] = {"tau-bench": ("tau-bench", "tau2-bench"), "tau2-bench": ("tau2-bench",)}
"""What may be asked for: `tau-bench` is either generation, `tau2-bench` the second alone."""


class FormatUnknown(InvalidInput):
    """A format was asked for that nobody reads."""

    code = "import_format_unknown"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"import format {name!r} is unknown; one of {', '.join(FORMATS)} was expected",
            remedy="Leave the format out: it is recognised by the file's content.",
            field="format",
            value=name,
        )


def read_log(path: Path | str, format: str | None = None, *, most_bytes: int = MOST_BYTES) -> ImportedLog:
    """
    Read a log of another tool, recognising its format by its content.

    Raises:
        LogNotFound: There is no such file.
        LogUnreadable: The file is empty, damaged, too large, or no log of a known format.
        FormatUnknown: The format asked for is none that we read.
    """
    file = Path(path)
    if format is not None and format not in FORMATS:
        raise FormatUnknown(format)
    document = read_document(file, most_bytes=most_bytes)
    for name in FORMATS[format] if format else _READERS:
        looks_like, read = _READERS[name]
        if looks_like(document.value):
            return read(document, _name_of(file))
    wanted = f"a {format} log" if format else "a log of a known format"
    raise LogUnreadable(file, f"{_outline(document.value)} where {wanted} was expected")


def _name_of(file: Path) -> str:
    """A configuration's name from a file's: letters, digits, hyphens and underscores, 3 to 100 of them."""
    stem = re.sub(r"(\.jsonl?)?(\.gz)?$", "", file.name, flags=re.IGNORECASE)
    name = re.sub(r"[^a-zA-Z0-9_]+", "-", stem).strip("-")[:100]
    return name if len(name) >= 3 else f"imported-{name}".rstrip("-")


def _outline(value: Any) -> str:
    """What a document is, in a few words."""
    if isinstance(value, dict):
        keys = ", ".join(sorted(map(str, value))[:6]) or "no keys"
        return f"an object with {keys}"
    if isinstance(value, list):
        if not value:
            return "an empty list"
        inner = _outline(value[0]) if isinstance(value[0], dict) else type(value[0]).__name__
        return f"a list whose first entry is {inner}"
    return f"a single {type(value).__name__}"
