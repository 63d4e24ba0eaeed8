"""`guildhall up`: everything on one machine, with the dashboard."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from guildhall.cli.frame import Output, run
from guildhall.cli.serve import stand

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_to(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command()(up)


def up(
    host: Annotated[str | None, typer.Option(help="Where to listen; 127.0.0.1 unless given.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 8400 unless given, 0 for any.", min=0, max=65535)] = None,
    gateway: Annotated[
        bool, typer.Option("--gateway", help="Start the gateway to models, too, at GUILDHALL_GATEWAY_PORT.")
    ] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help="How many jobs the worker does at a time.")] = 4,
) -> None:
    """
    Start everything: the database, the dashboard with the API, a worker and the scheduler.

    It prints where the dashboard is, and on the embedded database a link that
    signs you in, once. Ctrl-C ends all of it. Whatever `guildhall serve` takes
    by the environment counts here, too.
    """
    given = {"GUILDHALL_HOST": host, "GUILDHALL_PORT": port}
    options = {name: str(value) for name, value in given.items() if value is not None}

    def environment() -> Mapping[str, str]:
        return {**os.environ, **options}

    output = Output()

    async def work() -> None:
        await stand(
            output,
            environment,
            beside=[
                ["worker", "--concurrency", str(concurrency)],
                ["schedule"],
                *([["gateway", "serve"]] if gateway else []),
            ],
            shows_link=True,
        )

    run(work)
