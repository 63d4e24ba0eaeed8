"""
How much data a question needs: before a simulation, and after one that could not decide.

The usual formula: a difference d with standard error s is found with `power` when d / s reaches the sum
of the two t quantiles (Miller 2024, arXiv 2411.00640, §5; Chow, Shao & Wang, Sample Size Calculations in Clinical
Research, §3.1 and, for equivalence, §3.2). The number of scenarios moves the whole
variance, the number of trials only what the trials add: where scenarios differ too
much in how the change affects them, no number of trials suffices.

A plan from observed numbers takes them for the truth; it is an indication, not a promise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from guildhall.algorithms.statistics.comparison import Comparison
from guildhall.algorithms.statistics.distributions import t_quantile
from guildhall.algorithms.statistics.errors import UnusableSample

POWER = 0.8
OUT_OF_REACH = 100_000  # more scenarios, or trials of each, than anybody would run
FEWEST_UNITS = 6  # 2 / 2^6 is the first below 0.05


@dataclass(frozen=True, slots=True)
class Needs:
    """
    What would decide a comparison, as additional scenarios or as additional trials of each scenario and version.

    0 where it is decided, None where no number within reach would do (or, with
    single trials, where nobody can know). `sentence` says the same for a report.
    """

    more_scenarios: int | None
    more_trials: int | None
    sentence: str


DECIDED = Needs(0, 0, "It is decided.")


def more_scenarios_needed(comparison: Comparison, alpha: float = 0.05, power: float = POWER) -> int | None:
    """
    How many more scenarios, like those there are, would probably show a difference or equivalence.

    If the observed difference and spread are the true ones, the result is decided with probability `power`.
    0 where it is decided already; None where the observed difference is too close to 0 and to the margin.
    """
    if _decided(comparison, alpha):
        return 0
    per_unit = comparison.n / comparison.units
    spread = comparison.standard_error**2 * comparison.units if comparison.units > 1 else math.inf
    options = [
        units
        for goal in ("difference", "equivalence")
        if (units := _units_for(comparison, goal, spread, alpha, power)) is not None
    ]
    if not options:
        return None
    more = math.ceil(min(options) * per_unit - 1e-9) - comparison.n
    return max(1, more)


def more_trials_needed(comparison: Comparison, alpha: float = 0.05, power: float = POWER) -> int | None:
    """
    How many more trials of each scenario and version would probably show a difference or equivalence.

    None where the differences between scenarios alone are too large for any number
    of trials, where fewer than six scenarios (or groups) could be told apart, or where single trials
    leave open how much of the spread trials cause. 0 where it is decided already.
    """
    if _decided(comparison, alpha):
        return 0
    between, within = comparison.between_variance, comparison.within_variance
    if between is None or within is None or comparison.units < _fewest_units(alpha):
        return None
    options: list[float] = []
    for goal in ("difference", "equivalence"):
        if goal == "equivalence" and comparison.units < _units_for_rare_changes(comparison, alpha):
            continue
        target = _target(comparison, goal, comparison.units, alpha, power)
        # between / units + within / factor / units must come down to target.
        room = target * comparison.units - between
        if target > 0 and room > 0:
            options.append(max(1.0, within / room))
    if not options:
        return None
    more = math.ceil(comparison.trials * (min(options) - 1) - 1e-9)
    return max(1, more) if more <= OUT_OF_REACH else None


def what_would_decide(comparison: Comparison, alpha: float = 0.05, power: float = POWER) -> Needs:
    """The numbers of scenarios and of trials that would decide, and a sentence that says so."""
    if _decided(comparison, alpha):
        return DECIDED
    scenarios = more_scenarios_needed(comparison, alpha, power)
    trials = more_trials_needed(comparison, alpha, power)
    return Needs(scenarios, trials, _sentence(comparison, scenarios, trials, alpha))


def minimum_detectable_effect(
    scenarios: int,
    trials: int = 1,
    *,
    within_variance: float,
    between_variance: float = 0.0,
    binary: bool = True,
    alpha: float = 0.05,
    power: float = POWER,
) -> float:
    """
    The smallest true difference that a comparison of so many scenarios and trials finds with probability `power`.

    `within_variance` is that of one trial of one version around its scenario's mean, `between_variance` that of the
    true differences over scenarios (see `assumed_variances`, or an earlier
    comparison). For rates (`binary`) half a step is added, as a difference moves in steps of one trial each way
    and a test that counts keeps its level at the price of the last. Infinite with fewer than six
    scenarios, which no sign-flip test can tell apart.

    Raises:
        UnusableSample: No scenario, no trial, a negative variance.
    """
    if scenarios < 1 or trials < 1:
        raise UnusableSample(f"{scenarios} scenarios of {trials} trials, expected at least one of each")
    if not (within_variance >= 0 and between_variance >= 0):
        raise UnusableSample(f"variances {within_variance} and {between_variance}, expected 0 or more")
    if scenarios < _fewest_units(alpha):
        return math.inf
    error = math.sqrt((between_variance + 2 * within_variance / trials) / scenarios)
    half_step = 1 / (scenarios * trials) if binary else 0.0
    return _quantiles(alpha / 2, power, scenarios) * error + half_step


def assumed_variances(pass_rate: float, correlation: float = 0.3, change: float = 0.0) -> tuple[float, float]:
    """
    (within, between) for `minimum_detectable_effect`, when no earlier simulation tells.

    `correlation` is that of two trials of one scenario: 0 if all scenarios are equally hard,
    1 if each always passes or always fails. `change` is the standard deviation, over scenarios, of what the
    new version changes in a scenario's own pass rate.

    Raises:
        UnusableSample: A rate or a correlation outside 0–1.
    """
    if not (0 <= pass_rate <= 1 and 0 <= correlation <= 1):
        raise UnusableSample(f"a pass rate of {pass_rate} and a correlation of {correlation}, expected 0 to 1")
    return pass_rate * (1 - pass_rate) * (1 - correlation), change**2


Goal = Literal["difference", "equivalence"]


def _decided(comparison: Comparison, alpha: float) -> bool:
    return comparison.p_value < alpha or comparison.equivalence_p < alpha


def _fewest_units(alpha: float) -> int:
    """The smallest k with 2 / 2^k < alpha."""
    return math.floor(1 - math.log2(alpha)) + 1


def _quantiles(tail: float, power: float, units: float) -> float:
    degrees = max(1.0, units - 1)
    return t_quantile(1 - tail, degrees) + t_quantile(power, degrees)


def _target(comparison: Comparison, goal: str, units: float, alpha: float, power: float) -> float:
    """The variance of the mean difference at which the goal is reached with `power`; 0 if it never is."""
    size = abs(comparison.difference)
    if goal == "difference":
        return (size / _quantiles(alpha / 2, power, units)) ** 2
    # Two one-sided tests must both succeed; a difference of 0 fails on either side alike.
    distance = comparison.margin - size
    both = power if size > 0 else (1 + power) / 2
    return (distance / _quantiles(alpha, both, units)) ** 2 if distance > 0 else 0.0


def _units_for(comparison: Comparison, goal: str, spread: float, alpha: float, power: float) -> int | None:
    """The smallest number of units, more than there are, that reaches the goal; None beyond reach."""
    floor = comparison.units + 1.0
    if goal == "difference":
        if comparison.units_changed == 0:
            return None
        # So many units that enough of them change for the test to speak at all.
        floor = max(floor, _fewest_units(alpha) * comparison.units / comparison.units_changed)
    else:
        floor = max(floor, _units_for_rare_changes(comparison, alpha))
    if not math.isfinite(floor) or not math.isfinite(spread):
        return None

    def needed(units: float) -> float:
        target = _target(comparison, goal, units, alpha, power)
        return spread / target if target > 0 else math.inf

    # Student's quantiles are never below the normal ones, so what those ask for is a start from below.
    floor = math.ceil(max(floor, 2.0, min(needed(math.inf), OUT_OF_REACH + 1)) - 1e-9)
    units = floor
    while units <= OUT_OF_REACH and needed(units) > units:
        units = math.ceil(min(needed(units), OUT_OF_REACH + 1))
    while units > floor and needed(units - 1) <= units - 1:
        units -= 1
    return units if units <= OUT_OF_REACH else None


def _units_for_rare_changes(comparison: Comparison, alpha: float) -> float:
    """How many units show that changes of a rate, of which hardly any were seen, are rarer than the margin."""
    if not comparison.binary or comparison.units_changed >= _fewest_units(alpha) or comparison.margin >= 1:
        return 0.0
    # With no change at all in u units, the rate of changes may still be 1 - alpha^(1/u).
    return math.log(alpha) / math.log1p(-comparison.margin) if comparison.margin > 0 else math.inf


def _sentence(comparison: Comparison, scenarios: int | None, trials: int | None, alpha: float) -> str:
    unit = "scenarios" if comparison.over == "scenarios" else "groups"
    parts: list[str] = []
    if comparison.smallest_reachable_p >= alpha:
        parts.append(
            f"{comparison.units_changed} of {comparison.units} {unit} changed: with fewer than "
            f"{_fewest_units(alpha)}, no difference can be shown"
        )
    if scenarios is None and trials is None:
        parts.append("neither more scenarios nor more trials within reach would decide")
    elif scenarios is None:
        parts.append(f"{trials} more trials of each scenario would decide; more scenarios alone cannot")
    elif trials is None:
        known = comparison.between_variance is not None
        alone = "more trials alone cannot" if known else "whether more trials would, single trials cannot tell"
        parts.append(f"{scenarios} more {_plural(scenarios, 'scenario')} would decide; {alone}")
    else:
        parts.append(
            f"{scenarios} more {_plural(scenarios, 'scenario')} would decide, or {trials} more "
            f"{_plural(trials, 'trial')} of each"
        )
    return "; ".join(parts)


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else noun + "s"
