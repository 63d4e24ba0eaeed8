"""`guildhall db maintain` and `guildhall db series`, as an operator meets them."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from fixtures.agents import Project
from fixtures.command_line import Command
from fixtures.database import run_sql
from fixtures.engines import let_jobs_rest
from guildhall.domains.platform import identity


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def as_administrator(administrator_url: str) -> dict[str, str]:
    return {"GUILDHALL_DATABASE_URL": administrator_url}


async def test_one_pass_ends_sessions_seals_and_rolls_up(
    guildhall: Command, project: Project, administrator_url: str, as_administrator: dict[str, str]
) -> None:
    guildhall("eval", "run", project.agent, project.scenarios, "--json")
    await _execute(
        administrator_url,
        f"""
        INSERT INTO platform.user_sessions (tenant_id, user_id, session_token, created_at, expires_at, ends_at)
        VALUES ('{identity.LOCAL.tenant_id}', '{identity.LOCAL.user_id}', repeat('a', 64), now() - interval '2 days', now() - interval '1 day', now())
        """,
    )
    done = guildhall("db", "maintain", "--json", **as_administrator).json
    assert (done["expired_sessions"], done["lost_work"]) == (1, 0)
    assert {seal["ledger"] for seal in done["seals"]} >= {"audit_log"}
    assert sum(seal["row_count"] for seal in done["seals"]) > 0
    assert (done["left"], done["short_from"]) == ([], {})
    assert guildhall("audit", "verify", **as_administrator).code == 0
    assert guildhall("db", "maintain", **as_administrator).out != ""


async def test_what_is_old_is_dropped_only_once_it_is_sealed(
    guildhall: Command, administrator_url: str, as_administrator: dict[str, str]
) -> None:
    """Rows that nobody has sealed yet are sealed by the pass that drops them, so that they are missed by nobody."""
    await let_jobs_rest(administrator_url)  # one of TimescaleDB's own would drop it at once, and does not seal
    await _execute(
        administrator_url,
        "SELECT platform.ensure_partitions('audit_log', '2019-03-14 12:00Z', '2019-03-14 12:00Z')",
        """
        INSERT INTO store.audit_log (table_name, operation, "timestamp", epoch, transaction_id, digest)
        VALUES ('t', 'INSERT', '2019-03-14 12:00Z', platform.epoch(), pg_current_xact_id()::text::bigint, sha256(''))
        """,
    )
    done = guildhall("db", "maintain", "--json", **as_administrator).json
    assert any(seal["first_at"].startswith("2019-03-14") for seal in done["seals"] if seal["ledger"] == "audit_log")
    left = "SELECT count(*) FROM platform.series_partitions('audit_log') WHERE starts < '2020-01-01Z'"
    assert run_sql(administrator_url, left) == "0"
    assert guildhall("audit", "verify", **as_administrator).code == 0


def test_series_are_shown_and_their_intervals_set(guildhall: Command, as_administrator: dict[str, str]) -> None:
    listed = {each["name"]: each for each in guildhall("db", "series", "--json", **as_administrator).json}
    assert len(listed) >= 15
    assert listed["outcomes"]["retention"] == "2 years"
    guildhall("db", "series", "set", "outcomes", "--retention", "90 days", **as_administrator)
    assert "kept 90 days" in guildhall("db", "series", **as_administrator).out
    guildhall("db", "series", "set", "outcomes", "--retention", "forever", **as_administrator)
    assert "kept for ever" in guildhall("db", "series", **as_administrator).out
    for arguments, words in (
        (["outcome", "--retention", "1 year"], "outcome"),
        (["outcomes", "--retention", "a while"], "a while"),
        (["outcomes", "--retention", "-1 day"], "-1 day"),
    ):
        assert words in guildhall("db", "series", "set", *arguments, expect=2, **as_administrator).err


def test_a_file_that_is_no_archive_is_refused(
    guildhall: Command, tmp_path: Path, as_administrator: dict[str, str]
) -> None:
    (tmp_path / "not.parquet").write_text("no")
    refused = guildhall("db", "series", "restore", tmp_path / "not.parquet", expect=2, **as_administrator)
    assert "not.parquet" in refused.err
    assert "Traceback" not in refused.err
