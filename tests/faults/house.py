"""What the faults befall: a server of its own, workers on a wire, and whoever keeps enqueuing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import asyncpg

from faults.wire import Wire, wire_to
from fixtures.guildhall import at
from fixtures.servers import UNSAFE_BUT_QUICK
from fixtures.starter import Begun, Starter
from guildhall.adapters.schemas import checker
from guildhall.app.wiring import App
from guildhall.db import embedded, migrate
from guildhall.db.errors import translated
from guildhall.domains.platform import jobs
from guildhall.domains.platform.jobs import JobType, NewJob
from guildhall.errors import Unavailable
from guildhall.settings import Settings

LEASE_S = 2.0
SWEEP_S = 0.6 * LEASE_S
"""The longest that a worker rests between two sweeps."""

_LOGIN = "guildhall_login"
_HERE = Path(__file__).parent
_CONCURRENCY = 6
_TYPES = ("pay", "count")

_TABLE = """
CREATE TABLE public.effects (job_id uuid NOT NULL, token uuid NOT NULL, worker text NOT NULL);
GRANT INSERT ON public.effects TO guildhall_app;
"""

_SWEEPS = """
CREATE TABLE public.sweeps (began_at timestamptz NOT NULL DEFAULT now());
GRANT INSERT ON public.sweeps TO guildhall_worker;
ALTER FUNCTION platform.jobs_mark_stuck(integer) RENAME TO jobs_mark_stuck_unseen;
CREATE FUNCTION platform.jobs_mark_stuck(p_most integer DEFAULT 1000) RETURNS integer LANGUAGE sql AS $$
    INSERT INTO public.sweeps DEFAULT VALUES;
    SELECT platform.jobs_mark_stuck_unseen(p_most)
$$;
"""
"""Sweeps leave no trace where they find nothing; here each is written down, if it is committed."""

_HELD = """
SELECT attempt_token FROM platform.background_tasks WHERE worker_id LIKE $1 AND status IN ('queued', 'running')
"""

_STILL_HELD = """
SELECT count(*) FROM platform.background_tasks WHERE attempt_token = ANY ($1) AND status IN ('queued', 'running')
"""

_TAKEN = """
WITH taken AS (
    SELECT max(created_at) AS at
      FROM store.background_task_history
     WHERE attempt_token = ANY ($1) AND event IN ('stuck', 'rescued')
),
silent AS (
    SELECT GREATEST(max(last_seen), $3) AS since FROM platform.task_workers WHERE worker_id LIKE $2
)
SELECT extract(epoch FROM taken.at - $3)::float8 AS after_s,
       (SELECT count(*) FROM public.sweeps WHERE began_at > silent.since + $4::interval AND began_at <= taken.at)::integer AS sweeps
  FROM taken, silent
 WHERE taken.at IS NOT NULL
"""

_KNOWN = "SELECT EXISTS (SELECT FROM platform.task_workers WHERE worker_id LIKE $1)"

_LEFT = "SELECT count(*) FROM platform.background_tasks WHERE status <> 'completed'"

_TERMINATE = """
SELECT pg_terminate_backend(pid)
  FROM (SELECT pid FROM pg_stat_activity WHERE usename = 'guildhall_login' ORDER BY pid OFFSET $1 LIMIT 1) AS one
"""

_WHAT_WAS_DONE = """
WITH done AS (
    SELECT task_id, count(*) AS n FROM store.background_task_history WHERE event = 'completed' GROUP BY task_id
),
effects AS (
    SELECT job_id, count(*) AS n, min(token::text) AS token FROM public.effects GROUP BY job_id
    UNION ALL
    SELECT id, 1, result #>> '{}' FROM platform.background_tasks WHERE task_type = 'count' AND result IS NOT NULL
),
found AS (
    SELECT tasks.*, effects.token AS effects_token,
           tasks.status <> 'completed' OR done.n IS NULL OR effects.n IS NULL AS is_lost,
           COALESCE(done.n > 1 OR effects.n > 1, false) AS is_doubled,
           COALESCE(effects.token <> tasks.attempt_token::text, false) AS is_under_another_token
      FROM platform.background_tasks AS tasks
      LEFT JOIN done ON done.task_id = tasks.id
      LEFT JOIN effects ON effects.job_id = tasks.id
)
"""

_VERDICT = f"""{_WHAT_WAS_DONE}
SELECT count(*) AS jobs,
       count(*) FILTER (WHERE is_lost) AS lost,
       count(*) FILTER (WHERE is_doubled) AS doubled,
       count(*) FILTER (WHERE is_under_another_token) AS under_another_token,
       (SELECT count(*) FROM effects WHERE job_id NOT IN (SELECT id FROM platform.background_tasks)) AS of_no_job,
       sum(attempts) AS attempts
  FROM found
"""

_WRONGED = f"""{_WHAT_WAS_DONE}
SELECT format('%s job %s is %s under %s with effect %s:%s', task_type, id, status, attempt_token, effects_token, (
           SELECT string_agg(format(E'\\n  %s %s %s %s %s', created_at, event, attempt_token, worker_id, error_message), '' ORDER BY created_at)
             FROM store.background_task_history
            WHERE task_id = found.id
       )) AS said
  FROM found
 WHERE is_lost OR is_doubled OR is_under_another_token
