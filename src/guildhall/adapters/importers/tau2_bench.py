"""
τ²-bench result files.

A file is an object: `info` (the agent's and the user's model and settings, the
domain and its policy), `tasks`, and `simulations`, one for each task and
trial, with times, costs, messages with token counts, the reason for its end
and how the reward came about. Times have no zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guildhall.adapters.importers import conversations
from guildhall.adapters.importers.blame import Blame, out_of_steps, wrong
from guildhall.adapters.importers.conversations import Transcript
from guildhall.adapters.importers.documents import Document, Entry
from guildhall.adapters.importers.errors import LogUnreadable
from guildhall.adapters.importers.tasks import in_order, scenario_id, slug, task
from guildhall.adapters.importers.types import ImportedLog, ImportedTask, ImportedTrial
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.outcomes import OutcomeStatus

_FORMAT = "tau2-bench"
_PASSING = 1 - 1e-6

# How a simulation may end that was not ended by one of its two sides, and who is to blame.
_BROKEN_OFF: dict[str, tuple[Fault, FailureCategory, OutcomeStatus]] = {
    "too_many_errors": (Fault.AGENT, FailureCategory.TOOL_ERROR, OutcomeStatus.ERROR),
    "agent_error": (Fault.AGENT, FailureCategory.MODEL_ERROR, OutcomeStatus.ERROR),
    "user_error": (Fault.SIMULATOR, FailureCategory.MODEL_ERROR, OutcomeStatus.ERROR),
    "infrastructure_error": (Fault.INFRASTRUCTURE, FailureCategory.SYSTEM_ERROR, OutcomeStatus.ERROR),
    "unexpected_error": (Fault.INFRASTRUCTURE, FailureCategory.SYSTEM_ERROR, OutcomeStatus.ERROR),
    "timeout": (Fault.AGENT, FailureCategory.TIMEOUT, OutcomeStatus.TIMEOUT),
}


def looks_like(value: Any) -> bool:
    """Is this an object with simulations and their tasks?"""
    return isinstance(value, dict) and {"info", "tasks", "simulations"} <= value.keys()


def read(document: Document, name: str) -> ImportedLog:
    """
    Raises:
        LogUnreadable: The log has no simulation, or one lacks what every one has.
    """
    whole = Entry.of(document.file, "the log", document.value)
    info = whole.entry_or_empty("info")
    domain = info.entry_or_empty("environment_info").text("domain_name")
    suite = f"tau2_{slug(domain)}" if domain and slug(domain) else "tau2_bench"
    simulations = whole.entries("simulations")
    if not simulations:
        raise LogUnreadable(document.file, "no simulation; at least one was expected", field="simulations")
    described = [_task(suite, each) for each in whole.entries("tasks")]
    run = [each.name("task_id") for each in simulations]
    wanted = {scenario_id(suite, each) for each in run}
    tasks = in_order(
        [each for each in described if each.scenario_id in wanted]
        + [task(suite, each, prompt=None, ground_truth={}) for each in run]
    )
    numbers = _trial_numbers(simulations, run)
    trials = tuple(
        _trial(document, suite, each, task_id, number)
        for each, task_id, number in zip(simulations, run, numbers, strict=True)
    )
    agent = _agent(name, info, trials)
    return ImportedLog(
        file=document.file,
        format=_FORMAT,
        suite=suite,
        content_hash=document.content_hash,
        name=name,
        agent=agent,
        tasks=tasks,
        trials=trials,
        assumed=tuple(_assumed(simulations, agent, domain, suite, trials, tasks)),
        seed=_seed(info),
        metadata=_metadata(document, whole, info),
    )


def _task(suite: str, entry: Entry) -> ImportedTask:
    criteria = entry.entry_or_empty("evaluation_criteria")
    actions = [_action(each) for each in criteria.entries("actions")]
    truth: dict[str, Any] = {"actions": actions} if actions else {}
    for key in ("communicate_info", "env_assertions", "nl_assertions", "reward_basis", "acceptable_outcomes"):
        if kept := _without_nulls(criteria.get(key)):
            truth[key] = kept
    return task(
        suite,
        entry.name("id"),
        prompt=_prompt(entry.entry_or_empty("user_scenario").get("instructions")) or entry.text("ticket"),
        ground_truth=truth,
        expected_tools=[each["name"] for each in actions if "requestor" not in each],
    )


def _action(entry: Entry) -> dict[str, Any]:
    action = {"name": entry.name("name"), "arguments": entry.get("arguments") or {}}
    if entry.get("requestor") == "user":
        action["requestor"] = "user"
    if entry.get("compare_args") is not None:
        action["compare_args"] = entry.get("compare_args")
    return action


def _prompt(instructions: Any) -> str | None:
    """What the simulated user was told, as text; structured instructions are written out, one part a paragraph."""
    if isinstance(instructions, str):
        return instructions or None
    if isinstance(instructions, Mapping):
        order = ("reason_for_call", "known_info", "unknown_info", "task_instructions")
        parts = (instructions.get(key) for key in order)
        return "\n\n".join(str(each).strip() for each in parts if each) or None
    return None


def _without_nulls(value: Any) -> Any:
    """The value without null members, which later versions of the benchmark add."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def _trial_numbers(simulations: Sequence[Entry], task_ids: Sequence[str]) -> list[int]:
    """Each simulation's number within its task, from 1, in the order of the log's own numbers and then of its lines."""
    numbers = [0] * len(simulations)
    seen: Counter[str] = Counter()
    for i in sorted(range(len(simulations)), key=lambda i: (simulations[i].number("trial") or 0.0, i)):
        seen[task_ids[i]] += 1
        numbers[i] = seen[task_ids[i]]
    return numbers


