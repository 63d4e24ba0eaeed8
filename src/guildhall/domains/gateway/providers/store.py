"""One function for each statement on accounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from guildhall.db import ConstraintViolated, Row, Tx, load_queries
from guildhall.domains.gateway.providers import rules
from guildhall.domains.gateway.providers.errors import AccountTaken
from guildhall.domains.gateway.providers.types import Account, Health

_queries = load_queries(__package__)


async def accounts(tx: Tx) -> list[Row]:
    return await tx.fetch(_queries.accounts)


def account_of(row: Row) -> Account:
    """An account as it is used; one that somebody wrote by SQL, and that cannot be used, raises AccountRefused."""
    return Account(
        id=row["id"],
        tenant_id=row["tenant_id"],
        name=row["name"],
        type=row["type"],
        wire=rules.wire_of(row["type"]),
        base_url=rules.address_of(row["type"], row["base_url"]),
        model=row["model"],
        weight=float(row["weight"]),
        enabled=row["enabled"],
        options=rules.read_options(row["config"]),
        has_key=row["api_key_ciphertext"] is not None,
        health_status=Health(row["health_status"]),
        response_time_ms=row["response_time"],
        created_at=row["created_at"],
        sealed_key=row["api_key_ciphertext"],
    )


async def insert_account(
    tx: Tx,
    account_id: UUID,
    name: str,
    kind: str,
    base_url: str | None,
    model: str | None,
    weight: Decimal,
    config: Mapping[str, object],
    sealed: bytes | None,
    models: int,
) -> None:
    try:
        async with tx.savepoint():
            await tx.execute(
                _queries.insert_account,
                id=account_id,
                name=name,
                type=kind,
                base_url=base_url,
                model=model,
                weight=weight,
                config=dict(config),
                sealed=sealed,
                models=models,
            )
    except ConstraintViolated as error:
        if error.constraint == "llm_providers_one_per_name":
            raise AccountTaken(name) from error
        raise


async def lock_account(tx: Tx, name: str) -> None:
    """Let nobody else change the account until this transaction ends; what is read of it from now on is the latest."""
    await tx.execute(_queries.lock_account, name=name)


async def update_account(
    tx: Tx,
    account_id: UUID,
    *,
    base_url: str | None,
    model: str | None,
    weight: Decimal,
    enabled: bool,
    config: Mapping[str, object],
    sealed: bytes | None,
    models: int,
) -> None:
    await tx.execute(
        _queries.update_account,
        id=account_id,
        base_url=base_url,
        model=model,
        weight=weight,
        enabled=enabled,
        config=dict(config),
        sealed=sealed,
        models=models,
    )


async def delete_account(tx: Tx, account_id: UUID) -> None:
    await tx.execute(_queries.delete_account, id=account_id)


async def note_health(tx: Tx, account_id: UUID, health: Health, response_time_ms: int | None) -> None:
    await tx.execute(_queries.note_health, id=account_id, health=health, response_time=response_time_ms)


async def revision(tx: Tx) -> int:
    found: int = await tx.value(_queries.revision)
    return found
