"""Several processes of the gateway behind one port, as a program of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import aiohttp
import openai

from fixtures.gateways import Town, program

SECRET = "a-token-for-metrics"


def workers(supervisor: int) -> set[int]:
    """The processes that answer."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return {int(each) for each in children if b"gateway_worker" in Path(f"/proc/{each}/cmdline").read_bytes()}


async def test_workers_share_a_port_are_replaced_when_killed_and_stop_once_calls_have_their_answers(
    town: Town, tmp_path: Path
) -> None:
    async with (
        program(
            town.settings,
            0,
            tmp_path / "log",
            "--workers",
            2,
            GUILDHALL_METRICS_TOKEN=SECRET,
            GUILDHALL_LOG_LEVEL="info",
        ) as gateway,
        asyncio.timeout(60),
    ):
        first = workers(gateway.pid)
        assert len(first) == 2

        async def ask(model: str) -> str:
            async with openai.AsyncOpenAI(
                base_url=f"{gateway.url}/v1",
                api_key=town.key,
                max_retries=0,
                timeout=30,  # type: ignore[attr-defined]
            ) as client:
                answer = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
            return str(answer.choices[0].message.content)

        # a connection for each, which the kernel hands to whichever process is free
        assert await asyncio.gather(*(ask("say-hello") for _ in range(12))) == ["hello"] * 12
        assert {row["process_id"] for row in await town.calls()} <= {
            row["id"] for row in await town.sql("SELECT id FROM gateway.processes WHERE pid = ANY ($1)", list(first))
        }

        # killed in the middle of a call: that call is lost and said to be, another process takes the place
        town.provider.reached.clear()
        lost = asyncio.create_task(ask("hang"))
        await town.provider.reached.wait()
        [pid] = [
            row["pid"]
            for row in await town.sql(
                "SELECT pid FROM gateway.processes AS p JOIN store.llm_requests AS r ON r.process_id = p.id"
                " WHERE r.status = 'running'"
            )
        ]
        os.kill(pid, signal.SIGKILL)
        with suppress(openai.APIConnectionError):
            await lost
        while len(now := workers(gateway.pid)) < 2 or pid in now:
            await asyncio.sleep(0.02)
        assert len(now & first) == 1
        assert await ask("say-again") == "again"
        await town.until_settled()  # by whoever took the place, as it looks around before it answers
        assert [row["error_code"] for row in await town.calls() if row["model"] == "hang"] == ["lost"]

        # whichever is asked tells of all
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {SECRET}"}) as session,
            session.get(f"{gateway.url}/metrics") as response,  # type: ignore[attr-defined]
        ):
            told = await response.text()
        counted = re.findall(r'guildhall_gateway_requests_total{[^}]*code=""[^}]*} (\S+)', told)
        assert sum(map(float, counted)) == 13

        # told to stop in the middle of a call: the call is answered first
        town.provider.reached.clear()
        last = asyncio.create_task(ask("hang"))
        await town.provider.reached.wait()
        gateway.terminate()
        while "stopping" not in (tmp_path / "log").read_text() and gateway.returncode is None:
            await asyncio.sleep(0.02)
        town.provider.gate.set()
        assert await last
        assert await gateway.wait() == 0
