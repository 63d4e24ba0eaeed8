"""The verbs of the tasks: making types known, adding, what agents do, and what people do to tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.db import ConstraintViolated, Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.society import agents
from guildhall.domains.society.agents import Agent
from guildhall.domains.society.tasks import rules, store
from guildhall.domains.society.tasks.errors import (
    AgentMayNotWork,
    AgentNotFit,
    DeadLetterClosed,
    DeadLetterNotFound,
    DependencyFailed,
    DependencyUnknown,
    PayloadInvalid,
    PayloadTooLarge,
    SkillUnknown,
    TaskInvalid,
    TaskKeyTaken,
    TaskLost,
    TaskNameTaken,
    TaskNotFound,
    TaskStateWrong,
    TaskTypeUnknown,
)
from guildhall.domains.society.tasks.ports import SchemaReader
from guildhall.domains.society.tasks.types import (
    ANY_TYPE,
    Added,
    Claim,
    DeadLetter,
    Done,
    Failure,
    Graph,
    Holding,
    NewTask,
    QueueLine,
    Status,
    Story,
    Swept,
    Task,
    TaskType,
    Ticket,
    Verdict,
)

_MOST_MESSAGE = 10_000
_MOST_STACK = 100_000
_MOST_NODES = 1_000
_TRIES = 5
_RACES = {"tasks_one_per_unique_key", "tasks_one_per_idempotency_key"}
_ENDED_BADLY = (Status.FAILED, Status.CANCELLED)
_NO_WORK = ("suspended", "retired")

_MAY: Mapping[str, tuple[str, tuple[Status, ...]]] = {
    "pause": ("paused", (Status.PENDING, Status.ASSIGNED, Status.IN_PROGRESS)),
    "resume": ("resumed", (Status.BLOCKED,)),
    "cancel": (
        "cancelled",
        (Status.PENDING, Status.ASSIGNED, Status.IN_PROGRESS, Status.BLOCKED, Status.QUEUED),
    ),
    "retry": ("retried", _ENDED_BADLY),
}


# types ------------------------------------------------------------------------------


async def set_type(tx: Tx, kind: TaskType, reader: SchemaReader) -> None:
    """
    Make a type of task known in the transaction's team, or change it; tasks that are there stay as they are.

    Raises:
        TaskInvalid: It has no name, or the one that every team knows; a number is negative.
        SkillUnknown: No agent of the team has a skill.
        InvalidInput: Its schema is no JSON schema.
    """
    rules.check_type(kind)
    if kind.name == ANY_TYPE:
        raise TaskInvalid("name", kind.name, f"another one: {ANY_TYPE!r} is of any payload")
    await _check_skills(tx, [(None, kind.required_skills)])
    if kind.payload_schema is not None:
        reader(kind.payload_schema, f"task type {kind.name}")
    await store.set_type(tx, kind)


async def list_types(tx: Tx) -> list[TaskType]:
    """The types that the team knows, by name; that of every team first."""
    return [TaskType(ANY_TYPE), *await store.types(tx)]


async def insist_known(tx: Tx, task_type: str | None, agent: str | None = None) -> None:
    """
    Make sure that a type and an agent are there, before nothing is found of them; None is any.

    Raises:
        TaskTypeUnknown: The team knows no such type.
        AgentNotFound: It has no such agent.
    """
    known = [each.name for each in await list_types(tx)]
    if task_type is not None and task_type not in known:
        raise TaskTypeUnknown(task_type, known)
    if agent is not None:
        await agents.get_agent(tx, agent)


# adding -----------------------------------------------------------------------------


async def add(tx: Tx, tasks: Sequence[NewTask], reader: SchemaReader) -> list[Added]:
    """
    Add tasks of the transaction's team, all of them or none, and say which task is meant by each.

    Tasks may wait for each other, by ids that they are given here, in any order.

    Raises:
        TaskTypeUnknown: The team knows no such type.
        SkillUnknown: No agent of the team has a skill that is asked for.
        AgentNotFound, AgentNotFit: Who is named is not there, or lacks what is asked for.
        PayloadInvalid: A payload does not fit its type's schema.
        PayloadTooLarge: It is over 1 MB.
        TaskInvalid: A number is negative, a deadline has passed, a text is empty or too long.
        TaskNameTaken: Another task of the team has a `task_id`.
        DependencyUnknown, DependencyFailed, DependencyCycle: What a task is to wait for will never complete.
    """
    if not tasks:
        return []
    for position, task in enumerate(tasks, 1):
        rules.check(task, position, tx.now)
    payloads = [rules.payload_of(task, position) for position, task in enumerate(tasks, 1)]
    kinds = await _kinds_of(tx, tasks)
    _check_payloads(tasks, kinds, reader)
    await _check_skills(tx, [(position, task.required_skills) for position, task in enumerate(tasks, 1)])
    await _check_named(tx, tasks, kinds)
    ids = [task.id or clock.new_id() for task in tasks]
    order = rules.in_order(tasks, ids)
    await _check_outside(tx, rules.outside(tasks, ids))
    added = await _add(tx, [tasks[n] for n in order], [ids[n] for n in order], [payloads[n] for n in order])
    by_place = dict(zip(order, added, strict=True))
    return [by_place[place] for place in range(len(tasks))]


async def _kinds_of(tx: Tx, tasks: Sequence[NewTask]) -> dict[str, TaskType]:
    kinds = {ANY_TYPE: TaskType(ANY_TYPE)}
    if any(task.task_type != ANY_TYPE for task in tasks):
        kinds |= {kind.name: kind for kind in await store.types(tx)}
    for task in tasks:
        if task.task_type not in kinds:
            raise TaskTypeUnknown(task.task_type, kinds)
    return kinds


def _check_payloads(tasks: Sequence[NewTask], kinds: Mapping[str, TaskType], reader: SchemaReader) -> None:
    checks = {
        name: reader(kinds[name].payload_schema or {}, f"task type {name}")
        for name in {task.task_type for task in tasks}
        if kinds[name].payload_schema is not None
    }
    for position, task in enumerate(tasks, 1):
        wrong = checks[task.task_type](task.payload or {}) if task.task_type in checks else None
        if wrong is not None:
            raise PayloadInvalid(task.task_type, wrong, position=position)


async def _check_skills(tx: Tx, wanted: Sequence[tuple[int | None, Sequence[str]]]) -> None:
    unknown = set(await agents.unknown_skills(tx, {skill for _, skills in wanted for skill in skills}))
    for position, skills in wanted:
        for skill in skills:
            if skill in unknown:
                raise SkillUnknown(skill, await agents.all_skills(tx), position=position)


async def _check_named(tx: Tx, tasks: Sequence[NewTask], kinds: Mapping[str, TaskType]) -> None:
    known: dict[UUID, Agent] = {}
    for task in tasks:
        if task.assigned_to is None:
            continue
        if task.assigned_to not in known:
            known[task.assigned_to] = await agents.get_agent(tx, task.assigned_to)
        kind = kinds[task.task_type]
        required = {*task.required_skills, *kind.required_skills}
        _check_fit(known[task.assigned_to], task.title, sorted(required), max(task.min_trust, kind.min_trust))


def _check_fit(agent: Agent, task: str, required: Sequence[str], min_trust: float) -> None:
    lacking = rules.lacking(required, min_trust, [skill.name for skill in agent.skills], agent.trust_score)
    if lacking is not None:
        raise AgentNotFit(agent.agent_id, task, lacking)


async def _check_outside(tx: Tx, awaited: Mapping[UUID, bool]) -> None:
    if not awaited:
        return
    statuses = await store.statuses(tx, list(awaited))
    for task_id, is_put_up_with in awaited.items():
        if task_id not in statuses:
            raise DependencyUnknown(task_id)
        if statuses[task_id] in _ENDED_BADLY and not is_put_up_with:
            raise DependencyFailed(task_id, statuses[task_id])


async def _add(tx: Tx, tasks: Sequence[NewTask], ids: Sequence[UUID], payloads: Sequence[bytes]) -> list[Added]:
    for attempt in range(_TRIES):
        # Somebody who adds a key in the same moment comes first: asked again, theirs is answered.
        try:
            async with tx.savepoint():
                return await store.enqueue(tx, tasks, ids, payloads)
        except ConstraintViolated as error:
            if error.constraint in _RACES and attempt + 1 < _TRIES:
                continue
            match error.constraint:
                case "tasks_payload_size":
                    raise PayloadTooLarge from error
                case "tasks_one_live_per_task_id":
                    names = [task.task_id for task in tasks if task.task_id is not None]
                    raise TaskNameTaken(names[0] if len(names) == 1 else None) from error
                case "task_dependency_may_succeed":
                    raise DependencyFailed("one of those") from error
                case "tasks_pkey":
                    raise TaskInvalid("id", "taken", "an id that no task has") from error
            raise
    raise AssertionError("the last try answers or raises")


# what agents do ---------------------------------------------------------------------


async def claim(
    tx: Tx, agent: Agent, at_most: int, *, begin: bool = True, lease: timedelta | None = None
) -> list[Claim]:
    """
    Give an agent up to so many tasks that its skills and its trust allow, in the order in which to do them.

    They are begun, or else assigned to it until it starts them. It has them for
    `lease` after its last sign of life; None leaves that as it is, at first 5 minutes.

    Raises:
        AgentMayNotWork: It is suspended or retired.
    """
    if agent.status in _NO_WORK:
        raise AgentMayNotWork(agent.agent_id, agent.status)
    return await store.claim(tx, agent.id, at_most, None if begin else 0, lease)


async def start(tx: Tx, agent: UUID, held: Sequence[Ticket]) -> set[UUID]:
    """Begin tasks that are assigned to the agent; the ids of those that still are its own."""
    return await store.start(tx, agent, held)


async def finish(tx: Tx, agent: UUID, done: Sequence[Done]) -> set[UUID]:
    """
    Complete tasks; the ids of those that count as done, also where that was said before.

    Raises:
        TaskInvalid: A quality score is not between 0 and 1, or a result is no JSON.
    """
    for each in done:
        rules.check_score(each.quality_score)
    return await store.finish(tx, agent, done, [rules.result_of(each.result) for each in done])


async def fail(tx: Tx, agent: UUID, failures: Sequence[Failure]) -> list[Verdict]:
    """
    Say which attempts failed; what becomes of those tasks that the agent still had.

    Raises:
        TaskInvalid: A message says nothing.
    """
    for each in failures:
        rules.check_message(each.message)
    cleaned = [
        replace(each, message=_clean(each.message, _MOST_MESSAGE), stack=each.stack and _clean(each.stack, _MOST_STACK))
        for each in failures
    ]
    return await store.fail(tx, agent, cleaned)


def _clean(text: str, most: int) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()[-most:]


async def release(tx: Tx, agent: UUID, held: Sequence[Ticket]) -> set[UUID]:
    """Hand tasks back as they were, without using up a retry; the ids of those that were still the agent's."""
    return await store.release(tx, agent, held)


