"""
The audit: what changed in the business tables, who asked for what, and the proof that neither was altered since.

Row changes are written by triggers (`platform.record_change`, or what
`platform.write_recorder` makes of it) in the changing transaction. Every row of
a *ledger* carries its transaction; `seal_next` takes the digests of what is older
than every running transaction and signs them, and `verify_ledger` tells what is no longer as it was sealed. A table becomes a
ledger by `platform.create_ledger`; see docs/audit.md.
"""

from guildhall.domains.platform.audit.errors import (
    ChainOfAnotherKey,
    ChainShortened,
    LedgerNotFound,
    TransactionsWentBack,
)
from guildhall.domains.platform.audit.ports import Keyring
from guildhall.domains.platform.audit.service import (
    CHANGES,
    LEDGERS,
    ROWS_PER_SEAL,
    heads,
    ledger_names,
    list_changes,
    page_changes,
    page_installation_changes,
    page_ledgers,
    record_request,
    redact,
    seal_next,
)
from guildhall.domains.platform.audit.types import (
    Change,
    Finding,
    Head,
    Heads,
    Kind,
    LedgerEntry,
    NewRequest,
    Seal,
    Verification,
)
from guildhall.domains.platform.audit.verification import verify_ledger, verify_own

__all__ = [
    "CHANGES",
    "LEDGERS",
    "ROWS_PER_SEAL",
    "ChainOfAnotherKey",
    "ChainShortened",
    "Change",
    "Finding",
    "Head",
    "Heads",
    "Keyring",
    "Kind",
    "LedgerEntry",
    "LedgerNotFound",
    "NewRequest",
    "Seal",
    "TransactionsWentBack",
    "Verification",
    "heads",
    "ledger_names",
    "list_changes",
    "page_changes",
    "page_installation_changes",
    "page_ledgers",
    "record_request",
    "redact",
    "seal_next",
    "verify_ledger",
    "verify_own",
]
