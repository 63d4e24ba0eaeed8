"""
τ-bench result files.

A file is a list of trials: `{task_id, reward, info, traj, trial}`. `info` holds
`task` (the instruction to the simulated user, the actions and outputs that
were expected) and `reward_info`, or, where the harness stopped with an
exception, `error` and `traceback`. `traj` is the conversation. Which domain it
was stands nowhere; the agent's policy names it, and so do the tools. `trial`
is a number of the run, not of the task: some forks count on from task to task.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from guildhall.adapters.importers import conversations
from guildhall.adapters.importers.blame import Blame, blame_for_exception, blame_for_reward
from guildhall.adapters.importers.conversations import Transcript
from guildhall.adapters.importers.documents import Document, Entry
from guildhall.adapters.importers.errors import LogUnreadable
from guildhall.adapters.importers.tasks import in_order, scenario_id, task
from guildhall.adapters.importers.types import ImportedLog, ImportedTask, ImportedTrial
from guildhall.domains.evaluation.outcomes import OutcomeStatus

_FORMAT = "tau-bench"
_PASSING = 1 - 1e-6  # as the benchmark itself reads a reward
_POLICY = re.compile(r"^#\s*([A-Za-z][A-Za-z -]{0,40}?)\s+agent\s+policy", re.IGNORECASE | re.MULTILINE)

# Tools that only one domain has.
_TOOLS = {
    "airline": {
        "book_reservation",
        "cancel_reservation",
        "get_reservation_details",
        "list_all_airports",
        "search_direct_flight",
        "search_onestop_flight",
        "send_certificate",
        "update_reservation_baggages",
        "update_reservation_flights",
        "update_reservation_passengers",
    },
    "retail": {
        "cancel_pending_order",
        "exchange_delivered_order_items",
        "find_user_id_by_email",
        "find_user_id_by_name_zip",
        "get_order_details",
        "get_product_details",
        "list_all_product_types",
        "modify_pending_order_address",
        "modify_pending_order_items",
        "modify_pending_order_payment",
        "modify_user_address",
        "return_delivered_order_items",
    },
}


def looks_like(value: Any) -> bool:
    """Is this a list of trials?"""
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and {"task_id", "reward", "traj"} <= value[0].keys()
    )


def read(document: Document, name: str) -> ImportedLog:
    """
    Raises:
        LogUnreadable: A trial lacks what every trial has, or has it in another form.
    """
    rows = [_Row(Entry.of(document.file, f"[{i}]", value)) for i, value in enumerate(document.value)]
    suite, suite_is_known = _suite(rows)
    prompts = Counter(row.system_prompt for row in rows if row.system_prompt)
    system_prompt = prompts.most_common(1)[0][0] if prompts else None
    tools = sorted({each["name"] for row in rows for each in row.transcript.steps if each["type"] == "tool_call"})
    tasks = in_order(_task(suite, row) for row in rows)
    numbers = _trial_numbers(rows)
    return ImportedLog(
        file=document.file,
        format=_FORMAT,
        suite=suite,
        content_hash=document.content_hash,
        name=name,
        agent=_agent(name, system_prompt, tools),
        tasks=tasks,
        trials=tuple(
            _trial(document, suite, row, number, system_prompt) for row, number in zip(rows, numbers, strict=True)
        ),
        assumed=tuple(_assumed(rows, numbers, suite, suite_is_known, system_prompt, tasks)),
        metadata={"format": _FORMAT, "file": document.file.name},
    )


class _Row:
    """One trial of the file, taken apart."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.task_id = entry.name("task_id")
        reward = entry.number("reward")
        if reward is None:
            entry.refuse("reward", "a number")
        self.reward = reward
        self.info = entry.entry_or_empty("info")
        self.task = self.info.entry("task")
        self.messages = entry.entries("traj")
        self.system_prompt: str | None = None
        self.transcript = self._transcribed()

    @property
    def number(self) -> float:
        return self.entry.number("trial") or 0.0

    @property
    def actions(self) -> list[Entry]:
        return self.task.entries("actions") if self.task else []

    def _transcribed(self) -> Transcript:
        transcript = Transcript()
        for message in self.messages:
            role = message.name("role")
            content = message.get("content")
            match role:
                case "system":
                    if self.system_prompt is None:
                        self.system_prompt = conversations.text_of(content)
                    else:
                        transcript.message(role, conversations.text_of(content), None)
                case "tool":
                    error = conversations.error_in(content)
                    transcript.tool_result(message.text("tool_call_id"), message.text("name"), content, error, None)
                case _:
                    if words := conversations.text_of(content):
                        transcript.message(role, words, None)
                    for call in message.entries("tool_calls"):
                        function = call.entry("function")
                        if function is None:
                            call.refuse("function", "an object")
                        transcript.tool_call(
                            call.text("id"),
                            function.name("name"),
                            conversations.arguments(function.get("arguments")),
                            None,
                        )
        return transcript


def _suite(rows: Sequence[_Row]) -> tuple[str, bool]:
    """The suite, by the policy's title or else by the tools that were expected or used; and whether it was found."""
    for row in rows:
        if found := _POLICY.search(row.system_prompt or ""):
            return f"tau_{found.group(1).lower().replace(' ', '_').replace('-', '_')}", True
    seen: Counter[str] = Counter()
    for row in rows:
        names = [each.text("name") for each in row.actions]
        names += [each["name"] for each in row.transcript.steps if each["type"] == "tool_call"]
        seen.update(suite for suite, tools in _TOOLS.items() for name in names if name in tools)
    return (f"tau_{seen.most_common(1)[0][0]}", True) if seen else ("tau_bench", False)


