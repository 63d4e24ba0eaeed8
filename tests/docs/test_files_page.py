"""The page on files names every key that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from guildhall.domains.evaluation.configurations import rules as agents
from guildhall.domains.evaluation.scenarios import foreign
from guildhall.domains.evaluation.scenarios import rules as scenarios

_PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text("utf-8")
_AGENT, _SCENARIOS = _PAGE.split("## Scenarios")


def _first_column(text: str) -> set[str]:
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return {key for row in rows for key in re.findall(r"`([a-z_]+)`", row)}


def test_every_key_of_an_agent_is_there() -> None:
    assert _first_column(_AGENT) == set(agents.KEYS)
    for key in (*agents.TOOL_KEYS, *agents.LIMIT_KEYS, *agents.PRICE_KEYS):
        assert re.search(rf"\b{key}\b", _AGENT), key


def test_every_key_of_a_scenario_is_there() -> None:
    assert _first_column(_SCENARIOS) == set(scenarios.KEYS)
    for key in (*scenarios.USER_KEYS, *scenarios.LIMIT_KEYS, *scenarios.FILE_KEYS):
        assert re.search(rf"\b{key}\b", _SCENARIOS), key


def test_every_assertion_of_promptfoo_that_is_understood_is_there() -> None:
    for kind in foreign.ASSERTIONS:
        short = re.sub(r"^i?contains-(all|any)$", r"…-\1", kind)
        assert f"`{short}`" in _PAGE, kind
