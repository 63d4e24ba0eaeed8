"""The platform's routes: people, teams, keys, secrets, and the record of what they change."""

from __future__ import annotations

from itertools import count

import pytest

from fixtures.api import path_of
from fixtures.people import PASSWORD

P = "/v1/platform"
_numbers = count()


@pytest.fixture
async def person(client_of):
    """Somebody new with a team of their own and a password; the name is that of both."""
    name = f"person-{next(_numbers)}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    status, made = await client_of("local").post(f"{P}/users", json=body)
    assert (status, made["username"], made["teams"]) == (201, name, {name: "owner"})
    return name


@pytest.fixture
def signed_in(client_of, person):
    """Signs in as that person; gives a client with the session's token, and the session."""

    async def sign_in(**wanted):
        client = client_of("")
        status, session = await client.post(f"{P}/sessions", json={"login": person, "password": PASSWORD, **wanted})
        assert status == 201, session
        client.session.headers["Authorization"] = f"Bearer {session['token']}"
        return client, session

    return sign_in


async def test_whoever_signs_in_is_told_who_they_are(signed_in, person):
    client, session = await signed_in()
    status, me = await client.get(f"{P}/me")
    assert status == 200
    assert (me["user"]["username"], me["team"]["slug"], me["role"]) == (person, person, "owner")
    assert (me["session_id"], me["key_id"], me["scopes"]) == (session["id"], None, [])
    assert me["expires_at"].endswith("Z")


async def test_a_wrong_password_is_refused_and_after_many_nobody_may_try(client_of, person):
    client = client_of("")
    for _ in range(5):
        status, document = await client.post(f"{P}/sessions", json={"login": person, "password": "wrong"})
        assert (status, document["error"]["code"]) == (401, "sign_in_refused")
    async with client.session.post(f"{P}/sessions", json={"login": person, "password": PASSWORD}) as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) >= 1
        assert (await response.json())["error"]["code"] == "sign_in_throttled"


async def test_a_cookie_is_for_the_browser_alone_and_not_for_pages_of_others(client_of, served, person):
    client = client_of("")
    wanted = {"login": person, "password": PASSWORD, "cookie": True}
    async with client.session.post(f"{P}/sessions", json=wanted) as response:
        cookie = response.headers["Set-Cookie"]
        token = (await response.json())["token"]
        assert response.headers["Cache-Control"] == "no-store"
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    assert "secure" not in cookie.lower()  # the test's server speaks plain HTTP
    sent = {"Cookie": f"guildhall_session={token}"}
    assert (await client.get(f"{P}/me", headers=sent))[0] == 200
    status, document = await client.delete(f"{P}/sessions", headers={**sent, "Origin": "https://elsewhere.example"})
    assert (status, document["error"]["code"]) == (403, "origin_foreign")
    assert (await client.delete(f"{P}/sessions", headers={**sent, "Origin": served.url}))[0] == 204


async def test_sessions_are_listed_and_ended_at_once(signed_in):
    first, one = await signed_in()
    second, two = await signed_in()
    _, listed = await second.get(f"{P}/sessions?status=active")
    assert [(each["id"], each["is_current"]) for each in listed["items"]] == [(two["id"], True), (one["id"], False)]
    assert (await second.delete(f"{P}/sessions"))[0] == 204
    status, document = await first.get(f"{P}/me")
    assert (status, document["error"]["code"]) == (401, "not_signed_in")
    assert (await second.get(f"{P}/sessions/{one['id']}"))[1]["status"] == "revoked"
    assert (await second.delete(f"{P}/sessions/{two['id']}"))[0] == 204
    assert (await second.get(f"{P}/me"))[0] == 401


async def test_ones_own_password_is_changed_by_whoever_knows_it_and_every_session_ends(signed_in, client_of, person):
    client, _ = await signed_in()
    wrong = {"password": "not this one", "new_password": "another good one"}
    status, document = await client.post(f"{P}/password", json=wrong)
    assert (status, document["error"]["code"]) == (401, "sign_in_refused")
    right = {"password": PASSWORD, "new_password": "another good one"}
    assert (await client.post(f"{P}/password", json=right))[0] == 204
    assert (await client.get(f"{P}/me"))[0] == 401
    login = {"login": person, "password": "another good one"}
    assert (await client_of("").post(f"{P}/sessions", json=login))[0] == 201


