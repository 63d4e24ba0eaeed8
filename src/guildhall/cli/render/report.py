"""A report, for eyes; `app.documents.reports` has it for programs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from guildhall.app import figures
from guildhall.cli.render.figures import count, duration, marks, money, percent, points, share, shortened
from guildhall.domains.evaluation.reports import Report, ScenarioResult, Summary, early_stop

if TYPE_CHECKING:
    from guildhall.app.through import Ledgered

_WEAKEST = 5


def report_lines(report: Report, ledger: Ledgered | None = None) -> list[Text]:
    """The report as `guildhall eval report` prints it, 80 columns wide."""
    lines = [*_heading(report.summary), Text(), *_rates(report.summary), Text(), *_totals(report)]
    if ledger is not None:
        lines += _ledgered(ledger)
    weakest = _weakest(report)
    if weakest:
        lines += [Text(), *weakest]
    assumed = report.summary.simulation.assumed
    if assumed:
        lines += [Text(), Text("Not in the log: " + "; ".join(assumed), style="dim")]
    return lines


def _heading(summary: Summary) -> list[Text]:
    simulation = summary.simulation
    parts = [simulation.label, *([simulation.name] if simulation.name else []), simulation.short_id]
    left = " · ".join(parts)
    scenarios, trials = len(summary.scenarios), simulation.trials_per_scenario
    planned = f"{count(scenarios, 'scenario')} × {count(trials, 'trial')} = {simulation.trials_total:,}"
    if simulation.trials_total != scenarios * trials:
        planned = f"{count(scenarios, 'scenario')}, {count(simulation.trials_total, 'trial')}"
    gap = " " * max(2, 80 - len(left) - len(planned))
    lines = [Text.assemble((left, "bold"), gap, planned)]
    if simulation.trials_done < simulation.trials_total:
        state = f"{simulation.status}: {simulation.trials_done:,} of {simulation.trials_total:,} trials are done"
        lines.append(Text(f"{state}; {simulation.error_message}" if simulation.error_message else state, "yellow"))
        lines += early_lines(summary)
    return lines


def early_lines(*sides: Summary) -> list[Text]:
    """By what rule simulations were ended early, at which look, and what that saved; none where they were not."""
    stops = [stop for each in sides if (stop := early_stop(each)) is not None]
    if len(stops) < len(sides):
        return []
    return [Text(each, "dim") for each in figures.early_stop(stops)]


def _rates(summary: Summary) -> list[Text]:
    rate = summary.pass_rate
    if rate is None:
        return [Text("PASS RATE   nothing was scored", "bold yellow")]
    lines = [
        Text.assemble(
            ("PASS RATE", "bold"),
            f"{percent(rate.value):>8}  {points(rate.low, rate.high):<15}  ",
            (rate.method, "dim"),
        )
    ]
    strict = summary.pass_rate_strict
    unscored = sum(each.trials - each.scored for each in summary.scenarios)
    if strict is not None and unscored:
        lines.append(
            Text.assemble(
                ("STRICT   ", "bold"),
                f"{percent(strict.value):>8}  {points(strict.low, strict.high):<15}  ",
                (f"with the {count(unscored, 'unscored trial')} as not passed", "dim"),
            )
        )
    most = max(summary.pass_hat_k, default=0)
    if most > 1:
        curve = " ".join(share(value) for value in summary.pass_hat_k.values())
        lines.append(
            Text.assemble(
                ("RELIABLE ", "bold"),
                f"{percent(summary.pass_hat_k[most]):>8}  {f'pass all {most}':<15}  ",
                (f"pass^k {curve}", "dim"),
            )
        )
        lines.append(
            Text.assemble(
                ("REACHABLE", "bold"),
                f"{percent(summary.pass_at_k[most]):>8}  {'pass at least 1':<15}  ",
                (f"pass@{most} {share(summary.pass_at_k[most])}", "dim"),
            )
        )
    return lines


def _totals(report: Report) -> list[Text]:
    summary = report.summary
    totals = summary.totals
    failed = sum(each.trials - each.passed for each in summary.scenarios)
    faults = " · ".join(f"{fault} {number}" for fault, number in summary.faults.items())
    left = f"Failed {failed}" + (f"   {faults}" if faults else "")
    right = f"unresolved infrastructure {totals.unresolved_infrastructure}"
    if totals.retries:
        right += f" ({totals.retries} retried)"
    if summary.cost_usd is None:
        cost = "Cost unknown"
    else:
        cost = f"Cost {money(summary.cost_usd)} · {money(summary.cost_usd / max(summary.priced_outcomes, 1))}/trial"
        if summary.priced_outcomes < totals.outcomes:
            cost += f" of {summary.priced_outcomes}"
    time = "time unknown"
    if totals.timed:
        time = f"time p50 {duration(totals.time_p50_ms)} · p95 {duration(totals.time_p95_ms)}"
    lines = [Text(f"{left:<35}{right}"), Text(f"{cost:<35}{time}")]
    beside = [("judges", totals.judge_cost_usd), ("simulated users", totals.user_cost_usd)]
    paid = " · ".join(f"{who} {money(cost)}" for who, cost in beside if cost is not None)
    if paid:
        lines.append(Text(f"Beside the agent: {paid}"))
    if report.tools:
        said = [
            f"{tool.tool_name} {tool.calls:,}" + (f" ({tool.errors:,} failed)" if tool.errors else "")
            for tool in report.tools[:3]
        ]
        more = f" · {len(report.tools) - 3} more" if len(report.tools) > 3 else ""
        lines.append(Text(shortened("Tools " + " · ".join(said) + more, 80)))
    return lines


def _ledgered(ledger: Ledgered) -> list[Text]:
    """What the gateway's ledger has, and in what trials report something else."""
    parts = [f"{each.role or 'unsaid'} {_known(each.cost_usd)} in {count(each.calls, 'call')}" for each in ledger.roles]
    lines = [Text(f"Ledger {_known(ledger.cost_usd)}: " + " · ".join(parts))]
    if ledger.unpriced:
        lines.append(Text(f"  {count(ledger.unpriced, 'call')} without a price that is known", "yellow"))
    for role, (reported, known) in ledger.differing.items():
        said = f"  the trials report {_known(reported)} for {_NAMED[role]}, the ledger has {_known(known)}"
        lines.append(Text(said, "yellow"))
    return lines


