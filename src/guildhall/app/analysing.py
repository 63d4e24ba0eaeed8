"""
Analyses by a model that a worker carries out, so that whoever asks for one need not wait.

Nobody names an address: the model is one that the team's own accounts at
providers serve, or that of the installation (GUILDHALL_ANALYST_URL, whose key
is in the worker's environment). The team's own is asked through a gateway of
this process: it is paid for by the budgets of whoever asked for the analysis,
and every call is in the ledger. That of the installation is asked through the
gateway at GUILDHALL_GATEWAY_URL where there is one. The session says how far it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from guildhall.adapters.analysts import LlmAnalyst, RuleAnalyst
from guildhall.adapters.analysts.llm import TEMPLATE_VERSION
from guildhall.adapters.exchange import HttpClient
from guildhall.adapters.llm import Endpoint, ModelClient
from guildhall.adapters.through import made_for
from guildhall.app import analysis_costs, through
from guildhall.app.gateway.course import ModelsNotAllowed
from guildhall.app.gateway.deputies import NOWHERE, DeputyModels, Errand, deputy_models, own_models
from guildhall.app.wiring import App
from guildhall.app.workers import ours
from guildhall.db import Actor, Tx
from guildhall.domains.evaluation import configurations, recommendations, simulations
from guildhall.domains.evaluation.recommendations import (
    Analysis,
    Analyst,
    AnalystFailed,
    AnalystPort,
    Session,
    SessionStatus,
)
from guildhall.domains.gateway import providers
from guildhall.domains.gateway.providers import Wire
from guildhall.domains.platform import identity, jobs
from guildhall.domains.platform.identity import Caller, Scope
from guildhall.domains.platform.jobs import NewJob
from guildhall.errors import GuildhallError, InvalidInput, Unavailable
from guildhall.settings import Settings

ANALYSTS = ("rules", "llm")
TEMPERATURE = 0.1
_KEY = "ANALYST_KEY"
_LONGEST = timedelta(hours=1)


class AnalystNotOffered(InvalidInput):
    """Nobody serves the model that is to analyse."""

    code = "analyst_not_offered"

    def __init__(self, model: str | None, served: list[str]) -> None:
        named = "no model is named, and this installation has none for analyses" if model is None else None
        super().__init__(
            named or f"no provider of the team serves {(model or '')[:200]!r} by OpenAI's API",
            remedy=(
                f"Name one of these: {', '.join(served[:20])}."
                if served
                else "Add a provider: `guildhall gateway providers add`."
            )
            + " Whoever runs this installation can set GUILDHALL_ANALYST_URL and GUILDHALL_ANALYST_MODEL.",
            field="model",
            value=model,
        )


def check_days(days: float) -> float:
    """
    How far back to look, in days.

    Raises:
        InvalidInput: It is not above 0, or more than ten years.
    """
    if not 0 < days <= 3650:
        raise InvalidInput(f"days is {days}, expected a number above 0, 3,650 at most", field="days", value=str(days))
    return days


def check_analyst(analyst: str) -> str:
    """
    Who is to analyse.

    Raises:
        InvalidInput: There are no such analysts.
    """
    if analyst not in ANALYSTS:
        raise InvalidInput(
            f"analyst is {analyst!r:.100}, and there is none of that name",
            remedy=f"Name one of these: {', '.join(ANALYSTS)}.",
            field="analyst",
            value=analyst,
        )
    return analyst


def refuse_for_rules(*, model: str | None, temperature: float | None) -> None:
    """
    See that rules are given nothing that only models have.

    Raises:
        InvalidInput: They are.
    """
    for name, value in (("model", model), ("temperature", temperature)):
        if value is not None:
            raise InvalidInput(
                f"{name} is {value!r:.100}, and rules have none",
                remedy="Leave it out, or set analyst to llm.",
                field=name,
                value=value,
            )


@dataclass(frozen=True, slots=True)
class Handed:
    """An analysis that waits for a worker, and the job that it is."""

    session: Session
    job_id: UUID


async def hand_out(
    tx: Tx,
    settings: Settings,
    types: jobs.Types,
    reference: str,
    *,
    model: str | None,
    temperature: float = TEMPERATURE,
    window: timedelta,
    caller: Caller | None = None,
) -> Handed:
    """
    Open an analysis of a version by a model, and add the job that carries it out (`ours.make_known` comes before).

    `caller` is who asks over HTTP: their key or session is what the model is then called with.

    Raises:
        ModelsNotAllowed: The key of whoever asks is not for models.
        VersionNotFound, VersionAmbiguous: The reference means no version.
        AnalystNotOffered: Nobody serves the model.
        NothingToAnalyse: There are no trials that an analyst may read.
    """
    version = await configurations.get_version(tx, reference)
    is_own = await _is_own(tx, settings, model)
    name = model if is_own else settings.analyst_model
    assert name is not None, "one of both names it"
    analyst = Analyst("llm", name, temperature, TEMPLATE_VERSION)
    session = await recommendations.begin_session(tx, version, analyst, window=window)
    payload: dict[str, Any] = {
        "session_id": str(session.session_id),
        "model": name if is_own else None,
        "temperature": temperature,
    }
    if is_own and caller is not None:
        if not identity.allows(caller.scopes, Scope.MODELS):
            raise ModelsNotAllowed(caller.scopes)
        payload["asked_with"] = Errand.of(caller).document()
    job = NewJob(ours.ANALYSE, payload, unique_key=f"{ours.ANALYSE} {session.session_id}")
    (added,) = await jobs.enqueue(tx, types, [job])
    return Handed(session, added.id)


async def carry_out(
    app: App,
    actor: Actor,
    session_id: UUID,
    *,
    model: str | None,
    temperature: float = TEMPERATURE,
    asked_with: Mapping[str, str] | None = None,
    is_last_try: bool = False,
) -> dict[str, Any]:
    """
    Carry out an analysis that was opened; what came of it, as the job's result.

    Without a `model` it is the installation's, or the rules where it has none.
    `asked_with` is the errand (`app.gateway.deputies`) that a model of the team's is called on; without
    one it gets a key of its own while it lasts. An analysis that has ended is left as it is. One that breaks off because the
    worker stops goes on running, and is another worker's.

    Raises:
        AnalystFailed: There is no analysis to be had; the session has failed.
        GuildhallError: Likewise, for the reason that it says; but where the database is away the session goes on
            unless it was the last try.
    """
    app = replace(app, actor=actor)
    async with app.transaction() as tx:
        session = await recommendations.get_session(tx, session_id)
        version = await recommendations.subject_of(tx, session)
        latest = [] if version is None else await simulations.of_version(tx, str(version.version_id), at_most=1)
    if session.session_status is not SessionStatus.RUNNING:
        return _result(session)
    took, calls = Analysis((), None), dict[UUID, bool]()
    is_chosen = session.config_version_id is not None
    chosen = Chosen(session_id, model, temperature, Errand.read(asked_with), is_chosen)
    try:
        if version is None:
            raise recommendations.NothingToAnalyse("this team", session.data_window_start)
        async with _analyst(app, chosen, calls) as analyst:
            async with app.transaction() as tx:
                session, evidence = await recommendations.open_session(
                    tx,
                    version,
                    analyst.who,
                    window=session.data_window_end - session.data_window_start,
                    session_id=session_id,
                )
            # Its calls are found with the newest simulation that it reads of.
            with made_for(latest[0].simulation_id) if latest else nullcontext():
                analysis = await analyst.analyse(evidence)
            took = replace(analysis, suggestions=())
        async with app.transaction() as tx:
            analysis = await analysis_costs.with_cost(tx, session_id, analysis, answered=_answered(calls))
            await recommendations.record_analysis(tx, session, evidence, analysis)
            return _result(await recommendations.get_session(tx, session_id))
    except AnalystFailed as error:
        await _fail(app, session, error.message, Analysis((), error.cost_usd, error.calls, error.tokens), calls)
        raise
    except GuildhallError as error:
        if is_last_try or not isinstance(error, Unavailable):
            await _fail(app, session, error.message, took, calls)
        raise


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is to analyse, and on whose errand; `is_chosen` where it was said when the analysis was opened, so is a model."""

    session_id: UUID
    model: str | None
    temperature: float
    errand: Errand | None
    is_chosen: bool


