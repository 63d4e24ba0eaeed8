"""Secrets of teams: sealed, bound to their rows, and sealed anew when the key changes."""

from __future__ import annotations

import base64
from uuid import uuid4

import asyncpg
import pytest

from fixtures.people import Pottery, make_pottery
from guildhall.db import Database
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Keyring, Role
from guildhall.domains.platform.identity.errors import (
    AdministratorsOnly,
    IdentityRefused,
    NotPermitted,
    SecretKeyMissing,
    SecretNotFound,
    SecretUnreadable,
)

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
SECRET = "sk-a-provider-key-4711"


@pytest.fixture
def ring() -> Keyring:
    return identity.read_keyring(OLD)


@pytest.fixture
async def pottery(database: Database) -> Pottery:
    return await make_pottery(database)


@pytest.fixture
async def administrator(administrator_url: str):
    connection = await asyncpg.connect(administrator_url)
    yield connection
    await connection.close()


async def test_a_secret_is_kept_replaced_and_forgotten(database: Database, ring: Keyring, pottery: Pottery) -> None:
    async with database.transaction(pottery.admin) as tx:
        kept = await identity.keep_secret(tx, ring, SECRET)
        assert await identity.reveal_secret(tx, ring, kept) == SECRET
        assert await identity.keep_secret(tx, ring, "another", secret_id=kept) == kept
    async with database.transaction(pottery.member) as tx:
        assert await identity.reveal_secret(tx, ring, kept) == "another"  # whoever calls a model needs its key
    async with database.transaction(pottery.admin) as tx:
        await identity.discard_secret(tx, kept)
        for verb in (
            identity.reveal_secret(tx, ring, kept),
            identity.discard_secret(tx, kept),
            identity.keep_secret(tx, ring, SECRET, secret_id=kept),
        ):
            with pytest.raises(SecretNotFound):
                await verb


async def test_only_those_who_manage_secrets_change_them(database: Database, ring: Keyring, pottery: Pottery) -> None:
    for role in (Role.MEMBER, Role.VIEWER):
        async with database.transaction(pottery.of(role)) as tx:
            with pytest.raises(NotPermitted):
                await identity.keep_secret(tx, ring, SECRET)
            with pytest.raises(NotPermitted):
                await identity.discard_secret(tx, uuid4())


async def test_another_team_does_not_find_it(database: Database, ring: Keyring, pottery: Pottery) -> None:
    async with database.transaction(pottery.owner) as tx:
        kept = await identity.keep_secret(tx, ring, SECRET)
    async with database.transaction(identity.LOCAL) as tx:
        with pytest.raises(SecretNotFound):
            await identity.reveal_secret(tx, ring, kept)


async def test_an_envelope_that_was_put_into_another_row_or_team_does_not_open(
    database: Database, administrator: asyncpg.Connection, ring: Keyring, pottery: Pottery
) -> None:
    async with database.transaction(pottery.owner) as tx:
        one, two = [await identity.keep_secret(tx, ring, text) for text in (SECRET, "another")]
    async with database.transaction(identity.LOCAL) as tx:
        ours = await identity.keep_secret(tx, ring, "ours")
    copy = "UPDATE platform.provider_secrets SET sealed = (SELECT sealed FROM platform.provider_secrets WHERE id = $1) WHERE id = $2"
    await administrator.execute(copy, one, two)
    await administrator.execute(copy, one, ours)
    for actor, moved in ((pottery.owner, two), (identity.LOCAL, ours)):
        async with database.transaction(actor) as tx:
            with pytest.raises(SecretUnreadable, match="another row"):
                await identity.reveal_secret(tx, ring, moved)


async def test_rotation_seals_every_teams_secrets_anew_and_can_be_repeated(
    database: Database, ring: Keyring, pottery: Pottery
) -> None:
    kept = []
    for actor in (pottery.owner, identity.LOCAL):
        async with database.transaction(actor) as tx:
            kept += [(actor, await identity.keep_secret(tx, ring, f"{SECRET}-{number}"), number) for number in range(5)]
    both, new = identity.read_keyring(NEW, [OLD]), identity.read_keyring(NEW)

    with pytest.raises(AdministratorsOnly):
        await identity.rotate_secrets(database, pottery.owner, both)
    blind = await identity.rotate_secrets(database, identity.LOCAL, new, batch=3)
    assert (blind.resealed, sorted(blind.unreadable)) == (0, sorted(secret_id for _, secret_id, _ in kept))

    assert await identity.rotate_secrets(database, identity.LOCAL, both, batch=3) == identity.Rotation(10, ())
    assert await identity.rotate_secrets(database, identity.LOCAL, both, batch=3) == identity.Rotation(0, ())
    for actor, secret_id, number in kept:
        async with database.transaction(actor) as tx:
            assert await identity.reveal_secret(tx, new, secret_id) == f"{SECRET}-{number}"
            with pytest.raises(SecretUnreadable, match="key that is not there") as refused:
                await identity.reveal_secret(tx, ring, secret_id)
            assert "GUILDHALL_SECRET_KEY_OLD" in str(refused.value)


async def test_a_secret_that_does_not_open_stops_nobody_elses_rotation(
    database: Database, administrator: asyncpg.Connection, ring: Keyring, pottery: Pottery
) -> None:
    async with database.transaction(pottery.owner) as tx:
        kept = [await identity.keep_secret(tx, ring, SECRET) for _ in range(4)]
    await administrator.execute(
        "UPDATE platform.provider_secrets SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE id = $1",
        kept[2],
    )
    done = await identity.rotate_secrets(database, identity.LOCAL, identity.read_keyring(NEW, [OLD]), batch=1)
    assert (done.resealed, list(done.unreadable)) == (3, [kept[2]])


@pytest.mark.parametrize("secret", ["", "x" * 8193])
async def test_a_secret_that_cannot_be_is_refused(database: Database, ring: Keyring, secret: str) -> None:
    async with database.transaction(identity.LOCAL) as tx:
        with pytest.raises(IdentityRefused):
            await identity.keep_secret(tx, ring, secret)


def test_a_key_that_is_missing_or_none_is_said_without_repeating_it() -> None:
    with pytest.raises(SecretKeyMissing, match="openssl rand"):
        identity.read_keyring(None)
    with pytest.raises(IdentityRefused) as refused:
        identity.read_keyring("hunter2hunter2")
    assert "hunter2" not in f"{refused.value} {refused.value.as_json()}"
