"""
What a call is tied to beside its caller: the trial of a simulation that it is made for, and the session that it is part of.

Callers say so in headers, of a session also in the body; most say nothing, and
cost nothing here. That a simulation is the caller's team's is looked up once
and remembered: what is a team's stays so. A session is one's own, moves its
end with each call, and is asked for with each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast, get_args
from uuid import UUID

from guildhall.adapters.upstreams import Asked, AskedWrong
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.db import Tx
from guildhall.domains.evaluation import simulations
from guildhall.domains.evaluation.simulations import SimulationNotFound
from guildhall.domains.gateway.requests import Purpose, Role
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Caller, Conversation

if TYPE_CHECKING:
    from guildhall.app.gateway.course import Context

SIMULATION = "x-guildhall-simulation"
OUTCOME = "x-guildhall-outcome"
ROLE = "x-guildhall-role"
SESSION = "x-guildhall-session"
BEFORE = "/trials/"
"""`/trials/SIMULATION/OUTCOME/v1/…` is `/v1/…` with the headers of that trial's agent, for programs that are told an address alone."""

_TRIAL = (SIMULATION, OUTCOME, ROLE)
_ROLES = get_args(Role)
NOTHING: Mapping[str, str] = {}
_MOST_KNOWN = 10_000


def are_in(headers: Mapping[str, str]) -> bool:
    """Whether a call says that it is tied to anything."""
    return SIMULATION in headers or SESSION in headers or OUTCOME in headers or ROLE in headers


def untied(scope: Mapping[str, Any]) -> Mapping[str, Any]:
    """A request to a trial's own address as the one that it stands for."""
    parts = scope["path"][len(BEFORE) :].split("/", 2)
    if len(parts) < len(_TRIAL):
        return scope
    said = zip(_TRIAL, (*parts[:2], "agent"), strict=True)
    kept = [each for each in scope["headers"] if each[0].decode("latin-1") not in _TRIAL]
    headers = [*kept, *((name.encode(), value.encode("utf-8", "replace")) for name, value in said)]
    return {**scope, "path": f"/{parts[2]}", "headers": headers}


def told(session: Conversation) -> dict[str, str]:
    """What a caller is told of the session that a call was part of."""
    return {"x-guildhall-session": str(session.id), "x-guildhall-session-expires": session.expires_at.isoformat()}


class Ties:
    """Reads what calls are tied to, for one event loop."""

    def __init__(self, doorkeeper: Doorkeeper) -> None:
        self._doorkeeper = doorkeeper
        self._known: OrderedDict[tuple[UUID, UUID], None] = OrderedDict()

    async def tie(self, context: Context, caller: Caller, asked: Asked) -> None:
        """
        See what a call is tied to, and keep it in its context.

        Raises:
            AskedWrong: A header makes no sense, or the simulation is not the team's.
            ConversationEnded: The session has.
            IdentityRefused: No session can be called that.
            KeyRefused, NotSignedIn, StandingChanged, DatabaseUnavailable: As `Doorkeeper.transaction`.
        """
        context.purpose = await self.purpose_of(caller, context.headers)
        name = _in_utf8(context.headers[SESSION]) if SESSION in context.headers else asked.session
        if name is not None and context.session is None:
            async with self.sessions_of(caller) as tx:
                context.session = await identity.use_conversation(tx, name)

    @asynccontextmanager
    async def sessions_of(self, caller: Caller) -> AsyncIterator[Tx]:
        """A transaction in which a caller's own sessions can be read and changed, also those of one who may only read."""
        async with self._doorkeeper.transaction(caller, caller.person) as tx:
            yield tx

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
        return Purpose(simulation_id, _uuid(headers, OUTCOME), cast(Role, role))

    async def _look_up(self, caller: Caller, simulation_id: UUID) -> None:
        async with self._doorkeeper.transaction(caller, caller.actor) as tx:
            try:
                await simulations.get_simulation(tx, simulation_id)
            except SimulationNotFound:
                raise AskedWrong(SIMULATION, str(simulation_id), "a simulation of the key's team") from None
        self._known[caller.tenant_id, simulation_id] = None
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


def _in_utf8(value: str) -> str:
    """A header as who sent it meant it: headers are read as Latin-1, and a body names the same session in UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _uuid(headers: Mapping[str, str], name: str) -> UUID | None:
    value = headers.get(name)
    if value is None:
        return None
    try:
        return UUID(value)
    except ValueError:
        raise AskedWrong(name, value, "a UUID") from None
