"""Threads for code that may hang: it can be given up, and it cannot end the runner."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading

import pytest

from guildhall.adapters.threads import CodeEnded, GivenUp, in_thread


async def test_what_is_returned_and_raised_comes_back():
    def fail():
        raise KeyError("x")

    assert await in_thread(lambda: 7) == 7
    with pytest.raises(KeyError):
        await in_thread(fail)


async def test_code_that_ends_its_thread_does_not_end_the_runner():
    def stop():
        raise StopIteration

    for code in (sys.exit, stop):
        with pytest.raises(CodeEnded):
            await in_thread(code)


async def test_threads_are_used_again():
    seen = {await in_thread(threading.get_ident) for _ in range(20)}

    assert len(seen) == 1


async def test_as_many_run_side_by_side_as_there_are():
    everybody = threading.Barrier(20)

    assert sorted(await asyncio.gather(*(in_thread(everybody.wait) for _ in range(20)))) == list(range(20))


async def test_python_that_never_ends_is_broken_off_when_it_is_given_up():
    broken_off, started = threading.Event(), threading.Event()

    def run():
        started.set()
        try:
            while True:
                with contextlib.suppress(Exception):
                    sum(range(10))
        except GivenUp:
            broken_off.set()
            raise

    task = asyncio.ensure_future(in_thread(run))
    assert await asyncio.to_thread(started.wait, 10)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(broken_off.wait, 10)


async def test_a_thread_that_was_given_up_is_not_used_again():
    release, ended = threading.Event(), threading.Event()

    def hang():
        release.wait(20)
        ended.set()
        return threading.get_ident()

    task = asyncio.ensure_future(in_thread(hang))
    await in_thread(lambda: None)  # by now the first runs
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()

    assert await in_thread(lambda: 1) == 1
