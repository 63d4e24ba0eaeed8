"""`guildhall users`, `teams` and `keys`, and archiving, as commands."""

from __future__ import annotations

import base64
import subprocess
from typing import Any

import asyncpg
import pytest

from fixtures.agents import Project
from fixtures.command_line import Command, command_line
from fixtures.people import PASSWORD
from guildhall.db import NOBODY
from guildhall.domains.platform import identity
from guildhall.settings import Settings

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


@pytest.fixture
def piped(command_environment: dict[str, str]) -> Any:
    """A command that reads its first line from a pipe."""

    def run(line: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command_line(*arguments), input=f"{line}\n", capture_output=True, text=True, env=command_environment,
            timeout=120, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


def test_people_are_added_shown_archived_and_restored(guildhall: Command, piped: Any) -> None:
    added = piped(PASSWORD, "users", "add", "Ada", "--email", "ada@example.org", "--password", "--json")
    assert added.returncode == 0, added.stderr
    assert PASSWORD not in added.stdout + added.stderr
    assert (
        guildhall("users", "add", "ada", "--email", "b@example.org", "--json", expect=4).json["error"]["code"]
        == "identity_taken"
    )
    assert [each["username"] for each in guildhall("users", "list", "--json").json] == ["ada", "local"]
    shown = guildhall("users", "show", "ada@example.org", "--json").json
    assert (shown["has_password"], shown["teams"], shown["is_administrator"]) == (True, {"ada": "owner"}, False)
    assert "administrator" in guildhall("users", "list").out

    assert guildhall("users", "archive", "ada", "--json").json == {"username": "ada", "archived": True, "new": True}
    assert guildhall("users", "archive", "ada").out == "ada was archived already\n"
    assert [each["username"] for each in guildhall("users", "list", "--json").json] == ["local"]
    assert guildhall("users", "restore", "ada").out == "restored ada\n"
    assert "command line acts as" in guildhall("users", "archive", "local", expect=4).err
    assert guildhall("users", "show", "nobody", "--json", expect=2).json["error"]["code"] == "user_not_found"


async def test_a_password_is_set_from_a_pipe_and_lets_in(guildhall: Command, piped: Any, app: Any) -> None:
    guildhall("users", "add", "ada", "--email", "ada@example.org")
    refused = piped("short", "users", "password", "ada", "--json")
    assert refused.returncode == 2
    assert "short" not in refused.stdout + refused.stderr
    assert piped(PASSWORD, "users", "password", "ada").returncode == 0
    assert await identity.sign_in(app.database, "ada", PASSWORD)


def test_a_team_takes_in_changes_and_lets_go(guildhall: Command, piped: Any) -> None:
    guildhall("users", "add", "ada", "--email", "ada@example.org")
    team = guildhall("teams", "add", "Glaze & Kiln", "--owner", "ada", "--json").json
    assert team["slug"] == "glaze-kiln"
    guildhall("users", "add", "bob", "--email", "bob@example.org", "--team", "glaze-kiln", "--role", "viewer")
    token = guildhall("teams", "invite", "glaze-kiln", "cyd@example.org", "--role", "admin").out.strip()
    assert token.startswith("gi_")
    told = guildhall("teams", "members", "glaze-kiln", "--json").json
    assert {each["username"]: each["role"] for each in told["members"]} == {"ada": "owner", "bob": "viewer"}
    assert [each["email"] for each in told["invitations"]] == ["cyd@example.org"]
    assert token not in str(told)
    joined = piped(PASSWORD, "teams", "join", token, "--name", "cyd")
    assert joined.stdout == "cyd is admin of glaze-kiln\n", joined.stderr

    assert (
        guildhall("teams", "role", "glaze-kiln", "ada", "member", "--json", expect=4).json["error"]["code"]
        == "last_owner"
    )
    assert "bob is owner of glaze-kiln" in guildhall("teams", "role", "glaze-kiln", "bob", "owner").out
    assert "no longer" in guildhall("teams", "remove", "glaze-kiln", "ada").out
    assert guildhall("teams", "role", "glaze-kiln", "ada", "member", expect=2).err
    assert guildhall("teams", "role", "glaze-kiln", "ada", "member", "--add").out == "ada is member of glaze-kiln\n"
    assert (
        guildhall("teams", "role", "glaze-kiln", "bob", "king", "--json", expect=2).json["error"]["details"]["field"]
        == "role"
    )

    assert guildhall("teams", "archive", "glaze-kiln").out == "archived glaze-kiln\n"
    assert "glaze-kiln" not in guildhall("teams", "list").out
    assert "glaze-kiln" in guildhall("teams", "list", "--archived").out
    assert guildhall("teams", "restore", "glaze-kiln", "--json").json["new"] is True


async def test_a_key_is_shown_once_and_revoked(guildhall: Command, app: Any) -> None:
    key = guildhall("keys", "add", "laptop", "--scope", "read", "--rate", "7", "--json").json
    async with app.transaction(NOBODY) as tx:
        assert (await identity.authenticate_key(tx, key["key"])).rate_limit == 7
    free = guildhall("keys", "add", "mill", "--rate", "any", "--json").json
    async with app.transaction(NOBODY) as tx:
        assert (await identity.authenticate_key(tx, free["key"])).rate_limit is None
    guildhall("keys", "revoke", "mill")
    for rate in ("0", "-1", "lots"):
        assert "a number of requests in an hour" in guildhall("keys", "add", "--rate", rate, expect=2).err
    # Keys that call models: made for that alone, and listed beside those that may do everything.
    models = guildhall("gateway", "keys", "add", "bot", "--rate", "any", "--json").json
    assert models["scopes"] == ["models"]
    assert [each["name"] for each in guildhall("gateway", "keys", "list", "--json").json] == ["bot"]
    assert f"revoked gh_{models['id'].replace('-', '')[:12]}" in guildhall("gateway", "keys", "revoke", "bot").out
    plain = guildhall("keys", "add")
    assert plain.out.startswith("gh_")
    listed = guildhall("keys", "list", "--json")
    assert [(each["name"], each["is_default"]) for each in listed.json] == [(None, False), ("laptop", True)]
    for text in (listed.out, guildhall("keys", "list").out):
        assert key["key"][-43:] not in text
    assert guildhall("keys", "revoke", "laptop", "--json").json["id"] == key["id"]
    assert [each["name"] for each in guildhall("keys", "list", "--json").json] == [None]
    assert len(guildhall("keys", "list", "--revoked", "--json").json) == 4
    wrong = guildhall("keys", "revoke", key["key"][:40] + "A" * 39, "--json", expect=2)
    assert "A" * 39 not in wrong.out + wrong.err


async def test_secrets_are_sealed_anew_under_the_new_key(guildhall: Command, app: Any) -> None:
    async with app.transaction() as tx:
        kept = await identity.keep_secret(tx, identity.read_keyring(OLD), "sk-provider")
    assert "openssl rand" in guildhall("keys", "rotate-secrets", expect=3).err
    alone = guildhall("keys", "rotate-secrets", "--json", expect=1, GUILDHALL_SECRET_KEY=NEW).json
    assert alone == {"resealed": 0, "unreadable": [str(kept)]}
    rotated = guildhall("keys", "rotate-secrets", GUILDHALL_SECRET_KEY=NEW, GUILDHALL_SECRET_KEY_OLD=OLD)
    assert rotated.out == "sealed 1 secret anew\n"
    async with app.transaction() as tx:
        assert await identity.reveal_secret(tx, identity.read_keyring(NEW), kept) == "sk-provider"


def test_configurations_and_scenarios_are_archived_and_restored(guildhall: Command, project: Project) -> None:
    guildhall("config", "save", project.agent)
    guildhall("scenario", "save", project.scenarios)
    assert guildhall("config", "archive", "adder", "--json").json == {"name": "adder", "archived": True, "new": True}
    assert guildhall("config", "list", "--json").json == []
    assert [each["is_active"] for each in guildhall("config", "list", "--archived", "--json").json] == [False]
    assert guildhall("config", "show", "adder@v1").out
    assert guildhall("config", "restore", "adder").out == "restored adder\n"
    guildhall("config", "archive", "adder")
    guildhall("config", "save", project.agent)  # the same content brings it back
    assert len(guildhall("config", "list", "--json").json) == 1
    assert (
        guildhall("config", "archive", "nothing", "--json", expect=2).json["error"]["code"]
        == "config_version_not_found"
    )

    assert guildhall("scenario", "archive", "sum_3").out == "archived sum_3\n"
    assert guildhall("scenario", "archive", "sum_3").out == "sum_3 was archived already\n"
    assert len(guildhall("scenario", "list", "--json").json) == 9
    assert len(guildhall("scenario", "list", "--archived", "--json").json) == 10
    assert guildhall("scenario", "restore", "sum_3", "--json").json["new"] is True
    assert guildhall("scenario", "restore", "nothing", "--json", expect=2).json["error"]["code"] == "scenario_not_found"


def test_a_person_and_a_team_are_erased_when_that_is_meant(guildhall: Command) -> None:
    guildhall("users", "add", "ada", "--email", "ada@example.org")
    guildhall("teams", "add", "Kiln")
    guildhall("keys", "add", "laptop", "--team", "kiln")
    for group, name in (("users", "ada"), ("teams", "kiln")):
        assert "--yes" in guildhall(group, "erase", name, expect=4).err
    alone = guildhall("users", "erase", "ada", "--yes", "--json", expect=4).json["error"]
    assert (alone["code"], alone["details"]["teams"]) == ("last_owner", ["ada"])
    gone = guildhall("teams", "erase", "ada", "--yes", "--reason", "she left", "--json").json
    assert gone["erased"] is True
    assert guildhall("teams", "erase", "kiln", "--yes").out.startswith("erased kiln: ")
    assert guildhall("users", "erase", "ada", "--yes").out.startswith("erased ada, also from ")
    assert [each["slug"] for each in guildhall("teams", "list", "--archived", "--json").json] == ["local"]
    assert [each["username"] for each in guildhall("users", "list", "--archived", "--json").json] == ["local"]
    assert guildhall("users", "erase", "local", "--yes", "--json", expect=4).json["error"]["code"] == "last_owner"


async def test_no_secret_is_kept_in_clear_anywhere(guildhall: Command, app: Any, administrator_url: str) -> None:
    """Everything that is handed out once, looked for in every row of every table."""
    key = guildhall("keys", "add", "laptop", "--json").json["key"]
    invitation = guildhall("teams", "invite", "local", "ada@example.org").out.strip()
    async with app.transaction(NOBODY) as tx:
        await identity.join(tx, invitation, "ada", PASSWORD)
    signed_in = await identity.sign_in(app.database, "ada", PASSWORD)
    async with app.transaction() as tx:
        await identity.keep_secret(tx, identity.read_keyring(OLD), "sk-of-a-provider-4711")
    async with app.transaction(NOBODY) as tx:
        await identity.authenticate_key(tx, key)
        await identity.authenticate_session(tx, signed_in.token)

    connection = await asyncpg.connect(administrator_url)
    try:
        tables = await connection.fetch(
            "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text = ANY ($1)",
            ["platform", "catalogue", "gateway", "evaluation", "society", "store"],
        )
        secrets = [key[36:], invitation[3:], signed_in.token[3:], PASSWORD, "sk-of-a-provider-4711"]
        for table in tables:
            for secret in secrets:
                found = await connection.fetchval(
                    f"SELECT EXISTS (SELECT FROM {table['name']} AS rows WHERE strpos(rows::text, $1) > 0 OR strpos(rows::text, $2) > 0)",
                    secret, secret.encode().hex(),
                )  # fmt: skip
                assert not found, (table["name"], secret)
        # Digests and hashes are not in the images of the audit log either.
        images = await connection.fetchval("SELECT string_agg(concat(old_data, new_data), ' ') FROM store.audit_log")
        kept = await connection.fetch(
            """
            SELECT password_hash AS kept FROM platform.users WHERE password_hash <> '!'
             UNION ALL SELECT key_hash FROM platform.api_keys
             UNION ALL SELECT session_token FROM platform.user_sessions
             UNION ALL SELECT token_digest FROM platform.team_invitations
             UNION ALL SELECT encode(sealed, 'hex') FROM platform.provider_secrets
            """
        )
    finally:
        await connection.close()
    assert len(kept) == 5
    assert "laptop" in images
    for row in kept:
        assert row["kept"] not in images


def test_a_setting_that_is_secret_does_not_show() -> None:
    shown = repr(Settings.from_environment({"GUILDHALL_SECRET_KEY": OLD, "GUILDHALL_SECRET_KEY_OLD": f"{NEW}, "}))
    assert OLD not in shown
    assert NEW not in shown
