"""Which refusals of calls are written down, and how often: who asks in vain may do so for ever, and the ledger is not theirs to fill."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from guildhall import clock
from guildhall.app.gateway.errors import AccountsUnavailable, CallersChanged
from guildhall.cache import RateExceeded
from guildhall.db import StandingChanged
from guildhall.domains.gateway.requests import CallUnderWay
from guildhall.domains.platform.identity import KeyRefused, NotSignedIn
from guildhall.errors import GuildhallError, NotAllowed, Unavailable

_EVERY_S = 60.0
_MOST_REMEMBERED = 10_000

STALE = (CallersChanged, KeyRefused, NotSignedIn, StandingChanged)
"""What was believed of a caller is not so any more; whether they are refused is known when it has been asked anew."""


def leaves_row(error: BaseException) -> bool:
    """Whether a call that this refuses is written down by itself: not while nothing can be, and not before the caller is known anew."""
    if not isinstance(error, GuildhallError) or isinstance(error, STALE):
        return False
    return isinstance(error, AccountsUnavailable) or not isinstance(error, Unavailable)


@dataclass(slots=True)
class _Kind:
    until_ms: float
    unwritten: int = 0


class Refusals:
    """
    Remembers whose refusals were written down lately, to keep those that come again and again to one a minute of each code.

    How many came between is told with the next that is written; all are counted in the metrics.
    """

    def __init__(self, *, every_s: float = _EVERY_S) -> None:
        self._every_ms = every_s * 1000
        self._kinds: OrderedDict[tuple[bytes, str], _Kind] = OrderedDict()

    def note(self, who: bytes, error: GuildhallError) -> str | None:
        """What the row of a refusal says of why; None: it gets none."""
        if not isinstance(error, NotAllowed | RateExceeded | CallUnderWay):
            return error.message
        now_ms, before = clock.monotonic_ms(), self._kinds.get((who, error.code))
        if before is not None and now_ms < before.until_ms:
            before.unwritten += 1
            return None
        self._kinds[who, error.code] = _Kind(now_ms + self._every_ms)
        self._kinds.move_to_end((who, error.code))
        while len(self._kinds) > _MOST_REMEMBERED:
            self._kinds.popitem(last=False)
        if before is None or not before.unwritten:
            return error.message
        return f"{error.message}; {before.unwritten} more calls since the last that is on record were refused likewise"
