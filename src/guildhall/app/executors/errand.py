"""
Running one trial on a machine that has this package and what is handed to it, and nothing else: no database, no files.

What is loaded stays loaded for the next trial of the same material. Answers
are values, also where something is refused, so that nothing has to be raised
across machines.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from guildhall import __version__
from guildhall.app.executors.material import Parcel, stage_trials
from guildhall.app.executors.ports import MaterialRefused
from guildhall.app.trial import TrialConductor
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim
from guildhall.errors import GuildhallError, InvalidInput

_MOST_STAGES = 4
"""How many materials stay loaded in one process."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A trial to be run, by which version of Guildhall, and the key of what it is made of."""

    claim: Claim
    key: str
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a machine will run no trial of this material."""

    message: str
    remedy: str | None
    details: dict[str, Any] = field(default_factory=dict)

    def as_error(self) -> MaterialRefused:
        """It as an error on the other side."""
        return MaterialRefused(self.message, remedy=self.remedy, **self.details)


@dataclass(frozen=True, slots=True)
class Answer:
    """The record of a trial and how programs were confined, or a refusal."""

    record: TrialRecord | None = None
    confinement: dict[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None


def run_errand(errand: Errand, fetch: Callable[[], bytes]) -> Answer:
    """Run a trial in the calling thread; `fetch` gets the material where it is not loaded yet."""
    if errand.version != __version__:
        return Answer(
            refusal=Refusal(
                f"a machine has guildhall {__version__}, the one that hands out trials {errand.version}",
                "Install the same version everywhere.",
            )
        )
    return _desk().run(errand, fetch)


class _Desk:
    """What a process keeps from trial to trial: an event loop, and stages for the latest materials."""

    def __init__(self) -> None:
        self._loop = asyncio.Runner()
        self._stages: OrderedDict[str, tuple[AsyncExitStack, TrialConductor, dict[str, Any]]] = OrderedDict()
        atexit.register(self.close)

    def run(self, errand: Errand, fetch: Callable[[], bytes]) -> Answer:
        return self._loop.run(self._run(errand, fetch))

    def close(self) -> None:
        self._loop.run(self._put_away(0))
        self._loop.close()

    async def _run(self, errand: Errand, fetch: Callable[[], bytes]) -> Answer:
        try:
            conductor, confinement = await self._stage(errand.key, fetch)
        except InvalidInput as error:
            return Answer(refusal=Refusal(error.message, error.remedy, _plain(error)))
        return Answer(await conductor.conduct(errand.claim), confinement)

    async def _stage(self, key: str, fetch: Callable[[], bytes]) -> tuple[TrialConductor, dict[str, Any]]:
        if key not in self._stages:
            await self._put_away(_MOST_STAGES - 1)
            material = Parcel(key, fetch()).unpacked()
            os.environ.update(material.variables)
            stack = AsyncExitStack()
            conductors, confinements = await stack.enter_async_context(stage_trials([material]))
            self._stages[key] = stack, conductors[material.simulation_id], confinements[material.simulation_id]
        self._stages.move_to_end(key)
        _, conductor, confinement = self._stages[key]
        return conductor, confinement

    async def _put_away(self, but: int) -> None:
        while len(self._stages) > but:
            _, (stack, _, _) = self._stages.popitem(last=False)
            await stack.aclose()


_desks: list[_Desk] = []


def _desk() -> _Desk:
    if not _desks:
        _desks.append(_Desk())
    return _desks[0]


def _plain(error: GuildhallError) -> dict[str, Any]:
    """What of an error's details is a value anywhere."""
    return {key: value for key, value in error.details.items() if isinstance(value, str | int | float | None)}
