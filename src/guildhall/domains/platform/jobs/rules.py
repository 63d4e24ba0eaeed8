"""What a job may be, and in which order jobs that wait for each other are added."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from cronsim import CronSim, CronSimError

from guildhall.domains.platform.jobs.errors import (
    MOST_PAYLOAD_BYTES,
    DependencyCycle,
    JobInvalid,
    JobTypeUnknown,
    LimitInvalid,
    PayloadTooLarge,
    ScheduleInvalid,
)
from guildhall.domains.platform.jobs.types import NewJob, OnFailure, Priority, Rate, Schedule

_PRIORITIES = frozenset(Priority)
_POLICIES = frozenset(OnFailure)
_MOST_RETRIES = 1_000_000
_LEAST_WEIGHT, _MOST_WEIGHT = 0.001, 1000
LONGEST_TIMEOUT = timedelta(days=3650)
_KEYS = ("unique_key", "idempotency_key", "fair_key")
_LONGEST_RATE = timedelta(days=366)
_SPAN = re.compile(r"(\d{1,9})\s*([a-z]+)")
_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_NUL = b"\\u0000"


def encoded(value: Any) -> bytes:
    """
    A value as JSON that PostgreSQL takes.

    Raises:
        ValueError: It is none, or holds the character U+0000.
    """
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        raise ValueError(str(error)) from None
    if _NUL in text and _holds_nul(orjson.loads(text)):
        raise ValueError("it holds the character U+0000")
    return text


def _holds_nul(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
        case list():
            return any(map(_holds_nul, value))
    return False


def payload_of(job: NewJob, position: int) -> bytes:
    """
    The payload as JSON.

    Raises:
        JobInvalid: It is no object of JSON values.
        PayloadTooLarge: It is over 1 MB.
    """
    is_dict = type(job.payload) is dict  # asked first, as it costs a tenth
    if not is_dict and not isinstance(job.payload, Mapping):
        raise JobInvalid("payload", job.payload, "an object", position=position)
    try:
        text = encoded(job.payload if is_dict else dict(job.payload))
    except ValueError as error:
        raise JobInvalid("payload", f"no JSON: {error}", "an object of JSON values", position=position) from None
    if len(text) > MOST_PAYLOAD_BYTES:
        raise PayloadTooLarge(len(text), position=position)
    return text


def check(job: NewJob, position: int, now: datetime) -> None:
    """
    Hold a job's values against what they may be; its payload and its type are looked at elsewhere.

    Raises:
        JobInvalid: A number is negative or too large, a moment has no time zone or a deadline has passed, a key is too
            long.
    """

    if job.priority is Priority.NORMAL and _says_nothing_else(job):
        return

    def refuse(field: str, expected: str, value: Any = None) -> JobInvalid:
        return JobInvalid(field, getattr(job, field) if value is None else value, expected, position=position)

    if job.priority not in _PRIORITIES:
        raise refuse("priority", f"{', '.join(Priority)}")
    if job.max_retries is not None and not (type(job.max_retries) is int and 0 <= job.max_retries <= _MOST_RETRIES):
        raise refuse("max_retries", f"a whole number from 0 to {_MOST_RETRIES:,}")
    if job.timeout is not None and not is_timeout(job.timeout):
        raise refuse("timeout", A_TIMEOUT)
    if job.weight is not None and not is_weight(job.weight):
        raise refuse("weight", A_WEIGHT)
    for field in ("scheduled_at", "deadline_at"):
        moment = getattr(job, field)
        if moment is not None and not is_moment(moment):
            raise refuse(field, A_MOMENT)
    if job.deadline_at is not None and job.deadline_at <= now:
        raise refuse("deadline_at", f"a moment after now ({now.isoformat()})", job.deadline_at.isoformat())
    for field in _KEYS:
        key = getattr(job, field)
        if key is not None and not (isinstance(key, str) and 1 <= len(key) <= 255 and "\0" not in key):
            raise refuse(field, "a text of 1 to 255 characters")
    for wait in job.waits_for:
        if wait.on_failure not in _POLICIES:
            raise refuse("on_failure", f"{', '.join(OnFailure)}", wait.on_failure)


A_TIMEOUT = f"a length of time above 0, and of {LONGEST_TIMEOUT.days // 365} years at most"
A_WEIGHT = f"a number from {_LEAST_WEIGHT} to {_MOST_WEIGHT:,}"
A_MOMENT = "a moment with its time zone, in the years 1 to 9999 of UTC"


def is_timeout(value: Any) -> bool:
    """Whether an attempt may take that long; one that outlasts the calendar could be claimed by nobody."""
    return isinstance(value, timedelta) and timedelta(0) < value <= LONGEST_TIMEOUT


def is_weight(value: Any) -> bool:
    """Whether somebody may have that many turns."""
    return math.isfinite(value) and _LEAST_WEIGHT <= value <= _MOST_WEIGHT


def is_moment(value: Any) -> bool:
    """Whether it is a moment that every clock shows."""
    try:
        return isinstance(value, datetime) and value.tzinfo is not None and bool(value.astimezone(UTC))
    except OverflowError:
        return False


def _says_nothing_else(job: NewJob) -> bool:
    """Most jobs have a type and a payload, and are added by the thousand."""
    return (
        job.max_retries is None
        and job.timeout is None
        and job.weight is None
        and job.scheduled_at is None
        and job.deadline_at is None
        and job.unique_key is None
        and job.idempotency_key is None
        and job.fair_key is None
        and not job.waits_for
    )


def in_order(jobs: Sequence[NewJob], ids: Sequence[UUID]) -> list[int]:
    """
    The positions of jobs such that each comes behind those of them that it waits for; as given where that is so.

    Raises:
        DependencyCycle: Some wait for each other.
        JobInvalid: Two have one id.
    """
    if not any(job.waits_for or job.id for job in jobs):
        return list(range(len(jobs)))
    places = {job_id: place for place, job_id in enumerate(ids)}
    if len(places) < len(ids):
        place = next(place for place, job_id in enumerate(ids) if places[job_id] != place)
        raise JobInvalid("id", ids[place], "an id that no other job has", position=place + 1)
    edges = {
        place: [places[wait.job_id] for wait in job.waits_for if wait.job_id in places]
        for place, job in enumerate(jobs)
        if job.waits_for
    }
    if all(ahead < place for place, others in edges.items() for ahead in others):
        return list(range(len(jobs)))
    sorter = TopologicalSorter({place: edges.get(place, ()) for place in range(len(jobs))})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        cycle: Sequence[int] = error.args[1]
        raise DependencyCycle([ids[place] for place in cycle], [jobs[place].task_type for place in cycle]) from None


def without_nul(text: str, most: int) -> str:
    """Text that PostgreSQL takes, its end kept where it is too long."""
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return text if len(text) <= most else "…" + text[-most:]


def outside(jobs: Iterable[NewJob], ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Those jobs that are waited for and not among the given; with each, whether its failure is put up with by all."""
    found: dict[UUID, bool] = {}
    waiting = [job for job in jobs if job.waits_for]
    own = set(ids) if waiting else set()
    for job in waiting:
        for wait in job.waits_for:
            if wait.job_id not in own:
                found[wait.job_id] = found.get(wait.job_id, True) and wait.on_failure == OnFailure.IGNORE
    return found


