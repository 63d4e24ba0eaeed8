"""What an agent.yaml means, without a disk."""

from __future__ import annotations

import doctest
import importlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guildhall.algorithms.documents import Findings
from guildhall.algorithms.safeyaml import YamlRefused
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.configurations import (
    AgentFileRefused,
    Isolation,
    ReferenceKind,
    agent_spec,
    define,
    imported_agent,
    references,
    rules,
)

ENOUGH = {"model": "gpt-5-mini", "temperature": 0.2}


def test_defaults_are_those_that_the_documentation_names() -> None:
    spec = agent_spec("support", ENOUGH, {})
    assert (spec.send_temperature, spec.isolation, spec.network, spec.environment) == (
        True,
        Isolation.PROCESS,
        False,
        (),
    )
    assert (spec.limits.max_turns, spec.limits.max_tool_calls, spec.limits.timeout_ms) == (20, 200, None)
    assert (spec.tools, spec.params, spec.prices, spec.system_prompt) == ((), {}, None, None)


def test_files_take_the_place_of_references() -> None:
    files = {"p.md": "Grüße".encode(), "s.json": b'{"type": "object"}', "s.yaml": b"type: object\n", "n.txt": b"note"}
    spec = agent_spec(
        "support",
        {
            **ENOUGH,
            "system_prompt": "file://./p.md",
            "tools": [
                {"name": "a", "parameters": "file://s.json"},
                {"name": "b", "parameters": "file://s.yaml", "description": "file://n.txt"},
            ],
            "metadata": {"deep": ["file://n.txt"]},
        },
        files,
    )
    assert spec.system_prompt == "Grüße"
    assert [tool.parameters for tool in spec.tools] == [{"type": "object"}] * 2
    assert spec.tools[1].description == "note"
    assert spec.parsed["metadata"] == {"deep": ["note"]}


def test_a_schema_in_a_file_that_is_none_is_refused_by_the_files_name() -> None:
    with pytest.raises(AgentFileRefused, match=r"s\.json:1: this is no JSON"):
        agent_spec("support", {**ENOUGH, "tools": [{"name": "a", "parameters": "file://s.json"}]}, {"s.json": b"{"})


def test_tools_may_be_written_in_several_ways() -> None:
    spec = agent_spec(
        "support",
        {
            **ENOUGH,
            "tools": [
                "look_up",
                "shop.tools:find",
                {"python": "shop.tools:Shop.refund"},
                {"type": "function", "function": {"name": "ship", "parameters": {"type": "object"}}},
                {"name": "run", "command": "./run", "confirm": True},
            ],
        },
        {},
    )
    assert [(tool.name, tool.python, tool.command) for tool in spec.tools] == [
        ("look_up", None, None),
        ("find", "shop.tools:find", None),
        ("refund", "shop.tools:Shop.refund", None),
        ("ship", None, None),
        ("run", None, ("./run",)),
    ]


def test_every_way_of_referring_to_files_is_found() -> None:
    found = list(
        references(
            {
                "system_prompt": "file://p.md",
                "include": ["a/*", "b/*"],
                "entrypoint": "agent:play",
                "command": ["./x", "y"],
                "tools": [{"python": "t:f"}, {"command": ["./z"], "parameters": "file://s.json"}, "u:g", 3],
                "other": {"deep": ["file://q"]},
            }
        )
    )
    assert {(each.kind, each.targets) for each in found} == {
        (ReferenceKind.FILE, ("p.md",)),
        (ReferenceKind.FILE, ("s.json",)),
        (ReferenceKind.FILE, ("q",)),
        (ReferenceKind.GLOB, ("a/*",)),
        (ReferenceKind.GLOB, ("b/*",)),
        (ReferenceKind.MODULE, ("agent:play",)),
        (ReferenceKind.MODULE, ("t:f",)),
        (ReferenceKind.MODULE, ("u:g",)),
        (ReferenceKind.PROGRAM, ("./x", "y")),
        (ReferenceKind.PROGRAM, ("./z",)),
    }


@pytest.mark.parametrize("value", [None, 3, "text", [1], {"include": 3, "tools": "x", "entrypoint": 4, "command": {}}])
def test_values_of_a_wrong_type_refer_to_nothing(value: object) -> None:
    assert list(references(value)) == []


def test_an_agent_can_be_defined_without_a_disk() -> None:
    agent = define("model: x\ntemperature: 0\nsystem_prompt: file://p.md\n", files={"p.md": b"Hi"}, name="support")
    assert (agent.name, agent.directory) == ("support", None)
    with pytest.raises(AgentFileRefused, match=r"agent\.yaml:2: temperature is 9"):
        define("model: x\ntemperature: 9\n")
    with pytest.raises(YamlRefused):
        define("model: [")


def test_an_imported_agent_may_lack_model_and_temperature_and_cannot_be_run() -> None:
    agent = imported_agent({"name": "gpt-4o-airline", "system_prompt": "policy\0", "tools": [{"name": "book"}]})
    assert agent.parsed["model"] is None
    assert agent.parsed["system_prompt"] == "policy\ufffd"
    with pytest.raises(AgentFileRefused, match="model is empty"):
        agent_spec(agent.name, agent.parsed, agent.files)


_WORDS = st.sampled_from(["", "x", "a:b", "file://x", "file://y", "python", "llm", "https://x", "sk-1"]) | st.text(
    max_size=4
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**63) | st.floats(allow_nan=False, allow_infinity=False) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*rules.KEYS, *rules.TOOL_KEYS, *rules.LIMIT_KEYS, "type", "function"]), inner
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(rules.KEYS), _ANYTHING, max_size=8))
@settings(max_examples=100)
def test_whatever_stands_there_is_understood_or_told(parsed: dict[str, Any]) -> None:
    findings = Findings("agent.yaml")
    spec = configurations.examine({**ENOUGH, **parsed}, {"x": b"{}"}, findings)
    list(references(parsed))
    assert (spec is None) == bool(findings.problems)
    json.dumps([each.as_json() for each in findings.problems], allow_nan=False)


def test_the_examples_in_docstrings_are_true() -> None:
    for name in ("rules", "references"):
        result = doctest.testmod(importlib.import_module(f"{configurations.__name__}.{name}"))
        assert result.attempted > 0
        assert result.failed == 0
