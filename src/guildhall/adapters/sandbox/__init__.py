"""
Sandboxes: where untrusted programs run.

`Sandbox` is the port that agents and tools use. `LocalSandbox` runs programs on this machine, each with limits, with as little of
the system in view as the system allows, and with no way to outlive its trial.
"""

from .errors import (
    IsolationUnavailable,
    LineTooLong,
    NoRoomForSandbox,
    ProgramNotRunnable,
    SandboxLost,
    SandboxUnavailable,
)
from .local import LocalSandbox, default_directory
from .process import SandboxedProcess
from .runs import sweep
from .types import Capabilities, Ended, Held, Isolation, Limits, Program, Reason, RunningProgram, Sandbox

__all__ = [
    "Capabilities",
    "Ended",
    "Held",
    "Isolation",
    "IsolationUnavailable",
    "Limits",
    "LineTooLong",
    "LocalSandbox",
    "NoRoomForSandbox",
    "Program",
    "ProgramNotRunnable",
    "Reason",
    "RunningProgram",
    "Sandbox",
    "SandboxLost",
    "SandboxUnavailable",
    "SandboxedProcess",
    "default_directory",
    "sweep",
]
