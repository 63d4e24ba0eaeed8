"""The commands beside `eval`, as commands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg

from fixtures.agents import Project
from fixtures.command_line import Command
from guildhall.db import migrate
from guildhall.db.swap import Phase


def test_the_demo_finds_what_is_better_and_what_got_worse(guildhall: Command) -> None:
    found = guildhall("demo", "--json").json
    assert found["verdict"] == "better"
    assert found["comparison"]["matched"] == 24
    worse = [each["scenario_id"] for each in found["comparison"]["scenarios"] if each["change"] < 0]
    assert sorted(worse) == ["gift_card", "swap_address"]
    assert found["itself"]["verdict"] != "better"
    assert found["itself"]["baseline"]["config"] == found["itself"]["candidate"]["config"]

    told = guildhall("demo").out
    steps = ["1  PostgreSQL is ready", "2  version 1 -> version 2", "3  24 scenarios", "4  the verdict", "BETTER"]
    places = [
        told.index(step) for step in [*steps, "one of the lost", "5  and version 1 against itself", "6  now yours"]
    ]
    assert places == sorted(places)
    assert "guildhall up" in told, "and it has ended: nobody sits at a terminal"


def test_init_writes_what_runs(guildhall: Command, tmp_path: Path) -> None:
    assert guildhall("init", "mine", "--json").json["files"] == ["agent.py", "agent.yaml", "scenarios.yaml", "tools.py"]
    assert (tmp_path / "mine" / "agent.yaml").exists()
    assert "already holds" in guildhall("init", "mine", expect=4).err


def test_versions_are_kept_listed_shown_and_compared(guildhall: Command, project: Project) -> None:
    first = guildhall("config", "save", project.agent, "--json").json
    assert (first["label"], first["new"]) == ("adder@v1", True)
    assert guildhall("config", "save", project.agent, "--json").json["new"] is False
    project.write_agent(right=7)
    assert guildhall("config", "save", project.agent).out == "saved adder@v2\n"

    assert [each["name"] for each in guildhall("config", "list", "--json").json] == ["adder"]
    assert [each["label"] for each in guildhall("config", "list", "adder", "--json").json] == ["adder@v2", "adder@v1"]
    shown = guildhall("config", "show", "adder@v1", "--json").json
    assert shown["version_id"] == first["version_id"]
    assert "right: 6" in shown["raw_yaml"]
    changes = guildhall("config", "diff", "adder@v1", "adder@v2", "--json").json["changes"]
    assert [(each["path"], each["before"], each["after"]) for each in changes] == [("params.right", 6, 7)]
    assert "+params: {right: 7}" in guildhall("config", "diff", "adder@v1", "adder@latest").out


def test_scenarios_are_kept_listed_and_shown(guildhall: Command, project: Project) -> None:
    assert guildhall("scenario", "save", project.scenarios, "--json").json == {
        "scenarios": 10, "new": 10, "changed": 0, "same": 0,
    }  # fmt: skip
    project.scenarios.write_text(project.scenarios.read_text().replace("Question 3:", "Problem 3:"))
    saved = guildhall("scenario", "save", project.scenarios)
    assert "0 new, 1 changed, 9 as they were" in saved.out
    assert len(guildhall("scenario", "list", "--json").json) == 10
    assert guildhall("scenario", "show", "sum_3", "--json").json["task_prompt"].startswith("Problem 3")


def test_the_schema_goes_back_and_forth(guildhall: Command, administrator_url: str) -> None:
    administrator = {"GUILDHALL_DATABASE_URL": administrator_url}
    numbers = [each.number for each in migrate.migrations()]
    needed = max(each.number for each in migrate.migrations() if each.phase is Phase.EXPAND)
    before, later = max(each for each in numbers if each < needed), [each for each in numbers if each > needed]
    newest = guildhall("db", "status", "--json", **administrator).json["version"]
    assert newest == numbers[-1]
    assert "--yes" in guildhall("db", "rollback", "--to", before, expect=4, **administrator).err
    removed = guildhall("db", "rollback", "--to", before, "--yes", "--json", **administrator).json
    assert removed == {"version": before, "removed": [*reversed(later), needed]}
    assert "guildhall db migrate" in guildhall("eval", "list", expect=3).err
    applied = guildhall("db", "migrate", "--through", "expand", "--json", **administrator).json
    engine = applied.pop("engine")
    assert applied == {"version": needed, "applied": [needed], "pending": later}
    assert guildhall("eval", "list", "--json").json == []
    applied = guildhall("db", "migrate", "--json", **administrator).json
    assert applied == {"version": newest, "applied": later, "pending": [], "engine": engine}


def test_the_url_is_one_line_that_a_client_takes(guildhall: Command) -> None:
    printed = guildhall("db", "url").out

    async def ask() -> int:
        connection = await asyncpg.connect(printed.strip())
        try:
            answer: int = await connection.fetchval("SELECT 6 * 7")
        finally:
            await connection.close()
        return answer

    assert printed.count("\n") == 1
    assert asyncio.run(ask()) == 42
