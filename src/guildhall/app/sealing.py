"""
Sealing and verifying ledgers, with the keys and the heads that lie outside the database.

Beside the key lies a file with the heads of every database that was sealed with
it. It is how a sealer notices that the end of a chain has gone, and what
`verify` compares with unless it is given exported heads.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

import orjson

from guildhall.adapters.sealkeys import SealKeys
from guildhall.app.wiring import App
from guildhall.domains.platform import audit
from guildhall.errors import InvalidInput

_SUFFIX = ".heads.json"


class HeadsUnreadable(InvalidInput):
    """A file is not one of exported heads."""

    code = "heads_unreadable"

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(
            f"{file} holds no exported heads: {why}",
            remedy="`guildhall audit heads --json` writes them.",
            path=str(file),
        )


async def seal(
    app: App,
    ledgers: Sequence[str] = (),
    *,
    after_restore: bool = False,
    rows_per_seal: int = audit.ROWS_PER_SEAL,
) -> AsyncIterator[audit.Seal]:
    """
    Seal whatever can be sealed, of some ledgers or of all, a seal in each transaction, and yield the seals.

    However it ends, what was sealed stays sealed and the next call goes on from
    there. `after_restore` goes on with a chain that no longer holds the heads
    that were kept, as after restoring an older copy.

    Raises:
        LedgerNotFound, ChainOfAnotherKey, ChainShortened, TransactionsWentBack: See `audit.seal_next`.
        SealKeyUnreadable: The key's file holds something else.
    """
    keys = SealKeys.read(app.settings.seal_key_file, create=True)
    kept = {} if after_restore else {head.ledger: head for head in kept_heads(app)}
    async with app.database.duty("scheduler") as tx:
        names = ledgers or await audit.ledger_names(tx)
    try:
        for name in names:
            while True:
                async with app.database.duty("scheduler") as tx:
                    made = await audit.seal_next(tx, name, keys, known_head=kept.get(name), rows_per_seal=rows_per_seal)
                if made is None:
                    break
                yield made
    finally:
        await _keep_heads(app, keys)


async def verify(
    app: App,
    ledgers: Sequence[str] = (),
    *,
    heads: audit.Heads | None = None,
    own: bool = False,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> list[audit.Verification]:
    """
    Verify some ledgers or all; without `heads`, against those that were kept beside the key.

    `own` verifies the acting team's part alone, as the application's role.

    Raises:
        LedgerNotFound: There is none of a name.
        SealKeyMissing, SealKeyUnreadable: There is no key to verify signatures with.
        HeadsUnreadable: The heads are another database's.
    """
    keys = await verifying_keys(app, heads)
    if heads is not None and heads.database_id != app.database_id:
        raise InvalidInput(
            f"the heads are those of database {heads.database_id}, this one is {app.database_id}", field="heads"
        )
    wanted = heads.heads if heads is not None else kept_heads(app)
    async with app.database.duty("scheduler") as tx:
        names = ledgers or await audit.ledger_names(tx)
    found = []
    for name in names:
        tell = None if on_progress is None else _named(on_progress, name)
        if own:
            async with app.transaction() as tx:
                found.append(await audit.verify_own(tx, name, keys, on_progress=tell))
            continue
        async with app.database.duty("scheduler") as tx:
            of_it = [head for head in wanted if head.ledger == name]
            found.append(await audit.verify_ledger(tx, name, keys, heads=of_it, on_progress=tell))
    return found


async def export_heads(app: App) -> audit.Heads:
    """The heads of every ledger, to be kept elsewhere, with the public keys that verify them."""
    file = app.settings.seal_key_file
    keys = SealKeys.read(file) if file.exists() else None
    async with app.database.duty("scheduler") as tx:
        return await audit.heads(tx, app.database_id, keys)


def heads_document(heads: audit.Heads) -> dict[str, Any]:
    """Heads as JSON, hashes and keys in hexadecimal digits."""
    return {
        "database_id": str(heads.database_id),
        "heads": [
            {
                "ledger": head.ledger,
                "number": head.number,
                "hash": head.hash.hex(),
                "sealed_at": head.sealed_at.astimezone(UTC).isoformat(),
                "key_id": head.key_id,
                "signature": head.signature.hex(),
            }
            for head in heads.heads
        ],
        "public_keys": {name: key.hex() for name, key in heads.public_keys.items()},
    }


def read_heads(file: Path) -> audit.Heads:
    """
    Heads that were exported to a file.

    Raises:
        HeadsUnreadable: It cannot be read, or holds something else.
    """
    try:
        return _heads(orjson.loads(file.read_bytes()))
    except OSError as error:
        raise HeadsUnreadable(file, error.strerror or "it cannot be read") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HeadsUnreadable(file, f"{type(error).__name__}: {error}") from error


def _heads(document: Mapping[str, Any]) -> audit.Heads:
    return audit.Heads(
        UUID(document["database_id"]),
        [
            audit.Head(
                str(each["ledger"]),
                int(each["number"]),
                bytes.fromhex(each["hash"]),
                datetime.fromisoformat(each["sealed_at"]),
                str(each["key_id"]),
                bytes.fromhex(each["signature"]),
            )
            for each in document["heads"]
        ],
        {str(name): bytes.fromhex(key) for name, key in document["public_keys"].items()},
    )


def kept_heads(app: App) -> Sequence[audit.Head]:
    """
    The heads of this database that were kept beside the key when it was last sealed.

    Raises:
        HeadsUnreadable: The file is damaged.
    """
    found = _kept(_heads_file(app)).get(str(app.database_id))
    if found is None:
        return ()
    try:
        return _heads(found).heads
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HeadsUnreadable(_heads_file(app), str(error)) from error


async def _keep_heads(app: App, keys: SealKeys) -> None:
    file = _heads_file(app)
    async with app.database.duty("scheduler") as tx:
        current = heads_document(await audit.heads(tx, app.database_id, keys))
    kept = _kept(file)
    if kept.get(str(app.database_id)) == current:
        return
    kept[str(app.database_id)] = current
    await asyncio.to_thread(_write, file, kept)


def _write(file: Path, kept: Mapping[str, Any]) -> None:
    """Replace the file at once: whoever reads it finds the old heads or the new ones."""
    with NamedTemporaryFile(dir=file.parent, prefix=file.name, delete=False) as stream:
        stream.write(orjson.dumps(kept, option=orjson.OPT_INDENT_2))
        stream.flush()
        os.fsync(stream.fileno())
    Path(stream.name).replace(file)


def _kept(file: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise HeadsUnreadable(file, str(error)) from error
    if not isinstance(found, dict):
        raise HeadsUnreadable(file, "it is no object")
    return found


def _heads_file(app: App) -> Path:
    file = app.settings.seal_key_file
    return file.with_name(file.name + _SUFFIX)


async def verifying_keys(app: App, heads: audit.Heads | None = None) -> SealKeys:
    """
    Our keys; where there is no file of them, those that came with the heads; none while nothing is sealed.

    Raises:
        SealKeyMissing, SealKeyUnreadable: There is no key to verify signatures with.
    """
    file = app.settings.seal_key_file
    if not file.exists():
        if heads is not None and heads.public_keys:
            return SealKeys.trusting(heads.public_keys)
        if not (await export_heads(app)).heads:
            return SealKeys.trusting({})
    return SealKeys.read(file)


def _named(tell: Callable[[str, int, int], None], name: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(name, done, total)