def _agent(name: str, info: Entry, trials: Sequence[ImportedTrial]) -> dict[str, Any]:
    declared = info.entry_or_empty("agent_info")
    settings = dict(declared.entry_or_empty("llm_args").value)
    temperature = settings.pop("temperature", None)
    sensible = (
        isinstance(temperature, int | float) and not isinstance(temperature, bool) and 0 <= float(temperature) <= 2
    )
    agent: dict[str, Any] = {
        "name": name,
        "model": declared.text("llm"),
        "temperature": temperature if sensible else None,
    }
    if policy := info.entry_or_empty("environment_info").text("policy"):
        agent["system_prompt"] = policy
    if used := sorted({each.tool_name for trial in trials for each in trial.tools}):
        agent["tools"] = [{"name": each} for each in used]
    if settings:
        agent["params"] = settings
    if implementation := declared.text("implementation"):
        agent["metadata"] = {"implementation": implementation}
    return agent


def _trial(document: Document, suite: str, entry: Entry, task_id: str, number: int) -> ImportedTrial:
    reward_info = entry.entry("reward_info")
    reward = reward_info.number("reward") if reward_info else None
    if reward is not None and not 0 <= reward <= 1:
        raise LogUnreadable(document.file, f"{reward:g} where a reward from 0 to 1 was expected", field="reward")
    start = _time(entry, "start_time")
    end = _time(entry, "end_time")
    transcript, usage = _transcribed(entry.entries("messages"), start)

    passed = None if reward is None else reward >= _PASSING
    score = reward
    blame = None if passed else _blame(entry, reward_info, reward, len(transcript.steps))
    if blame is not None and not blame.is_scored:
        passed = score = None
    status = blame.status if blame else OutcomeStatus.SUCCESS

    trajectory: dict[str, Any] = {
        "start_time": None if start is None else start.isoformat(),
        "end_time": None if end is None else end.isoformat(),
        "status": status.value,
        "steps": transcript.steps,
        "scores": [] if score is None else [{"scorer": "external", "score": score, "passed": passed}],
    }
    if blame is not None and status is not OutcomeStatus.SUCCESS:
        trajectory["error"] = blame.as_json()
    duration_s = entry.amount("duration")
    user_cost = _money(entry, "user_cost")
    return ImportedTrial(
        scenario_id=scenario_id(suite, task_id),
        trial_number=number,
        status=status,
        passed=passed,
        score=score,
        trajectory=trajectory,
        fault=blame.fault.value if blame else None,
        error_code=blame.failure_type if blame and status is not OutcomeStatus.SUCCESS else None,
        error_category=blame.category_of_error(status) if blame else None,
        started_at=start,
        duration_ms=None if duration_s is None else duration_s * 1000,
        tokens=usage,
        cost_usd=_money(entry, "agent_cost"),
        tools=transcript.tools(),
        failures=(blame.as_failure(),) if blame else (),
        metrics={} if user_cost is None else {"user_cost_usd": str(user_cost)},
        source={
            key: entry.get(key)
            for key in ("id", "task_id", "trial", "seed", "termination_reason", "reward_info", "mode")
            if entry.get(key) is not None
        },
    )


