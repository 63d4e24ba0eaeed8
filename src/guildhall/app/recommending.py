"""
From trials to a better version: analyses, decisions, and proofs on held-out scenarios.

An analyst is asked outside of transactions, however long it thinks. What it was
shown is gathered in one, and what it says is kept in another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from guildhall.adapters.analysts import LlmAnalyst, RuleAnalyst
from guildhall.adapters.exchange import HttpClient
from guildhall.adapters.llm import OPENAI, Endpoint, ModelClient, ModelNotNamed
from guildhall.adapters.through import made_for
from guildhall.app import analysis_costs, evaluations, through
from guildhall.app.runner import OnProgress
from guildhall.app.wiring import App
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, recommendations, simulations
from guildhall.domains.evaluation.configurations import Proposal
from guildhall.domains.evaluation.recommendations import (
    Analysis,
    AnalystFailed,
    AnalystPort,
    Proof,
    Recommendation,
    Session,
)
from guildhall.domains.evaluation.simulations import Simulation, SimulationStatus
from guildhall.errors import GuildhallError

TRIALS = 5
DAYS = 30.0

OnKept = Callable[[Tx, Session], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AnalystChoice:
    """Who is to analyse: the rules, or a model at an endpoint."""

    kind: Literal["rules", "llm"] = "rules"
    model: str | None = None
    base_url: str | None = None
    api_key_env: str | None = None
    temperature: float = 0.1


@asynccontextmanager
async def analyst_of(choice: AnalystChoice, app: App | None = None) -> AsyncIterator[AnalystPort]:
    """
    The analyst that was chosen, for as long as the block lasts; a model is asked through the gateway that `app` is told of.

    Raises:
        ModelNotNamed: It is a model, and none is named.
        ModelKeyMissing, EndpointRefused: Its endpoint cannot be asked.
    """
    if choice.kind == "rules":
        yield RuleAnalyst()
        return
    if not choice.model:
        raise ModelNotNamed("the analyst")
    endpoint = Endpoint(choice.base_url or OPENAI, choice.api_key_env)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(HttpClient())
        gateway = None
        if app is not None:
            gateway = await stack.enter_async_context(
                through.gateway_at(app, app.settings.gateway_url, f"analyst {choice.model}")
            )
        models, key_id = ModelClient(http, through=gateway), None if gateway is None else gateway.key_id
        analyst = LlmAnalyst(models, endpoint, choice.model, temperature=choice.temperature, key_id=key_id)
        analyst.check()
        yield analyst


async def analyse(
    app: App,
    reference: str,
    analyst: AnalystPort,
    *,
    window: timedelta = timedelta(days=DAYS),
    session_id: UUID | None = None,
    improvement_id: UUID | None = None,
    on_kept: OnKept | None = None,
) -> tuple[Session, list[Recommendation]]:
    """
    Let an analyst read what a version did in a window of time, and keep what it recommends.

    An analysis that fails, or is interrupted, is kept as failed, with what it cost; the improvement that it is
    made for has spent that. `on_kept` happens in the transaction that keeps what was recommended.

    Raises:
        VersionNotFound, VersionAmbiguous: The reference means no version.
        NothingToAnalyse: It has no trials that an analyst may read.
        SessionNotFound: There is no session to take up.
        AnalystFailed: There is no analysis to be had.
    """
    async with app.transaction() as tx:
        version = await configurations.get_version(tx, reference)
        session, evidence = await recommendations.open_session(
            tx, version, analyst.who, window=window, session_id=session_id, improvement_id=improvement_id
        )
        latest = await simulations.of_version(tx, str(version.version_id), at_most=1)
    took = Analysis((), None)
    try:
        # Its calls are found with the newest simulation that it reads of.
        with made_for(latest[0].simulation_id) if latest else nullcontext():
            analysis = await analyst.analyse(evidence)
        took = replace(analysis, suggestions=())
        async with app.transaction() as tx:
            analysis = await analysis_costs.with_cost(tx, session.session_id, analysis)
            found = await recommendations.record_analysis(tx, session, evidence, analysis)
            if on_kept is not None:
                await on_kept(tx, session)
            return await recommendations.get_session(tx, session.session_id), found
    except AnalystFailed as error:
        await _fail(app, session, error.message, Analysis((), error.cost_usd, error.calls, error.tokens))
        raise
    except BaseException as error:
        why = error.message if isinstance(error, GuildhallError) else f"interrupted: {type(error).__name__}"
        await asyncio.shield(_fail(app, session, why, took))
        raise


async def approve(tx: Tx, reference: str, *, reason: str | None = None) -> Proposal:
    """
    Approve a proposal (`configurations.approve`), and mark what it came from as applied.

    Raises:
        NotFound, Conflict, NotAllowed: See `configurations.approve`.
    """
    proposal = await configurations.approve(tx, reference, reason=reason)
    await recommendations.note_approval(tx, proposal)
    return proposal


async def plan_proof(
    app: App,
    proposal: Proposal,
    *,
    suite: str | None = None,
    scenario_ids: Sequence[str] = (),
    trials: int = TRIALS,
    seed: int = 0,
    max_cost_usd: Decimal | None = None,
) -> Proof:
    """
    The proof of a proposal that is under way, or a new one.

    Raises:
        NoHeldOutScenarios, SplitsMixed: See `recommendations.plan_proof`.
    """
    async with app.transaction() as tx:
        for known in await recommendations.proofs_of(tx, proposal.diff_id):
            if known.verdict is None:
                return known
        settings = await _settings_of(tx, proposal)
        if max_cost_usd is not None:
            settings["max_cost_usd"] = max_cost_usd
        return await recommendations.plan_proof(
            tx, proposal, suite=suite, scenario_ids=scenario_ids, trials=trials, seed=seed, settings=settings
        )


async def run_proof(
    app: App, proof: Proof, *, concurrency: int = 8, on_progress: OnProgress = lambda run: None
) -> Proof:
    """Run what is missing of a proof, and measure it; its verdict stays None where it could not be run to its end."""
    ids = [proof.baseline_simulation_id, proof.candidate_simulation_id]
    async with app.transaction() as tx:
        before = [await simulations.get_simulation(tx, each) for each in ids]
        for each in before:
            if each.status in (SimulationStatus.CANCELLED, SimulationStatus.FAILED):
                await simulations.start_simulation(tx, each.simulation_id)
    await evaluations.run(app, ids, concurrency=concurrency, on_progress=on_progress)
    async with app.transaction() as tx:
        found: list[Simulation] = [await simulations.get_simulation(tx, each) for each in ids]
        if all(each.status is SimulationStatus.COMPLETED for each in found):
            return await recommendations.measure_proof(tx, proof)
    return proof


async def _settings_of(tx: Tx, proposal: Proposal) -> dict[str, Any]:
    """How simulations of the parent were run last, which its proof repeats."""
    latest = await simulations.of_version(tx, str(proposal.version_before), at_most=1)
    settings: dict[str, Any] = {"metadata": {"proof_of": str(proposal.diff_id)}}
    if latest:
        hint: Mapping[str, Any] = latest[0].metadata
        settings["metadata"] |= {key: hint[key] for key in ("agent_file", through.METADATA) if key in hint}
        settings |= {"timeout_ms": latest[0].timeout_ms, "max_retries": latest[0].max_retries}
    return settings


async def _fail(app: App, session: Session, why: str, analysis: Analysis) -> None:
    async with app.transaction() as tx:
        analysis = await analysis_costs.with_cost(tx, session.session_id, analysis)
        await recommendations.fail_session(tx, session, why[:2_000], analysis)
