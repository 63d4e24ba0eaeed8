"""
The loop that improves an agent: try, analyse, propose, prove, and again from what was proven.

Each step is written down before the next begins, so that a loop that was
interrupted goes on where it was. A round is one recommendation and its proof.
The chance of calling any of them better by luck is shared by all rounds: each
proof is held against 0.05 divided by their number (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from guildhall.app import evaluations, recommending
from guildhall.app.recommending import AnalystChoice
from guildhall.app.runner import OnProgress
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, recommendations, scenarios, simulations
from guildhall.domains.evaluation.recommendations import (
    Improvement,
    Kind,
    NoHeldOutScenarios,
    Proof,
    Recommendation,
    Round,
    Session,
    Status,
)
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario, SimulationStatus
from guildhall.errors import Conflict, NotAllowed

ALPHA = 0.05

OnEvent = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for: see the options of `guildhall improve`."""

    agent: Path
    scenarios: Sequence[Path]
    rounds: int = 3
    budget_usd: Decimal | None = None
    trials: int = recommending.TRIALS
    seed: int = 0
    approve: bool = False
    analyst: AnalystChoice = field(default_factory=AnalystChoice)


@dataclass(frozen=True, slots=True)
class RoundSeen:
    """A round with what it led to."""

    round: Round
    recommendation: Recommendation | None
    proof: Proof | None
    version_label: str | None


async def begin(app: App, order: Order) -> Improvement:
    """
    Read and keep an agent and its scenarios, and write down that it is to be improved.

    Raises:
        InvalidInput: A file is broken; the error names file, line, field and remedy.
        NoHeldOutScenarios: The scenarios are all of one split.
    """
    request = evaluations.Request(agent=order.agent, scenarios=order.scenarios)
    material = evaluations.read(request)
    cases = material.scenarios.scenarios
    splits = {split: [each for each in cases if each.split == split] for split in ("search", "holdout")}
    for split, found in splits.items():
        if not found:
            raise NoHeldOutScenarios(f"none of {len(cases)} scenarios is of the split {split}")
    async with app.transaction() as tx:
        saved = await configurations.save_version(tx, material.agent)
        await scenarios.save_scenarios(tx, cases)
        return await recommendations.begin_improvement(
            tx,
            saved.version,
            analyst=order.analyst.kind,
            rounds=order.rounds,
            budget_usd=order.budget_usd,
            settings={
                "agent_file": str(order.agent.absolute()),
                "search": [[each.scenario_id, each.content_hash] for each in splits["search"]],
                "holdout": [each.scenario_id for each in splits["holdout"]],
                "trials": order.trials,
                "seed": order.seed,
                "approve": order.approve,
                "analyst": asdict(order.analyst),
            },
        )


async def improve(
    app: App,
    improvement: Improvement,
    *,
    concurrency: int = 8,
    on_event: OnEvent = lambda text: None,
    on_progress: OnProgress = lambda run: None,
) -> Improvement:
    """
    Do what is left of an improvement; when nothing is significantly better it ends.

    Interrupted at any moment it can be called again.

    Raises:
        AnalystFailed: The analyst does not answer; calling again asks it again.
        InvalidInput, Unavailable: See `evaluations.run`.
    """
    loop = _Loop(app, improvement, concurrency, on_event, on_progress)
    while (ended := await loop.step()) is None:
        pass
    return ended


async def rounds_seen(tx: Tx, improvement: Improvement) -> list[RoundSeen]:
    """The rounds of an improvement with what each led to."""
    seen = []
    for each in await recommendations.rounds_of(tx, improvement):
        recommendation = proof = label = None
        if each.recommendation_id is not None:
            recommendation = await recommendations.get_recommendation(tx, str(each.recommendation_id))
        if each.proof_id is not None:
            proof = await recommendations.get_proof(tx, each.proof_id)
            label = (await configurations.get_proposal(tx, str(proof.diff_id))).after_label
        seen.append(RoundSeen(each, recommendation, proof, label))
    return seen


