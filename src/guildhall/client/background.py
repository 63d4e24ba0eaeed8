"""An event loop in a thread of its own, for programs that have none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class BackgroundLoop:
    """
    Runs coroutines for callers that wait for them.

    The thread begins with the first call and ends with `stop`, or with the
    program; after `stop`, another call begins another.
    """

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def make(self, factory: Callable[[], _T]) -> _T:
        """What the factory makes, made where a loop is running."""

        async def make() -> _T:
            return factory()

        return self.run(make())

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Wait for a coroutine; an interrupted wait cancels it."""
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        """End the thread."""
        with self._starting:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="guildhall-client", daemon=True)
                self._thread.start()
            return self._loop
