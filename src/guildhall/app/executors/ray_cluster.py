"""
Running trials as tasks of a Ray cluster.

This process is the bridge: it claims trials under leases, hands each to Ray as
a task that Ray itself never repeats, and records what comes back. A node that
dies gives its trials back at once; a cluster or a bridge that dies, when the
leases run out. Nodes need this package, and reach no database.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.app.executors.errand import Answer, Errand, run_errand
from guildhall.app.executors.material import Material
from guildhall.app.executors.ports import Conductor, ExecutorMissing, ExecutorUnavailable, Notes, TrialLost
from guildhall.app.executors.remote import AnswerDesk
from guildhall.domains.evaluation.outcomes import TrialRecord
from guildhall.domains.evaluation.simulations import Claim

_log = logging.getLogger(__name__)

_MEGABYTE = 1 << 20
_CONNECT_S = 10.0


def load_ray() -> Any:
    """
    The package.

    Raises:
        ExecutorMissing: It is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray would otherwise hide a node's GPUs from tasks that ask for none, and say so at length.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise ExecutorMissing("ray", "ray") from None


class RayExecutor:
    """
    Runs trials on the cluster at RAY_ADDRESS, or on the one that this machine belongs to.

    A head that is silent for `silence_s` is taken to be gone.
    """

    def __init__(self, *, silence_s: float = 20.0) -> None:
        self._silence_s = silence_s
        self._ray = load_ray()

    @asynccontextmanager
    async def open(self, materials: Sequence[Material], notes: Notes) -> AsyncIterator[Mapping[UUID, Conductor]]:
        """See `Executor.open`. The variables that agents and judges name are handed to the nodes."""
        ray = self._ray
        async with AsyncExitStack() as stack:
            await self._connect()
            stack.callback(ray.shutdown)
            desk = AnswerDesk(notes)
            play = ray.remote(max_retries=0)(_play)
            pulse = await stack.enter_async_context(_pulse(ray.get_runtime_context().gcs_address, self._silence_s))
            conductors: dict[UUID, Conductor] = {}
            for each in materials:
                parcel = each.packed(os.environ)
                needs = _needs(each)
                self._warn_if_nobody_has(needs)
                conductors[each.simulation_id] = _RayConductor(
                    ray, play.options(**needs), parcel.key, ray.put(parcel.content), desk, pulse
                )
            yield conductors

    async def _connect(self) -> None:
        address = os.environ.get("RAY_ADDRESS") or "auto"
        try:
            if _is_plain(address) and not await _answers(address, _CONNECT_S):
                raise ConnectionError("nobody answers there")  # Ray would try for minutes
            self._ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ExecutorUnavailable(
                f"--on ray finds no cluster{'' if address == 'auto' else ' at ' + address}: {_first_sentence(error)}",
                remedy="Start one with `ray start --head`, or set RAY_ADDRESS to the address of one.",
                field="RAY_ADDRESS",
                value=os.environ.get("RAY_ADDRESS"),
            ) from error

    def _warn_if_nobody_has(self, needs: Mapping[str, float]) -> None:
        names = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
        for need, amount in needs.items():
            most = max(
                (node["Resources"].get(names[need], 0) for node in self._ray.nodes() if node["Alive"]), default=0
            )
            if most < amount:
                _log.warning("no node of the cluster has %s %g, the most is %g: trials wait", names[need], amount, most)


class _RayConductor:
    """Runs the trials of one simulation."""

    def __init__(
        self, ray: Any, play: Any, key: str, material: Any, desk: AnswerDesk, pulse: asyncio.Future[None]
    ) -> None:
        self._ray = ray
        self._pulse = pulse
        self._play = play
        self._key = key
        self._material = material
        self._desk = desk

    async def conduct(self, claim: Claim) -> TrialRecord:
        """See `Conductor.conduct`."""
        try:
            # In a list, so that Ray hands over the reference, and a process fetches what it means once.
            ref = self._play.remote(Errand(claim, self._key), [self._material])
            answer = await self._answer(ref)
        except self._ray.exceptions.RayTaskError as error:
            raise TrialLost(f"a task of Ray failed: {_last_line(error)}") from error
        except self._ray.exceptions.RayError as error:
            raise TrialLost(f"a node or a worker of Ray is gone: {_first_sentence(error)}") from error
        return await self._desk.take(claim, answer)

    async def _answer(self, ref: Any) -> Answer:
        task = asyncio.ensure_future(ref)
        try:
            await asyncio.wait({task, self._pulse}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await self._pulse  # which raises why there is none
            answer: Answer = await task
        except asyncio.CancelledError:
            self._ray.cancel(ref)
            raise
        finally:
            task.cancel()
        return answer


@asynccontextmanager
async def _pulse(address: str, silence_s: float) -> AsyncIterator[asyncio.Future[None]]:
    """
    A future that fails when the cluster's head does not answer for a while.

    Ray itself waits longer, and then ends the process that it lives in.
    """
    pulse: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def feel() -> None:
        last_ms = clock.monotonic_ms()
        while clock.monotonic_ms() - last_ms < silence_s * 1000:
            await asyncio.sleep(silence_s / 10)
            if await _answers(address, silence_s / 4):
                last_ms = clock.monotonic_ms()
        pulse.set_exception(
            ExecutorUnavailable(
                f"the Ray cluster at {address} has not answered for {silence_s:g} s",
                remedy="What it had under way is to be run again: start it, and resume.",
            )
        )

    task = asyncio.create_task(feel())
    try:
        yield pulse
    finally:
        task.cancel()
        if pulse.done():
            pulse.exception()
        else:
            pulse.cancel()


def _is_plain(address: str) -> bool:
    """Whether it is a host and a port, and not `auto` or an address of Ray's client."""
    return re.fullmatch(r"(\[.+\]|[^/:]+):\d+", address) is not None


async def _answers(address: str, patience_s: float) -> bool:
    host, _, port = address.rpartition(":")
    with suppress(OSError):
        async with asyncio.timeout(patience_s):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            return True
    return False


def _play(errand: Errand, material: Sequence[Any]) -> Answer:
    """What a worker of the cluster does."""

    def fetch() -> bytes:
        content: bytes = load_ray().get(material[0])
        return content

    return run_errand(errand, fetch)


def _needs(material: Material) -> dict[str, float]:
    """What a trial takes of its node, in Ray's words; one CPU where the agent says nothing."""
    resources = material.spec.resources
    needs: dict[str, float] = {"num_cpus": 1.0 if resources.cpus is None else resources.cpus}
    if resources.gpus is not None:
        needs["num_gpus"] = resources.gpus
    memory_mb = resources.memory_mb or material.spec.limits.memory_mb
    if memory_mb is not None:
        needs["memory"] = memory_mb * _MEGABYTE
    return needs


def _last_line(error: BaseException) -> str:
    return ([type(error).__name__, *str(error).strip().splitlines()])[-1].strip()


def _first_sentence(error: BaseException) -> str:
    return str(error).strip().partition(". ")[0].partition("\n")[0] or type(error).__name__
