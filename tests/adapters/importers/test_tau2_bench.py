"""τ²-bench logs in our words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.importers.conftest import tau2_log
from guildhall.adapters.importers import LogUnreadable, read_log

Writer = Callable[..., Path]


def test_times_costs_and_tokens_of_the_agent_are_kept(log_file: Writer) -> None:
    [trial] = read_log(log_file(tau2_log())).trials

    assert trial.started_at == datetime(2026, 5, 31, 11, 41, 11, tzinfo=UTC)
    assert trial.duration_ms == 3500
    assert trial.cost_usd == Decimal("0.0004524")
    assert trial.tokens == 520  # the agent's one call; the user's 710 are not the agent's
    assert trial.metrics == {"user_cost_usd": "0.0006"}


def test_the_agent_is_described_as_the_log_does(log_file: Writer) -> None:
    log = read_log(log_file(tau2_log(), "tau2.json"))

    assert (log.suite, log.seed) == ("tau2_mock", 300)
    assert log.agent == {
        "name": "tau2",
        "model": "openai/gpt-4.1-mini",
        "temperature": 0.0,
        "system_prompt": "# Mock policy",
        "tools": [{"name": "create_task"}],
        "params": {"max_tokens": 500},
        "metadata": {"implementation": "llm_agent"},
    }


def test_tools_of_the_simulated_user_are_not_the_agents(log_file: Writer) -> None:
    [trial] = read_log(log_file(tau2_log())).trials

    assert [(each.tool_name, each.call_count, each.error_count) for each in trial.tools] == [("create_task", 1, 1)]
    assert [(step["type"], step.get("requestor")) for step in trial.trajectory["steps"] if "call" in step["type"]] == [
        ("model_call", None), ("tool_call", None), ("tool_call", "user"),
    ]  # fmt: skip


def test_a_model_call_says_what_it_took(log_file: Writer) -> None:
    [trial] = read_log(log_file(tau2_log())).trials

    [call] = [step for step in trial.trajectory["steps"] if step["type"] == "model_call"]
    assert call["usage"] == {"input_tokens": 500, "output_tokens": 20}
    assert (call["cost_usd"], call["model"], call["at_ms"]) == ("0.0002", "gpt-4.1-mini-2025-04-14", 2000.0)


def test_a_log_without_a_temperature_leaves_it_null_and_says_so(log_file: Writer) -> None:
    value = tau2_log()
    value["info"]["agent_info"] = {"llm": "own/model"}

    log = read_log(log_file(value))

    assert (log.agent["model"], log.agent["temperature"]) == ("own/model", None)
    assert any("temperature: null" in sentence for sentence in log.assumed)


def test_costs_that_are_missing_are_null_and_counted(log_file: Writer) -> None:
    log = read_log(log_file(tau2_log(agent_cost=None, duration=None)))

    assert (log.trials[0].cost_usd, log.trials[0].duration_ms) == (None, None)
    assert "The log has no cost of the agent for 1 of 1 trials: null, not 0." in log.assumed


@pytest.mark.parametrize(
    ("reason", "status", "fault", "passed"),
    [
        ("max_steps", "error", "agent", False),
        ("too_many_errors", "error", "agent", False),
        ("agent_error", "error", "agent", False),
        ("user_error", "error", "simulator", None),
        ("infrastructure_error", "error", "infrastructure", None),
    ],
)
def test_a_simulation_that_was_broken_off_says_by_whom(
    log_file: Writer, reason: str, status: str, fault: str, passed: bool | None
) -> None:
    [trial] = read_log(log_file(tau2_log(termination_reason=reason, reward_info={"reward": 0.0}))).trials

    assert (trial.status, trial.fault, trial.passed) == (status, fault, passed)
    assert trial.failures[0].failure_type == reason


@pytest.mark.parametrize(
    ("reward_info", "failure_type", "words"),
    [
        ({"reward_basis": ["DB"], "db_check": {"db_match": False}}, "wrong_final_state", "database"),
        (
            {
                "reward_basis": ["COMMUNICATE"],
                "db_check": {"db_match": False},  # not part of this reward
                "communicate_checks": [{"info": "the price", "met": False}, {"info": "the date", "met": True}],
            },
            "missing_outputs",
            "did not tell the customer: the price",
        ),
        (
            {
                "reward_basis": ["ACTION"],
                "action_checks": [{"action": {"name": "create_task"}, "action_match": False}],
            },
            "missing_actions",
            "did not do: create_task",
        ),
        ({"reward_basis": ["DB"], "info": {"note": "No acceptable outcome matched"}}, "not_rewarded", "no acceptable"),
    ],
)
def test_a_reward_of_0_is_explained_by_the_check_it_rests_on(
    log_file: Writer, reward_info: dict[str, Any], failure_type: str, words: str
) -> None:
    [trial] = read_log(log_file(tau2_log(reward_info={"reward": 0.0} | reward_info))).trials

    assert (trial.status, trial.passed, trial.score, trial.fault) == ("success", False, 0.0, "agent")
    assert trial.failures[0].failure_type == failure_type
    assert words in (trial.failures[0].error_message or "")


def test_a_partial_reward_is_the_score_and_does_not_pass(log_file: Writer) -> None:
    [trial] = read_log(log_file(tau2_log(reward_info={"reward": 0.7}))).trials

    assert (trial.passed, trial.score) == (False, 0.7)
    assert trial.failures[0].failure_type == "partly_rewarded"


def test_a_trial_that_nobody_graded_is_not_scored(log_file: Writer) -> None:
    [trial] = read_log(log_file(tau2_log(reward_info=None))).trials

    assert (trial.status, trial.passed, trial.score, trial.fault) == ("error", None, None, "judge")


def test_structured_instructions_become_a_prompt(log_file: Writer) -> None:
    value = tau2_log()
    value["tasks"][0]["user_scenario"]["instructions"] = {
        "domain": "airline",
        "reason_for_call": "You want to fly.",
        "known_info": None,
        "task_instructions": "Be brief.",
    }

    [task] = read_log(log_file(value)).tasks

    assert task.definition["task_prompt"] == "You want to fly.\n\nBe brief."
    assert task.definition["ground_truth"] == {
        "actions": [{"name": "create_task", "arguments": {"title": "Meeting"}}],
        "reward_basis": ["DB"],
    }


def test_tasks_that_were_not_run_are_left_out(log_file: Writer) -> None:
    value = tau2_log()
    value["tasks"].append(value["tasks"][0] | {"id": "never_run"})

    assert [each.scenario_id for each in read_log(log_file(value)).tasks] == ["tau2_mock_create_task_1"]


def test_ids_that_differ_only_in_signs_do_not_meet(log_file: Writer) -> None:
    value = tau2_log()
    value["simulations"] = [value["simulations"][0] | {"task_id": each} for each in ("[a]b|c", "[a]b-c", "a_b_c")]

    ids = [each.scenario_id for each in read_log(log_file(value)).tasks]

    assert len(set(ids)) == 3
    assert all(each.replace("_", "").isalnum() and each.islower() for each in ids)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"task_id": None}, "simulations[0].task_id"),
        ({"start_time": "yesterday"}, "simulations[0].start_time"),
        ({"duration": -1}, "simulations[0].duration"),
        ({"agent_cost": "cheap"}, "simulations[0].agent_cost"),
        ({"messages": {}}, "simulations[0].messages"),
        ({"reward_info": {"reward": 3}}, "reward"),
        ({"reward_info": 1}, "simulations[0].reward_info"),
    ],
)
def test_a_trial_that_makes_no_sense_is_refused_with_its_place(
    log_file: Writer, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(LogUnreadable, match="expected") as refused:
        read_log(log_file(tau2_log(**changes)))

    assert field in str(refused.value)


def test_a_log_without_simulations_is_refused(log_file: Writer) -> None:
    with pytest.raises(LogUnreadable, match="no simulation"):
        read_log(log_file(tau2_log() | {"simulations": []}))


def test_real_logs_keep_what_they_say(shared_data: Path) -> None:
    mock = read_log(shared_data / "tau_bench" / "tau2-mock-gpt-4.1-mini.json.gz")
    airline = read_log(shared_data / "tau_bench" / "tau2-airline_relaxed-grok-3-mini.json.gz")

    assert (len(mock.tasks), len(mock.trials), sum(bool(each.passed) for each in mock.trials)) == (10, 10, 8)
    assert mock.agent["model"] == "openai/gpt-4.1-mini"
    assert (len(airline.tasks), sorted(each.trial_number for each in airline.trials)) == (1, [1, 2, 3, 4])
    assert sum(each.error_count for trial in airline.trials for each in trial.tools) == 1
