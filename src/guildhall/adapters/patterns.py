"""
Regular expressions on text that somebody else wrote.

Python's `re` backtracks, and while it does, nothing in the process runs: no
other thread, no timer. An expression such as `(a+)+$` on thirty letters is
enough to stop a runner for an hour. So only expressions whose work is bounded
by their form run here, on text of moderate length; all others run in a process
of their own, which is killed after two seconds.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from functools import lru_cache
from typing import Any

from guildhall.errors import InvalidInput, LimitReached

_SECONDS = 2.0
_SHORT = 10_000
"""Characters up to which even a square of the length is little work."""

_PROGRAM = """
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
job = json.loads(sys.stdin.buffer.read())
flags = job["flags"]
find = re.compile(job["pattern"], flags).fullmatch if job["full"] else re.compile(job["pattern"], flags).search
print("yes" if find(job["text"]) else "no")
"""


class PatternNotUsable(InvalidInput):
    """A regular expression has an error in it."""

    code = "pattern_not_usable"

    def __init__(self, pattern: str, why: str) -> None:
        super().__init__(
            f"regular expression {pattern[:200]!r} cannot be used: {why}",
            remedy="It is read by Python's `re`; https://docs.python.org/3/library/re.html explains the syntax.",
            field="pattern",
            value=pattern[:200],
        )


class PatternTookTooLong(LimitReached):
    """Matching was given up."""

    code = "pattern_took_too_long"

    def __init__(self, pattern: str, length: int) -> None:
        super().__init__(
            f"regular expression {pattern[:200]!r} took more than {_SECONDS:g} s on a text of {length} characters",
            remedy="Avoid repetitions inside repetitions, such as (a+)+.",
            field="pattern",
            value=pattern[:200],
        )


def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """
    The expression, compiled.

    Raises:
        PatternNotUsable: It has an error in it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of syntax that may change its meaning one day
            return re.compile(pattern, flags)
    except (re.error, RecursionError, OverflowError, ValueError) as error:
        raise PatternNotUsable(pattern, str(error)) from None


def search_guarded(pattern: str, text: str, flags: int = 0, *, full: bool = False) -> bool:
    """
    Whether the expression matches somewhere in the text, or with `full` the whole of it. Never hangs.

    It may take two seconds, for which the calling thread waits; see `runs_here`.

    Raises:
        PatternNotUsable: It has an error in it.
        PatternTookTooLong: It was given up.
    """
    expression = compiled(pattern, flags)
    if runs_here(pattern, text, flags):
        return (expression.fullmatch(text) if full else expression.search(text)) is not None
    job = json.dumps({"pattern": pattern, "text": text, "flags": int(flags), "full": full}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            input=job,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PatternTookTooLong(pattern, len(text)) from None
    answer = done.stdout.strip()
    if answer not in (b"yes", b"no"):
        raise PatternTookTooLong(pattern, len(text))
    return answer == b"yes"


def runs_here(pattern: str, text: str, flags: int = 0) -> bool:
    """Whether `search_guarded` answers at once, without a process of its own."""
    return len(text) <= _SHORT and is_tame(pattern, flags)


@lru_cache(maxsize=1024)
def is_tame(pattern: str, flags: int = 0) -> bool:
    """
    Whether matching takes at most about the square of the text's length.

    That is so with one open-ended repetition of single characters. Repetitions
    of a fixed number, up to 100 in all, are no matter. Assertions
    and back references are not looked into: they are not tame.
    """
    parser = sys.modules.get("re._parser") or __import__("re._parser", fromlist=["parse"])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern, flags)
    except (re.error, RecursionError, OverflowError, ValueError):
        return False
    open_ended = 0
    steps = 1

    def walk(items: Any, repeated: bool) -> bool:
        nonlocal open_ended, steps
        for operation, value in items:
            name = str(operation)
            if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
                lowest, highest, inner = value
                if repeated:
                    return False
                if highest > 100:
                    open_ended += 1
                elif lowest != highest:
                    steps *= int(highest) - int(lowest) + 1
                if open_ended > 1 or steps > 100 or not walk(inner, True):
                    return False
                if any(str(each) not in _SINGLE for each, _ in inner) and highest > 1:
                    return False
            elif name == "SUBPATTERN":
                if not walk(value[-1], repeated):
                    return False
            elif name == "BRANCH":
                if repeated or not all(walk(each, True) for each in value[1]):
                    return False
            elif name not in _SINGLE and name != "AT":
                return False
        return True

    return walk(tree, False)


_SINGLE = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY", "RANGE"}
