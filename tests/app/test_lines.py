"""Who waits for the ledger, and who of them goes next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from guildhall import clock
from guildhall.app.gateway.lines import Line


@dataclass(frozen=True)
class Somebody:
    name: int
    came_ms: float


class Hall:
    """A line whose clock is turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ms = 1_000_000.0
        monkeypatch.setattr(clock, "monotonic_ms", lambda: self.now_ms)
        self.line: Line[Somebody] = Line()
        self.names = 0

    def come(self, number: int = 1) -> None:
        for _ in range(number):
            self.line.add(Somebody(self.names, self.now_ms))
            self.names += 1

    async def served(self) -> list[int]:
        return [each.name for each in await self.line.next()]

    async def rest(self, ms: float) -> None:
        """For so long nobody comes, and then one does."""
        waiting = asyncio.ensure_future(self.line.next())
        await asyncio.sleep(0)
        self.now_ms += ms
        self.come()
        await waiting


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Hall:
    return Hall(monkeypatch)


async def test_few_go_alone_and_the_latest_first(hall: Hall) -> None:
    hall.come(5)
    assert [await hall.served() for _ in range(5)] == [[4], [3], [2], [1], [0]]


async def test_who_has_waited_long_goes_before_all_others(hall: Hall) -> None:
    hall.come(2)
    hall.now_ms += 9
    hall.come(2)
    assert [await hall.served() for _ in range(4)] == [[0], [1], [3], [2]]


async def test_the_more_wait_the_more_go_at_once(hall: Hall) -> None:
    hall.come(32)
    sizes = []
    while len(hall.line):
        sizes.append(len(await hall.served()))
    assert sum(sizes) == 32
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1] == 1


async def test_many_go_together_in_the_order_in_which_they_came(hall: Hall) -> None:
    hall.come(40)
    assert await hall.served() == list(range(40))


async def test_a_group_is_bounded(hall: Hall) -> None:
    hall.come(501)
    assert await hall.served() == list(range(500))
    assert await hall.served() == [500]


async def test_who_helps_is_not_woken_by_few(hall: Hall) -> None:
    helping = asyncio.ensure_future(hall.line.next(helps=True))
    await asyncio.sleep(0)
    hall.come(3)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not helping.done()
    hall.come(30)
    assert [each.name for each in await helping] == list(range(33))


async def test_they_go_together_while_one_by_one_takes_all_of_the_time_and_apart_again_after_it(hall: Hall) -> None:
    hall.come()
    for _ in range(200):  # one comes as soon as one is written: at 1 ms each there is not a moment left
        await hall.served()
        hall.now_ms += 1
        hall.come()
    hall.come(3)
    assert len(await hall.served()) == 4
    hall.now_ms += 1
    for _ in range(40):  # three at once, every 30 ms, in 1.2 ms: there is time for each of them
        hall.come(3)
        await hall.served()
        hall.now_ms += 1.2
        while len(hall.line):
            await hall.served()
            hall.now_ms += 1.2
        await hall.rest(30)
    hall.come(3)
    assert len(await hall.served()) == 1


async def test_a_statement_that_hung_is_forgotten_soon(hall: Hall) -> None:
    hall.come()
    await hall.served()
    hall.now_ms += 5_000
    for _ in range(4):
        hall.come()
        await hall.served()
        hall.now_ms += 1
        await hall.rest(50)
    hall.come(3)
    assert len(await hall.served()) == 1
