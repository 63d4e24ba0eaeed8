"""What can be done with accounts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from guildhall.db import Tx
from guildhall.domains.gateway.providers import rules, store
from guildhall.domains.gateway.providers.errors import AccountNotFound, AccountRefused
from guildhall.domains.gateway.providers.types import Account, Health, NewAccount
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Action, Keyring

PLACE = ("gateway.llm_providers", "api_key_ciphertext")
_log = logging.getLogger(__name__)


async def add_account(tx: Tx, new: NewAccount, ring: Keyring | None, *, networks: Any = ()) -> UUID:
    """
    Make an account of the team; returns its id.

    Raises:
        NotPermitted: The actor's role does not allow it.
        AccountRefused, AddressRefused: A value cannot be one.
        AccountTaken: There is one of this name.
        SecretKeyMissing: There is a key to seal, and no key to seal it under.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    if not new.name or len(new.name) > 255 or "/" in new.name or not new.name.isprintable():
        raise AccountRefused("name", new.name, "visible characters without slashes")
    rules.wire_of(new.type)
    base_url = new.base_url or rules.KINDS[new.type][1]
    if base_url is None:
        raise AccountRefused("base_url", "", f"where the {new.type} server is, such as http://127.0.0.1:11434/v1")
    base_url = rules.check_url(base_url, networks)
    options = rules.read_options(new.config)
    rules.check_probe(options)
    if not options.models and new.model is None:
        raise AccountRefused("models", "", "the models that it serves, or * for all", remedy="Name them with --model.")
    account_id = uuid4()
    sealed = _sealed(ring, new.key, tx.actor.tenant_id, account_id) if new.key else None
    await store.insert_account(
        tx,
        account_id,
        new.name,
        new.type,
        base_url,
        new.model,
        _weight(new.weight),
        new.config,
        sealed,
        len(options.models) or 1,
    )
    return account_id


async def change_account(
    tx: Tx,
    name: str,
    ring: Keyring | None,
    *,
    networks: Any = (),
    key: str | None = None,
    without_key: bool = False,
    base_url: str | None = None,
    weight: Decimal | None = None,
    enabled: bool | None = None,
    config: Mapping[str, object] | None = None,
) -> None:
    """
    Change what is given of an account; `config` is laid over what there is, `without_key` forgets its key.

    Raises:
        NotPermitted, AccountRefused, AddressRefused, SecretKeyMissing: As `add_account`.
        AccountRefused: It is to be at another scheme, host or port, with the key that was given for the one before.
        AccountNotFound: There is none of this name.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    if key and without_key:
        raise AccountRefused("without_key", True, "false, as a key is given")
    await store.lock_account(tx, name)
    row = await _row(tx, name)
    sealed = None if without_key else row["api_key_ciphertext"]
    if base_url:
        base_url = rules.check_url(base_url, networks)
        if sealed is not None and not key:
            rules.check_key_stays(rules.address_of(row["type"], row["base_url"]), base_url)
    merged = {**row["config"], **(config or {})}
    options = rules.read_options(merged)
    if config and "probe" in config:
        rules.check_probe(options)
    await store.update_account(
        tx,
        row["id"],
        base_url=base_url or row["base_url"],
        model=row["model"],
        weight=row["weight"] if weight is None else _weight(weight),
        enabled=row["enabled"] if enabled is None else enabled,
        config=merged,
        sealed=_sealed(ring, key, tx.actor.tenant_id, row["id"]) if key else sealed,
        models=len(options.models) or 1,
    )


async def remove_account(tx: Tx, name: str) -> None:
    """
    Forget an account; what it answered stays in the ledger, under its name.

    Raises:
        NotPermitted: The actor's role does not allow it.
        AccountNotFound: There is none of this name.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    await store.delete_account(tx, (await _row(tx, name))["id"])


async def list_accounts(tx: Tx) -> list[Account]:
    """The team's accounts, by name; one that cannot be used, as SQL can write it, is left out and told of in the log."""
    found = []
    for row in await store.accounts(tx):
        try:
            found.append(store.account_of(row))
        except AccountRefused as error:
            _log.warning("the provider %r cannot be used: %s", row["name"], error)
    return found


async def get_account(tx: Tx, name: str) -> Account:
    """
    The account of a name.

    Raises:
        AccountNotFound: There is none.
    """
    return store.account_of(await _row(tx, name))


def open_key(ring: Keyring | None, account: Account) -> str | None:
    """
    An account's key in clear, for calling the provider; it is to be shown to nobody. None where it needs none.

    Raises:
        SecretKeyMissing, SecretUnreadable: It does not open.
    """
    if account.sealed_key is None:
        return None
    return identity.open_secret(
        ring or identity.read_keyring(None),
        account.sealed_key,
        place=PLACE,
        tenant_id=account.tenant_id,
        row_id=account.id,
    )


async def note_health(tx: Tx, account_id: UUID, health: Health, response_time_ms: int | None) -> None:
    """Keep how an account fares, and how many milliseconds its last answer took."""
    await store.note_health(tx, account_id, health, response_time_ms)


async def revision(tx: Tx) -> int:
    """How often the team's accounts and budgets have been changed."""
    return await store.revision(tx)


async def _row(tx: Tx, name: str) -> Any:
    rows = {row["name"]: row for row in await store.accounts(tx)}
    if name not in rows:
        raise AccountNotFound(name, rows)
    return rows[name]


def _sealed(ring: Keyring | None, key: str, tenant_id: UUID, account_id: UUID) -> bytes:
    return identity.seal_secret(
        ring or identity.read_keyring(None), key.strip(), place=PLACE, tenant_id=tenant_id, row_id=account_id
    )


def _weight(weight: Decimal) -> Decimal:
    if not weight.is_finite() or not 0 <= weight < 1000:
        raise AccountRefused("weight", weight, "a number from 0 to 999")
    return weight
