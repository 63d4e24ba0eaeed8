"""Row changes, ledgers, seals and verifications, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.platform.audit import Change, Kind, LedgerEntry, Seal, Verification


@described
class ChangeDocument(TypedDict):
    """A change of a row."""

    log_id: UUID
    at: datetime
    table: str
    operation: str
    record_key: Mapping[str, Any] | None
    """The row's primary key, by column."""
    user_id: UUID | None
    agent_id: UUID | None
    actor_role: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    redacted: bool
    """Whether both images were emptied since, for somebody who was erased."""


def change_document(change: Change) -> ChangeDocument:
    """A change of a row, with both images."""
    return {
        "log_id": change.log_id,
        "at": change.at,
        "table": change.table,
        "operation": change.operation,
        "record_key": change.record_key,
        "user_id": change.user_id,
        "agent_id": change.agent_id,
        "actor_role": change.actor_role,
        "before": change.before,
        "after": change.after,
        "redacted": change.is_redacted,
    }


class SealDocument(TypedDict):
    """A seal of a ledger."""

    ledger: str
    number: int
    epoch: int
    from_transaction: int
    to_transaction: int
    row_count: int | None
    first_at: datetime | None
    last_at: datetime | None
    sealed_at: datetime
    hash: str
    key_id: str


def seal_document(seal: Seal) -> SealDocument:
    """A seal of a ledger."""
    return {
        "ledger": seal.ledger,
        "number": seal.number,
        "epoch": seal.span.epoch,
        "from_transaction": seal.span.start,
        "to_transaction": seal.span.end,
        "row_count": seal.row_count,
        "first_at": seal.first_at,
        "last_at": seal.last_at,
        "sealed_at": seal.sealed_at,
        "hash": seal.hash.hex(),
        "key_id": seal.key_id,
    }


@described
class LedgerDocument(TypedDict):
    """A table whose rows are digested and sealed."""

    name: str
    columns: Sequence[str]
    """What a row's digest covers."""
    created_at: datetime


def ledger_document(ledger: LedgerEntry) -> LedgerDocument:
    """A ledger."""
    return {"name": ledger.name, "columns": list(ledger.columns), "created_at": ledger.created_at}


class HeadDocument(TypedDict):
    """The last seal of a chain."""

    number: int
    hash: str
    key_id: str


@described
class FindingDocument(TypedDict):
    """One thing that is wrong, and where."""

    kind: Kind
    message: str
    seal: int | None
    tenant_id: UUID | None
    day: date | None
    row: Mapping[str, str] | None
    """The row's key, by column."""
    count: int


@described
class VerificationDocument(TypedDict):
    """What a ledger's rows and seals were found to be."""

    ledger: str
    holds: bool
    """Whether nothing is wrong."""
    seals: int
    rows: int
    waiting: int
    """Rows that no seal covers yet."""
    retired: int
    redacted: int
    erased: int
    epochs: int
    head: HeadDocument | None
    found: int
    """How much is wrong; `findings` has the first of it."""
    findings: Sequence[FindingDocument]


def verification_document(each: Verification) -> VerificationDocument:
    """What a ledger's rows and seals were found to be."""
    return {
        "ledger": each.ledger,
        "holds": each.holds,
        "seals": each.seals,
        "rows": each.rows,
        "waiting": each.waiting,
        "retired": each.retired,
        "redacted": each.redacted,
        "erased": each.erased,
        "epochs": each.epochs,
        "head": {"number": each.head.number, "hash": each.head.hash.hex(), "key_id": each.head.key_id}
        if each.head
        else None,
        "found": each.found,
        "findings": [
            {
                "kind": finding.kind,
                "message": finding.message,
                "seal": finding.seal,
                "tenant_id": finding.tenant_id,
                "day": finding.day,
                "row": finding.row,
                "count": finding.count,
            }
            for finding in each.findings
        ],
    }
