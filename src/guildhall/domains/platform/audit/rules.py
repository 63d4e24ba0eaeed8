"""
Pure decisions of the audit: what a digest, a part and a seal are hashes of, and what a difference means.

A row's digest is the SHA-256 of its text: a line `name=value` for each covered
column that is not null, in their order. The same text is made twice, in the
database (`platform.ledger_text`: triggers, redactions) and by the statements
here, for sealing and verifying. These use nothing but what PostgreSQL brings
along: whoever changes a function of ours in the database changes no verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from guildhall.algorithms import merkle
from guildhall.algorithms.redaction import REDACTED, redact
from guildhall.domains.platform.audit.types import Column, Finding, Head, Kind, Ledger, Moment, Part, Seal, Span

END_OF_TIME = 2**63 - 1
"""The end of an epoch that is over: no transaction of it can still write."""

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a server's clock may be set back without rows looking false."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AS_TEXT = frozenset({"uuid", "boolean", "smallint", "integer", "bigint", "numeric", "inet", "cidr", "jsonb"})
_AS_ELEMENTS = frozenset({"uuid", "boolean", "smallint", "integer", "bigint"})
_DIGEST = 32
_STEP = 1 + _DIGEST
_SECRET_NAME = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "authorization",
    "credential",
    "credentials",
    "private_key",
    "access_key",
    "cookie",
)


# statements -----------------------------------------------------------------


def quoted(name: str) -> str:
    """An identifier as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def text_sql(ledger: Ledger, columns: Sequence[str]) -> str:
    """
    The SQL of a row's text; the row is called `entry`.

    Raises:
        ValueError: A column is not there, or of a type that has no text which is the same everywhere.
    """
    lines = []
    for name in columns:
        column = ledger.types.get(name)
        value = None if column is None else _value_sql(column)
        if value is None:
            raise ValueError(f"column {name} of {ledger.relation} cannot be digested")
        lines.append("'{}=' || {}".format(name.replace("'", "''"), value))
    return f"concat_ws(chr(10), {', '.join(lines)})"


def _value_sql(column: Column) -> str | None:
    value = f"entry.{quoted(column.name)}"
    match column.type:
        case kind if kind in _AS_TEXT:
            return f"{value}::text"
        case "timestamp with time zone":
            return f"extract(epoch FROM {value})::text"
        case "date":
            return f"to_json({value})::text"
        case "double precision":
            return f"encode(float8send({value}), 'hex')"
        case "bytea":
            return f"encode({value}, 'hex')"
    if column.category == "S" or column.is_enum:
        return f"to_json({value}::text)::text"
    if column.category == "A" and (column.element_category == "S" or column.element in _AS_ELEMENTS):
        return f"to_json({value})::text"
    return None


def order_sql(ledger: Ledger) -> str:
    """The order in which a seal takes rows: by transaction, then time, then key, whatever the collation."""
    keys = [name for name in ledger.key_columns if name != ledger.time_column]
    parts = [f"entry.transaction_id, entry.{quoted(ledger.time_column)}"]
    parts += [f"entry.{quoted(name)}" + (' COLLATE "C"' if ledger.types[name].category == "S" else "") for name in keys]
    return ", ".join(parts)


# hashes ---------------------------------------------------------------------


def part_hash(part: Part) -> bytes:
    """The leaf that a part is in the tree of its seal."""
    lines = [
        "part",
        f"tenant_id={part.tenant_id or ''}",
        f"day={part.day.isoformat()}",
        f"row_count={part.row_count}",
        f"root={part.root.hex()}",
    ]
    return hashlib.sha256("\n".join(lines).encode()).digest()


def arranged(parts: Iterable[Part]) -> tuple[tuple[Part, ...], bytes]:
    """Parts in their order, by day and team, each with its path, and the root they lead to."""
    ordered = sorted(parts, key=lambda part: (part.day, str(part.tenant_id or "")))
    leaves = [part_hash(part) for part in ordered]
    root = merkle.MerkleTree(leaves).root()
    return tuple(replace(part, path=merkle.path(leaves, place)) for place, part in enumerate(ordered)), root


