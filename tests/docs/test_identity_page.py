"""The page on people and teams says what the rules say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guildhall.algorithms import passwords
from guildhall.domains.platform.identity import Action, Role, Scope, rules

_PAGE = (Path(__file__).parents[2] / "docs" / "identity.md").read_text("utf-8")


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def test_the_table_of_roles_is_the_rules() -> None:
    lines = [line for line in _PAGE.splitlines() if line.startswith("| ")]
    head = next(line for line in lines if line.startswith("| role |"))
    actions = [Action(name) for name in _cells(head)[1:]]
    assert set(actions) == set(Action)
    for role in Role:
        row = _cells(next(line for line in lines if line.startswith(f"| {role} |")))
        assert [cell == "yes" for cell in row[1:]] == [rules.may(role, action) for action in actions], role


def test_every_scope_is_explained() -> None:
    section = _PAGE.split("| scope | allows |")[1].split("##")[0]
    assert set(re.findall(r"^\| `([a-z]+)`", section, re.MULTILINE)) == set(Scope)


@pytest.mark.usefixtures("product_costs")
def test_the_figures_are_those_of_the_program() -> None:
    assert (
        f"ends {rules.SESSION_IDLE.days} days after it was last used, and after {rules.SESSION_LONGEST.days} days"
        in _PAGE
    )
    assert f"{passwords.MEMORY_KIB // 1024} MiB" in _PAGE
