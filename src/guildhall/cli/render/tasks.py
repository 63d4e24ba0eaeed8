"""Agents and their tasks for people: a line each, a story, a graph, and counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from guildhall.cli.render.figures import count, duration, percent, shortened

if TYPE_CHECKING:
    from uuid import UUID

    from guildhall.domains.society.agents import Agent
    from guildhall.domains.society.tasks import Claim, DeadLetter, Graph, Node, QueueLine, Story, Task, TaskType

_STYLES = {
    "failed": "red",
    "queued": "yellow",
    "blocked": "yellow",
    "assigned": "cyan",
    "in_progress": "cyan",
    "completed": "green",
    "cancelled": "dim",
}


def agent_lines(agents: Iterable[Agent]) -> Iterator[Text]:
    """A line for each agent."""
    empty = True
    for each in agents:
        empty = False
        rate = "" if each.success_rate is None else f", {percent(each.success_rate)} done well"
        yield Text.assemble(
            (each.agent_id, "bold"),
            f"  {each.type}, {each.status}",
            f"  {', '.join(skill.name for skill in each.skills) or 'no skills'}",
            f"  {count(each.tasks_completed + each.tasks_failed, 'task')}{rate}",
        )
    if empty:
        yield Text("no agents")


def agent_story_lines(agent: Agent) -> Iterator[Text]:
    """An agent, what it can do, and its figures."""
    yield Text.assemble((agent.agent_id, "bold"), f"  {agent.name}  {agent.type}, {agent.status}")
    for skill in agent.skills:
        yield Text(f"  can do {skill.name}{'' if skill.proficiency is None else f' ({skill.proficiency:g})'}")
    yield Text(f"  trust {'unknown' if agent.trust_score is None else f'{agent.trust_score:g}'}")
    rate = "" if agent.success_rate is None else f" ({percent(agent.success_rate)} completed)"
    yield Text(f"  {agent.tasks_completed:,} tasks completed, {agent.tasks_failed:,} failed{rate}")
    if agent.average_quality_score is not None:
        yield Text(f"  quality {agent.average_quality_score:.2f} on average")
    if agent.average_task_time_ms is not None:
        yield Text(f"  {duration(agent.average_task_time_ms)} for a task on average")


def type_lines(types: Iterable[TaskType]) -> Iterator[Text]:
    """A line for each type of task."""
    for each in types:
        asks = [*each.required_skills, *([f"trust of {each.min_trust:g}"] if each.min_trust else [])]
        yield Text.assemble(
            (each.name, "bold"),
            f"  asks for {', '.join(asks)}" if asks else "  asks for nothing",
            "" if each.payload_schema is None else ", has a schema",
            f", {each.max_retries:,} {'retry' if each.max_retries == 1 else 'retries'}",
        )


def task_lines(tasks: Iterable[Task]) -> Iterator[Text]:
    """A line for each task."""
    empty = True
    for each in tasks:
        empty = False
        whom = f"  {each.agent}" if each.agent else ""
        waits = f"  waits for {each.open_dependencies:,}" if each.open_dependencies else ""
        worth = "" if each.quality_score is None else f"  worth {each.quality_score:g}"
        yield Text.assemble(
            (each.task_id, "bold"),
            "  ",
            (f"{each.status:<11}", _STYLES.get(each.status, "")),
            f"  {each.priority:<8}  {_short(each.title)}{whom}{waits}{worth}",
            f"  {_short(each.error_message)}" if each.error_message else "",
        )
    if empty:
        yield Text("no tasks")


def claim_lines(claims: Iterable[Claim]) -> Iterator[Text]:
    """A line for each task that was given out."""
    empty = True
    for each in claims:
        empty = False
        yield Text.assemble(
            (each.task_id, "bold"),
            "  ",
            (f"{each.status:<11}", _STYLES.get(each.status, "")),
            f"  {_short(each.title)}  attempt {each.attempt}",
        )
    if empty:
        yield Text("nothing to do")


def story_lines(story: Story) -> Iterator[Text]:
    """A task, what it waits for, and what happened to it."""
    task = story.task
    yield Text.assemble((task.task_id, "bold"), f"  {task.title}  ", (task.status, _STYLES.get(task.status, "")))
    yield Text(f"  id {task.id}")
    yield Text(
        f"  type {task.task_type}, priority {task.priority}, {task.retry_count} of {task.max_retries} retries used"
    )
    if task.required_skills or task.min_trust:
        yield Text(f"  asks for {', '.join(task.required_skills) or 'no skills'}, trust of {task.min_trust:g}")
    if task.agent:
        yield Text(f"  {'for' if task.status == 'pending' else 'with'} {task.agent}")
    yield Text(f"  payload {_short(task.payload)}")
    if task.result is not None:
        yield Text(f"  result {_short(task.result)}")
    if task.quality_score is not None:
        yield Text(f"  worth {task.quality_score:g}")
    for wait in story.waits_for:
        yield Text(f"  waits for {wait.task_id}, {wait.status}; on failure: {wait.on_failure}")
    for event in story.events:
        attempt = f" (attempt {event.details['attempt']})" if "attempt" in event.details else ""
        yield Text(f"  {_when(event.at)}  {event.event}{attempt}{f' by {event.agent}' if event.agent else ''}")
        if event.details.get("error_message"):
            yield Text(f"      {_short(event.details['error_message'])}", style="red")


def graph_lines(graph: Graph) -> Iterator[Text]:
    """
    A tree of what waits for what: each task stands below what it waits for, once.

    Where a task waits for several, it stands below one of them with what waits for
    it in turn, and below the others it says where.
    """
    nodes = {node.id: node for node in graph.nodes}
    waiting: dict[UUID, list[UUID]] = defaultdict(list)
    awaited: dict[UUID, set[UUID]] = defaultdict(set)
    for edge in graph.edges:
        waiting[edge.awaited].append(edge.waiting)
        awaited[edge.waiting].add(edge.awaited)
    drawn: set[UUID] = set()
    roots = [node.id for node in graph.nodes if not awaited[node.id]]
    # Depth first, by a stack of what comes next: a chain may be longer than Python's calls go deep.
    stack: list[tuple[UUID, str, str]] = [(each, "", "") for each in reversed(roots)]
    while stack:
        task, lead, below = stack.pop()
        if task in drawn or not awaited[task] <= drawn:
            yield _graph_line(nodes[task], lead, "  ↑ further up" if task in drawn else "  ↓ further down")
            continue
        drawn.add(task)
        yield _graph_line(nodes[task], lead, "")
        children = waiting[task]
        for child in reversed(children):
            is_last = child is children[-1]
            stack.append((child, f"{below}{'└─ ' if is_last else '├─ '}", f"{below}{'   ' if is_last else '│  '}"))
    if not nodes:
        yield Text("no task waits for another")
    if not graph.is_whole:
        yield Text("and more", style="dim")


def _graph_line(node: Node, lead: str, note: str) -> Text:
    return Text.assemble(
        (lead, "dim"),
        (node.task_id, "bold"),
        "  ",
        (node.status, _STYLES.get(node.status, "")),
        f"  {_short(node.title)}{f'  {node.agent}' if node.agent else ''}",
        (note, "dim"),
    )


def dead_letter_lines(letters: Iterable[DeadLetter]) -> Iterator[Text]:
    """Two lines for each letter."""
    empty = True
    for each in letters:
        empty = False
        fate = f", {each.resolution}" if each.resolution else ""
        yield Text.assemble(
            (each.task_id, "bold"),
            f"  {_short(each.title)}  {_when(each.moved_at)}, {count(len(each.retry_history), 'attempt')}{fate}",
        )
        yield Text(f"  {_short(each.error_message)}", style="red")
    if empty:
        yield Text("no dead letters")


def queue_lines(lines: Iterable[QueueLine]) -> Iterator[Text]:
    """A line for each state and priority."""
    empty = True
    for each in lines:
        empty = False
        notes = [
            f"{n:,} {what}"
            for n, what in (
                (each.ready_count, "ready"),
                (each.waiting_count, "waiting for others"),
                (each.overdue_count, "overdue"),
            )
            if n
        ]
        yield Text.assemble(
            (f"{each.status:<11}", _STYLES.get(each.status, "")),
            f"  {each.priority:<8}  {count(each.task_count, 'task')}",
            f": {', '.join(notes)}" if notes else "",
            f"; {duration(max(0.0, each.average_wait_ms))} old on average",
        )
    if empty:
        yield Text("no tasks")


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _short(value: Any) -> str:
    return shortened(str(value), 100)
