"""One function for each statement of the audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from guildhall.db import Query, Row, Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.platform.audit import rules
from guildhall.domains.platform.audit.errors import LedgerNotFound
from guildhall.domains.platform.audit.types import (
    Change,
    Column,
    Ledger,
    LedgerEntry,
    Moment,
    NewRequest,
    Part,
    Seal,
    Span,
)

_queries = load_queries(__package__)
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A row of a ledger, as much of it as seals and verdicts need; `text` is what its digest is of.

    `carried` is the digest that the row carries, None where its seal does.
    """

    tenant_id: UUID | None
    at: datetime
    day: date
    transaction: int
    carried: bytes | None
    digest: bytes = b""
    redaction_id: UUID | None = None
    keys: Sequence[str] = ()
    text: bytes = b""


async def trust_the_catalogue(tx: Tx) -> None:
    await tx.execute(_queries.trust_the_catalogue)


async def ledger_names(tx: Tx) -> list[str]:
    return [row["name"] for row in await tx.fetch(_queries.ledgers)]


async def get_ledger(tx: Tx, name: str) -> Ledger:
    row = await tx.find(_queries.find_ledger, name=name)
    if row is None:
        raise LedgerNotFound(name, await ledger_names(tx))
    columns = [Column(**each) for each in await tx.fetch(_queries.columns_of, relation=row["relation"])]
    return Ledger(**row, types={column.name: column for column in columns})


async def lock_ledger(tx: Tx, name: str) -> None:
    await tx.execute(_queries.lock_ledger, name=name)


async def moment(tx: Tx) -> Moment:
    row = await tx.find(_queries.moment)
    assert row is not None  # a database without an epoch refuses the statement
    return Moment(**row)


async def retired_before(tx: Tx, name: str) -> datetime | None:
    found: datetime | None = await tx.value(_queries.retired_before, name=name)
    return found


# seals ------------------------------------------------------------------------


async def last_seal(tx: Tx, ledger: str) -> Seal | None:
    rows = await tx.fetch(_queries.last_seals, ledger=ledger)
    return _seal(rows[0]) if rows else None


async def last_seals(tx: Tx) -> list[Seal]:
    return [_seal(row) for row in await tx.fetch(_queries.last_seals, ledger=None)]


async def find_seal(tx: Tx, ledger: str, number: int) -> Seal | None:
    rows = await tx.fetch(_queries.seals, ledger=ledger, number=number, at_most=1)
    return _seal(rows[0]) if rows and rows[0]["number"] == number else None


async def end_of_epoch(tx: Tx, ledger: str, epoch: int) -> int:
    return await tx.value(_queries.last_span_of_epoch, ledger=ledger, epoch=epoch) or 0


async def ends_of_epochs(tx: Tx, ledger: str) -> dict[int, int]:
    return {row["epoch"]: row["end"] for row in await tx.fetch(_queries.ends_of_epochs, ledger=ledger)}


async def sealed_rows(tx: Tx, ledger: str) -> int:
    found: int = await tx.value(_queries.sealed_rows, ledger=ledger)
    return found


async def seals(tx: Tx, ledger: str) -> AsyncIterator[Seal]:
    """Every seal of a ledger with its parts, in the order of its numbers."""
    number = 1
    while True:
        rows = await tx.fetch(_queries.seals, ledger=ledger, number=number, at_most=_PAGE)
        if not rows:
            return
        parts: dict[int, list[Part]] = {}
        found = await tx.fetch(_queries.parts, ledger=ledger, first=rows[0]["number"], last=rows[-1]["number"])
        for row in found:
            parts.setdefault(row["number"], []).append(
                Part(row["tenant_id"], row["day"], row["row_count"], row["root"], rules.unpacked(row["path"]))
            )
        for row in rows:
            yield _seal(row, parts.get(row["number"], ()))
        number = rows[-1]["number"] + 1


async def team_seals(tx: Tx, ledger: str) -> AsyncIterator[Seal]:
    """Every seal of a ledger that covers rows of the acting team, with the team's parts alone."""
    number = 1
    while True:
        rows = await tx.fetch(_queries.team_seals, ledger=ledger, number=number, at_most=_PAGE)
        if not rows:
            return
        for _, group in groupby(rows, key=lambda row: row["number"]):
            ours = list(group)
            parts = [
                Part(row["tenant_id"], row["day"], row["part_rows"], row["part_root"], rules.unpacked(row["path"]))
                for row in ours
            ]
            yield _seal(ours[0], parts)
        number = rows[-1]["number"] + 1


