"""Signing in and out: by key, by password, by a link that works once; and what other sites' pages cannot do."""

from __future__ import annotations

import time
from datetime import timedelta

import aiohttp
import asyncpg
import pytest

from fixtures.browser import HOSTILE, Opened, Site
from fixtures.people import PASSWORD, make_person
from guildhall.api.frame.visits import COOKIE
from guildhall.app.wiring import App
from guildhall.dashboard import make_link
from guildhall.dashboard.pages.signing_in import _inside
from guildhall.db import NOBODY
from guildhall.domains.platform import identity
from guildhall.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_whoever_has_a_key_gets_to_where_they_wanted_to_go(site: Site, opened: Opened) -> None:
    async with opened(who="") as window:
        page = await window.open("/scenarios?sort=name")
        assert await page.locator("h1").inner_text() == "Who are you?"
        await page.fill("input[name=key]", "gh_" + "0" * 32 + "_nothing")
        await page.click("text=Sign in with the key")
        assert "API key" in await page.locator("[role=alert]").inner_text()
        await page.fill("input[name=key]", site.key)
        await page.click("text=Sign in with the key")
        assert page.url == f"{site.url}/scenarios?sort=name"
        (cookie,) = await window.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Lax")
        await page.click("text=Sign out")
        assert page.url == f"{site.url}/sign-in"
        assert await window.context.cookies() == []
    async with site.database() as database, database.transaction(site.actor) as tx:
        assert await identity.authenticate_key(tx, site.key), "the key goes on; only this browser has forgotten it"


async def test_whoever_has_a_password_signs_in_and_their_session_ends_with_signing_out(
    site: Site, opened: Opened
) -> None:
    async with site.database() as database:
        await make_person(database, "agnes", password=PASSWORD)
    async with opened(who="") as window:
        page = await window.open("/sign-in")
        await page.fill("input[name=login]", "agnes")
        await page.fill("input[name=password]", "not this one")
        await page.click("text=Sign in >> nth=-1")
        assert "password" in await page.locator("[role=alert]").inner_text()
        await page.fill("input[name=password]", PASSWORD)
        await page.click("text=Sign in >> nth=-1")
        assert await page.locator("h1").inner_text() == "What needs me now?"
        (cookie,) = await window.context.cookies()
        assert cookie["value"].startswith("gs_"), "a session's token, which the database knows by its digest alone"
        assert cookie["expires"] > time.time() + 89 * 86_400, "the cookie outlives every end that moves with use"
        # Used an hour ago, and about to end: whoever looks again moves its end. Another process has no memory of it.
        async with site.database() as database:
            async with database.transaction(NOBODY) as tx:
                caller = await identity.authenticate_session(tx, cookie["value"])
            async with database.transaction(caller.actor) as tx:
                (listed,) = await identity.list_sessions(tx)
            assert listed.id == caller.session_id
            superuser = await asyncpg.connect(site.served.database_url)
            try:
                moved = "UPDATE platform.user_sessions SET last_activity = now() - interval '1 hour', expires_at = now() + interval '1 hour' WHERE id = $1"
                await superuser.execute(moved, listed.id)
            finally:
                await superuser.close()
            async with database.transaction(NOBODY) as tx:
                again = await identity.authenticate_session(tx, cookie["value"])
            assert again.expires_at is not None
            assert again.expires_at > listed.created_at + timedelta(days=13)
        # Signed in elsewhere, too: that one is seen here, and ended from here.
        headers = {"Origin": site.url, "User-Agent": HOSTILE[:20]}
        async with (
            aiohttp.ClientSession(site.url, headers=headers) as session,
            session.post("/sign-in", data={"login": "agnes", "password": PASSWORD}, allow_redirects=False) as response,
        ):
            elsewhere = response.cookies[COOKIE].value
        await page.click("text=Signed in")
        assert "2 sessions of yours go on; this one is one of them" in await page.locator("p.answer").inner_text()
        await page.locator("li", has_text="<img").get_by_role("button").click()
        await page.locator("p.answer", has_text="1 session of yours goes on").wait_for()
        async with (
            aiohttp.ClientSession(site.url, cookies={COOKIE: elsewhere}) as session,
            session.get("/", allow_redirects=False) as response,
        ):
            assert response.status == 303
        await page.click("text=Sign out")
    async with (
        aiohttp.ClientSession(site.url, cookies={COOKIE: cookie["value"]}) as session,
        session.get("/", allow_redirects=False) as response,
    ):
        assert (response.status, response.headers["Location"]) == (303, "/sign-in?next=%2F")


