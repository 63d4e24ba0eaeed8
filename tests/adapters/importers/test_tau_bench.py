"""τ-bench logs in our words."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from math import comb
from pathlib import Path

import pytest

from adapters.importers.conftest import TASK, failed_row, tau_row
from guildhall.adapters.importers import LogUnreadable, read_log

Writer = Callable[..., Path]


def test_a_trial_keeps_its_reward_its_conversation_and_its_tools(log_file: Writer) -> None:
    [trial] = read_log(log_file([tau_row()])).trials

    assert (trial.status, trial.passed, trial.score, trial.fault) == ("success", True, 1.0, None)
    assert [step["type"] for step in trial.trajectory["steps"]] == [
        "message", "tool_call", "tool_result", "message", "message",
    ]  # fmt: skip
    call, result = trial.trajectory["steps"][1:3]
    assert call["arguments"] == {"reservation_id": "K1NW8N"}
    assert (result["name"], result["error"]) == ("get_reservation_details", "user not found")
    [tool] = trial.tools
    assert (tool.tool_name, tool.call_count, tool.error_count) == ("get_reservation_details", 1, 1)
    assert tool.tool_sequence == [1]


def test_what_the_log_does_not_say_is_none_and_named(log_file: Writer) -> None:
    log = read_log(log_file([tau_row()]))

    assert log.agent["model"] is None
    assert log.agent["temperature"] is None
    [trial] = log.trials
    assert (trial.tokens, trial.cost_usd, trial.duration_ms, trial.started_at) == (None, None, None, None)
    assert trial.trajectory["start_time"] is None
    for unsaid in ("model", "temperature", "execution_time", "tokens", "costs", "user_cost", "suite"):
        assert any(unsaid in sentence for sentence in log.assumed), unsaid


def test_the_policy_becomes_the_system_prompt_and_names_the_suite(log_file: Writer) -> None:
    log = read_log(log_file([tau_row()]))

    assert log.agent["system_prompt"].startswith("# Airline Agent Policy")
    assert log.suite == "tau_airline"
    assert not any(step.get("role") == "system" for step in log.trials[0].trajectory["steps"])


def test_without_a_policy_the_tools_tell_the_suite(log_file: Writer) -> None:
    task = TASK | {"actions": [{"name": "return_delivered_order_items", "kwargs": {}}]}
    row = tau_row(traj=[{"role": "user", "content": "Hello"}])
    row["info"] = row["info"] | {"task": task}

    assert read_log(log_file([row])).suite == "tau_retail"


def test_task_0_of_two_suites_are_two_scenarios(log_file: Writer) -> None:
    retail = tau_row(traj=[{"role": "system", "content": "# Retail agent policy\n"}])

    one = read_log(log_file([tau_row()])).tasks[0].scenario_id
    two = read_log(log_file([retail])).tasks[0].scenario_id

    assert (one, two) == ("tau_airline_0", "tau_retail_0")


def test_a_task_is_the_same_scenario_whichever_agent_ran_it(log_file: Writer) -> None:
    other = tau_row(reward=0.0, traj=tau_row()["traj"][:2])

    one = read_log(log_file([tau_row()], "one.json"))
    two = read_log(log_file([other], "two.json"))

    assert one.tasks == two.tasks
    assert one.content_hash != two.content_hash


def test_trials_are_numbered_within_their_task_even_where_the_log_counts_on(log_file: Writer) -> None:
    rows = [tau_row(task_id=7, trial=9), tau_row(task_id=8, trial=4), tau_row(task_id=7, trial=2)]

    log = read_log(log_file(rows))

    assert [(each.scenario_id, each.trial_number) for each in log.trials] == [
        ("tau_airline_7", 2), ("tau_airline_8", 1), ("tau_airline_7", 1),
    ]  # fmt: skip
    assert [each.source["trial"] for each in log.trials] == [9, 4, 2]
    assert any("numbered from 1" in sentence for sentence in log.assumed)


@pytest.mark.parametrize(
    ("reward_info", "status", "failure_type", "words"),
    [
        ({"info": {"r_actions": 0.0}}, "success", "wrong_final_state", "database"),
        ({"info": {"r_outputs": 0.0, "outputs": {"327": False, "9": True}}}, "success", "missing_outputs", ": 327"),
        ({"info": {"r_outputs": 1.0, "outputs": {"327": True}}}, "success", "wrong_final_state", "database"),
        (None, "error", "max_steps", "limit of steps"),
    ],
)
def test_a_reward_of_0_is_explained_by_the_check_that_failed(
    log_file: Writer, reward_info: object, status: str, failure_type: str, words: str
) -> None:
    info = tau_row()["info"] | {"reward_info": reward_info}

    [trial] = read_log(log_file([tau_row(reward=0.0, info=info)])).trials

    assert (trial.status, trial.passed, trial.score, trial.fault) == (status, False, 0.0, "agent")
    [failure] = trial.failures
    assert failure.failure_type == failure_type
    assert words in (failure.error_message or "")


@pytest.mark.parametrize(
    ("error", "traceback", "fault", "passed"),
    [
        ("('Connection aborted.', ConnectionResetError(10054))", "", "infrastructure", None),
        ("Rate Limit Exceeded, retry after 60 seconds", 'File "bench/agents/own.py", line 3', "infrastructure", None),
        ("unterminated string literal", 'File "C:\\bench\\agents\\own.py", line 3, in solve', "agent", False),
        (
            "Input should be a valid string",
            'File "bench/agents/own.py", line 3, in solve\nFile "bench/envs/base.py", line 120, in step\n'
            'File "lib/site-packages/pydantic/main.py", line 214, in __init__',
            "tool",
            False,
        ),
        ("bad answer", 'File "bench/envs/user.py", line 3, in step', "simulator", None),
        ("something else", "", "infrastructure", None),
    ],
)
def test_an_exception_is_blamed_on_the_code_that_was_at_work(
    log_file: Writer, error: str, traceback: str, fault: str, passed: bool | None
) -> None:
    row = failed_row(task_id=1, info={"error": error, "traceback": traceback})

    trial = read_log(log_file([tau_row(), row])).trials[1]

    assert (trial.status, trial.fault, trial.passed) == ("error", fault, passed)
    assert trial.score == (None if passed is None else 0.0)
    assert error[:20] in (trial.failures[0].error_message or "")


def test_a_task_that_no_row_describes_is_known_to_be_unknown(log_file: Writer) -> None:
    log = read_log(log_file([tau_row(), failed_row(task_id=1)]))

    assert [each.is_known for each in log.tasks] == [True, False]
    assert "does not say what the task is" in log.tasks[1].definition["task_prompt"]
    assert any("tasks of 1 scenarios" in sentence for sentence in log.assumed)


def test_a_task_that_one_row_describes_is_known(log_file: Writer) -> None:
    [task] = read_log(log_file([failed_row(trial=0), tau_row(trial=1)])).tasks

    assert task.is_known
    assert task.definition["task_prompt"] == TASK["instruction"]


def test_arguments_that_are_no_json_are_read_as_python_or_kept_as_text(log_file: Writer) -> None:
    row = json.loads(json.dumps(tau_row()).replace('{\\"reservation_id\\": \\"K1NW8N\\"}', "{'user': None}"))
    odd = json.loads(json.dumps(tau_row()).replace('{\\"reservation_id\\": \\"K1NW8N\\"}', "f(x)"))

    log = read_log(log_file([row, odd]))

    assert [each.trajectory["steps"][1]["arguments"] for each in log.trials] == [{"user": None}, "f(x)"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"task_id": None}, "[0].task_id"),
        ({"reward": "high"}, "[0].reward"),
        ({"reward": 7}, "reward"),
        ({"reward": None}, "[0].reward"),
        ({"traj": "hello"}, "[0].traj"),
        ({"traj": ["hello"]}, "[0].traj[0]"),
        ({"traj": [{"content": "hello"}]}, "[0].traj[0].role"),
        ({"traj": [{"role": "assistant", "tool_calls": [{}]}]}, "[0].traj[0].tool_calls[0].function"),
        ({"info": []}, "[0].info"),
    ],
)
def test_a_trial_that_lacks_something_is_refused_with_its_place(
    log_file: Writer, changes: dict[str, object], field: str
) -> None:
    file = log_file([tau_row(**changes)])

    with pytest.raises(LogUnreadable) as refused:
        read_log(file)

    assert str(file) in str(refused.value)
    assert field in str(refused.value)
    assert "expected" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "scenarios", "outcomes", "pass_hat"),
    [
        ("gpt-4o-airline.tasks-00-29", 30, 120, [0.3, 0.1722, 0.1417, 0.1333]),
        ("retail-tool-calling", 100, 100, [0.73]),
        ("retail-assertions", 100, 100, [0.35]),
    ],
)
def test_real_logs_give_the_figures_of_their_source(
    shared_data: Path, name: str, scenarios: int, outcomes: int, pass_hat: list[float]
) -> None:
    log = read_log(shared_data / "tau_bench" / f"{name}.json.gz")

    passed = defaultdict(list)
    for trial in log.trials:
        passed[trial.scenario_id].append(trial.source["reward"] == 1.0)
    assert (len(log.tasks), len(log.trials)) == (scenarios, outcomes)
    for k, expected in enumerate(pass_hat, start=1):  # the benchmark: mean C(passed, k) / C(trials, k)
        shares = [comb(sum(each), k) / comb(len(each), k) for each in passed.values()]
        assert round(sum(shares) / len(shares), 4) == expected


def test_what_two_agents_did_on_the_same_real_tasks_are_the_same_scenarios(shared_data: Path) -> None:
    one = {each.scenario_id: each for each in read_log(shared_data / "tau_bench/retail-tool-calling.json.gz").tasks}
    two = {each.scenario_id: each for each in read_log(shared_data / "tau_bench/retail-assertions.json.gz").tasks}

    known = {key for key, each in two.items() if each.is_known}
    assert one.keys() == two.keys()
    assert len(known) == 66
    assert all(one[key] == two[key] for key in known)
