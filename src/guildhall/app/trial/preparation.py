"""
What the trials of a simulation have in common: loaded, checked and put together once.

An agent and a scenario meet in a `Cast`: the agent's tools and those of the
scenario's environment, under one set of names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guildhall.adapters import runtimes
from guildhall.adapters.environments import EnvironmentClass
from guildhall.adapters.sandbox import Sandbox
from guildhall.adapters.scorers import scorer_for
from guildhall.adapters.through import ThroughGateway
from guildhall.adapters.tools import CommandTool, Tool, ToolNotUsable, environment_tools, tool_of
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.configurations import AgentSpec, ToolSpec
from guildhall.domains.evaluation.scenarios import Scenario, ScorerSpec
from guildhall.domains.evaluation.simulations.ports import AgentRuntime, Scorer, SimulatedUser
from guildhall.errors import InvalidInput

_SHORTEST_SECRET = 6
_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")


class UserNotPossible(InvalidInput):
    """A scenario's user is a model, and there is nothing here to ask models with."""

    code = "user_not_possible"

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(
            f"the user of scenario {scenario.scenario_id!r} cannot speak: there is no model client",
            remedy="Open one for the run, or write the user's `turns`.",
            field="user",
            value=scenario.scenario_id,
        )


@dataclass(frozen=True, slots=True)
class Services:
    """
    What trials use from outside. A part may be missing when no agent or scenario needs it.

    `sandbox` must be open. `models` asks language models; agents, simulated
    users and judges share it. `through` is the gateway that agents which ask
    models themselves are told of.
    """

    sandbox: Sandbox | None = None
    models: Any = None
    http: Any = None
    through: ThroughGateway | None = None


@dataclass(frozen=True, slots=True)
class PreparedAgent:
    """An agent, ready to be played; `environment_tools` are those that its YAML leaves to the environment."""

    spec: AgentSpec
    runtime: AgentRuntime
    tools: Mapping[str, Tool]
    environment_tools: Mapping[str, ToolSpec]
    secrets: tuple[str, ...]
    through: ThroughGateway | None = None


@dataclass(frozen=True, slots=True)
class PreparedScenario:
    """A scenario, ready to be played: its environment's class, its scorers, and how to get a fresh user."""

    scenario: Scenario
    definition: bytes
    environment: EnvironmentClass | None
    scorers: Sequence[tuple[ScorerSpec, Scorer]]
    make_user: Callable[[], SimulatedUser | None]
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cast:
    """An agent and a scenario together, with the tools that the agent has there, and what nobody may ever read."""

    agent: PreparedAgent
    scenario: PreparedScenario
    tools: Mapping[str, Tool]
    offered: tuple[ToolSpec, ...]
    secrets: tuple[str, ...]


def prepare_agent(spec: AgentSpec, directory: Path | None, services: Services) -> PreparedAgent:
    """
    Load what an agent needs. Its files lie in `directory`.

    Raises:
        InvalidInput: Something it refers to is missing or broken; the error names file and line.
    """
    values, secrets = _environment(spec)

    def command_tool(tool: ToolSpec) -> CommandTool:
        assert services.sandbox is not None
        return CommandTool(
            tool,
            directory,
            services.sandbox,
            environment=values,
            network=spec.network,
            limits=runtimes.sandbox_limits(spec),
        )

    tools: dict[str, Tool] = {}
    of_environment: dict[str, ToolSpec] = {}
    for each in spec.tools:
        if each.python is None and each.command is None:
            of_environment[each.name] = each
        else:
            tools[each.name] = tool_of(each, directory, command_tool if services.sandbox else None)
    runtime = runtimes.runtime_for(
        spec, directory, sandbox=services.sandbox, models=services.models, http=services.http, environment=values
    )
    if services.through is not None:
        secrets = (*secrets, services.through.key)
    return PreparedAgent(spec, runtime, tools, of_environment, secrets, services.through)


