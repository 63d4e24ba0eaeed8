"""Workers that are killed or frozen, and a server that restarts: each effect happens exactly once, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from fixtures.command_line import command_line
from fixtures.guildhall import at
from fixtures.servers import UNSAFE_BUT_QUICK, place_for_servers
from guildhall.adapters.schemas import checker
from guildhall.app.wiring import App
from guildhall.db import embedded, migrate
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import JobType, NewJob
from guildhall.settings import Settings

_HANDLERS = '''
import asyncio
from datetime import timedelta
from guildhall.app.workers import Context, job
from guildhall.db.queries import parse_queries

queries = parse_queries("here", """
-- name: pay
INSERT INTO public.effects (n) VALUES (:n);
""")

MOMENT = timedelta(milliseconds=20)

@job("pay", max_retries=1000, retry_base=MOMENT, retry_most=MOMENT)
async def pay(payload: dict, context: Context) -> None:
    await asyncio.sleep(0.02)
    async with context.finish() as tx:
        await tx.execute(queries.pay, n=payload["n"])
'''


class Crew:
    """Worker processes of one database, and whoever looks at what they have done."""

    def __init__(self, directory: Path, environment: dict[str, str], url: str) -> None:
        (directory / "shop.py").write_text(_HANDLERS)
        self.directory, self.environment, self.url = directory, environment, url
        self.running: list[subprocess.Popen[str]] = []

    def hire(self) -> None:
        command = command_line("worker", "--handlers", "shop", "--lease", "1", "--concurrency", "8")
        new = subprocess.Popen(
            command,
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(new)
        assert new.stdout is not None
        said = new.stdout.readline()
        assert "takes jobs" in said, said + new.stdout.read()

    async def ask(self, query: str, *arguments: object) -> object:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()

    async def has(self, pid: int) -> bool:
        """Whether a worker has jobs, by their rows."""
        query = "SELECT EXISTS (SELECT FROM platform.background_tasks WHERE worker_id LIKE $1 AND status = 'running')"
        return bool(await self.ask(query, f"%-{pid}-%"))

    async def left(self) -> int:
        assert any(each.poll() is None for each in self.running), "every worker has ended"
        query = "SELECT count(*) FROM platform.background_tasks WHERE status <> 'completed'"
        return int(str(await self.ask(query)))

    async def effects(self) -> tuple[int, int]:
        connection = await asyncpg.connect(self.url)
        try:
            row = await connection.fetchrow("SELECT count(*), count(DISTINCT n) FROM public.effects")
            assert row is not None
            return row[0], row[1]
        finally:
            await connection.close()

    def dismiss(self) -> None:
        for each in self.running:
            with each:
                each.kill()


@pytest.fixture
def afterwards() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


async def prepare(app: App, url: str, n: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE public.effects (n integer); GRANT INSERT ON public.effects TO guildhall_app")
    await connection.close()
    async with app.database.duty("worker") as tx:
        await jobs.register_type(tx, JobType("pay", max_retries=1000))
    await enqueue(app, range(n))


async def enqueue(app: App, numbers: range) -> None:
    async with app.transaction() as tx:
        await jobs.enqueue(tx, jobs.Types(checker), [NewJob("pay", {"n": each}) for each in numbers])


async def test_workers_killed_and_frozen_past_their_lease_pay_each_exactly_once(
    app: App, administrator_url: str, tmp_path: Path, command_environment: dict[str, str], afterwards: ExitStack
) -> None:
    count, chance = 600, random.Random(5)
    await prepare(app, administrator_url, count)
    crew = Crew(tmp_path, command_environment, administrator_url)
    afterwards.callback(crew.dismiss)
    for _ in range(2):
        crew.hire()
    faults = 0
    while faults < 6:
        if await crew.left() < 300:  # the quicker the machine, the more there is to do
            await enqueue(app, range(count, count + 300))
            count += 300
        victim = [each for each in crew.running if each.poll() is None][faults % 2]
        if not await crew.has(victim.pid):
            continue
        faults += 1
        if chance.random() < 0.5:
            victim.send_signal(signal.SIGKILL)
            crew.hire()
        else:
            victim.send_signal(signal.SIGSTOP)
            while await crew.has(victim.pid):  # until its lease is over and another has swept
                await asyncio.sleep(0.05)
            victim.send_signal(signal.SIGCONT)
    while await crew.left():
        await asyncio.sleep(0.05)
    assert await crew.effects() == (count, count)
    assert await crew.ask("SELECT count(*) FROM store.background_task_history WHERE event = 'stuck'"), (
        "nothing was lost"
    )


@pytest.fixture
def server_dir() -> Iterator[Path]:
    with place_for_servers() as place:
        yield place / "house"


@pytest.fixture
async def own_url(server_dir: Path) -> AsyncIterator[str]:
    server = await asyncio.to_thread(embedded.start, server_dir, settings=UNSAFE_BUT_QUICK)
    await migrate.create_database(server.url(), "guildhall")
    await migrate.migrate(server.url(database="guildhall"))
    yield server.url(database="guildhall")
    await asyncio.to_thread(server.close)


async def test_a_database_that_restarts_makes_workers_wait_and_go_on(
    own_url: str, server_dir: Path, tmp_path: Path, afterwards: ExitStack
) -> None:
    login = at(own_url, database="guildhall", user="guildhall_login")
    settings = Settings(database_url=login, data_dir=tmp_path / "data", pool_size=2)
    async with App.open(settings) as app:
        await prepare(app, own_url, 1500)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUILDHALL_")}
    crew = Crew(tmp_path, {**kept, "GUILDHALL_DATABASE_URL": login, "GUILDHALL_DATA_DIR": str(tmp_path)}, own_url)
    afterwards.callback(crew.dismiss)
    crew.hire()
    for _ in range(2):
        while not await crew.has(crew.running[0].pid) and await crew.left():
            await asyncio.sleep(0.01)
        await asyncio.to_thread(embedded.stop, server_dir)
        again = await asyncio.to_thread(embedded.start, server_dir, settings=UNSAFE_BUT_QUICK)
        afterwards.callback(again.close)
    while await crew.left():
        await asyncio.sleep(0.05)
    assert await crew.effects() == (1500, 1500)
    crew.running[0].send_signal(signal.SIGTERM)
    out, _ = crew.running[0].communicate()
    assert (crew.running[0].returncode, "stopped:" in out) == (0, True), out