@asynccontextmanager
async def _analyst(app: App, chosen: Chosen, calls: dict[UUID, bool]) -> AsyncIterator[AnalystPort]:
    """Whoever analyses; calls in the ledger of a gateway of this process are in `calls`, with whether they were answered."""
    settings, model = app.settings, chosen.model
    if model is None and not settings.analyst_url and not chosen.is_chosen:
        yield RuleAnalyst()
        return
    async with app.transaction() as tx:
        is_own = await _is_own(tx, settings, model)
    async with AsyncExitStack() as stack:
        if is_own and model is not None:
            deputy = await stack.enter_async_context(_deputy(app, chosen, model))
            stack.callback(lambda: calls.update(deputy.calls))
            yield LlmAnalyst(deputy, NOWHERE, model, temperature=chosen.temperature)
            return
        name = settings.analyst_model or ""
        http = await stack.enter_async_context(HttpClient())
        gateway = await stack.enter_async_context(through.gateway_at(app, settings.gateway_url, f"analyst {name}"))
        key = settings.analyst_key
        models = ModelClient(http, environment={_KEY: key} if key else {}, through=gateway)
        endpoint = Endpoint(settings.analyst_url or "", _KEY if key else None)
        key_id = None if gateway is None else gateway.key_id
        analyst = LlmAnalyst(models, endpoint, name, temperature=chosen.temperature, key_id=key_id)
        analyst.check()
        yield analyst