def prepare_scenario(
    scenario: Scenario, directory: Path, services: Services, alike: PreparedScenario | None = None
) -> PreparedScenario:
    """
    Load what a scenario needs. The files that grade it lie in `directory`.

    Where thousands of scenarios play in one environment, the class of the one
    before, `alike`, is used again if it is the same.

    Raises:
        InvalidInput: Something it refers to is missing or broken, or an option makes no sense.
    """
    environment = None
    if scenario.environment is not None:
        environment = alike.environment if alike is not None else None
        if environment is None or (environment.reference, environment.directory) != (scenario.environment, directory):
            environment = EnvironmentClass(scenario.environment, directory)
    scorers = [
        (
            spec,
            scorer_for(
                spec,
                ground_truth=scenario.ground_truth,
                directory=directory,
                judge=_judge_maker(services) if spec.type == "llm_judge" else None,
            ),
        )
        for spec in scenario.scorers
    ]
    keys = [spec.options.get("api_key_env") for spec in scenario.scorers]
    if scenario.user is not None:
        keys.append(scenario.user.api_key_env)
    return PreparedScenario(
        scenario,
        sanitise.to_json(scenario.definition),
        environment,
        scorers,
        _user_maker(scenario, services),
        _values_of(keys),
    )


def cast(agent: PreparedAgent, scenario: PreparedScenario, alike: Cast | None = None) -> Cast:
    """
    Bring an agent and a scenario together.

    An agent whose YAML names tools of the environment gets these, one that
    names none gets all. They are taken from `alike`, another scenario's cast of
    this agent, where the environment is the same.

    Raises:
        ToolNotUsable: The agent names a tool that is neither its own nor the environment's.
    """
    tools: dict[str, Tool] = {}
    if alike is not None and alike.agent is agent and alike.scenario.environment is scenario.environment:
        return Cast(agent, scenario, alike.tools, alike.offered, _secrets(agent, scenario))
    if scenario.environment is not None:
        tools.update(environment_tools(scenario.environment, agent.environment_tools))
    elif agent.environment_tools:
        raise ToolNotUsable(
            next(iter(agent.environment_tools)),
            f"it is neither a Python function nor a command, and scenario {scenario.scenario.scenario_id!r} has no "
            "environment",
            "Give the tool a `python` or `command` key, or the scenario an `environment`.",
        )
    tools.update(agent.tools)
    return Cast(agent, scenario, tools, tuple(tool.spec for tool in tools.values()), _secrets(agent, scenario))


def needs_sandbox(spec: AgentSpec) -> bool:
    """Whether an agent cannot be prepared without an open sandbox."""
    return runtimes.runs_in_sandbox(spec) or any(tool.command is not None for tool in spec.tools)


def _environment(spec: AgentSpec) -> tuple[dict[str, str], tuple[str, ...]]:
    """The variables that the agent's programs are given, and which values must not be kept anywhere."""
    values = {name: os.environ[name] for name in spec.environment if name in os.environ}
    names = [name for name in values if any(word in name.upper() for word in _SECRET_WORDS)]
    return values, _values_of([*names, spec.api_key_env])


def _secrets(agent: PreparedAgent, scenario: PreparedScenario) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*agent.secrets, *scenario.secrets)))


def _values_of(names: Iterable[object]) -> tuple[str, ...]:
    """The values of variables that hold secrets; what is too short to be one would blacken innocent text."""
    values = (os.environ.get(name, "") for name in names if isinstance(name, str))
    return tuple(value for value in values if len(value) >= _SHORTEST_SECRET)


def _judge_maker(services: Services) -> Callable[[ScorerSpec], Scorer] | None:
    if services.models is None:
        return None
    from guildhall.adapters.scorers.judge import LlmJudge  # noqa: PLC0415 - brings an HTTP client

    judge = LlmJudge(services.models)

    def make(spec: ScorerSpec) -> Scorer:
        judge.check(spec)
        return judge

    return make


def _user_maker(scenario: Scenario, services: Services) -> Callable[[], SimulatedUser | None]:
    if scenario.user is None:
        return lambda: None
    from guildhall.adapters import users  # noqa: PLC0415 - as above

    if services.models is not None:
        users.check_user(scenario, services.models)
    elif not scenario.user.turns:
        raise UserNotPossible(scenario)
    return lambda: users.user_for(scenario, services.models)
