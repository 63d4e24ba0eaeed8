"""One trial, step by step, and two of them side by side: what happened, and where do they part?"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from guildhall.algorithms.alignment import align, parting
from guildhall.api.frame.visits import Reading
from guildhall.app.figures import duration, money
from guildhall.dashboard.frame.texts import shown
from guildhall.dashboard.frame.views import Page, link, render
from guildhall.db import Tx
from guildhall.domains.evaluation import outcomes, scenarios, simulations
from guildhall.domains.evaluation.outcomes import Outcome
from guildhall.domains.evaluation.simulations import Simulation
from guildhall.errors import NotFound

router = APIRouter(route_class=Page, include_in_schema=False)

_STEPS = 200
_SIDE_STEPS = 100
_MOST_TRIALS = 50
_NOT_COMPARED = ("at_ms", "duration_ms", "cost_usd", "usage", "id", "call_id", "timestamp", "started_at")
"""What differs between two runs of the same thing and says nothing."""


class StepNotFound(NotFound):
    """A trajectory has no such step."""

    code = "step_not_found"

    def __init__(self, number: int, steps: int) -> None:
        super().__init__(f"the trajectory has no step {number}, it has {steps}", field="step", value=number)


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it is read: who, what, the text as far as it is shown, and what it took."""

    number: int
    css: str
    who: str
    title: str
    text: str
    left_out: int
    notes: Sequence[str]
    whole: str
    is_failure: bool


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer said."""

    scorer: str
    passed: bool | None
    score: float | None
    explanation: str


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another trial of the same scenario in the same simulation."""

    outcome: Outcome
    href: str
    beside: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One trial, ready to be shown."""

    outcome: Outcome
    simulation: Simulation
    scores: Sequence[Score]
    steps: int


@dataclass(frozen=True, slots=True)
class TrialPage:
    """One trial."""

    told: Told
    prompt: str
    prompt_left_out: int
    steps: Sequence[Step]
    previous: str | None
    next: str | None
    siblings: Sequence[Sibling]
    opposite: str | None
    pair: str | None
    log: str
    json: str


@dataclass(frozen=True, slots=True)
class SideRow:
    """Steps that stand beside each other; `parts` is the first row where both are not the same."""

    left: Step | None
    right: Step | None
    is_same: bool
    parts: bool


@dataclass(frozen=True, slots=True)
class SidesPage:
    """Two trials."""

    left: Told
    right: Told
    sentence: str
    rows: Sequence[SideRow]
    alike: int
    left_out: int
    shows_all: str | None


@router.get("/outcomes/{outcome_id}")
async def one_trial(
    visit: Reading,
    request: Request,
    outcome_id: UUID,
    first: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """One trial, step by step."""
    async with visit.transaction() as tx:
        told, steps = await _told(tx, outcome_id)
        others = await outcomes.list_outcomes(
            tx,
            simulation_id=told.simulation.simulation_id,
            scenario_id=told.outcome.scenario_id,
            at_most=_MOST_TRIALS,
        )
        pair = None
        if told.simulation.interleaved_with is not None:
            same = await outcomes.list_outcomes(
                tx,
                simulation_id=told.simulation.interleaved_with,
                scenario_id=told.outcome.scenario_id,
                trial_number=told.outcome.trial_number,
                at_most=1,
            )
            pair = same.outcomes[0] if same.outcomes else None
        prompt = (await scenarios.get_scenario(tx, told.outcome.scenario_id)).task_prompt
    here = f"/outcomes/{outcome_id}"
    ordered = sorted(others.outcomes, key=lambda each: each.trial_number)
    opposite = next((each for each in ordered if (each.passed is True) != (told.outcome.passed is True)), None)
    text, left_out = shown(prompt, 2_000)
    page = TrialPage(
        told=told,
        prompt=text,
        prompt_left_out=left_out,
        steps=[_step(outcome_id, number, steps[number]) for number in range(first, min(first + _STEPS, len(steps)))],
        previous=link(here, first=max(first - _STEPS, 0) or None) if first else None,
        next=link(here, first=first + _STEPS) if first + _STEPS < len(steps) else None,
        siblings=[
            Sibling(
                each,
                f"/outcomes/{each.outcome_id}",
                f"{here}/beside/{each.outcome_id}",
                each.outcome_id == told.outcome.outcome_id,
            )
            for each in ordered
        ],
        opposite=f"{here}/beside/{opposite.outcome_id}" if opposite else None,
        pair=f"{here}/beside/{pair.outcome_id}" if pair else None,
        log=shown((told.outcome.sandbox_logs or "")[-4_000:])[0],
        json=f"/v1/evaluation/outcomes/{outcome_id}",
    )
    return render(request, "trial.html", page, visit=visit)


@router.get("/outcomes/{outcome_id}/steps/{number}")
async def one_step(visit: Reading, outcome_id: UUID, number: int) -> Response:
    """A step whole, as a file: a browser runs nothing of it."""
    async with visit.transaction() as tx:
        _, steps = await _told(tx, outcome_id)
    if not 0 <= number < len(steps):
        raise StepNotFound(number, len(steps))
    headers = {
        "Content-Disposition": f'attachment; filename="{outcome_id.hex[-6:]}-step-{number}.json"',
        "Cache-Control": "no-store",
    }
    body = json.dumps(steps[number], ensure_ascii=True, indent=1).encode()
    return Response(body, 200, headers, "application/json")


@router.get("/outcomes/{outcome_id}/beside/{other_id}")
async def two_trials(
    visit: Reading,
    request: Request,
    outcome_id: UUID,
    other_id: UUID,
    whole: bool = False,
) -> Response:
    """Two trials side by side, aligned where they part."""
    async with visit.transaction() as tx:
        left, left_steps = await _told(tx, outcome_id)
        right, right_steps = await _told(tx, other_id)
    rows = align([_essence(each) for each in left_steps], [_essence(each) for each in right_steps])
    where = parting(rows)
    begin = 0 if whole or where is None else max(where - 2, 0)
    part = rows[begin : begin + _SIDE_STEPS]
    page = SidesPage(
        left=left,
        right=right,
        sentence=_parting_sentence(where, len(left_steps), len(right_steps)),
        rows=[
            SideRow(
                None if row.left is None else _step(outcome_id, row.left, left_steps[row.left]),
                None if row.right is None else _step(other_id, row.right, right_steps[row.right]),
                row.is_same,
                begin + number == where,
            )
            for number, row in enumerate(part)
        ],
        alike=begin,
        left_out=len(rows) - begin - len(part),
        shows_all=None if begin == 0 else link(request.url.path, whole="true"),
    )
    return render(request, "sides.html", page, visit=visit)


async def _told(tx: Tx, outcome_id: UUID) -> tuple[Told, list[Any]]:
    outcome = await outcomes.get_outcome(tx, outcome_id)
    simulation = await simulations.get_simulation(tx, outcome.simulation_id)
    trajectory = outcome.trajectory or {}
    steps = _listed(trajectory.get("steps"))
    scores = [_score(each) for each in _listed(trajectory.get("scores")) if isinstance(each, Mapping)]
    return Told(outcome, simulation, scores, len(steps)), steps


def _listed(value: Any) -> list[Any]:
    """A list, whatever somebody's trajectory holds in its place."""
    return value if isinstance(value, list) else []


