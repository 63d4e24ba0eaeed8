"""
Analyses by a model that a worker carries out, so that whoever asks for one need not wait.

Nobody names an address: the model is one that the team's own accounts at
providers serve (`domains.gateway.providers`: their addresses are checked when
they are kept and again whenever they are called, their keys are in the vault),
or that of the installation (GUILDHALL_ANALYST_URL, whose key is in the worker's
environment). The session says how far it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from guildhall.adapters.analysts import LlmAnalyst, RuleAnalyst
from guildhall.adapters.analysts.llm import TEMPLATE_VERSION
from guildhall.adapters.exchange import HttpClient
from guildhall.adapters.llm import Endpoint, ModelClient
from guildhall.adapters.upstreams import AddressClosed
from guildhall.adapters.upstreams.guard import Guard
from guildhall.app.wiring import App
from guildhall.app.workers import ours
from guildhall.db import Actor, Tx
from guildhall.domains.evaluation import configurations, recommendations
from guildhall.domains.evaluation.recommendations import (
    Analysis,
    Analyst,
    AnalystFailed,
    AnalystPort,
    Session,
    SessionStatus,
)
from guildhall.domains.gateway import providers
from guildhall.domains.gateway.providers import Route, Wire
from guildhall.domains.platform import identity, jobs
from guildhall.domains.platform.jobs import NewJob
from guildhall.errors import GuildhallError, InvalidInput, Unavailable
from guildhall.settings import Settings

TEMPERATURE = 0.1
_KEY = "ANALYST_KEY"


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
) -> Handed:
    """
    Open an analysis of a version by a model, and add the job that carries it out (`ours.make_known` comes before).

    Raises:
        VersionNotFound, VersionAmbiguous: The reference means no version.
        AnalystNotOffered: Nobody serves the model.
        NothingToAnalyse: There are no trials that an analyst may read.
    """
    version = await configurations.get_version(tx, reference)
    route = await _route(tx, settings, model)
    name = model if route is not None else settings.analyst_model
    assert name is not None, "one of both names it"
    analyst = Analyst("llm", name, temperature, TEMPLATE_VERSION)
    session = await recommendations.begin_session(tx, version, analyst, window=window)
    payload = {
        "session_id": str(session.session_id),
        "model": None if route is None else name,
        "temperature": temperature,
    }
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
    is_last_try: bool = False,
) -> dict[str, Any]:
    """
    Carry out an analysis that was opened; what came of it, as the job's result.

    Without a `model` it is the installation's, or the rules where it has none.
    An analysis that has ended is left as it is. One that breaks off because the
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
    if session.session_status is not SessionStatus.RUNNING:
        return _result(session)
    took = Analysis((), None)
    try:
        if version is None:
            raise recommendations.NothingToAnalyse("this team", session.data_window_start)
        async with _analyst(app, model, temperature, is_chosen=session.config_version_id is not None) as analyst:
            async with app.transaction() as tx:
                session, evidence = await recommendations.open_session(
                    tx,
                    version,
                    analyst.who,
                    window=session.data_window_end - session.data_window_start,
                    session_id=session_id,
                )
            analysis = await analyst.analyse(evidence)
            took = replace(analysis, suggestions=())
        async with app.transaction() as tx:
            await recommendations.record_analysis(tx, session, evidence, analysis)
            return _result(await recommendations.get_session(tx, session_id))
    except AnalystFailed as error:
        await _fail(app, session, error.message, Analysis((), error.cost_usd, error.calls, error.tokens))
        raise
    except AddressClosed as error:
        await _fail(app, session, str(error))
        raise AnalystFailed(str(error)) from error
    except GuildhallError as error:
        if is_last_try or not isinstance(error, Unavailable):
            await _fail(app, session, error.message, took)
        raise


@asynccontextmanager
async def _analyst(app: App, model: str | None, temperature: float, *, is_chosen: bool) -> AsyncIterator[AnalystPort]:
    settings = app.settings
    if model is None and not settings.analyst_url and not is_chosen:
        yield RuleAnalyst()
        return
    async with app.transaction() as tx:
        route = await _route(tx, settings, model)
    if route is None:
        url, name, key, guard = settings.analyst_url or "", settings.analyst_model or "", settings.analyst_key, None
    else:
        ring = identity.read_keyring(settings.secret_key, settings.secret_key_old) if settings.secret_key else None
        url, name, key = route.account.base_url, route.model, providers.open_key(ring, route.account)
        guard = Guard(providers.read_networks(settings.gateway_networks))
    endpoint = Endpoint(url, _KEY if key else None, _prices(route))
    async with HttpClient(guard) as http:
        models = ModelClient(http, environment={_KEY: key} if key else {})
        analyst = LlmAnalyst(models, endpoint, name, temperature=temperature)
        analyst.check()
        yield analyst


async def _route(tx: Tx, settings: Settings, model: str | None) -> Route | None:
    """The team's account that serves a model; None for the installation's own."""
    accounts = [each for each in await providers.list_accounts(tx) if each.wire is Wire.OPENAI]
    has_own = bool(settings.analyst_url and settings.analyst_model)
    if model is None and has_own:
        return None
    routes = providers.routes_to(accounts, model) if model is not None else []
    if routes:
        return min(routes, key=lambda each: (each.account.options.priority, -each.account.weight, each.account.name))
    if model is not None and has_own and model == settings.analyst_model:
        return None
    raise AnalystNotOffered(model, providers.served(accounts))


def _prices(route: Route | None) -> dict[str, float] | None:
    stated = route.account.options.prices.get(route.model) if route is not None else None
    return None if stated is None else {kind: float(rate) for kind, rate in stated.items()}


def _result(session: Session) -> dict[str, Any]:
    return {
        "session_id": str(session.session_id),
        "status": session.session_status.value,
        "recommendations": session.recommendations_generated,
        "refused": session.recommendations_refused,
    }


async def _fail(app: App, session: Session, why: str, analysis: Analysis | None = None) -> None:
    async with app.transaction() as tx:
        await recommendations.fail_session(tx, session, why[:2_000], analysis or Analysis((), None))