async def heartbeat(tx: Tx, agent: UUID, held: Sequence[Ticket], *, lease: timedelta | None = None) -> set[UUID]:
    """Give a sign of life; the ids of those tasks that the agent has lost and must stop."""
    await store.be_present(tx, agent, lease)
    return await store.heartbeat(tx, agent, held)


async def mark_lost(tx: Tx, *, at_most: int = 1000) -> int:
    """The first half of a sweep: take what is lost from whoever has it."""
    return await store.mark_stuck(tx, at_most)


async def rescue(tx: Tx, lost: int = 0, *, at_most: int = 1000) -> Swept:
    """The second half, in a transaction of its own: what was lost is given out again, or has failed."""
    retried, dead = await store.rescue(tx, at_most)
    return Swept(lost, retried, dead)


async def get_holding(tx: Tx, task: Task) -> Holding:
    """
    Who has a task, and by which token.

    Raises:
        TaskStateWrong: Nobody has it.
    """
    found = await store.holding(tx, task.id)
    if found is None:
        states = (Status.ASSIGNED, Status.IN_PROGRESS)
        raise TaskStateWrong("started, done, failed and released", task.task_id, task.status, states)
    return found


# what people do ---------------------------------------------------------------------


async def assign(tx: Tx, task: Task, agent: Agent | None) -> Task:
    """
    Let one agent and no other take a task that waits; None lets any that is fit.

    Raises:
        AgentNotFit: It lacks a skill or the trust that the task asks for.
        AgentMayNotWork: It is suspended or retired.
        TaskStateWrong: Somebody has the task, or it has ended.
    """
    if agent is not None:
        if agent.status in _NO_WORK:
            raise AgentMayNotWork(agent.agent_id, agent.status)
        _check_fit(agent, task.task_id, task.required_skills, task.min_trust)
    if not await store.assign(tx, task.id, None if agent is None else agent.id):
        task = await get_task(tx, task.id)
        raise TaskStateWrong("assigned", task.task_id, task.status, (Status.PENDING, Status.BLOCKED))
    return await get_task(tx, task.id)


