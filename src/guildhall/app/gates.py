"""
Gates for CI: whether a comparison shows a regression, told as JUnit XML and as Markdown.

A gate closes on a regression that is significant (Holm over all metrics of the
comparison) and larger than the margin, never on a wobble. Where the data cannot
decide, it stays open and says so; with `strict` it closes there too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from xml.etree import ElementTree

from guildhall.algorithms.statistics import MetricVerdict, Verdict
from guildhall.domains.evaluation.reports import PASS_RATE, Versus, ended_early
from guildhall.errors import InvalidInput

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MOST_SCENARIOS = 20


class Decision(StrEnum):
    """What a gate says of one metric."""

    PASSED = "passed"
    UNDECIDED = "undecided"
    REGRESSED = "regressed"


class MetricNotCompared(InvalidInput):
    """A gate on a metric that the comparison does not have."""

    code = "metric_not_compared"

    def __init__(self, metric: str, known: Sequence[str]) -> None:
        super().__init__(
            f"the comparison has no {metric!r}, expected one of {', '.join(known) or 'none: nothing could be paired'}",
            remedy="Costs and times are compared where both simulations know them.",
            field="metric",
            value=metric,
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """One metric at the gate."""

    metric: str
    decision: Decision
    verdict: MetricVerdict | None
    why: str


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate with what it rests on; it is closed where one metric has closed it."""

    versus: Versus
    checked: Sequence[Checked]
    strict: bool

    @property
    def is_open(self) -> bool:
        """Whether the candidate may pass."""
        closing = {Decision.REGRESSED, Decision.UNDECIDED} if self.strict else {Decision.REGRESSED}
        return not any(each.decision in closing for each in self.checked)

    @property
    def title(self) -> str:
        """What was compared."""
        return f"{self.versus.baseline.simulation.label} -> {self.versus.candidate.simulation.label}"


def gate(versus: Versus, *, metrics: Sequence[str] = (PASS_RATE,), strict: bool = False) -> Gate:
    """
    Hold a comparison against a gate.

    Raises:
        MetricNotCompared: One of the metrics is not among those that were compared; but where
            nothing could be paired the pass rate is undecided.
    """
    known = versus.metrics
    early = ended_early(versus)
    checked = []
    for metric in metrics:
        if metric in known:
            found = _checked(metric, known[metric])
            if early is not None and found.decision is Decision.PASSED:
                # The tests take the number of trials as fixed, which it was not: nothing is ruled out by them.
                found = replace(found, decision=Decision.UNDECIDED, why=f"{found.why}; {early}")
            checked.append(found)
        elif metric == PASS_RATE:
            checked.append(Checked(metric, Decision.UNDECIDED, None, "no scenario could be paired"))
        else:
            raise MetricNotCompared(metric, list(known))
    return Gate(versus, checked, strict)


def _checked(metric: str, found: MetricVerdict) -> Checked:
    change = told_change(metric, found)
    match found.verdict:
        case Verdict.WORSE if not found.within_margin:
            return Checked(metric, Decision.REGRESSED, found, f"significantly worse: {change}")
        case Verdict.NOT_ENOUGH_DATA:
            return Checked(metric, Decision.UNDECIDED, found, f"no regression shown, nor ruled out: {change}")
        case Verdict.WORSE:
            return Checked(metric, Decision.PASSED, found, f"worse by less than matters: {change}")
    return Checked(metric, Decision.PASSED, found, f"{found.verdict.value}: {change}")


def told_change(metric: str, found: MetricVerdict) -> str:
    """A metric's change with its interval, in words."""
    one, low, high = found.comparison.difference, found.low, found.high
    if metric == PASS_RATE:
        numbers = f"{100 * one:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
    else:
        numbers = f"{one:+.4g} [{low:+.4g}, {high:+.4g}]"
    return f"{numbers}, p = {found.adjusted_p:.3f}"


def junit(gate: Gate) -> str:
    """
    A gate as JUnit XML, one test case for each metric and each scenario.

    Only metrics fail: that a single scenario went down may be chance, and is told in its output.
    """
    failures = sum(_closes(gate, each) for each in gate.checked)
    count = len(gate.checked) + len(gate.versus.matched)
    attributes = {"name": f"guildhall gate {gate.title}", "tests": str(count), "failures": str(failures), "errors": "0"}
    root = ElementTree.Element("testsuites", {key: _xml(value) for key, value in attributes.items()})
    suite = ElementTree.SubElement(root, "testsuite", {key: _xml(value) for key, value in attributes.items()})
    for checked in gate.checked:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "guildhall.gate", "name": _xml(checked.metric)})
        if _closes(gate, checked):
            failure = ElementTree.SubElement(
                case, "failure", {"message": _xml(checked.why), "type": checked.decision.value}
            )
            failure.text = _xml(f"{gate.title}: {checked.why}")
        else:
            ElementTree.SubElement(case, "system-out").text = _xml(checked.why)
    for each in gate.versus.matched:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": "guildhall.scenarios", "name": _xml(each.scenario_id)}
        )
        before, after = each.baseline, each.candidate
        ElementTree.SubElement(
            case, "system-out"
        ).text = f"passed {before.passed} of {before.scored} before, {after.passed} of {after.scored} now"
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def markdown(gate: Gate) -> str:
    """A gate as a summary in Markdown, as GitHub's step summaries take it."""
    lines = [
        f"## {'✅ Gate open' if gate.is_open else '❌ Gate closed'}: {_md(gate.title)}",
        "",
        "| metric | decision | what was seen |",
        "| --- | --- | --- |",
        *(f"| {_md(each.metric)} | {each.decision.value} | {_md(each.why)} |" for each in gate.checked),
        "",
        f"{len(gate.versus.matched)} scenarios ran on both sides in the same content.",
    ]
    unmatched = [f"{len(ids)} {reason}" for reason, ids in gate.versus.unmatched.items()]
    if unmatched:
        lines.append(f"Left out: {', '.join(unmatched)}.")
    down = sorted((each for each in gate.versus.matched if each.change < 0), key=lambda each: each.change)
    if down:
        lines += ["", "| scenario that went down | before | now |", "| --- | --- | --- |"]
        lines += [
            f"| {_md(each.scenario_id)} | {each.baseline.passed}/{each.baseline.scored} "
            f"| {each.candidate.passed}/{each.candidate.scored} |"
            for each in down[:_MOST_SCENARIOS]
        ]
        if len(down) > _MOST_SCENARIOS:
            lines.append(f"| and {len(down) - _MOST_SCENARIOS} more | | |")
        lines += ["", "One scenario that went down may be chance; the gate closes on what all of them show together."]
    return "\n".join(lines) + "\n"


def _closes(gate: Gate, checked: Checked) -> bool:
    return checked.decision is Decision.REGRESSED or (gate.strict and checked.decision is Decision.UNDECIDED)


def _xml(text: str) -> str:
    """Text without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def _md(text: str) -> str:
    """Text that stays in its cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