async def insert_seal(tx: Tx, seal: Seal) -> None:
    await tx.execute(
        _queries.insert_seal,
        ledger=seal.ledger,
        number=seal.number,
        epoch=seal.span.epoch,
        from_transaction=seal.span.start,
        to_transaction=seal.span.end,
        seen_transaction=seal.seen_transaction,
        columns=list(seal.columns),
        row_count=seal.row_count,
        first_at=seal.first_at,
        last_at=seal.last_at,
        retired_before=seal.retired_before,
        summary=seal.summary,
        root=seal.root,
        sealed_at=seal.sealed_at,
        previous=seal.previous,
        hash=seal.hash,
        key_id=seal.key_id,
        signature=seal.signature,
    )
    await tx.execute(
        _queries.insert_parts,
        ledger=seal.ledger,
        number=seal.number,
        tenant_ids=[part.tenant_id for part in seal.parts],
        days=[part.day for part in seal.parts],
        row_counts=[part.row_count for part in seal.parts],
        roots=[part.root for part in seal.parts],
        paths=[rules.packed(part.path) for part in seal.parts],
        digests=[part.digests for part in seal.parts],
    )


async def digests(tx: Tx, ledger: str, number: int, *, own: bool = False) -> dict[tuple[UUID | None, date], bytes]:
    """The digests that a seal keeps of its rows, by team and day; `own`: of the acting team's alone."""
    query = _queries.team_digests if own else _queries.digests
    rows = await tx.fetch(query, ledger=ledger, number=number)
    return {(row["tenant_id"], row["day"]): row["digests"] for row in rows}


