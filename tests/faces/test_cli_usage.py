"""What is no command of ours, or one that asks for what cannot be, is told in words and in JSON."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from fixtures.agents import Project
from fixtures.command_line import Command
from guildhall.app.spool import Spool
from guildhall.db import Actor
from guildhall.domains.platform import identity
from guildhall.settings import Settings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["eval", "lsit"], "No such command 'lsit'"),
        (["eval", "run"], "Missing argument 'AGENT.yaml'"),
        (["eval", "list", "--limit", "0"], "Invalid value for '--limit'"),
        (["eval", "list", "--wat"], "No such option: --wat"),
    ],
)
def test_a_command_line_that_is_not_ours_is_one_json_document_where_that_was_asked_for(
    guildhall: Command, arguments: list[str], message: str
) -> None:
    refused = guildhall(*arguments, "--json", expect=2)
    assert refused.json["error"]["code"] == "usage"
    assert message in refused.json["error"]["message"]
    assert refused.err == ""
    assert message in " ".join(guildhall(*arguments, expect=2).err.split())


def test_a_command_that_asks_for_what_cannot_be_says_so(guildhall: Command, project: Project) -> None:
    project.write_agent(right=3)
    guildhall("eval", "run", project.agent, project.scenarios, "--json")
    run = ["eval", "run", project.agent, project.scenarios]
    for arguments, words in (
        ([*run, "--max-time", "inf"], "--max-time is inf"),
        ([*run, "--max-time", "nan"], "--max-time"),
        ([*run, "--name", " "], "--name is empty"),
        (["eval", "show", "@latest", "--pair"], "no scenario is given"),
        (["eval", "show", "@latest", "--trial", "2"], "no scenario is given"),
        (["eval", "show", "@latest", "sum-4"], 'Did you mean "sum_4"?'),
        (["eval", "list", "--config", "nobody"], "no agent configuration 'nobody'"),
        (["eval", "list", "--config", "ader"], "adder"),
    ):
        assert words in " ".join(guildhall(*arguments, expect=2).err.split()), arguments
    assert len(guildhall("eval", "list", "--json").json) == 1


def test_a_refused_record_is_listed_and_tried_again(guildhall: Command, project: Project, settings: Settings) -> None:
    assert guildhall("eval", "requeue").out == "no record has been refused\n"
    guildhall("eval", "run", project.agent, project.scenarios, "--json")
    (folder,) = (settings.data_dir / "spool").iterdir()
    spool = Spool(folder)
    actor = Actor(UUID(str(identity.LOCAL.user_id)), UUID(str(identity.LOCAL.tenant_id)))
    reason = {"error": {"message": "it makes no sense"}, "user_id": actor.user_id, "tenant_id": actor.tenant_id}
    spool.quarantine(b"gibberish", "0", reason)

    assert "it makes no sense" in guildhall("eval", "requeue", "--list").out
    again = guildhall("eval", "requeue", "--json").json
    assert (len(again["set_aside"]), again["stored"], again["refused_again"]) == (1, 0, 1)
    (left,) = json.loads(guildhall("eval", "requeue", "--list", "--json").out)["set_aside"]
    assert left["error"]["message"] != "it makes no sense"
