"""Jobs of our own, which every worker can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from guildhall import clock
from guildhall.algorithms import sanitise
from guildhall.app import sealing
from guildhall.app.wiring import App
from guildhall.app.workers.handlers import HANDLERS, Context, GiveUp, TryLater, job
from guildhall.db import Tx
from guildhall.domains.gateway import debates
from guildhall.domains.platform import audit, jobs
from guildhall.errors import GuildhallError, InvalidInput, NotAllowed, NotFound, Unavailable

F = TypeVar("F", bound=Callable[..., Any])

RUN = "evaluation.run"
CLUSTER = "failures.cluster"
ANALYSE = "recommendations.analyse"
DEBATE = "gateway.debate"
_PATIENCE = timedelta(minutes=10)
_run_code: set[Callable[..., Any]] = set()


def _runs_code(handler: F) -> F:
    """Marks a job that runs what a team has written."""
    _run_code.add(handler)
    return handler


class RunsCode(NotAllowed):
    """A job would run a team's code in a worker's process, and whoever asks reaches no database."""

    code = "job_runs_code"

    def __init__(self, task_type: str) -> None:
        super().__init__(
            f"jobs of type {task_type!r} run agents, tools and scorers as the worker, and are not enqueued over HTTP",
            remedy="Hand the simulation out where the database is reached: `guildhall eval resume SIMULATION --on workers`.",
            field="task_type",
            value=task_type,
        )


async def make_known(app: App, types: jobs.Types, task_type: str) -> None:
    """Make one of these known to the database, so that it can be enqueued before any worker has been here."""
    kind = HANDLERS[task_type].kind
    if (kind.name, kind.queue) not in types.kinds:
        async with app.database.duty("worker") as tx:
            await jobs.register_type(tx, kind)


class HasItsRoute(NotAllowed):
    """A job belongs to something else, which is added with it."""

    code = "job_has_its_route"

    def __init__(self, task_type: str, route: str) -> None:
        super().__init__(
            f"jobs of type {task_type!r} are added with what they are about", remedy=f"Use {route}.",
            field="task_type", value=task_type,
        )  # fmt: skip


_ROUTES = {DEBATE: "POST /v1/gateway/debates"}


def refuse_code(task_type: str) -> None:
    """
    See that a job runs nothing that a team has written: a worker serves all teams, and its login reaches their rows.

    Raises:
        RunsCode: It does.
        HasItsRoute: It is one of those that nobody adds alone.
    """
    if task_type in _ROUTES:
        raise HasItsRoute(task_type, _ROUTES[task_type])
    if task_type in TYPES and HANDLERS[task_type].call in _run_code:
        raise RunsCode(task_type)


class Verify(BaseModel):
    """Which ledgers to verify; all of them, unless some are named."""

    model_config = ConfigDict(extra="forbid")

    ledgers: list[str] = []


@job("audit.verify", timeout=timedelta(hours=1), max_retries=1)
async def verify(wanted: Verify, context: Context) -> list[dict[str, Any]]:
    """Verify what the seals say of the team's own rows; the job's result is a verdict for each ledger."""
    keys = await sealing.verifying_keys(context.app, None)
    async with context.transaction() as tx:
        names = wanted.ledgers or [each.name for each in await _ledgers(tx)]
    found = []
    for name in names:
        async with context.transaction() as tx:
            verdict = await audit.verify_own(tx, name, keys)
        found.append(
            {
                "ledger": name,
                "holds": verdict.holds,
                "rows": verdict.rows,
                "seals": verdict.seals,
                "waiting": verdict.waiting,
                "findings": [each.message for each in verdict.findings],
            }
        )
    return found


async def _ledgers(tx: Tx) -> list[audit.LedgerEntry]:
    page = await audit.page_ledgers(tx, {}, audit.LEDGERS.order(), at_most=1000)
    return list(page.items)


class RunSimulations(BaseModel):
    """Which simulations to run, interleaved; `until`: begin no trial after that."""

    model_config = ConfigDict(extra="forbid")

    simulations: list[UUID] = Field(min_length=1)
    concurrency: int = Field(8, ge=1, le=512)
    until: AwareDatetime | None = None


@_runs_code
@job(RUN, queue="evaluation", max_retries=25, at_once=1)
async def run_simulations(wanted: RunSimulations, context: Context) -> dict[str, Any]:
    """Run simulations beside whoever else does; a job that is handed back, or whose worker is lost, is another's."""
    from guildhall.app import stopping  # noqa: PLC0415 - with sandboxes, recorders and what they need

    app = replace(context.app, actor=context.actor)
    seconds = None if wanted.until is None else max(0.0, (wanted.until - clock.now()).total_seconds())
    try:
        run = await stopping.run(app, wanted.simulations, concurrency=wanted.concurrency, max_seconds=seconds)
    except (InvalidInput, NotFound) as error:
        raise GiveUp(str(error)) from error
    return {
        "stopped_for": run.stopped_for,
        "simulations": {
            str(simulation_id): {"done": each.done, "total": each.total} for simulation_id, each in run.progress.items()
        },
    }


