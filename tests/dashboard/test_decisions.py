"""Deciding in a browser: accepting and rejecting, approving and going back, and what is told to whoever may not, or comes late."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import aiohttp
import pytest

from fixtures.browser import HOSTILE, Opened, Site, plan, record
from fixtures.decisions import recommend, suggests
from guildhall.api.frame.visits import COOKIE
from guildhall.domains.evaluation import configurations, recommendations
from guildhall.domains.evaluation.configurations import ApprovalRule, ApprovalStatus
from guildhall.domains.evaluation.recommendations import Status, Suggestion

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _recommended(site: Site, agent: str, *found: Suggestion) -> list[UUID]:
    """Recommendations for an agent of a test's own, which has failed once."""
    async with site.database() as database:
        made = configurations.imported_agent({"name": agent, "model": "small-model", "temperature": 0.7})
        async with database.transaction(site.actor) as tx:
            version = (await configurations.save_version(tx, made)).version
        await plan(site, database, agent, version.version_id, ["refund_late"], trials=1)
        await record(site, database, agent, "refund_late", 1, passed=False)
        async with database.transaction(site.actor) as tx:
            return await recommend(tx, f"{agent}@v1", *found)


async def _send(site: Site, path: str, who: str = "pottery/member", **fields: str) -> tuple[int, str]:
    cookies, headers = {COOKIE: site.served.keys[who]}, {"Origin": site.url, "Accept": "text/html"}
    async with (
        aiohttp.ClientSession(site.url, cookies=cookies, headers=headers) as session,
        session.post(path, data=fields, allow_redirects=False) as response,
    ):
        return response.status, await response.text()


