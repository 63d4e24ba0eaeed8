"""Times as clients write them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator


def _written(value: Any) -> Any:
    """A time as text: numbers, which pydantic takes for seconds since 1970, are none."""
    if not isinstance(value, str) or not value[:1].isdigit() or "-" not in value[1:]:
        raise ValueError("expected a time such as 2026-11-26T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time with its zone (RFC 3339)."""
