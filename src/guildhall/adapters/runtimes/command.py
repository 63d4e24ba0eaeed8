"""Agents that are a program in a sandbox, in whatever language, which speaks the agent protocol on stdin and stdout."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from guildhall.adapters.runtimes.dialogue import converse, start_message
from guildhall.adapters.sandbox import Ended, Limits, Program, ProgramNotRunnable, RunningProgram, Sandbox
from guildhall.adapters.through import variables_of
from guildhall.domains.evaluation.configurations import AgentSpec
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import Stage

__all__ = ["CommandRuntime", "failure_of", "sandbox_limits", "start_message"]

_GRACE_MS = 1_000
"""The sandbox's time limit is a little longer than the trial's, so that the stage's clock is the one that ends it."""

_LAST_MOMENTS_S = 2.0
_MEGABYTE = 1 << 20


def sandbox_limits(spec: AgentSpec) -> Limits:
    """The limits that an agent's programs run under."""
    limits = Limits(cpu_seconds=spec.limits.cpu_seconds)
    if spec.limits.memory_mb is not None:
        limits = replace(limits, memory_bytes=spec.limits.memory_mb * _MEGABYTE)
    if spec.limits.processes is not None:
        limits = replace(limits, processes=spec.limits.processes)
    return limits


class CommandRuntime:
    """Runs one program for each trial."""

    def __init__(
        self,
        spec: AgentSpec,
        argv: tuple[str, ...],
        directory: Path | None,
        sandbox: Sandbox,
        environment: Mapping[str, str],
    ) -> None:
        self._sandbox = sandbox
        self._limits = sandbox_limits(spec)
        self._program = Program(
            argv,
            environment=environment,
            directory=directory,
            network=spec.network,
        )

    async def play(self, stage: Stage) -> None:
        """
        Play a trial.

        Raises:
            TrialFailed: The agent failed.
            Unavailable: The sandbox did.
        """
        limits = replace(self._limits, wall_ms=int(stage.time_left_ms()) + _GRACE_MS)
        program = self._program
        if stage.gateway is not None:
            program = replace(program, environment={**program.environment, **variables_of(stage.gateway)})
        try:
            process = await self._sandbox.start(program, limits)
        except ProgramNotRunnable as error:
            raise TrialFailed(
                str(error),
                fault=Fault.AGENT,
                category=FailureCategory.SANDBOX_ERROR,
                failure_type="program_not_runnable",
            ) from error
        stage.note_sandbox(process.sandbox_id, process.held)
        try:
            async with process:
                await self._play(process, stage)
        finally:
            stage.note_sandbox(process.sandbox_id, process.held, process.logs)

    async def _play(self, process: RunningProgram, stage: Stage) -> None:
        try:
            done = await converse(process, stage)
        except TrialFailed as failure:
            # A program that was ended in the middle of a word has not broken the protocol.
            if failure.failure_type == "protocol_error":
                process.kill()
                self._check(await process.wait(), process, only_limits=True)
            raise
        if done:
            process.close_stdin()
            process.kill()
            await process.wait()
        else:
            self._check(await _end_of(process), process)

    def _check(self, ended: Ended | None, process: RunningProgram, *, only_limits: bool = False) -> None:
        if ended is None or ended.succeeded or ended.reason == "killed":
            return
        if only_limits and ended.reason in ("exited", "signalled"):
            return
        raise failure_of(ended, self._limits, process.logs)


async def _end_of(process: RunningProgram) -> Ended | None:
    """How a program ended that has said its last word; one that lingers without a word is ended, which is no failure."""
    try:
        async with asyncio.timeout(_LAST_MOMENTS_S):
            return await process.wait()
    except TimeoutError:
        return None


def failure_of(ended: Ended, limits: Limits, logs: str) -> TrialFailed:
    """What the way a program ended says about its agent."""
    category, status = FailureCategory.SANDBOX_ERROR, "error"
    match ended.reason:
        case "exited":
            last = next((line.strip() for line in reversed(logs.splitlines()) if line.strip()), "")
            message = f"the agent exited with code {ended.exit_code}{': ' + last[:1000] if last else ''}"
            kind, category = f"exit_code_{ended.exit_code}", FailureCategory.SYSTEM_ERROR
        case "signalled":
            name = _signal_name(ended.signal)
            message = f"the agent was ended by signal {name}"
            kind, category = f"died_by_{name.lower()}", FailureCategory.SYSTEM_ERROR
        case "timeout":
            message, kind = "the agent's time ran out", "trial_timeout"
            category, status = FailureCategory.TIMEOUT, "timeout"
        case "cpu":
            message, kind = f"the agent used more than {limits.cpu_seconds} s of CPU time", "cpu_limit"
        case "memory":
            message, kind = f"the agent used more than {(limits.memory_bytes or 0) >> 20} MB of memory", "memory_limit"
        case "processes":
            message, kind = f"the agent started more than {limits.processes} processes", "process_limit"
        case "disk":
            message, kind = "the agent wrote more than it may to its directory", "disk_limit"
        case "output_limit":
            message, kind = f"the agent wrote more than {limits.output_bytes >> 20} MB of output", "output_limit"
        case "killed":
            message, kind = "the agent was ended from outside", "killed"
    return TrialFailed(message, fault=Fault.AGENT, category=category, failure_type=kind, status=status)


def _signal_name(number: int | None) -> str:
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"SIG{number}"
