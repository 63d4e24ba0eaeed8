"""`guildhall gateway`: one door to every model: its providers, budgets, calls, and the server itself."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from guildhall.cli import ensembles, gateway_keys
from guildhall.cli.frame import GATE_FAILED, JsonOption, Output, run
from guildhall.cli.traffic import show_traffic

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from guildhall.domains.platform.identity import Keyring
    from guildhall.settings import Settings

group = typer.Typer(help="One door to every model: providers, budgets, and every call on record.", no_args_is_help=True)
providers_group = typer.Typer(help="A team's accounts at providers of models.", no_args_is_help=True)
requests_group = typer.Typer(help="The ledger of calls.", no_args_is_help=True)
budgets_group = typer.Typer(help="What may be spent on calls.", no_args_is_help=True)
sessions_group = typer.Typer(help="Sessions that your programs name, and their context.", no_args_is_help=True)
group.add_typer(providers_group, name="providers")
group.add_typer(requests_group, name="requests")
group.add_typer(budgets_group, name="budgets")
group.add_typer(sessions_group, name="sessions")
group.add_typer(ensembles.group, name="ensembles")
group.add_typer(gateway_keys.group, name="keys")
requests_group.command("recount")(ensembles.recount)

group.command("analytics")(show_traffic)

_INTERRUPTED = 130

NameArgument = Annotated[str, typer.Argument(help="What the account is called.")]
KeyEnvOption = Annotated[
    str | None, typer.Option("--key-env", help="The variable that holds the provider's key, which is sealed.")
]
ModelsOption = Annotated[
    list[str] | None,
    typer.Option("--model", help="A model that it serves, as NAME or NAME=PROVIDERS_OWN_NAME; * for all. Repeatable."),
]
WeightOption = Annotated[str | None, typer.Option(help="Its share among equals; 0 is the last resort.")]
PriorityOption = Annotated[int | None, typer.Option(help="The order of failover, the lowest first.")]
UrlOption = Annotated[str | None, typer.Option("--base-url", help="Where it is; known for most types.")]


@providers_group.command("list")
def list_providers(as_json: JsonOption = False) -> None:
    """List the team's accounts and how they fare."""
    from guildhall.app.documents.gateway import provider_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.gateway import account_lines
    from guildhall.domains.gateway import providers

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await providers.list_accounts(tx)
        if as_json:
            output.document([provider_document(each) for each in found])
        else:
            output.lines(account_lines(found))

    run(work, as_json=as_json)


