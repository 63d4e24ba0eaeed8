"""What a simulation showed, and whether one is better than another."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guildhall.algorithms import statistics
from guildhall.algorithms.statistics import Look
from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation import configurations, simulations
from guildhall.domains.evaluation.reports import rules, store
from guildhall.domains.evaluation.reports.errors import MarginRefused, NothingToCompare, SameSimulation
from guildhall.domains.evaluation.reports.stops import StopRule
from guildhall.domains.evaluation.reports.types import Ending, Report, ScenarioResult, Summary, ToolSummary, Versus
from guildhall.domains.evaluation.simulations import Simulation


async def report(tx: Tx, simulation: Simulation) -> Report:
    """What a simulation has shown so far; one that is still running, or ended early, has fewer trials."""
    return Report(
        summary=await summarise(tx, simulation),
        failures=await store.failures(tx, simulation.simulation_id),
        tools=await tools(tx, simulation.simulation_id),
    )


async def summarise(tx: Tx, simulation: Simulation) -> Summary:
    """The numbers of a report alone."""
    scenarios = await store.scenarios(tx, simulation.simulation_id)
    endings = await store.endings(tx, simulation.simulation_id)
    # Intervals take their time, which others have meanwhile.
    return await asyncio.to_thread(_summary, simulation, scenarios, endings)


def _summary(simulation: Simulation, scenarios: Sequence[ScenarioResult], endings: Sequence[Ending]) -> Summary:
    tokens = [each.tokens for each in scenarios if each.tokens is not None]
    return Summary(
        simulation=simulation,
        scenarios=scenarios,
        totals=rules.totals(scenarios, endings),
        statuses=rules.counts(endings, lambda each: each.status),
        faults=rules.counts(endings, lambda each: each.fault),
        pass_rate=rules.pass_rate(scenarios),
        pass_rate_strict=rules.pass_rate_strict(scenarios),
        score=rules.score(scenarios),
        pass_hat_k=rules.reliability(scenarios, statistics.pass_hat_k_curve),
        pass_at_k=rules.reliability(scenarios, statistics.pass_at_k_curve),
        cost_usd=rules.total_cost(each.cost_sum for each in scenarios),
        priced_outcomes=sum(each.cost_count for each in scenarios),
        tokens=sum(tokens) if tokens else None,
    )


async def tools(tx: Tx, simulation_id: UUID) -> list[ToolSummary]:
    """Every tool's calls in a simulation, the most used first."""
    return await store.tools(tx, simulation_id)


RESULTS = store.RESULTS
"""By what a simulation's results can be sorted and filtered (`page_results`)."""


async def page_results(
    tx: Tx,
    simulation_id: UUID,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
) -> Page[ScenarioResult]:
    """A page of a simulation's scenarios, each with what came of it so far (`db.listing`)."""
    return await store.page_results(tx, simulation_id, filters, order, after=after, at_most=at_most)


async def compare(tx: Tx, baseline: Simulation, candidate: Simulation, *, margin: float | None = None) -> Versus:
    """
    Compare two simulations, paired by scenario content.

    `margin` is the difference in pass rate that does not matter, 0.05 unless given.

    Raises:
        MarginRefused: It is no share between 0 and 1.
        SameSimulation: Both are the same one.
    """
    if margin is not None and not 0 < margin < 1:
        raise MarginRefused(margin)
    if baseline.simulation_id == candidate.simulation_id:
        raise SameSimulation(baseline.label)
    one, two = await summarise(tx, baseline), await summarise(tx, candidate)
    matched, unmatched = rules.pair(one.scenarios, two.scenarios)
    return Versus(
        baseline=one,
        candidate=two,
        matched=matched,
        unmatched=unmatched,
        differences=rules.differences(baseline, candidate),
        judgement=await asyncio.to_thread(rules.judge, matched, margin=margin),
        changes=await _changes(tx, baseline.config_version_id, candidate.config_version_id),
    )


EARLY = "stopped early: "
"""With this begins why a comparison was ended before its trials were done (`look_at`)."""


def ended_early(versus: Versus) -> str | None:
    """
    Why a comparison was ended early, if it was.

    What is said there holds whenever one has looked; the tests of a comparison
    take the number of trials as fixed beforehand, which it then was not.
    """
    reason = versus.candidate.simulation.error_message or ""
    same = reason == versus.baseline.simulation.error_message
    return reason if same and reason.startswith(EARLY) else None


async def look_at(tx: Tx, baseline: UUID, candidate: UUID, rule: StopRule | None = None) -> Look | None:
    """What may be said of two simulations while they run; None before the first round is complete."""
    found = await store.rounds(tx, baseline, candidate)
    if not found:
        return None
    rule = rule or StopRule(baseline)
    return statistics.look(found, margin=rule.margin, level=rule.level)


async def choose_pair(tx: Tx, baseline: str, candidate: str) -> tuple[Simulation, Simulation]:
    """
    The two simulations that people mean by two references.

    A simulation is meant by itself. A version means the latest of its
    simulations that has run scenarios in the same content as the other side;
    of several such pairs, the one with the most in common, and of these one
    that was run interleaved.

    Raises:
        SimulationNotFound, SimulationAmbiguous: See `simulations.resolve`.
        NothingToCompare: No pair has a scenario in common.
    """
    ones = await _meant(tx, baseline)
    twos = await _meant(tx, candidate)
    if len(ones) == len(twos) == 1:
        return ones[0], twos[0]
    pins = {
        each.simulation_id: frozenset(await simulations.pinned_scenarios(tx, each.simulation_id))
        for each in {each.simulation_id: each for each in (*ones, *twos)}.values()
    }
    pairs = [
        (one, two)
        for two in twos
        for one in ones
        if one.simulation_id != two.simulation_id and pins[one.simulation_id] & pins[two.simulation_id]
    ]
    if not pairs:
        raise NothingToCompare(baseline, candidate)
    # Newest first, so that of equals the first is the latest.
    return max(
        pairs,
        key=lambda pair: (
            len(pins[pair[0].simulation_id] & pins[pair[1].simulation_id]),
            pair[1].interleaved_with == pair[0].simulation_id,
        ),
    )


async def detectable(tx: Tx, simulation: Simulation) -> float:
    """
    The smallest true difference in pass rate that this simulation, beside another like it, finds with power .8.

    How much trials of a scenario differ is taken from the latest simulation
    of the same version that has repeated them; where there is none, from what
    is usual (`statistics.assumed_variances`). Infinite with fewer scenarios
    than any test needs.
    """
    within, _ = statistics.assumed_variances(0.7)
    for earlier in await simulations.of_version(tx, str(simulation.config_version_id)):
        observed = rules.variance_within(await store.scenarios(tx, earlier.simulation_id))
        if observed is not None:
            within = observed
            break
    return statistics.minimum_detectable_effect(
        simulation.total_scenarios, simulation.trials_per_scenario, within_variance=within
    )


async def _meant(tx: Tx, reference: str) -> list[Simulation]:
    if "@" in reference and reference != "@latest":
        of_version = await simulations.of_version(tx, reference)
        if of_version:
            return of_version
    return [await simulations.resolve(tx, reference)]


async def _changes(tx: Tx, before: UUID, after: UUID) -> list[dict[str, object]]:
    if before == after:
        return []
    diff = await configurations.diff_versions(
        tx, await configurations.get_version(tx, str(before)), await configurations.get_version(tx, str(after))
    )
    return [dict(each) for each in diff.changes]