def _seal(row: Row, parts: Sequence[Part] = ()) -> Seal:
    return Seal(
        ledger=row["ledger"],
        number=row["number"],
        span=Span(row["epoch"], row["from_transaction"], row["to_transaction"]),
        seen_transaction=row["seen_transaction"],
        columns=tuple(row["columns"]),
        retired_before=row["retired_before"],
        summary=row["summary"],
        root=row["root"],
        sealed_at=row["sealed_at"],
        previous=row["previous"],
        hash=row["hash"],
        key_id=row["key_id"],
        signature=row["signature"],
        row_count=row["row_count"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        parts=tuple(parts),
    )


# rows of a ledger -------------------------------------------------------------
# Tables and columns differ from ledger to ledger: names come from the catalogue
# and are quoted, values are parameters.


async def first_unsealed(tx: Tx, ledger: Ledger, epoch: int, start: int) -> tuple[int, int] | None:
    """Epoch and transaction of the first row from a place on."""
    row = await tx.find(
        _composed(
            "first_unsealed",
            f"SELECT epoch, transaction_id FROM {ledger.relation} "  # noqa: S608
            "WHERE (epoch, transaction_id) >= ($1, $2) ORDER BY epoch, transaction_id LIMIT 1",
            "epoch",
            "start",
        ),
        epoch=epoch,
        start=start,
    )
    return None if row is None else (row["epoch"], row["transaction_id"])


async def transaction_beyond(tx: Tx, ledger: Ledger, span: Span, rows: int) -> int | None:
    """The transaction of the first row of a span after so many others; None where there are no more."""
    found: int | None = await tx.value(
        _composed(
            "transaction_beyond",
            f"SELECT transaction_id FROM {ledger.relation} "  # noqa: S608
            "WHERE epoch = $1 AND transaction_id >= $2 AND transaction_id < $3 ORDER BY transaction_id OFFSET $4 LIMIT 1",
            "epoch",
            "start",
            "end",
            "rows",
        ),
        epoch=span.epoch,
        start=span.start,
        end=span.end,
        rows=rows,
    )
    return found


async def digested(tx: Tx, ledger: Ledger, span: Span) -> AsyncIterator[Entry]:
    """The rows of a span in the order of seals, with the digest that each carries, or has now."""
    text = rules.text_sql(ledger, ledger.columns)
    digest = (
        f"CASE WHEN length(entry.digest) = 32 THEN entry.digest ELSE sha256(convert_to({text}, 'UTF8')) END AS taken"
    )
    query = _composed("digested", _entries_sql(ledger, ledger.relation, digest), "epoch", "start", "end")
    async for row in tx.stream(query, epoch=span.epoch, start=span.start, end=span.end):
        yield Entry(*row.values())


async def entries(
    tx: Tx, ledger: Ledger, columns: Sequence[str], span: Span, *, own: bool = False
) -> AsyncIterator[Entry]:
    """The rows of a span in the order of seals, with their texts; `own`: the acting team's alone."""
    relation = ledger.view_name if own and ledger.view_name else ledger.relation
    more = (
        f"NULL::bytea AS taken, entry.redaction_id, ARRAY[{', '.join(f'entry.{rules.quoted(name)}::text' for name in ledger.key_columns)}] AS keys, "
        f"convert_to({rules.text_sql(ledger, columns)}, 'UTF8') AS text"
    )
    query = _composed("entries", _entries_sql(ledger, relation, more), "epoch", "start", "end")
    async for row in tx.stream(query, epoch=span.epoch, start=span.start, end=span.end):
        yield Entry(*row.values())


def _entries_sql(ledger: Ledger, relation: str, more: str) -> str:
    time = f"entry.{rules.quoted(ledger.time_column)}"
    team = "entry.tenant_id" if ledger.has_teams else "NULL::uuid"
    return (
        f"SELECT {team} AS team, {time} AS at, ({time} AT TIME ZONE 'UTC')::date AS day, "  # noqa: S608
        f"entry.transaction_id, entry.digest, {more} FROM {relation} AS entry "
        "WHERE entry.epoch = $1 AND entry.transaction_id >= $2 AND entry.transaction_id < $3 "
        f"ORDER BY {rules.order_sql(ledger)}"
    )


async def rows_outside(tx: Tx, ledger: Ledger, ends: Mapping[int, int]) -> dict[int, int]:
    """How many rows each epoch has that no seal covers, by where the seals of each epoch end."""
    rows = await tx.fetch(
        _composed(
            "rows_outside",
            f"SELECT entry.epoch, count(*) AS outside FROM {ledger.relation} AS entry "  # noqa: S608
            "LEFT JOIN unnest($1::bigint[], $2::bigint[]) AS ends (epoch, transaction_id) ON ends.epoch = entry.epoch "
            "WHERE entry.transaction_id >= COALESCE(ends.transaction_id, 0) GROUP BY entry.epoch",
            "epochs",
            "ends",
        ),
        epochs=list(ends),
        ends=list(ends.values()),
    )
    return {row["epoch"]: row["outside"] for row in rows}


async def redacted_days(tx: Tx, ledger: Ledger) -> dict[UUID, dict[date, bytes]]:
    """What the redacted rows of a ledger are now, by redaction and day: see `platform.redaction_evidence`."""
    time = f"entry.{rules.quoted(ledger.time_column)}"
    rows = await tx.fetch(
        _composed(
            "redacted_days",
            f"SELECT redaction_id, ({time} AT TIME ZONE 'UTC')::date AS day, "  # noqa: S608
            "sha256(string_agg(COALESCE(digest, '') || sha256(convert_to("
            f"{rules.text_sql(ledger, ledger.columns)}, 'UTF8')), '' ORDER BY digest)) AS hash "
            f"FROM {ledger.relation} AS entry WHERE redaction_id IS NOT NULL GROUP BY 1, 2",
        )
    )
    found: dict[UUID, dict[date, bytes]] = {}
    for row in rows:
        found.setdefault(row["redaction_id"], {})[row["day"]] = row["hash"]
    return found


def _composed(name: str, sql: str, *parameters: str) -> Query:
    return Query(f"ledger.{name}", sql, parameters)


# redactions, requests, changes --------------------------------------------------


async def redactions(tx: Tx) -> list[Mapping[str, Any]]:
    return [row["new_data"] for row in await tx.fetch(_queries.redactions) if row["new_data"]]


async def redact(tx: Tx, kind: str, subject: UUID, reason: str, requested_by: UUID | None) -> int:
    count: int = await tx.value(_queries.redact, kind=kind, subject=subject, reason=reason, requested_by=requested_by)
    return count


async def insert_request(tx: Tx, request: NewRequest) -> None:
    await tx.execute(
        _queries.insert_request,
        action=request.action,
        resource_type=request.resource_type,
        resource_id=request.resource_id,
        request_data=request.request_data,
        response_status=request.response_status,
        duration_ms=request.duration_ms,
    )


async def changes(
    tx: Tx, *, table_name: str | None, record: str | None, user_id: UUID | None, at_most: int
) -> list[Change]:
    rows = await tx.fetch(_queries.changes, table_name=table_name, record=record, user_id=user_id, at_most=at_most)
    return [_change(row) for row in rows]


CHANGES = Listing(
    _queries.every_change,
    key=("log_id",),
    orders={"at": Order("at", descending=True)},
    filters={
        "table": Filter("table_name"),
        "operation": Filter("operation", Match.ANY_OF),
        "user_id": Filter("user_id"),
        "after": Filter("at", Match.AT_LEAST),
        "before": Filter("at", Match.BELOW),
    },
)


INSTALLATION_CHANGES = replace(CHANGES, query=_queries.every_installation_change)


async def page_changes(
    tx: Tx,
    listing: Listing,
    filters: Mapping[str, Any],
    order: Order,
    *,
    record: str | None,
    after: Sequence[Any] | None,
    at_most: int,
) -> Page[Change]:
    page = await fetch_page(tx, listing, filters, order, after=after, at_most=at_most, record=record)
    return page.of(_change)


LEDGERS = Listing(
    _queries.every_ledger,
    key=("name",),
    orders={"name": Order("name"), "created_at": Order("created_at", descending=True)},
    filters={"name": Filter("name")},
)


async def page_ledgers(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[LedgerEntry]:
    page = await fetch_page(tx, LEDGERS, filters, order, after=after, at_most=at_most)
    return page.of(lambda row: LedgerEntry(**row))


def _change(row: Row) -> Change:
    return Change(
        log_id=row["log_id"],
        at=row["at"],
        table=f"{row['table_schema']}.{row['table_name']}" if row["table_schema"] else row["table_name"],
        operation=row["operation"],
        record_key=row["record_key"],
        user_id=row["user_id"],
        agent_id=row["agent_id"],
        actor_role=row["actor_role"],
        before=row["old_data"],
        after=row["new_data"],
        is_redacted=row["redaction_id"] is not None,
    )
