"""The inventory of the reference documents: a JSON file with every object that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from guildhall.errors import InvalidInput

Stated: TypeAlias = Mapping[str, Any]
"""One object as a document states it: a node of the JSON."""


class InventoryInvalid(InvalidInput):
    """The file is not an inventory of documents."""

    code = "inventory_invalid"

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"{file} is not an inventory: {reason}",
            remedy="Give the JSON file that lists the documents' tables, views and functions under `documents`.",
            file=str(file),
        )


def read_inventory(file: Path) -> Mapping[str, Stated]:
    """
    The documents by name.

    Raises:
        InventoryInvalid: The file cannot be read, or has another form.
    """
    try:
        content = orjson.loads(file.read_bytes())
    except OSError as error:
        raise InventoryInvalid(file, error.strerror or str(error)) from error
    except orjson.JSONDecodeError as error:
        raise InventoryInvalid(file, f"it is not JSON ({error})") from error
    documents = content.get("documents") if isinstance(content, dict) else None
    if not isinstance(documents, dict) or not documents:
        raise InventoryInvalid(file, "it has no `documents`")
    for name, document in documents.items():
        if not isinstance(document, dict) or not isinstance(document.get("tables", {}), dict):
            raise InventoryInvalid(file, f"document {name!r} has no `tables` by name")
    return documents


def parts(document: Stated, key: str) -> Iterator[Stated]:
    """The objects of one kind; none where the document names none."""
    for each in document.get(key) or ():
        if isinstance(each, dict):
            yield each
