"""
Agents' tasks through the work engine: what a claim costs as what there is grows, and a graph of 10,000 tasks.

claims: one task claimed and completed after the other, in a transaction each, on
a small database (100 tasks waiting, one skill profile) and, in turns with it, on a
large one (1,000,000 waiting in 1,000 skill profiles, 1,000,000 finished with their
history). Three agents take turns: a specialist whose skills open one profile in
fifty, one whose skills open half of them, and a generalist who may do everything.
The ratio is that of the medians; the limit is the small one in the same run.

graph: 10,000 tasks in 40 layers, each waiting for two of the layer before, done by
two agents at once in batches; no task begins before what it waits for has ended,
which is held against the history afterwards.

An embedded PostgreSQL with fsync on.

    python benchmarks/tasks.py
    chrt -r 10 python benchmarks/tasks.py    # on a shared machine

Prints JSON lines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import uvloop

from guildhall import clock
from guildhall.adapters.schemas import checker
from guildhall.db import Database, embedded, migrate
from guildhall.domains.platform import identity
from guildhall.domains.society import agents, tasks
from guildhall.domains.society.agents import Agent, NewAgent, Skill
from guildhall.domains.society.tasks import Done, NewTask, Wait

SKILLS = 50
PROFILES = 1_000
LAYERS, WIDTH = 40, 250
BATCH = 125

# What the engine would have written, a month ago and now, without its triggers: they are what is measured later.
FILL = """
SET session_replication_role = replica;
INSERT INTO society.task_lanes (tenant_id, required_skills, min_trust)
SELECT $1, ARRAY(SELECT 'skill-' || to_char(s, 'FM00') FROM unnest(ARRAY[n % {skills}, (n / {skills} * 7 + n) % {skills}]) AS s
                  GROUP BY s ORDER BY s), (n / 500) * 0.1
  FROM generate_series(0, {profiles} - 1) AS n ON CONFLICT DO NOTHING;
"""
WAITING = """
INSERT INTO society.tasks (tenant_id, task_id, title, required_skills, min_trust, lane, fair_key, max_retries, place, scheduled_at)
SELECT $1, 'waiting-' || n, 'wait', lanes.required_skills, lanes.min_trust, lanes.lane, '-', 3,
       now() - interval '1 day' + n * interval '10 ms' + interval '1 hour', now() - interval '1 day' + n * interval '10 ms'
  FROM generate_series(1, $2::integer) AS n
  JOIN (SELECT *, row_number() OVER (ORDER BY lane) - 1 AS number, count(*) OVER () AS of FROM society.task_lanes) AS lanes
    ON lanes.number = n * 7919::bigint % lanes.of
