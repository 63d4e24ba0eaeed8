"""What changed between two versions."""

from __future__ import annotations

from guildhall.algorithms.differences import summarise
from guildhall.domains.evaluation.configurations import AgentDefinition, define
from guildhall.domains.evaluation.configurations.changes import changes, unified

HEAD = "model: x\ntemperature: 0\n"


def an_agent(text: str = "", **files: str) -> AgentDefinition:
    return define(HEAD + text, files={name.replace("__", "."): each.encode() for name, each in files.items()})


def test_a_prompt_in_a_file_is_compared_by_its_lines() -> None:
    text = "system_prompt: file://p.md\n"
    before, after = an_agent(text, p__md="one\ntwo\n"), an_agent(text, p__md="one\n2\nthree\n")
    (change,) = changes(before, after)
    assert (change["path"], change["lines_added"], change["lines_removed"]) == ("system_prompt", 2, 1)
    assert change["after"] == "one\n2\nthree\n"
    shown = unified(before, after, "a@v1", "a@v2")
    assert shown.startswith("--- a@v1/p.md\n+++ a@v2/p.md\n@@")
    assert "-two\n" in shown
    assert "+three\n" in shown
    assert "agent.yaml" not in shown, "the YAML is the same"


def test_tools_are_told_by_name_and_code_by_path() -> None:
    text = "tools:\n  - {python: 'tools:refund', confirm: false}\n"
    before = an_agent(text, tools__py="a = 1\n", other__py="")
    after = an_agent(text.replace("false", "true"), tools__py="a = 2\nb = 3\n", new__py="")
    assert summarise(changes(before, after)) == (
        "tools.refund.confirm false -> true, new.py added, other.py removed, tools.py (+2 -1)"
    )


def test_the_same_text_in_another_file_is_still_told() -> None:
    before = an_agent("system_prompt: file://p.md\n", p__md="Hi")
    after = an_agent("system_prompt: file://q.md\n", q__md="Hi")
    assert summarise(changes(before, after)) == "system_prompt file://p.md -> file://q.md"


def test_a_text_that_moved_into_a_file_is_no_change_of_the_prompt() -> None:
    before = an_agent("system_prompt: Hi\n")
    after = an_agent("system_prompt: file://q.md\n", q__md="Hi")
    assert summarise(changes(before, after)) == "system_prompt Hi -> file://q.md"


def test_binary_files_differ_and_are_not_shown() -> None:
    before = AgentDefinition("a", HEAD, {"model": "x"}, {"x.bin": b"\0\1"}, "0" * 64)
    after = AgentDefinition("a", HEAD, {"model": "x"}, {"x.bin": b"\0\2"}, "1" * 64)
    (change,) = changes(before, after)
    assert change["before"].startswith("sha256:")
    assert "lines_added" not in change
    assert unified(before, after, "a@v1", "a@v2") == "Binary files a@v1/x.bin and a@v2/x.bin differ\n"


def test_very_long_texts_are_cut() -> None:
    (change,) = changes(an_agent("note: short\n"), an_agent(f"note: {'x' * 30_000}\n"))
    assert len(change["after"]) < 20_100
    assert change["after"].endswith("[10,000 characters more]")
