"""The way in which every function of this room refuses its input."""

from __future__ import annotations

from guildhall.errors import InvalidInput


class UnusableSample(InvalidInput, ValueError):
    """What was measured cannot carry a statement: nothing there, not a number, or sides that do not match."""

    code = "unusable_sample"