async def change_each(tx: Tx, verb: str, ids: Sequence[UUID]) -> list[UUID]:
    """
    `pause`, `resume`, `cancel` or `retry` all of these tasks, in the order given.

    Raises:
        TaskNotFound: The team has no such task.
        TaskStateWrong: One is in a state in which that cannot be done.
        TaskKeyTaken: One cannot be retried for another of the same key.
    """
    changed = await store.change(tx, verb, ids)
    for task_id in ids:
        if task_id not in changed:
            task = await get_task(tx, task_id)
            if task.status in _MAY[verb][1]:
                raise TaskKeyTaken(task.task_id, task.unique_key)
            raise TaskStateWrong(_MAY[verb][0], task.task_id, task.status, _MAY[verb][1])
    return list(ids)


async def redrive(tx: Tx, *, task_type: str | None = None, at_most: int = 1000) -> list[UUID]:
    """
    Begin the tasks behind open dead letters anew, the longest dead first; their ids.

    Those whose unique key another has meanwhile stay.
    """
    letters = await store.open_letters(tx, task_type, at_most)
    changed = await store.change(tx, "retry", letters) if letters else set()
    return [each for each in letters if each in changed]


async def redrive_one(tx: Tx, letter_id: UUID) -> UUID:
    """
    Begin the task behind an open dead letter anew; its id.

    Raises:
        DeadLetterNotFound: The team has no such letter.
        DeadLetterClosed: It was sent back or laid aside before.
    """
    letter = await store.find_dead_letter(tx, letter_id)
    if letter is None:
        raise DeadLetterNotFound(letter_id)
    if letter.resolution is not None:
        raise DeadLetterClosed(letter_id, letter.resolution)
    await change_each(tx, "retry", [letter.task])
    return letter.task


