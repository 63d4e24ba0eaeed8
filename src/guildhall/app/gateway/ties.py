"""
What a call is tied to beside its caller: the trial of a simulation that it is made for.

Callers say so in headers; most say nothing, and cost nothing here. That a
simulation is the caller's team's is looked up once and remembered: what is a
team's stays so.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, get_args
from uuid import UUID

from guildhall.adapters.upstreams import AskedWrong
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.simulations import SimulationNotFound
from guildhall.domains.gateway.requests import Purpose, Role
from guildhall.domains.platform.identity import Caller

SIMULATION = "x-guildhall-simulation"
OUTCOME = "x-guildhall-outcome"
ROLE = "x-guildhall-role"
BEFORE = "/trials/"
"""`/trials/SIMULATION/OUTCOME/v1/…` is `/v1/…` with the headers of that trial's agent, for programs that are told an address alone."""

_TRIAL = (SIMULATION, OUTCOME, ROLE)
_ROLES = get_args(Role)
_MOST_KNOWN = 10_000


def are_in(headers: Mapping[str, str]) -> bool:
    """Whether a call says that it is tied to anything."""
    return SIMULATION in headers or OUTCOME in headers or ROLE in headers


def untied(scope: Mapping[str, Any]) -> Mapping[str, Any]:
    """A request to a trial's own address as the one that it stands for."""
    parts = scope["path"][len(BEFORE) :].split("/", 2)
    if len(parts) < len(_TRIAL):
        return scope
    said = zip(_TRIAL, (*parts[:2], "agent"), strict=True)
    kept = [each for each in scope["headers"] if each[0].decode("latin-1") not in _TRIAL]
    headers = [*kept, *((name.encode(), value.encode("utf-8", "replace")) for name, value in said)]
    return {**scope, "path": f"/{parts[2]}", "headers": headers}


class Ties:
    """Reads what calls are tied to, for one event loop."""

    def __init__(self, doorkeeper: Doorkeeper) -> None:
        self._doorkeeper = doorkeeper
        self._known: OrderedDict[tuple[UUID, UUID], None] = OrderedDict()

    async def purpose_of(self, caller: Caller, headers: Mapping[str, str]) -> Purpose | None:
        """
        What a call is made for.

        Raises:
            AskedWrong: A header makes no sense, or the simulation is not the team's.
            KeyRefused, NotSignedIn, StandingChanged, DatabaseUnavailable: As `Doorkeeper.transaction`.
        """
        if not any(name in headers for name in _TRIAL):
            return None
        simulation_id = _uuid(headers, SIMULATION)
        if simulation_id is None:
            raise AskedWrong(SIMULATION, None, f"the simulation that {OUTCOME} and {ROLE} are of")
        role = headers.get(ROLE)
        if role is not None and role not in _ROLES:
            raise AskedWrong(ROLE, role, f"one of {', '.join(_ROLES)}")
        if (caller.tenant_id, simulation_id) not in self._known:
            await self._look_up(caller, simulation_id)
        return Purpose(simulation_id, _uuid(headers, OUTCOME), role)  # type: ignore[arg-type] - one of them, as was seen

    async def _look_up(self, caller: Caller, simulation_id: UUID) -> None:
        async with self._doorkeeper.transaction(caller, caller.actor) as tx:
            try:
                await simulations.get_simulation(tx, simulation_id)
            except SimulationNotFound:
                raise AskedWrong(SIMULATION, str(simulation_id), "a simulation of the key's team") from None
        self._known[caller.tenant_id, simulation_id] = None
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


def _uuid(headers: Mapping[str, str], name: str) -> UUID | None:
    value = headers.get(name)
    if value is None:
        return None
    try:
        return UUID(value)
    except ValueError:
        raise AskedWrong(name, value, "a UUID") from None