class ClusterFailures(BaseModel):
    """Put the team's failures in clusters; `regroup`: and group all anew, due or not."""

    model_config = ConfigDict(extra="forbid")

    regroup: bool = False


@job(CLUSTER, timeout=timedelta(hours=1), max_retries=5, at_once=1)
async def cluster_failures(wanted: ClusterFailures, context: Context) -> dict[str, Any]:
    """Put failures in clusters; where an embedding service is down, the others are, and the job is tried again later."""
    from guildhall.app import clustering  # noqa: PLC0415 - with NumPy

    done = await clustering.catch_up(context.app, context.actor, regroup=wanted.regroup)
    if done.trouble is not None:
        raise TryLater(_PATIENCE, done.trouble)
    return {"failures": done.failures, "signatures": done.signatures, "founded": done.founded}


class Analyse(BaseModel):
    """
    Which analysis to carry out, and by which model of the team's providers; the installation's unless one is named.

    `asked_with` is the key or session of whoever asked, by its id: who the model's calls are let in and paid for as.
    """

    model_config = ConfigDict(extra="forbid")

    session_id: UUID
    model: str | None = Field(None, max_length=255)
    temperature: float = Field(0.1, ge=0, le=2)
    asked_with: dict[str, str] | None = None


@job(ANALYSE, timeout=timedelta(minutes=30), max_retries=3, at_once=4)
async def analyse(wanted: Analyse, context: Context) -> dict[str, Any]:
    """Let a model say what to change; the session tells how far it is, and why where it fails."""
    from guildhall.app import analysing  # noqa: PLC0415 - with what asks models
    from guildhall.domains.evaluation.recommendations import AnalystFailed  # noqa: PLC0415

    try:
        return await analysing.carry_out(
            context.app,
            context.actor,
            wanted.session_id,
            model=wanted.model,
            temperature=wanted.temperature,
            asked_with=wanted.asked_with,
            is_last_try=context.job.retry_count >= context.job.max_retries,
        )
    except GuildhallError as error:
        if isinstance(error, Unavailable) and not isinstance(error, AnalystFailed):
            raise
        raise GiveUp(str(error)) from error


class HoldDebate(BaseModel):
    """Which debate to hold; everything else stands in its record."""

    model_config = ConfigDict(extra="forbid")

    debate: UUID


@job(DEBATE, max_retries=10, retry_base=timedelta(seconds=5), retry_most=_PATIENCE, at_once=2)
async def hold_debate(wanted: HoldDebate, context: Context) -> dict[str, Any]:
    """
    Hold a debate that was asked for over HTTP, through a gateway of this process, for whoever asked.

    A worker that is stopped or lost leaves it as it is, and the next one goes on after the last turn on record.
    """
    from guildhall.app import debates as hall  # noqa: PLC0415 - with a gateway and all that it needs
    from guildhall.app.gateway import deputies  # noqa: PLC0415

    app = replace(context.app, actor=context.actor)
    async with context.transaction() as tx:
        asked = await debates.get_debate(tx, wanted.debate)
    errand = deputies.Errand.read(asked.metadata.get("asked_with"))
    if errand is None:
        raise GiveUp(f"nobody has asked for debate {wanted.debate} over HTTP")
    try:
        async with deputies.deputy_models(app.settings, app.actor, errand) as models:
            held = await hall.go_on(app, models, deputies.NOWHERE, wanted.debate)
    except (debates.NobodyAnswered, debates.DebateOver) as error:
        raise GiveUp(str(error)) from error
    except Exception as error:
        if context.job.retry_count >= context.job.max_retries:
            async with context.transaction() as tx:
                reason = sanitise.text(f"it could not be held: {error}")
                await debates.call_off(tx, wanted.debate, reason, asked.positions)
        raise
    return {"debate": str(held.id), "winner": held.final_winner}


TYPES = frozenset(each.kind.name for each in HANDLERS.of_queues(()) if each.call.__module__ == __name__)
"""Their names: what they find is believed, so nobody else's worker does them."""
