"""
Which trial a trace is.

The root of a trace, or its resource, may name a simulation that is under way
(`guildhall.simulation_id`, `.scenario_id`, `.trial_number`). Any other trace
is a trial of the agent that its service's name and version mean, on a scenario
named after its root, in a simulation of that version which stays open until
somebody ends it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from guildhall.adapters.otlp import agent_of
from guildhall.adapters.otlp.conventions import number_of
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, scenarios, simulations
from guildhall.domains.evaluation.configurations import AgentDefinition
from guildhall.domains.evaluation.outcomes import TrialPlace
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario, SimulationStatus
from guildhall.domains.evaluation.traces import Span

_SCENARIO_ID = re.compile(r"[a-z0-9_]{1,100}")
_MOST_SCENARIOS = 1_000
_ELSEWHERE = "other_traces"
"""The scenario of traces whose roots have a thousand names already: a name with an id in it would never end."""
_LARGEST_NUMBER = 1_000_000
_OPEN = (SimulationStatus.PENDING, SimulationStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Place:
    """The trial that a trace is; without a number it is the next of its scenario."""

    simulation_id: UUID
    scenario_id: str
    trial_number: int | None = None

    @classmethod
    def of(cls, known: TrialPlace) -> Place:
        """Where an outcome is already."""
        return cls(known.simulation_id, known.scenario_id, known.trial_number)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A trace asks for a trial that it cannot have."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a root asks for."""

    simulation_id: UUID | None = None
    scenario_id: str | None = None
    trial_number: int | None = None


async def place(tx: Tx, roots: Sequence[Span]) -> list[Place | Unplaced]:
    """
    The trial of each trace, by its root.

    Configurations, scenarios and simulations that are not there yet are made,
    but for those that a trace names.
    """
    wishes = [_wish(each) for each in roots]
    named = await _named(tx, [each for each in wishes if isinstance(each, _Wish)])
    own: dict[tuple[str, str], dict[str, str]] = {}
    agents: dict[tuple[str, str], AgentDefinition] = {}
    keys: list[tuple[str, str] | None] = []
    for root, wish in zip(roots, wishes, strict=True):
        if isinstance(wish, Unplaced) or wish.simulation_id is not None:
            keys.append(None)
            continue
        agent = _definition(tuple(agent_of(root).items()))
        version = (agent.name, agent.config_hash)
        agents[version] = agent
        own.setdefault(version, {}).setdefault(wish.scenario_id or scenario_of(root.name), root.name)
        keys.append(version)
    opened = await _opened(tx, agents, own)

    placed: list[Place | Unplaced] = []
    for root, wish, key in zip(roots, wishes, keys, strict=True):
        if isinstance(wish, Unplaced):
            placed.append(wish)
        elif key is None:
            placed.append(_in_named(wish, root, named))
        else:
            simulation_id, there = opened[key]
            scenario_id = wish.scenario_id or scenario_of(root.name)
            placed.append(Place(simulation_id, scenario_id if scenario_id in there else _ELSEWHERE))
    return placed


def scenario_of(name: str) -> str:
    """
    The id of the scenario that is named after a root.

    >>> scenario_of("POST /refund"), scenario_of("chat")
    ('post_refund', 'chat')
    """
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    if plain and len(plain) <= 100:
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{plain[:80].rstrip('_')}_{digest}" if plain else f"trace_{digest}"


def _wish(root: Span) -> _Wish | Unplaced:
    said, resource = root.attributes, root.source.resource

    def asked(name: str) -> Any:
        value = said.get(name)
        return resource.get(name) if value is None else value

    simulation, scenario = asked("guildhall.simulation_id"), asked("guildhall.scenario_id")
    number = asked("guildhall.trial_number")
    if scenario is not None and not (isinstance(scenario, str) and _SCENARIO_ID.fullmatch(scenario)):
        return Unplaced(f"guildhall.scenario_id is {scenario!r:.120}, expected lower-case letters, digits and _")
    if simulation is None:
        return _Wish(None, scenario)
    try:
        simulation_id = UUID(simulation)
    except (ValueError, AttributeError, TypeError):
        return Unplaced(f"guildhall.simulation_id is {simulation!r:.120}, expected a UUID")
    if number is not None:
        wanted = number_of(number)
        if wanted is None or not 1 <= wanted <= _LARGEST_NUMBER or wanted != int(wanted):
            return Unplaced(f"guildhall.trial_number is {number!r:.120}, expected 1 to {_LARGEST_NUMBER}")
        number = int(wanted)
    return _Wish(simulation_id, scenario, number)


async def _named(tx: Tx, wishes: Sequence[_Wish]) -> dict[UUID, tuple[SimulationStatus, set[str]]]:
    """The simulations that are asked for by name: where each is, and its scenarios."""
    wanted = {each.simulation_id for each in wishes if each.simulation_id is not None}
    if not wanted:
        return {}
    states = await simulations.states(tx, list(wanted))
    found: dict[UUID, tuple[SimulationStatus, set[str]]] = {each: (state, set()) for each, state in states.items()}
    for simulation_id, scenario_id in await simulations.scenarios_in(tx, states):
        found[simulation_id][1].add(scenario_id)
    return found


