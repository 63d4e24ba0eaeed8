"""What the tasks need from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class SchemaReader(Protocol):
    """Turns a JSON schema, which belongs to `owner`, into a function that says what is wrong with a value, or None."""

    def __call__(self, schema: Mapping[str, Any], owner: str) -> Callable[[Any], str | None]: ...
