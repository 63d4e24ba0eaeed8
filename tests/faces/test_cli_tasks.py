"""`guildhall agents` and `guildhall tasks`, as commands."""

from __future__ import annotations

import itertools
from pathlib import Path
from uuid import uuid4

from fixtures.command_line import Command
from guildhall.cli.render.tasks import graph_lines
from guildhall.domains.society.tasks import Edge, Graph, Node, OnFailure, Status


def test_a_task_goes_from_hand_to_hand(guildhall: Command) -> None:
    assert guildhall("agents", "list").out == "no agents\n"
    ada = guildhall("agents", "add", "ada", "--skill", "sql=0.9", "--skill", "python", "--json").json
    assert ada["skills"] == [{"name": "python", "proficiency": None}, {"name": "sql", "proficiency": 0.9}]
    guildhall("agents", "add", "bob")
    assert guildhall("agents", "teach", "bob", "sql").out == "bob  worker, offline  sql  0 tasks\n"
    assert [each["agent_id"] for each in guildhall("agents", "list", "--skill", "python", "--json").json] == ["ada"]

    guildhall("tasks", "type", "count", "--skill", "sql", "--schema", '{"type": "object", "required": ["table"]}')
    guildhall("tasks", "add", "Count the rows", "--id", "count-rows", "--type", "count", "--payload", '{"table": "t"}')
    guildhall("tasks", "add", "Write it down", "--id", "report", "--waits-for", "count-rows", "--assign", "bob")
    assert guildhall("tasks", "graph").out.splitlines() == [
        "count-rows  pending  Count the rows",
        "└─ report  pending  Write it down  bob",
    ]
    assert [each["ready_count"] for each in guildhall("tasks", "stats", "--json").json["lines"]] == [1]

    [claim] = guildhall("tasks", "claim", "--agent", "bob", "-n", "5", "--later", "--json").json
    assert (claim["task_id"], claim["status"], claim["payload"]) == ("count-rows", "assigned", {"table": "t"})
    guildhall("tasks", "start", "count-rows", "--agent", "bob")
    assert "was taken from this agent" in guildhall("tasks", "done", "count-rows", "--agent", "ada", expect=4).err
    guildhall("tasks", "release", "count-rows")
    assert guildhall("tasks", "assign", "count-rows", "ada", "--json").json["agent"] == "ada"
    assert guildhall("tasks", "claim", "--agent", "bob").out == "nothing to do\n"
    assert guildhall("tasks", "claim", "--agent", "ada").out == "count-rows  in_progress  Count the rows  attempt 2\n"
    done = guildhall("tasks", "done", "count-rows", "--score", "0.5", "--result", "[1, 2]", "--json").json
    assert (done["status"], done["result"], done["quality_score"]) == ("completed", [1, 2], 0.5)
    assert "quality 0.50 on average" in guildhall("agents", "show", "ada").out

    guildhall("tasks", "claim", "--agent", "bob")
    assert "message is ' ', expected a text" in guildhall("tasks", "fail", "report", "-m", " ", expect=2).err
    assert "failed" in guildhall("tasks", "fail", "report", "-m", "no ink", "--final").out
    assert "no ink" in guildhall("tasks", "dead").out
    assert guildhall("tasks", "redrive").out == "sent back 1 task\n"
    assert guildhall("tasks", "cancel", "report").out == "cancelled 1 task\n"
    shown = guildhall("tasks", "show", "report").out
    assert "retried" in shown
    assert "no ink" in shown
    assert guildhall("tasks", "list", "--status", "cancelled", "--json").json[0]["task_id"] == "report"


def test_what_cannot_be_is_said(guildhall: Command, tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    large.write_text('{"text":"' + "x" * 1_048_575 + '"}')
    assert guildhall("tasks", "list").out == "no tasks\n"
    assert guildhall("tasks", "graph").out == "no task waits for another\n"
    for command, said in (
        (["tasks", "show", "x"], "there is no task 'x'"),
        (["tasks", "claim", "--agent", "x"], "there is no agent 'x'"),
        (["tasks", "add", "t", "--skill", "sql"], "no agent has the skill 'sql'"),
        (["tasks", "add", "t", "--type", "tsak"], 'Did you mean "task"?'),
        (["tasks", "add", "t", "--payload", "[1]"], "--payload is '[1]', expected a JSON object"),
        (["tasks", "add", "t", "--deadline", "soon"], "--deadline is 'soon', expected a moment with its time zone"),
        (["tasks", "add", "t", "--deadline", "2020-01-01T00:00Z"], "expected a moment after now"),
        (["tasks", "add", "t", "--waits-for", "x"], "there is no task 'x' to wait for"),
        (["tasks", "add", "t", "--payload", f"@{large}"], "has 1,048,586 bytes, expected at most 1,048,576"),
        (["tasks", "add", "t", "--not-before", "0001-01-01T00:00+14:00"], "expected a moment with its time zone"),
        (["tasks", "add", "t", "--timeout", "nan"], "--timeout"),
        (["tasks", "type", "t", "--timeout", "1e300"], "--timeout"),
        (["tasks", "claim", "--agent", "x", "--lease", "nan"], "--lease"),
        (["tasks", "list", "--status", "pendign"], 'Did you mean "pending"?'),
        (["tasks", "list", "--type", "tsak"], 'Did you mean "task"?'),
        (["tasks", "list", "--agent", "x"], "there is no agent 'x'"),
        (["tasks", "dead", "--type", "tsak"], 'Did you mean "task"?'),
        (["tasks", "redrive", "--type", "tsak"], 'Did you mean "task"?'),
        (["agents", "add", "ada", "--skill", "sql=lots"], "proficiency is 'lots', expected a number from 0 to 1"),
    ):
        assert said in guildhall(*command, expect=2).err
    assert guildhall("tasks", "list").out == "no tasks\n"


def test_a_graph_is_drawn_once_for_each_task_below_what_it_waits_for() -> None:
    nodes = {name: Node(uuid4(), name, name.upper(), Status.PENDING, None) for name in "abcde"}

    def edge(waiting: str, awaited: str) -> Edge:
        return Edge(nodes[waiting].id, nodes[awaited].id, OnFailure.CANCEL, False)

    # a ← b ← d, a ← c ← d: a diamond; e alone with c
    edges = [edge("b", "a"), edge("c", "a"), edge("d", "b"), edge("d", "c"), edge("c", "e")]
    drawn = [line.plain for line in graph_lines(Graph(list(nodes.values()), edges, True))]
    assert drawn == [
        "a  pending  A",
        "├─ b  pending  B",
        "│  └─ d  pending  D  ↓ further down",
        "└─ c  pending  C  ↓ further down",
        "e  pending  E",
        "└─ c  pending  C",
        "   └─ d  pending  D",
    ]
    chain = [Node(uuid4(), f"t{n}", "t", Status.PENDING, None) for n in range(2000)]
    links = [Edge(after.id, before.id, OnFailure.CANCEL, False) for before, after in itertools.pairwise(chain)]
    assert len(list(graph_lines(Graph(chain, links, False)))) == 2001
