"""Whatever a superuser does to sealed rows or to seals is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.ledgers import Books, rows_named
from guildhall.adapters.sealkeys import SealKeyMissing, SealKeys
from guildhall.app import sealing
from guildhall.domains.platform.audit import ChainOfAnotherKey, ChainShortened, Kind


async def test_what_nobody_has_touched_is_whole(books: Books) -> None:
    await books.sealed(3, 2)
    found = await books.verify()
    assert (found.holds, found.seals, found.rows, found.waiting) == (True, 2, 5, 0)


async def test_a_removed_row_is_missed(books: Books) -> None:
    seals = await books.sealed(3, 4, 2)
    row = await books.row(seals[1], 1)
    await books.tamper(f"DELETE FROM store.audit_log WHERE log_id = '{row['log_id']}'")
    found = await books.verify()
    (finding,) = found.findings
    assert (finding.kind, finding.seal, finding.count) == (Kind.MISSING, 2, 1)
    assert finding.message == "1 row of 4 are gone that seal 2 covers"
    assert str(finding.tenant_id) == str(books.app.actor.tenant_id)
    assert finding.day == row["timestamp"].date()


@pytest.mark.parametrize(
    "change",
    [
        "operation = 'DELETE'",
        """new_data = new_data || '{"name": "another"}'""",
        "new_data = NULL",
        "user_id = NULL",
        "tenant_id = '00000000-0000-7000-8000-00000000000b'",
        "old_data = '{}'",
        "actor_role = 'somebody'",
        """record_key = '{"config_id": "another"}'""",
        "request_id = 'another'",
        "ip_address = '10.0.0.1'",
    ],
)
async def test_a_changed_row_is_named_whatever_was_changed(books: Books, change: str) -> None:
    seals = await books.sealed(3)
    row = await books.row(seals[0], 1)
    await books.tamper(f"UPDATE store.audit_log SET {change} WHERE log_id = '{row['log_id']}'")
    found = await books.verify()
    assert Kind.CHANGED in {each.kind for each in found.findings}
    assert rows_named(found.findings) == {str(row["log_id"])}


async def test_a_row_changed_with_a_digest_of_its_own_is_named_by_its_seal(books: Books) -> None:
    seals = await books.sealed(3, 3)
    row = await books.row(seals[0])
    text = await books.superuser.fetchval(
        "SELECT platform.ledger_text('store.audit_log', columns, 'entry.') FROM platform.ledgers WHERE name = 'audit_log'"
    )
    await books.tamper(
        f"UPDATE store.audit_log SET user_id = NULL WHERE log_id = '{row['log_id']}'",
        f"UPDATE store.audit_log AS entry SET digest = sha256(convert_to({text}, 'UTF8')) WHERE log_id = '{row['log_id']}'",
    )
    found = await books.verify()
    (finding,) = found.findings
    assert (finding.kind, finding.seal, finding.message) == (Kind.CHANGED, 1, "the row is not what seal 1 says")
    assert rows_named(found.findings) == {str(row["log_id"])}


async def test_a_row_that_carries_its_digest_and_was_changed_with_it_is_found_by_its_seal(books: Books) -> None:
    """As in ledgers whose rows are digested when they are written, and where a seal's own digests are gone."""
    seals = await books.sealed(3, 3)
    row = await books.row(seals[0])
    await books.tamper(
        f"UPDATE store.audit_log SET user_id = NULL WHERE log_id = '{row['log_id']}'",
        "UPDATE platform.audit_seal_parts SET digests = NULL",
    )
    assert await books.findings() == [(Kind.REPLACED, 1, 1)]


async def test_changed_digests_of_a_seal_accuse_no_row(books: Books) -> None:
    await books.sealed(3, 2)
    await books.tamper(
        "UPDATE platform.audit_seal_parts SET digests = sha256(digests) || substr(digests, 33) WHERE number = 1"
    )
    found = await books.verify()
    (finding,) = found.findings
    assert (finding.kind, finding.seal, finding.row) == (Kind.SEAL_CHANGED, 1, None)


async def test_digests_that_rows_do_not_have_are_found(books: Books) -> None:
    seals = await books.sealed(3)
    one, two = await books.row(seals[0], 0), await books.row(seals[0], 1)
    kept = await books.superuser.fetchval("SELECT digests FROM platform.audit_seal_parts")
    await books.tamper(
        f"UPDATE store.audit_log SET digest = CASE log_id WHEN '{one['log_id']}' THEN '\\x{kept[32:64].hex()}'::bytea "
        f"ELSE '\\x{kept[:32].hex()}' END WHERE log_id IN ('{one['log_id']}', '{two['log_id']}')"
    )
    found = await books.verify()
    assert [each.kind for each in found.findings] == [Kind.CHANGED, Kind.CHANGED]
    assert rows_named(found.findings) == {str(one["log_id"]), str(two["log_id"])}


