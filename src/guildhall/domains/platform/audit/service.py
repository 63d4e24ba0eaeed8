"""The verbs of the audit: recording requests, sealing, exporting heads, redacting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from guildhall.algorithms.merkle import MerkleTree
from guildhall.db import Tx
from guildhall.db.listing import Listing, Order, Page
from guildhall.domains.platform.audit import rules, store
from guildhall.domains.platform.audit.errors import ChainOfAnotherKey, ChainShortened, TransactionsWentBack
from guildhall.domains.platform.audit.ports import Keyring
from guildhall.domains.platform.audit.types import (
    Change,
    Head,
    Heads,
    Ledger,
    LedgerEntry,
    Moment,
    NewRequest,
    Part,
    Seal,
    Span,
)

ROWS_PER_SEAL = 50_000


async def ledger_names(tx: Tx) -> list[str]:
    """Every ledger, by name."""
    return await store.ledger_names(tx)


async def record_request(tx: Tx, request: NewRequest) -> None:
    """
    Keep a request in the request log, with secrets taken out of its data.

    Who asked, for which team, from where: the transaction says.
    """
    data = None if request.request_data is None else rules.scrubbed(request.request_data)
    await store.insert_request(tx, replace(request, request_data=data))


async def list_changes(
    tx: Tx, *, table: str | None = None, record: str | None = None, user_id: UUID | None = None, at_most: int = 50
) -> list[Change]:
    """The team's newest row changes, perhaps of one table, of one record (a value of its key), or by one person."""
    return await store.changes(
        tx,
        table_name=None if table is None else table.rpartition(".")[2],
        record=record,
        user_id=user_id,
        at_most=at_most,
    )


CHANGES = store.CHANGES
"""By what changes can be sorted and filtered (`page_changes`)."""

LEDGERS = store.LEDGERS
"""By what ledgers can be sorted and filtered (`page_ledgers`)."""


async def page_changes(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
) -> Page[Change]:
    """
    A page of the team's row changes (`db.listing`).

    `table` takes a table's name with or without its schema, and there is one
    filter more than the listing has: `record`, a value of a row's key.
    """
    return await _page(tx, store.CHANGES, filters, order, after=after, at_most=at_most)


async def page_installation_changes(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
) -> Page[Change]:
    """
    A page of the row changes that belong to no team, such as those of people and the catalogue, as `page_changes`.

    The transaction must be the scheduler's or a curator's: it is for whoever keeps the installation.
    """
    return await _page(tx, store.INSTALLATION_CHANGES, filters, order, after=after, at_most=at_most)


async def _page(
    tx: Tx,
    listing: Listing,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None,
    at_most: int,
) -> Page[Change]:
    narrowed = {name: value for name, value in filters.items() if name != "record"}
    if narrowed.get("table") is not None:
        narrowed["table"] = narrowed["table"].rpartition(".")[2]
    return await store.page_changes(
        tx, listing, narrowed, order, record=filters.get("record"), after=after, at_most=at_most
    )