_NAMED = {"agent": "the agent", "user": "simulated users", "judge": "judges"}


def _known(cost: Decimal | None) -> str:
    return "cost unknown" if cost is None else money(cost)


def _weakest(report: Report) -> list[Text]:
    scored = [each for each in report.summary.scenarios if each.trials and each.passed < each.trials]
    scored.sort(key=lambda each: (each.pass_share if each.pass_share is not None else 2.0, each.scenario_id))
    if not scored:
        return []
    shown = scored[:_WEAKEST]
    width = min(max(len("WEAKEST"), *(len(each.scenario_id) for each in shown)), 32)
    ratio = max(len("PASSED"), *(len(_passed(each)) for each in shown))
    fault = max(len("FAULT"), *(len(_fault(report, each)) for each in shown))
    lines = [Text(f"{'WEAKEST':<{width}}  {'PASSED':<{ratio}}  {'FAULT':<{fault}}  SEEN", "bold")]
    for each in shown:
        seen = report.failures.get(each.scenario_id)
        message = (seen.message or seen.failure_type) if seen else ""
        start = f"{shortened(each.scenario_id, width):<{width}}  {_passed(each):<{ratio}}  "
        start += f"{_fault(report, each):<{fault}}  "
        lines.append(Text(start + shortened(message, 80 - len(start))))
    lines += [Text(), Text(f"Next: guildhall eval show {report.summary.simulation.short_id} {shown[0].scenario_id}")]
    return lines


def _passed(result: ScenarioResult) -> str:
    return f"{result.passed}/{result.trials}  {marks(result.marks)}"


def _fault(report: Report, result: ScenarioResult) -> str:
    seen = report.failures.get(result.scenario_id)
    return seen.fault if seen else ""
