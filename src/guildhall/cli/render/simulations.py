"""Simulations in a list, one of them, and what happened in a trial."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.cli.render.figures import count, duration, marks, money, percent, shortened
from guildhall.domains.evaluation.simulations import Simulation
from guildhall.errors import NotFound

if TYPE_CHECKING:
    from guildhall.domains.evaluation.outcomes import Outcome
    from guildhall.domains.evaluation.overview import RunningSimulation
    from guildhall.domains.evaluation.reports import Report  # brings NumPy, which a list needs not wait for

_WIDTH = 80


class TrialNotFound(NotFound):
    """A simulation has no such trial."""

    code = "trial_not_found"

    def __init__(self, simulation: Simulation, scenario_id: str, trial: int | None, known: Collection[str]) -> None:
        what = f"trial {trial} of {scenario_id!r}" if trial else f"outcome of {scenario_id!r}"
        # People write ids as they read titles: with hyphens.
        guess = None if scenario_id in known else did_you_mean(scenario_id.replace("-", "_"), known)
        there = f"`guildhall eval show {simulation.short_id}` lists its scenarios."
        super().__init__(
            f"simulation {simulation.short_id} has no {what}",
            remedy=f"{guess} {there}" if guess else there,
            field="scenario",
            value=scenario_id,
        )


def list_lines(simulations: Sequence[Simulation]) -> list[Text]:
    """Simulations, one in a line."""
    if not simulations:
        return [Text("no simulations yet; `guildhall demo` runs two")]
    lines = [Text(f"{'ID':<6}  {'VERSION':<26}  {'STATUS':<9}  {'TRIALS':>13}  {'SCORE':>5}  WHEN", "bold")]
    for each in simulations:
        trials = f"{each.trials_done:,}/{each.trials_total:,}"
        score = percent(each.overall_score) if each.overall_score is not None else ""
        lines.append(
            Text(
                f"{each.short_id:<6}  {shortened(each.label, 26):<26}  {each.status:<9}  {trials:>13}  "
                f"{score:>5}  {each.created_at:%m-%d %H:%M}"
            )
        )
    return lines


def active_lines(running: Sequence[RunningSimulation]) -> list[Text]:
    """Simulations that are not over, one in a line, and how far they are."""
    if not running:
        return [Text("no simulation is under way; `guildhall eval list` shows those that are over")]
    lines = [Text(f"{'ID':<6}  {'STATUS':<7}  {'SCENARIOS':>13}  {'DONE':>5}  {'RUNTIME':>8}  MODEL", "bold")]
    for each in running:
        scenarios = f"{each.completed_scenarios:,}/{each.total_scenarios:,}"
        runtime = "" if each.runtime_s is None else duration(each.runtime_s * 1000)
        model = each.model or "none named"
        named = f"{model} ({each.name})" if each.name else model
        lines.append(
            Text(
                f"{each.short_id:<6}  {each.status:<7}  {scenarios:>13}  {each.progress_pct:>3.0f} %  {runtime:>8}  "
                f"{shortened(named, 29)}"
            )
        )
    return lines


def simulation_lines(report: Report) -> list[Text]:
    """A simulation and every scenario of it."""
    simulation = report.summary.simulation
    name = f" · {simulation.name}" if simulation.name else ""
    lines = [
        Text.assemble((f"{simulation.label}{name} · {simulation.short_id}", "bold"), f"  {simulation.status}"),
        Text(f"{simulation.simulation_id}", "dim"),
        Text(
            f"{simulation.trials_done:,} of {count(simulation.trials_total, 'trial')}, {money(report.summary.cost_usd)}",
            "dim",
        ),
    ]
    if simulation.error_message:
        lines.append(Text(simulation.error_message, "yellow"))
    lines.append(Text())
    width = min(max((len(each.scenario_id) for each in report.summary.scenarios), default=0), 40)
    for each in report.summary.scenarios:
        seen = report.failures.get(each.scenario_id)
        start = (
            f"{shortened(each.scenario_id, width):<{width}}  {f'{each.passed}/{each.trials}':>5}  {marks(each.marks)}"
        )
        blame = f"  {seen.fault}: {seen.message or seen.failure_type}" if seen else ""
        lines.append(Text(shortened_tail(start, blame)))
    return lines


def shortened_tail(start: str, rest: str) -> str:
    """`start`, and as much of the rest as fits into the line."""
    room = _WIDTH - len(start)
    return start + (("  " + shortened(rest, max(room - 2, 0))) if rest.strip() and room > 12 else "")


def choose_trial(
    simulation: Simulation, scenario_id: str, outcomes: Sequence[Outcome], trial: int | None, known: Collection[str]
) -> Outcome:
    """
    The trial to show: the one asked for, else the first that did not pass, else the first.

    `known` are the ids of the simulation's scenarios, in case one of them was meant.

    Raises:
        TrialNotFound: There is none.
    """
    if trial is not None:
        for each in outcomes:
            if each.trial_number == trial:
                return each
        raise TrialNotFound(simulation, scenario_id, trial, known)
    if not outcomes:
        raise TrialNotFound(simulation, scenario_id, None, known)
    return next((each for each in outcomes if not each.passed), outcomes[0])


def trial_lines(simulation: Simulation, outcome: Outcome, siblings: Sequence[Outcome]) -> list[Text]:
    """What happened in a trial, step by step, and how it was judged."""
    verdict, style = _verdict(outcome)
    passed = sum(1 for each in siblings if each.passed)
    lines = [
        Text.assemble((f"{simulation.label} {simulation.short_id} · {outcome.scenario_id}", "bold")),
        Text.assemble(
            f"trial {outcome.trial_number} of {len(siblings)}, ", (verdict, style),
            f"   {passed}/{len(siblings)}  {marks(tuple(each.passed for each in siblings))}   "
            f"{duration(outcome.execution_time_ms)}, {money(outcome.cost_usd)}",
        ),
        Text(),
    ]  # fmt: skip
    lines += conversation(outcome.trajectory or {})
    for each in (outcome.trajectory or {}).get("scores", ()):
        lines.append(_score_line(each))
    for failure in outcome.failures or ():
        again = " (recovered)" if failure.recovery_successful else ""
        where = f" at step {failure.step}" if failure.step is not None else ""
        lines.append(
            Text(
                shortened(f"{failure.fault}{where}: {failure.error_message or failure.failure_type}{again}", 160), "red"
            )
        )
    if outcome.sandbox_logs:
        lines += [Text(), Text("The agent's log ends with:", "dim")]
        lines += [Text("  " + line, "dim") for line in outcome.sandbox_logs.rstrip().splitlines()[-5:]]
    return lines


def conversation(trajectory: Mapping[str, Any], *, most: int | None = None) -> list[Text]:
    """The steps of a trajectory, one in a line; of more than `most`, the first and the last."""
    lines = [line for step in trajectory.get("steps", ()) if (line := _step_line(step)) is not None]
    if most is not None and len(lines) > most:
        kept = most - 1
        left_out = len(lines) - kept
        lines = [
            *lines[: kept // 2],
            Text(f"          … {left_out} more steps …", "dim"),
            *lines[-(kept - kept // 2) :],
        ]
    return lines


def _step_line(step: Mapping[str, Any]) -> Text | None:
    room = _WIDTH - 10
    match step.get("type"):
        case "message":
            role = str(step.get("role", ""))
            if role == "system":
                return None
            who = {"assistant": "agent", "user": "user"}.get(role, role)
            style = "cyan" if who == "agent" else ""
            return Text.assemble((f"{who:>8}  ", "bold"), (shortened(str(step.get("content") or ""), room), style))
        case "tool_call":
            arguments = step.get("arguments")
            said = (
                ", ".join(f"{k}={v!r}" for k, v in arguments.items())
                if isinstance(arguments, Mapping)
                else str(arguments)
            )
            return Text.assemble(("    call  ", "bold"), shortened(f"{step.get('name')}({said})", room))
        case "tool_result":
            if step.get("error"):
                return Text.assemble(("   error  ", "bold red"), (shortened(str(step["error"]), room), "red"))
            return Text.assemble(("  result  ", "bold"), (shortened(str(step.get("content")), room), "dim"))
        case "log":
            return Text.assemble(("     log  ", "dim"), (shortened(str(step.get("text", "")), room), "dim"))
    return None


def _score_line(score: Mapping[str, Any]) -> Text:
    good = bool(score.get("passed"))
    mark = ("pass", "green") if good else ("FAIL", "red")
    value = score.get("score")
    figure = f"{value:.2f}" if isinstance(value, int | float) else "    "
    start = f"{score.get('scorer') or score.get('type') or ''} {figure}  "
    return Text.assemble(
        "    ", mark, f"  {start}", shortened(str(score.get("explanation") or ""), _WIDTH - 12 - len(start))
    )


def _verdict(outcome: Outcome) -> tuple[str, str]:
    if outcome.passed:
        return "passed", "green"
    if outcome.passed is None:
        return f"not scored ({outcome.status}, fault of the {outcome.fault or 'unknown'})", "yellow"
    return ("did not pass" if outcome.status == "success" else f"did not pass ({outcome.status})"), "red"
