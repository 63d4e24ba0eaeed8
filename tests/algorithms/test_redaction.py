"""Taking secrets out of text."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.redaction import REDACTED, redact

words = st.text(alphabet=string.ascii_letters + string.digits + " .,\n", max_size=200)
secrets = st.text(alphabet=string.ascii_letters + string.digits + "-_/+=.*?\\(", min_size=6, max_size=40).filter(
    lambda secret: secret not in REDACTED
)

KEYS = [
    ("sk-proj-", "4f8a9b2c7d1e6f3a5b8c9d0e"),
    ("sk-ant-api03-", "Zx81_kQ-9fLmN2pR7sTuVwXy"),
    *((f"{kind}k-", "4f8a9b2c7d1e6f3a5b8c9d0e") for kind in "srp"),
    *((f"{kind}_", "4eC39HqLyjWDarjtT1zdp7dc") for kind in ("sk_live", "rk_test")),
    ("gh_", "k3y1d_" + "s3cretpart" * 3),
    *((f"g{kind}_", "A" * 43) for kind in "si"),
    *((f"gh{kind}_", "16C7e42F292c6912E7710c838347Ae178B4a") for kind in "pousr"),
    *((kind, "16C7e42F292c6912E7710c83") for kind in ("github_pat_", "glpat-", "hf_", "gsk_", "xai-", "npm_", "pypi-")),
    ("xoxb-", "17653672481-19874698323-pdFZKVeTuE8sk7oOHcbrzygy"),
    *((kind, "IOSFODNN7EXAMPLE") for kind in ("AKIA", "ASIA")),
    ("aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AIza", "SyA-1234567890abcdefghijklmnopqrstu"),
    ("Authorization: Bearer ", "mF_9.B5f-4.1JqM-abc"),
    ("x-api-key: ", "0123456789abcdef0123"),
    ("postgres://guildhall:", "correct-horse"),
    ("Authorization: Ba\u017fic ", "Z3VpbGRoYWxsOmhhbGw="),  # a long s, which is an s to whoever ignores case
    ("eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"),
]


@pytest.mark.parametrize(("before", "secret"), KEYS, ids=[before.strip() for before, _ in KEYS])
def test_keys_of_known_shapes_are_taken_out_and_their_surroundings_stay(before: str, secret: str) -> None:
    after = "@db.example:5432/x" if before.startswith("postgres") else ' is "it"'
    kept = before.removesuffix("proj-").removesuffix("ant-api03-") if before.startswith("sk-") else before
    assert redact(f"the key {before}{secret}{after}") == f"the key {kept}{REDACTED}{after}"


def test_a_private_key_is_taken_out_whole_even_when_its_end_is_missing() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n"
    assert redact(f"a {key}-----END RSA PRIVATE KEY----- b") == f"a -----BEGIN RSA PRIVATE KEY-----{REDACTED} b"
    assert redact(f"a {key}") == f"a -----BEGIN RSA PRIVATE KEY-----{REDACTED}"


def test_of_two_secrets_in_one_another_the_longer_goes_whole() -> None:
    assert redact("token-extended", ["token-", "token-extended"]) == REDACTED


def test_a_short_word_that_was_called_a_secret_does_not_blacken_the_text() -> None:
    assert redact("a cat, a hat", ["a", "cat", ""]) == "a cat, a hat"


@pytest.mark.parametrize(
    "text",
    ["ask-me-anything-about-the-whole-thing", "https://example.org/a:b@c", "bearer of bad news", "task_done", "10:30"],
)
def test_innocent_text_stays_as_it_was(text: str) -> None:
    assert redact(text) == text


@given(words, secrets, words)
def test_a_known_secret_never_remains(before: str, secret: str, after: str) -> None:
    assert secret not in redact(before + secret + after, [secret]).replace(REDACTED, "\0")


@given(words, st.lists(secrets, max_size=4), st.lists(st.sampled_from([a + b for a, b in KEYS]), max_size=3))
def test_doing_it_twice_changes_nothing_more(text: str, known: list[str], keys: list[str]) -> None:
    once = redact(" ".join([text, *keys, *known]), known)
    assert redact(once, known) == once


@given(words)
def test_text_without_secrets_is_left_alone(text: str) -> None:
    assert redact(text, ["Z-not-in-there"]) == text
