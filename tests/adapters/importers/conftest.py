"""Small logs of both benchmarks, made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

POLICY = "# Airline Agent Policy\n\nCancel only within a day."

TASK = {
    "user_id": "mia_li_3668",
    "instruction": "You are mia_li_3668 and want to cancel your flight.",
    "actions": [{"name": "cancel_reservation", "kwargs": {"reservation_id": "K1NW8N"}}],
    "outputs": ["327"],
}


def tau_row(**changes: Any) -> dict[str, Any]:
    """A τ-bench trial that passed, but for the changes."""
    row: dict[str, Any] = {
        "task_id": 0,
        "trial": 0,
        "reward": 1.0,
        "info": {
            "task": TASK,
            "source": "user",
            "user_cost": 0.0035,
            "reward_info": {"reward": 1.0, "info": {"r_actions": 1.0, "gt_data_hash": "ea14"}, "actions": []},
        },
        "traj": [
            {"role": "system", "content": POLICY},
            {"role": "user", "content": "Cancel K1NW8N."},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "get_reservation_details", "arguments": '{"reservation_id": "K1NW8N"}'},
                    }
                ],
            },
            {
                "role": "tool",
                "tool_call_id": "call_1",
                "name": "get_reservation_details",
                "content": "Error: user not found",
            },
            {"role": "assistant", "content": "It is cancelled."},
            {"role": "user", "content": "###STOP###"},
        ],
    }
    return row | changes


def failed_row(**changes: Any) -> dict[str, Any]:
    """A τ-bench trial whose harness raised: it holds neither task nor conversation."""
    return tau_row(reward=0.0, traj=[], info={"error": "boom", "traceback": ""} | changes.pop("info", {}), **changes)


def tau2_log(**changes: Any) -> dict[str, Any]:
    """A τ²-bench log with one trial that passed, but for the changes to that trial."""
    simulation: dict[str, Any] = {
        "id": "06ebfd3c-9e15-4662-bc20-adf15ce275b4",
        "task_id": "create_task_1",
        "trial": 0,
        "seed": 5,
        "start_time": "2026-05-31T11:41:11.000000",
        "end_time": "2026-05-31T11:41:14.500000",
        "duration": 3.5,
        "termination_reason": "user_stop",
        "agent_cost": 0.0004524,
        "user_cost": 0.0006,
        "reward_info": {"reward": 1.0, "reward_basis": ["DB"], "db_check": {"db_match": True}},
        "messages": [
            {"role": "assistant", "content": "Hi!", "timestamp": "2026-05-31T11:41:11.000000", "cost": 0.0},
            {
                "role": "user",
                "content": "Create a task.",
                "timestamp": "2026-05-31T11:41:12.000000",
                "usage": {"prompt_tokens": 700, "completion_tokens": 10},
            },
            {
                "role": "assistant",
                "content": None,
                "timestamp": "2026-05-31T11:41:13.000000",
                "cost": 0.0002,
                "usage": {"prompt_tokens": 500, "completion_tokens": 20},
                "raw_data": {"model": "gpt-4.1-mini-2025-04-14"},
                "tool_calls": [{"id": "c1", "name": "create_task", "arguments": {"title": "Meeting"}}],
            },
            {"role": "tool", "id": "c1", "content": "Error: no such user", "error": True, "requestor": "assistant"},
            {
                "role": "user",
                "content": None,
                "tool_calls": [{"id": "u1", "name": "check_inbox", "arguments": {}, "requestor": "user"}],
            },
            {"role": "tool", "id": "u1", "content": "[]", "error": False, "requestor": "user"},
        ],
    }
    return {
        "timestamp": "2026-05-31T11:41:11.137049",
        "info": {
            "seed": 300,
            "git_commit": "437e53e",
            "user_info": {"llm": "openai/gpt-4.1-mini", "llm_args": {"temperature": 0.0}},
            "agent_info": {
                "implementation": "llm_agent",
                "llm": "openai/gpt-4.1-mini",
                "llm_args": {"temperature": 0.0, "max_tokens": 500},
            },
            "environment_info": {"domain_name": "mock", "policy": "# Mock policy", "tool_defs": None},
        },
        "tasks": [
            {
                "id": "create_task_1",
                "user_scenario": {"persona": None, "instructions": "You want a task called 'Meeting'."},
                "evaluation_criteria": {
                    "actions": [
                        {
                            "action_id": "a",
                            "name": "create_task",
                            "requestor": "assistant",
                            "arguments": {"title": "Meeting"},
                            "info": None,
                        }
                    ],
                    "nl_assertions": None,
                    "reward_basis": ["DB"],
                },
            }
        ],
        "simulations": [simulation | changes],
    }


@pytest.fixture
def log_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a log and names its file."""

    def write(value: Any, name: str = "log.json") -> Path:
        file = tmp_path / name
        file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return file

    return write
