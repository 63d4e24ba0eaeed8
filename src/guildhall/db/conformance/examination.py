"""Holding a database against the documents, from file and connection to findings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from guildhall.db.conformance.comparison import Comparison
from guildhall.db.conformance.findings import Conformance
from guildhall.db.conformance.inventory import Stated, read_inventory
from guildhall.db.conformance.live import Live, read_live
from guildhall.db.conformance.reasons import read_reasons, shipped_page
from guildhall.db.errors import translated


async def examine(url: str, inventory: Path, *, deviations: Path | None = None) -> Conformance:
    """
    Compare the database at an administrator's URL with an inventory of the documents.

    `deviations` is the page of reasons, by default the one that belongs to this code.

    Raises:
        InventoryInvalid: The file is not an inventory.
        DeviationsMissing: There is no page of reasons.
        DatabaseUnavailable: Nobody answers.
    """
    documents = read_inventory(inventory)
    reasons = read_reasons(deviations or shipped_page())
    with translated():
        connection = await asyncpg.connect(
            url, timeout=10, server_settings={"timezone": "UTC", "search_path": "pg_catalog, public"}
        )
    try:
        with translated():
            live = await read_live(connection)
            spelled = await _spell_out(connection, documents, live)
    finally:
        await connection.close()
    comparison = Comparison(live, spelled, reasons)
    for name, document in documents.items():
        comparison.hold_against(name, document)
    return Conformance(comparison.findings, reasons.unused())


async def _spell_out(
    connection: asyncpg.Connection[Any], documents: Mapping[str, Stated], live: Live
) -> dict[tuple[str, str], str]:
    """The documents' conditions as the server spells them on our tables; what it does not understand stays as written."""
    spelled: dict[tuple[str, str], str] = {}
    for document in documents.values():
        for name, table in document.get("tables", {}).items():
            relation = live.relations.get(name)
            expressions = [each["expression"] for each in table.get("checks", ())]
            expressions += [each for column in table["columns"] for each in column.get("checks", ())]
            if relation is None or not expressions:
                continue
            for expression in expressions:
                spelled[name, expression] = await _spelled(connection, relation.base, expression)
    return spelled


async def _spelled(connection: asyncpg.Connection[Any], base: str, expression: str) -> str:
    transaction = connection.transaction()
    await transaction.start()
    try:
        # The names are the catalogue's own; the expression is the inventory's, run on an empty table of a transaction that is undone.
        await connection.execute(f"CREATE TEMPORARY TABLE stated (LIKE {base}) ON COMMIT DROP")
        await connection.execute(f"ALTER TABLE stated ADD CONSTRAINT stated_here CHECK ({expression})")
        found: str = await connection.fetchval(
            "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = 'stated_here' AND conrelid = 'stated'::regclass"
        )
        return found
    except asyncpg.PostgresError:
        return expression
    finally:
        await transaction.rollback()
