"""The database goes away in the middle of traffic: calls go on where they may, and each is in the ledger once."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from fixtures.gateways import PRICES, SECRET_KEY, program, settings_of
from fixtures.upstreams import ScriptedUpstream
from fixtures.wires import Wire
from guildhall.db import Database
from guildhall.domains.gateway import budgets, providers
from guildhall.domains.platform import identity
from guildhall.settings import Settings

CALLERS = 6
SECRET = "what nobody else may read"


async def test_calls_go_on_and_each_is_on_record_once_though_the_gateway_is_killed_while_the_database_is_away(
    settings: Settings,
    database: Database,
    administrator_url: str,
    provider: ScriptedUpstream,
    tmp_path: Path,
    wire: Wire,
) -> None:
    told = settings_of(replace(settings, database_url=wire.url))
    async with database.transaction(identity.LOCAL) as tx:
        key = (await identity.create_key(tx, "load", rate_limit=100_000)).text
        config = {"models": ["*"], "prices": {"say-x": PRICES, "hang": PRICES, "say-dear": PRICES}}
        networks = providers.read_networks(["127.0.0.0/8"])
        await providers.add_account(
            tx,
            providers.NewAccount("upstream", "openai", provider.url, config=config),
            identity.read_keyring(SECRET_KEY),
            networks=networks,
        )
        await budgets.add_budget(tx, budgets.NewBudget("all", limit_usd=Decimal(1), is_hard=False))
        await budgets.add_budget(tx, budgets.NewBudget("dear", limit_usd=Decimal(1000), model="say-dear"))
    said: Counter[int] = Counter()
    url = ""

    async def call(session: aiohttp.ClientSession, number: int, model: str = "say-x", **given: Any) -> dict[str, Any]:
        body = {
            **given,
            "model": model,
            "messages": [{"role": "user", "content": SECRET}],
            "max_tokens": 9,
            "stream": bool(number % 2),
        }
        async with session.post(f"{url}/v1/chat/completions", json=body) as response:
            said[response.status] += 1
            text = await response.text()
            if response.status != 200:
                error: dict[str, Any] = (await response.json())["error"]
                return error
            assert "[DONE]" in text or not body["stream"], text
            return {}

    async def traffic(session: aiohttp.ClientSession, calls: int) -> None:
        left = iter(range(calls))

        async def caller() -> None:
            for number in left:
                assert await call(session, number) == {}

        await asyncio.gather(*(caller() for _ in range(CALLERS)))

    spool = settings.data_dir / "gateway-spool"
    environment = {"GUILDHALL_GATEWAY_WHEN_DOWN": "spool"}
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with program(told, 0, tmp_path / "log", **environment) as process:
            url = process.url  # type: ignore[attr-defined]
            going = asyncio.create_task(traffic(session, 40))
            while len(provider.asked) < 12:
                await asyncio.sleep(0.001)
            await wire.cut()
            await going
            # what cannot be known, or held, without the database is refused, and nobody is asked
            asked = len(provider.asked)
            assert (await call(session, 0, "say-dear"))["code"] == "ledger_unavailable"
            vote = {"strategy": "majority", "members": ["say-x", "say-x"]}
            assert (await call(session, 0, ensemble_config=vote))["code"] == "ledger_unavailable"
            async with session.get(f"{url}/v1/models", headers={"Authorization": "Bearer gh_x_y"}) as response:
                assert response.status == 503
            assert len(provider.asked) == asked
            hanging = asyncio.create_task(call(session, 1, "hang"))
            while len(provider.asked) == asked:
                await asyncio.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            await process.wait()
            with suppress(aiohttp.ClientError):
                await hanging
        assert said == {200: 40, 503: 2}
        [file] = spool.glob("*.segment")
        assert file.stat().st_mode & 0o777 == 0o600
        assert SECRET.encode() not in file.read_bytes()

        await wire.mend()
        provider.gate.set()
        async with program(told, 0, tmp_path / "log", **environment) as process:
            url = process.url  # type: ignore[attr-defined]
            assert list(spool.iterdir()) == []
            # once more, and this time the process lives to see the database again
            await traffic(session, 6)
            await wire.cut()
            await traffic(session, 12)
            assert list(spool.glob("*.segment")) != []
            await wire.mend()
            async with asyncio.timeout(20):
                while await call(session, 0, "say-dear"):
                    await asyncio.sleep(0.01)
            assert list(spool.iterdir()) == []
            await traffic(session, 6)
    async with database.transaction(identity.LOCAL) as tx:
        limits = {each.name: each for each in await budgets.list_budgets(tx)}
    found = await _rows(administrator_url)
    assert {str(row["id"]) for row in found if row["answers"]} == set(provider.ids)
    assert len(provider.ids) == 40 + 1 + 24 + 1
    assert Counter((row["status"], row["error_code"], row["answers"]) for row in found if row["answers"]) == {
        ("completed", None, 1): 65,
        ("failed", "lost", 1): 1,
    }
    cost = sum(row["cost_usd"] for row in found if row["cost_usd"] is not None)
    assert (limits["all"].spent_usd, limits["all"].reserved_usd) == (cost, Decimal(0))
    assert (limits["dear"].spent_usd, limits["dear"].reserved_usd) == (Decimal("0.022"), Decimal(0))


async def _rows(url: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(
            "SELECT calls.id, calls.status, calls.error_code, calls.cost_usd, count(answers.id) AS answers"
            " FROM store.llm_requests AS calls"
            " LEFT JOIN store.llm_responses AS answers ON answers.request_id = calls.id GROUP BY 1, 2, 3, 4"
        )
    finally:
        await connection.close()