def _trial_numbers(rows: Sequence[_Row]) -> list[int]:
    """Each trial's number within its task, from 1, in the order of the log's own numbers and then of its lines."""
    numbers = [0] * len(rows)
    seen: Counter[str] = Counter()
    for i in sorted(range(len(rows)), key=lambda i: (rows[i].number, i)):
        seen[rows[i].task_id] += 1
        numbers[i] = seen[rows[i].task_id]
    return numbers


def _task(suite: str, row: _Row) -> ImportedTask:
    if row.task is None:
        return task(suite, row.task_id, prompt=None, ground_truth={})
    actions = [(each.name("name"), each.get("kwargs") or {}) for each in row.actions]
    outputs = row.task.get("outputs") or []
    return task(
        suite,
        row.task_id,
        prompt=row.task.text("instruction"),
        ground_truth={"actions": [{"name": name, "arguments": given} for name, given in actions], "outputs": outputs},
        expected_tools=[name for name, _ in actions],
    )


def _agent(name: str, system_prompt: str | None, tools: Sequence[str]) -> dict[str, Any]:
    agent: dict[str, Any] = {"name": name, "model": None, "temperature": None}
    if system_prompt:
        agent["system_prompt"] = system_prompt
    if tools:
        agent["tools"] = [{"name": each} for each in tools]
    return agent


def _trial(document: Document, suite: str, row: _Row, number: int, system_prompt: str | None) -> ImportedTrial:
    passed: bool | None = row.reward >= _PASSING
    if not 0 <= row.reward <= 1:
        raise LogUnreadable(document.file, f"{row.reward:g} where a reward from 0 to 1 was expected")
    score: float | None = row.reward
    steps = row.transcript.steps
    if row.system_prompt and row.system_prompt != system_prompt:
        steps = [{"type": "message", "role": "system", "content": row.system_prompt, "at_ms": None}, *steps]

    blame: Blame | None = None
    if "error" in row.info:
        blame = blame_for_exception(str(row.info.get("error")), str(row.info.get("traceback") or ""))
    elif not passed:
        blame = blame_for_reward(row.info.get("reward_info"), row.info.get("source"), len(steps))
    if blame is not None and not blame.is_scored:
        passed = score = None
    status = blame.status if blame else OutcomeStatus.SUCCESS

    trajectory: dict[str, Any] = {
        "start_time": None,
        "end_time": None,
        "status": status.value,
        "steps": steps,
        "scores": [] if score is None else [{"scorer": "external", "score": score, "passed": passed}],
    }
    if blame is not None and status is not OutcomeStatus.SUCCESS:
        trajectory["error"] = blame.as_json()
    return ImportedTrial(
        scenario_id=scenario_id(suite, row.task_id),
        trial_number=number,
        status=status,
        passed=passed,
        score=score,
        trajectory=trajectory,
        fault=blame.fault.value if blame else None,
        error_code=blame.failure_type if blame and status is not OutcomeStatus.SUCCESS else None,
        error_category=blame.category_of_error(status) if blame else None,
        tools=row.transcript.tools(),
        failures=(blame.as_failure(),) if blame else (),
        source=_source(row),
    )


def _source(row: _Row) -> dict[str, Any]:
    """What only this format has, under its own names."""
    kept = {"task_id": row.entry.get("task_id"), "trial": row.entry.get("trial"), "reward": row.reward}
    kept |= {key: row.info.get(key) for key in ("source", "user_cost", "reward_info", "traceback") if key in row.info}
    if "records" in row.entry and row.entry.get("records"):
        kept["records"] = row.entry.get("records")
    return kept


def _assumed(
    rows: Sequence[_Row],
    numbers: Sequence[int],
    suite: str,
    suite_is_known: bool,
    system_prompt: str | None,
    tasks: Sequence[ImportedTask],
) -> Iterable[str]:
    yield "The log names neither model nor temperature: both are null."
    if system_prompt is None:
        yield "The log does not hold the agent's system prompt: it is left out."
    yield "The log lists no tools: those that were called stand in the configuration, without descriptions."
    yield (
        "The log has no times: execution_time is the moment of the import, "
        "and start, end and duration of every trial are null."
    )
    yield "The log counts no tokens, and no costs of the agent: both are null, not 0."
    if suite_is_known:
        yield f"The log does not name its suite: {suite} follows from the policy's title or the tools."
    else:
        yield f"The log does not say which suite it is, nor do policy and tools: the scenarios are named {suite}."
    if any(row.entry.number("trial") != number - 1 for row, number in zip(rows, numbers, strict=True)):
        yield (
            "The log's trial numbers do not count the trials of a task: "
            "these are numbered from 1 in the log's order, and its own numbers are kept in execution_metadata."
        )
    if any(row.info.get("user_cost") for row in rows):
        yield "The log gives user_cost without a unit: it is kept in execution_metadata, and no cost is made of it."
    if any(row.reward < _PASSING for row in rows):
        yield (
            "The log does not say who is to blame where the final state or an answer is wrong: "
            "the agent, although a mistake of the simulated user looks the same."
        )
    unknown = [each.scenario_id for each in tasks if not each.is_known]
    if unknown:
        yield (
            f"The log does not hold the tasks of {len(unknown)} scenarios whose trials ended in an exception: "
            "they are taken from logs of the same suite imported before or together, or else left unknown."
        )
