"""Routes that are called directly answer as they do when FastAPI calls them."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx
import pytest

from guildhall.api import House, create_api
from guildhall.api.frame.dispatch import Dispatch
from guildhall.api.frame.routes import Route
from guildhall.app.doorkeeper import Doorkeeper
from guildhall.app.wiring import App
from guildhall.settings import Settings

_BEHIND = "/behind"
"""Below a root path FastAPI finds the route and calls it."""

_MADE = {"content-length", "x-request-id"}


@pytest.fixture
async def application(served, tmp_path):
    settings = Settings(database_url=served.application_url, pooler="none", data_dir=tmp_path)
    async with App.open(settings) as app:
        house = House(app, Doorkeeper(app.database))

        @asynccontextmanager
        async def opened():
            yield house

        application = create_api(opened, settings)
        application.state.house = house
        yield application


def _client(application, *, key, behind=False):
    transport = httpx.ASGITransport(application, root_path=_BEHIND if behind else "")
    base = f"http://guildhall.test{_BEHIND if behind else ''}"
    return httpx.AsyncClient(transport=transport, base_url=base, headers={"Authorization": f"Bearer {key}"})


async def test_every_route_that_reads_no_json_is_called_directly(application):
    routes = [each for each in application.routes if isinstance(each, Route)]
    assert len(routes) > 50
    assert [each.name for each in routes if each.direct is None and each.body_field is None] == []
    assert any(layer.cls is Dispatch for layer in application.user_middleware)


_REQUESTS = [
    ("GET", "/health"),
    ("GET", "/v1/evaluation/simulations?limit=5&status=completed&status=failed"),
    ("GET", "/v1/evaluation/simulations?limit=0&sort=colour&created_after=yesterday"),
    ("GET", "/v1/evaluation/simulations?bogus=1"),
    ("GET", "/v1/evaluation/simulations?config=%00"),
    ("GET", "/v1/evaluation/simulations?format=csv"),
    ("GET", "/v1/evaluation/simulations/@latest"),
    ("GET", "/v1/evaluation/simulations/a%00b"),
    ("GET", f"/v1/evaluation/simulations/{'x' * 301}"),
    ("GET", "/v1/evaluation/outcomes/0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
    ("GET", "/v1/evaluation/outcomes/nonsense"),
    ("GET", "/v1/evaluation/outcomes/a%2Fb"),
    ("GET", "/v1/evaluation/outcomes/"),
    ("POST", "/v1/evaluation/simulations/@latest/completion"),
    ("DELETE", "/v1/platform/invitations/nonsense"),
    ("DELETE", "/v1/platform/invitations/0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
    ("GET", "/nowhere"),
]


@pytest.mark.parametrize("who", ["pottery/owner", "pottery/viewer", None])
async def test_what_is_called_directly_answers_the_same(served, application, who):
    """All requests of one caller to one application: making one takes a second."""
    key = "" if who is None else served.keys[who]
    async with _client(application, key=key) as directly, _client(application, key=key, behind=True) as usually:
        for method, path in _REQUESTS:
            if method == "POST":
                await usually.request(method, path)  # what can be done once is done, so that both are told the same
            direct, usual = await directly.request(method, path), await usually.request(method, path)
            assert direct.status_code == usual.status_code, path
            assert _headers(direct) == _headers(usual), path
            assert _said(direct) == _said(usual), path


def _headers(answer):
    return sorted((name, value) for name, value in answer.headers.multi_items() if name not in _MADE)


def _said(answer):
    """What an answer says, but for the request's id and the path that it was found at."""
    return answer.text.replace(answer.headers["x-request-id"], "").replace(_BEHIND, "")
