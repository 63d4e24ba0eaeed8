"""
What an agent says of its tasks and is answered, over the command line and over HTTP.

Each transaction is of the machine's role for workers and of the agent's team,
so that an agent takes and ends tasks of its own team and can do nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from guildhall.db import Tx
from guildhall.domains.society import agents, tasks
from guildhall.domains.society.tasks import Claim, Done, Failure, Swept, Ticket, Verdict
from guildhall.errors import InvalidInput

Transactions: TypeAlias = Callable[[], AbstractAsyncContextManager[Tx]]


class NamedTwice(InvalidInput):
    """A task stands in one request twice."""

    code = "task_named_twice"

    def __init__(self, task_id: UUID) -> None:
        super().__init__(
            f"task {task_id} is named twice",
            remedy="Say one thing of a task at a time, by the token of its last attempt.",
            field="tasks",
            value=str(task_id),
        )


class AgentAtWork:
    """An agent, by its name or id, with transactions of its team's."""

    def __init__(self, transactions: Transactions, agent: str | UUID) -> None:
        self._transactions = transactions
        self._agent = agent

    async def claim(self, at_most: int, *, begin: bool = True, lease: timedelta | None = None) -> list[Claim]:
        """
        Take up to so many tasks; where there are none, also those that others have lost.

        Raises:
            AgentNotFound: The team has no such agent.
            AgentMayNotWork: It is suspended or retired.
        """
        claims = await self._claim(at_most, begin, lease)
        if not claims:
            swept = await sweep(self._transactions)
            if swept.lost or swept.retried:
                claims = await self._claim(at_most, begin, lease)
        return claims

    async def _claim(self, at_most: int, begin: bool, lease: timedelta | None) -> list[Claim]:
        async with self._transactions() as tx:
            agent = await agents.get_agent(tx, self._agent)
            return await tasks.claim(tx, agent, at_most, begin=begin, lease=lease)

    async def heartbeat(self, held: Sequence[Ticket], *, lease: timedelta | None = None) -> set[UUID]:
        """
        Give a sign of life; the ids of what the agent has lost and must stop. What others have lost is sent on.

        Raises:
            AgentNotFound: The team has no such agent.
            NamedTwice: A task stands there twice.
        """
        _apart(held)
        async with self._transactions() as tx:
            agent = await agents.get_agent(tx, self._agent)
            lost = await tasks.heartbeat(tx, agent.id, held, lease=lease)
        await sweep(self._transactions)
        return lost

    async def start(self, held: Sequence[Ticket]) -> set[UUID]:
        """
        Begin tasks that are assigned to the agent; the ids of those that still are its own.

        Raises:
            AgentNotFound, NamedTwice: As `heartbeat`.
        """
        _apart(held)
        async with self._transactions() as tx:
            return await tasks.start(tx, (await agents.get_agent(tx, self._agent)).id, held)

    async def finish(self, done: Sequence[Done]) -> set[UUID]:
        """
        Complete tasks; the ids of those that count as done, also where that was said before.

        Raises:
            AgentNotFound, NamedTwice: As `heartbeat`.
            TaskInvalid: A quality score is not between 0 and 1.
        """
        _apart(done)
        async with self._transactions() as tx:
            return await tasks.finish(tx, (await agents.get_agent(tx, self._agent)).id, done)

    async def fail(self, failures: Sequence[Failure]) -> list[Verdict]:
        """
        Say which attempts failed; what becomes of those tasks that the agent still had.

        Raises:
            AgentNotFound, NamedTwice: As `heartbeat`.
            TaskInvalid: A message says nothing.
        """
        _apart(failures)
        async with self._transactions() as tx:
            return await tasks.fail(tx, (await agents.get_agent(tx, self._agent)).id, failures)

    async def release(self, held: Sequence[Ticket]) -> set[UUID]:
        """
        Hand tasks back as they were, without using up a retry; the ids of those that were still the agent's.

        Raises:
            AgentNotFound, NamedTwice: As `heartbeat`.
        """
        _apart(held)
        async with self._transactions() as tx:
            return await tasks.release(tx, (await agents.get_agent(tx, self._agent)).id, held)


async def sweep(transactions: Transactions) -> Swept:
    """Take tasks that are lost from whoever has them, and send them on: of one team or of all, as the transactions are."""
    async with transactions() as tx:
        lost = await tasks.mark_lost(tx)
    async with transactions() as tx:
        # Also where none is lost: deadlines have passed, or somebody has ended between the halves of a sweep.
        return await tasks.rescue(tx, lost)


def _apart(held: Sequence[Ticket] | Sequence[Done] | Sequence[Failure]) -> None:
    seen: set[UUID] = set()
    for each in held:
        if each.id in seen:
            raise NamedTwice(each.id)
        seen.add(each.id)