class Digests:
    """
    The digests that a seal keeps of some rows, held against the rows one after another.

    >>> kept = Digests(bytes(32) + bytes(31) + b"1")
    >>> kept.holds(bytes(32)), kept.holds(bytes(31) + b"2"), kept.holds(bytes(31) + b"1")
    (True, False, True)
    """

    __slots__ = ("_among", "_kept", "_place")

    def __init__(self, kept: bytes) -> None:
        self._kept = kept
        self._place = 0
        self._among: frozenset[bytes] | None = None

    def holds(self, digest: bytes) -> bool:
        """Whether a digest is the next one, or, once rows are not as they were, one of all."""
        if self._among is None:
            if self._kept.startswith(digest, self._place):
                self._place += _DIGEST
                return True
            self._among = frozenset(self._each())
        return digest in self._among

    def lead_to(self, root: bytes) -> bool:
        """Whether these are the digests that a root is of."""
        return merkle.MerkleTree(self._each()).root() == root

    def _each(self) -> Iterator[bytes]:
        return (self._kept[start : start + _DIGEST] for start in range(0, len(self._kept), _DIGEST))


def packed(path: Sequence[bytes]) -> bytes:
    """A path as one string of bytes."""
    return b"".join(path)


def unpacked(path: bytes) -> list[bytes]:
    """The steps of a path."""
    return [path[start : start + _STEP] for start in range(0, len(path), _STEP)]


def summary_of(row_count: int, first_at: datetime, last_at: datetime) -> bytes:
    """The hash of how much a seal covers and from when."""
    text = f"row_count={row_count}\nfirst_at={_microseconds(first_at)}\nlast_at={_microseconds(last_at)}"
    return hashlib.sha256(text.encode()).digest()


def seal_hash(seal: Seal) -> bytes:
    """What a seal's signature signs, and the next seal repeats."""
    lines = [
        "guildhall seal 1",
        f"ledger={seal.ledger}",
        f"number={seal.number}",
        f"epoch={seal.span.epoch}",
        f"from_transaction={seal.span.start}",
        f"to_transaction={seal.span.end}",
        f"seen_transaction={seal.seen_transaction}",
        f"columns={','.join(seal.columns)}",
        f"retired_before={_microseconds(seal.retired_before)}",
        f"summary={seal.summary.hex()}",
        f"root={seal.root.hex()}",
        f"sealed_at={_microseconds(seal.sealed_at)}",
        f"previous={'' if seal.previous is None else seal.previous.hex()}",
        f"key_id={seal.key_id}",
    ]
    return hashlib.sha256("\n".join(lines).encode()).digest()


def head_of(seal: Seal) -> Head:
    """A seal as the head of its chain."""
    return Head(seal.ledger, seal.number, seal.hash, seal.sealed_at, seal.key_id, seal.signature)


