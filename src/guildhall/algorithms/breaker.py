"""
A circuit breaker: when to leave something alone that fails, and when to try it again.

Source: Michael Nygard, "Release It!", 2007, chapter 5. Closed, it lets
everything through and counts failures in a row. At `threshold` it opens for
`first_s`, which doubles each time that it opens again, up to `longest_s`. When
that is over one caller may try (half open): success closes it, failure opens it
again. Whoever is asked to wait rests for as long as was asked, open or not.

Times are milliseconds of any one clock that never goes back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """The state for one thing that may fail; for one thread."""

    threshold: int = 5
    first_s: float = 2.0
    longest_s: float = 60.0
    failures: int = 0
    openings: int = 0
    rests_until_ms: float = -math.inf
    is_tried: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has opened and nothing has succeeded since."""
        return self.openings > 0

    def allows(self, now_ms: float) -> bool:
        """
        Whether somebody may try now.

        >>> each = Breaker(threshold=1)
        >>> each.failed(0.0)
        >>> each.allows(1999.0), each.allows(2000.0)
        (False, True)
        """
        return now_ms >= self.rests_until_ms and not (self.is_open and self.is_tried)

    def begin(self, now_ms: float) -> None:
        """Somebody tries. While it is half open nobody else does until this one has succeeded, failed or left."""
        if self.is_open and now_ms >= self.rests_until_ms:
            self.is_tried = True

    def left(self) -> None:
        """Whoever tried has found out nothing, as when the caller went away."""
        self.is_tried = False

    def succeeded(self) -> None:
        """It works: everything is forgotten."""
        self.failures = 0
        self.openings = 0
        self.rests_until_ms = -math.inf
        self.is_tried = False

    def failed(self, now_ms: float) -> None:
        """It has failed once more."""
        self.failures += 1
        if self.is_tried or (not self.is_open and self.failures >= self.threshold):
            self.openings += 1
            span_s = min(self.longest_s, self.first_s * 2.0 ** min(self.openings - 1, 30))
            self.rests_until_ms = max(self.rests_until_ms, now_ms + span_s * 1000)
        self.is_tried = False

    def asked_to_wait(self, now_ms: float, wait_s: float) -> None:
        """It works, and wants to be left alone for so long; at most `longest_s` is believed."""
        self.rests_until_ms = max(self.rests_until_ms, now_ms + min(wait_s, self.longest_s) * 1000)
        self.is_tried = False
