"""The rate of an API key: how many requests it may make in an hour, and what it is told."""

from __future__ import annotations

from uuid import uuid4

LIST = "/v1/evaluation/simulations"


async def key_with(client, rate: int | None) -> dict[str, str]:
    status, made = await client.post("/v1/platform/keys", json={"name": f"key-{uuid4().hex[:8]}", "rate_limit": rate})
    assert status == 201
    return {"Authorization": f"Bearer {made['key']}"}


async def test_a_key_makes_as_many_requests_as_it_may_and_is_told_how_many_are_left(client_of):
    headers = await key_with(client_of("pottery/member"), 3)
    nobody = client_of("")
    for left in (2, 1, 0):
        async with nobody.session.get(LIST, headers=headers) as response:
            assert response.status == 200
            assert response.headers["RateLimit-Policy"] == '"key";q=3;w=3600'
            assert response.headers["RateLimit"].startswith(f'"key";r={left};t=')
    async with nobody.session.get(LIST, headers=headers) as response:
        assert response.status == 429
        assert 1000 < int(response.headers["Retry-After"]) <= 1200
        assert (await response.json())["error"]["code"] == "rate_limit_exceeded"
    assert (await client_of("pottery/member").get(LIST))[0] == 200


async def test_a_key_without_a_rate_is_told_of_none(client_of):
    async with client_of("pottery/member").session.get(LIST) as response:
        assert "RateLimit" not in response.headers
