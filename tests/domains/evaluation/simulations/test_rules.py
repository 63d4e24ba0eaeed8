"""Decisions about simulations."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall import clock
from guildhall.domains.evaluation.simulations import Closing, NewSimulation, PinnedScenario, PlanRefused, rules

SIMULATION = UUID(int=1)


def closing(scenario_id: str, number: int | None = None) -> Closing:
    return Closing(SIMULATION, scenario_id, number, uuid4(), clock.now())


def taken(scenario_id: str, number: int, state: str) -> dict[str, object]:
    return {"simulation_id": SIMULATION, "scenario_id": scenario_id, "trial_number": number, "state": state}


def test_an_outcome_without_a_number_takes_the_first_trial_that_nobody_has_begun() -> None:
    trials = [taken("a", 1, "done"), taken("a", 2, "running"), taken("a", 3, "pending")]
    numbers = [each.trial_number for each in rules.numbered([closing("a"), closing("a")], trials)]
    assert numbers == [3, 4]


def test_a_number_that_is_named_is_left_to_whoever_named_it() -> None:
    trials = [taken("a", 1, "pending"), taken("a", 2, "pending")]
    numbers = [each.trial_number for each in rules.numbered([closing("a"), closing("a", 1), closing("a")], trials)]
    assert numbers == [2, 1, 3]


states = st.sampled_from(["pending", "running", "done", "skipped"])


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.one_of(st.none())), max_size=12),
    st.dictionaries(st.tuples(st.sampled_from("ab"), st.integers(1, 6)), states),
)
def test_new_numbers_collide_neither_with_each_other_nor_with_what_is_taken(
    wanted: list[tuple[str, None]], present: dict[tuple[str, int], str]
) -> None:
    trials = [taken(scenario, number, state) for (scenario, number), state in sorted(present.items())]
    given_out = rules.numbered([closing(scenario) for scenario, _ in wanted], trials)
    keys = Counter((each.scenario_id, each.trial_number) for each in given_out)
    assert all(count == 1 for count in keys.values())
    assert all(present.get((scenario, number), "pending") == "pending" for scenario, number in keys)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scenarios": []}, "scenarios"),
        ({"scenarios": [PinnedScenario("a", "x"), PinnedScenario("a", "x")]}, "scenarios"),
        ({"trials": 0}, "trials"),
        ({"trials": 10_001}, "trials"),
        ({"max_cost_usd": Decimal(0)}, "max_cost_usd"),
    ],
)
def test_a_plan_that_makes_no_sense_names_the_field(change: dict[str, object], field: str) -> None:
    plan = {"config_version_id": uuid4(), "scenarios": [PinnedScenario("a", "x")], **change}
    with pytest.raises(PlanRefused) as refused:
        rules.check_plan(NewSimulation(**plan))
    assert refused.value.details["field"] == field
    assert refused.value.remedy


def test_a_workers_lock_fits_into_a_bigint() -> None:
    assert 0 <= rules.worker_key(UUID(int=2**128 - 1)) < 2**63
