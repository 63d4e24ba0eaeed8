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


async def test_who_gives_up_work_that_has_just_ended_takes_nothing_from_whoever_has_its_thread_next(
    monkeypatch: pytest.MonkeyPatch,
):
    """As when a worker is frozen, its thread ends meanwhile, and then it hears that the job is another's."""
    loop, answered = asyncio.get_running_loop(), threading.Event()
    really = loop.call_soon_threadsafe

    def tell(*given, **named):
        handle = really(*given, **named)
        answered.set()  # the thread is idle again, and its answer on its way
        return handle

    monkeypatch.setattr(loop, "call_soon_threadsafe", tell)
    task = asyncio.ensure_future(in_thread(lambda: "the first's"))
    await asyncio.sleep(0)  # so that it is asked
    answered.wait(10)  # and the loop is kept busy until it has answered
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with asyncio.timeout(10):
        assert [await in_thread(lambda n=n: n) for n in range(3)] == [0, 1, 2]
