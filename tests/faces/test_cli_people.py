"""`guildhall db admit`: people who write SQL."""

from __future__ import annotations

from uuid import uuid4

import pytest

from fixtures.command_line import Command


@pytest.fixture
def role() -> str:
    return f"person_{uuid4().hex[:12]}"


def test_a_person_is_admitted_listed_and_dismissed(guildhall: Command, administrator_url: str, role: str) -> None:
    variables = {"GUILDHALL_DATABASE_URL": administrator_url}
    login = guildhall("db", "admit", "local", "--role", role, "--json", **variables).json
    assert (login["role"], login["team"], len(login["password"])) == (role, "local", 32)
    assert role in guildhall("db", "admitted", **variables).out
    assert login["password"] not in guildhall("db", "admitted", "--json", **variables).out
    again = guildhall("db", "admit", "local", "--role", role, expect=4, **variables)
    assert "has a role" in again.err
    assert guildhall("db", "dismiss", role, "--json", **variables).json == {"dismissed": role}
    assert "there is no SQL login" in guildhall("db", "dismiss", role, expect=2, **variables).err
    assert guildhall("db", "admitted", **variables).out == "nobody\n"


def test_nobody_is_admitted_to_a_team_that_is_not_theirs(guildhall: Command, administrator_url: str, role: str) -> None:
    variables = {"GUILDHALL_DATABASE_URL": administrator_url}
    for arguments, words in (
        (["nobody"], "no person 'nobody'"),
        (["local", "--team", "others"], "in the team 'others'"),
        (["local", "--role", "pg_" + role], "does not begin with pg_"),
        (["local", "--role", "ü" * 40], "not one of 1 to 63 bytes"),
    ):
        assert words in " ".join(guildhall("db", "admit", *arguments, expect=2, **variables).err.split())
