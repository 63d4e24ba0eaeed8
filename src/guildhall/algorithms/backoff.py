"""
When to try again.

"Full jitter": wait a random part of a span that doubles with every attempt, so
that callers who were refused together do not come back together. Source: Marc
Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations


def full_jitter(
    attempt: int, chance: float, *, first_s: float = 0.5, longest_s: float = 30.0, at_least_s: float = 0.0
) -> float:
    """
    How many seconds to wait after the `attempt`-th try (counted from 1) has failed.

    `chance` is a random number from 0 to 1: the part of the span that is
    waited. The span is `first_s` after the first try, doubles with each and
    never passes `longest_s`. `at_least_s`, what the other side asked for, is
    waited in full before it.

    >>> full_jitter(3, 0.5)
    1.0
    >>> full_jitter(1, 0.5, at_least_s=7)
    7.25
    """
    # A float's exponent ends at 1023; far before that every span has met its ceiling.
    doublings = min(max(attempt, 1) - 1, 1000)
    return max(at_least_s, 0.0) + chance * min(longest_s, first_s * 2.0**doublings)
