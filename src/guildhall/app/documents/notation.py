"""How JSON is written everywhere: on the command line, over HTTP, by clients."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
"""For `orjson.dumps`, with `plain`: times end in Z, keys may be numbers, what is not finite is null."""


def plain(value: object) -> Any:
    """What orjson does not know: amounts of money as numbers, UUIDs and paths as text, sets as sorted lists."""
    match value:
        case Decimal():
            return float(value)
        case Path() | UUID():  # the driver's UUID is one of its own making
            return str(value)
        case set() | frozenset():
            return sorted(value)
    raise TypeError(type(value).__name__)
