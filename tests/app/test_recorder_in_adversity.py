"""The recorder when things go wrong: databases that go away, killed processes, full disks, callers that are too fast."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from fixtures.servers import UNSAFE_BUT_QUICK, place_for_servers
from fixtures.trials import a_failure, a_tool, make_record, simulation_in, trajectory
from guildhall import clock
from guildhall.app.recorder import Recorder, RecorderClosed, RecordsLost, RecordsWaiting
from guildhall.app.sinks import DatabaseSink
from guildhall.app.spool import Spool, SpoolUnavailable
from guildhall.db import Actor, Database, embedded, migrate
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import outcomes
from guildhall.domains.evaluation.outcomes import TrialRecord

queries = parse_queries(
    "here",
    """
-- name: lock_scenarios
SELECT scenario_id FROM evaluation.simulations_scenarios WHERE simulation_id = :simulation_id FOR UPDATE;
""",
)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


async def ids(database: Database, actor: Actor, simulation_id: UUID) -> list[UUID]:
    found: list[UUID] = []
    after = None
    async with database.transaction(actor) as tx:
        while True:  # how many there are is for the machine to say: some tests record for as long as a restart takes
            page = await outcomes.list_outcomes(tx, simulation_id=simulation_id, after=after, at_most=1_000)
            found += [each.outcome_id for each in page.outcomes]
            after = page.next
            if after is None:
                return sorted(found)


def ids_of(records: list[TrialRecord]) -> list[UUID]:
    return sorted(each.outcome.outcome_id for each in records)


def files_in(spool: Spool) -> list[Path]:
    return sorted(each for each in spool.directory.rglob("*") if each.is_file())


@asynccontextmanager
async def locked(database: Database, actor: Actor, simulation_id: UUID) -> AsyncIterator[None]:
    """Nobody can store outcomes of the simulation for as long as the block lasts."""
    async with database.transaction(actor) as tx:
        await tx.fetch(queries.lock_scenarios, simulation_id=simulation_id)
        yield


@pytest.fixture
def server_dir() -> Iterator[Path]:
    with place_for_servers() as place:
        yield place / "house"


async def test_what_is_recorded_while_postgresql_is_stopped_is_there_after_it_is_back(
    server_dir: Path, spool: Spool, actor: Actor
) -> None:
    server = await asyncio.to_thread(embedded.start, server_dir, settings=UNSAFE_BUT_QUICK)
    await migrate.create_database(server.url(), "guildhall")
    await migrate.migrate(server.url(database="guildhall"))
    database = await Database.connect(server.url(user="guildhall_login", database="guildhall"), size=4)
    simulation_id = await simulation_in(database, actor)
    accepted: list[TrialRecord] = []
    enough = asyncio.Event()
    recorder = Recorder(
        DatabaseSink(database), actor, spool, batch_size=20, flush_interval_s=0.001, max_buffer_bytes=20_000
    )

    async def record(more: int | None = None) -> None:
        """Record so many, or until it is enough."""
        while more != 0 and not (more is None and enough.is_set()):
            more = more and more - 1
            each = make_record(simulation_id, tools=(a_tool(),))
            await recorder.record(each)
            accepted.append(each)

    async with recorder:
        await record(100)
        background = [asyncio.create_task(record()) for _ in range(10)]
        await asyncio.to_thread(embedded.stop, server_dir)
        server.close()
        await record(300)  # far more than memory may hold: it goes to the disk alone
        server = await asyncio.to_thread(embedded.start, server_dir, settings=UNSAFE_BUT_QUICK)
        await record(100)
        enough.set()
        await asyncio.gather(*background)
        await recorder.drain()
        assert recorder.buffered_bytes == 0
        assert await ids(database, actor, simulation_id) == ids_of(accepted)

    assert recorder.counts.quarantined == 0
    assert files_in(spool) == []
    await database.close()
    await asyncio.to_thread(server.close)


_CHILD = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from fixtures.trials import make_record
from guildhall.app.recorder import Recorder
from guildhall.app.sinks import DatabaseSink
from guildhall.app.spool import Spool
from guildhall.db import Database
from guildhall.domains.platform import identity

async def main(url, directory, simulation_id, interval):
    database = await Database.connect(url, size=2)
    recorder = Recorder(DatabaseSink(database), identity.LOCAL, Spool(Path(directory)), batch_size=7, flush_interval_s=float(interval))
    async with recorder:
        while True:
            record = make_record(UUID(simulation_id))
            await recorder.record(record)
            print(record.outcome.outcome_id, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("batches", ["under way", "none yet"])
async def test_a_process_that_is_killed_loses_nothing_that_was_accepted(
    database: Database, database_url: str, actor: Actor, spool: Spool, batches: str
) -> None:
    simulation_id = await simulation_in(database, actor)
    interval, batch = ("0.0", 40) if batches == "under way" else ("3600", 5)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CHILD, database_url, str(spool.directory), str(simulation_id), interval),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert child.stdout
    try:
        printed = [await child.stdout.readline() for _ in range(batch)]
        assert all(printed), "it ended before anybody killed it"
    finally:
        child.kill()
    printed += (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    accepted = [UUID(line.decode().strip()) for line in printed if line.endswith(b"\n")]

    recorder = Recorder(DatabaseSink(database), actor, spool)
    async with recorder:
        found = await ids(database, actor, simulation_id)  # delivered by entering

    assert set(accepted) <= set(found)
    assert len(found) == len(set(found)) <= len(accepted) + 1  # one may be written and not printed
    assert recorder.counts.adopted == recorder.counts.stored + recorder.counts.known
    assert files_in(spool) == []


async def test_a_dead_processes_records_go_to_the_team_that_recorded_them(
    database: Database, administrator_url: str, actor: Actor, spool: Spool
) -> None:
    theirs = Actor(actor.user_id, uuid4())
    connection = await asyncpg.connect(administrator_url)
    await connection.execute(
        "INSERT INTO platform.teams (id, name, slug) VALUES ($1, 'Them', 'them')", theirs.tenant_id
    )
    await connection.close()
    simulation_id = await simulation_in(database, theirs)
    record = make_record(simulation_id)
    segment = spool.create(theirs)
    segment.append([outcomes.pack(record).to_parts()])
    segment.close()

    async with Recorder(DatabaseSink(database), actor, spool):
        pass

    assert await ids(database, theirs, simulation_id) == ids_of([record])
    assert await ids(database, actor, simulation_id) == []


async def test_what_cannot_be_read_in_a_dead_processes_spool_is_put_aside(
    database: Database, actor: Actor, spool: Spool
) -> None:
    simulation_id = await simulation_in(database, actor)
    record = make_record(simulation_id)
    segment = spool.create(actor)
    segment.append([(b"gibberish",), outcomes.pack(record).to_parts(), (b"",)])
    segment.close()

    recorder = Recorder(DatabaseSink(database), actor, spool)
    async with recorder:
        pass

    assert await ids(database, actor, simulation_id) == ids_of([record])
    assert (recorder.counts.stored, recorder.counts.quarantined) == (1, 2)
    kept = [each.read_bytes() for each in files_in(spool) if each.suffix == ".record"]
    assert sorted(kept) == [b"", b"gibberish"]


async def test_a_caller_that_is_faster_than_the_database_waits(database: Database, actor: Actor, spool: Spool) -> None:
    simulation_id = await simulation_in(database, actor)
    records = [make_record(simulation_id, trajectory=trajectory(text="x" * 1000)) for _ in range(100)]
    recorder = Recorder(
        DatabaseSink(database), actor, spool, batch_size=5, flush_interval_s=0.0, max_buffer_bytes=20_000
    )
    async with recorder:
        async with locked(database, actor, simulation_id):
            recording = asyncio.create_task(recorder.record_many(records))
            while recorder.buffered_bytes < 20_000:
                await asyncio.sleep(0)
            assert recorder.counts.accepted < 20
        peak = 0
        while not recording.done():
            peak = max(peak, recorder.buffered_bytes)
            await asyncio.sleep(0)
        await recording
        assert peak < 22_000  # the limit, and one record
    assert await ids(database, actor, simulation_id) == ids_of(records)


async def test_a_caller_that_waits_for_room_is_told_when_the_recorder_closes(
    database: Database, actor: Actor, spool: Spool
) -> None:
    simulation_id = await simulation_in(database, actor)
    recorder = Recorder(DatabaseSink(database), actor, spool, max_buffer_bytes=100)
    await recorder.open()
    async with locked(database, actor, simulation_id):
        await recorder.record(make_record(simulation_id))
        waiting = asyncio.create_task(recorder.record(make_record(simulation_id)))
        await asyncio.sleep(0)
        await recorder.close(timeout_s=0.0)
        with pytest.raises(RecorderClosed):
            await waiting
    # What was accepted before waits for whoever comes next.
    async with Recorder(DatabaseSink(database), actor, spool) as heir:
        assert heir.counts.adopted == 1
    assert heir.counts.stored == 1


async def test_draining_gives_up_when_the_database_takes_nothing_and_says_where_the_records_are(
    database: Database, actor: Actor, spool: Spool
) -> None:
    simulation_id = await simulation_in(database, actor)
    async with Recorder(DatabaseSink(database), actor, spool) as recorder:
        async with locked(database, actor, simulation_id):
            await recorder.record(make_record(simulation_id))
            with pytest.raises(RecordsWaiting) as waiting:
                await recorder.drain(timeout_s=0.01)
        assert waiting.value.details == {"waiting": 1, "directory": str(spool.directory)}
        await recorder.drain()
    assert len(await ids(database, actor, simulation_id)) == 1


async def test_a_month_that_is_dropped_while_the_recorder_is_open_is_made_again(
    database: Database, administrator_url: str, actor: Actor, spool: Spool
) -> None:
    simulation_id = await simulation_in(database, actor)
    made = [
        make_record(
            simulation_id,
            outcome_id=clock.new_id(datetime(2011, 2, day, tzinfo=UTC)),
            tools=(a_tool(),),
            failures=(a_failure(),),
        )
        for day in (1, 2)
    ]
    async with Recorder(DatabaseSink(database), actor, spool) as recorder:
        await recorder.record(made[0])
        await recorder.drain()
        connection = await asyncpg.connect(administrator_url)
        for series in ("outcomes", "tool_usage", "failure_patterns"):
            oldest = "SELECT partition FROM platform.series_partitions($1) WHERE starts < '2012-01-01Z'"
            await connection.execute(f"DROP TABLE {await connection.fetchval(oldest, series)}")
        await connection.close()
        await recorder.record(made[1])
    assert recorder.counts.stored == 2
    assert await ids(database, actor, simulation_id) == ids_of(made[1:])


class Disk:
    """The spool's disk: `fill` it, and it takes nothing until it is `clear` again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._is_full = False
        really = os.pwrite

        def pwrite(descriptor: int, content: memoryview, offset: int) -> int:
            if self._is_full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return really(descriptor, content, offset)

        monkeypatch.setattr(os, "pwrite", pwrite)

    def fill(self) -> None:
        self._is_full = True

    def clear(self) -> None:
        self._is_full = False


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def test_a_record_that_the_full_disk_does_not_take_is_not_accepted(
    database: Database, actor: Actor, spool: Spool, disk: Disk
) -> None:
    simulation_id = await simulation_in(database, actor)
    before, during, after = (make_record(simulation_id) for _ in range(3))
    recorder = Recorder(DatabaseSink(database), actor, spool, flush_interval_s=0.0)
    async with recorder:
        await recorder.record(before)
        disk.fill()
        with pytest.raises(SpoolUnavailable, match="the disk is full"):
            await recorder.record(during)
        with pytest.raises(SpoolUnavailable):
            await recorder.record_many([during, during])
        disk.clear()
        await recorder.record(after)
    assert await ids(database, actor, simulation_id) == ids_of([before, after])
    assert (recorder.counts.accepted, recorder.buffered_bytes) == (2, 0)
    assert files_in(spool) == []


