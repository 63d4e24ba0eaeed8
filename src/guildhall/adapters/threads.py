"""
Threads for code that may block, hang or never end.

`asyncio.to_thread` keeps a process from ending while one of its threads still
runs, and a pool of a fixed size is used up by as many agents that hang. These
threads are daemons, there are as many as are needed, and one that is given up
is told so, by an exception raised in it, and not used again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import itertools
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

_T = TypeVar("_T")
_Answer: TypeAlias = asyncio.Future[tuple[Any, BaseException | None]]
_numbers = itertools.count(1)
_idle: deque[_Worker] = deque()
_MOST_IDLE = 256


class CodeEnded(Exception):
    """Code in a thread ended it, by SystemExit or the like, which must not end the runner."""


class GivenUp(BaseException):
    """Raised in a thread whose work nobody waits for any more; `except Exception` lets it by."""


async def in_thread(work: Callable[[], _T]) -> _T:
    """
    What `work` returns, run in a thread of its own.

    Cancelling it gives the thread up: pure Python in it is broken off at its
    next step, a call that blocks in C when it returns.

    Raises:
        CodeEnded: The code tried to end the process.
        Exception: Whatever the code raised.
    """
    try:
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
    future: _Answer = asyncio.get_running_loop().create_future()
    worker.take(work, future)
    try:
        value, error = await future
    except asyncio.CancelledError:
        worker.give_up(future)
        raise
    if error is None:
        result: _T = value
        return result
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        raise error
    raise CodeEnded(f"{type(error).__name__}: {error}") from error


def ours_to_obey() -> bool:
    """Whether a CancelledError just caught was meant for the running task, and not raised by a stranger's code."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Worker:
    def __init__(self) -> None:
        self._inbox: SimpleQueue[tuple[Callable[[], Any], _Answer]] = SimpleQueue()
        self._turn = threading.Lock()
        self._awaited: _Answer | None = None
        self._busy = False
        self._given_up = False
        self._thread = threading.Thread(target=self._live, name=f"guildhall-{next(_numbers)}", daemon=True)
        self._thread.start()

    def take(self, work: Callable[[], Any], answer: _Answer) -> None:
        """Do this next; only for whoever has taken this thread from the idle ones."""
        self._awaited = answer
        self._inbox.put((work, answer))

    def give_up(self, answer: _Answer) -> None:
        """
        Break this work off, as far as Python can, and let the thread end with it.

        Where it has ended already, and only its answer was still on its way,
        the thread is idle or does another's work by now, and goes on.
        """
        with self._turn:
            if self._awaited is not answer:
                return
            self._given_up = True
            if self._busy and self._thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(GivenUp)
                )

    def _live(self) -> None:
        with contextlib.suppress(GivenUp):
            while not self._given_up:
                self._serve(*self._inbox.get())

    def _serve(self, work: Callable[[], Any], answer: _Answer) -> None:
        value = error = None
        self._busy = True
        try:
            if self._given_up:
                raise GivenUp  # before it began
            value = work()
        except BaseException as caught:  # noqa: BLE001 - a stranger's code; the one who waits decides
            error = caught
        with self._turn:
            self._busy, self._awaited = False, None
            self._given_up = self._given_up or len(_idle) >= _MOST_IDLE
            if not self._given_up:
                _idle.append(self)
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            answer.get_loop().call_soon_threadsafe(_deliver, answer, value, error)


def _deliver(future: _Answer, value: Any, error: BaseException | None) -> None:
    if not future.done():
        future.set_result((value, error))
