"""`guildhall worker`: a process that does what is to be done."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer

from guildhall.cli.frame import JsonOption, Output, finite, run

if TYPE_CHECKING:
    from prometheus_client import Metric


T = TypeVar("T")

ListenOption = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Tell /healthz and, for Prometheus, /metrics there.")
]


def add_to(app: typer.Typer) -> None:
    """Put the command at the top."""
    app.command()(worker)


def worker(
    queues: Annotated[
        str | None, typer.Option(help="Only these queues, with commas between; all unless given.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help="How many jobs at a time.")] = 10,
    handlers: Annotated[
        list[str] | None, typer.Option(help="A Python module that registers handlers, such as shop.jobs. Repeatable.")
    ] = None,
    lease: Annotated[
        float,
        typer.Option(
            min=0.5,
            max=86_400,
            callback=finite,
            help="Seconds without a sign of life after which others take its jobs.",
        ),
    ] = 30.0,
    grace: Annotated[
        float, typer.Option(min=0, max=86_400, callback=finite, help="Seconds that jobs have to finish on a stop.")
    ] = 30.0,
    listen: ListenOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Work on jobs until SIGTERM or Ctrl-C.

    Then it takes nothing more and finishes what is under way; what takes longer
    than the grace, or a second signal, is handed back for others to do.
    """
    import uvloop

    output = Output(as_json)

    async def work() -> None:
        from guildhall.app.wiring import App
        from guildhall.app.workers import HANDLERS, Worker
        from guildhall.settings import Settings

        load(handlers or ())
        settings = Settings.from_environment()
        size = max(settings.pool_size, min(concurrency, 20) + 4)
        settings = replace(settings, pool_size=size)
        async with once_there(lambda: App.open(settings, idle_s=lease), output) as app:
            made = Worker(
                app,
                HANDLERS,
                queues=[each.strip() for each in (queues or "").split(",") if each.strip()],
                concurrency=concurrency,
                lease=timedelta(seconds=lease),
                grace_s=grace,
            )
            stop_on_signals(made.stop)
            with told_at(listen, made) as said:

                def started() -> None:
                    if not as_json:
                        output.lines(
                            [f"worker {made.name} takes jobs, {concurrency} at a time (pid {os.getpid()}){said}"]
                        )
                    sys.stdout.flush()

                await made.run(started)
        counts = made.counts
        if as_json:
            output.document(
                {
                    "worker": made.name,
                    "completed": counts.completed,
                    "failed": counts.failed,
                    "lost": counts.lost,
                    "handed_back": counts.handed_back,
                    "rescued": counts.rescued,
                }
            )
        else:
            output.lines(
                [
                    f"stopped: {counts.completed} completed, {counts.failed} failed, {counts.handed_back} handed back, "
                    f"{counts.lost} lost"
                ]
            )

    run(work, as_json=as_json, loop=uvloop.new_event_loop)


@asynccontextmanager
async def once_there(enter: Callable[[], AbstractAsyncContextManager[T]], output: Output) -> AsyncIterator[T]:
    """
    What `enter` opens on the database, as soon as that is there; who is made to wait is told.

    Raises:
        DatabaseUnavailable: The login is refused, or there is no such database, which waiting does not mend.
        Unavailable: It lacks migrations, or a server of our own does not start.
    """
    from guildhall.db import DatabaseAway

    pause_s, is_told = 0.1, False
    async with AsyncExitStack() as stack:
        while True:
            try:
                opened = await stack.enter_async_context(enter())
                break
            except DatabaseAway:
                if not is_told:
                    output.warn("PostgreSQL does not answer: waiting until it does (Ctrl-C ends this)")
                    is_told = True
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, 2.0)
        yield opened


class _Tells(Protocol):
    """What has something to say of itself."""

    def health(self) -> tuple[bool, dict[str, Any]]: ...
    def samples(self) -> Iterable[Metric]: ...


@contextmanager
def told_at(listen: str | None, made: _Tells) -> Iterator[str]:
    """Tell how a process is where somebody wants to hear it; gives what to add to its first line."""
    from guildhall.app.workers.vitals import read_address, telling

    if listen is None:
        yield ""
        return
    with telling(read_address(listen), made.health, made.samples) as url:
        yield f", {url}/metrics"


def load(modules: list[str] | tuple[()]) -> None:
    """
    Import modules that register handlers, from the working directory too, after those of our own.

    Raises:
        InvalidInput: There is no such module, or it fails.
    """
    from importlib import import_module

    from guildhall.app.workers import ours  # noqa: F401
    from guildhall.errors import GuildhallError, InvalidInput

    if "" not in sys.path and os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    for name in modules:
        try:
            import_module(name)
        except GuildhallError:
            raise
        except Exception as error:
            raise InvalidInput(
                f"the module {name} cannot be loaded: {type(error).__name__}: {error}",
                remedy="--handlers names a module as `import` does, from here or from what is installed.",
                field="handlers",
                value=name,
            ) from error


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on each SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