async def test_a_key_is_shown_once_and_works_until_it_is_revoked(signed_in, client_of):
    client, _ = await signed_in()
    wanted = {"name": "ci", "scopes": ["read"], "rate_limit": 5000}
    async with client.session.post(f"{P}/keys", json=wanted, headers={"Idempotency-Key": "once"}) as response:
        made = await response.json()
        assert (response.status, response.headers["Cache-Control"]) == (201, "no-store")
        where = response.headers["Location"]
    program = client_of("")
    program.session.headers["Authorization"] = f"Bearer {made['key']}"
    _, me = await program.get(f"{P}/me")
    assert (me["key_id"], me["key_name"], me["scopes"]) == (made["id"], "ci", ["read"])
    status, document = await program.post(f"{P}/keys", json={})
    assert (status, document["error"]["code"]) == (403, "scope_missing")

    status, document = await client.post(f"{P}/keys", json=wanted, headers={"Idempotency-Key": "once"})
    assert (status, document["error"]["code"]) == (409, "answer_not_kept")
    _, found = await client.get(where)
    assert "key" not in found
    assert (found["name"], found["is_active"]) == ("ci", True)
    _, listed = await client.get(f"{P}/keys?name=ci&is_active=true")
    assert [each["id"] for each in listed["items"]] == [made["id"]]
    status, revoked = await client.delete(where)
    assert (status, revoked["is_active"]) == (200, False)
    assert (await program.get(f"{P}/me"))[0] == 401
    assert (await client.get(f"{P}/keys?is_active=true"))[1]["items"] == []


async def test_administrators_keep_people_and_others_see_themselves(client_of, person, signed_in):
    local, (client, _) = client_of("local"), await signed_in()
    _, everybody = await local.get(f"{P}/users?sort=username&limit=2")
    assert len(everybody["items"]) == 2
    assert (await local.get(f"{P}/users?cursor={everybody['next_cursor']}&sort=username"))[1]["items"]
    _, oneself = await client.get(f"{P}/users")
    assert [each["username"] for each in oneself["items"]] == [person]
    status, document = await client.post(f"{P}/users", json={"username": "x", "email": "x@example.org"})
    assert (status, document["error"]["code"]) == (403, "administrators_only")

    status, archived = await local.delete(f"{P}/users/{person}")
    assert (status, archived["is_active"]) == (200, False)
    assert (await client.get(f"{P}/me"))[0] == 401
    status, restored = await local.post(f"{P}/users/{person}/restoration")
    assert (status, restored["is_active"]) == (200, True)
    status, _ = await local.post(f"{P}/users/{person}/password", json={"password": "given by another"})
    assert status == 200
    login = {"login": person, "password": "given by another"}
    assert (await client_of("").post(f"{P}/sessions", json=login))[0] == 201
    status, document = await local.post(f"{P}/users/{person}/erasure", json={})
    assert (status, document["error"]["code"]) == (409, "last_owner")
    status, document = await local.post(f"{P}/teams/{person}/erasure", json={"reason": "the end"})
    assert (status, document["erased"]) == (200, True)
    status, document = await local.post(f"{P}/users/{person}/erasure", json={})
    assert (status, document["erased"]) == (200, True)


async def test_a_team_is_made_closed_opened_and_erased_by_whoever_owns_it(signed_in, person):
    client, _ = await signed_in()
    slug = f"shop-of-{person}"
    status, made = await client.post(f"{P}/teams", json={"name": "A shop", "slug": slug})
    assert (status, made["slug"], made["role"]) == (201, slug, "owner")
    status, document = await client.post(f"{P}/teams", json={"name": "Another", "slug": slug})
    assert (status, document["error"]["code"]) == (409, "identity_taken")
    assert [each["slug"] for each in (await client.get(f"{P}/teams?role=owner"))[1]["items"]] == [person, slug]
    assert (await client.delete(f"{P}/teams/{slug}"))[1]["is_active"] is False
    assert (await client.post(f"{P}/teams/{slug}/restoration"))[1]["is_active"] is True
    status, erased = await client.post(f"{P}/teams/{slug}/erasure", json={})
    assert (status, erased["id"], erased["erased"]) == (200, made["id"], True)
    assert (await client.get(f"{P}/teams/{slug}"))[0] == 404


async def test_a_team_is_erased_by_somebody_who_acts_in_it(signed_in, person):
    client, _ = await signed_in()
    status, erased = await client.post(f"{P}/teams/{person}/erasure", json={})
    assert (status, erased["erased"]) == (200, True)
    assert (await client.get(f"{P}/me"))[0] == 401


async def test_whoever_is_invited_joins_and_is_given_a_role_and_leaves(signed_in, client_of, person):
    client, _ = await signed_in()
    guest = f"guest-of-{person}"
    wanted = {"email": f"{guest}@example.org", "role": "viewer", "days": 2}
    status, invited = await client.post(f"{P}/invitations", json=wanted)
    assert (status, invited["role"]) == (201, "viewer")
    _, listed = await client.get(f"{P}/invitations?is_open=true")
    assert [each["email"] for each in listed["items"]] == [wanted["email"]]
    account = {"token": invited["token"], "username": guest, "password": PASSWORD}
    status, joined = await client_of("").post(f"{P}/invitations/account", json=account)
    assert (status, joined["team"], joined["role"]) == (201, person, "viewer")
    status, document = await client_of("").post(f"{P}/invitations/account", json=account)
    assert (status, document["error"]["code"]) == (404, "invitation_unusable")
    assert (await client.get(f"{P}/invitations/{invited['id']}"))[1]["accepted_at"] is not None

    status, member = await client.patch(f"{P}/members/{guest}", json={"role": "admin"})
    assert (status, member["role"]) == (200, "admin")
    status, document = await client.patch(f"{P}/members/{person}", json={"role": "member"})
    assert (status, document["error"]["code"]) == (409, "last_owner")
    assert [each["username"] for each in (await client.get(f"{P}/members"))[1]["items"]] == [person, guest]
    assert (await client.delete(f"{P}/members/{guest}"))[0] == 204
    assert (await client.get(f"{P}/members/{guest}"))[0] == 404