class _Loop:
    """One improvement at work: each `step` does the next thing that is not written down yet."""

    def __init__(
        self, app: App, improvement: Improvement, concurrency: int, on_event: OnEvent, on_progress: OnProgress
    ) -> None:
        self._app = app
        self._id = str(improvement.improvement_id)
        self._concurrency = concurrency
        self._say = on_event
        self._on_progress = on_progress

    async def step(self) -> Improvement | None:
        """The improvement once it has ended."""
        async with self._app.transaction() as tx:
            improvement = await recommendations.get_improvement(tx, self._id)
            now = (await recommendations.rounds_of(tx, improvement))[-1]
        if improvement.stopped_for is not None:
            return improvement
        if improvement.budget_usd is not None and improvement.spent_usd >= improvement.budget_usd:
            return await self._end(improvement, f"the budget of ${improvement.budget_usd.normalize():f} is used up")
        if now.session_id is None:
            if not await self._try_out(improvement, now):
                return await self._end(improvement, "the budget is used up, or a simulation was cancelled")
            await self._analyse(improvement, now)
            return None
        if now.recommendation_id is None:
            if not await self._propose(improvement, now):
                return await self._end(improvement, "nothing is significantly better")
            return None
        proof = await self._prove(improvement, now)
        if proof.verdict is None:
            return await self._end(improvement, "the budget is used up, or a simulation was cancelled")
        await self._conclude(improvement, now, proof)
        if now.round_number >= improvement.rounds:
            return await self._end(improvement, f"all rounds are done: {improvement.rounds}")
        return None

    async def _try_out(self, improvement: Improvement, now: Round) -> bool:
        """Simulate the parent on the scenarios that an analyst may see; whether that came to its end."""
        settings = improvement.settings
        simulation_id = now.simulation_id
        if simulation_id is None:
            async with self._app.transaction() as tx:
                simulation_id = await simulations.plan_simulation(
                    tx,
                    NewSimulation(
                        config_version_id=now.parent_version_id,
                        scenarios=[PinnedScenario(*pin) for pin in settings["search"]],
                        trials=settings["trials"],
                        seed=settings["seed"],
                        name=f"improvement {improvement.short_id}",
                        max_cost_usd=_left(improvement),
                        metadata={"agent_file": settings["agent_file"]},
                    ),
                )
                await recommendations.note_in_round(tx, improvement, now.round_number, simulation_id=simulation_id)
        await evaluations.run(self._app, [simulation_id], concurrency=self._concurrency, on_progress=self._on_progress)
        async with self._app.transaction() as tx:
            found = await simulations.get_simulation(tx, simulation_id)
        score = "unknown" if found.overall_score is None else f"{100 * found.overall_score:.0f} %"
        self._say(f"round {now.round_number}: {found.label} on {found.total_scenarios} scenarios, score {score}")
        return found.status is SimulationStatus.COMPLETED

    async def _analyse(self, improvement: Improvement, now: Round) -> None:
        choice = AnalystChoice(**improvement.settings["analyst"])

        async def note(tx: Tx, session: Session) -> None:
            await recommendations.note_in_round(tx, improvement, now.round_number, session_id=session.session_id)

        async with recommending.analyst_of(choice, self._app) as analyst:
            # What was paid for is noted with it, so that whoever is killed in between pays for it once.
            _, found = await recommending.analyse(
                self._app,
                str(now.parent_version_id),
                analyst,
                improvement_id=improvement.improvement_id,
                on_kept=note,
            )
        refused = sum(each.status is Status.REFUSED for each in found)
        self._say(
            f"  analyst {analyst.who.model}: {len(found) - refused} recommendations"
            + (f", {refused} that do not apply" if refused else "")
        )

    async def _propose(self, improvement: Improvement, now: Round) -> bool:
        """Accept the best recommendation that is left; whether there was one."""
        async with self._app.transaction() as tx:
            page = await recommendations.page_recommendations(
                tx,
                {"session_id": now.session_id, "status": [Status.OPEN.value]},
                recommendations.RECOMMENDATIONS.order(),
                at_most=100,
            )
        for each in sorted(page.items, key=_promise, reverse=True):
            if each.kind is Kind.SCENARIO_ADDITION:
                continue  # what is searched on is for people to widen
            try:
                async with self._app.transaction() as tx:
                    await recommendations.accept(tx, each.short_id, release=False)  # not before its proof
                    await recommendations.note_in_round(
                        tx, improvement, now.round_number, recommendation_id=each.recommendation_id
                    )
            except Conflict as error:
                async with self._app.transaction() as tx:
                    await recommendations.reject(tx, str(each.recommendation_id), reason=error.message)
                continue
            self._say(f"  trying {each.short_id}: {each.description}")
            return True
        return False

    async def _prove(self, improvement: Improvement, now: Round) -> Proof:
        settings = improvement.settings
        async with self._app.transaction() as tx:
            proposal = await recommendations.proposal_to_prove(tx, str(now.recommendation_id))
        proof_id = now.proof_id
        if proof_id is None:
            proof = await recommending.plan_proof(
                self._app,
                proposal,
                scenario_ids=settings["holdout"],
                trials=settings["trials"],
                seed=settings["seed"] + now.round_number,
                max_cost_usd=_left(improvement),
            )
            async with self._app.transaction() as tx:
                await recommendations.note_in_round(tx, improvement, now.round_number, proof_id=proof.proof_id)
        else:
            async with self._app.transaction() as tx:
                proof = await recommendations.get_proof(tx, proof_id)
        if proof.verdict is not None:
            return proof
        return await recommending.run_proof(
            self._app, proof, concurrency=self._concurrency, on_progress=self._on_progress
        )

    async def _conclude(self, improvement: Improvement, now: Round, proof: Proof) -> None:
        """Write down whether a change has been proven, and begin the next round from there."""
        is_proven = (
            proof.verdict == "better" and proof.p_value is not None and proof.p_value < ALPHA / improvement.rounds
        )
        async with self._app.transaction() as tx:
            proposal = await configurations.get_proposal(tx, str(proof.diff_id))
        self._say(
            f"  {proposal.after_label} against {proposal.before_label} on {proof.scenarios} held-out scenarios: {told(proof)}"
        )
        decided = proposal.status is not configurations.ApprovalStatus.PENDING
        try:
            async with self._app.transaction() as tx:
                if not is_proven and not decided:
                    await configurations.reject(tx, proposal.short_id, reason=f"not proven: {told(proof)}")
                elif is_proven and not decided and improvement.settings["approve"]:
                    await recommending.approve(tx, proposal.short_id, reason=f"proven: {told(proof)}")
                    self._say(f"  {proposal.after_label} is approved")
                elif is_proven and not decided:
                    self._say(
                        f"  {proposal.after_label} waits for an approval: guildhall config approve {proposal.after_label}"
                    )
        except (NotAllowed, Conflict) as error:
            self._say(f"  {proposal.after_label} is left to others: {error.message}")
        async with self._app.transaction() as tx:
            await recommendations.note_in_round(tx, improvement, now.round_number, is_proven=is_proven)
            if now.round_number < improvement.rounds:
                following = (
                    Round(now.round_number + 1, proposal.version_after)
                    if is_proven
                    else Round(now.round_number + 1, now.parent_version_id, now.simulation_id, now.session_id)
                )
                await recommendations.begin_round(tx, improvement, following)

    async def _end(self, improvement: Improvement, why: str) -> Improvement:
        async with self._app.transaction() as tx:
            return await recommendations.end_improvement(tx, improvement, why)


def told(proof: Proof) -> str:
    """
    What a proof showed, in a line.

    The points are of the pass rate, with their interval.
    """
    if proof.effect is None or proof.effect_low is None or proof.effect_high is None:
        return str(proof.verdict)
    p = "" if proof.p_value is None else f", p = {proof.p_value:.3f}"
    low, high = 100 * proof.effect_low, 100 * proof.effect_high
    return f"{proof.verdict}, {100 * proof.effect:+.0f} points [{low:+.0f}, {high:+.0f}]{p}"


def _promise(recommendation: Recommendation) -> tuple[float, UUID]:
    """What may be expected of a recommendation; equals in one order."""
    predicted = recommendation.predicted
    effect = predicted.effect if predicted else 0.0
    return recommendation.confidence * (0.01 + max(effect, 0.0)), recommendation.recommendation_id


def _left(improvement: Improvement) -> Decimal | None:
    if improvement.budget_usd is None:
        return None
    return max(improvement.budget_usd - improvement.spent_usd, Decimal("0.000001"))


def improvement_settings(improvement: Improvement) -> Mapping[str, Any]:
    """What was asked for, without the pins of scenarios."""
    return {key: value for key, value in improvement.settings.items() if key not in ("search", "holdout")}
