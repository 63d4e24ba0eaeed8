"""Tools between versions, and what to run next, for eyes; `app.documents.questions` has them for programs."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from guildhall.cli.render.figures import count, duration, money, p_value, percent, shortened
from guildhall.domains.evaluation.reports import Direction, NextDollar, ToolMeasure, ToolsVersus

_STYLES = {
    Direction.HIGHER: "bold",
    Direction.LOWER: "bold",
    Direction.EQUIVALENT: "cyan",
    Direction.NOT_ENOUGH_DATA: "yellow",
}
_PLAN_SHOWN = 12


def tools_lines(found: ToolsVersus) -> list[Text]:
    """The tools as `guildhall eval tools` prints them."""
    one, other = found.versus.baseline.simulation, found.versus.candidate.simulation
    head = (
        f"{one.label} {one.short_id} -> {other.label} {other.short_id}, {count(len(found.versus.matched), 'scenario')}"
    )
    lines = [Text(head, "bold")]
    if not found.tools:
        return [*lines, Text("neither has called a tool in these scenarios")]
    lines.append(
        Text(f"means over scenarios; Holm over the {count(found.compared, 'measure')} that could show anything", "dim")
    )
    for tool in found.tools:
        calls = f"{tool.calls[0]:,} -> {tool.calls[1]:,} calls"
        failed = f", {tool.errors[0]:,} -> {tool.errors[1]:,} failed" if any(tool.errors) else ""
        lines += [Text(), Text.assemble((shortened(tool.tool_name, 40), "bold"), f"  {calls}{failed}")]
        lines += [_measure(each) for each in tool.measures]
    if found.left_out:
        lines += [Text(), Text(shortened(f"Used less, and left out: {', '.join(found.left_out)}", 160), "dim")]
    return lines


def next_lines(found: NextDollar) -> list[Text]:
    """The plan as `guildhall eval next` prints it."""
    one, other = found.versus.baseline.simulation, found.versus.candidate.simulation
    lines = [
        Text(f"{one.label} {one.short_id} -> {other.label} {other.short_id}", "bold"),
        Text(f"The 95 % interval is {_points(found.width)} wide; {money(found.budget_usd)} would probably make it"),
        Text(f"  {_points(found.width_after):>11}  with the trials below ({money(found.planned_usd)})"),
        Text(f"  {_points(found.width_after_evenly):>11}  with as many more trials of each scenario"),
        Text(
            f"  {_points(found.width_with_new_scenarios):>11}  with {count(found.new_scenarios, 'new scenario')} like these instead"
        ),
        Text(f"However often these scenarios are tried, it stays above {_points(found.floor)}.", "dim"),
    ]
    planned = [each for each in found.plan if each.rounds]
    if not planned:
        cheapest = min(each.cost_usd for each in found.plan)
        return [
            *lines,
            Text(),
            Text(f"It buys no trial: one round of a scenario costs {money(cheapest)} or more.", "yellow"),
        ]
    shown = planned[:_PLAN_SHOWN]
    width = max(len("SCENARIO"), *(min(len(each.scenario_id), 40) for each in shown))
    lines += [Text(), Text(f"{'SCENARIO':<{width}}  ROUNDS  COST      PASSED BEFORE, NOW", "bold")]
    for each in shown:
        before, now = each.baseline, each.candidate
        lines.append(
            Text(
                f"{shortened(each.scenario_id, width):<{width}}  {each.rounds:>6,}  {money(each.rounds * each.cost_usd):<8}  "
                f"{before.passed}/{before.scored}, {now.passed}/{now.scored}"
            )
        )
    if len(planned) > len(shown):
        lines.append(Text(f"… and {len(planned) - len(shown)} more", "dim"))
    return lines


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _measure(measure: ToolMeasure) -> Text:
    comparison = measure.found.comparison
    value: Callable[[float], str]
    match measure.measure:
        case "failure share":
            value = percent
        case "ms/call":
            value = duration
        case "cost/trial":
            value = money
        case _:
            value = "{:.3g}".format

    def change(amount: float) -> str:
        size = "∞" if abs(amount) == float("inf") else value(abs(amount))
        return ("-" if amount < 0 else "+") + size

    interval = f"{change(comparison.difference)} [{change(measure.found.low)}, {change(measure.found.high)}]"
    sides = f"{value(comparison.baseline)} -> {value(comparison.candidate)}"
    return Text.assemble(
        f"  {measure.measure:<13}  {sides:<20}  {interval:<32}  ",
        (measure.direction.value, _STYLES[measure.direction]),
        f"  {p_value(measure.found.adjusted_p)}",
    )