def _score(score: Mapping[str, Any]) -> Score:
    value, passed = score.get("score"), score.get("passed")
    return Score(
        shown(str(score.get("scorer") or score.get("type") or "scorer"), 100)[0],
        passed if isinstance(passed, bool) else None,
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None,
        shown(str(score.get("explanation") or ""), 1_000)[0],
    )


def _parting_sentence(where: int | None, left: int, right: int) -> str:
    if where is None:
        return "Both say and do the same, from the first step to the last."
    if where == 0:
        return f"They part at the first step already; the one has {left:,} steps, the other {right:,}."
    return f"They part at step {where + 1:,}, after {where:,} that are the same; the one has {left:,} steps, the other {right:,}."


def _essence(step: Any) -> Hashable:
    """What makes two steps the same: what was said and done, not how long it took."""
    if not isinstance(step, Mapping):
        return repr(step)
    if step.get("type") == "model_call":
        return "model_call"  # its numbers differ each time; what came of it is the next step
    kept = {key: value for key, value in step.items() if key not in _NOT_COMPARED}
    return json.dumps(kept, sort_keys=True, default=str)


def _step(outcome_id: UUID, number: int, step: Any) -> Step:
    whole = f"/outcomes/{outcome_id}/steps/{number}"
    if not isinstance(step, Mapping):
        text, left_out = shown(_written(step))
        return Step(number, "", "step", "", text, left_out, (), whole, False)
    kind = str(step.get("type") or "")
    css, who, title, said, failed = "", kind[:40] or "step", "", step.get("content"), False
    match kind:
        case "message":
            role = str(step.get("role") or "")[:40]
            css, who = {"assistant": ("agent", "Agent"), "user": ("user", "User")}.get(role, ("", role.capitalize()))
        case "tool_call":
            css, who, title, said = "call", "Calls", str(step.get("name") or ""), step.get("arguments")
        case "tool_result":
            failed = bool(step.get("error"))
            css, who, title = ("error" if failed else "result"), "Result of", str(step.get("name") or "")
            said = step.get("error") or step.get("content")
        case "model_call":
            who, title, said = "Model", str(step.get("model") or ""), step.get("error")
        case "log":
            who, said = "Log", step.get("text")
        case _:
            said = {key: value for key, value in step.items() if key != "type"}
    text, left_out = shown(_written(said))
    return Step(number, css, shown(who, 40)[0], shown(title, 200)[0], text, left_out, _notes(step), whole, failed)


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _notes(step: Mapping[str, Any]) -> list[str]:
    """What a step took, as far as it says so in numbers."""
    notes = []
    for key, write in (("at_ms", lambda ms: f"at {duration(ms)}"), ("duration_ms", duration)):
        value = step.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            notes.append(write(float(value)))
    cost = step.get("cost_usd")
    try:
        if cost is not None and not isinstance(cost, bool):
            notes.append(money(Decimal(str(cost))))
    except ArithmeticError:
        pass  # somebody's trajectory may say anything
    usage = step.get("usage")
    if isinstance(usage, Mapping):
        counts = [(name, usage.get(name)) for name in ("input_tokens", "output_tokens")]
        notes += [f"{value:,} {name.replace('_', ' ')}" for name, value in counts if isinstance(value, int)]
    return notes
