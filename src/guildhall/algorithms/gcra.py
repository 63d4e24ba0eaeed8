"""
The generic cell rate algorithm: a rate with room for a burst, in one number for each key.

ITU-T I.371 (2004), annex A.1, as virtual scheduling: a key's theoretical
arrival time (TAT) is when its next request would be due if requests came
evenly. A request may be early by the whole burst and no more. That admits
what a token bucket of the burst's size does that is refilled evenly, and needs
no timer.

Times are whole nanoseconds of any one clock, and a cell's interval is rounded
up, so no rounding ever lets a request more through.
"""

from __future__ import annotations

from dataclasses import dataclass

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """
    `limit` requests in each `period_s` seconds, as many of them at once as `burst` says; None: all of them.

    Raises:
        ValueError: A limit or burst below one, or a period that is not positive or above a year.
    """

    limit: int
    period_s: float
    burst: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= 1_000_000_000:
            raise ValueError(f"limit is {self.limit}, expected 1 to 1000000000")
        if not 0 < self.period_s <= 366 * 86_400:
            raise ValueError(f"period_s is {self.period_s}, expected more than 0 and a year at most")
        if self.burst is not None and not 1 <= self.burst <= self.limit:
            raise ValueError(f"burst is {self.burst}, expected 1 to the limit, {self.limit}")

    @property
    def room(self) -> int:
        """How many requests may come at once."""
        return self.burst or self.limit

    @property
    def interval_ns(self) -> int:
        """Nanoseconds between two requests that come evenly."""
        return -(-round(self.period_s * _NS) // self.limit)


@dataclass(frozen=True, slots=True)
class Taken:
    """
    Whether requests were admitted, and what is left.

    `limit` is how many could come at once, `remaining` how many still can,
    `reset_after_s` when all of them can again. `taken` is how many were
    admitted; where none was, `retry_after_s` says when as many as were needed
    will be, else it is 0.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_after_s: float
    retry_after_s: float = 0.0
    taken: int = 0


def admit(
    rate: Rate, tat_ns: int | None, now_ns: int, cost: int = 1, *, at_least: int | None = None, hold_ns: int = 0
) -> tuple[Taken, int | None]:
    """
    Whether `cost` requests may come now, and the key's new TAT; None was and is that of a key that nobody uses.

    With `at_least`, fewer than `cost` will do where there are not as many left.
    With `hold_ns` they need not come now, but at any time until then: the bucket
    counts as not refilled meanwhile, or it and they together would exceed the burst.

    Raises:
        ValueError: The cost is below one, or above what can ever come at once.
    """
    needed = cost if at_least is None else at_least
    check_cost(rate, cost, needed)
    due_ns = max(now_ns if tat_ns is None else tat_ns, now_ns + hold_ns)
    taken = min(cost, max(0, (now_ns + rate.room * rate.interval_ns - due_ns) // rate.interval_ns))
    if taken >= needed:
        after_ns = due_ns + taken * rate.interval_ns
        return figures(rate, after_ns - now_ns, taken=taken), after_ns
    ahead_ns = max(0, (now_ns if tat_ns is None else tat_ns) - now_ns)
    wait_ns = max(0, due_ns + needed * rate.interval_ns - now_ns - rate.room * rate.interval_ns)
    return figures(rate, ahead_ns, wait_ns=wait_ns), tat_ns


def check_cost(rate: Rate, cost: int, at_least: int) -> None:
    """
    Make sure that a cost makes sense at a rate.

    Raises:
        ValueError: It is below one, or above what can ever come at once.
    """
    if not 1 <= at_least <= min(cost, rate.room) or cost > 1_000_000_000:
        raise ValueError(f"cost is {cost}, at least {at_least}, expected 1 to {rate.room}")


def figures(rate: Rate, ahead_ns: int, *, taken: int = 0, wait_ns: int = 0) -> Taken:
    """What a TAT that lies `ahead_ns` in the future says, after `taken` requests, or a refusal for `wait_ns`."""
    remaining = (rate.room * rate.interval_ns - max(0, ahead_ns)) // rate.interval_ns
    return Taken(
        allowed=taken > 0,
        limit=rate.room,
        remaining=max(0, remaining),
        reset_after_s=max(0, ahead_ns) / _NS,
        retry_after_s=wait_ns / _NS,
        taken=taken,
    )
