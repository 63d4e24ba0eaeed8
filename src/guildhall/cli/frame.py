"""
What every command shares: how it runs, how it prints, and how it ends.

Exit codes: 0 done, 1 a gate failed, 2 bad input or not found, 3 something we
depend on does not answer, 4 a conflict or not allowed, 70 a defect of ours,
130 interrupted.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Coroutine, Iterable
from contextlib import redirect_stdout, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer
from rich.console import Console
from rich.text import Text

from guildhall.app.documents.notation import OPTIONS, plain
from guildhall.errors import (
    Conflict,
    GuildhallError,
    InvalidInput,
    LimitReached,
    NotAllowed,
    NotFound,
    Unavailable,
)

_T = TypeVar("_T")

GATE_FAILED = 1
_stdout: ContextVar[Any] = ContextVar("stdout")
_EXIT_CODES: tuple[tuple[type[GuildhallError], int], ...] = (
    (NotFound, 2),
    (InvalidInput, 2),
    (Unavailable, 3),
    (Conflict, 4),
    (NotAllowed, 4),
    (LimitReached, 4),
)
_DEFECT = 70
_INTERRUPTED = 130
_WIDTH = 80
_MOST_PROBLEMS = 20

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]


def finite(number: float | None) -> float | None:
    """
    A number as an option takes it: `nan`, which is above and below no bound, and infinity are none.

    Raises:
        BadParameter: It is one of them.
    """
    if number is not None and not math.isfinite(number):
        raise typer.BadParameter(f"{number} is no number that can be counted to.")
    return number


class UsageWrong(InvalidInput):
    """A command line that is not one of ours."""

    code = "usage"

    def __init__(self, message: str) -> None:
        super().__init__(message.rstrip("."), remedy="Each command says what it takes with --help.")


@dataclass(slots=True)
class Output:
    """Where a command prints: findings to stdout, everything beside them to stderr."""

    as_json: bool = False

    @property
    def console(self) -> Console:
        """For people, 80 columns wide where nobody says otherwise."""
        return _console(_findings())

    @property
    def aside(self) -> Console:
        """For progress and warnings, which never mix with findings."""
        return _console(sys.stderr)

    def lines(self, lines: Iterable[Text | str]) -> None:
        """Print lines as they are."""
        console = self.console
        for line in lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    def document(self, value: Any) -> None:
        """Print the one JSON document."""
        stream = _findings()
        stream.write(to_json(value) + "\n")
        stream.flush()

    def warn(self, text: str) -> None:
        """Say something beside the findings."""
        self.aside.print(Text.assemble(("note: ", "yellow"), text), highlight=False, soft_wrap=True)


def _findings() -> Any:
    """Where findings go: stdout as it was before anything inside this process could print there."""
    return _stdout.get(sys.stdout)


def to_json(value: Any) -> str:
    """JSON as every command prints it: UUIDs and times as text, amounts of money as numbers, infinity as null."""
    return orjson.dumps(value, default=plain, option=OPTIONS | orjson.OPT_INDENT_2).decode()


_ACTING = {
    **{each: 0x2400 + each for each in range(0x20) if chr(each) not in "\t\n\r"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
"""Characters that a terminal obeys, and those that turn the direction of writing: each becomes another one, so that styles keep their places."""


class _Console(Console):
    """
    Rich's own ends with 1 when its reader has gone, which means that a gate failed, and lets through what terminals obey.

    What agents, models and users have written can neither colour, overwrite nor retitle anything. Where nobody reads,
    texts keep what turns the direction of writing.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*map(self._harmless, objects), **options)

    def _harmless(self, said: Any) -> Any:
        table = _ACTING | _TURNING if self.is_terminal else _ACTING
        if isinstance(said, str):
            return said.translate(table)
        if isinstance(said, Text) and (plain := said.plain.translate(table)) != said.plain:
            said = said.copy()
            said.plain = plain
        return said

    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - Rich calls this while it handles the BrokenPipeError; `run` knows what to do


def _console(stream: Any) -> Console:
    if stream.isatty():
        return _Console(file=stream)
    return _Console(file=stream, width=_WIDTH, no_color=True)


def run(
    work: Callable[[], Coroutine[Any, Any, _T]],
    *,
    as_json: bool = False,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> _T:
    """
    Run a command's work; whatever goes wrong becomes a message and an exit code, never a traceback.

    With `as_json` the error is the one JSON document on stdout; `loop` makes another loop than asyncio's own.
    """
    _stdout.set(sys.stdout)
    _hear_the_log()
    try:
        # What an agent prints that runs inside this process is no finding.
        with redirect_stdout(sys.stderr), asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(work())
    except GuildhallError as error:
        fail(error, as_json=as_json)
    except (KeyboardInterrupt, asyncio.CancelledError):
        _console(sys.stderr).print("interrupted", highlight=False)
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except ExceptionGroup as group:
        ours = group.subgroup(GuildhallError)
        if ours is not None:
            fail(_first(ours), as_json=as_json)
        _confess(group)
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001 - a person must not meet a traceback
        _confess(error)


class _Notes(logging.Handler):
    """What our own parts log, as notes beside the findings: a line each, without tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text}: {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        Output().warn(text)


def _hear_the_log() -> None:
    """Show the warnings of our own parts; those of libraries speak of what our parts have already told."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())
        ours = logging.getLogger("guildhall")
        ours.addHandler(_Notes(logging.WARNING))


def fail(error: GuildhallError, *, as_json: bool) -> NoReturn:
    """Report an error of ours and end with its family's exit code."""
    raise typer.Exit(complain(error, as_json=as_json))


def complain(error: GuildhallError, *, as_json: bool = True) -> int:
    """Report an error of ours; its family's exit code."""
    if as_json:
        Output().document(error.as_json())
    else:
        console = _console(sys.stderr)
        for line in _said(error):
            console.print(line, highlight=False, soft_wrap=True)
    return next((code for family, code in _EXIT_CODES if isinstance(error, family)), _DEFECT)


def _said(error: GuildhallError) -> list[Text]:
    """An error for people; where it has found several mistakes, each in a line of its own, as compilers do."""
    problems = error.details.get("problems", ())
    if len(problems) < 2:
        lines = [Text.assemble(("error: ", "bold red"), error.message)]
        return [*lines, Text(error.remedy)] if error.remedy else lines
    lines = []
    for each in problems[:_MOST_PROBLEMS]:
        where = f"{each['file']}:{each['line']}" if each["line"] is not None else each["file"]
        place = f"{where}: " if where else ""
        lines.append(Text.assemble(("error: ", "bold red"), place, each["message"]))
        if each["remedy"]:
            lines.append(Text(f"       {each['remedy']}"))
    if len(problems) > _MOST_PROBLEMS:
        lines.append(Text(f"and {len(problems) - _MOST_PROBLEMS} more like these"))
    return lines


def _first(group: BaseExceptionGroup[GuildhallError]) -> GuildhallError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _confess(error: BaseException) -> NoReturn:
    handle, name = tempfile.mkstemp(prefix="guildhall-", suffix=".txt")
    with os.fdopen(handle, "w") as file:
        traceback.print_exception(error, file=file)
    console = _console(sys.stderr)
    defect = f"this is a defect of Guildhall ({type(error).__name__})"
    console.print(Text.assemble(("error: ", "bold red"), defect), highlight=False, soft_wrap=True)
    console.print(f"What happened is in {name}; please report it.", highlight=False, soft_wrap=True)
    raise typer.Exit(_DEFECT)
