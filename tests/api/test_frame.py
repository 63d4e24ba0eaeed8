"""What every route shares: credentials, errors, lists, request ids, limits on bodies."""

from __future__ import annotations

import pytest

LIST = "/v1/evaluation/simulations"


async def test_who_sends_no_credentials_is_told_what_to_send(client_of):
    status, document = await client_of("").get(LIST)
    assert status == 401
    assert document["error"]["code"] == "credentials_missing"
    assert "Authorization: Bearer" in document["error"]["remedy"]


@pytest.mark.parametrize("token", ["gh_x", "gh_" + "0" * 32 + "_" + "A" * 43, "nonsense", "gs_" + "A" * 43])
async def test_a_wrong_token_is_refused_with_401(client_of, token):
    client = client_of("")
    async with client.session.get(LIST, headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="guildhall"'
        assert (await response.json())["error"]["code"] in ("api_key_refused", "not_signed_in")


async def test_a_request_keeps_its_id_and_is_given_one_where_it_has_none(client_of):
    client = client_of("pottery/member")
    async with client.session.get(LIST, headers={"X-Request-ID": "mine-1"}) as response:
        assert response.headers["X-Request-ID"] == "mine-1"
    async with client.session.get("/nowhere", headers={"X-Request-ID": "no spaces allowed"}) as response:
        made = response.headers["X-Request-ID"]
        assert len(made) == 32
        assert (await response.json())["error"]["request_id"] == made


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("bogus=1", "parameter_unknown", "bogus"),
        ("limit=0", "fields_refused", "limit"),
        ("limit=99999999999999999999", "fields_refused", "limit"),
        ("sort=colour", "parameter_refused", "sort"),
        ("fields=colour", "parameter_refused", "fields"),
        ("cursor=bm9uc2Vuc2U", "parameter_refused", "cursor"),
        ("cursor=W10", "parameter_refused", "cursor"),
        ("status=perhaps", "fields_refused", "status.0"),
        ("config=%00", "character_refused", "parameter config"),
        ("created_after=yesterday", "fields_refused", "created_after"),
        ("format=xml", "fields_refused", "format"),
    ],
)
async def test_a_parameter_that_makes_no_sense_is_named(client_of, query, code, field):
    status, document = await client_of("pottery/member").get(f"{LIST}?{query}")
    assert (status, document["error"]["code"], document["error"]["details"]["field"]) == (422, code, field)


async def test_a_path_that_is_none_and_a_method_that_it_does_not_take(client_of):
    client = client_of("pottery/member")
    status, document = await client.get("/v1/evaluation/simulation")
    assert (status, document["error"]["code"]) == (404, "route_not_found")
    async with client.session.delete(LIST) as response:
        assert response.status == 405
        assert "GET" in response.headers["Allow"]
        assert (await response.json())["error"]["code"] == "method_not_allowed"


async def test_a_client_that_takes_no_format_of_ours_is_refused(client_of):
    status, document = await client_of("pottery/member").get(LIST, headers={"Accept": "image/png"})
    assert (status, document["error"]["code"]) == (406, "not_acceptable")


async def test_what_has_not_changed_is_not_sent_again(client_of):
    client = client_of("pottery/member")
    async with client.session.get(LIST) as response:
        tag = response.headers["ETag"]
    async with client.session.get(LIST, headers={"If-None-Match": f'"other", {tag}'}) as response:
        assert (response.status, await response.read()) == (304, b"")