async def test_rows_that_were_given_each_other_s_times_are_found(books: Books) -> None:
    seals = await books.sealed(3)
    one, two = await books.row(seals[0], 0), await books.row(seals[0], 1)
    await books.tamper(
        f"""UPDATE store.audit_log SET "timestamp" = '{two["timestamp"].isoformat()}' WHERE log_id = '{one["log_id"]}'""",
        f"""UPDATE store.audit_log SET "timestamp" = '{one["timestamp"].isoformat()}' WHERE log_id = '{two["log_id"]}'""",
    )
    assert rows_named((await books.verify()).findings) == {str(one["log_id"]), str(two["log_id"])}


async def test_a_row_put_among_sealed_ones_is_found(books: Books) -> None:
    seals = await books.sealed(3, 3)
    await books.tamper(
        f"""
        INSERT INTO store.audit_log (table_name, operation, tenant_id, epoch, transaction_id, digest, "timestamp")
        SELECT table_name, operation, tenant_id, epoch, transaction_id, digest, "timestamp"
          FROM store.audit_log WHERE transaction_id = {seals[0].span.end - 1} OR transaction_id >= {seals[0].span.start}
         ORDER BY transaction_id LIMIT 1
        """
    )
    found = await books.findings()
    assert (Kind.ADDED, 1, 1) in found
    assert {kind for kind, _, _ in found} == {Kind.ADDED, Kind.CHANGED}


async def test_a_row_written_now_with_an_old_date_is_found(books: Books) -> None:
    await books.sealed(2)
    text = await books.superuser.fetchval(
        "SELECT platform.ledger_text('store.audit_log', columns, 'entry.') FROM platform.ledgers WHERE name = 'audit_log'"
    )
    await books.superuser.execute("SELECT platform.ensure_partitions('audit_log', '2025-03-01Z', '2025-03-01Z')")
    await books.tamper(
        """
        INSERT INTO store.audit_log (table_name, operation, "timestamp", epoch, transaction_id, digest)
        SELECT 'configurations', 'INSERT', '2025-03-05Z', number, pg_current_xact_id()::text::bigint, '' FROM platform.epoch
        """,
        f"UPDATE store.audit_log AS entry SET digest = sha256(convert_to({text}, 'UTF8')) WHERE digest = ''",
    )
    await books.seal()
    found = await books.verify()
    (finding,) = found.findings
    assert (finding.kind, finding.seal, finding.message) == (Kind.MISDATED, 2, "the row says 2025-03-05 00:00:00")


async def test_an_emptied_partition_is_missed_seal_by_seal(books: Books) -> None:
    await books.sealed(2, 3)
    partition = await books.superuser.fetchval("SELECT tableoid::regclass::text FROM store.audit_log LIMIT 1")
    await books.superuser.execute(f"TRUNCATE {partition}")
    assert await books.findings() == [(Kind.MISSING, 1, 2), (Kind.MISSING, 2, 3)]


async def test_a_dropped_partition_is_retired_and_its_seals_stay(books: Books) -> None:
    await books.superuser.execute("ALTER TABLE platform.series ADD COLUMN IF NOT EXISTS dropped_before timestamptz")
    await books.sealed(2, 3)
    partition = await books.superuser.fetchval("SELECT tableoid::regclass::text FROM store.audit_log LIMIT 1")
    await books.superuser.execute(f"DROP TABLE {partition}")
    await books.superuser.execute(
        "UPDATE platform.series SET dropped_before = date_trunc('month', now()) + interval '1 month' WHERE name = 'audit_log'"
    )
    found = await books.verify()
    assert (found.holds, found.seals, found.retired, found.rows) == (True, 2, 5, 0)


