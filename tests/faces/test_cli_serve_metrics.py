"""`/metrics` of several processes: whichever is asked tells of all, and of those that have ended."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from fixtures.metrics import Scraped, scrape
from fixtures.processes import await_death
from fixtures.serving import Serving

TOKEN = "what-the-scraper-shows"
_HANGS_S = 120
"""Three workers start one after the other, and the machine may be busy."""
PROBE = {"method": "GET", "route": "/health", "status": "200"}


def _probes(found: Scraped) -> float:
    return found.value("guildhall_http_requests_total", **PROBE)


async def _ask(serving: Serving, times: int) -> None:
    """Each time on a connection of its own, which any of the workers may take."""

    async def once() -> None:
        async with aiohttp.ClientSession(serving.url) as session, session.get("/health") as response:
            assert response.status == 200

    await asyncio.gather(*(once() for _ in range(times)))


async def _until_counted(serving: Serving, number: int) -> None:
    """A request is counted once its answer has gone out."""
    async with asyncio.timeout(_HANGS_S):
        while _probes(await scrape(serving.url, TOKEN)) < number:
            pass


async def test_every_process_tells_what_all_have_counted(serve_it: Callable[..., Any], tmp_path: Path) -> None:
    with serve_it("--workers", 3, GUILDHALL_METRICS_TOKEN=TOKEN, TMPDIR=str(tmp_path)) as serving:
        await _ask(serving, 60)
        await _until_counted(serving, 60)
        for _ in range(12):
            found = await scrape(serving.url, TOKEN)
            assert _probes(found) == 60
            assert found.value("guildhall_http_request_duration_seconds_count", method="GET", route="/health") == 60
            assert found["guildhall_database_up"] == 1
        (counts,) = tmp_path.glob("guildhall-counts-*")
        answered = {each.name for each in counts.glob("counter_*.db")}
        assert answered <= {f"counter_{pid}.db" for pid in serving.workers()}
        assert len(answered) > 1  # or it would say nothing of several

        killed = serving.workers()[0]
        os.kill(killed, signal.SIGKILL)
        await_death([killed])
        assert _probes(await scrape(serving.url, TOKEN)) == 60
        before = set(serving.workers())
        serving.tell(signal.SIGHUP)
        async with asyncio.timeout(_HANGS_S):
            while before & set(serving.workers()):
                await _ask(serving, 1)
        counted = _probes(await scrape(serving.url, TOKEN))
        assert counted >= 60
        await _ask(serving, 30)
        await _until_counted(serving, int(counted) + 30)
    assert list(tmp_path.glob("guildhall-counts-*")) == []
