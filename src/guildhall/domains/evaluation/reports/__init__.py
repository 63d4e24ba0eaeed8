"""Reports: what a simulation showed, with intervals, and the verdict on two of them."""

from guildhall.algorithms.statistics import Look, Stop
from guildhall.domains.evaluation.reports.errors import MarginRefused, NothingToCompare, SameSimulation
from guildhall.domains.evaluation.reports.rules import COST, PASS_RATE, TIME
from guildhall.domains.evaluation.reports.service import (
    EARLY,
    RESULTS,
    choose_pair,
    compare,
    detectable,
    ended_early,
    look_at,
    page_results,
    report,
    summarise,
    tools,
)
from guildhall.domains.evaluation.reports.types import (
    Ending,
    FailureSeen,
    Report,
    ScenarioChange,
    ScenarioResult,
    Summary,
    ToolSummary,
    Totals,
    Versus,
)

__all__ = [
    "COST",
    "EARLY",
    "PASS_RATE",
    "RESULTS",
    "TIME",
    "Ending",
    "FailureSeen",
    "Look",
    "MarginRefused",
    "NothingToCompare",
    "Report",
    "SameSimulation",
    "ScenarioChange",
    "ScenarioResult",
    "Stop",
    "Summary",
    "ToolSummary",
    "Totals",
    "Versus",
    "choose_pair",
    "compare",
    "detectable",
    "ended_early",
    "look_at",
    "page_results",
    "report",
    "summarise",
    "tools",
]
