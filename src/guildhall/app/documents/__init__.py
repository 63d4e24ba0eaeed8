"""
The JSON of each noun, the same for `--json` on the command line, for the HTTP API and for clients.

A module has a TypedDict for each document, which the OpenAPI document is made
of, and a function that makes it. Nothing here knows a web framework.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeVar

D = TypeVar("D", bound=type[Any])


class _AsNumber:
    """Says in the OpenAPI document that an amount is a number, as it is written (pydantic would say a text)."""

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: Any) -> dict[str, Any]:
        return {"type": "number"}


Amount = Annotated[Decimal, _AsNumber()]
"""An amount of money, or a rate, in a document."""


def described(document: D) -> D:
    """Let the sentences below a document's fields be their descriptions in the OpenAPI document (pydantic's setting)."""
    document.__pydantic_config__ = {"use_attribute_docstrings": True}
    return document
