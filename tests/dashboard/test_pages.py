"""Every page in a real browser: nothing goes wrong in it, everybody can use it, every link leads somewhere."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import aiohttp
import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Page

from fixtures.browser import Opened, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

_AXE = AXE_FILE_PATH.read_text("utf-8")
_PHONE = 360


def _pages(site: Site) -> list[str]:
    one, two = site.outcomes["v1", "swap_address", 1], site.outcomes["v2", "swap_address", 1]
    return [
        "/",
        "/simulations",
        f"/simulations/{site.ids['v2']}",
        f"/simulations/{site.ids['v2']}?sort=weakest&show=failed",
        f"/outcomes/{two}",
        f"/outcomes/{two}/beside/{one}",
        "/compare",
        f"/compare?baseline={site.ids['v1']}&candidate={site.ids['v2']}",
        "/configurations",
        "/configurations/support-agent",
        "/configurations/support-agent/diff?before=1&after=2",
        "/scenarios",
        "/scenarios/swap_address",
        "/failures",
        f"/failures/{site.made['cluster']}",
        "/search?q=refund+order",
        "/recommendations",
        "/recommendations?status=open&q=cold&sort=-confidence",
        f"/recommendations/{site.made['open']}",
        f"/recommendations/{site.made['addition']}",
        "/approvals",
        f"/approvals/{site.made['proposal']}",
        "/sessions",
        "/tools",
        "/cost",
        "/requests",
        f"/requests/{site.ids['call']}",
        f"/requests/{site.ids['failed call']}",
        f"/requests/{site.ids['voted call']}",
        f"/requests?outcome_id={two}&role=judge",
        "/conversations",
        "/conversations?q=oslo&status=active&sort=name",
        f"/conversations/{site.ids['session']}",
        "/providers",
        "/budgets",
        "/debates",
        f"/debates/{site.ids['debate']}",
        "/system",
        "/simulations/nowhere",
    ]


async def test_no_page_has_a_barrier_in_either_theme_or_asks_anybody_else_or_is_wider_than_a_phone(
    site: Site, opened: Opened
) -> None:
    found: dict[str, object] = {}
    async with opened(width=_PHONE) as window:
        for path in _pages(site):
            await window.page.emulate_media(color_scheme="light")
            page = await window.open(path)
            assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light dark"
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= _PHONE, f"{path} is {wide} wide"
            # The page's own policy lets no script in but its own; the tool comes in from outside, as a debugger does.
            await page.evaluate(_AXE)
            light = await page.evaluate(_COLOURS)
            await _look_for_barriers(page, "rules: {'region': {enabled: true}}", found, f"{path}, light")
            # The same document, of which the other theme changes colours alone: so what is to be held anew are the rules of those.
            await page.emulate_media(color_scheme="dark")
            assert await page.evaluate(_COLOURS) != light
            await _look_for_barriers(page, _OF_COLOURS, found, f"{path}, dark")
        wrong = [each for each in window.wrong if "404" not in each]  # the browser tells of the page that is not there
    assert found == {}, json.dumps(found, indent=1)
    assert wrong == []


_OF_COLOURS = "runOnly: ['cat.color'], rules: {'color-contrast-enhanced': {enabled: false}}"
"""Those that are on by themselves: the enhanced contrast is not asked for in the light either."""

_COLOURS = "['color', 'backgroundColor'].map((each) => getComputedStyle(document.body)[each])"


async def _look_for_barriers(page: Page, options: str, found: dict[str, object], where: str) -> None:
    seen = await page.evaluate(f"axe.run({{resultTypes: ['violations'], {options}}})")
    if seen["violations"]:
        found[where] = [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in seen["violations"]]


_DRAWINGS = """
() => Array.from(document.querySelectorAll('main svg'), (svg) => {
  const texts = (within, what) => Array.from(within.querySelectorAll(what), (each) => each.textContent.trim());
  const figure = svg.closest('figure.chart');
  if (figure && svg.closest('.legend')) return null;
  if (figure) {
    const named = (svg.getAttribute('aria-labelledby') || '').split(' ').map((id) => document.getElementById(id));
    return {
      kind: 'chart', id: named[0] ? named[0].id : '', role: svg.getAttribute('role'),
      name: named.map((each) => each ? each.textContent.trim() : '').join(' '),
      units: texts(svg, 'text.unit'), up: texts(svg, 'text.tick.end'), across: texts(svg, 'text.tick.middle'),
      titled: Array.from(svg.querySelectorAll('rect[class], .line > g')).every((each) => each.querySelector('title')),
      marks: svg.querySelectorAll('.line > g').length, blocks: svg.querySelectorAll('rect[class]').length,
      whiskers: svg.querySelectorAll('line.whisker').length,
      heads: texts(figure, 'details th[scope=col]'), rows: figure.querySelectorAll('details tbody tr').length,
    };
  }
  const cell = svg.closest('td, th'), row = svg.closest('tr'), table = svg.closest('table');
  if (!cell) return {kind: 'stray', html: svg.outerHTML.slice(0, 200)};
  return {
    kind: 'whisker', hidden: svg.getAttribute('aria-hidden'), is_axis: cell.scope === 'col',
    row: row.textContent, head: table.querySelectorAll('thead th')[cell.cellIndex].textContent,
  };
}).filter((each) => each)
"""
_UNCERTAIN = {"score-says", "versions-says", "weeks-says", "latency-says"}
"""What is a mean or a percentile of some trials, as a guess at others: it has an interval."""


def _check_whisker(drawn: dict[str, Any], path: str) -> None:
    assert drawn["hidden"] == "true", path  # the same is in words beside it
    assert "points" in drawn["head"], path
    assert drawn["is_axis"] or re.search(r"\[.+, .+\]", drawn["row"]), f"{path}: {drawn}"


def _check_chart(drawn: dict[str, Any], path: str) -> None:
    assert drawn["kind"] == "chart", f"{path}: {drawn}"
    assert drawn["role"] == "img", path
    assert re.fullmatch(r".+\. .+\.", drawn["name"]), f"{path}: {drawn['name']}"
    assert len(drawn["units"]) == 2, f"{path}: {drawn['units']}"
    assert all(drawn["units"]), path
    assert drawn["units"][1].endswith("UTC"), path
    assert len(drawn["up"]) >= 2, path
    assert drawn["across"], path
    assert drawn["titled"], f"{path}: a mark of {drawn['id']} says nothing"
    assert drawn["rows"] >= 1, path
    assert drawn["heads"][0 if drawn["blocks"] else 1] == drawn["units"][1], path
    assert drawn["rows"] == drawn["marks"] or drawn["blocks"], "the table has what was drawn"
    is_uncertain = drawn["id"] in _UNCERTAIN
    assert ("95 % interval" in drawn["heads"]) == is_uncertain, f"{path}: {drawn['id']}"
    assert not is_uncertain or drawn["whiskers"] == drawn["marks"], path


async def test_every_page_asks_and_answers_and_every_chart_says_what_it_shows_with_units_intervals_and_a_table(
    site: Site, opened: Opened
) -> None:
    charts, whiskers = {}, 0
    async with opened() as window:
        for path in _pages(site)[:-1]:
            page = await window.open(path)
            headings = await page.locator("h1").all_inner_texts()
            assert len(headings) == 1, path
            assert headings[0].endswith("?"), path
            assert await page.locator("p.answer").count() == 1, path
            for drawn in await page.evaluate(_DRAWINGS):
                if drawn["kind"] == "whisker":
                    _check_whisker(drawn, path)
                    whiskers += not drawn["is_axis"]
                else:
                    _check_chart(drawn, path)
                    charts[drawn["id"]] = drawn
        assert window.wrong == []
    assert charts.keys() >= _UNCERTAIN | {"spent-says", "hours-says", "cost-says", "failures-says"}
    assert re.fullmatch(r"\d\d:00", charts["hours-says"]["across"][0]), "hours of one day are told apart"
    assert whiskers >= 3


async def test_every_link_of_every_page_leads_somewhere(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.key}"}
    async with aiohttp.ClientSession(site.url, headers=headers) as session:

        async def fetch(path: str) -> tuple[int, str]:
            async with session.get(path, headers={"Accept": "text/html"}) as response:
                return response.status, await response.text() if response.content_type == "text/html" else ""

        known, broken = {}, {}
        for path in _pages(site)[:-1]:
            status, text = await fetch(path)
            assert status == 200, path
            for link in set(re.findall(r'(?:href|src)="(/[^"]*)"', text)):
                known.setdefault(unescape(link), path)
        known = {link: path for link, path in known.items() if not link.endswith("/live") and "/live?" not in link}
        assert len(known) > 100
        for link, path in known.items():
            async with session.get(link, headers={"Accept": "*/*"}) as response:
                if response.status >= 400:
                    broken[link] = (response.status, path)
    assert broken == {}


async def test_the_keyboard_reaches_everything_and_walks_through_the_grid(site: Site, opened: Opened) -> None:
    async with opened() as window:
        page = await window.open(f"/simulations/{site.ids['v2']}")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "Skip to the page"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"

        label = "document.activeElement.getAttribute('aria-label')"
        await page.locator("table.grid a.cell").first.focus()
        assert await page.evaluate(label) == "refund_late, trial 1: passed"
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        assert await page.evaluate(label) == "refund_twice, trial 3: did not pass, fault of the agent"
        await page.keyboard.press("Home")
        assert await page.evaluate(label) == "refund_twice, trial 1: passed"
        stops = await page.locator("table.grid td > [tabindex='0']").count()
        assert stops == 1, "the grid is one stop of the tab key"
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/outcomes/*")
        assert await page.locator("h1").inner_text() == "What happened in refund_twice, trial 1?"


async def test_a_theme_is_chosen_and_stays_chosen(site: Site, opened: Opened) -> None:
    async with opened() as window:
        page = await window.open("/tools")
        background = "getComputedStyle(document.body).backgroundColor"
        light = await page.evaluate(background)
        button = page.locator("#theme")
        await button.click()
        await button.click()
        assert await button.inner_text() == "Theme: dark"
        dark = await page.evaluate(background)
        assert dark != light
        await window.open("/cost")
        assert await page.evaluate(background) == dark


async def test_filters_change_the_list_and_the_address_and_nothing_else(site: Site, opened: Opened) -> None:
    async with opened() as window:
        page = await window.open("/simulations")
        assert await page.locator("#list tbody tr").count() >= 2
        await page.evaluate("window.same = true")
        await page.select_option("select[name=status]", "failed")
        await page.wait_for_url("**status=failed**")
        await page.locator("#list", has_text="Nothing here.").wait_for()
        assert await page.evaluate("window.same"), "the page was not loaded anew"
        await page.go_back()
        await page.locator("#list", has_text="support-agent@v2").wait_for()


async def test_the_dashboard_works_without_scripts(site: Site, browser: object) -> None:
    context = await browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    try:
        page = await context.new_page()
        await page.goto(f"{site.url}/compare")
        assert page.url.endswith("/sign-in?next=%2Fcompare")
        await page.fill("input[name=key]", site.key)
        await page.click("text=Sign in with the key")
        assert page.url.endswith("/compare")
        await page.click("text=support-agent@v1 → support-agent@v2")
        assert (
            await page.locator(".verdict").inner_text() == "BETTER"
            or "ENOUGH" in await page.locator(".verdict").inner_text()
        )
    finally:
        await context.close()