async def page_ledgers(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[LedgerEntry]:
    """A page of the ledgers that there are."""
    return await store.page_ledgers(tx, filters, order, after=after, at_most=at_most)


async def seal_next(
    tx: Tx,
    ledger_name: str,
    keyring: Keyring,
    *,
    known_head: Head | None = None,
    rows_per_seal: int = ROWS_PER_SEAL,
) -> Seal | None:
    """
    Seal the rows that follow the last seal of a ledger and whose transactions have all ended; None where there are none.

    A seal takes about `rows_per_seal` rows, whole transactions always. The
    transaction must be the scheduler's; sealers of one ledger wait for each
    other, writers for nobody. Each row is in exactly one seal: a seal spans
    transactions, and whatever a transaction below the oldest running one wrote
    is there already. `known_head` is the last head that was kept outside.

    Raises:
        LedgerNotFound: There is none of this name.
        ChainOfAnotherKey: The chain so far is signed with a key that is not trusted.
        ChainShortened: The head that was kept outside is not in the chain.
        TransactionsWentBack: The server counts from below what is sealed.
    """
    await store.trust_the_catalogue(tx)
    await store.lock_ledger(tx, ledger_name)
    ledger = await store.get_ledger(tx, ledger_name)
    last = await store.last_seal(tx, ledger_name)
    moment = await store.moment(tx)
    await _check_chain(tx, last, moment, keyring, known_head)

    span = await _next_span(tx, ledger, last, moment, rows_per_seal)
    if span is None:
        return None
    trees: dict[tuple[UUID | None, date], MerkleTree] = {}
    digests: dict[tuple[UUID | None, date], bytearray] = {}
    not_carried = set()
    first_at = last_at = None
    async for entry in store.digested(tx, ledger, span):
        key = (entry.tenant_id, entry.day)
        tree = trees.get(key)
        if tree is None:
            tree = trees[key] = MerkleTree()
            digests[key] = bytearray()
        tree.add(entry.digest)
        digests[key] += entry.digest
        if entry.carried is None:
            not_carried.add(key)
        first_at = entry.at if first_at is None or entry.at < first_at else first_at
        last_at = entry.at if last_at is None or entry.at > last_at else last_at
    assert first_at is not None  # a span begins with a row
    assert last_at is not None
    parts, root = rules.arranged(
        Part(*key, tree.size, tree.root(), digests=bytes(digests[key]) if key in not_carried else None)
        for key, tree in trees.items()
    )
    row_count = sum(part.row_count for part in parts)
    seal = Seal(
        ledger=ledger_name,
        number=last.number + 1 if last else 1,
        span=span,
        seen_transaction=moment.next,
        columns=tuple(ledger.columns),
        retired_before=await store.retired_before(tx, ledger_name),
        summary=rules.summary_of(row_count, first_at, last_at),
        root=root,
        sealed_at=moment.at,
        previous=last.hash if last else None,
        key_id=keyring.key_id,
        row_count=row_count,
        first_at=first_at,
        last_at=last_at,
        parts=parts,
    )
    hashed = rules.seal_hash(seal)
    seal = replace(seal, hash=hashed, signature=keyring.sign(hashed))
    await store.insert_seal(tx, seal)
    return seal


async def _check_chain(tx: Tx, last: Seal | None, moment: Moment, keyring: Keyring, known_head: Head | None) -> None:
    if last is not None and not keyring.trusts(last.key_id):
        raise ChainOfAnotherKey(last.ledger, last.key_id, keyring.key_id)
    if last is not None and last.span.epoch == moment.epoch and last.span.end > moment.next:
        raise TransactionsWentBack(last.ledger, last.span.end, moment.next)
    if known_head is not None:
        kept = await store.find_seal(tx, known_head.ledger, known_head.number)
        if kept is None or kept.hash != known_head.hash:
            raise ChainShortened(known_head.ledger, known_head.number)


async def _next_span(tx: Tx, ledger: Ledger, last: Seal | None, moment: Moment, rows: int) -> Span | None:
    """The transactions that the next seal covers: what is left of epochs that are over, then the present one."""
    places = [(last.span.epoch, last.span.end) if last else (-rules.END_OF_TIME, 0)]
    if last is not None and last.span.epoch > moment.epoch:
        # A copy that was made on a machine whose clock is behind: its epoch is new nevertheless.
        places.append((moment.epoch, await store.end_of_epoch(tx, ledger.name, moment.epoch)))
    for epoch, start in places:
        found = await store.first_unsealed(tx, ledger, epoch, start)
        if found is None:
            continue
        found_epoch, first = found
        span = Span(found_epoch, start if found_epoch == epoch else 0, rules.reach(found_epoch, moment))
        if first < span.end:
            return rules.cut(span, first, await store.transaction_beyond(tx, ledger, span, rows))
    return None


async def heads(tx: Tx, database_id: UUID, keyring: Keyring | None) -> Heads:
    """
    The last seal of each ledger, to be kept where the database cannot reach it.

    Given back to `verify_ledger`, they show whether later the end of a chain was cut off.
    """
    found = [rules.head_of(seal) for seal in await store.last_seals(tx)]
    keys: Mapping[str, bytes] = keyring.public_keys() if keyring else {}
    return Heads(database_id, found, keys)


async def redact(tx: Tx, kind: str, subject: UUID, reason: str, *, requested_by: UUID | None = None) -> int:
    """
    Empty what every ledger holds of a person (`user`) or a team (`team`), and return the number of rows.

    Digests, transactions and order stay, and the audit log records the
    redaction, so that every seal still verifies. The transaction must be the
    scheduler's. Repeating it finds what was written since.
    """
    return await store.redact(tx, kind, subject, reason, requested_by)
