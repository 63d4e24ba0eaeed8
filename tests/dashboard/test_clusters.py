"""Clusters of failures, and what is found by words and by likeness: named, explained, resolved, and searched in a browser."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import aiohttp
import pytest

from fixtures.browser import HOSTILE, Opened, Site, plan, record
from fixtures.decisions import cluster
from guildhall.api.frame.visits import COOKIE
from guildhall.domains.evaluation import configurations, failures
from guildhall.domains.evaluation.failures import ClusterState, FailureCategory, Fault, NewFailure

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_cluster_is_named_explained_and_resolved_and_what_is_said_is_only_text(
    site: Site, opened: Opened
) -> None:
    message = f"the kiln {HOSTILE} exploded"
    async with site.database() as database:
        agent = configurations.imported_agent({"name": "kiln-agent", "model": "small-model", "temperature": 0.7})
        async with database.transaction(site.actor) as tx:
            version = (await configurations.save_version(tx, agent)).version
        await plan(site, database, "kiln", version.version_id, ["gift_card"], trials=2)
        failure = NewFailure("kiln_broke", FailureCategory.TOOL_ERROR, Fault.TOOL, message, step=2)
        trials = [
            await record(site, database, "kiln", "gift_card", n, passed=False, failures=(failure,)) for n in (1, 2)
        ]
    await cluster(site)
    async with opened() as window:
        page = await window.open("/failures?q=KILN&fault=tool")
        (row,) = await page.locator("#list tbody tr").all()
        assert "new" in await row.inner_text()
        await row.locator("a").click()
        assert (
            "Seen 2 times in 1 scenario and 1 version, the fault of the tool"
            in await page.locator("p.answer").inner_text()
        )
        assert "kiln-agent@v1" in await page.locator("[aria-label=Versions]").inner_text()
        assert "100 % [" in await page.locator("[aria-label=Versions]").inner_text()
        await page.locator("summary", has_text="Say something").focus()
        await page.keyboard.press("Enter")
        await page.fill("input[name=name]", f"Kiln {HOSTILE}"[:200])
        await page.click("text=Name it")
        await page.locator("h1", has_text="Kiln <img").wait_for()
        await page.locator("summary", has_text="Say something").click()
        await page.fill("textarea[name=analysis]", f"Nobody let it cool.\n{HOSTILE}")
        await page.fill("input[name=evidence]", f"{site.url}/outcomes/{trials[0]}, {trials[1]}")
        await page.click("text=Keep it")
        await page.locator(".step", has_text="Nobody let it cool.").wait_for()
        assert await page.locator(f".step a[href='/outcomes/{trials[0]}']").count() == 1
        await page.locator("summary", has_text="Say something").click()
        await page.fill("textarea[name=steps]", "Wait an hour.")
        await page.click("text=It is resolved")
        await page.locator(".status", has_text="resolved").wait_for()
        assert await page.evaluate("window.hacked") is None
        assert await page.locator("img, script:not([src])").count() == 0
        assert "␛[31m⟨U+202E⟩" in await page.locator("main").inner_text()
        href = page.url
        async with site.database() as database, database.transaction(site.actor) as tx:
            found = await failures.resolve_cluster(tx, href.rpartition("/")[2])
        assert (found.state, found.resolution_steps) == (ClusterState.RESOLVED, "Wait an hour.")
        assert found.llm_analysis is not None
        assert found.llm_analysis["evidence"] == [str(each) for each in trials]
        await page.click("text=It is not resolved")
        await page.locator("summary", has_text="Say something").wait_for()

        # The box at the top finds it from everywhere, and what it says is text there, too.
        await page.locator("header input[name=q]").fill("kiln exploded")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/search?**")
        hit = page.locator("#list tbody tr", has_text="failure").first
        assert "words" in await hit.inner_text()
        assert await page.locator("img").count() == 0
        await hit.locator("a").click()
        await page.locator("h1", has_text="Kiln <img").wait_for()
        await page.click("text=what is like it")
        assert await page.locator("#list tbody tr").count() >= 1
        # A trial leads to all that failed as it did.
        await page.goto(f"{site.url}/outcomes/{trials[0]}")
        await page.click("text=all that failed so")
        await page.locator("h1", has_text="Kiln <img").wait_for()
        assert window.wrong == []


async def test_lists_are_narrowed_down_by_words_by_likeness_and_by_their_filters_at_once(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.key}"}
    async with aiohttp.ClientSession(site.url, headers=headers) as session:

        async def rows(path: str, row: str = '<th scope="row">') -> int:
            async with session.get(path) as response:
                text = await response.text()
                assert response.status == 200, text
            body = text[text.index('id="list"') :]
            return body[: body.index("</table>")].count(row)

        assert await rows("/simulations?q=SUPPORT&status=completed") == 2
        assert await rows("/simulations?q=support&status=failed") == 0
        assert await rows("/simulations?q=s_pport") == 0, "a text is no pattern"
        assert await rows("/configurations?q=support") == 1
        assert await rows("/configurations?q=temperature") >= 1, "what their versions say counts"
        agent = "/configurations/support-agent"
        assert await rows(agent) > 1
        assert await rows(f"{agent}?q=0.7") == 1, "what a version says counts"
        assert await rows(f"{agent}?q=kiln") == 0
        assert await rows(f"{agent}?q=temperatures+of+models&alike=true") > 1
        assert await rows("/scenarios/swap_address?q=AGENT@v2") == 1
        assert await rows("/scenarios/swap_address") == 2
        assert await rows("/scenarios?q=swap&suite=shop") == 1
        # "Looking" is nowhere as such, but by its stem; "swapped addresses" has both words by theirs.
        assert await rows("/scenarios?q=swapped+addresses&suite=shop") == 1
        assert await rows("/scenarios?q=swapped+addresses&suite=elsewhere") == 0
        one = await rows("/failures?q=refunded&fault=agent")
        assert one >= 1
        assert await rows("/failures?q=refunded&fault=judge") == 0
        assert await rows("/failures?q=refunding+customers&alike=true") >= 1
        assert await rows("/search?q=refund") > await rows("/search?q=refund&kind=scenario") >= 1
        assert await rows("/search?like=swap_address&kind=scenario") >= 2
        async with session.get("/search?q=refund&kind=scenario&sort=-rank&format=json") as response:
            found = (await response.json())["items"]
        assert [each["rank"] for each in found] == sorted((each["rank"] for each in found), reverse=True)
        async with session.get("/v1/evaluation/failures?q=refunded&alike=true&format=ndjson") as response:
            assert len((await response.text()).splitlines()) >= one
        for path, status, said in (
            ("/failures?q=%00", 422, "U+0000"),
            ("/search?like=nothing", 404, "has a vector"),
            ("/search?kind=colour", 422, "kind"),
            (f"/failures/{uuid4()}", 404, "no cluster"),
            ("/failures/nonsense", 404, "no cluster"),
            (f"/approvals/{uuid4()}", 404, "no proposal"),
            ("/approvals?status=lost", 422, "status"),
            ("/recommendations/nothing", 404, "no recommendation"),
            ("/recommendations?sort=colour", 422, "expected one of"),
            ("/recommendations?session_id=none", 422, "session_id"),
        ):
            async with session.get(path, headers={"Accept": "text/html"}) as response:
                text = await response.text()
                assert (response.status, said in text, "<h1>" in text) == (status, True, True), (path, text[-700:])


async def test_what_is_said_of_a_cluster_is_refused_where_it_makes_no_sense_and_from_who_may_not(site: Site) -> None:
    path = f"/failures/{site.made['cluster']}"
    stranger = str(uuid4())
    passed = str(site.outcomes["v2", "refund_late", 1])
    for who, action, fields, status, said in (
        ("pottery/member", "analysis", {"analysis": "So.", "evidence": "none"}, 422, "an outcome"),
        ("pottery/member", "analysis", {"analysis": "So.", "evidence": stranger}, 422, stranger),
        ("pottery/member", "analysis", {"analysis": "So.", "evidence": passed}, 422, "failed so"),
        ("pottery/member", "name", {"name": "a" * 201}, 422, "at most 200"),
        ("pottery/member", "resolution", {"steps": "a" * 10_001}, 422, "at most 10000"),
        ("pottery/viewer", "name", {"name": "Mine"}, 403, "role"),
        ("pottery/viewer", "reopening", {}, 403, "role"),
        ("smithy/owner", "name", {"name": "Theirs"}, 404, "no cluster"),
    ):
        cookies = {COOKIE: site.served.keys[who]}
        async with (
            aiohttp.ClientSession(site.url, cookies=cookies, headers={"Origin": site.url}) as session,
            session.post(f"{path}/{action}", data=fields, allow_redirects=False) as response,
        ):
            text = await response.text()
            assert (response.status, said in text) == (status, True), (action, fields, text[-800:])
    headers = {"Authorization": f"Bearer {site.served.keys['pottery/viewer']}"}
    async with aiohttp.ClientSession(site.url, headers=headers) as session, session.get(path) as response:
        assert '<form method="post" action="/failures' not in await response.text()


async def test_of_two_who_say_why_at_once_the_later_overwrites_nothing(site: Site) -> None:
    path = f"/failures/{site.made['cluster']}"
    cookies = {COOKIE: site.served.keys["pottery/member"]}
    async with aiohttp.ClientSession(site.url, cookies=cookies, headers={"Origin": site.url}) as session:

        async def page() -> str:
            async with session.get(path, headers={"Accept": "text/html"}) as response:
                return await response.text()

        async def say(action: str, seen: str, **fields: str) -> tuple[int, str]:
            data = {**fields, "seen": seen}
            async with session.post(f"{path}/{action}", data=data, allow_redirects=False) as response:
                return response.status, await response.text()

        actions = ("name", "analysis", "resolution")
        seen = {
            action: match[1]
            for action in actions
            if (match := re.search(rf'/{action}"><input type="hidden" name="seen" value="(\w+)"', await page()))
        }
        assert seen.keys() == set(actions)
        found = await asyncio.gather(*(say("analysis", seen["analysis"], analysis=f"Said by {n}.") for n in (1, 2)))
        assert sorted(status for status, _ in found) == [303, 409]
        (refused,) = [text for status, text in found if status == 409]
        assert "somebody else has changed" in refused
        assert (await page()).count(f"Said by {1 if found[0][0] == 303 else 2}.") >= 1
        assert (await say("name", seen["name"], name="Kept"))[0] == 303, "another field is nobody's concern"
        assert (await say("name", seen["name"], name="Lost"))[0] == 409
        for action in ("name", "analysis"):  # as it was, for others
            async with session.post(f"{path}/{action}", data={action: ""}, allow_redirects=False) as response:
                assert response.status == 303
