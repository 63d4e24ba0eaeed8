"""
Secrets that a team needs to call others, such as keys of model providers.

They are sealed (`algorithms/envelope.py`) under a key that is not in the
database, and bound to their row: an envelope that is put elsewhere does not
open. Who only needs the envelope, to keep it in a column of their own, seals
with `seal_secret` and declares the column in a migration with
`platform.keep_sealed`; then it is sealed anew with all the others.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from uuid import UUID, uuid4

from guildhall.algorithms import envelope
from guildhall.algorithms.envelope import EnvelopeUnreadable, Keyring
from guildhall.db import Actor, Database, Tx
from guildhall.domains.platform.identity import rules, store
from guildhall.domains.platform.identity.errors import (
    IdentityRefused,
    SecretKeyMissing,
    SecretNotFound,
    SecretUnreadable,
)
from guildhall.domains.platform.identity.types import Action, Rotation

PLACE = ("platform.provider_secrets", "sealed")
"""Table and column of the secrets that this room keeps itself."""

_LONGEST = 8_192
_BATCH = 200


def read_keyring(current: str | None, older: Iterable[str] = ()) -> Keyring:
    """
    The keys of GUILDHALL_SECRET_KEY and GUILDHALL_SECRET_KEY_OLD.

    Raises:
        SecretKeyMissing: There is no current one.
        IdentityRefused: One of them is not 32 bytes in base64 or hexadecimal; it is not repeated.
    """
    if not current:
        raise SecretKeyMissing
    try:
        return envelope.make_ring(current, older)
    except ValueError as error:
        raise IdentityRefused(
            "GUILDHALL_SECRET_KEY", "…", f"32 random bytes in base64 or hexadecimal ({error})"
        ) from None


def seal_secret(ring: Keyring, secret: str, *, place: tuple[str, str], tenant_id: UUID, row_id: UUID) -> bytes:
    """
    The envelope of a secret, for a column of a row of a team's. It opens there and nowhere else.

    Raises:
        IdentityRefused: The secret is empty or has more than 8192 bytes.
    """
    text = secret.encode()
    if not 1 <= len(text) <= _LONGEST:
        raise IdentityRefused("secret", "…", f"1 to {_LONGEST} bytes")
    return envelope.seal(text, ring, secrets.token_bytes(envelope.NONCE_BYTES), _about(place, tenant_id, row_id))


def open_secret(ring: Keyring, sealed: bytes, *, place: tuple[str, str], tenant_id: UUID, row_id: UUID) -> str:
    """
    What an envelope holds.

    Raises:
        SecretUnreadable: It was changed, belongs to another row, or its key is not in the ring.
    """
    try:
        return envelope.unseal(sealed, ring, _about(place, tenant_id, row_id)).decode()
    except EnvelopeUnreadable as error:
        raise SecretUnreadable(row_id, str(error), key_is_missing=error.key_is_missing) from None


async def keep_secret(tx: Tx, ring: Keyring, secret: str, *, secret_id: UUID | None = None) -> UUID:
    """
    Keep a secret of the actor's team, a new one or another in the place of one; returns its id.

    Raises:
        NotPermitted: The actor's role does not allow it.
        SecretNotFound: The one to be replaced is not there.
        IdentityRefused: The secret is empty or too long.
    """
    rules.check(await store.standing(tx), Action.MANAGE_SECRETS)
    row_id = secret_id or uuid4()
    sealed = seal_secret(ring, secret, place=PLACE, tenant_id=tx.actor.tenant_id, row_id=row_id)
    if secret_id is None:
        await store.insert_secret(tx, row_id, sealed)
    elif not await store.replace_secret(tx, row_id, sealed):
        raise SecretNotFound(row_id)
    return row_id


async def reveal_secret(tx: Tx, ring: Keyring, secret_id: UUID) -> str:
    """
    A secret of the actor's team in clear, for calling whoever asks for it; it is to be shown to nobody.

    Raises:
        SecretNotFound: There is none.
        SecretUnreadable: It does not open.
    """
    sealed = await store.sealed_secret(tx, secret_id)
    if sealed is None:
        raise SecretNotFound(secret_id)
    return open_secret(ring, sealed, place=PLACE, tenant_id=tx.actor.tenant_id, row_id=secret_id)


async def discard_secret(tx: Tx, secret_id: UUID) -> None:
    """
    Forget a secret of the actor's team.

    Raises:
        NotPermitted: The actor's role does not allow it.
        SecretNotFound: There is none.
    """
    rules.check(await store.standing(tx), Action.MANAGE_SECRETS)
    if not await store.delete_secret(tx, secret_id):
        raise SecretNotFound(secret_id)


async def rotate_secrets(database: Database, actor: Actor, ring: Keyring, *, batch: int = _BATCH) -> Rotation:
    """
    Seal every team's secrets anew that are under another key than the current one, a batch in each transaction.

    It can be cut off and repeated: what is under the current key is passed
    over. One that was changed meanwhile is left as it is, for it is new. Those
    that do not open are left, and named in the result.

    Raises:
        AdministratorsOnly: The actor is none.
    """
    resealed, unreadable = 0, []
    async with database.transaction(actor) as tx:
        rules.check_administrator(await store.standing(tx), "rotating secrets")
        places = await store.sealed_columns(tx)
    for place in places:
        last: UUID | None = None
        while True:
            async with database.transaction(actor) as tx:
                found = await store.secrets_under_other_keys(tx, place, ring.current.id, after=last, at_most=batch)
                for row_id, tenant_id, sealed in found:
                    try:
                        secret = open_secret(ring, sealed, place=place, tenant_id=tenant_id, row_id=row_id)
                    except SecretUnreadable:
                        unreadable.append(row_id)
                        continue
                    anew = seal_secret(ring, secret, place=place, tenant_id=tenant_id, row_id=row_id)
                    resealed += await store.reseal_secret(tx, place, row_id, sealed, anew)
            if not found:
                break
            last = found[-1][0]
    return Rotation(resealed, tuple(unreadable))


def _about(place: tuple[str, str], tenant_id: UUID, row_id: UUID) -> str:
    # asyncpg's UUIDs and Python's write themselves alike
    return f"{place[0]}.{place[1]} {tenant_id} {row_id}"