async def test_an_invitation_is_accepted_by_somebody_who_has_an_account_or_taken_back(signed_in, client_of):
    client, _ = await signed_in()
    _, invited = await client.post(f"{P}/invitations", json={"email": "viewer-of-smithy@example.org"})
    status, joined = await client_of("smithy/viewer").post(
        f"{P}/invitations/acceptance", json={"token": invited["token"]}
    )
    assert (status, joined["role"]) == (200, "member")
    _, another = await client.post(f"{P}/invitations", json={"email": "somebody@example.org"})
    assert (await client.delete(f"{P}/invitations/{another['id']}"))[0] == 204
    status, document = await client.delete(f"{P}/invitations/{another['id']}")
    assert (status, document["error"]["code"]) == (404, "invitation_unusable")


async def test_preferences_are_kept_by_viewers_too(client_of):
    client = client_of("pottery/viewer")
    _, before = await client.get(f"{P}/preferences")
    assert before["preferred_locale"] == "en-US"
    wanted = {**before, "preferred_locale": "de-DE", "display_preferences": {"theme": {"dark": True}}}
    assert await client.put(f"{P}/preferences", json=wanted) == (200, wanted)
    assert await client.get(f"{P}/preferences") == (200, wanted)


async def test_secrets_are_kept_replaced_and_forgotten_and_never_shown(client_of):
    client = client_of("pottery/admin")
    async with client.session.post(f"{P}/secrets", json={"secret": "sk-1"}) as response:
        assert response.status == 201
        made, where = await response.json(), path_of(response.headers["Location"])
    assert set(made) == {"id", "created_at", "updated_at"}
    assert (await client.put(where, json={"secret": "sk-2"}))[0] == 200
    assert made["id"] in {each["id"] for each in (await client.get(f"{P}/secrets"))[1]["items"]}
    status, document = await client_of("pottery/member").post(f"{P}/secrets", json={"secret": "sk-3"})
    assert (status, document["error"]["code"]) == (403, "not_permitted")
    assert (await client.delete(where))[0] == 204
    assert (await client.get(where))[0] == 404


async def test_changes_are_listed_by_table_record_person_and_time(signed_in, person, client_of):
    client, session = await signed_in()
    _, made = await client.post(f"{P}/keys", json={"name": "audited"})
    key_id = f"{made['id'][:8]}-{made['id'][8:12]}-{made['id'][12:16]}-{made['id'][16:20]}-{made['id'][20:]}"
    query = f"table=platform.api_keys&record={key_id}&operation=INSERT&user_id={session['user_id']}&after={made['created_at']}"
    _, changes = await client.get(f"{P}/changes?{query}")
    assert [(each["table"], each["after"]["name"]) for each in changes["items"]] == [("platform.api_keys", "audited")]
    assert (await client.get(f"{P}/changes?{query}&before={made['created_at']}"))[1]["items"] == []
    status, document = await client.get(f"{P}/installation-changes")
    assert (status, document["error"]["code"]) == (403, "administrators_only")
    everybodys = f"{P}/installation-changes?table=users&record={session['user_id']}&operation=INSERT"
    _, found = await client_of("local").get(everybodys)
    assert [(each["table"], each["record_key"]) for each in found["items"]] == [
        ("platform.users", {"id": session["user_id"]})
    ]
    _, first = await client.get(f"{P}/changes?limit=1")
    _, second = await client.get(f"{P}/changes?limit=1&cursor={first['next_cursor']}")
    assert first["items"][0]["log_id"] != second["items"][0]["log_id"]


async def test_a_team_verifies_its_own_rows_of_every_ledger(client_of):
    client = client_of("pottery/member")
    _, listed = await client.get(f"{P}/ledgers")
    assert {"audit_log", "audit_logs"} <= {each["name"] for each in listed["items"]}
    status, found = await client.get(f"{P}/ledgers/audit_log/verification")
    assert (status, found["holds"], found["findings"]) == (200, True, [])
    status, document = await client.get(f"{P}/ledgers/nowhere/verification")
    assert (status, document["error"]["code"]) == (404, "ledger_not_found")