@providers_group.command("add")
def add_provider(
    name: NameArgument,
    kind: Annotated[str, typer.Option("--type", help="openai, anthropic, groq, mistral, ollama, vllm …")] = "openai",
    base_url: UrlOption = None,
    key_env: KeyEnvOption = None,
    model: ModelsOption = None,
    weight: WeightOption = None,
    priority: PriorityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an account at a provider of models."""
    from guildhall.app.documents.gateway import provider_document
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import providers

    output = Output(as_json)

    async def work() -> None:
        settings = _settings()
        config: dict[str, object] = {"models": _models(model)}
        if priority is not None:
            config["priority"] = priority
        new = providers.NewAccount(
            name, kind, base_url, weight=_amount("weight", weight, Decimal(1)), config=config, key=_key(key_env)
        )
        async with App.open(settings) as app, app.transaction() as tx:
            await providers.add_account(
                tx, new, _ring(settings), networks=providers.read_networks(settings.gateway_networks)
            )
            made = await providers.get_account(tx, name)
        if as_json:
            output.document(provider_document(made))
        else:
            output.lines([f"added {made.name}, which is asked at {made.base_url}"])

    run(work, as_json=as_json)


@providers_group.command("set")
def set_provider(
    name: NameArgument,
    base_url: UrlOption = None,
    key_env: KeyEnvOption = None,
    without_key: Annotated[bool, typer.Option("--without-key", help="Forget its key.")] = False,
    model: ModelsOption = None,
    weight: WeightOption = None,
    priority: PriorityOption = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether calls go to it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change an account; what is not named stays, but a key is sent to no other server. It holds from the next call on."""
    from guildhall.app.documents.gateway import provider_document
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import providers

    output = Output(as_json)

    async def work() -> None:
        settings = _settings()
        config: dict[str, object] = {}
        if model:
            config["models"] = _models(model)
        if priority is not None:
            config["priority"] = priority
        async with App.open(settings) as app, app.transaction() as tx:
            await providers.change_account(
                tx,
                name,
                _ring(settings),
                networks=providers.read_networks(settings.gateway_networks),
                key=_key(key_env),
                without_key=without_key,
                base_url=base_url,
                weight=None if weight is None else _amount("weight", weight, Decimal(1)),
                enabled=enabled,
                config=config,
            )
            made = await providers.get_account(tx, name)
        if as_json:
            output.document(provider_document(made))
        else:
            output.lines([f"changed {made.name}"])

    run(work, as_json=as_json)


@providers_group.command("remove")
def remove_provider(name: NameArgument, as_json: JsonOption = False) -> None:
    """Forget an account and its key; what it answered stays in the ledger."""
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import providers

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            await providers.remove_account(tx, name)
        if as_json:
            output.document({"removed": name})
        else:
            output.lines([f"removed {name}"])

    run(work, as_json=as_json)


@group.command("test")
def probe_providers(
    name: Annotated[str | None, typer.Argument(help="Only this account.")] = None, as_json: JsonOption = False
) -> None:
    """
    Ask providers for their models, which costs nothing, and say who answers.

    Ends with 1 where one of them does not.
    """
    from guildhall.adapters.upstreams import Upstream
    from guildhall.app.gateway.watch import Watch
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import providers

    output = Output(as_json)

    async def work() -> bool:
        settings = _settings()
        ring = _ring(settings)
        async with App.open(settings) as app, app.transaction() as tx:
            found = [await providers.get_account(tx, name)] if name else await providers.list_accounts(tx)
        told, watch = [], Watch()
        async with Upstream(providers.read_networks(settings.gateway_networks)) as upstream:
            for each in found:
                why = await watch.probe(upstream, each, providers.open_key(ring, each))
                told.append(
                    {"name": each.name, "answers": why is None, "why": why, "ms": watch.of(each.id).response_time_ms}
                )
        if as_json:
            output.document(told)
        else:
            output.lines(
                f"{each['name']}  answers in {each['ms']} ms"
                if each["answers"]
                else f"{each['name']}  does not answer: {each['why']}"
                for each in told
            )
        return all(each["answers"] for each in told)

    if not run(work, as_json=as_json):
        raise typer.Exit(GATE_FAILED)


@group.command("models")
def list_models(as_json: JsonOption = False) -> None:
    """List the models that can be called by a name, and what each costs where."""
    from guildhall.app import prices
    from guildhall.app.documents.gateway import model_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.gateway import model_lines

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await prices.served_models(tx)
        if as_json:
            output.document([model_document(each) for each in found])
        else:
            output.lines(model_lines(found))

    run(work, as_json=as_json)


@requests_group.command("list")
def list_requests(
    status: Annotated[str | None, typer.Option(help="Only those that are running, completed or failed.")] = None,
    model: Annotated[str | None, typer.Option(help="Only calls of this model.")] = None,
    error: Annotated[str | None, typer.Option(help="Only those that failed with this code.")] = None,
    simulation: Annotated[
        str | None, typer.Option(help="Only calls made for this simulation: its short id, UUID, or @latest.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="Only calls behind this outcome of a trial.")] = None,
    session: Annotated[str | None, typer.Option(help="Only calls in your session of this name.")] = None,
    role: Annotated[str | None, typer.Option(help="Only those of the agent, user, judge or analyst.")] = None,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the team's calls, newest first."""
    from guildhall.app.documents.gateway import call_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.gateway import call_lines
    from guildhall.domains.evaluation import simulations
    from guildhall.domains.gateway import requests
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        filters: dict[str, object] = {"status": status, "model": model, "error_code": error, "role": role}
        filters["outcome_id"] = None if outcome is None else _uuid("outcome", outcome)
        async with App.open() as app, app.transaction() as tx:
            if simulation is not None:
                filters["simulation_id"] = (await simulations.resolve(tx, simulation)).simulation_id
            if session is not None:
                filters["session_id"] = (await identity.get_conversation(tx, session)).id
            page = await requests.page_calls(tx, filters, requests.CALLS.order(), at_most=last)
        if as_json:
            output.document([call_document(each) for each in page.items])
        else:
            output.lines(call_lines(page.items, of_trials=simulation is not None or outcome is not None))

    run(work, as_json=as_json)


@requests_group.command("show")
def show_request(
    request: Annotated[str, typer.Argument(help="Its id, as the answer's header x-request-id says it.")],
    as_json: JsonOption = False,
) -> None:
    """Show a call whole: what was asked, and what came of each attempt."""
    from guildhall.app.documents.ensembles import record_document
    from guildhall.app.documents.gateway import story_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.ensembles import record_lines
    from guildhall.cli.render.gateway import story_lines
    from guildhall.domains.gateway import ensembles as votes
    from guildhall.domains.gateway import requests

    output = Output(as_json)

    async def work() -> None:
        call_id = _uuid("request", request)
        async with App.open() as app, app.transaction() as tx:
            story = await requests.get_story(tx, call_id)
            record = await votes.find_record(tx, call_id)
        if as_json:
            voted = {} if record is None else {"vote": record_document(record)}
            output.document({**story_document(story), **voted})
        else:
            output.lines(story_lines(story))
            output.lines(record_lines(record) if record is not None else ())

    run(work, as_json=as_json)


SessionArgument = Annotated[str, typer.Argument(help="What your programs call it.")]


@sessions_group.command("list")
def list_sessions(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the one used last first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List your own sessions in the team."""
    from guildhall.app.documents.sessions import conversation_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.gateway import session_lines
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await identity.list_conversations(tx, with_ended=every, at_most=last)
        if as_json:
            output.document([conversation_document(each) for each in found])
        else:
            output.lines(session_lines(found))

    run(work, as_json=as_json)


@sessions_group.command("show")
def show_session(session: SessionArgument, as_json: JsonOption = False) -> None:
    """Show a session, its context, and its newest calls."""
    from guildhall.app.documents.sessions import conversation_story_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.gateway import call_lines, session_lines
    from guildhall.domains.gateway import requests
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await identity.get_conversation(tx, session)
            page = await requests.page_calls(tx, {"session_id": found.id}, requests.CALLS.order(), at_most=20)
        if as_json:
            output.document(conversation_story_document(found, page.items))
        else:
            output.lines([*session_lines([found], whole=True), *call_lines(page.items)])

    run(work, as_json=as_json)


@sessions_group.command("end")
def end_session(session: SessionArgument, as_json: JsonOption = False) -> None:
    """End a session for good: calls in it are refused from now on, in every process."""
    from guildhall.app.documents.sessions import conversation_document
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            ended = await identity.end_conversation(tx, session)
        if as_json:
            output.document(conversation_document(ended))
        else:
            output.lines([f"{ended.name} is {'expired' if ended.status == 'expired' else 'ended'}"])

    run(work, as_json=as_json)


@budgets_group.command("list")
def list_budgets(as_json: JsonOption = False) -> None:
    """List the team's budgets and what was spent of each."""
    from guildhall.app.documents.gateway import budget_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.gateway import budget_lines
    from guildhall.domains.gateway import budgets

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await budgets.list_budgets(tx)
        if as_json:
            output.document([budget_document(each) for each in found])
        else:
            output.lines(budget_lines(found))

    run(work, as_json=as_json)


@budgets_group.command("add")
def add_budget(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    usd: Annotated[str | None, typer.Option(help="How much may be spent in a period.")] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(min=1, help="How many tokens may be asked for.")] = None,
    period: Annotated[str, typer.Option(help="day or month, in UTC.")] = "month",
    soft: Annotated[bool, typer.Option("--soft", help="Only count; refuse nothing.")] = False,
    model: Annotated[str | None, typer.Option(help="Only calls of this model.")] = None,
    key: Annotated[str | None, typer.Option(help="Only calls with this API key: its name or id.")] = None,
    user: Annotated[str | None, typer.Option(help="Only calls of this person: the name or the id.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add a budget; it holds from the next call on."""
    from guildhall.algorithms.suggestions import did_you_mean
    from guildhall.app.gateway.unserved import notes_on_budget
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import budgets
    from guildhall.domains.platform import identity
    from guildhall.errors import InvalidInput

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            user_id = None
            if user:
                members = {str(each.user_id): each.username for each in await identity.list_members(tx)}
                found = [each for each, name in members.items() if user == name or user.lower() == each]
                if not found:
                    expected = "the name or the id of somebody in the team"
                    raise InvalidInput(
                        f"--user is {user[:100]!r}, expected {expected}",
                        remedy=did_you_mean(user, members.values()),
                        field="user",
                        value=user[:100],
                    )
                user_id = UUID(found[0])
            made = await budgets.add_budget(
                tx,
                budgets.NewBudget(
                    name,
                    limit_usd=None if usd is None else _amount("usd", usd, Decimal(0)),
                    tokens_per_minute=tokens_per_minute,
                    period=period,
                    is_hard=not soft,
                    user_id=user_id,
                    api_key_id=await identity.resolve_key(tx, key) if key else None,
                    model=model,
                ),
            )
            notes = await notes_on_budget(tx, model)
        for each in notes:
            output.warn(each)
        if as_json:
            output.document({"id": made, "name": name})
        else:
            output.lines([f"added {name}"])

    run(work, as_json=as_json)


@budgets_group.command("set")
def set_budget(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    usd: Annotated[
        str | None, typer.Option(help="How much may be spent in a period; none takes the limit away.")
    ] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(min=1, help="How many tokens may be asked for.")] = None,
    period: Annotated[str | None, typer.Option(help="day or month; of another one nothing is spent yet.")] = None,
    hard: Annotated[bool | None, typer.Option("--hard/--soft", help="Whether it refuses, or only counts.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change how much a budget allows; what is not named stays. It holds from the next call on."""
    from guildhall.app.documents.gateway import budget_document
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import budgets

    output = Output(as_json)

    async def work() -> None:
        changes: dict[str, Any] = {}
        if usd is not None:
            changes["limit_usd"] = None if usd == "none" else _amount("usd", usd, Decimal(0))
        named = {"tokens_per_minute": tokens_per_minute, "period": period, "is_hard": hard}
        changes |= {field: value for field, value in named.items() if value is not None}
        async with App.open() as app, app.transaction() as tx:
            changed = await budgets.change_budget(tx, name, changes)
        if as_json:
            output.document(budget_document(changed))
        else:
            output.lines([f"changed {name}"])

    run(work, as_json=as_json)


@budgets_group.command("remove")
def remove_budget(name: Annotated[str, typer.Argument(help="What it is called.")], as_json: JsonOption = False) -> None:
    """Forget a budget and what was spent of it."""
    from guildhall.app.wiring import App
    from guildhall.domains.gateway import budgets

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            await budgets.remove_budget(tx, name)
        if as_json:
            output.document({"removed": name})
        else:
            output.lines([f"removed {name}"])

    run(work, as_json=as_json)


@group.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen; 127.0.0.1 unless given.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 8401 unless given, 0 for any.", min=0, max=65535)] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes answer; 1 unless given.", min=1)] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """
    Serve models to programs that speak OpenAI's or Anthropic's API.

    A process uses one core; --workers starts several behind the one port, and
    starts those again that die. SIGTERM or Ctrl-C ends it once calls under way
    have their answers.
    """
    given = {
        "GUILDHALL_HOST": host,
        "GUILDHALL_GATEWAY_PORT": port,
        "GUILDHALL_WORKERS": workers,
        "GUILDHALL_LOG_FORMAT": log_format,
        "GUILDHALL_LOG_LEVEL": log_level,
    }
    options = {name: str(value) for name, value in given.items() if value is not None}

    async def work() -> None:
        from guildhall.app import logs
        from guildhall.server import listening, notify
        from guildhall.server.gateway import serve_gateway
        from guildhall.settings import Settings

        output = Output()
        settings = Settings.from_environment({**os.environ, **options})
        logs.configure(settings.log_format, settings.log_level)
        sockets = listening.inherited(os.environ) or listening.listen(settings.host, settings.gateway_port)
        several = f"{settings.workers} processes, " if settings.workers > 1 else ""

        def tell() -> None:
            urls = " and ".join(listening.url_of(each, tls=settings.tls_cert is not None) for each in sockets)
            output.lines([f"The gateway listens on {urls} ({several}pid {os.getpid()})"])
            sys.stdout.flush()
            notify("READY=1")

        try:
            if settings.workers > 1:
                await _supervise(settings, options, sockets, tell)
            else:
                await serve_gateway(settings, sockets, tell)
        finally:
            for each in sockets:
                each.close()

    import uvloop

    run(work, loop=uvloop.new_event_loop)


async def _supervise(
    settings: Settings, options: dict[str, str], sockets: list[socket.socket], tell: Callable[[], None]
) -> None:
    """Several processes behind the port, which this one looks after."""
    from guildhall.app.wiring import prepared_url
    from guildhall.server import Interrupted, Supervisor, counting_together, keep_alive

    async with prepared_url(settings), keep_alive(settings):
        with counting_together() as counts:
            try:
                await Supervisor(
                    settings, lambda: {**os.environ, **options, **counts}, sockets, "guildhall.server.gateway_worker"
                ).run(tell)
            except Interrupted:
                raise typer.Exit(_INTERRUPTED) from None


def _uuid(field: str, text: str) -> UUID:
    from guildhall.errors import InvalidInput

    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(f"the {field} is {text!r}, expected a UUID", field=field, value=text) from None


def _settings() -> Settings:
    from guildhall.settings import Settings

    return replace(Settings.from_environment(), pool_size=2)


def _ring(settings: Settings) -> Keyring | None:
    from guildhall.domains.platform import identity

    return identity.read_keyring(settings.secret_key, settings.secret_key_old) if settings.secret_key else None


def _key(variable: str | None) -> str | None:
    from guildhall.errors import InvalidInput

    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InvalidInput(
            f"the variable {variable} is empty, expected the provider's key", field="key_env", value=variable
        )
    return key


def _models(texts: list[str] | None) -> dict[str, str]:
    return {name: own or name for name, _, own in (each.partition("=") for each in texts or ())}


def _amount(field: str, text: str | None, default: Decimal) -> Any:
    from guildhall.errors import InvalidInput

    if text is None:
        return default
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InvalidInput(f"--{field} is {text!r}, expected a number", field=field, value=text) from None
