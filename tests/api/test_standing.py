"""What somebody may do changes while the server remembers them: over HTTP it counts at once."""

from __future__ import annotations

from uuid import uuid4

import aiohttp
import pytest

from fixtures.people import make_pottery
from guildhall.db import Actor, Database
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Role

_LIST = "/v1/evaluation/simulations"
_SAVE = "/v1/evaluation/scenarios"


@pytest.fixture
async def database(served):
    database = await Database.connect(served.database_url, size=2, pooled=False)
    yield database
    await database.close()


@pytest.fixture
async def team(database):
    return await make_pottery(database, f"pottery-{uuid4().hex[:8]}")


@pytest.fixture
async def viewer(served, database, team):
    """A session of requests with a key of the team's viewer."""
    async with database.transaction(Actor(identity.LOCAL.user_id, team.team_id)) as tx:
        key = await identity.create_key(tx, "wheel", user_id=team.viewer.user_id)
    async with aiohttp.ClientSession(served.url, headers={"Authorization": f"Bearer {key.text}"}) as session:
        yield session


async def _become(database, team, role):
    async with database.transaction(team.owner) as tx:
        viewer = next(each for each in await identity.list_members(tx) if each.user_id == team.viewer.user_id)
        await identity.change_role(tx, viewer.username, role)


async def _post(session):
    async with session.post(_SAVE, json={}) as response:
        return response.status, (await response.json())["error"]["code"]


async def test_who_may_write_from_now_on_writes_from_now_on(viewer, database, team):
    assert await _post(viewer) == (403, "not_permitted")
    await _become(database, team, Role.MEMBER)
    status, _ = await _post(viewer)
    assert status == 422  # let in, with a body that is no scenario


async def test_who_may_write_no_more_reads_on_and_writes_no_more(viewer, database, team):
    await _become(database, team, Role.MEMBER)
    async with viewer.get(_LIST) as response:
        assert response.status == 200
    await _become(database, team, Role.VIEWER)
    async with viewer.get(_LIST) as response:
        assert response.status == 200
    assert await _post(viewer) == (403, "not_permitted")


async def test_a_key_that_was_revoked_opens_nothing_over_http(viewer, database, team):
    async with viewer.get(_LIST) as response:
        assert response.status == 200
    async with database.transaction(team.viewer) as tx:
        await identity.revoke_key(tx, "wheel")
    for _ in range(2):
        async with viewer.get(_LIST) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (401, "api_key_refused")