def _transcribed(messages: Sequence[Entry], start: datetime | None) -> tuple[Transcript, int | None]:
    """The steps, and the tokens of the agent's own model calls, as far as they were counted."""
    transcript = Transcript()
    tokens: int | None = None
    for message in messages:
        role = message.name("role")
        at_ms = _since(start, _time(message, "timestamp"))
        if role == "tool":
            content = message.get("content")
            error = conversations.text_of(content) if message.get("error") else None
            if error is not None:
                error = conversations.error_in(error) or error or "unknown"
            transcript.tool_result(message.text("id"), None, content, error, at_ms)
            continue
        measured = _measured(message)
        if role == "assistant" and "usage" in measured:
            tokens = (tokens or 0) + measured["usage"]["input_tokens"] + measured["usage"]["output_tokens"]
        words = conversations.text_of(message.get("content"))
        calls = message.entries("tool_calls")
        if words:
            transcript.message(role, words, at_ms, **measured)
        elif calls and role == "assistant" and measured:
            asked_for = [{"id": each.get("id"), "name": each.name("name")} for each in calls]
            transcript.model_call(at_ms, **measured, tool_calls=asked_for)
        for call in calls:
            transcript.tool_call(
                call.text("id"),
                call.name("name"),
                conversations.arguments(call.get("arguments")),
                at_ms,
                caller=role,
            )
    return transcript, tokens


def _measured(message: Entry) -> dict[str, Any]:
    """What a model call took, for messages that came from a model."""
    usage = message.entry("usage")
    if usage is None:
        return {}
    found: dict[str, Any] = {
        "usage": {
            "input_tokens": int(usage.amount("prompt_tokens") or 0),
            "output_tokens": int(usage.amount("completion_tokens") or 0),
        }
    }
    cost = _money(message, "cost")
    if cost is not None:
        found["cost_usd"] = str(cost)
    seconds = message.amount("generation_time_seconds")
    if seconds is not None:
        found["duration_ms"] = seconds * 1000
    raw = message.get("raw_data")
    if isinstance(raw, Mapping) and isinstance(raw.get("model"), str):
        found["model"] = raw["model"]
    return found


def _blame(entry: Entry, reward_info: Entry | None, reward: float | None, steps: int) -> Blame:
    last_step = steps - 1 if steps else None
    ended_by = entry.text("termination_reason") or "unknown"
    if ended_by == "max_steps":
        return out_of_steps("the conversation reached the limit of steps", last_step)
    if ended_by in _BROKEN_OFF:
        fault, category, status = _BROKEN_OFF[ended_by]
        return Blame(
            fault, category, ended_by, f"the simulation ended early: {ended_by.replace('_', ' ')}", status, last_step
        )
    if reward_info is None or reward is None:
        return Blame(
            Fault.JUDGE,
            FailureCategory.UNKNOWN,
            "not_graded",
            "the log holds no reward for this trial",
            OutcomeStatus.ERROR,
            last_step,
        )
    return _shortcoming(reward_info, reward, last_step)


