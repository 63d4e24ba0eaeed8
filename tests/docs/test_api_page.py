"""The examples of docs/api.md, run one after the other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
_EXAMPLE = re.compile(r"```http\n(GET|POST) (\S+)\n(.*?)→ (\d+) (\{.*?\})\n```", re.DOTALL)


def _says(answer: Any, expected: Any) -> bool:
    """Whether an answer has everything that the page says of it."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(_says(answer.get(name), each) for name, each in expected.items())
    return bool(answer == expected)


async def test_every_example_answers_as_the_page_says(client_of):
    examples = _EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(examples) == PAGE.read_text(encoding="utf-8").count("```http"), "an example is not written as others are"
    client = client_of("smithy/member")
    simulation_id = ""
    for method, *where_and_what, status, expected in examples:
        path, body = (text.replace("{simulation_id}", simulation_id) for text in where_and_what)
        got, answer = await client.request(method, path, json=json.loads(body) if body else None)
        assert got == int(status), (path, answer)
        assert _says(answer, json.loads(expected)), (path, answer)
        simulation_id = answer.get("simulation_id", simulation_id)
