"""Decisions about simulations that need nothing but what they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from guildhall.domains.evaluation.simulations.errors import PlanRefused
from guildhall.domains.evaluation.simulations.types import Closing, NewSimulation

MOST_TRIALS = 10_000
MOST_IN_ALL = 5_000_000


def check_plan(new: NewSimulation) -> None:
    """
    Refuse a plan that makes no sense.

    Raises:
        PlanRefused: No scenarios, one scenario twice, or too many trials.
    """
    if not new.scenarios:
        raise PlanRefused("scenarios", [], "at least one scenario", "Name a scenarios file that has some.")
    ids = [pin.scenario_id for pin in new.scenarios]
    twice = sorted({each for each in ids if ids.count(each) > 1}) if len(set(ids)) != len(ids) else []
    if twice:
        raise PlanRefused("scenarios", twice, "each scenario once", "Name each scenarios file once.")
    if not 1 <= new.trials <= MOST_TRIALS:
        raise PlanRefused("trials", new.trials, f"1 to {MOST_TRIALS} trials", "Choose a number in that range.")
    if new.trials * len(ids) > MOST_IN_ALL:
        raise PlanRefused("trials", new.trials * len(ids), f"at most {MOST_IN_ALL} trials in all", "Split the run.")
    if new.max_cost_usd is not None and new.max_cost_usd <= 0:
        raise PlanRefused("max_cost_usd", str(new.max_cost_usd), "an amount above 0", "Leave it out for no budget.")


def numbered(closings: Sequence[Closing], taken: Iterable[Mapping[str, object]]) -> list[Closing]:
    """
    Give every closing without a number the first of its scenario that is still to do, or the next new one.

    `taken` are the trials that exist, with `simulation_id`, `scenario_id`, `trial_number` and `state`.
    """
    to_do: dict[tuple[UUID, str], list[int]] = {}
    highest: dict[tuple[UUID, str], int] = {}
    for trial in taken:
        key: tuple[UUID, str] = (trial["simulation_id"], trial["scenario_id"])  # type: ignore[assignment]
        number: int = trial["trial_number"]  # type: ignore[assignment]
        highest[key] = max(highest.get(key, 0), number)
        if trial["state"] == "pending":
            to_do.setdefault(key, []).append(number)
    for closing in closings:
        if closing.trial_number is not None:
            key = (closing.simulation_id, closing.scenario_id)
            highest[key] = max(highest.get(key, 0), closing.trial_number)
            if closing.trial_number in to_do.get(key, ()):
                to_do[key].remove(closing.trial_number)

    result = []
    for closing in closings:
        if closing.trial_number is None:
            key = (closing.simulation_id, closing.scenario_id)
            if to_do.get(key):
                number = to_do[key].pop(0)
            else:
                number = highest[key] = highest.get(key, 0) + 1
            closing = Closing(  # noqa: PLW2901 - the same closing, with its number
                closing.simulation_id, closing.scenario_id, number, closing.outcome_id, closing.execution_time
            )
        result.append(closing)
    return result


def confined_together(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """
    How trials are confined of which some ran in one way and some in another.

    >>> confined_together({"isolation": "rlimits"}, {"isolation": "bubblewrap"})
    {'isolation': 'bubblewrap or rlimits'}
    """
    together = dict(now)
    for key, value in before.items():
        ways = {*str(value).split(" or "), *str(now.get(key, value)).split(" or ")}
        together[key] = " or ".join(sorted(ways)) if value != now.get(key, value) else value
    return together


def worker_key(worker: UUID) -> int:
    """The number of the advisory lock that a runner holds for as long as it lives: 63 bits of its id."""
    return worker.int & (1 << 63) - 1
