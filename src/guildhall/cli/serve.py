"""`guildhall serve`: the dashboard and the HTTP API, for people and programs on this machine or others."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guildhall.cli.frame import Output, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guildhall.settings import Settings

_INTERRUPTED = 130


def add_to(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen; 127.0.0.1 unless given.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 8400 unless given, 0 for any.", min=0, max=65535)] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes answer; 1 unless given.", min=1)] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="A certificate with those above it, in PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, in PEM.")] = None,
    trusted_proxy: Annotated[
        list[str] | None, typer.Option(help="An address or network whose X-Forwarded-For is believed. Repeatable.")
    ] = None,
    cors_origin: Annotated[
        list[str] | None, typer.Option(help="An origin whose pages may use the API. Repeatable.")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    grace: Annotated[float | None, typer.Option(help="Seconds that requests have to end on a stop; 30.")] = None,
    env_file: Annotated[Path | None, typer.Option(help="A file with settings, read again on SIGHUP.")] = None,
) -> None:
    """
    Serve the dashboard and the HTTP API.

    It starts the embedded database where no other is named. SIGTERM or Ctrl-C
    ends it once requests have their answers, a second one at once; SIGHUP
    replaces its processes by new ones with the settings of that moment. Each
    option is also a setting, such as GUILDHALL_PORT.
    """
    given = {
        "GUILDHALL_HOST": host,
        "GUILDHALL_PORT": port,
        "GUILDHALL_WORKERS": workers,
        "GUILDHALL_TLS_CERT": tls_cert,
        "GUILDHALL_TLS_KEY": tls_key,
        "GUILDHALL_TRUSTED_PROXIES": ",".join(trusted_proxy) if trusted_proxy else None,
        "GUILDHALL_CORS_ORIGINS": ",".join(cors_origin) if cors_origin else None,
        "GUILDHALL_LOG_FORMAT": log_format,
        "GUILDHALL_LOG_LEVEL": log_level,
        "GUILDHALL_GRACE_S": grace,
        "GUILDHALL_ENV_FILE": env_file,
    }
    options = {name: str(value) for name, value in given.items() if value is not None}

    def environment() -> Mapping[str, str]:
        from guildhall.settings import Settings, read_env_file

        stated = {**os.environ, **options}
        file = Settings.from_environment(stated).env_file
        return stated if file is None else {**os.environ, **read_env_file(file), **options}

    run(lambda: _serve(environment))


async def _serve(environment: Callable[[], Mapping[str, str]]) -> None:
    await stand(Output(), environment)


async def stand(
    output: Output,
    environment: Callable[[], Mapping[str, str]],
    *,
    beside: Sequence[Sequence[str]] = (),
    shows_link: bool = False,
    opens: str = "/",
    any_port: bool = False,
) -> None:
    """
    Serve until told to stop, with commands `beside`, and say where.

    With `shows_link` whoever is alone on an embedded database is shown a link
    that signs them in, once, and `opens` a page. `any_port` takes another port
    where the one that is set is taken.
    """
    from guildhall.app import logs, telemetry
    from guildhall.app.wiring import prepared_url
    from guildhall.cli.companions import companions
    from guildhall.server import AddressInUse, Interrupted, Supervisor, counting_together, keep_alive, listening, notify
    from guildhall.settings import Settings

    settings = Settings.from_environment(environment())
    if settings.tls_cert is not None and settings.tls_key is not None:
        listening.certificate(settings.tls_cert, settings.tls_key)
    telemetry.require(settings.otlp_endpoint)
    try:
        listeners = listening.inherited(os.environ) or listening.listen(settings.host, settings.port)
    except AddressInUse:
        if not any_port:
            raise
        listeners = listening.listen(settings.host, 0)
    logs.configure(settings.log_format, settings.log_level)
    try:
        async with prepared_url(settings), keep_alive(settings):
            has_key = await _has_key(settings)
            link = await _link(settings, opens) if shows_link and not settings.database_url else None

            def tell() -> None:
                urls = [listening.url_of(each, tls=settings.tls_cert is not None) for each in listeners]
                processes = f"{settings.workers} processes" if settings.workers > 1 else "1 process"
                if shows_link:
                    output.lines([f"Guildhall is up at {' and '.join(urls)} (pid {os.getpid()}); Ctrl-C ends it"])
                else:
                    output.lines([f"Guildhall listens on {' and '.join(urls)} ({processes}, pid {os.getpid()})"])
                if link is not None:
                    output.lines([f"Sign in, once, within the hour: {urls[0]}{link}"])
                elif not has_key:
                    output.lines(["There is no API key yet; `guildhall keys add` makes one."])
                sys.stdout.flush()
                notify("READY=1")

            with counting_together() as counts:
                async with companions(beside, environment, grace_s=settings.grace_s):
                    await Supervisor(settings, lambda: {**environment(), **counts}, listeners).run(tell)
    except Interrupted:
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        for each in listeners:
            each.close()


async def _link(settings: Settings, opens: str) -> str:
    from urllib.parse import urlencode

    from guildhall.app.wiring import App
    from guildhall.dashboard import make_link

    async with App.open(replace(settings, pool_size=1)) as app:
        link = await make_link(app)
    return link if opens == "/" else f"{link}?{urlencode({'next': opens})}"


async def _has_key(settings: Settings) -> bool:
    from guildhall.app.wiring import App
    from guildhall.domains.platform import identity

    async with App.open(replace(settings, pool_size=1)) as app, app.transaction() as tx:
        return bool(await identity.list_keys(tx))
