"""
What isolation costs: the queries behind reports and dashboards as the application's role, beside the owner's.

The application reads views that filter by team, and tables under row-level
security. The limit is the same query as a superuser, whom no policy touches,
on the base tables with the same predicate written out: as the policies have it,
which asks the session for the team (`ratio`), and with the team as a constant,
which nobody can beat (`over_constant`). All are run by EXPLAIN ANALYZE on a
server with two teams of 100,000 outcomes each, in turns, and the server's own
execution times are compared; planning is shown apart.

`lost_indexes` are those by which the owner's plan with a constant reads a table that
the application's reads from end to end. `other_indexes` are those in whose place the
application's plan has another index of the same table: that is no loss. Of a constant
the planner knows how many rows it leaves, and joins carry it on to other tables; the
application's predicate is a parameter, for which it takes the average team. Where one
index is about as good as another, that decides.

    python benchmarks/isolation.py --rounds 15
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
from reports import FILL, SCENARIOS

from guildhall.app.wiring import keep_running
from guildhall.db import embedded, load_queries
from guildhall.settings import Settings

TRIALS = 100
OURS, THEIRS = "00000000-0000-7000-8000-000000000002", "00000000-0000-7000-8000-00000000000b"
ASKED, CONSTANT = "(SELECT platform.tenant_id())", f"'{OURS}'::uuid"
"""The team as the policies say it, and as nobody can say it who serves more than one."""

SIMULATION = "00000000-0000-7000-8000-00000000a002"
REPORTS = ("scenarios", "endings", "failures", "tools")
VIEWS = (
    "v_dashboard_active_simulations", "v_dashboard_pending_recommendations", "v_dashboard_performance_trends",
    "v_dashboard_cost_analysis", "v_system_performance", "v_active_simulations", "v_error_rates", "v_llm_failure_analysis",
    "v_llm_config_performance", "v_llm_scenario_trends",
)  # fmt: skip
ANOTHER_TEAM = f"""
INSERT INTO platform.teams (id, name, slug) VALUES ('{THEIRS}', 'Theirs', 'theirs') ON CONFLICT DO NOTHING;
"""


_AFTER_TABLES = "AS|ON|USING|WHERE|JOIN|LEFT|CROSS|INNER|GROUP|ORDER|LIMIT|UNION|HAVING|WINDOW"
"""What may follow a table that has no alias."""


class Owner:
    """Rewrites a query to what the owner would write: base tables, each with the team's predicate."""

    def __init__(self, secured: set[str], views: dict[str, str]) -> None:
        self._secured = secured
        self._views = views

    def query(self, sql: str, team: str) -> str:
        """The same query on the base tables, views and all; `team` is an expression."""
        return re.sub(
            rf"\b(evaluation\.[a-z_]+)\b(?!\.)(\s+(?:AS\s+)?(?!(?:{_AFTER_TABLES})\b)[a-z]\w*)?",
            lambda match: self._written_out(match, team),
            sql,
        )

    def _written_out(self, match: re.Match[str], team: str) -> str:
        name, alias = match[1], match[2] or f" AS {match[1].partition('.')[2]}"
        if name in self._views:
            body = self._views[name].replace("( SELECT platform.tenant_id() AS tenant_id)", team)
            return f"({self.query(body, team)}){alias}"
        if name in self._secured:
            return f"(SELECT * FROM {name} WHERE tenant_id = {team}){alias}"
        return match[0]


async def owner(connection: asyncpg.Connection[Any]) -> Owner:
    """Reads which relations are secured, and how, all named in full; so the connection has no search path from here on."""
    await connection.execute("SET search_path = ''")
    rows = await connection.fetch(
        """
        SELECT oid::regclass::text AS name, relkind::text AS kind, relrowsecurity AS secured,
               CASE WHEN relkind = 'v' THEN rtrim(pg_get_viewdef(oid), ';') END AS definition
          FROM pg_class WHERE relnamespace = 'evaluation'::regnamespace AND relkind IN ('r', 'v')
        """
    )
    return Owner(
        {row["name"] for row in rows if row["secured"]},
        {row["name"]: row["definition"] for row in rows if row["kind"] == "v"},
    )


class Reads:
    """How a plan reads its tables: the indexes by which it reads each, and what it reads from end to end."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.indexes: dict[str, set[str]] = {}
        self.whole: set[str] = set()
        self._walk(plan, None)

    def _walk(self, node: dict[str, Any], table: str | None) -> None:
        table = node.get("Relation Name", table)  # a bitmap's indexes stand below the scan that names the table
        if table is not None and "Index Name" in node:
            self.indexes.setdefault(table, set()).add(node["Index Name"])
        elif table is not None and node["Node Type"] == "Seq Scan":
            self.whole.add(table)
        for below in node.get("Plans", ()):
            self._walk(below, table if node["Node Type"].startswith("Bitmap") else None)

    def lacks(self, other: Reads) -> tuple[list[str], list[str]]:
        """The other's indexes that have nothing in their place here, and those that have another index."""
        lost: set[str] = set()
        replaced: set[str] = set()
        for table, indexes in other.indexes.items():
            missing = indexes - self.indexes.get(table, set())
            (lost if table in self.whole - other.whole else replaced).update(missing)
        return sorted(lost), sorted(replaced)


