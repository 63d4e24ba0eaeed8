"""
Verifying a ledger: are the rows those that were sealed, and the seals those that were signed?

Rows are read once, in the order of the seals, and forgotten, as are the digests
of each seal: memory does not grow with the ledger.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from guildhall.algorithms.merkle import MerkleTree
from guildhall.db import Tx
from guildhall.domains.platform.audit import rules, store
from guildhall.domains.platform.audit.ports import Keyring
from guildhall.domains.platform.audit.types import Finding, Head, Kind, Ledger, Part, Seal, Verification

Progress = Callable[[int, int], None]
"""Told now and then how many rows are done, of how many."""

_TELL_EVERY = 5_000
_SEALS_REMEMBERED = 1_000


async def verify_ledger(
    tx: Tx,
    ledger_name: str,
    keyring: Keyring,
    *,
    heads: Sequence[Head] = (),
    on_progress: Progress | None = None,
) -> Verification:
    """
    Hold every row of a ledger against its digest, its seal and the chain of seals, and the chain against exported heads.

    Rows that are not sealed yet are counted, not judged. The transaction must
    be the scheduler's.

    Raises:
        LedgerNotFound: There is none of this name.
    """
    await store.trust_the_catalogue(tx)
    ledger = await store.get_ledger(tx, ledger_name)
    check = _Check(ledger, keyring, on_progress)
    check.total = await store.sealed_rows(tx, ledger_name)
    check.retired_before = await store.retired_before(tx, ledger_name)
    records = await store.redactions(tx)
    check.erased = rules.erased_teams(records)

    wanted = {head.number for head in heads}
    hashes: dict[int, bytes] = {}
    previous: Seal | None = None
    epochs = set()
    async for seal in store.seals(tx, ledger_name):
        if seal.number in wanted:
            hashes[seal.number] = seal.hash
        check.judge(rules.chain_findings(seal, previous))
        check.judge(rules.parts_findings(seal))
        check.judge_signature(seal)
        digests = await store.digests(tx, ledger_name, seal.number)
        await check.judge_rows(seal, store.entries(tx, ledger, seal.columns, seal.span), digests)
        epochs.add(seal.span.epoch)
        previous = seal
    check.result.epochs = len(epochs)
    check.result.head = rules.head_of(previous) if previous else None
    for head in heads:
        finding = rules.head_finding(head, hashes, previous.number if previous else 0)
        if finding:
            check.judge([finding])

    await _judge_the_rest(tx, check, previous)
    await _judge_redactions(tx, check)
    return check.result


async def verify_own(
    tx: Tx, ledger_name: str, keyring: Keyring, *, on_progress: Progress | None = None
) -> Verification:
    """
    The same for the acting team's own rows alone, as the application may read them.

    Shows that they are what was signed; whether other teams' are, and whether
    whole seals are gone, only `verify_ledger` can tell.

    Raises:
        LedgerNotFound: There is none of this name.
    """
    await store.trust_the_catalogue(tx)
    ledger = await store.get_ledger(tx, ledger_name)
    check = _Check(ledger, keyring, on_progress)
    check.retired_before = await store.retired_before(tx, ledger_name)
    async for seal in store.team_seals(tx, ledger_name):
        if rules.seal_hash(seal) != seal.hash:
            check.judge(
                [
                    Finding(
                        Kind.SEAL_CHANGED, f"seal {seal.number} was changed: its content is not its hash's", seal.number
                    )
                ]
            )
        check.judge(rules.path_findings(seal))
        check.judge_signature(seal)
        digests = await store.digests(tx, ledger_name, seal.number, own=True)
        await check.judge_rows(seal, store.entries(tx, ledger, seal.columns, seal.span, own=True), digests)
        check.result.head = rules.head_of(seal)
    return check.result


async def _judge_the_rest(tx: Tx, check: _Check, last: Seal | None) -> None:
    """Rows that no seal covers wait for the next one, but in an epoch that is over there is no next one."""
    ends = await store.ends_of_epochs(tx, check.ledger.name)
    moment = await store.moment(tx)
    for epoch, count in (await store.rows_outside(tx, check.ledger, ends)).items():
        if epoch == moment.epoch or last is None or epoch >= last.span.epoch:
            check.result.waiting += count
        else:
            message = f"{rules.rows_text(count)} in an epoch that is over, behind its last seal"
            check.judge([Finding(Kind.ADDED, message, count=count)])


async def _judge_redactions(tx: Tx, check: _Check) -> None:
    # Read after the rows: a redaction that came meanwhile is then among the records.
    actual = await store.redacted_days(tx, check.ledger)
    recorded = rules.folded(await store.redactions(tx), check.ledger.name)
    for redaction, days in actual.items():
        if redaction not in recorded:
            message = f"rows are marked as redacted by {redaction}, of which there is no record"
            check.judge([Finding(Kind.REDACTION_CHANGED, message)])
            continue
        for day, hashed in days.items():
            if recorded[redaction].get(day) != hashed and not check.is_retired(day):
                message = f"the rows of {day} that redaction {redaction} has emptied are not as it left them"
                check.judge([Finding(Kind.REDACTION_CHANGED, message, day=day)])


@dataclass(slots=True)
class _Check:
    """What has been seen so far, and what was wrong with it."""

    ledger: Ledger
    keyring: Keyring
    on_progress: Progress | None
    total: int = 0
    retired_before: datetime | None = None
    erased: frozenset[UUID] = frozenset()
    result: Verification = field(init=False)
    _done: int = 0
    _seen: deque[tuple[int, datetime]] = field(default_factory=lambda: deque(maxlen=_SEALS_REMEMBERED))
    _epoch: int | None = None

    def __post_init__(self) -> None:
        self.result = Verification(self.ledger.name)

    def judge(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self.result.add(finding)

    def judge_signature(self, seal: Seal) -> None:
        trusted = self.keyring.trusts(seal.key_id)
        verifies = trusted and self.keyring.verifies(seal.key_id, seal.hash, seal.signature)
        finding = rules.signature_finding(seal, trusted=trusted, verifies=verifies)
        if finding:
            self.judge([finding])

    def is_retired(self, day: date) -> bool:
        """Whether the rows of a day may have been dropped for their age."""
        end = datetime.combine(day, time(), UTC) + timedelta(days=1)
        return self.retired_before is not None and end <= self.retired_before

    async def judge_rows(
        self, seal: Seal, entries: AsyncIterator[store.Entry], digests: Mapping[tuple[UUID | None, date], bytes]
    ) -> None:
        """Hold the rows of a seal's span against their digests, and the digests against its parts."""
        if seal.span.epoch != self._epoch:
            self._epoch = seal.span.epoch
            self._seen.clear()
        trees: dict[tuple[UUID | None, date], MerkleTree] = {}
        kept = {key: rules.Digests(each) for key, each in digests.items()}
        suspects: dict[tuple[UUID | None, date], list[Finding]] = {}
        falsified: set[tuple[UUID | None, date]] = set()
        async for entry in entries:
            key = (entry.tenant_id, entry.day)
            tree = trees.get(key)
            if tree is None:
                tree = trees[key] = MerkleTree()
            taken = hashlib.sha256(entry.text).digest()
            digest = taken if entry.carried is None else entry.carried
            tree.add(digest)
            if entry.redaction_id is not None:
                self.result.redacted += 1
            elif digest != taken:
                falsified.add(key)
                message = "the row is not what its digest says"
                self.judge([self._row_finding(Kind.CHANGED, message, seal, entry)])
            is_known = kept[key].holds(digest) if key in kept else entry.carried is not None or not kept
            if not is_known and key not in falsified:
                message = f"the row is not what seal {seal.number} says"
                suspects.setdefault(key, []).append(self._row_finding(Kind.CHANGED, message, seal, entry))
            if self.ledger.by_the_clock and self._is_misdated(seal, entry):
                message = f"the row says {entry.at:%Y-%m-%d %H:%M:%S}"
                self.judge([self._row_finding(Kind.MISDATED, message, seal, entry)])
            self._count()
        for part in seal.parts:
            key = (part.tenant_id, part.day)
            tree = trees.pop(key, None)
            named = self._judge_suspects(seal, part, tree, kept.get(key), suspects.get(key, ()))
            self._judge_part(seal, part, tree, changed_already=named or key in falsified)
        for (team, day), tree in trees.items():
            self.judge(suspects.get((team, day), ()))
            message = f"{rules.rows_text(tree.size)} where there were none when seal {seal.number} was made"
            self.judge([Finding(Kind.ADDED, message, seal.number, team, day, count=tree.size)])
        self._seen.append((seal.seen_transaction, seal.sealed_at))
        self.result.seals += 1
        if self.on_progress:
            self.on_progress(self._done, max(self.total, self._done))

    def _judge_suspects(
        self, seal: Seal, part: Part, tree: MerkleTree | None, kept: rules.Digests | None, suspects: Sequence[Finding]
    ) -> bool:
        """Name the rows of a part that its digests do not hold, unless it is the digests that are false."""
        if not suspects or kept is None:
            return False
        if (tree is None or tree.root() != part.root) and kept.lead_to(part.root):
            self.judge(suspects)
            return True
        message = f"seal {seal.number} was changed: its digests of {part.day} do not lead to its root"
        self.judge([Finding(Kind.SEAL_CHANGED, message, seal.number, part.tenant_id, part.day)])
        return False

    def _judge_part(self, seal: Seal, part: Part, tree: MerkleTree | None, *, changed_already: bool) -> None:
        found = tree.size if tree else 0
        missing = part.row_count - found
        if missing > 0 and self.is_retired(part.day):
            self.result.retired += missing
            return
        if missing > 0 and part.tenant_id in self.erased:
            self.result.erased += missing
            return
        if missing > 0:
            kind = Kind.MISSING
            message = f"{rules.rows_text(missing)} of {part.row_count:,} are gone that seal {seal.number} covers"
        elif missing < 0:
            kind = Kind.ADDED
            message = f"{rules.rows_text(-missing)} more than the {part.row_count:,} that seal {seal.number} covers"
        elif tree is not None and tree.root() != part.root and not changed_already:
            kind = Kind.REPLACED
            message = (
                f"the {rules.rows_text(found)} are not those that seal {seal.number} covers, or not in their order"
            )
        else:
            return
        self.judge([Finding(kind, message, seal.number, part.tenant_id, part.day, count=max(1, abs(missing)))])

    def _is_misdated(self, seal: Seal, entry: store.Entry) -> bool:
        """Whether a row is older than a seal that was made before its transaction began, or younger than its own."""
        if entry.at > seal.sealed_at + rules.CLOCK_TOLERANCE:
            return True
        before = bisect_right(self._seen, entry.transaction, key=lambda seen: seen[0])
        return before > 0 and entry.at < self._seen[before - 1][1] - rules.CLOCK_TOLERANCE

    def _row_finding(self, kind: Kind, message: str, seal: Seal, entry: store.Entry) -> Finding:
        key = dict(zip(self.ledger.key_columns, entry.keys, strict=True))
        return Finding(kind, message, seal.number, entry.tenant_id, entry.day, key)

    def _count(self) -> None:
        self._done += 1
        self.result.rows = self._done
        if self.on_progress and self._done % _TELL_EVERY == 0:
            self.on_progress(self._done, max(self.total, self._done))
