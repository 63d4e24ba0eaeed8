"""Pure parts of the gateway: cutting streams, packing, prices, routes, addresses, breakers."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import nullcontext
from decimal import Decimal
from itertools import pairwise
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall import clock
from guildhall.adapters.upstreams import FACES, Asked, AskedWrong, Said, read_said
from guildhall.adapters.upstreams.events import Splitter
from guildhall.algorithms.breaker import Breaker
from guildhall.app.gateway import bounds
from guildhall.domains.catalogue.pricing import Price, Rates, cost, most
from guildhall.domains.gateway import providers
from guildhall.domains.gateway.budgets.rules import charged
from guildhall.domains.gateway.budgets.types import Budget
from guildhall.domains.gateway.providers import Account, Health, Options, Route, Standing, Wire
from guildhall.domains.gateway.requests import pack_list, pack_object
from guildhall.domains.gateway.requests.rules import unpack

EVENTS = [b"data: one", b"event: x\ndata: two", b"data: three\ndata: four", b": a comment", b"data:five"]
DATA = [b"one", b"two", b"three\nfour", b"five"]


@given(st.lists(st.integers(0, 80), max_size=12), st.sampled_from([b"\n", b"\r\n"]))
def test_a_stream_is_cut_into_the_same_events_whatever_pieces_it_comes_in(cuts: list[int], line: bytes) -> None:
    whole = b"".join(each.replace(b"\n", line) + line * 2 for each in EVENTS)
    places = sorted({0, len(whole), *(min(each, len(whole)) for each in cuts)})
    splitter = Splitter()
    found = [event.data for a, b in pairwise(places) for event in splitter.feed(whole[a:b])]
    assert found == DATA
    assert splitter.rest.strip() == b""


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=2000),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "system"]), "content": _json}), max_size=6))
def test_what_is_packed_comes_back_and_its_row_stays_short(messages: list[object]) -> None:
    packed = pack_list(messages)
    bodies = {each.sha256: each.content for each in packed.bodies}
    assert unpack(orjson.loads(packed.text), bodies) == messages
    assert len(packed.text) <= 1026 * max(1, len(messages))


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=5), _json, max_size=6))
def test_parameters_that_are_packed_come_back(params: dict[str, object]) -> None:
    packed = pack_object(params)
    assert unpack(orjson.loads(packed.text), {each.sha256: each.content for each in packed.bodies}) == params


_rate = st.decimals(0, 1000, places=4)
_tiers = st.lists(
    st.builds(Rates, st.integers(1, 5000), _rate, _rate, _rate | st.none(), _rate | st.none(), _rate | st.none()),
    max_size=3,
)


@given(
    st.builds(Rates, st.just(0), _rate, _rate, _rate | st.none(), _rate | st.none(), _rate | st.none()),
    _tiers,
    st.data(),
)
def test_no_call_costs_more_than_the_most_that_it_could(base: Rates, tiers: list[Rates], data: st.DataObject) -> None:
    price = Price([base, *tiers])
    bound, limit = data.draw(st.integers(0, 10_000)), data.draw(st.integers(0, 10_000))
    prompt, completion = data.draw(st.integers(0, bound)), data.draw(st.integers(0, limit))
    parts = {name: data.draw(st.integers(0, 10_000)) for name in ("cached", "cache_written", "reasoning")}
    found = cost(price, prompt=prompt, completion=completion, **parts)
    worst = most(price, prompt=bound, completion=limit)
    assert found is not None
    assert worst is not None
    assert found <= worst


def test_an_unknown_rate_makes_an_unknown_price_where_it_is_needed() -> None:
    price = Price([Rates(0, Decimal(1), None)])
    assert cost(price, prompt=1_000_000, completion=0) == 1
    assert cost(price, prompt=1, completion=1) is None
    assert most(price, prompt=1, completion=1) is None
    assert most(price, prompt=1_000_000, completion=0) == 1


def account(name: str, **given: object) -> Account:
    values: dict[str, object] = {
        "id": uuid4(),
        "tenant_id": uuid4(),
        "name": name,
        "type": "openai",
        "wire": Wire.OPENAI,
        "base_url": "https://x/v1",
        "model": None,
        "weight": 1.0,
        "enabled": True,
        "options": Options(models={"m": "m"}),
        "has_key": False,
        "health_status": Health.UNKNOWN,
        "response_time_ms": None,
        "created_at": clock.now(),
        **given,
    }
    return Account(**values)  # type: ignore[arg-type]


def test_a_model_is_served_by_who_names_it_then_by_the_account_named_then_by_who_lets_all_through() -> None:
    named = account("named", options=Options(models={"gpt": "gpt-5-2026"}))
    anything = account("any", options=Options(models={"*": "*"}))
    default = account("default", model="llama")
    off = account("off", options=Options(models={"gpt": "x"}), enabled=False)
    everyone = [named, anything, default, off]

    def to(model: str) -> list[tuple[str, str]]:
        return [(each.account.name, each.model) for each in providers.routes_to(everyone, model)]

    assert to("gpt") == [("named", "gpt-5-2026")]
    assert to("any/gpt") == [("any", "gpt")]
    assert to("default/llama") == [("default", "llama")]
    assert to("vendor/model") == [("any", "vendor/model")]
    assert to("*") == [("any", "*")]
    assert providers.served(everyone) == ["gpt", "llama", "m"]


def test_equals_share_by_weight_and_the_slow_get_less() -> None:
    heavy, light, last = account("heavy", weight=3.0), account("light"), account("last", weight=0.0)
    routes = [Route(each, "m") for each in (light, heavy, last)]
    chance = random.Random(7).random
    first = Counter(providers.in_turn(routes, {}, chance)[0][0].account.name for _ in range(4000))
    assert first["heavy"] / 4000 == pytest.approx(0.75, abs=0.03)
    assert first["last"] == 0
    slow = {heavy.id: Standing(latency_ms=300.0), light.id: Standing(latency_ms=100.0)}
    first = Counter(providers.in_turn(routes, slow, chance)[0][0].account.name for _ in range(4000))
    assert first["heavy"] / 4000 == pytest.approx(0.5, abs=0.03)


def test_priorities_come_one_after_the_other_and_who_rests_or_is_full_is_left_out() -> None:
    first, second = account("first", weight=0.1), account("second", options=Options(priority=1))
    full = account("full", options=Options(concurrent=2))
    standings = {full.id: Standing(in_flight=2)}
    routes = [Route(each, "m") for each in (second, full, first)]
    may, not_now = providers.in_turn(routes, standings, random.Random(1).random)
    assert [each.account.name for each in may] == ["first", "second"]
    assert [each.account.name for each in not_now] == ["full"]
    may, _ = providers.in_turn(routes, {**standings, first.id: Standing(may_try=False)}, random.Random(1).random)
    assert [each.account.name for each in may] == ["second"]


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:127.0.0.1", "2002:7f00:1::", "ff02::1", "no address"),
        *("64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "::a9fe:a9fe", "fec0::1", "168.63.129.16"),
    ],
)
def test_addresses_that_nothing_is_sent_to(address: str) -> None:
    assert not providers.is_open_to(address, [])


def test_addresses_that_are_public_or_allowed() -> None:
    assert providers.is_open_to("8.8.8.8", [])
    assert providers.is_open_to("2606:4700::1111", [])
    assert providers.is_open_to("64:ff9b::808:808", [])  # 8.8.8.8, where a network has IPv6 alone
    assert providers.is_open_to("10.1.2.3", providers.read_networks(["10.0.0.0/8"]))
    assert not providers.is_open_to("10.1.2.3", providers.read_networks(["10.2.0.0/16"]))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/v1",
        "http://[::1]/v1",
        "http://localhost:9/v1",
        "https://169.254.169.254",
        "http://a.localhost",
        "http://localhost./v1",
    ],
)
def test_urls_of_this_machine_are_refused(url: str) -> None:
    with pytest.raises(providers.AddressRefused):
        providers.check_url(url, [])


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "https://", "https://u:p@x", "https://x?key=1", "https://x#a", "http://[bad"]
)
def test_urls_that_are_none_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(providers.AccountRefused) as caught:
        providers.check_url(url, [])
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("behind", ["?api-version=2024-10-21", "?", "#a", "?key=hunter2#a"])
def test_addresses_with_a_query_are_refused_with_what_to_write_instead(behind: str) -> None:
    """Paths are added at their end, where a query would swallow them."""
    with pytest.raises(providers.AccountRefused, match=r"base_url is .* without a query") as caught:
        providers.check_url(f"https://acme.openai.azure.com/openai{behind}", [])
    assert "hunter2" not in str(caught.value)
    assert "openai.azure.com/openai/v1" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "1.2.3.4.5",
        "example.0x",
        "127.0.0.0x1",
    ],
)
def test_addresses_that_only_resolvers_read_are_refused(host: str) -> None:
    """Whatever networks are allowed, as what is looked at would not be what is called."""
    with pytest.raises(providers.AccountRefused, match="four decimal numbers"):
        providers.check_url(f"http://{host}:8000/v1", providers.read_networks(["127.0.0.0/8"]))
    assert providers.check_url("http://127.0.0.1:8000/v1/", providers.read_networks(["127.0.0.0/8"]))
    assert providers.check_url("https://v1.api.example.com/0x7f", [])


def test_a_breaker_opens_lets_one_try_and_doubles_its_rest() -> None:
    breaker = Breaker(threshold=2)
    breaker.failed(0)
    assert breaker.allows(0)
    breaker.failed(0)
    assert not breaker.allows(1999)
    assert breaker.allows(2000)
    breaker.begin(2000)
    assert not breaker.allows(2000)  # one at a time
    breaker.failed(2000)
    assert not breaker.allows(5999)
    breaker.begin(6000)
    breaker.left()  # whoever tried has found out nothing
    assert breaker.allows(6000)
    breaker.begin(6000)
    breaker.succeeded()
    assert (breaker.allows(6000), breaker.is_open, breaker.failures) == (True, False, 0)
    breaker.asked_to_wait(6000, 3600)
    assert not breaker.allows(65_999)
    assert breaker.allows(66_000)  # no more than a minute is believed


def test_a_model_s_budget_is_charged_by_whatever_name_it_is_called() -> None:
    budget = Budget(
        uuid4(), "b", None, None, "gpt-5", "day", Decimal(1), None, True, clock.now(), clock.now().date(), Decimal(0), Decimal(0)
    )  # fmt: skip
    assert charged([budget], uuid4(), None, {"openai/gpt-5", "gpt-5"}) == [budget]
    assert charged([budget], uuid4(), None, {"gpt-5-mini"}) == []


@pytest.mark.parametrize("field", ["body", "messages", "messages.content", "prompt", "input"])
def test_what_people_wrote_is_in_no_message(field: str) -> None:
    for value in ("my secret", ["my secret"], {"text": "my secret"}):
        refused = AskedWrong(field, value, "something else")
        assert "my secret" not in str(refused.as_json())
        assert field in refused.message
    assert "'my model'" in AskedWrong("model", "my model", "another").message


def _asked(face: str, **body: object) -> Asked:
    return Asked.read(FACES[face], orjson.dumps({"model": "m", **body}))


@pytest.mark.parametrize(
    ("face", "body", "answers"),
    [
        ("completions", {"prompt": "a"}, 1),
        ("completions", {"prompt": "a", "n": 2, "best_of": 5}, 5),
        ("completions", {"prompt": ["a", "b", "c"], "n": 2}, 6),
        ("completions", {"prompt": [1, 2, 3], "n": 2}, 2),
        ("completions", {"prompt": [[1, 2], [3]]}, 2),
        ("chat", {"messages": [{"role": "user", "content": "a"}], "n": 3}, 3),
    ],
)
def test_every_answer_that_a_provider_makes_is_counted(face: str, body: dict[str, object], answers: int) -> None:
    asked = _asked(face, max_tokens=10, **body)
    assert (asked.answers, asked.most_output_tokens) == (answers, 10 * answers)


_LONG = "QUJD" * 1000
_TOOL = {"type": "function", "name": "read", "parameters": {"properties": {"file": {}, "document": {}}}}


@pytest.mark.parametrize(
    ("face", "body", "names_more"),
    [
        ("responses", {"input": "a", "previous_response_id": "resp_1"}, True),
        ("responses", {"input": "a", "prompt": {"id": "pmpt_1"}}, True),
        ("responses", {"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "x"}]}]}, True),
        ("responses", {"input": [{"type": "function_call_output", "output": [{"type": "input_file"}]}]}, True),
        ("responses", {"input": "file", "tools": [_TOOL]}, False),
        ("chat", {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": _LONG}}]}]}, True),
        (
            "messages",
            {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "base64"}}]}]},
            True,
        ),
        (
            "messages",
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [{"type": "document"}]}]}]},
            True,
        ),
        (
            "messages",
            {
                "messages": [
                    {"role": "user", "content": [{"type": "document", "source": {"type": "text", "data": _LONG}}]}
                ]
            },
            False,
        ),
        (
            "messages",
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {"file_id": "f"}}]}]},
            True,
        ),
    ],
)
def test_what_a_body_only_names_is_as_long_as_models_take(face: str, body: dict[str, object], names_more: bool) -> None:
    asked = _asked(face, **body)
    bound = bounds.prompt_tokens(asked)
    assert bound[1] is names_more
    route = Route(account("a"), "m")
    assert bounds.most_prompt_tokens(bound, route) == (1_000_000 if names_more else len(asked.raw))


def test_an_answer_whose_parts_are_of_other_kinds_says_nothing() -> None:
    for delta in ({"tool_calls": 7}, {"tool_calls": [{"index": [], "function": {}}]}):
        event = orjson.dumps({"choices": [{"delta": delta}]})
        assert read_said("chat", b"data: " + event + b"\n\n", is_streamed=True) == Said()


def test_what_is_inline_counts_as_an_image_or_a_document_and_what_is_heard_by_its_bytes() -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_LONG}"}}
    sound = {"type": "input_audio", "input_audio": {"data": _LONG}}
    seen = _asked("chat", messages=[{"role": "user", "content": [image]}])
    assert bounds.prompt_tokens(seen)[0] < 2 * bounds.IMAGE_TOKENS + 500
    both = _asked("chat", messages=[{"role": "user", "content": [image, sound]}])
    assert bounds.prompt_tokens(both)[0] >= len(both.raw)
    text = {"type": "text", "text": "a" * 50_000}
    shown = _asked("chat", messages=[{"role": "user", "content": [text, image]}])
    assert bounds.prompt_tokens(shown)[0] >= 50_000 + bounds.IMAGE_TOKENS  # a text is none, whatever it looks like
    linked = _asked("chat", messages=[{"role": "user", "content": [{**image, "image_url": "http://x/y"}]}])
    hidden = Asked.read(FACES["chat"], linked.raw.replace(b"image_url", b"\\u0069mage_url"))
    assert bounds.prompt_tokens(hidden)[0] > bounds.IMAGE_TOKENS


@pytest.mark.parametrize(
    ("face", "given", "refused"),
    [
        ("responses", {"tools": [{"type": "web_search_preview"}]}, True),
        ("responses", {"tools": [{"type": "mcp", "server_url": "x"}]}, True),
        ("responses", {"tools": [_TOOL]}, False),
        ("messages", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, True),
        ("messages", {"tools": [{"type": "bash_20250124", "name": "bash"}]}, False),
        ("responses", {"tools": [{"type": "computer_use_preview"}]}, False),
        ("chat", {"tools": [{"type": "browser_search"}]}, True),
        ("messages", {"mcp_servers": [{"url": "x"}]}, True),
        ("chat", {"web_search_options": {"search_context_size": "low"}}, True),
    ],
)
def test_a_providers_own_tools_have_no_bound(face: str, given: dict[str, object], refused: bool) -> None:
    said = {"input": "a"} if face == "responses" else {"messages": [{"role": "user", "content": "a"}]}
    asked = _asked(face, **said, **given)
    with pytest.raises(AskedWrong, match="the budget 'team' is a hard one") if refused else nullcontext():
        bounds.require_bounds(asked, "team")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"service_tier": "priority"}, "service_tier is 'priority', expected one of auto, default, flex"),
        ({"service_tier": ["flex"]}, "service_tier is"),
        ({"service_tier": "flex"}, None),
        ({"service_tier": None}, None),
        ({"models": ["a", "b"]}, "models is .* expected one model"),
        ({"models": []}, None),
        ({"preset": "best"}, "preset is 'best'"),
        (
            {"system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
            "cache_control.ttl is '1h'",
        ),
        ({"tools": [{**_TOOL, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, "expected 5m: the budget 'team'"),
        ({"cache_control": {"type": "ephemeral", "ttl": "5m"}}, None),
        ({"cache_control": {"type": "ephemeral"}, "metadata": {"ttl": "1h"}}, None),
        ({"model": "acme/m:online"}, "model is 'acme/m:online', expected acme/m: the budget 'team' is a hard one"),
        ({"model": "acme/m:free"}, None),
    ],
)
def test_what_has_another_price_than_is_known_is_refused(given: dict[str, object], says: str | None) -> None:
    model = str(given.get("model", "m"))
    asked = _asked("messages", **{"max_tokens": 5, "messages": [{"role": "user", "content": "a"}], **given})
    route = Route(account("a", type="openrouter"), model)
    with pytest.raises(AskedWrong, match=says) if says else nullcontext():
        bounds.require_bounds(asked, "team", [route])
    said = _asked("chat", messages=[{"role": "user", "content": "a"}])
    bounds.require_bounds(said, "team", [Route(account("a"), "m:online")])