def _deputy(app: App, chosen: Chosen, model: str) -> AbstractAsyncContextManager[DeputyModels]:
    """Models of the team's own, called on the errand of whoever asked for the analysis; else with a key that ends with it."""

    async def note(call_id: UUID) -> None:
        await analysis_costs.note_call(app, chosen.session_id, call_id)

    if chosen.errand is None:
        return own_models(app, f"analyst {model}", lasts=_LONGEST, on_call=note)
    return deputy_models(app.settings, app.actor, chosen.errand, on_call=note)


async def _is_own(tx: Tx, settings: Settings, model: str | None) -> bool:
    """
    Whether one of the team's accounts serves a model, else the installation has it.

    Raises:
        AnalystNotOffered: Nobody does.
    """
    has_own = bool(settings.analyst_url and settings.analyst_model)
    if model is None and has_own:
        return False
    accounts = [each for each in await providers.list_accounts(tx) if each.wire is Wire.OPENAI]
    if model is not None and providers.routes_to(accounts, model):
        return True
    if model is not None and has_own and model == settings.analyst_model:
        return False
    raise AnalystNotOffered(model, providers.served(accounts))


def _answered(calls: Mapping[UUID, bool]) -> list[UUID]:
    return [call_id for call_id, was_answered in calls.items() if was_answered]


def _result(session: Session) -> dict[str, Any]:
    return {
        "session_id": str(session.session_id),
        "status": session.session_status.value,
        "recommendations": session.recommendations_generated,
        "refused": session.recommendations_refused,
    }


async def _fail(app: App, session: Session, why: str, analysis: Analysis, calls: Mapping[UUID, bool]) -> None:
    async with app.transaction() as tx:
        analysis = await analysis_costs.with_cost(tx, session.session_id, analysis, answered=_answered(calls))
        await recommendations.fail_session(tx, session, why[:2_000], analysis)