"""


@dataclass(frozen=True)
class Verdict:
    """What was found when all was done, by the rows."""

    jobs: int
    lost: int
    doubled: int
    under_another_token: int
    of_no_job: int
    attempts: int


@dataclass(frozen=True)
class Rescue:
    """After how long what a worker had was taken from it, and by how many sweeps that began once its lease had ended."""

    after_s: float
    sweeps: int


class House:
    """A server, what is asked of it beside the wire, and the worker processes on the wire."""

    def __init__(self, directory: Path, wire: Wire, environment: dict[str, str], url: str, app: App) -> None:
        self.wire, self.url, self.app = wire, url, app
        self.workers: list[Begun] = []
        self._directory = directory
        self._environment = environment
        self._starter = Starter()
        self._went_away = 0

    # workers ------------------------------------------------------------------------

    async def hire(self) -> Begun:
        """A worker more."""
        arguments = ["worker", "--handlers", "till", "--lease", str(LEASE_S), "--concurrency", str(_CONCURRENCY)]
        begun = await asyncio.to_thread(self._starter.begin, "guildhall", arguments, cwd=_HERE, env=self._environment)
        self.workers.append(begun)
        return begun

    async def dismiss(self) -> None:
        """End all that are left at once, with nothing asked."""
        for each in self.workers:
            with each:
                try:
                    os.kill(each.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        await asyncio.to_thread(self._starter.close)

    async def knows(self, worker: Begun) -> bool:
        """Whether a worker has begun, and registered."""
        return bool(await self._ask("fetchval", _KNOWN, _name_of(worker)))

    async def held_by(self, worker: Begun) -> list[UUID]:
        """The attempts that a worker has, by their tokens."""
        rows = await self._ask("fetch", _HELD, _name_of(worker))
        return [row["attempt_token"] for row in rows]

    async def taken(self, worker: Begun, tokens: list[UUID], since: datetime) -> Rescue | None:
        """Wait until nobody has these attempts of a worker that was lost then any more; how they were taken away, if one was."""
        while await self._ask("fetchval", _STILL_HELD, tokens):
            await asyncio.sleep(0.1)
        row = await self._ask("fetchrow", _TAKEN, tokens, _name_of(worker), since, timedelta(seconds=LEASE_S))
        return None if row is None else Rescue(**row)

    # the server -----------------------------------------------------------------------

    @property
    def times_away(self) -> int:
        """How often the server has gone away so far."""
        return self._went_away

    async def restart(self, *, crash: bool) -> None:
        """The server goes away, in order or at once, and comes again."""
        self._went_away += 1
        if crash:
            pid = embedded.status(self._directory).pid
            assert pid is not None
            os.kill(pid, signal.SIGQUIT)
            while embedded.status(self._directory).pid is not None:
                await asyncio.sleep(0.02)
        else:
            await asyncio.to_thread(embedded.stop, self._directory)
        again = await asyncio.to_thread(embedded.start, self._directory, settings=UNSAFE_BUT_QUICK)
        again.keep_running()
        again.close()

    async def terminate(self, number: int) -> bool:
        """End one of the connections of workers; whether there was one."""
        return bool(await self._ask("fetchval", _TERMINATE, number))

    async def _ask(self, how: str, query: str, *arguments: object) -> Any:
        """Of the server beside the wire, as often as it takes."""
        while True:
            try:
                with translated():
                    connection = await asyncpg.connect(self.url)
                    try:
                        return await getattr(connection, how)(query, *arguments)
                    finally:
                        connection.terminate()
            except Unavailable:
                await asyncio.sleep(0.1)

    # jobs -----------------------------------------------------------------------------

    async def enqueue(self, numbers: range) -> None:
        """Add jobs of both kinds; what was not heard to be added is added again, under the same keys."""
        new = [NewJob(_TYPES[n % 2], {"n": n}, idempotency_key=f"job {n}") for n in numbers]
        types = jobs.Types(checker)
        while True:
            try:
                async with self.app.transaction() as tx:
                    await jobs.enqueue(tx, types, new)
            except Unavailable:
                await asyncio.sleep(0.1)
            else:
                return

    async def left(self) -> int:
        """How many jobs are not done."""
        return int(await self._ask("fetchval", _LEFT))

    async def verdict(self) -> Verdict:
        return Verdict(**await self._ask("fetchrow", _VERDICT))

    async def wronged(self) -> list[str]:
        """The jobs that were lost or doubled, each with its history."""
        return [row["said"] for row in await self._ask("fetch", _WRONGED)]


@asynccontextmanager
async def house_in(place: Path) -> AsyncIterator[House]:
    """A house in a directory that every account may enter."""
    directory = place / "house"
    server = await asyncio.to_thread(embedded.start, directory, settings=UNSAFE_BUT_QUICK)
    server.keep_running()
    await migrate.create_database(server.url(), "guildhall")
    url = server.url(database="guildhall")
    await migrate.migrate(url)
    connection = await asyncpg.connect(url)
    await connection.execute(_TABLE + _SWEEPS)
    await connection.close()
    socket = Path(parse_qs(urlsplit(url).query)["host"][0]) / ".s.PGSQL.5432"
    server.close()
    async with wire_to(socket, place) as (wire, where):
        login = at(url, database="guildhall", user=_LOGIN).partition("?")[0] + f"?{where}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GUILDHALL_")}
        environment = {**kept, "GUILDHALL_DATABASE_URL": login, "GUILDHALL_DATA_DIR": str(place)}
        async with App.open(Settings(database_url=login, data_dir=place, pool_size=2)) as app:
            async with app.database.duty("worker") as tx:
                for name in _TYPES:
                    await jobs.register_type(tx, JobType(name, max_retries=1_000_000))
            house = House(directory, wire, environment, url, app)
            try:
                yield house
            finally:
                await house.dismiss()


def _name_of(worker: Begun) -> str:
    """A pattern of the names of workers."""
    return f"%-{worker.pid}-%"
