"""
What can be done: functions that are registered under a name, with the type of their payload.

    @job("letters.send", max_retries=5, timeout=timedelta(minutes=1))
    async def send(letter: Letter, context: Context) -> None: ...

The type of the first parameter says what a payload must be (a pydantic model, a
dataclass, a TypedDict, or `dict` for anything); its JSON schema is kept in the
database, so that whoever enqueues is told at once. The second parameter may be
left out. A plain `def` runs in a thread of its own. What is returned, a JSON
value or a pydantic model, is the job's result.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, TypeAdapter

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.app.wiring import App
from guildhall.db import NOBODY, Actor, Tx
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import Claim, Done, JobType
from guildhall.errors import InvalidInput

F = TypeVar("F", bound=Callable[..., Any])

_LONGEST_DELAY = timedelta(days=3650)


class GiveUp(Exception):
    """Raised by a handler for which it is no use trying again: the job has failed."""


class TryLater(Exception):
    """
    Raised by a handler that is to be tried again after a time of its own choice, ten years at most; it uses up a retry.

    Raises:
        TypeError: `delay` is no timedelta.
    """

    def __init__(self, delay: timedelta, why: str = "it asked to be tried later") -> None:
        if not isinstance(delay, timedelta):
            raise TypeError(f"delay is {delay!r}, expected a timedelta")
        super().__init__(why)
        self.delay = min(max(delay, timedelta()), _LONGEST_DELAY)


class HandlerNotUsable(InvalidInput):
    """A function cannot be registered as it is."""

    code = "handler_not_usable"


@dataclass(slots=True)
class Context:
    """What a handler works with: the job, the house, and transactions in the job's team."""

    app: App
    worker: str
    job: Claim

    @property
    def actor(self) -> Actor:
        """Whoever enqueued the job, in its team; nobody, where a schedule did."""
        return Actor(self.job.created_by or NOBODY.user_id, self.job.tenant_id)

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction of the team's, which may happen again if the job does."""
        return self.app.transaction(self.actor)

    @asynccontextmanager
    async def finish(self, result: Any = None) -> AsyncIterator[Tx]:
        """
        A transaction of the team's in which the job is completed: what is done in it happens exactly once.

        Raises:
            JobLost: Meanwhile the job was given to somebody else, so nothing of this has happened.
        """
        async with self.app.transaction(self.actor) as tx:
            yield tx
            async with tx.on_duty("worker"):
                await jobs.complete_or_lose(tx, self.worker, Done(self.job.id, self.job.token, result))


@dataclass(frozen=True, slots=True)
class Handler:
    """A function, and the type of job that it does; `at_once`: how many of them one worker has at most."""

    kind: JobType
    call: Callable[..., Any]
    is_async: bool
    wants_context: bool
    read: Callable[[Any], Any] | None
    at_once: int | None = None

    def payload(self, given: Any) -> Any:
        """
        A payload as the function takes it.

        Raises:
            ValueError: It does not fit.
        """
        return given if self.read is None else self.read(given)


class Registry:
    """The handlers of one worker, by type of job and queue."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def job(
        self,
        name: str,
        *,
        queue: str = "default",
        max_retries: int = 3,
        timeout: timedelta | None = None,
        retry_base: timedelta = timedelta(seconds=1),
        retry_most: timedelta = timedelta(hours=1),
        at_once: int | None = None,
    ) -> Callable[[F], F]:
        """
        Register a function under the name of a type of job.

        `at_once` is how many of its jobs one worker has at most, whatever else
        it could do beside: more of them are for other workers.

        Raises:
            HandlerNotUsable: Another has the name, the function takes no payload, or no attempt can take that long.
        """
        if timeout is not None and not jobs.is_timeout(timeout):
            raise HandlerNotUsable(
                f"the timeout of job type {name!r} is {timeout!r}, expected {jobs.A_TIMEOUT}",
                remedy="Leave it out where an attempt may take as long as it likes.",
                field="timeout",
                value=str(timeout),
            )

        def register(function: F) -> F:
            known = self._handlers.get(name)
            if known is not None and known.call is not function:
                raise HandlerNotUsable(
                    f"two functions are registered for job type {name!r}",
                    remedy="Give one of them another name.",
                    field="name",
                    value=name,
                )
            payload_type, wants_context = _signature(name, function)
            adapter = None if payload_type in (Any, dict, Mapping) else TypeAdapter(payload_type)
            kind = JobType(
                name,
                queue=queue,
                max_retries=max_retries,
                timeout=timeout,
                retry_base=retry_base,
                retry_most=retry_most,
                schema=None if adapter is None else adapter.json_schema(),
            )
            self._handlers[name] = Handler(
                kind,
                function,
                inspect.iscoroutinefunction(function),
                wants_context,
                None if adapter is None else adapter.validate_python,
                at_once,
            )
            return function

        return register

    def of_queues(self, queues: Iterable[str]) -> list[Handler]:
        """
        The handlers whose queue is among these; all, where none is named.

        Raises:
            InvalidInput: None has one of these queues.
        """
        known = {each.kind.queue for each in self._handlers.values()}
        for queue in queues:
            if queue not in known:
                raise InvalidInput(
                    f"no handler works on queue {queue!r}, expected {', '.join(sorted(known)) or 'a handler first'}",
                    remedy=did_you_mean(queue, known) or "Name the module with its handlers by --handlers.",
                    field="queues",
                    value=queue,
                )
        wanted = set(queues) or known
        return [each for each in self._handlers.values() if each.kind.queue in wanted]

    def __getitem__(self, name: str) -> Handler:
        return self._handlers[name]


def _signature(name: str, function: Callable[..., Any]) -> tuple[Any, bool]:
    """The type of the payload, and whether the function takes the context as well."""
    parameters = [
        each
        for each in inspect.signature(function).parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    if not 1 <= len(parameters) <= 2:
        raise HandlerNotUsable(
            f"the handler of job type {name!r} takes {len(parameters)} values, expected a payload and perhaps a context",
            field="name",
            value=name,
        )
    hinted = get_type_hints(function).get(parameters[0].name, Any)
    return (dict if getattr(hinted, "__origin__", None) in (dict, Mapping) else hinted), len(parameters) == 2


def told(result: Any) -> Any:
    """What a handler returned, as a JSON value."""
    return result.model_dump(mode="json") if isinstance(result, BaseModel) else result


HANDLERS = Registry()
"""The registry of the process, which `guildhall worker` works with."""

job = HANDLERS.job
