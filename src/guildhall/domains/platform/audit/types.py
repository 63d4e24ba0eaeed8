"""The nouns of the audit: ledgers, seals, heads, and what a verification has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Column:
    """A column's type, as the catalogue names it: `type`, its category, and those of its elements."""

    name: str
    type: str
    category: str
    is_enum: bool
    element: str | None
    element_category: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """A table whose rows are digested and sealed."""

    name: str
    relation: str
    view_name: str | None
    time_column: str
    by_the_clock: bool
    key_columns: Sequence[str]
    columns: Sequence[str]
    types: Mapping[str, Column]

    @property
    def has_teams(self) -> bool:
        return "tenant_id" in self.types


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What may be known of a ledger: its name, and the columns that digests cover."""

    name: str
    columns: Sequence[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """What is running: transactions below `oldest` have ended, those from `next` on have not begun."""

    epoch: int
    oldest: int
    next: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """The transactions of one epoch from `start` up to, and without, `end`."""

    epoch: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Part:
    """
    What a seal covers of one team (None: of nobody) on one day of UTC; `path` leads to the seal's root.

    `digests` are those of its rows in their order, 32 bytes each, when it is
    made; None where every row carries its own. They are read by themselves.
    """

    tenant_id: UUID | None
    day: date
    row_count: int
    root: bytes
    path: Sequence[bytes] = ()
    digests: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Seal:
    """A span of a ledger's transactions, what was in it, and who vouches for it."""

    ledger: str
    number: int
    span: Span
    seen_transaction: int
    columns: Sequence[str]
    retired_before: datetime | None
    summary: bytes
    root: bytes
    sealed_at: datetime
    previous: bytes | None
    hash: bytes = b""
    key_id: str = ""
    signature: bytes = b""
    row_count: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal of a ledger's chain, to be kept elsewhere."""

    ledger: str
    number: int
    hash: bytes
    sealed_at: datetime
    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of one database, with the public keys that they are signed with."""

    database_id: UUID
    heads: Sequence[Head]
    public_keys: Mapping[str, bytes] = field(default_factory=dict)


class Kind(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    """A row is not what its digest, or its seal's, says."""
    MISSING = "missing"
    """Rows that were sealed are gone."""
    ADDED = "added"
    """Rows are where none were when it was sealed."""
    REPLACED = "replaced"
    """As many rows as were sealed, and other ones, or in another order."""
    MISDATED = "misdated"
    """A row's time is not that of its transaction."""
    SEAL_CHANGED = "seal_changed"
    """A seal is not what was signed."""
    SEAL_MISSING = "seal_missing"
    """The chain has a gap."""
    CUT_OFF = "cut_off"
    """The chain ends before a head that was exported."""
    REWRITTEN = "rewritten"
    """The chain does not hold a head that was exported."""
    WRONG_KEY = "wrong_key"
    """A seal is signed with a key that is not trusted."""
    REDACTION_CHANGED = "redaction_changed"
    """Redacted rows are not those, or not as, the record of the redaction says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    kind: Kind
    message: str
    seal: int | None = None
    tenant_id: UUID | None = None
    day: date | None = None
    row: Mapping[str, str] | None = None
    count: int = 1


@dataclass(slots=True)
class Verification:
    """What a ledger's rows and seals were found to be; of findings beyond `_MOST` only the number is kept."""

    ledger: str
    seals: int = 0
    rows: int = 0
    redacted: int = 0
    retired: int = 0
    erased: int = 0
    waiting: int = 0
    epochs: int = 0
    head: Head | None = None
    findings: list[Finding] = field(default_factory=list)
    found: int = 0

    @property
    def holds(self) -> bool:
        return self.found == 0

    def add(self, finding: Finding) -> None:
        self.found += 1
        if len(self.findings) < _MOST:
            self.findings.append(finding)


_MOST = 200


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request to be kept in the request log; where it came from is the transaction's."""

    action: str
    resource_type: str | None = None
    resource_id: UUID | None = None
    request_data: Mapping[str, Any] | None = None
    response_status: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A row change, as the team's part of the audit log shows it."""

    log_id: UUID
    at: datetime
    table: str
    operation: str
    record_key: Mapping[str, Any] | None
    user_id: UUID | None
    agent_id: UUID | None
    actor_role: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    is_redacted: bool