TASKS = store.TASKS
"""By what tasks can be sorted and filtered (`page_tasks`)."""

DEAD_LETTERS = store.DEAD_LETTERS
"""By what dead letters can be sorted and filtered (`page_dead_letters`)."""


async def page_tasks(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[Task]:
    """A page of the team's tasks (`db.listing`); there is one filter more than the listing has: `status`."""
    narrowed = {name: value for name, value in filters.items() if name != "status"}
    return await store.page_tasks(tx, narrowed, order, status=filters.get("status"), after=after, at_most=at_most)


async def page_dead_letters(
    tx: Tx,
    filters: Mapping[str, Any],
    order: Order,
    *,
    only_open: bool = True,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
) -> Page[DeadLetter]:
    """A page of the team's dead letters, the open ones or all (`db.listing`)."""
    return await store.page_dead_letters(tx, filters, order, only_open=only_open, after=after, at_most=at_most)


async def get_task(tx: Tx, ref: str | UUID) -> Task:
    """
    A task as it stands, by its `task_id` or its id.

    Raises:
        TaskNotFound: The team has no such task.
    """
    try:
        task_id = ref if isinstance(ref, UUID) else UUID(ref)
    except ValueError:
        task_id = None
    task = None if "\0" in str(ref) else await store.find_task(tx, str(ref), task_id)
    if task is None:
        raise TaskNotFound(ref)
    return task


async def get_story(tx: Tx, ref: str | UUID) -> Story:
    """
    A task with its history and what it waits for.

    Raises:
        TaskNotFound: The team has no such task.
    """
    task = await get_task(tx, ref)
    return Story(task, await store.events(tx, task.id), await store.dependencies(tx, task.id))


async def get_graph(tx: Tx, ref: str | UUID | None = None) -> Graph:
    """
    A task with all that it waits for and all that waits for it; or all that wait and have not ended. A thousand at most.

    Raises:
        TaskNotFound: The team has no such task.
    """
    task_id = None if ref is None else (await get_task(tx, ref)).id
    nodes = await store.nodes(tx, task_id, _MOST_NODES + 1)
    kept = nodes[:_MOST_NODES]
    return Graph(kept, await store.edges(tx, [each.id for each in kept]), len(nodes) <= _MOST_NODES)


async def queue_summary(tx: Tx) -> list[QueueLine]:
    """How many of the team's tasks that have not ended are in each state, the most urgent first."""
    return await store.queue_summary(tx)


def insist_counted(holding: Holding, counted: set[UUID]) -> None:
    """
    See that what an agent said of a task counts.

    Raises:
        TaskLost: It does not: somebody else has the task now.
    """
    if holding.id not in counted:
        raise TaskLost(holding.task_id)
