"""Texts that would be more than texts, trials that are too long, things that are not there: a clear page each time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import aiohttp
import pytest

from fixtures.browser import HOSTILE, Opened, Site, plan, record
from fixtures.calls import record_call, record_debate, record_vote
from guildhall.domains.evaluation import configurations, scenarios
from guildhall.domains.gateway import budgets, providers
from guildhall.domains.gateway.providers import NewAccount
from guildhall.domains.platform import identity

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _make(site: Site) -> list[str]:
    """Everything that somebody else may name or say, with more in it than letters; the pages that show it."""
    async with site.database() as database:
        case = scenarios.scenario_from(
            {"scenario_id": "hostile_case", "name": HOSTILE, "task_prompt": HOSTILE, "suite": HOSTILE[:60], "tags": [HOSTILE],
             "ground_truth": {HOSTILE: HOSTILE}, "scorers": [{"type": "contains", "value": HOSTILE}], "group": HOSTILE[:60]}
        )  # fmt: skip
        agent = configurations.imported_agent(
            {"name": "hostile-agent", "model": HOSTILE, "temperature": 0, "system_prompt": HOSTILE}
        )
        async with database.transaction(site.actor) as tx:
            await scenarios.save_scenarios(tx, [case])
            version = (await configurations.save_version(tx, agent)).version
        await plan(site, database, HOSTILE[:100], version.version_id, ["hostile_case"], trials=2)
        steps = [
            {"type": "message", "role": "assistant", "content": HOSTILE},
            {"type": "message", "role": HOSTILE, "content": {"parts": [HOSTILE]}},
            {"type": "tool_call", "name": HOSTILE, "arguments": {HOSTILE: HOSTILE}},
            {"type": "tool_result", "name": HOSTILE, "error": HOSTILE},
            {
                "type": HOSTILE,
                HOSTILE: HOSTILE,
                "at_ms": HOSTILE,
                "cost_usd": HOSTILE,
                "usage": {"input_tokens": HOSTILE},
            },
            {"type": ["a"], "duration_ms": True},
            HOSTILE,
            None,
        ]
        trajectory = {
            "start_time": 1,
            "status": "x",
            "steps": steps,
            "scores": [{"scorer": HOSTILE, "explanation": HOSTILE, "score": HOSTILE}, 7],
        }
        odd = {"start_time": 1, "status": "x", "steps": {"not": "a list"}, "scores": HOSTILE}
        name = HOSTILE[:100]
        one = await record(
            site, database, name, "hostile_case", 1, passed=False, trajectory=trajectory, sandbox_logs=HOSTILE
        )
        two = await record(site, database, name, "hostile_case", 2, passed=True, trajectory=odd)
        said = [
            {"role": "system", "content": HOSTILE},
            {"role": HOSTILE, "content": [{"type": "text", "text": HOSTILE}], HOSTILE: HOSTILE},
            HOSTILE,
            ["a"],
            None,
        ]
        url, odd_name = site.served.database_url, HOSTILE[:100]
        answered = await record_call(url, site.actor, HOSTILE, messages=said, model=odd_name, answer=HOSTILE)
        await record_vote(url, site.actor, answered, ensemble=odd_name, voter=odd_name)
        refused = await record_call(url, site.actor, HOSTILE, model=odd_name, answer=None, error=HOSTILE)
        debate = await record_debate(database, site.actor, HOSTILE, said=HOSTILE)
        async with database.transaction(site.actor) as tx:
            odd_session = "".join(each for each in HOSTILE if each.isprintable())[:255]
            session = (await identity.use_conversation(tx, odd_session)).id
            await identity.keep_context(tx, odd_session, {HOSTILE: HOSTILE})
        async with database.transaction(site.served.people["pottery/owner"]) as tx:
            odd_account = NewAccount(
                odd_name.replace("/", "").replace("\x1b", ""), "openai", config={"models": [HOSTILE]}
            )
            odd_account = replace(odd_account, name="".join(each for each in odd_account.name if each.isprintable()))
            await providers.add_account(tx, odd_account, None)
            await budgets.add_budget(tx, budgets.NewBudget(odd_account.name, limit_usd=Decimal(1), model=HOSTILE))
    return [
        "/",
        "/simulations",
        f"/simulations/{site.ids[name]}",
        f"/outcomes/{one}",
        f"/outcomes/{two}",
        f"/outcomes/{one}/beside/{two}",
        "/configurations/hostile-agent",
        "/scenarios",
        "/scenarios/hostile_case",
        "/failures",
        "/tools",
        "/cost",
        "/requests",
        f"/requests/{answered}",
        f"/requests/{refused}",
        "/conversations",
        f"/conversations/{session}",
        "/providers",
        "/budgets",
        "/debates",
        f"/debates/{debate}",
        f"/simulations/{HOSTILE.replace('/', '')}",
    ]


async def test_nothing_that_others_write_is_run_and_all_of_it_is_seen(site: Site, opened: Opened) -> None:
    paths = await _make(site)
    async with opened() as window:
        for path in paths:
            page = await window.open(path)
            assert await page.evaluate("window.hacked") is None, path
            assert await page.locator("img, script:not([src])").count() == 0, path
            text = await page.content()
            assert "\x1b" not in text, path
            assert "\u202e" not in text, path
            assert "49" not in await page.locator("main").inner_text() or "7*7" in text, "no template runs it either"
        page = await window.open(paths[3])
        shown = await page.locator("ol.steps").inner_text()
        assert '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>' in shown
        assert "␛[31m⟨U+202E⟩" in shown
        page = await window.open(paths[13])
        asked = await page.locator("ol.steps").first.inner_text()
        assert asked.count('<img src=x onerror="window.hacked=1">') >= 3
        assert "␛[31m⟨U+202E⟩" in asked
        assert [each for each in window.wrong if "404" not in each] == []


async def test_a_trajectory_of_ten_megabytes_is_a_page_like_others(site: Site) -> None:
    word = "So much to say. "
    steps = [{"type": "message", "role": "assistant", "content": word * 4_000} for _ in range(160)]
    steps += [{"type": "log", "text": f"line {number}"} for number in range(500)]
    async with site.database() as database:
        async with database.transaction(site.actor) as tx:
            version = (await configurations.get_version(tx, "support-agent@v2")).version_id
        await plan(site, database, "long", version, ["refund_late"], trials=2)
        trajectory = {"start_time": 1, "status": "success", "steps": steps}
        long = [
            await record(site, database, "long", "refund_late", n, passed=True, trajectory=trajectory) for n in (1, 2)
        ]
    headers = {"Authorization": f"Bearer {site.key}"}
    async with aiohttp.ClientSession(site.url, headers=headers) as session:
        async with session.get(f"/outcomes/{long[0]}") as response:
            text = await response.text()
        assert response.status == 200
        assert len(text) < 1_000_000
        assert "60,000 more characters" in text
        assert "660 in all" in text
        async with session.get(f"/outcomes/{long[0]}?first=600") as response:
            assert "line 499" in await response.text()
        async with session.get(f"/outcomes/{long[0]}/steps/0") as response:
            assert response.headers["Content-Disposition"].startswith("attachment")
            assert (await response.json())["content"] == word * 4_000
        async with session.get(f"/outcomes/{long[0]}/steps/660") as response:
            assert response.status == 404
        async with session.get(f"/outcomes/{long[0]}/beside/{long[1]}") as response:
            assert response.status == 200
            assert "Both say and do the same" in await response.text()


async def test_what_is_not_there_or_makes_no_sense_is_a_page_that_says_so(site: Site) -> None:
    v2 = site.ids["v2"]
    wrong = {
        "/nowhere": (404, "can be reached from Home"),
        f"/outcomes/{uuid4()}": (404, "no outcome"),
        "/outcomes/none": (422, "outcome_id"),
        "/simulations/abcdef0": (404, "no simulation"),
        f"/simulations/{v2}?page=0": (422, "page"),
        f"/simulations/{v2}?sort=name": (422, "sort"),
        f"/simulations/{v2}?whatever=1": (422, "does not take"),
        "/simulations?cursor=abc": (422, "next_cursor"),
        "/simulations?sort=colour": (422, "expected one of"),
        f"/compare?baseline={v2}&candidate={v2}": (422, "itself"),
        "/compare?baseline=nobody@v1&candidate=nobody@v2": (404, "nobody@v"),
        f"/compare?baseline={site.ids['v1']}&candidate={v2}&margin=7": (422, "margin"),
        f"/compare/{site.ids['v1']}/{v2}/nothing": (404, "no trial"),
        "/configurations/nobody": (404, "nobody"),
        "/configurations/support-agent/diff?before=1&after=99": (404, "99"),
        "/scenarios/nothing": (404, "nothing"),
        "/scenarios?sort=colour": (422, "expected one of"),
        "/tools?format=xml": (422, "format"),
        "/failures?fault=nobody": (422, "fault is &#39;nobody&#39;, expected agent, tool, simulator"),
        f"/requests/{uuid4()}": (404, "no request"),
        f"/requests/{site.ids['call']}/messages/7": (404, "no message 7"),
        "/requests?status=done": (422, "expected pending, running, completed, failed"),
        "/providers?sort=colour": (422, "expected one of"),
        "/budgets?format=xml": (422, "format"),
        "/debates/0000": (404, "no debate"),
        "/debates?status=over": (422, "status"),
        "/scenarios/a%00b": (422, "U+0000"),
        "/enter/nothing": (404, "lets nobody in"),
    }
    headers = {"Authorization": f"Bearer {site.key}", "Accept": "text/html"}
    async with aiohttp.ClientSession(site.url, headers=headers) as session:
        for path, (status, said) in wrong.items():
            async with session.get(path) as response:
                text = await response.text()
                assert (response.status, response.content_type) == (status, "text/html"), path
                assert said in text, path
                assert "Traceback" not in text
                assert "openapi" not in text, "that is for programs"
                assert "<h1>" in text
        async with session.get("/v1/nowhere") as response:
            assert response.content_type == "application/json", "programs are answered as programs"
        async with session.get("/nowhere", headers={"Accept": "*/*"}) as response:
            assert response.content_type == "application/json"
