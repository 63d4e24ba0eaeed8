"""A comparison, for eyes: the verdict first; `app.documents.comparisons` has it for programs."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from guildhall.algorithms.differences import summarise
from guildhall.algorithms.statistics import Verdict
from guildhall.cli.render.figures import change_in_points, count, duration, money, p_value, percent, shortened
from guildhall.cli.render.report import early_lines
from guildhall.domains.evaluation.reports import COST, PASS_RATE, TIME, ScenarioChange, Versus, ended_early

_STYLES = {
    Verdict.BETTER: "bold green",
    Verdict.WORSE: "bold red",
    Verdict.EQUIVALENT: "bold cyan",
    Verdict.NOT_ENOUGH_DATA: "bold yellow",
}
_DOWN_SHOWN = 6


def compare_lines(versus: Versus) -> list[Text]:
    """The comparison as `guildhall eval compare` prints it, 80 columns wide."""
    early = ended_early(versus)
    told = []
    if early is not None:
        told = [
            Text(early, "bold"),
            *early_lines(versus.baseline, versus.candidate),
            Text("What follows takes the number of trials as fixed beforehand, which it was not.", "dim"),
            Text(),
        ]
    lines = [*_unmatched(versus), *told, _verdict(versus), Text(), *_sides(versus)]
    if versus.judgement is not None:
        lines += [Text(), *_metrics(versus), Text(), *_scenarios(versus)]
    if versus.changes:
        lines += [Text(), Text(shortened(f"Changed: {summarise(versus.changes)}", 240))]
    return lines


def _unmatched(versus: Versus) -> list[Text]:
    if not versus.unmatched and not versus.differences:
        return []
    lines = [
        Text(shortened(f"{count(len(ids), 'scenario')} {reason}: {', '.join(ids)}", 160), "yellow")
        for reason, ids in versus.unmatched.items()
    ]
    lines += [Text(shortened(f"not alike: {each}", 160), "yellow") for each in versus.differences]
    return [*lines, Text()]


def _verdict(versus: Versus) -> Text:
    judgement = versus.judgement
    if judgement is None:
        return Text("NOTHING TO COMPARE: no scenario was scored by both in the same content", "bold yellow")
    metric = judgement.headline_metric
    comparison = metric.comparison
    word = (judgement.verdict.value.upper(), _STYLES[judgement.verdict])
    interval = f"[{change_in_points(metric.low)}, {change_in_points(metric.high)}]"
    figures = f"{change_in_points(comparison.difference)} points {interval}"
    match judgement.verdict:
        case Verdict.NOT_ENOUGH_DATA:
            return Text.assemble(word, f" — {metric.needs.sentence}.\n", f"{figures}  {p_value(metric.adjusted_p)}")
        case Verdict.EQUIVALENT:
            return Text.assemble(word, f"  {figures}  within ±{comparison.margin * 100:g} points")
    holm = f" (Holm over {len(versus.metrics)})" if len(versus.metrics) > 1 else ""
    return Text.assemble(word, f"  {figures}  {p_value(metric.adjusted_p)}{holm}")


def _sides(versus: Versus) -> list[Text]:
    one, two = versus.baseline.simulation, versus.candidate.simulation
    if one.config_name == two.config_name:
        names = f"{one.config_name}   v{one.version_number} {one.short_id} (baseline)  ->  "
        names += f"v{two.version_number} {two.short_id} (candidate)"
    else:
        names = f"{one.label} {one.short_id} (baseline)  ->  {two.label} {two.short_id} (candidate)"
    lines = [Text(names, "bold")]
    total = max(len(versus.baseline.scenarios), len(versus.candidate.scenarios))
    matched = f"{len(versus.matched)}/{total} scenarios match by content"
    if not versus.differences:
        matched += "; judge, user, sandbox identical"
    lines.append(Text(matched, "dim"))
    if versus.headline is not None:
        lines.append(Text(f"{versus.headline.method}; the interval inverts that test", "dim"))
    return lines


_Format = Callable[[float], str]


def _formats(name: str) -> tuple[_Format, _Format]:
    """How a metric's value and its change are written."""
    match name:
        case _ if name == PASS_RATE:
            return percent, change_in_points
        case _ if name == COST:
            return money, lambda value: ("+" if value > 0 else "") + money(value)
        case _ if name == TIME:
            return duration, _signed_duration
    return (lambda value: f"{value:.3g}"), (lambda value: f"{value:+.3g}")


def _signed_duration(milliseconds: float) -> str:
    return f"{'-' if milliseconds < 0 else '+'}{duration(abs(milliseconds))}"


def _metrics(versus: Versus) -> list[Text]:
    one, two = versus.baseline.simulation, versus.candidate.simulation
    same = one.config_name == two.config_name and one.version_number != two.version_number
    heads = (f"v{one.version_number}", f"v{two.version_number}") if same else ("baseline", "candidate")
    rows: list[tuple[str, str, str, str, Verdict, str]] = []
    for name, metric in versus.metrics.items():
        value, change = _formats(name)
        comparison = metric.comparison
        interval = f"{change(comparison.difference)} [{change(metric.low)}, {change(metric.high)}]"
        note = f" (±{value(comparison.margin)})" if metric.verdict is Verdict.EQUIVALENT else ""
        rows.append((name, value(comparison.baseline), value(comparison.candidate), interval, metric.verdict, note))
    a = max(len(heads[0]), *(len(row[1]) for row in rows))
    b = max(len(heads[1]), *(len(row[2]) for row in rows))
    c = max(len("CHANGE [95 %]"), *(len(row[3]) for row in rows))
    lines = [Text(f"{'METRIC':<10}  {heads[0]:<{a}}  {heads[1]:<{b}}  {'CHANGE [95 %]':<{c}}  VERDICT", "bold")]
    lines += [
        Text.assemble(
            f"{name:<10}  {before:<{a}}  {after:<{b}}  {interval:<{c}}  ",
            (verdict.value, _STYLES[verdict].removeprefix("bold ")),
            note,
        )
        for name, before, after, interval, verdict, note in rows
    ]
    return lines


def _scenarios(versus: Versus) -> list[Text]:
    headline = versus.headline
    assert headline is not None, "there is a judgement"
    one, two = versus.baseline.simulation, versus.candidate.simulation
    down = sorted(
        (each for each in versus.matched if each.change < 0), key=lambda each: (each.change, each.scenario_id)
    )
    lines = [
        Text.assemble(
            f"{headline.up} up · {headline.same} same · ", (f"{headline.down} DOWN", "bold red" if down else "")
        )
    ]
    width = max((len(each.scenario_id) for each in down[:_DOWN_SHOWN]), default=0)
    for position, each in enumerate(down[:_DOWN_SHOWN]):
        line = f"{each.scenario_id:<{width}}  {_passes(each)}"
        if position == 0:
            line += f"   guildhall eval show {two.short_id} {each.scenario_id}"
            line += " --pair" if two.interleaved_with == one.simulation_id else ""
        lines.append(Text(line))
    if len(down) > _DOWN_SHOWN:
        lines.append(Text(f"… and {len(down) - _DOWN_SHOWN} more", "dim"))
    return lines


def _passes(change: ScenarioChange) -> str:
    one, two = change.baseline, change.candidate
    return f"{one.passed}/{one.scored} -> {two.passed}/{two.scored}"
