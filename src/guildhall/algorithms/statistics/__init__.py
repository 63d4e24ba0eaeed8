"""
How sure one may be of a result, and whether a difference is one.

Pure functions over scenarios' trials. A number is never alone: `Estimate` carries
its interval and what it is over. `compare` pairs two versions by scenario, and its
interval inverts the test that gave the p-value. `judge` turns comparisons of
several metrics into verdicts, and `what_would_decide` says what is missing.

    >>> pass_rate([[True, True], [True, False], [False, False]]).value
    0.5
"""

from __future__ import annotations

from guildhall.algorithms.statistics.comparison import Comparison, PairedTest, compare
from guildhall.algorithms.statistics.errors import UnusableSample
from guildhall.algorithms.statistics.intervals import Estimate, mean, median, pass_rate, quantile
from guildhall.algorithms.statistics.multiplicity import holm
from guildhall.algorithms.statistics.power import (
    Needs,
    assumed_variances,
    minimum_detectable_effect,
    more_scenarios_needed,
    more_trials_needed,
    what_would_decide,
)
from guildhall.algorithms.statistics.reliability import (
    mean_pass_at_k,
    mean_pass_hat_k,
    pass_at_k,
    pass_at_k_curve,
    pass_at_k_estimate,
    pass_hat_k,
    pass_hat_k_curve,
    pass_hat_k_estimate,
)
from guildhall.algorithms.statistics.scenarios import ScenarioMeans, Trials
from guildhall.algorithms.statistics.sequential import Look, Stop, look
from guildhall.algorithms.statistics.shares import difference_interval, mean_interval, share_interval
from guildhall.algorithms.statistics.verdicts import Judgement, MetricVerdict, Verdict, judge

__all__ = [
    "Comparison",
    "Estimate",
    "Judgement",
    "Look",
    "MetricVerdict",
    "Needs",
    "PairedTest",
    "ScenarioMeans",
    "Stop",
    "Trials",
    "UnusableSample",
    "Verdict",
    "assumed_variances",
    "compare",
    "difference_interval",
    "holm",
    "judge",
    "look",
    "mean",
    "mean_interval",
    "mean_pass_at_k",
    "mean_pass_hat_k",
    "median",
    "minimum_detectable_effect",
    "more_scenarios_needed",
    "more_trials_needed",
    "pass_at_k",
    "pass_at_k_curve",
    "pass_at_k_estimate",
    "pass_hat_k",
    "pass_hat_k_curve",
    "pass_hat_k_estimate",
    "pass_rate",
    "quantile",
    "share_interval",
    "what_would_decide",
]
