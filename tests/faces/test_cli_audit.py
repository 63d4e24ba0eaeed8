"""`guildhall audit`, as commands."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures.agents import Project
from fixtures.command_line import Command
from fixtures.ledgers import Books


async def test_from_a_change_to_the_proof_that_its_record_is_whole(
    guildhall: Command, project: Project, books: Books, tmp_path: Path
) -> None:
    guildhall("config", "save", project.agent)
    made = guildhall("audit", "list", "--table", "configurations", "--json").json
    assert [each["operation"] for each in made] == ["UPDATE", "INSERT"]
    assert guildhall("audit", "list", "--record", made[0]["record_key"]["config_id"], "--json").json == made
    assert guildhall("audit", "list", "--table", "nothing").out == "no changes\n"
    assert "INSERT evaluation.configurations" in guildhall("audit", "list").out
    assert "expected a UUID" in guildhall("audit", "list", "--user", "me", expect=2).err
    assert guildhall("audit", "list", "--installation", "--table", "configurations").out == "no changes\n"

    assert "not sealed yet" in guildhall("audit", "verify").out
    await books.settle()
    (sealed,) = guildhall("audit", "seal", "--json").json
    assert (sealed["ledger"], sealed["row_count"]) == ("audit_log", 3)
    assert guildhall("audit", "seal").out == "nothing to seal\n"
    assert sealed["hash"] in guildhall("audit", "heads").out

    exported = tmp_path / "heads.json"
    exported.write_text(guildhall("audit", "heads", "--json").out)
    assert json.loads(exported.read_text())["heads"][0]["hash"] == sealed["hash"]
    assert "audit_log: whole  3 rows in 1 seal" in guildhall("audit", "verify", "--heads", exported).out
    assert "whole" in guildhall("audit", "verify", "--own", "--ledger", "audit_log").out

    await books.tamper("DELETE FROM store.audit_log WHERE table_name = 'config_versions'")
    told = guildhall("audit", "verify", "--heads", exported, expect=1).out
    assert "audit_log: 1 finding" in told
    assert "missing 1 row of 3 are gone that seal 1 covers" in told
    found = guildhall("audit", "verify", "--ledger", "audit_log", "--json", expect=1).json
    assert [(each["kind"], each["seal"]) for each in found[0]["findings"]] == [("missing", 1)]


def test_what_belongs_to_no_team_is_listed_for_whoever_keeps_the_installation(guildhall: Command) -> None:
    guildhall("users", "add", "ada", "--email", "ada@example.org")
    assert guildhall("audit", "list", "--table", "users").out == "no changes\n"
    [made] = guildhall("audit", "list", "--installation", "--table", "users", "--json").json
    assert (made["operation"], made["table"], made["after"]["username"]) == ("INSERT", "platform.users", "ada")
    assert "INSERT platform.users" in guildhall("audit", "list", "--installation").out


def test_what_cannot_be_verified_is_said(guildhall: Command, tmp_path: Path) -> None:
    assert "there is no ledger 'x'" in guildhall("audit", "verify", "--ledger", "x", expect=2).err
    (tmp_path / "x.json").write_text("[]")
    assert "no exported heads" in guildhall("audit", "verify", "--heads", "x.json", expect=2).err
    assert "no exported heads" in guildhall("audit", "verify", "--heads", "y.json", expect=2).err
