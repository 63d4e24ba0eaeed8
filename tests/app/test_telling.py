"""What is told of trials, read into records, and told again to a server."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from guildhall import clock
from guildhall.app.telling import Fields, KnownSimulation, outcome_record, told_again
from guildhall.domains.evaluation import outcomes
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.outcomes import OutcomeStatus, PackedTrial

SIMULATION = KnownSimulation(clock.new_id(), {"scenario1": 0.8, "scenario2": 1.0})

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
amounts = st.decimals(min_value=0, max_value=1000, places=6)
told_tools = st.fixed_dictionaries(
    {"tool_name": st.text(min_size=1, max_size=10).filter(str.strip)},
    optional={
        "duration_ms": st.floats(0, 1e6),
        "success": st.booleans(),
        "error": st.sampled_from(["timeout", "refused"]),
        "cost_usd": amounts,
        "arguments": values,
        "sandbox_tool_logs": texts,
    },
)
told_failures = st.fixed_dictionaries(
    {"failure_category": st.sampled_from([*FailureCategory, "of its own"])},
    optional={
        "failure_type": st.text(min_size=1, max_size=30).filter(str.strip),
        "fault": st.sampled_from(Fault),
        "error_message": texts,
        "step": st.integers(0, 1000),
        "recovery_attempted": st.booleans(),
        "resolution_steps": texts,
        "seen_by": values,
    },
)
told_outcomes = st.fixed_dictionaries(
    {"scenario_id": st.sampled_from(["scenario1", "scenario2"]), "status": st.sampled_from(OutcomeStatus)},
    optional={
        "passed": st.booleans(),
        "reliability_score": st.floats(0, 1),
        "fault": st.sampled_from(Fault),
        "error_category": st.sampled_from(FailureCategory),
        "error_code": texts,
        "error_message": texts,
        "trial_number": st.integers(1, 1000),
        "execution_time_ms": st.floats(0, 1e9),
        "tokens_used": st.integers(0, 10**9),
        "cost_usd": amounts,
        "metrics": st.dictionaries(texts, values, max_size=3),
        "trajectory": st.dictionaries(texts, values, max_size=3),
        "tool_usage": st.lists(told_tools, max_size=3),
        "failures": st.lists(told_failures, max_size=2),
        "sandbox_logs": texts,
        "of_its_own": values,
    },
)


def packed(told: dict[str, Any]) -> PackedTrial:
    given_fields = Fields("an outcome", told)
    given_fields.identifier("simulation_id")  # whoever looks the simulation up has read it
    return outcomes.pack(outcome_record(told, given_fields, SIMULATION))


def shown(trial: PackedTrial) -> dict[str, Any]:
    """A record without the ids that are made anew for each delivery, its JSON read."""
    plain = replace(
        trial,
        tools=[columns[1:] for columns in trial.tools],
        failures=[columns for _, columns in trial.failures],  # type: ignore[misc]
    )
    return {each.name: getattr(plain, each.name) for each in fields(plain)} | {
        "trajectory": orjson.loads(trial.trajectory)
    }


@given(told_outcomes)
def test_a_record_that_is_told_again_is_the_same_record(told: dict[str, Any]) -> None:
    """So a spool may be delivered to a server, which reads what it is told with the same rules."""
    first = packed(told)
    again = orjson.loads(orjson.dumps(told_again(first), default=str))
    assert shown(packed(again)) == shown(first)
    assert UUID(again["outcome_id"]) == first.outcome_id