@pytest.mark.parametrize(
    "change",
    [
        "sealed_at = sealed_at - interval '1 day'",
        "row_count = row_count + 1",
        "first_at = first_at - interval '1 day'",
        "root = sha256(root)",
        "to_transaction = to_transaction + 1",
        "epoch = epoch + 1",
        "columns = columns[1:3]",
        "retired_before = now()",
        "seen_transaction = 3",
        "previous = sha256(previous)",
        "hash = sha256(hash)",
        "signature = sha512(signature)",
    ],
)
async def test_a_changed_seal_is_named(books: Books, change: str) -> None:
    await books.sealed(2, 3, 1)
    await books.tamper(f"UPDATE platform.audit_seals SET {change} WHERE number = 2")
    found = await books.findings()
    assert (Kind.SEAL_CHANGED, 2, 1) in found
    assert {kind for kind, seal, _ in found if seal == 1} == set()


async def test_a_changed_part_of_a_seal_is_named(books: Books) -> None:
    await books.sealed(2, 3)
    row = await books.row((await books.seal() or await books.sealed(2))[0])
    await books.tamper(
        f"DELETE FROM store.audit_log WHERE log_id = '{row['log_id']}'",
        "UPDATE platform.audit_seal_parts SET row_count = row_count - 1 WHERE number = 3",
    )
    assert (Kind.SEAL_CHANGED, 3, 1) in await books.findings()


async def test_a_seal_taken_out_of_the_chain_is_missed(books: Books) -> None:
    await books.sealed(2, 3, 1)
    await books.tamper(
        "DELETE FROM platform.audit_seal_parts WHERE number = 2", "DELETE FROM platform.audit_seals WHERE number = 2"
    )
    assert await books.findings() == [(Kind.SEAL_MISSING, 2, 1)]


async def test_the_last_seal_cut_off_with_its_rows_is_missed_by_exported_heads(books: Books) -> None:
    seals = await books.sealed(2, 3)
    exported = await sealing.export_heads(books.app)
    await books.tamper(
        "DELETE FROM platform.audit_seal_parts WHERE number = 2",
        "DELETE FROM platform.audit_seals WHERE number = 2",
        f"DELETE FROM store.audit_log WHERE transaction_id >= {seals[1].span.start}",
    )
    assert await books.findings(heads=exported) == [(Kind.CUT_OFF, 2, 1)]
    # Without exported heads, those that lie beside the key show it.
    assert await books.findings() == [(Kind.CUT_OFF, 2, 1)]
    await books.write()
    with pytest.raises(ChainShortened, match="no longer holds its seal 2"):
        await books.seal()
    await books.seal(after_restore=True)
    assert await books.findings() == []
    assert await books.findings(heads=exported) == [(Kind.REWRITTEN, 2, 1)]


async def test_a_chain_made_anew_with_another_key_is_not_believed(books: Books, tmp_path: Path) -> None:
    await books.sealed(2, 3)
    exported = await sealing.export_heads(books.app)
    await books.tamper("DELETE FROM platform.audit_seal_parts", "DELETE FROM platform.audit_seals")
    ours = books.app.settings.seal_key_file
    ours.rename(tmp_path / "ours")
    await books.seal(after_restore=True)
    forged = SealKeys.read(ours)
    ours.unlink()
    (tmp_path / "ours").rename(ours)

    found = await books.verify(heads=exported)
    assert [each.kind for each in found.findings] == [Kind.WRONG_KEY, Kind.CUT_OFF]
    assert found.findings[0].message == f"seal 1 is signed with key {forged.key_id}, which is not trusted"
    await books.write()
    with pytest.raises(ChainOfAnotherKey):
        await books.seal(after_restore=True)


async def test_a_new_key_in_front_of_the_old_one_goes_on_with_the_chain(books: Books) -> None:
    await books.sealed(2)
    file = books.app.settings.seal_key_file
    old = file.read_bytes()
    file.unlink()
    SealKeys.read(file, create=True)
    file.write_bytes(file.read_bytes() + old)
    await books.sealed(1)
    found = await books.verify()
    assert (found.holds, found.seals) == (True, 2)


async def test_who_has_only_the_heads_can_verify(books: Books) -> None:
    await books.sealed(2)
    exported = await sealing.export_heads(books.app)
    books.app.settings.seal_key_file.unlink()
    assert await books.findings(heads=exported) == []
    with pytest.raises(SealKeyMissing):
        await books.verify()


async def test_seals_from_nowhere_in_an_epoch_that_is_over_are_found(books: Books) -> None:
    seals = await books.sealed(2)
    await books.tamper(
        f"""
        INSERT INTO store.audit_log (table_name, operation, epoch, transaction_id, digest)
        VALUES ('configurations', 'INSERT', {seals[0].span.epoch - 1}, 5, '')
        """
    )
    assert await books.findings() == [(Kind.ADDED, None, 1)]
