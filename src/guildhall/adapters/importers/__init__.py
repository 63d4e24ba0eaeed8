"""
Reading what other tools have recorded.

`read_log` takes a result file of τ-bench (arXiv 2406.12045, a list of trials)
or of τ²-bench (arXiv 2506.07982, an object with `info`, `tasks` and
`simulations`) and gives it back in our words. It reads a file and nothing
else, and it invents nothing: what a log does not say is None, and
`ImportedLog.assumed` names it.
"""

from __future__ import annotations

from guildhall.adapters.importers.errors import LogNotFound, LogUnreadable
from guildhall.adapters.importers.reading import FORMATS, MOST_BYTES, read_log
from guildhall.adapters.importers.types import ImportedLog, ImportedTask, ImportedTrial

__all__ = [
    "FORMATS",
    "MOST_BYTES",
    "ImportedLog",
    "ImportedTask",
    "ImportedTrial",
    "LogNotFound",
    "LogUnreadable",
    "read_log",
]