def _in_named(wish: _Wish, root: Span, named: Mapping[UUID, tuple[SimulationStatus, set[str]]]) -> Place | Unplaced:
    assert wish.simulation_id is not None
    if wish.simulation_id not in named:
        return Unplaced(f"there is no simulation {wish.simulation_id}")
    status, there = named[wish.simulation_id]
    if status not in _OPEN:
        return Unplaced(f"simulation {wish.simulation_id} is {status.value}; it takes no more trials")
    scenario_id = wish.scenario_id
    if scenario_id is None:
        scenario_id = next(iter(there)) if len(there) == 1 else scenario_of(root.name)
    if scenario_id not in there:
        return Unplaced(f"simulation {wish.simulation_id} has no scenario {scenario_id}")
    return Place(wish.simulation_id, scenario_id, wish.trial_number)


async def _opened(
    tx: Tx,
    agents: Mapping[tuple[str, str], AgentDefinition],
    wanted: Mapping[tuple[str, str], Mapping[str, str]],
) -> dict[tuple[str, str], tuple[UUID, set[str]]]:
    """The open simulation of each agent, and which of the wanted scenarios it has; the others go `_ELSEWHERE`."""
    found: dict[tuple[str, str], tuple[UUID, set[str]]] = {}
    known = await simulations.open_for_traces(tx, wanted)
    ids = {scenario_id for each in wanted.values() for scenario_id in each} | {_ELSEWHERE}
    there = await simulations.scenarios_in(tx, {each.simulation_id for each in known.values()}, ids)
    for key in sorted(wanted):  # two requests that open the same wait for each other in one order
        simulation = known.get(key)
        if simulation is not None:
            present = {name for simulation_id, name in there if simulation_id == simulation.simulation_id}
            missing = wanted[key].keys() - present
            if not missing or (simulation.total_scenarios >= _MOST_SCENARIOS and _ELSEWHERE in present):
                found[key] = simulation.simulation_id, present
                continue
        found[key] = await _open(tx, agents[key], wanted[key])
    return found


async def _open(tx: Tx, agent: AgentDefinition, wanted: Mapping[str, str]) -> tuple[UUID, set[str]]:
    """An agent's open simulation, made if there is none, with the wanted scenarios, which are `id: name of the root`."""
    saved = await configurations.save_version(tx, agent, generated_by="import")
    # Saving has locked the configuration: whoever opened it meanwhile has committed.
    known = (await simulations.open_for_traces(tx, [(agent.name, agent.config_hash)])).values()
    simulation = next(iter(known), None)
    if simulation is None:
        room, present = _MOST_SCENARIOS, set[str]()
    else:
        room = _MOST_SCENARIOS - simulation.total_scenarios
        there = await simulations.scenarios_in(tx, [simulation.simulation_id], [*wanted, _ELSEWHERE])
        present = {name for _, name in there}
    missing = sorted(wanted.keys() - present)
    added = missing[: max(room, 0)]
    if len(added) < len(missing) and _ELSEWHERE not in present:
        added.append(_ELSEWHERE)
    pins = await _pins(tx, {each: wanted.get(each, "traces with names of their own") for each in added})
    if simulation is None:
        simulation_id = await simulations.plan_simulation(
            tx,
            NewSimulation(
                config_version_id=saved.version.version_id,
                scenarios=pins,
                name=f"traces of {agent.name}",
                origin="traces",
                assumed=(
                    "Scenarios are named after the roots of traces; whether a trial passed is unknown unless it says so.",
                ),
            ),
        )
        await simulations.start_simulation(tx, simulation_id)
    else:
        simulation_id = simulation.simulation_id
        if pins:
            await simulations.add_scenarios(tx, simulation_id, pins)
    return simulation_id, present | set(added)


async def _pins(tx: Tx, names: Mapping[str, str]) -> list[PinnedScenario]:
    """Scenarios in the content they have; those that nobody has described get a placeholder."""
    known = await scenarios.known_contents(tx, names.keys())
    fresh = [
        scenarios.scenario_from(
            {
                "scenario_id": scenario_id,
                "name": f"trace of {name[:180]!r}",
                "task_prompt": f"Whatever was asked of the agent in traces named {name[:500]!r}.",
                "scorers": [{"type": "external"}],
                "tags": ["traces"],
            }
        )
        for scenario_id, name in sorted(names.items())
        if scenario_id not in known
    ]
    if fresh:
        await scenarios.save_scenarios(tx, fresh)
    hashes = {**known, **{each.scenario_id: each.content_hash for each in fresh}}
    return [PinnedScenario(scenario_id, hashes[scenario_id]) for scenario_id in sorted(names)]


@lru_cache(maxsize=1024)
def _definition(told: tuple[tuple[str, Any], ...]) -> AgentDefinition:
    """The agent that a trace tells of; made once, as it is the same in most requests."""
    agent = dict(told)
    return configurations.imported_agent({"name": configurations.proposed_name(str(agent["service"])), **agent})