def queue_of(schedule: Schedule, known: Collection[tuple[str, str]]) -> str:
    """
    Where the jobs of a schedule wait: in its queue, or else in the one in which their type is known.

    `known` are the names of types with their queues.

    Raises:
        JobTypeUnknown: No worker has made the type known there.
        ScheduleInvalid: It is known in several queues, and the schedule does not say in which.
    """
    queues = sorted(queue for name, queue in known if name == schedule.task_type)
    if schedule.queue is None and len(queues) > 1:
        why = f"jobs of type {schedule.task_type!r} wait in {', '.join(queues)}, expected one of these"
        raise ScheduleInvalid(schedule.name, "queue", None, why)
    if schedule.queue is None and queues:
        return queues[0]
    if schedule.queue not in queues:
        raise JobTypeUnknown(schedule.task_type, schedule.queue or "default", (name for name, _ in known), queues)
    return schedule.queue


def check_schedule(schedule: Schedule) -> None:
    """
    Hold what a person has written of a schedule against what it may be; its rhythm is looked at in `due_after`.

    Raises:
        ScheduleInvalid: Its name, its priority or its rhythm is none.
        JobInvalid, PayloadTooLarge: Its payload is none.
    """
    if not (_NAME.fullmatch(schedule.name) and len(schedule.name) <= 100):
        why = "expected up to 100 small letters and digits, with . _ - between"
        raise ScheduleInvalid(schedule.name[:100], "name", schedule.name[:100], why)
    if schedule.priority not in _PRIORITIES:
        raise ScheduleInvalid(schedule.name, "priority", schedule.priority, f"expected {', '.join(Priority)}")
    if (schedule.cron is None) == (schedule.every is None):
        raise ScheduleInvalid(schedule.name, "cron", schedule.cron, "expected a cron line or an interval, one of them")
    payload_of(NewJob(schedule.task_type, schedule.payload), 1)


