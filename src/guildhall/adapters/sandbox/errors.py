"""The ways in which a sandbox fails, as opposed to the program in it."""

from __future__ import annotations

from pathlib import Path

from guildhall.errors import InvalidInput, LimitReached, Unavailable


class SandboxUnavailable(Unavailable):
    """Nothing can be run on this system as it is."""

    code = "sandbox_unavailable"

    def __init__(self, what: str, remedy: str | None = None) -> None:
        super().__init__(f"no program can be run in a sandbox: {what}", remedy=remedy)


class IsolationUnavailable(Unavailable):
    """A kind of isolation was insisted on that this system does not allow."""

    code = "isolation_unavailable"

    def __init__(self, isolation: str, why: str) -> None:
        super().__init__(
            f"isolation {isolation!r} does not work on this system: {why}",
            remedy='Choose "auto" to use the best that works; each outcome records which it was.',
            field="isolation",
            value=isolation,
        )


class SandboxLost(Unavailable):
    """The launcher died with its trials: nobody's fault but the infrastructure's."""

    code = "sandbox_lost"

    def __init__(self, sandbox_id: str, log: str) -> None:
        super().__init__(
            f"sandbox {sandbox_id} was lost: the process that starts trials ended unexpectedly",
            remedy="Run the trial again; the launcher is started anew.",
            sandbox_id=sandbox_id,
            log=log,
        )


class NoRoomForSandbox(Unavailable):
    """The directory of a trial could not be written."""

    code = "no_room_for_sandbox"

    def __init__(self, directory: Path, why: str) -> None:
        super().__init__(
            f"the sandbox directory {directory} cannot be written: {why}",
            remedy="Free some space there, or set GUILDHALL_DATA_DIR to a directory on a disk that has some.",
            file=str(directory),
        )


class ProgramNotRunnable(InvalidInput):
    """The program does not exist, may not be executed, or is described wrongly."""

    code = "program_not_runnable"

    def __init__(self, program: str, why: str, remedy: str | None = None) -> None:
        super().__init__(f"program {program!r} cannot be run: {why}", remedy=remedy, field="command", value=program)


class LineTooLong(LimitReached):
    """A program wrote a line beyond the limit, or one that never ends."""

    code = "line_too_long"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the program wrote a line of more than {limit} bytes", limit=limit)
