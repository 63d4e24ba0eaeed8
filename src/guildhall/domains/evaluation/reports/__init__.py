"""Reports: what a simulation showed, with intervals, and the verdict on two of them."""

from guildhall.domains.evaluation.reports.errors import MarginRefused, NothingToCompare, SameSimulation
from guildhall.domains.evaluation.reports.rules import COST, PASS_RATE, TIME
from guildhall.domains.evaluation.reports.service import (
    RESULTS,
    choose_pair,
    compare,
    detectable,
    page_results,
    report,
    summarise,
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
    "PASS_RATE",
    "RESULTS",
    "TIME",
    "Ending",
    "FailureSeen",
    "MarginRefused",
    "NothingToCompare",
    "Report",
    "SameSimulation",
    "ScenarioChange",
    "ScenarioResult",
    "Summary",
    "ToolSummary",
    "Totals",
    "Versus",
    "choose_pair",
    "compare",
    "detectable",
    "page_results",
    "report",
    "summarise",
]
