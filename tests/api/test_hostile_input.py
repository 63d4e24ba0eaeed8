"""Input that means harm, or is broken, as HTTP brings it: refused in our one shape, with code, field and remedy."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from fixtures.api import Served, serving
from guildhall.settings import Settings

P = "/v1/platform"
JSON = b"application/json"
TEAM = b'{"name": "Hostile"}'


@pytest.fixture(scope="module")
def small(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A second server on the same database, which takes 64 KiB at most and waits half a second for them."""
    settings = Settings(
        database_url=served.application_url,
        pooler="none",
        data_dir=tmp_path_factory.mktemp("small"),
        max_body_bytes=65_536,
    )
    with serving(settings, patience_s=0.5) as url:
        yield url


def _exchange(url: str, request: bytes) -> tuple[int, dict[str, str], Any]:
    """What is answered to these bytes, which no client library would send."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connection.recv(65_536)
            assert part, f"the connection was closed after {answer!r}"
            answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65_536)
    kind = headers.get("content-type", "")
    return int(first.split(" ")[1]), headers, json.loads(body) if kind == "application/json" and body else body


def _request(
    key: str,
    method: str = "POST",
    path: bytes = b"/v1/platform/teams",
    body: bytes = b"",
    *headers: bytes,
    kind: bytes = JSON,
    length: int | None = None,
) -> bytes:
    lines = [
        method.encode() + b" " + path + b" HTTP/1.1",
        b"Host: guildhall",
        b"Authorization: Bearer " + key.encode(),
        b"Content-Type: " + kind,
        b"Content-Length: " + str(len(body) if length is None else length).encode(),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


GZIPPED = gzip.compress(TEAM)
DEEP = b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

BODIES = {
    "no JSON": (b"{", JSON, (), 400, "body_unreadable", "body"),
    "nothing": (b"", JSON, (), 422, "fields_refused", "body"),
    "no object": (b"[]", JSON, (), 422, "fields_refused", "body"),
    "NaN": (b'{"name": NaN}', JSON, (), 400, "body_unreadable", "body"),
    "infinity": (b'{"name": Infinity}', JSON, (), 400, "body_unreadable", "body"),
    "a huge number": (b'{"name": ' + b"9" * 5000 + b"}", JSON, (), 400, "body_unreadable", "body"),
    "a number beyond all floats": (b'{"name": 1e999}', JSON, (), 400, "body_unreadable", "body"),
    "a lone surrogate": (b'{"name": "\\ud800"}', JSON, (), 400, "body_unreadable", "body"),
    "a lone surrogate's bytes": (b'{"name": "\xed\xa0\x80"}', JSON, (), 400, "body_unreadable", "body"),
    "invalid UTF-8": (b'{"name": "\xff\xfe"}', JSON, (), 400, "body_unreadable", "body"),
    "NUL": (b'{"name": "a\\u0000b"}', JSON, (), 422, "character_refused", "body"),
    "a bare NUL": (b'{"name": "a\x00b"}', JSON, (), 400, "body_unreadable", "body"),
    "brackets without end": (DEEP, JSON, (), 400, "body_unreadable", "body"),
    "a field that nobody knows": (b'{"name": "x", "colour": 1}', JSON, (), 422, "fields_refused", "colour"),
    "UTF-16": (TEAM.decode().encode("utf-16"), JSON, (), 400, "body_unreadable", "body"),
    "another charset": (TEAM, JSON + b"; charset=utf-16", (), 415, "media_type_refused", "Content-Type"),
    "another type": (TEAM, b"text/plain", (), 415, "media_type_refused", "Content-Type"),
    "a form": (b"name=x", b"application/x-www-form-urlencoded", (), 415, "media_type_refused", "Content-Type"),
    "no gzip": (TEAM, JSON, (b"Content-Encoding: gzip",), 400, "body_unreadable", "body"),
    "half a gzip": (GZIPPED[:-6], JSON, (b"Content-Encoding: gzip",), 400, "body_unreadable", "body"),
    "an encoding of nobody's": (TEAM, JSON, (b"Content-Encoding: br",), 415, "content_encoding_unknown", "Content-Encoding"),
    "two encodings": (
        gzip.compress(GZIPPED), JSON, (b"Content-Encoding: gzip, gzip",), 415, "content_encoding_unknown", "Content-Encoding",
    ),
    "two types": (
        TEAM, JSON, (b"Content-Type: text/plain",), 415, "media_type_refused", "Content-Type",
    ),
    "a key for once that is none": (TEAM, JSON, ("Idempotency-Key: é".encode(),), 422, "idempotency_key_unusable", "Idempotency-Key"),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_cannot_be_used_is_refused(served, case):
    body, kind, headers, status, code, field = BODIES[case]
    answered, sent, document = _exchange(
        served.url, _request(served.keys["smithy/owner"], "POST", b"/v1/platform/teams", body, *headers, kind=kind)
    )
    error = document["error"]
    assert (answered, error["code"], error["details"]["field"]) == (status, code, field)
    assert error["remedy"]
    assert error["request_id"] == sent["x-request-id"]


PATHS = {
    "NUL in a path": (b"/v1/platform/teams/a%00b", 422, "character_refused"),
    "NUL in a query": (b"/v1/platform/keys?name=%00", 422, "character_refused"),
    "invalid UTF-8 in a path": (b"/v1/platform/teams/%ff%fe", 404, "team_not_found"),
    "invalid UTF-8 in a query": (b"/v1/platform/teams?sort=%ff", 422, "parameter_refused"),
    "a lone surrogate in a path": (b"/v1/platform/teams/%ed%a0%80", 404, "team_not_found"),
    "SQL in a path": (b"/v1/platform/teams/x'%20OR%201=1;--", 404, "team_not_found"),
    "SQL in a name": (b"/v1/platform/keys/%25'%3B%20DROP%20TABLE%20platform.users;--", 404, "api_key_not_found"),
    "wildcards of SQL": (b"/v1/platform/keys/____%25", 404, "api_key_not_found"),
    "SQL in what to sort by": (b"/v1/platform/keys?sort=name;select%201", 422, "parameter_refused"),
    "SQL in fields": (b"/v1/platform/keys?fields=id,(select%201)", 422, "parameter_refused"),
    "SQL in a cursor": (b"/v1/platform/keys?cursor=';--", 422, "parameter_refused"),
    "a huge limit": (b"/v1/platform/keys?limit=1" + b"0" * 5000, 422, "fields_refused"),
    "a year that is none": (b"/v1/platform/changes?after=99999-01-01T00:00:00Z", 422, "fields_refused"),
    "a year before Christ": (b"/v1/platform/changes?after=0000-01-01T00:00:00Z", 422, "fields_refused"),
    "the first year": (b"/v1/platform/changes?after=0001-01-01T00:00:00Z", 200, None),
    "the last year, west": (b"/v1/platform/changes?after=9999-12-31T23:59:59-12:00", 422, "value_refused"),
    "an endless time": (b"/v1/platform/changes?after=infinity", 422, "fields_refused"),
    "a huge time": (b"/v1/platform/changes?after=1e308", 422, "fields_refused"),
    "a time that is a number": (b"/v1/platform/changes?after=0", 422, "fields_refused"),
    "a time without its zone": (b"/v1/platform/changes?after=2026-11-26T12:00:00", 422, "fields_refused"),
    "no UUID": (b"/v1/platform/secrets/1", 422, "fields_refused"),
    "an over-long name": (b"/v1/platform/teams/" + b"a" * 5000, 422, "fields_refused"),
    "dots": (b"/v1/platform/teams/../../../etc/passwd", 404, "route_not_found"),
    "a parameter that nobody knows": (b"/v1/platform/teams?is_admin=1", 422, "parameter_unknown"),
    "a slash too many": (b"/v1/platform/teams/", 404, "route_not_found"),
    "nothing of ours": (b"/%00", 404, "route_not_found"),
}


@pytest.mark.parametrize("case", PATHS)
def test_a_path_that_means_harm_is_answered_as_any_other(served, case):
    path, status, code = PATHS[case]
    answered, sent, document = _exchange(served.url, _request(served.keys["smithy/owner"], "GET", path))
    assert answered == status, document
    if code is not None:
        assert document["error"]["code"] == code
        assert document["error"]["request_id"] == sent["x-request-id"]


@pytest.mark.parametrize(
    "login", ["' OR 1=1 --", "x" * 255, "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "%", "\\", "\u202e"]
)  # fmt: skip
def test_a_login_that_means_harm_lets_nobody_in(served, login):
    body = json.dumps({"login": login, "password": "' OR ''='"}).encode()
    answered, _, document = _exchange(served.url, _request("", "POST", b"/v1/platform/sessions", body))
    assert (answered, document["error"]["code"]) == (401, "sign_in_refused")


def test_text_of_any_script_is_kept_as_it_was_sent(served):
    name = "Töpferei 陶芸 \U0001f3fa'; DROP TABLE platform.users; --"
    body = json.dumps({"name": name, "slug": "toepferei"}).encode()
    answered, _, document = _exchange(
        served.url, _request(served.keys["smithy/owner"], "POST", b"/v1/platform/teams", body)
    )
    assert (answered, document["name"]) == (201, name)


def test_a_body_may_be_as_large_as_the_server_says_and_no_larger(small, served):
    key = served.keys["smithy/owner"]
    for request in (
        _request(key, body=b" " * 65_537),
        _request(key, length=1 << 40),
        _request(key, body=gzip.compress(b" " * 65_537), kind=JSON).replace(
            b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n", 1
        ),
        _request(key, body=zlib.compress(b"\0" * (64 << 20), 9)).replace(
            b"\r\n\r\n", b"\r\nContent-Encoding: deflate\r\n\r\n", 1
        ),
    ):
        answered, headers, document = _exchange(small, request)
        assert (answered, document["error"]["code"]) == (413, "body_too_large")
        assert document["error"]["details"] == {"field": "body", "limit": 65_536}
        assert headers["connection"] == "close"


def test_a_body_that_is_announced_and_does_not_come_is_not_waited_for(small, served):
    answered, headers, document = _exchange(small, _request(served.keys["smithy/owner"], body=b'{"na', length=1000))
    assert (answered, document["error"]["code"]) == (408, "body_too_slow")
    assert document["error"]["remedy"]
    assert headers["connection"] == "close"


def test_two_credentials_are_none(served):
    """A proxy may look at the first header and the server at the last: who sends two is nobody."""
    request = _request(served.keys["smithy/owner"], "GET", b"/v1/platform/me").replace(
        b"\r\n\r\n", b"\r\nAuthorization: Bearer nonsense\r\n\r\n", 1
    )
    answered, _, document = _exchange(served.url, request)
    assert (answered, document["error"]["code"]) == (401, "credentials_missing")


def test_a_number_beyond_64_bits_is_refused_by_name(served):
    tools = b'{"tools": [{"tool_name": "x", "error_count": 671338020832157313794048}]}'
    path = b"/v1/evaluation/outcomes/00000000-0000-4000-8000-000000000000/tools"
    answered, _, document = _exchange(served.url, _request(served.keys["smithy/owner"], "POST", path, tools))
    details = document["error"]["details"]
    assert (answered, details["field"], details["value"]) == (422, "error_count", "671338020832157313794048")
