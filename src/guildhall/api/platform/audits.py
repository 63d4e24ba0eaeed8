"""`/v1/platform/changes`, `/installation-changes` and `/ledgers`: what was changed by whom, and whether the record of it is whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Administering, Reading
from guildhall.app import sealing
from guildhall.app.documents.audits import (
    ChangeDocument,
    LedgerDocument,
    VerificationDocument,
    change_document,
    ledger_document,
    verification_document,
)
from guildhall.db import Tx
from guildhall.db.listing import Page
from guildhall.domains.platform import audit
from guildhall.domains.platform.audit import Change

changes = APIRouter(prefix="/changes", tags=["audit"], route_class=Route)
installation_changes = APIRouter(prefix="/installation-changes", tags=["audit"], route_class=Route)
ledgers = APIRouter(prefix="/ledgers", tags=["audit"], route_class=Route)

LedgerName = Annotated[str, Path(max_length=100, description="A ledger's name.", examples=["audit_log"])]
_FIELDS = tuple(ChangeDocument.__annotations__)


Table = Annotated[str | None, Query(max_length=200, description="A table, with or without its schema.")]
Record = Annotated[str | None, Query(max_length=200, description="A value of the row's primary key.")]
Operations = Annotated[list[Literal["INSERT", "UPDATE", "DELETE"]] | None, Query()]


@changes.get("", response_model=Items[ChangeDocument])
async def list_changes(
    visit: Reading,
    want: ListWanted,
    table: Table = None,
    record: Record = None,
    user_id: UUID | None = None,
    operation: Operations = None,
    after: Moment | None = None,
    before: Moment | None = None,
) -> Response:
    """List row changes of the team, newest first, with both images."""
    filters = {
        "table": table,
        "record": record,
        "user_id": user_id,
        "operation": operation,
        "after": after,
        "before": before,
    }
    return await answer_list(visit, want, audit.CHANGES, audit.page_changes, filters, change_document, _FIELDS)


@installation_changes.get("", response_model=Items[ChangeDocument])
async def list_installation_changes(
    visit: Administering,
    want: ListWanted,
    table: Table = None,
    record: Record = None,
    user_id: UUID | None = None,
    operation: Operations = None,
    after: Moment | None = None,
    before: Moment | None = None,
) -> Response:
    """
    List row changes that belong to no team, newest first: people, the catalogue, schedules, and what else all teams share.

    For administrators of the installation.
    """
    filters = {
        "table": table,
        "record": record,
        "user_id": user_id,
        "operation": operation,
        "after": after,
        "before": before,
    }

    async def page(tx: Tx, *of: Any, **where: Any) -> Page[Change]:
        async with tx.on_duty("scheduler"):
            return await audit.page_installation_changes(tx, *of, **where)

    return await answer_list(visit, want, audit.CHANGES, page, filters, change_document, _FIELDS)


@ledgers.get("", response_model=Items[LedgerDocument])
async def list_ledgers(visit: Reading, want: ListWanted) -> Response:
    """List the ledgers: tables whose rows are digested and sealed."""
    return await answer_list(
        visit, want, audit.LEDGERS, audit.page_ledgers, {}, ledger_document, tuple(LedgerDocument.__annotations__)
    )


@ledgers.get("/{ledger}/verification", response_model=VerificationDocument)
async def verify_ledger(visit: Reading, ledger: LedgerName) -> Response:
    """
    Hold every row of the team's against its digest and its seal, and every seal against its signature.

    Whether other teams' rows are whole, and whether whole seals are gone, `guildhall audit verify` tells.
    """
    keys = await sealing.verifying_keys(visit.house.app)
    async with visit.transaction() as tx:
        return visit.found(verification_document(await audit.verify_own(tx, ledger, keys)))
