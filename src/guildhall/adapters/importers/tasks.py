"""Tasks of a benchmark as scenarios: their ids, and what is kept of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guildhall.adapters.importers.types import ImportedTask

_LONGEST_ID = 100
_LONGEST_NAME = 200
_SHORTEST_PROMPT = 10


def scenario_id(suite: str, task_id: str) -> str:
    """
    The id of a task, unique over suites.

    A task id that has to be changed to fit gets a few digits of its hash, so
    that two of them never meet.

    >>> scenario_id("tau_airline", "7"), scenario_id("tau2_mock", "create_task_1")
    ('tau_airline_7', 'tau2_mock_create_task_1')
    >>> scenario_id("tau2_telecom", "[mobile]data|off")
    'tau2_telecom_mobile_data_off_8f3f87c5'
    """
    plain = slug(task_id)
    whole = f"{suite}_{plain}"
    if plain == task_id and len(whole) <= _LONGEST_ID:
        return whole
    digest = hashlib.sha256(task_id.encode()).hexdigest()[:8]
    return f"{whole[: _LONGEST_ID - 9].rstrip('_')}_{digest}"


def slug(text: str) -> str:
    """Lower-case letters, digits and single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def task(
    suite: str,
    task_id: str,
    *,
    prompt: str | None,
    ground_truth: Mapping[str, Any],
    expected_tools: Sequence[str] = (),
) -> ImportedTask:
    """
    A task in the words of a scenarios file.

    It is graded elsewhere, by the benchmark that ran it, and so has the scorer
    `external`. Without a prompt the task is unknown, and says so.
    """
    spoken = " ".join(word for word in suite.split("_") if not word.startswith("tau"))
    name = f"{spoken.capitalize() or suite} task {task_id}"[:_LONGEST_NAME]
    placeholder: dict[str, Any] = {
        "scenario_id": scenario_id(suite, task_id),
        "name": name,
        "task_prompt": f"{name}: the log that this was imported from does not say what the task is.",
        "suite": suite,
        "tags": ["imported"],
        "scorers": [{"type": "external"}],
    }
    if prompt is None:
        return ImportedTask(placeholder["scenario_id"], placeholder, placeholder, is_known=False)
    if len(prompt.strip()) < _SHORTEST_PROMPT:
        prompt = f"{name}: {prompt.strip()}"
    definition = placeholder | {"task_prompt": prompt}
    if ground_truth:
        definition["ground_truth"] = dict(ground_truth)
    if expected_tools:
        definition["expected_tools"] = list(dict.fromkeys(expected_tools))
    return ImportedTask(placeholder["scenario_id"], definition, placeholder)


def in_order(tasks: Iterable[ImportedTask]) -> tuple[ImportedTask, ...]:
    """Each task once, in the order of first sight; a known one wins over an unknown one of the same id."""
    found: dict[str, ImportedTask] = {}
    for each in tasks:
        known = found.get(each.scenario_id)
        if known is None or (each.is_known and not known.is_known):
            found[each.scenario_id] = each
    return tuple(found.values())
