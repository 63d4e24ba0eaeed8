"""
Beginning what may have to wait, without a task.

A coroutine that need not wait is over with its first step, so a callback can run
it. One that has to wait goes on where it is awaited.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any


class _Begun:
    """A coroutine that waits for something, to be awaited once."""

    __slots__ = ("_awaited", "_work")

    def __init__(self, work: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._work = work
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        awaited = self._awaited
        while True:
            failure: BaseException | None = None
            try:
                got = yield awaited
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the coroutine's
                failure = error
            try:
                awaited = self._work.send(got) if failure is None else self._work.throw(failure)
            except StopIteration:
                return


class _AtOnce:
    """Nothing to wait for."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, Any, None]:
        return
        yield


AT_ONCE: Awaitable[None] = _AtOnce()
"""Can be awaited as often as one likes, and is not waited for."""


def begun(work: Coroutine[Any, Any, None]) -> Awaitable[None] | None:
    """Take a coroutine's first step; None if that was its last, else what is left of it, which has to be awaited."""
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    return _Begun(work, awaited)