async def test_what_is_accepted_approved_rejected_and_taken_back_in_a_browser_is_so_in_the_database(
    site: Site, opened: Opened
) -> None:
    warm, cold = await _recommended(
        site, "decided", suggests("temperature: 0.1\n", confidence=0.9), suggests("temperature: 0\n", confidence=0.8)
    )
    async with opened() as window:
        page = await window.open("/")
        assert "for you" in await page.locator("p.answer").inner_text()
        await page.click("section, main >> text=recommendations >> nth=0")
        await page.goto(f"{site.url}/recommendations/{warm}")
        assert "temperature" in await page.locator("[aria-label='Settings that change']").inner_text()
        # By keyboard alone.
        await page.locator("main form >> nth=0").locator("button").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/approvals/*")
        assert await page.locator("h1").inner_text() == "Should decided@v2 take the place of v1?"
        await page.locator("input[name=reason] >> nth=0").fill("It is <b>better</b>.")
        await page.click("text=Approve >> nth=-1")
        await page.locator("p.answer", has_text="It was approved by").wait_for()
        assert "It is <b>better</b>." in await page.locator("p.answer").inner_text()
        assert await page.locator("main button").count() == 0

        await page.goto(f"{site.url}/recommendations/{cold}")
        await page.fill("input[name=reason]", "Too cold.")
        await page.click("text=Reject >> nth=-1")
        await page.locator("p.answer", has_text="It was rejected: Too cold.").wait_for()
        await page.select_option("select[name=score]", "2")
        await page.fill("input[name=comment]", HOSTILE)
        await page.click("text=Say so")
        await page.locator("main", has_text="2 of 5").wait_for()
        assert await page.evaluate("window.hacked") is None
        assert "␛[31m⟨U+202E⟩" in await page.locator("main").inner_text()

        await page.goto(f"{site.url}/configurations/decided")
        await page.select_option("select[name=version]", "1")
        await page.fill("input[name=reason]", "Not so sure after all.")
        await page.click("text=Roll back >> nth=-1")
        await page.locator("[aria-label='Approvals and rollbacks']", has_text="Not so sure after all.").wait_for()
        assert window.wrong == []
    async with site.database() as database, database.transaction(site.actor) as tx:
        accepted = await recommendations.get_recommendation(tx, str(warm))
        assert (accepted.status, accepted.applied) == (Status.ACCEPTED, True)
        rejected = await recommendations.get_recommendation(tx, str(cold))
        assert (rejected.status, rejected.status_reason, rejected.feedback_score) == (Status.REJECTED, "Too cold.", 2)
        proposal = await configurations.get_proposal(tx, "decided@v2")
        assert (proposal.status, proposal.decision_reason) == (ApprovalStatus.APPROVED, "It is <b>better</b>.")
        assert (await configurations.get_configuration(tx, "decided")).latest_version_number == 1
        assert [each.kind for each in await configurations.list_releases(tx, "decided")] == ["rollback", "approval"]


async def test_of_two_who_approve_at_once_one_does_and_the_other_is_told_who_it_was(site: Site) -> None:
    found = await _recommended(site, "contested", suggests("temperature: 0.1\n"))
    assert (await _send(site, f"/recommendations/{found[0]}/acceptance"))[0] == 303
    path = "/approvals/contested@v2"
    people = ("pottery/member", "pottery/owner", "pottery/admin")
    answers: Sequence[tuple[int, str]] = await asyncio.gather(
        *(_send(site, f"{path}/approval", who) for who in people), _send(site, f"{path}/rejection", reason="No.")
    )
    assert sorted(status for status, _ in answers) == [303, 409, 409, 409]
    for status, text in answers:
        if status == 409:
            assert "That cannot be done as things are" in text
            assert "contested@v2 has been" in text
            assert 'href="/approvals/contested@v2"' in text
    status, text = await _send(site, f"/recommendations/{found[0]}/rejection", reason="Too late.")
    assert (status, "is accepted" in text) == (409, True)


async def test_who_may_not_is_shown_no_button_and_refused_all_the_same(site: Site) -> None:
    found = await _recommended(site, "guarded", suggests("temperature: 0.1\n"), suggests("temperature: 0\n"))
    assert (await _send(site, f"/recommendations/{found[0]}/acceptance"))[0] == 303
    async with site.database() as database, database.transaction(site.served.people["pottery/owner"]) as tx:
        await configurations.set_rule(tx, ApprovalRule(approvers="admin", four_eyes=True, needs_proof=True), "guarded")
    pages = {
        "/approvals/guarded@v2": ("You may look at it, and not decide", "/rejection"),
        f"/recommendations/{found[1]}": ("who may change things decides", "/acceptance"),
        "/configurations/guarded": ("the lowest role that may decide is admin", "/rollback"),
        "/recommendations": ("What should change next?", "/analysis"),
    }
    for who in ("pottery/viewer", "pottery/admin"):
        headers = {"Authorization": f"Bearer {site.served.keys[who]}"}
        async with aiohttp.ClientSession(site.url, headers=headers) as session:
            for path, (said, action) in pages.items():
                async with session.get(path) as response:
                    text = await response.text()
                may = who == "pottery/admin" and not (path.startswith("/configurations"))
                assert (action in text) == may, (who, path)
                assert said in text or may, (who, path)
    status, text = await _send(site, "/approvals/guarded@v2/approval", "pottery/admin")
    assert (status, "shown to be better" in text) == (409, True)
    for path, who, code in (
        ("/approvals/guarded@v2/approval", "pottery/member", 403),
        ("/approvals/guarded@v2/rejection", "pottery/viewer", 403),
        (f"/recommendations/{found[1]}/acceptance", "pottery/viewer", 403),
        (f"/recommendations/{found[1]}/feedback", "pottery/viewer", 403),
        ("/recommendations/analysis", "pottery/viewer", 403),
        (f"/recommendations/{found[1]}/acceptance", "smithy/owner", 404),
        ("/approvals/guarded@v2/approval", "smithy/owner", 404),
        (f"/recommendations/{uuid4()}/acceptance", "pottery/owner", 404),
        (f"/approvals/{uuid4()}/approval", "pottery/owner", 404),
    ):
        status, text = await _send(site, path, who, reason="Because.", score="3", version="guarded")
        assert (status, "<h1>" in text) == (code, True), (path, text[:200])
    for path, fields, said in (
        (f"/recommendations/{found[1]}/rejection", {"reason": "  "}, "needs a reason"),
        (f"/recommendations/{found[1]}/rejection", {}, "needs a reason"),
        (f"/recommendations/{found[1]}/feedback", {"score": "9"}, "score is 9"),
        (f"/recommendations/{found[1]}/feedback", {"score": "x"}, "expected 1"),
        ("/approvals/guarded@v2/rejection", {"reason": "a" * 2_001}, "2,001 characters"),
    ):
        status, text = await _send(site, path, "pottery/owner", **fields)
        assert (status, said in text) == (422, True), (path, text[-900:])
    async with site.database() as database, database.transaction(site.actor) as tx:
        assert (await recommendations.get_recommendation(tx, str(found[1]))).status is Status.OPEN
        assert (await configurations.get_proposal(tx, "guarded@v2")).status is ApprovalStatus.PENDING


async def test_rules_are_asked_from_the_page_and_what_they_say_is_listed_searched_and_exported(site: Site) -> None:
    await _recommended(site, "analysed", suggests("temperature: 0\n", description="Colder 100%_sure"))
    assert (await _send(site, "/recommendations/analysis", version="analysed"))[0] == 303
    status, text = await _send(site, "/recommendations/analysis", version="nobody")
    assert (status, "there is no agent configuration" in text) == (404, True)
    headers = {"Authorization": f"Bearer {site.key}"}
    async with aiohttp.ClientSession(site.url, headers=headers) as session:

        async def found(query: str) -> list[str]:
            async with session.get(f"/v1/evaluation/recommendations?{query}&format=ndjson") as response:
                assert response.status == 200, await response.text()
                return (await response.text()).splitlines()

        assert len(await found("name=analysed&q=100%25_SURE")) == 1, "a text is a text, and no pattern"
        assert await found("name=analysed&q=100_%25sure") == []
        assert await found("name=analysed&kind=tool_optimization&q=colder") == []
        async with session.get("/recommendations?name=analysed&q=100%25_sure&sort=confidence") as response:
            text = await response.text()
        assert "Colder 100%_sure" in text