async def test_a_link_lets_in_once_and_what_it_gave_ends_with_signing_out(site: Site, tmp_path: object) -> None:
    settings = Settings(database_url=site.served.application_url, pooler="none", data_dir=tmp_path)  # type: ignore[arg-type]
    async with App.open(settings) as app:
        link = await make_link(app)
    async with aiohttp.ClientSession(site.url) as session:
        async with session.get(link, params={"next": "/compare"}, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/compare")
            token = response.cookies[COOKIE].value
        async with aiohttp.ClientSession(site.url) as other, other.get(link) as response:
            assert response.status == 404
            assert "lets nobody in any more" in await response.text()
        own = {COOKIE: token}
        async with session.get("/compare", cookies=own, allow_redirects=False) as response:
            assert response.status == 200
        headers = {"Origin": site.url, "Content-Type": "application/x-www-form-urlencoded"}
        async with session.post("/sign-out", cookies=own, headers=headers, allow_redirects=False) as response:
            assert response.status == 303
        async with (
            aiohttp.ClientSession(site.url, cookies=own) as again,
            again.get("/compare", allow_redirects=False) as response,
        ):
            assert response.status == 303


@pytest.mark.parametrize("origin", [None, "null", "https://elsewhere.example", "http://127.0.0.1"])
@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/simulations/{v2}/cancellation", "/approvals/support-agent@v3/approval"]
)
async def test_a_form_of_another_site_does_nothing(site: Site, path: str, origin: str | None) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **({"Origin": origin} if origin else {})}
    async with aiohttp.ClientSession(site.url, cookies={COOKIE: site.key}) as session:
        where = path.format(v2=site.ids["v2"])
        async with session.post(where, headers=headers, data=f"key={site.key}", allow_redirects=False) as response:
            assert response.status == 403
            assert "another site" in await response.text()
            assert "Set-Cookie" not in response.headers


async def test_a_form_that_is_none_is_refused_with_a_page(site: Site) -> None:
    async with aiohttp.ClientSession(site.url) as session:
        for kind, body in (
            ("application/json", b"{}"),
            ("application/x-www-form-urlencoded", b"\xff"),
            ("", b"a" * 70_000),
        ):
            async with session.post(
                "/sign-in", headers={"Origin": site.url, "Content-Type": kind}, data=body
            ) as response:
                assert response.status == 422, kind
                assert response.content_type == "text/html"


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ("/compare?a=b", "/compare?a=b"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("https://elsewhere.example", "/"),
        ("/a\r\nSet-Cookie: b", "/"),
        ("", "/"),
    ],
)
async def test_nobody_is_led_to_another_site(wish: str, place: str) -> None:
    assert _inside(wish) == place


async def test_another_teams_things_are_not_there(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.served.keys['smithy/owner']}", "Accept": "text/html"}
    outcome = site.outcomes["v2", "refund_late", 1]
    paths = [
        f"/simulations/{site.ids['v2']}",
        f"/simulations/{site.ids['v2']}/live",
        f"/outcomes/{outcome}",
        f"/outcomes/{outcome}/steps/0",
        f"/outcomes/{outcome}/beside/{outcome}",
        f"/compare?baseline={site.ids['v1']}&candidate={site.ids['v2']}",
        f"/compare/{site.ids['v1']}/{site.ids['v2']}/refund_late",
        "/configurations/support-agent",
        "/configurations/support-agent/diff?before=1&after=2",
        "/scenarios/refund_late",
        f"/conversations/{site.ids['session']}",
        f"/requests/{site.ids['voted call']}",
    ]
    async with aiohttp.ClientSession(site.url, headers=headers) as session:
        for path in paths:
            async with session.get(path) as response:
                assert response.status == 404, path
        for path in (
            "/",
            "/simulations",
            "/compare",
            "/configurations",
            "/scenarios",
            "/failures",
            "/tools",
            "/cost",
            "/conversations",
            "/requests",
        ):
            async with session.get(path) as response:
                text = await response.text()
                assert response.status == 200
                assert "support-agent" not in text.replace("placeholder", ""), path
                assert "refund" not in text, path
                assert "Oslo" not in text, path
        form = {"Origin": site.url, "Content-Type": "application/x-www-form-urlencoded"}
        async with session.post(f"/simulations/{site.ids['v2']}/cancellation", headers=form) as response:
            assert response.status == 404


async def test_who_may_only_look_changes_nothing(site: Site) -> None:
    headers = {"Origin": site.url, "Content-Type": "application/x-www-form-urlencoded"}
    async with (
        aiohttp.ClientSession(site.url, cookies={COOKIE: site.served.keys["pottery/viewer"]}) as session,
        session.post(f"/simulations/{site.ids['v2']}/cancellation", headers=headers) as response,
    ):
        assert response.status == 403
        assert response.content_type == "text/html"
