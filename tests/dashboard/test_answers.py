"""What the dashboard answers: its headers, its files, its exports, and figures that agree with the API's."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from html.parser import HTMLParser

import aiohttp
import pytest

from fixtures.browser import Site
from fixtures.trials import pair_under_way
from guildhall.app import stopping
from guildhall.domains.platform import identity

pytestmark = pytest.mark.asyncio(loop_scope="session")


class _Tags(HTMLParser):
    """The tags of a page that hold a script or a style themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.inline.append(tag)
        self.inline += [name for name in names if name == "style" or name.startswith(("on", "hx-on"))]


@pytest.fixture
def headers(site: Site) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.key}"}


async def test_the_policy_lets_nothing_in_but_what_the_server_ships(site: Site, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(site.url, headers=headers) as session:
        for path in ("/", f"/outcomes/{site.outcomes['v1', 'refund_late', 1]}", "/sign-in", "/simulations/nowhere"):
            async with session.get(path) as response:
                text = await response.text()
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "*" not in policy
                assert response.headers["Referrer-Policy"] == "same-origin"
                assert response.headers["X-Frame-Options"] == "DENY"
                assert response.headers["Cache-Control"] == "no-store"
            tags = _Tags()
            tags.feed(text)
            assert tags.inline == [], path


async def test_files_are_kept_for_good_under_the_name_of_what_is_in_them(site: Site) -> None:
    async with aiohttp.ClientSession(site.url) as session:
        async with session.get("/sign-in") as response:
            found = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', await response.text()))
        assert len(found) == 6
        scripts = 0
        for path in found:
            async with session.get(path) as response:
                content = await response.read()
                assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
                scripts += len(gzip.compress(content)) if path.endswith(".js") else 0
            other = re.sub(r"/static/[0-9a-f]+/", "/static/0000000000000000/", path)
            async with session.get(other) as response:
                assert response.status == 404
        assert scripts < 40_000, "all scripts together, as they are sent"
        async with session.get("/static/../pages/home.py") as response:
            assert response.status in (401, 404)


async def test_short_lists_are_sorted_filtered_and_exported_by_their_address(
    site: Site, headers: dict[str, str]
) -> None:
    async with aiohttp.ClientSession(site.url, headers=headers) as session:

        async def rows(path: str) -> list[dict[str, str]]:
            async with session.get(path) as response:
                assert response.content_type == "text/csv"
                return list(csv.DictReader(io.StringIO(await response.text())))

        by_score = await rows("/scenarios?suite=shop&sort=score&format=csv")
        scores = [float(each["score"]) for each in by_score if each["score"]]
        assert scores == sorted(scores)
        assert len(scores) == 8
        assert [each["scenario_id"] for each in await rows("/scenarios?q=SWAP&format=csv")] == ["swap_address"]
        down = await rows("/scenarios?suite=shop&sort=-disagreement&format=csv")
        # Of three trials of which one passed, two of three pairs end differently; the latest simulations are these two.
        disagreement = {each["scenario_id"]: float(each["disagreement"]) for each in down if each["disagreement"]}
        assert disagreement["bulk_cancel"] == pytest.approx((2 / 3 + 0) / 2)
        assert disagreement["gift_card"] == 0

        async with session.get("/tools?format=json") as response:
            (tool,) = [each for each in (await response.json())["items"] if each["tool_name"] == "look_up"]
        assert tool["calls"] >= 2 * 2 * 24
        assert tool["errors"] >= 9

        base = f"/compare?baseline={site.ids['v1']}&candidate={site.ids['v2']}"
        changes = await rows(f"{base}&format=csv")
        assert changes[0]["scenario_id"] == "swap_address", "what got worse comes first"
        assert float(changes[0]["change"]) == pytest.approx(-1 / 3)


async def test_a_comparison_says_what_the_api_says(site: Site, headers: dict[str, str]) -> None:
    query = f"?baseline={site.ids['v1']}&candidate={site.ids['v2']}"
    async with aiohttp.ClientSession(site.url, headers=headers) as session:
        async with session.get(f"/v1/evaluation/comparisons{query}") as response:
            told = json.loads(await response.text())
        async with session.get(f"/compare{query}") as response:
            text = await response.text()
    assert f'<span class="word">{told["verdict"]}</span>' in text
    points = f"{told['difference'] * 100:+.0f}"
    assert f"changed by {points} points" in text
    up, down = (sum(1 for each in told["scenarios"] if sign * each["change"] > 0) for sign in (1, -1))
    assert f"{up} up" in text
    assert f"{down} down" in text


async def test_a_comparison_that_was_stopped_early_says_so_before_its_verdict(site: Site) -> None:
    who, names = "smithy/member", [f"stopped_{n:02}" for n in range(12)]
    async with site.database() as database, database.transaction(site.served.people[who]) as tx:
        ids = await pair_under_way(tx, names, lambda is_candidate, number, trial: is_candidate, rounds=2)
        assert await stopping.end_if_decided(tx, *ids) is not None
    headers = {"Authorization": f"Bearer {site.served.keys[who]}"}
    address = f"{site.url}/compare?baseline={ids[0]}&candidate={ids[1]}"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(address) as response:
        text = await response.text()
    said, _, verdict = text.partition('<span class="word">')
    assert verdict
    for each in ("Stopped early: ", "Decided at look 2 of 10; saved 192 trials", "fixed beforehand, which it was not"):
        assert each in said, each


async def test_two_trials_that_ended_differently_are_shown_side_by_side(site: Site, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(site.url, headers=headers) as session:
        path = f"/compare/{site.ids['v1']}/{site.ids['v2']}/swap_address"
        async with session.get(path) as response:
            text = await response.text()
        one, two = site.outcomes["v1", "swap_address", 1], site.outcomes["v2", "swap_address", 1]
        assert response.url.path == f"/outcomes/{one}/beside/{two}"
    assert "They part at step 4, after 3 that are the same" in text
    assert text.count("Here they part") == 1


async def test_a_call_tells_how_models_decided_and_leads_to_its_trial_and_its_session(
    site: Site, headers: dict[str, str]
) -> None:
    call, session, trial = site.ids["voted call"], site.ids["session"], site.outcomes["v2", "swap_address", 1]
    async with aiohttp.ClientSession(site.url, headers=headers) as client:

        async def text(path: str) -> str:
            async with client.get(path) as answer:
                assert answer.status == 200, (path, await answer.text())
                return await answer.text()

        page = await text(f"/requests/{call}")
        assert "The ensemble three (weighted, counted by weighted) had 2 ballots of 3; B was chosen" in page
        assert "It was over because the rest could not change it any more." in page
        assert page.count("<strong>(chosen)</strong>") == 1
        assert "✕ failed: upstream_timeout" in page
        assert "plurality A = B" in page
        assert "12 + 5 tokens" in page
        assert f'by the judge for <a href="/outcomes/{trial}">' in page
        assert f'href="/requests?outcome_id={trial}"' in await text(f"/outcomes/{trial}")
        assert "How the models decided" not in await text(f"/requests/{site.ids['call']}")

        # A filter of the address is said, and goes along with the form.
        listed = await text(f"/requests?session_id={session}&status=completed")
        assert listed.count('<th scope="row">') == 1
        assert f'<input type="hidden" name="session_id" value="{session}">' in listed
        assert f'<a href="/conversations/{session}">in one session</a>' in listed
        assert '<th scope="row">' not in await text(f"/requests?session_id={session}&role=agent")

        one = await text(f"/conversations/{session}")
        assert "&#34;city&#34;: &#34;Oslo&#34;" in one
        assert f"/requests/{call}" in one
        assert "after 2 calls." in one, "one of two is here, so that no sum is said"
        found = json.loads(await text(f"/v1/gateway/sessions/{session}"))
        assert ([each["id"] for each in found["calls"]], found["context"]) == ([str(call)], {"city": "Oslo"})
        vote = json.loads(await text(f"/v1/gateway/requests/{call}"))["vote"]
        assert (vote["winner"], vote["confidence"], len(vote["ballots"])) == ("B", 0.6667, 3)
        assert "trip to Oslo" in await text("/v1/gateway/sessions?q=oslo&status=active&format=csv")

        form = {"Origin": site.url, "Content-Type": "application/x-www-form-urlencoded"}
        async with site.database() as database, database.transaction(site.actor) as tx:
            other = (await identity.use_conversation(tx, "over soon")).id
        async with client.post(f"/conversations/{other}/end", headers=form) as answer:
            assert "It was ended, after 1 call." in await answer.text()
        async with client.post("/sessions/end", data={"session": "none"}, headers={"Origin": site.url}) as answer:
            assert (answer.status, 'href="/sessions"' in await answer.text()) == (404, True)


async def test_the_cost_of_what_nobody_priced_is_unknown_and_said_so(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.key}"}
    async with (
        aiohttp.ClientSession(site.url, headers=headers) as session,
        session.get("/cost?format=json") as response,
    ):
        (model,) = [each for each in (await response.json())["items"] if each["model"] == "small-model"]
    assert model["unpriced"] == 0
    assert model["cost"] == pytest.approx(0.002 * model["executions"])