def _shortcoming(reward_info: Entry, reward: float, last_step: int | None) -> Blame:
    """The first check of the reward's basis that failed."""
    basis = reward_info.get("reward_basis")
    counts = set(basis) if isinstance(basis, list) else set()
    if "DB" in counts and reward_info.entry_or_empty("db_check").get("db_match") is False:
        return wrong("wrong_final_state", "left the database in another state than expected", last_step)
    for key, part, met, what, kind in (
        ("ENV_ASSERTION", "env_assertions", "met", "does not hold", "assertion_failed"),
        ("COMMUNICATE", "communicate_checks", "met", "did not tell the customer", "missing_outputs"),
        ("ACTION", "action_checks", "action_match", "did not do", "missing_actions"),
        ("NL_ASSERTION", "nl_assertions", "met", "does not hold", "judged_wrong"),
    ):
        failed = [each for each in reward_info.entries(part) if each.get(met) is False]
        if key in counts and failed:
            return wrong(kind, f"{what}: {'; '.join(map(_subject, failed))}", last_step)
    note = reward_info.entry_or_empty("info").get("note")
    reason = note if isinstance(note, str) else "the log does not say why"
    if reward > 0:
        return wrong("partly_rewarded", f"got a reward of {reward:g}: {reason}", last_step)
    return wrong("not_rewarded", reason[:1].lower() + reason[1:], last_step)


def _subject(check: Entry) -> str:
    """What a failed check was about."""
    action = check.entry("action")
    if action is not None:
        return action.name("name")
    assertion = check.entry("env_assertion")
    if assertion is not None:
        return str(assertion.get("func_name"))
    return str(check.get("info") or check.get("nl_assertion") or "an assertion")


def _time(entry: Entry, key: str) -> datetime | None:
    text = entry.text(key)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        entry.refuse(key, "a time such as 2025-10-06T19:24:17")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _since(start: datetime | None, at: datetime | None) -> float | None:
    """Milliseconds into the trial; what was said before it began, in a given history, has none."""
    if start is None or at is None or at < start:
        return None
    return (at - start).total_seconds() * 1000


def _money(entry: Entry, key: str) -> Decimal | None:
    amount = entry.amount(key)
    return None if amount is None else Decimal(repr(amount))


def _seed(info: Entry) -> int | None:
    seed = info.get("seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and -(2**63) <= seed < 2**63 else None


def _metadata(document: Document, whole: Entry, info: Entry) -> dict[str, Any]:
    user = info.entry_or_empty("user_info")
    found = {
        "format": _FORMAT,
        "file": document.file.name,
        "logged_at": whole.get("timestamp"),
        "git_commit": info.get("git_commit"),
        "max_steps": info.get("max_steps"),
        "max_errors": info.get("max_errors"),
        "user_model": user.get("llm"),
        "user_params": user.get("llm_args"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _assumed(
    simulations: Sequence[Entry],
    agent: Mapping[str, Any],
    domain: str | None,
    suite: str,
    trials: Sequence[ImportedTrial],
    tasks: Sequence[ImportedTask],
) -> Iterable[str]:
    unsaid = [key for key in ("model", "temperature") if agent.get(key) is None]
    if unsaid:
        yield f"The log does not say the agent's {' and '.join(unsaid)}: null."
    if not domain:
        yield f"The log does not name its domain: the scenarios are named {suite}."
    yield "The log lists no tools: those that were called stand in the configuration, without descriptions."
    if any(each.started_at for each in trials):
        yield "The log's times have no zone: they are read as UTC."
    for what, missing in (
        ("start time", [each for each in trials if each.started_at is None]),
        ("duration", [each for each in trials if each.duration_ms is None]),
        ("cost of the agent", [each for each in trials if each.cost_usd is None]),
        ("token count", [each for each in trials if each.tokens is None]),
    ):
        if missing:
            rest = "execution_time is the moment of the import" if what == "start time" else "null, not 0"
            yield f"The log has no {what} for {len(missing)} of {len(trials)} trials: {rest}."
    yield "The log does not say how long its tools took: null."
    if any(each.fault == Fault.AGENT and each.status is OutcomeStatus.SUCCESS for each in trials):
        yield (
            "The log does not say who is to blame where the reward is below 1: "
            "the agent, although a mistake of the simulated user looks the same."
        )
    if any(
        (each.number("trial") or 0.0) != trial.trial_number - 1 for each, trial in zip(simulations, trials, strict=True)
    ):
        yield "Trials are numbered from 1 within their task; the log's own numbers are kept in execution_metadata."
    unknown = [each.scenario_id for each in tasks if not each.is_known]
    if unknown:
        yield (
            f"The log does not describe the tasks of {len(unknown)} scenarios: "
            "they are taken from logs of the same suite imported before or together, or else left unknown."
        )