async def test_a_submitted_record_that_the_full_disk_does_not_take_is_stored_and_the_next_caller_is_told(
    database: Database, actor: Actor, spool: Spool, disk: Disk
) -> None:
    simulation_id = await simulation_in(database, actor)
    first, second = make_record(simulation_id), make_record(simulation_id)
    recorder = Recorder(DatabaseSink(database), actor, spool, flush_interval_s=0.0)
    async with recorder:
        disk.fill()
        await recorder.submit(first)
        await recorder.drain()
        with pytest.raises(SpoolUnavailable):
            await recorder.submit(second)
        disk.clear()
        await recorder.submit(second)
    assert await ids(database, actor, simulation_id) == ids_of([first, second])


async def test_submitted_records_that_neither_disk_nor_database_takes_are_said_to_be_lost(
    database: Database, actor: Actor, spool: Spool, disk: Disk
) -> None:
    simulation_id = await simulation_in(database, actor)
    recorder = Recorder(DatabaseSink(database), actor, spool)
    await recorder.open()
    async with locked(database, actor, simulation_id):
        await recorder.submit(make_record(simulation_id))
        await recorder.record(make_record(simulation_id))
        disk.fill()
        await recorder.submit(make_record(simulation_id))
        with pytest.raises(RecordsLost) as lost:
            await recorder.close(timeout_s=0.0)
    assert lost.value.details["lost"] == 1


async def test_the_spool_of_a_busy_recorder_does_not_grow_for_ever(
    database: Database, actor: Actor, tmp_path: Path
) -> None:
    simulation_id = await simulation_in(database, actor)
    spool = Spool(tmp_path / "spool", segment_bytes=20_000)
    records = [make_record(simulation_id, trajectory=trajectory(text="x" * 1000)) for _ in range(200)]
    sizes = []
    async with Recorder(
        DatabaseSink(database),
        actor,
        spool,
        batch_size=10,
        flush_interval_s=0.0,
        max_buffer_bytes=30_000,
        on_stored=lambda _: sizes.append(sum(each.stat().st_size for each in files_in(spool))),
    ) as recorder:
        await recorder.record_many(records)
    assert await ids(database, actor, simulation_id) == ids_of(records)
    # What memory may hold, the segment that is being written, and one whose last record is under way.
    assert max(sizes) < 150_000 < recorder.counts.spooled_bytes
