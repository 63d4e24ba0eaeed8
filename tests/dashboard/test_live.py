"""Pages that change while they are looked at: what was recorded is seen, and nothing else moves."""

from __future__ import annotations

from uuid import UUID

import pytest

from fixtures.browser import Opened, Site, plan, record
from fixtures.calls import record_debate, settle, speak
from guildhall.db import Database
from guildhall.domains.evaluation import configurations, simulations

pytestmark = pytest.mark.asyncio(loop_scope="session")

_SOON_MS = 30_000
_CASES = ["refund_late", "refund_twice"]


async def _running(site: Site, database: Database, name: str) -> UUID:
    async with database.transaction(site.actor) as tx:
        version = (await configurations.get_version(tx, "support-agent@v2")).version_id
    return await plan(site, database, name, version, _CASES)


async def test_a_trial_is_seen_in_the_grid_as_soon_as_it_is_recorded(site: Site, opened: Opened) -> None:
    async with site.database() as database, opened() as window:
        simulation_id = await _running(site, database, "watched")
        page = await window.open(f"/simulations/{simulation_id}")
        cell = page.locator("#c0-2 > *")
        assert await cell.get_attribute("aria-label") == "refund_late, trial 2: not done yet"
        places = "[...document.querySelectorAll('table.grid td, table.grid th')].map(e => JSON.stringify(e.getBoundingClientRect()))"
        before = await page.evaluate(f"({places}).slice(0, 12)")
        await page.evaluate("window.same = true")

        outcome_id = await record(site, database, "watched", "refund_late", 2, passed=True)
        await page.locator("#c0-2 > a.pass").wait_for(timeout=_SOON_MS)
        assert await page.locator("#c0-2 > a").get_attribute("href") == f"/outcomes/{outcome_id}"
        await page.locator("progress[value='1']").wait_for(timeout=_SOON_MS)
        await record(site, database, "watched", "refund_twice", 1, passed=False)
        await page.locator("#c1-1 > a.fail").wait_for(timeout=_SOON_MS)
        await record(site, database, "watched", "refund_twice", 2, passed=None)
        await page.locator("#c1-2 > a.open").wait_for(timeout=_SOON_MS)
        assert await page.evaluate(f"({places}).slice(0, 12)") == before, "nothing jumps"
        assert await page.evaluate("window.same"), "and the page is the same one"
        assert await page.locator("#live").get_attribute("sse-connect"), "it goes on"

        async with database.transaction(site.actor) as tx:
            await simulations.finish_simulation(tx, simulation_id)
        await page.locator("#live:not([sse-connect]) .status.completed").wait_for(timeout=_SOON_MS)
        assert "1 passed · 1 did not" in await page.locator("#live .line-1").inner_text()
        assert await page.evaluate("window.same")
        assert window.wrong == []


async def test_what_was_recorded_while_the_page_was_on_its_way_is_not_missed(site: Site, opened: Opened) -> None:
    async with site.database() as database, opened() as window:
        simulation_id = await _running(site, database, "on its way")
        path = f"/simulations/{simulation_id}"

        async def late(route: object) -> None:
            # The page is rendered; before its stream begins, something happens.
            if "on its way, late" not in site.ids:
                site.ids["on its way, late"] = simulation_id
                await record(site, database, "on its way", "refund_late", 1, passed=True)
            await route.continue_()  # type: ignore[attr-defined]

        await window.page.route("**/live?*", late)
        page = await window.open(path)
        await page.locator("#c0-1 > a.pass").wait_for(timeout=_SOON_MS)
        assert window.wrong == []


async def test_focus_stays_where_it_is_when_its_cell_changes(site: Site, opened: Opened) -> None:
    async with site.database() as database, opened() as window:
        simulation_id = await _running(site, database, "focused")
        page = await window.open(f"/simulations/{simulation_id}")
        await page.locator("#c0-1 > *").focus()
        await record(site, database, "focused", "refund_late", 1, passed=True)
        await page.locator("#c0-1 > a.pass").wait_for(timeout=_SOON_MS)
        assert (
            await page.evaluate("document.activeElement.getAttribute('aria-label')") == "refund_late, trial 1: passed"
        )
        await page.keyboard.press("ArrowRight")
        assert await page.evaluate("document.activeElement.closest('td').id") == "c0-2"


async def test_home_tells_of_a_simulation_that_begins_and_of_its_end(site: Site, opened: Opened) -> None:
    async with site.database() as database, opened() as window:
        page = await window.open("/")
        simulation_id = await _running(site, database, "begun meanwhile")
        await page.locator("#live a", has_text="begun meanwhile").wait_for(timeout=_SOON_MS)
        async with database.transaction(site.actor) as tx:
            await simulations.cancel_simulation(tx, simulation_id)
        await page.locator("#live a", has_text="begun meanwhile").wait_for(state="detached", timeout=_SOON_MS)
        assert window.wrong == []


async def test_a_simulation_is_ended_early_from_its_page(site: Site, opened: Opened) -> None:
    async with site.database() as database:
        simulation_id = await _running(site, database, "to be ended")
        async with opened(who="pottery/viewer") as window:
            page = await window.open(f"/simulations/{simulation_id}")
            assert await page.locator("text=End it early").count() == 0, "who may only look is not asked"
        async with opened() as window:
            page = await window.open(f"/simulations/{simulation_id}")
            await page.click("text=End it early")
            await page.locator(".status.cancelled").wait_for(timeout=_SOON_MS)
        async with database.transaction(site.actor) as tx:
            assert (await simulations.get_simulation(tx, simulation_id)).status == "cancelled"


async def test_a_debate_is_heard_turn_by_turn_with_every_line_and_settles_in_its_place(
    site: Site, opened: Opened
) -> None:
    async with site.database() as database, opened() as window:
        debate_id = await record_debate(database, site.actor, "Shall we fire it?", ends=False)
        page = await window.open(f"/debates/{debate_id}")
        assert await page.locator("p.answer").inner_text() == "It goes on: 2 turns so far, round 0 of 1."
        await page.evaluate("window.same = true")
        await speak(database, site.actor, debate_id, 1, 0, "bob", "yes", "I was wrong:\n\n  it is dry.")
        said = page.locator("ol.steps .text", has_text="it is dry.")
        await said.wait_for(timeout=_SOON_MS)
        assert await said.inner_text() == "I was wrong:\n\n  it is dry."
        await settle(database, site.actor, debate_id)
        await page.locator("#live:not([sse-connect]) .answer", has_text="Settled: yes").wait_for(timeout=_SOON_MS)
        assert (
            await page.locator("#live tbody tr", has_text="yes").first.inner_text()
            == "yes\t1\t2\t● the final vote ○ the plain vote"
        )
        assert await page.evaluate("window.same"), "the page is the same one"
        assert window.wrong == []