class Runs(list[tuple[float, float, Reads]]):
    """Of one query: planning and execution in milliseconds, and how it read its tables."""

    @property
    def planning_ms(self) -> float:
        return statistics.median(each[0] for each in self)

    @property
    def execution_ms(self) -> float:
        return statistics.median(each[1] for each in self)


async def explained(connection: asyncpg.Connection[Any], role: str, sql: str) -> tuple[float, float, Reads]:
    """Planning and execution in milliseconds, and how the tables were read."""
    async with connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL ROLE {role}")
        await connection.execute("SELECT set_config('app.tenant_id', $1, true)", OURS)
        (plan,) = json.loads(await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}"))
    return plan["Planning Time"], plan["Execution Time"], Reads(plan["Plan"])


async def measure(rounds: int, settings: Settings) -> None:
    connection = await asyncpg.connect(await keep_running(settings))
    await connection.execute(ANOTHER_TEAM)
    await connection.execute(FILL.format(scenarios=SCENARIOS, trials=TRIALS))
    theirs = FILL.replace(OURS, THEIRS).replace("00000000-0000-0000-0000-0000000", "00000000-0000-0000-0001-0000000")
    theirs = theirs.replace("00000000-0000-7000-8000-00000000a", "00000000-0000-7000-8001-00000000a")
    await connection.execute(_only_theirs(theirs).format(scenarios=SCENARIOS, trials=TRIALS))
    await connection.execute("SELECT platform.refresh_rollups()")
    await connection.execute("VACUUM ANALYZE")
    rewritten = await owner(connection)
    reports = load_queries("guildhall.domains.evaluation.reports")
    queries = {name: reports[name].sql.replace("$1", f"'{SIMULATION}'") for name in REPORTS}
    queries |= {view: f"SELECT * FROM evaluation.{view}" for view in VIEWS}
    ratios, over_constant = [], []
    for name, sql in queries.items():
        asked, constant = (rewritten.query(sql, team) for team in (ASKED, CONSTANT))
        ours, same, least = runs = Runs(), Runs(), Runs()
        for _ in range(rounds):
            for each, role, written in zip(
                runs, ("guildhall_app", "postgres", "postgres"), (sql, asked, constant), strict=True
            ):
                each.append(await explained(connection, role, written))
        ratios.append(ours.execution_ms / same.execution_ms)
        over_constant.append(ours.execution_ms / least.execution_ms)
        lost, replaced = ours[-1][2].lacks(least[-1][2])
        print(
            json.dumps(
                {
                    "query": name,
                    "execution_ms": round(ours.execution_ms, 3),
                    "owner_ms": round(same.execution_ms, 3),
                    "owner_constant_ms": round(least.execution_ms, 3),
                    "ratio": round(ratios[-1], 2),
                    "over_constant": round(over_constant[-1], 2),
                    "planning_ms": round(ours.planning_ms, 2),
                    "owner_planning_ms": round(same.planning_ms, 2),
                    "lost_indexes": lost,
                    "other_indexes": replaced,
                }
            )
        )
    await connection.close()
    print(
        json.dumps(
            {
                "queries": len(ratios),
                "median_ratio": round(statistics.median(ratios), 2),
                "worst": round(max(ratios), 2),
                "median_over_constant": round(statistics.median(over_constant), 2),
                "worst_over_constant": round(max(over_constant), 2),
            }
        )
    )


def _only_theirs(script: str) -> str:
    """The fill reads tables that hold the other team's rows by now: as the superuser it must ask for its own."""
    script = script.replace("FROM evaluation.scenarios;", f"FROM evaluation.scenarios WHERE tenant_id = '{THEIRS}';")
    script = script.replace("FROM evaluation.scenarios)", f"FROM evaluation.scenarios WHERE tenant_id = '{THEIRS}')")
    script = script.replace(
        "FROM evaluation.simulations, evaluation.scenarios;",
        f"FROM evaluation.simulations JOIN evaluation.scenarios USING (tenant_id) WHERE tenant_id = '{THEIRS}';",
    )
    script = script.replace(
        "FROM evaluation.simulations_scenarios, generate_series(1, {trials}) AS trial)",
        f"FROM evaluation.simulations_scenarios, generate_series(1, {{trials}}) AS trial WHERE tenant_id = '{THEIRS}')",
    )
    script = script.replace("FROM store.outcomes;", f"FROM store.outcomes WHERE tenant_id = '{THEIRS}';")
    return script.replace(
        "FROM store.outcomes WHERE NOT passed;", f"FROM store.outcomes WHERE NOT passed AND tenant_id = '{THEIRS}';"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings = Settings(data_dir=Path(folder))
        try:
            asyncio.run(measure(options.rounds, settings))
        finally:
            embedded.stop(settings.data_dir)


if __name__ == "__main__":
    main()
