"""Runtimes: the ways of running an agent, behind one face (`simulations.ports.AgentRuntime`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guildhall.adapters import code
from guildhall.adapters.runtimes.command import CommandRuntime, sandbox_limits
from guildhall.adapters.runtimes.python import InProcessRuntime, process_runtime
from guildhall.adapters.sandbox import Sandbox
from guildhall.domains.evaluation.configurations import AgentSpec, Isolation, Runtime
from guildhall.domains.evaluation.simulations.ports import AgentRuntime
from guildhall.errors import InvalidInput

__all__ = ["RuntimeNotPossible", "runs_in_sandbox", "runtime_for", "sandbox_limits"]


class RuntimeNotPossible(InvalidInput):
    """An agent's YAML lacks what its runtime needs, or this runner does."""

    code = "runtime_not_possible"

    def __init__(self, spec: AgentSpec, why: str, remedy: str | None = None) -> None:
        super().__init__(
            f"agent {spec.name!r} cannot be run as {spec.runtime.value!r}: {why}",
            remedy=remedy,
            field="runtime",
            value=spec.runtime.value,
        )


def runs_in_sandbox(spec: AgentSpec) -> bool:
    """Whether the agent itself is a process in a sandbox."""
    return spec.runtime is Runtime.COMMAND or (spec.runtime is Runtime.PYTHON and spec.isolation is not Isolation.NONE)


def runtime_for(
    spec: AgentSpec,
    directory: Path | None,
    *,
    sandbox: Sandbox | None = None,
    models: Any = None,
    http: Any = None,
    environment: Mapping[str, str] | None = None,
) -> AgentRuntime:
    """
    The runtime that an agent asks for. Its files lie in `directory`.

    `models` is the model client that `llm` agents need, `http` the client for
    `http` agents, `environment` what the agent's own process is given.

    Raises:
        RuntimeNotPossible: Something it needs is missing.
        CodeNotLoadable: The callable cannot be found, or imported where that is done here.
        InvalidInput: The model's or the agent's endpoint cannot be used.
    """
    match spec.runtime:
        case Runtime.PYTHON:
            if spec.entrypoint is None or directory is None:
                raise RuntimeNotPossible(spec, "it has no entrypoint", 'Add `entrypoint: "agent:play"`.')
            if spec.isolation is Isolation.NONE:
                return InProcessRuntime(spec.entrypoint, directory)
            code.check(spec.entrypoint, directory)
            return process_runtime(spec, spec.entrypoint, directory, _needed(spec, sandbox), environment or {})
        case Runtime.COMMAND:
            if not spec.command:
                raise RuntimeNotPossible(spec, "it has no command", 'Add `command: ["./agent"]`.')
            return CommandRuntime(spec, spec.command, directory, _needed(spec, sandbox), environment or {})
        case Runtime.LLM:
            from guildhall.adapters.runtimes.llm import LlmRuntime  # noqa: PLC0415 - brings an HTTP client

            if models is None:
                raise RuntimeNotPossible(spec, "there is no model client")
            models.check(spec)
            return LlmRuntime(models)
        case Runtime.HTTP:
            from guildhall.adapters.runtimes.http import HttpRuntime  # noqa: PLC0415 - as above

            if http is None:
                raise RuntimeNotPossible(spec, "there is no HTTP client")
            runtime = HttpRuntime(http)
            runtime.check(spec)
            return runtime


def _needed(spec: AgentSpec, sandbox: Sandbox | None) -> Sandbox:
    if sandbox is None:
        raise RuntimeNotPossible(spec, "there is no sandbox to run it in")
    return sandbox