"""
FINISHED = """
WITH finished AS (
    INSERT INTO society.tasks (tenant_id, task_id, title, required_skills, lane, fair_key, max_retries, place, scheduled_at, status,
                               assigned_to, attempts, attempt_token, started_at, completed_at)
    SELECT $1, 'finished-' || n, 'done', lanes.required_skills, lanes.lane, '-', 3, now(), now(), 'completed', $3, 1,
           gen_random_uuid(), now() - interval '1 hour', now()
      FROM generate_series(1, $2::integer) AS n
      JOIN (SELECT *, row_number() OVER (ORDER BY lane) - 1 AS number, count(*) OVER () AS of FROM society.task_lanes) AS lanes
        ON lanes.number = n % lanes.of
    RETURNING id
)
INSERT INTO store.task_history (tenant_id, task_id, event_type) SELECT $1, id, event FROM finished, unnest(ARRAY['created', 'started', 'completed']) AS event
"""


class Hall:
    """A database of its own, with agents, and the application on it."""

    def __init__(self, server_url: str, name: str) -> None:
        self.administrator_url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        self.server_url, self.name = server_url, name
        self.agents: dict[str, Agent] = {}

    async def open(self) -> None:
        server = await asyncpg.connect(self.server_url)
        await server.execute(f"CREATE DATABASE {self.name}")
        await server.close()
        await migrate.migrate(self.administrator_url)
        self.database = await Database.connect(
            self.administrator_url.replace("//postgres@", "//guildhall_login@"), size=8
        )
        self.administrator = await asyncpg.connect(self.administrator_url)
        skills = {"specialist": [0, 7], "half": range(0, SKILLS, 1)[:36], "generalist": range(SKILLS)}
        async with self.database.transaction(identity.LOCAL) as tx:
            for name, numbers in skills.items():
                known = [Skill(f"skill-{n:02}") for n in numbers]
                self.agents[name] = await agents.add_agent(tx, NewAgent(name, skills=known))
        await self.administrator.execute("UPDATE society.agents SET trust_score = 0.5")

    async def fill(self, profiles: int, waiting: int, finished: int) -> None:
        team = identity.LOCAL.tenant_id
        setup, lanes = FILL.format(skills=SKILLS, profiles=profiles).strip().split(";\n", 1)
        await self.administrator.execute(setup)
        await self.administrator.execute(lanes.rstrip(";"), team)
        await self.administrator.execute(WAITING, team, waiting)
        await self.administrator.execute(FINISHED, team, finished, self.agents["generalist"].id)
        await self.administrator.execute("SET session_replication_role = DEFAULT")
        await self.administrator.execute("VACUUM (ANALYZE) society.tasks, society.task_lanes, society.task_assignments")
        await self.administrator.execute("CHECKPOINT")

    async def profiles_open_to(self, name: str) -> int:
        return int(
            await self.administrator.fetchval(
                "SELECT count(*) FROM society.task_lanes WHERE required_skills <@ $1::text[]",
                [skill.name for skill in self.agents[name].skills],
            )
        )

    async def claim_and_finish(self, name: str) -> tuple[float, float]:
        """Milliseconds to claim one task, and to complete it."""
        agent, began = self.agents[name], time.perf_counter()
        async with self.database.duty("worker", identity.LOCAL) as tx:
            claims = await tasks.claim(tx, agent, 1)
        claimed = time.perf_counter()
        assert len(claims) == 1, f"nothing to do for the {name}"
        async with self.database.duty("worker", identity.LOCAL) as tx:
            await tasks.finish(tx, agent.id, [Done(claims[0].id, claims[0].token)])
        return 1000 * (claimed - began), 1000 * (time.perf_counter() - claimed)

    async def close(self) -> None:
        await self.administrator.close()
        await self.database.close()


async def measure_claims(server_url: str, rounds: int, scale: int) -> None:
    small, large = Hall(server_url, "small"), Hall(server_url, "large")
    for hall in (small, large):
        await hall.open()
    await small.fill(1, 3 * rounds + 200, 0)
    await large.fill(PROFILES, scale, scale)
    names = list(small.agents)
    for name in names:
        times: dict[str, list[tuple[float, float]]] = {"small": [], "large": []}
        for _ in range(20):
            await small.claim_and_finish(name)
            await large.claim_and_finish(name)
        for _ in range(rounds):
            times["small"].append(await small.claim_and_finish(name))
            times["large"].append(await large.claim_and_finish(name))
        medians = {
            size: [statistics.median(column) for column in zip(*each, strict=True)] for size, each in times.items()
        }
        say(
            part="claims",
            agent=name,
            waiting=scale,
            finished=scale,
            profiles=PROFILES,
            profiles_open=await large.profiles_open_to(name),
            small_ms={"claim": round(medians["small"][0], 2), "complete": round(medians["small"][1], 2)},
            large_ms={"claim": round(medians["large"][0], 2), "complete": round(medians["large"][1], 2)},
            claim_ratio=round(medians["large"][0] / medians["small"][0], 2),
            ratio=round(sum(medians["large"]) / sum(medians["small"]), 2),
        )
    for hall in (small, large):
        await hall.close()


async def measure_graph(server_url: str) -> None:
    hall = Hall(server_url, "graph")
    await hall.open()
    chance, ids = random.Random(7), [[clock.new_id() for _ in range(WIDTH)] for _ in range(LAYERS)]
    new = [
        NewTask(
            f"{layer}.{place}",
            id=ids[layer][place],
            waits_for=[Wait(each) for each in chance.sample(ids[layer - 1], 2)] if layer else (),
        )
        for layer in range(LAYERS)
        for place in range(WIDTH)
    ]
    began = time.perf_counter()
    async with hall.database.transaction(identity.LOCAL) as tx:
        await tasks.add(tx, new, checker)
    added_s = time.perf_counter() - began
    await hall.administrator.execute("VACUUM (ANALYZE) society.tasks, society.task_dependencies")

    done = 0

    async def work(agent: Agent) -> None:
        nonlocal done
        while done < len(new):
            async with hall.database.duty("worker", identity.LOCAL) as tx:
                claims = await tasks.claim(tx, agent, BATCH)
            if not claims:
                await asyncio.sleep(0.001)
                continue
            async with hall.database.duty("worker", identity.LOCAL) as tx:
                counted = await tasks.finish(tx, agent.id, [Done(each.id, each.token) for each in claims])
            done += len(counted)

    began = time.perf_counter()
    await asyncio.gather(*(work(hall.agents[name]) for name in ("generalist", "half")))
    ran_s = time.perf_counter() - began
    wrong = await hall.administrator.fetchval(OUT_OF_ORDER)
    events = await hall.administrator.fetchval("SELECT count(*) FROM store.task_history")
    say(
        part="graph",
        tasks=len(new),
        edges=2 * WIDTH * (LAYERS - 1),
        added_per_s=round(len(new) / added_s),
        done=done,
        out_of_order=wrong,
        events=events,
        tasks_per_s=round(len(new) / ran_s),
    )
    await hall.close()


OUT_OF_ORDER = """
SELECT count(*) FROM society.task_dependencies AS edges
  JOIN society.tasks AS waiting ON waiting.id = edges.task_id
  JOIN society.tasks AS awaited ON awaited.id = edges.depends_on_task_id
 WHERE awaited.status <> 'completed' OR waiting.status <> 'completed' OR waiting.started_at < awaited.completed_at
"""


def say(**values: Any) -> None:
    print(json.dumps(values), flush=True)


async def main(parts: list[str], rounds: int, scale: int) -> None:
    with tempfile.TemporaryDirectory(prefix="guildhall-tasks-") as place:
        Path(place).chmod(0o755)
        with embedded.start(Path(place)) as server:
            if "graph" in parts:
                await measure_graph(server.url())
            if "claims" in parts:
                await measure_claims(server.url(), rounds, scale)
        embedded.stop(Path(place))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["graph", "claims"], choices=["graph", "claims"])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--scale", type=int, default=1_000_000)
    given = parser.parse_args()
    uvloop.run(main(given.parts, given.rounds, given.scale))