def _microseconds(instant: datetime | None) -> str:
    return "" if instant is None else str((instant - _EPOCH) // timedelta(microseconds=1))


# what to seal ---------------------------------------------------------------


def reach(epoch: int, moment: Moment) -> int:
    """The first transaction of an epoch whose rows may still come: nobody writes in an epoch that is over."""
    return moment.oldest if epoch == moment.epoch else END_OF_TIME


def cut(span: Span, first: int, beyond: int | None) -> Span:
    """
    A span shortened to about as many rows as were wanted, at the border of a transaction.

    `first` is the transaction of its first row, `beyond` that of the first row
    too many, None where there is none. A transaction is never cut in two.
    """
    if beyond is None:
        return span
    return replace(span, end=beyond if beyond > first else first + 1)


# what a difference means ------------------------------------------------------


def chain_findings(seal: Seal, previous: Seal | None) -> list[Finding]:
    """What is wrong with a seal as the next one of its chain, its signature aside."""
    found = []
    expected = previous.number + 1 if previous else 1
    if seal.number != expected:
        gone = f"seal {expected} is" if seal.number == expected + 1 else f"seals {expected} to {seal.number - 1} are"
        found.append(Finding(Kind.SEAL_MISSING, f"{gone} gone", expected, count=seal.number - expected))
    elif previous is not None and seal.previous != previous.hash:
        found.append(_seal_changed(seal, "it does not follow the seal before it"))
    elif previous is not None and previous.span.epoch == seal.span.epoch and previous.span.end != seal.span.start:
        found.append(_seal_changed(seal, "its transactions do not follow those of the seal before it"))
    if seal_hash(seal) != seal.hash:
        found.append(_seal_changed(seal, "its content is not what its hash says"))
    if seal.row_count is not None and (seal.first_at is None or seal.last_at is None):
        found.append(_seal_changed(seal, "its times are gone"))
    elif (
        seal.row_count is not None
        and seal.first_at is not None
        and seal.last_at is not None
        and summary_of(seal.row_count, seal.first_at, seal.last_at) != seal.summary
    ):
        found.append(_seal_changed(seal, "its count or its times are not what was sealed"))
    return found


def parts_findings(seal: Seal) -> list[Finding]:
    """Whether the parts of a seal, all of them, are those that were sealed."""
    _, root = arranged(seal.parts)
    if root != seal.root or sum(part.row_count for part in seal.parts) != seal.row_count:
        return [_seal_changed(seal, "its parts do not lead to its root")]
    return []


def path_findings(seal: Seal) -> list[Finding]:
    """Whether each of some parts of a seal leads to its root."""
    return [
        _seal_changed(seal, f"the part of {part.day} does not lead to its root")
        for part in seal.parts
        if merkle.follow(part_hash(part), part.path) != seal.root
    ]


def _seal_changed(seal: Seal, why: str) -> Finding:
    return Finding(Kind.SEAL_CHANGED, f"seal {seal.number} was changed: {why}", seal.number)


def signature_finding(seal: Seal, *, trusted: bool, verifies: bool) -> Finding | None:
    """What a signature that does not verify means."""
    if not trusted:
        return Finding(
            Kind.WRONG_KEY, f"seal {seal.number} is signed with key {seal.key_id}, which is not trusted", seal.number
        )
    return None if verifies else _seal_changed(seal, "its signature is false")


def head_finding(head: Head, hashes: Mapping[int, bytes], last: int) -> Finding | None:
    """Whether a chain still holds a head that was exported."""
    kept = hashes.get(head.number)
    if kept == head.hash:
        return None
    if kept is None and head.number > last:
        end = f"ends with seal {last}" if last else "has no seal"
        message = f"the chain {end}, seal {head.number} had been exported on {head.sealed_at:%Y-%m-%d %H:%M}"
        return Finding(Kind.CUT_OFF, message, head.number, count=head.number - last)
    if kept is None:
        return None  # a gap, which is told already
    return Finding(Kind.REWRITTEN, f"seal {head.number} is not the one that was exported", head.number)


def rows_text(count: int) -> str:
    """How many rows, in words."""
    return "1 row" if count == 1 else f"{count:,} rows"


# what is redacted -------------------------------------------------------------


def folded(records: Iterable[Mapping[str, Any]], ledger: str) -> dict[UUID, dict[date, bytes]]:
    """
    What each redaction of a ledger says its rows are now, from the records of all, oldest first.

    A later redaction that has taken rows over says anew what is left of the earlier one.
    """
    said: dict[UUID, dict[date, bytes]] = {}
    for record in records:
        for redaction, days in ((record.get("evidence") or {}).get(ledger) or {}).items():
            said[UUID(redaction)] = {date.fromisoformat(day): bytes.fromhex(value) for day, value in days.items()}
    return said


def erased_teams(records: Iterable[Mapping[str, Any]]) -> frozenset[UUID]:
    """The teams that were erased: of them, rows may be gone."""
    return frozenset(UUID(record["subject_id"]) for record in records if record.get("kind") == "team")


def scrubbed(value: Any) -> Any:
    """A request's data without secrets: by the names of their keys, and by their shapes."""
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {
                str(key): REDACTED if _is_secret(str(key)) and each is not None else scrubbed(each)
                for key, each in value.items()
            }
        case list() | tuple():
            return [scrubbed(each) for each in value]
    return value


def _is_secret(name: str) -> bool:
    return name.lower().replace("-", "_").endswith(_SECRET_NAME)