def check_limits(most: int | None, rate: Rate | None) -> None:
    """
    See that limits of a type can be kept.

    Raises:
        LimitInvalid: They cannot.
    """
    if most is not None and not 0 <= most < 2**31:
        raise LimitInvalid("most", most, "0 or more")
    if rate is None:
        return
    if not 0 < rate.count < 2**31:
        raise LimitInvalid("rate", rate.count, "one or more within a time")
    if not timedelta(0) < rate.per <= _LONGEST_RATE:
        raise LimitInvalid("rate", rate.per, f"a time of up to {_LONGEST_RATE.days} days")


_UNITS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
}
_RATE = re.compile(r"(\d{1,9})\s*/\s*(\d{0,6})\s*([a-z]+)")


def read_rate(text: str) -> Rate:
    """
    A rate as people write it: `10/s`, `500/h`, `1/15min`.

    Raises:
        LimitInvalid: It is none.
    """
    found = _RATE.fullmatch(text.strip().lower())
    if found is None or found[3] not in _UNITS:
        raise LimitInvalid("rate", repr(text), "a number for a time, such as 10/s, 500/h or 1/15min")
    rate = Rate(int(found[1]), timedelta(seconds=int(found[2] or 1) * _UNITS[found[3]]))
    check_limits(None, rate)
    return rate


def read_span(text: str) -> timedelta:
    """
    A length of time as people write it: `90s`, `15min`, `6h`, `1d`.

    Raises:
        ValueError: It is none.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or found[2] not in _UNITS:
        raise ValueError(f"{text[:50]!r} is no length of time; expected one such as 90s, 15min, 6h or 1d")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def due_after(schedule: Schedule, due_at: datetime, now: datetime) -> datetime | None:
    """
    When a schedule that was due is due next; what was missed meanwhile is not made up for. None: never again.

    A cron line means what it means to Debian's cron, on the clocks of its time
    zone: what they skip is due as soon as they have, what they repeat once.

    Raises:
        ScheduleInvalid: Its cron line or its time zone is none, or its interval is not above 0 or ends in no calendar.
    """
    if schedule.every is not None:
        if schedule.every <= timedelta(0):
            raise ScheduleInvalid(schedule.name, "every", schedule.every, "expected a length of time above 0")
        missed = max(0, (now - due_at) // schedule.every)
        try:
            return due_at + (missed + 1) * schedule.every
        except OverflowError:
            why = "expected a length of time that ends before the year 10000"
            raise ScheduleInvalid(schedule.name, "every", schedule.every, why) from None
    try:
        zone = ZoneInfo(schedule.timezone)
    except (KeyError, ValueError, OSError):
        raise ScheduleInvalid(schedule.name, "timezone", schedule.timezone, "there is no such time zone") from None
    moment = max(due_at, now)
    try:
        line = CronSim(schedule.cron or "", moment.astimezone(zone))
    except CronSimError as error:
        why = f"{error}; expected minute, hour, day of month, month and day of week, such as 0 3 * * mon"
        raise ScheduleInvalid(schedule.name, "cron", schedule.cron, why) from None
    # In an hour that comes twice, what is next by the clock on the wall may be an hour ago.
    return next((due for each in line if (due := each.astimezone(UTC)) > moment), None)
