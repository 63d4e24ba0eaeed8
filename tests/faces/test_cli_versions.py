"""An older Guildhall on a database that a newer one has migrated."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from fixtures.command_line import Command, Printed, command_line
from fixtures.serving import environment_of, serve
from fixtures.versions import later_version, run_version
from guildhall.db import migrate

NEWEST = migrate.migrations()[-1].number
EXPAND = (
    "-- phase: expand\n\nALTER TABLE platform.teams ADD COLUMN motto text;\n",
    "-- phase: expand\n\nALTER TABLE platform.teams DROP COLUMN motto;\n",
)
BACKFILL = (
    "-- phase: backfill\n-- over: platform.teams (id)\n\n"
    "UPDATE platform.teams SET motto = '' FROM batch WHERE teams.id = batch.id;\n",
    "SELECT;\n",
)
CONTRACT = (
    "-- phase: contract\n\nALTER TABLE platform.teams ALTER COLUMN motto SET DEFAULT '';\n",
    "-- phase: contract\n\nALTER TABLE platform.teams ALTER COLUMN motto DROP DEFAULT;\n",
)
UNDECLARED = ("ALTER TABLE platform.teams ADD COLUMN song text;\n", "ALTER TABLE platform.teams DROP COLUMN song;\n")


@pytest.fixture
def administrator(command_environment: dict[str, str], administrator_url: str) -> dict[str, str]:
    return {**command_environment, "GUILDHALL_DATABASE_URL": administrator_url}


@pytest.fixture
def later(tmp_path: Path, administrator: dict[str, str]) -> Callable[..., Printed]:
    """A command of a version that expands, fills in, and contracts."""
    place = later_version(
        tmp_path / "later", m9001_mottos=EXPAND, m9002_mottos_before=BACKFILL, m9003_mottos_always=CONTRACT
    )

    def run(*arguments: object) -> Printed:
        printed = run_version(place, administrator, *arguments)
        assert printed.code == 0, printed.err
        return printed

    return run


def test_an_older_version_goes_on_where_a_newer_one_has_only_added(
    guildhall: Command, later: Callable[..., Printed], administrator: dict[str, str]
) -> None:
    for phase, added in (("expand", [9001]), ("backfill", [9001, 9002])):
        later("db", "migrate", "--through", phase)
        listed = guildhall("eval", "list", "--json")
        assert listed.json == []
        assert f"schema version {added[-1]}, this Guildhall knows versions up to {NEWEST}" in listed.err
        assert listed.err.count("this Guildhall knows") == 1
        state = guildhall("db", "status", "--json").json
        assert (state["version"], state["pending"], state["ahead"]) == (added[-1], [], added)
        assert "9001 mottos" in guildhall("db", "status").out
    assert guildhall("db", "migrate", "--json", **administrator).json["applied"] == []
    assert later("eval", "list").err == ""


def test_an_older_version_is_refused_once_a_newer_one_has_contracted(
    guildhall: Command, later: Callable[..., Printed]
) -> None:
    later("db", "migrate")
    for command in (("eval", "list"), ("db", "status"), ("db", "migrate"), ("serve",)):
        refused = guildhall(*command, expect=4)
        assert "schema version 9003 and takes programs that know version 9003" in refused.err
        assert "Upgrade Guildhall" in refused.err
    assert guildhall("eval", "list", "--json", expect=4).json["error"]["code"] == "schema_newer"
    later("db", "rollback", "--to", 9002, "--yes")
    assert guildhall("eval", "list", "--json").json == []


def test_only_a_newer_version_takes_back_what_it_has_added(
    guildhall: Command, later: Callable[..., Printed], administrator: dict[str, str]
) -> None:
    later("db", "migrate", "--through", "expand")
    refused = guildhall("db", "rollback", "--to", NEWEST - 1, "--yes", expect=4, **administrator)
    assert "schema version 9001" in refused.err
    assert later("db", "rollback", "--to", NEWEST, "--yes").code == 0
    assert guildhall("eval", "list").err == ""


def test_a_migration_that_does_not_say_that_it_expands_is_not_for_older_versions(
    guildhall: Command, tmp_path: Path, administrator: dict[str, str]
) -> None:
    place = later_version(tmp_path / "later", m9001_songs=UNDECLARED, m9002_mottos=EXPAND)
    assert run_version(place, administrator, "db", "migrate").code == 0
    refused = guildhall("eval", "list", expect=4)
    assert "schema version 9002 and takes programs that know version 9001" in refused.err


def test_a_server_of_the_older_version_starts_again(
    later: Callable[..., Printed], direct_url: str, tmp_path: Path
) -> None:
    later("db", "migrate", "--through", "expand")
    with serve(environment_of(direct_url, tmp_path), tmp_path) as serving:
        assert serving.end() == 0
    assert f"this Guildhall knows versions up to {NEWEST} and works with it" in serving.log


async def test_migrators_say_once_for_whom_they_wait_and_go_on(
    tmp_path: Path, administrator: dict[str, str], administrator_url: str
) -> None:
    place = later_version(tmp_path / "later", m9001_mottos=EXPAND)
    environment = {**administrator, "PYTHONPATH": str(place)}

    def migrator() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command_line("db", "migrate"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    report = await asyncpg.connect(administrator_url, server_settings={"application_name": "a long report"})
    with ExitStack() as stack:
        stack.callback(report.terminate)
        begun = report.transaction()
        await begun.start()
        await report.fetch("SELECT FROM platform.teams")
        both = [migrator() for _ in range(2)]
        said = []
        for each in both:
            stack.callback(each.kill)
            assert each.stderr is not None
            said.append(each.stderr.readline())
        of_migrator, of_report = sorted(said, key=lambda line: "a long report" in line)
        assert f"waiting for process {report.get_server_pid()} (a long report, as " in of_report
        assert "(guildhall db, as " in of_migrator
        await begun.rollback()
        ended = [each.communicate(timeout=60) for each in both]
    assert [each.returncode for each in both] == [0, 0], ended
    assert sum(out.count("applied 9001 mottos") for out, _ in ended) == 1
    assert all("waiting" not in err for _, err in ended), "once"
