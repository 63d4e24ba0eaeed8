"""What is sealed, when, by whom, and that it is sealed once."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.guildhall import at
from fixtures.ledgers import Books
from guildhall.adapters.sealkeys import SealKeys, SealKeyUnreadable
from guildhall.app import sealing
from guildhall.app.wiring import App
from guildhall.db import Actor, Origin, embedded
from guildhall.domains.platform import audit
from guildhall.domains.platform.audit import LedgerNotFound, NewRequest, TransactionsWentBack

THEIRS = Actor(user_id=UUID(int=0xA), tenant_id=UUID(int=0xB))


def _restore(original: str, copy: str) -> None:
    dump = subprocess.run([embedded.binary("pg_dump"), original], check=True, capture_output=True, text=True).stdout
    known_to_every_server = dump.replace("SET transaction_timeout = 0;\n", "")  # which pg_dump has said since 17
    restore = [embedded.binary("psql"), "-qX", "-v", "ON_ERROR_STOP=1", copy]
    subprocess.run(restore, input=known_to_every_server, check=True, capture_output=True, text=True)


async def test_seals_take_whole_transactions_and_about_as_many_rows_as_wanted(books: Books) -> None:
    for rows in (2, 2, 5, 1, 1):
        await books.write(rows)
    seals = await books.seal(rows_per_seal=3)
    assert [seal.row_count for seal in seals] == [2, 2, 5, 2]
    assert [seal.number for seal in seals] == [1, 2, 3, 4]
    assert [seal.previous for seal in seals[1:]] == [seal.hash for seal in seals[:-1]]
    assert await books.seal() == []
    assert (await books.verify()).rows == 11


async def test_what_a_running_transaction_holds_back_is_sealed_once_it_has_ended(
    books: Books, administrator_url: str
) -> None:
    slow = await asyncpg.connect(administrator_url)
    await books.write(1)
    await books.settle()
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("UPDATE platform.teams SET name = 'Slow'")  # it has an id now, and a row
    await books.write(2)

    assert [seal.row_count for seal in await books.seal(settle=False)] == [1]
    found = await books.verify()
    assert (found.holds, found.rows, found.waiting) == (True, 1, 2)
    assert await books.seal(settle=False) == []

    await transaction.commit()
    await slow.close()
    assert [seal.row_count for seal in await books.seal()] == [3]
    found = await books.verify()
    assert (found.holds, found.seals, found.rows, found.waiting) == (True, 2, 4, 0)


async def test_what_is_rolled_back_is_not_missed(books: Books, administrator_url: str) -> None:
    await books.write(1)  # whoever writes first on a day makes TimescaleDB's chunk, for which others wait
    other = await asyncpg.connect(administrator_url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("UPDATE platform.teams SET name = 'Never'")
    await books.write(1)
    await transaction.rollback()
    await other.close()
    assert [seal.row_count for seal in await books.seal()] == [2]
    assert (await books.verify()).holds


async def test_sealers_at_once_seal_each_row_once(books: Books) -> None:
    for _ in range(8):
        await books.write(2)
    await books.settle()

    async def sealer() -> int:
        return len(await books.seal(rows_per_seal=2, settle=False))

    made = await asyncio.gather(*(sealer() for _ in range(4)))
    assert sum(made) == 8
    found = await books.verify()
    assert (found.holds, found.seals, found.rows) == (True, 8, 16)


async def test_a_sealer_that_is_cut_off_is_followed_by_one_that_goes_on(books: Books) -> None:
    for _ in range(4):
        await books.write(1)
    await books.settle()
    sealer = sealing.seal(books.app, ["audit_log"], rows_per_seal=1)
    assert (await anext(sealer)).number == 1
    await sealer.aclose()
    assert [seal.number for seal in await books.seal(rows_per_seal=1)] == [2, 3, 4]
    assert (await books.verify()).rows == 4


async def test_writing_does_not_wait_for_a_sealer(books: Books) -> None:
    await books.write(1)
    await books.settle()
    keys = SealKeys.read(books.app.settings.seal_key_file, create=True)
    async with books.app.database.duty("scheduler") as tx:
        seal = await audit.seal_next(tx, "audit_log", keys)
        assert seal is not None
        async with asyncio.timeout(30):
            await books.write(1)
    assert [seal.row_count for seal in await books.seal()] == [1]


async def test_a_restored_copy_begins_a_new_epoch_and_goes_on_with_the_chain(
    books: Books, administrator_url: str, server_url: str
) -> None:
    await books.sealed(2, 1)
    await books.write(3)  # not sealed when the dump is made
    name = f"guildhall_test_{uuid4().hex[:12]}"
    copy = at(administrator_url, database=name)
    await books.superuser.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        _restore(administrator_url, copy)
        settings = replace(books.app.settings, database_url=copy)
        superuser = await asyncpg.connect(copy)
        async with App.open(settings) as app:
            restored = Books(app, superuser)
            before = await books.superuser.fetchval("SELECT number FROM platform.epoch")
            assert await superuser.fetchval("SELECT number FROM platform.epoch") > before
            await restored.write(4)
            seals = await restored.seal()
            assert [(seal.row_count, seal.span.epoch == before) for seal in seals] == [(3, True), (4, False)]
            found = await restored.verify()
            assert (found.holds, found.seals, found.rows, found.waiting, found.epochs) == (True, 4, 10, 0, 2)
        await superuser.close()
    finally:
        await books.superuser.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    assert urlsplit(copy).path[1:] == name


async def test_a_server_that_counts_from_below_what_is_sealed_is_noticed(books: Books) -> None:
    await books.sealed(1)
    await books.tamper("UPDATE platform.audit_seals SET to_transaction = to_transaction + 1000000000")
    with pytest.raises(TransactionsWentBack, match="REFRESH MATERIALIZED VIEW"):
        await books.seal()


async def test_a_ledger_that_is_none_is_named(books: Books) -> None:
    with pytest.raises(LedgerNotFound, match=r"no ledger 'outcomes'.*audit_log"):
        [each async for each in sealing.seal(books.app, ["outcomes"])]


async def test_the_key_is_its_owner_s_alone_and_made_once(books: Books) -> None:
    await books.sealed(1)
    file = books.app.settings.seal_key_file
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    await books.sealed(1)
    assert file.read_bytes() == before
    file.write_text("nothing")
    with pytest.raises(SealKeyUnreadable, match="no Ed25519 key"):
        await books.seal()


async def test_requests_are_a_ledger_too_and_hold_no_secrets(books: Books) -> None:
    origin = Origin("fe80::1%x', 'y", 'it\'s \\ "quoted"\0\ud800', "r'1", THEIRS.user_id)
    async with books.app.database.transaction(books.app.actor, origin) as tx:
        data = {
            "password": "hunter2",
            "body": {"x-api-key": "k", "text": "Bearer abcdefghijklmnop"},
            "n": 1,
            "none": None,
        }
        await audit.record_request(tx, NewRequest("sign_in", request_data=data, response_status=401, duration_ms=3))
    row = await books.superuser.fetchrow("SELECT * FROM store.audit_logs")
    assert (str(row["ip_address"]), row["user_agent"], row["request_id"]) == ("fe80::1", 'it\'s \\ "quoted"?', "r'1")
    for secret in ("hunter2", '"k"', "abcdefghijklmnop"):
        assert secret not in row["request_data"]
    await books.write()
    await books.settle()
    (seal,) = [each async for each in sealing.seal(books.app, ["audit_logs"])]
    assert seal.row_count == 1
    (found,) = await sealing.verify(books.app, ["audit_logs"])
    assert (found.holds, found.rows) == (True, 1)


async def test_an_address_that_is_none_is_refused(books: Books) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        async with books.app.database.transaction(books.app.actor, Origin("nowhere")):
            pass


# teams and erasure ---------------------------------------------------------------


async def with_another_team(books: Books) -> None:
    await books.superuser.execute(
        "INSERT INTO platform.users (id, username, email) VALUES ($1, 'other', 'other@localhost')", THEIRS.user_id
    )
    await books.superuser.execute(
        "INSERT INTO platform.teams (id, name, slug) VALUES ($1, 'Other', 'other')", THEIRS.tenant_id
    )
    async with books.app.transaction(THEIRS) as tx:
        await books.write_in(tx, 3)


async def test_a_team_verifies_its_own_part(books: Books) -> None:
    await books.write(2)
    await with_another_team(books)
    await books.sealed_all()
    theirs = replace(books.app, actor=THEIRS)
    (found,) = await sealing.verify(theirs, ["audit_log"], own=True)
    assert (found.holds, found.rows) == (True, 4)  # three agents, and the team itself
    row = await books.superuser.fetchval(
        "SELECT log_id FROM store.audit_log WHERE tenant_id = $1 LIMIT 1", THEIRS.tenant_id
    )
    await books.tamper(f"DELETE FROM store.audit_log WHERE log_id = '{row}'")
    (found,) = await sealing.verify(theirs, ["audit_log"], own=True)
    assert [each.kind.value for each in found.findings] == ["missing"]
    (ours,) = await sealing.verify(books.app, ["audit_log"], own=True)
    assert (ours.holds, ours.rows) == (True, 2)
    await books.tamper(
        "UPDATE platform.audit_seal_parts SET root = sha256(root) WHERE tenant_id = '00000000-0000-7000-8000-000000000002'"
    )
    (ours,) = await sealing.verify(books.app, ["audit_log"], own=True)
    assert "seal_changed" in {each.kind.value for each in ours.findings}


async def redact(books: Books, kind: str, subject: UUID) -> int:
    async with books.app.database.duty("scheduler") as tx:
        return await audit.redact(tx, kind, subject, "asked to", requested_by=books.app.actor.user_id)


async def test_a_redacted_team_leaves_no_image_and_every_seal_whole(books: Books) -> None:
    await books.write(2)
    await with_another_team(books)
    await books.sealed_all()
    async with books.app.transaction(THEIRS) as tx:
        await books.write_in(tx, 1)  # not sealed yet
    assert await redact(books, "team", THEIRS.tenant_id) == 5
    left = await books.superuser.fetch(
        "SELECT old_data, new_data FROM store.audit_log WHERE tenant_id = $1", THEIRS.tenant_id
    )
    assert len(left) == 5
    assert all(row["old_data"] is None and row["new_data"] is None for row in left)
    found = await books.verify()
    assert (found.holds, found.redacted) == (True, 4)
    await books.sealed_all()
    found = await books.verify()
    assert (found.holds, found.redacted, found.waiting) == (True, 5, 0)
    assert await redact(books, "team", THEIRS.tenant_id) == 0


async def test_a_redacted_person_leaves_neither_name_nor_address_and_what_they_did_stays(books: Books) -> None:
    async with books.app.database.transaction(THEIRS, Origin("192.0.2.9", "their browser")) as tx:
        await books.superuser.execute(
            "INSERT INTO platform.teams (id, name, slug) VALUES ($1, 'Other', 'other')", THEIRS.tenant_id
        )
        await books.superuser.execute(
            "INSERT INTO platform.users (id, username, email) VALUES ($1, 'leaver', 'leaver@example.org')",
            THEIRS.user_id,
        )
        await books.write_in(tx, 2)
    await books.superuser.execute("UPDATE platform.users SET email = 'new@example.org' WHERE id = $1", THEIRS.user_id)
    await books.sealed_all()
    assert await redact(books, "user", THEIRS.user_id) == 4
    text = await books.superuser.fetchval("SELECT string_agg(to_jsonb(entry)::text, ' ') FROM store.audit_log AS entry")
    for trace in ("leaver", "example.org", "192.0.2.9", "their browser"):
        assert trace not in text, trace
    assert text.count('"name": "agent ') == 2
    assert (await books.verify()).holds
    # A team's erasure takes over rows that a person's has emptied in part.
    assert await redact(books, "team", THEIRS.tenant_id) == 3
    found = await books.verify()
    assert (found.holds, found.redacted) == (True, 5)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE store.audit_log AS entry SET redaction_id = gen_random_uuid(), digest = {digest}, new_data = NULL "
        "WHERE table_name = 'configurations' AND tenant_id <> '{team}'",
        "UPDATE store.audit_log AS entry SET redaction_id = (SELECT id FROM platform.audit_redactions), digest = {digest}, new_data = NULL "
        "WHERE table_name = 'configurations' AND tenant_id <> '{team}'",
        "UPDATE store.audit_log SET operation = 'DELETE' WHERE table_name = 'configurations' AND tenant_id = '{team}'",
    ],
)
async def test_nobody_calls_a_row_redacted_afterwards(books: Books, tampering: str) -> None:
    await books.write(1)
    await with_another_team(books)
    await books.sealed_all()
    await redact(books, "team", THEIRS.tenant_id)
    await books.sealed_all()
    assert (await books.verify()).holds
    text = await books.superuser.fetchval(
        "SELECT platform.ledger_text('store.audit_log', columns, 'entry.') FROM platform.ledgers WHERE name = 'audit_log'"
    )
    digest = f"sha256(convert_to({text}, 'UTF8'))"
    await books.tamper(tampering.format(team=THEIRS.tenant_id, digest=digest))
    assert {each.kind.value for each in (await books.verify()).findings} == {"redaction_changed"}


async def test_rows_of_an_erased_team_may_be_gone_from_other_ledgers(books: Books) -> None:
    await with_another_team(books)
    async with books.app.transaction(THEIRS) as tx:
        await audit.record_request(tx, NewRequest("look"))
    await books.settle()
    [each async for each in sealing.seal(books.app)]
    await books.tamper("DELETE FROM store.audit_logs")
    (found,) = await sealing.verify(books.app, ["audit_logs"])
    assert (found.holds, found.erased) == (False, 0)
    await redact(books, "team", THEIRS.tenant_id)
    (found,) = await sealing.verify(books.app, ["audit_logs"])
    assert (found.holds, found.erased) == (True, 1)


async def test_a_redaction_is_of_somebody_and_for_a_reason(books: Books) -> None:
    async with books.app.transaction() as tx:
        with pytest.raises(Exception, match="may not do this"):
            await audit.redact(tx, "user", THEIRS.user_id, "because")


async def test_a_redacted_audit_keeps_its_own_record(books: Books) -> None:
    await with_another_team(books)
    await redact(books, "team", THEIRS.tenant_id)
    row = await books.superuser.fetchrow("SELECT * FROM store.audit_log WHERE table_name = 'audit_redactions'")
    assert (row["operation"], row["tenant_id"]) == ("INSERT", None)
    assert str(THEIRS.tenant_id) in row["new_data"]
