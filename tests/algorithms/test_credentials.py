"""How keys and tokens are written and read."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import credentials
from guildhall.algorithms.redaction import redact

SECRETS = st.binary(min_size=32, max_size=32)


@given(st.uuids(), SECRETS)
def test_a_key_that_was_written_is_read_back(key_id: UUID, secret: bytes) -> None:
    key = credentials.make_key(key_id, secret)
    read = credentials.parse_key(key.text)
    assert read == key
    assert key.digest == hashlib.sha256(key.text.encode()).hexdigest()
    assert credentials.matches(key.text, key.digest)


@given(st.uuids(), SECRETS, st.integers(0, 79), st.characters(codec="utf-8"))
def test_another_text_is_another_key_or_none(key_id: UUID, secret: bytes, place: int, letter: str) -> None:
    key = credentials.make_key(key_id, secret)
    assert len(key.text) == 79
    changed = key.text[:place] + letter + key.text[place + 1 :]
    read = credentials.parse_key(changed)
    assert (changed == key.text) == (read == key)
    assert credentials.matches(changed, key.digest) == (changed == key.text)


@given(st.text())
def test_what_is_no_key_is_none(text: str) -> None:
    assert credentials.parse_key(text) is None
    assert not credentials.is_token(text)


@pytest.mark.parametrize("spoil", [" {}", "{} ", "{}\n", "x{}", "{}x"])
def test_nothing_may_stand_beside_a_key_or_a_token(spoil: str) -> None:
    key = credentials.make_key(UUID(int=7), bytes(32)).text
    token = credentials.make_token("gs", bytes(32))
    assert credentials.parse_key(spoil.format(key)) is None
    assert credentials.is_token(token)
    assert not credentials.is_token(spoil.format(token))


@given(st.sampled_from(["gs", "gi"]), SECRETS)
def test_what_we_hand_out_is_redacted_wherever_it_is_written(kind: str, secret: bytes) -> None:
    for text in (credentials.make_token(kind, secret), credentials.make_key(UUID(int=7), secret).text):
        assert text[-43:] not in redact(f"calling with {text} now")


def test_a_secret_does_not_show_in_a_repr() -> None:
    key = credentials.make_key(UUID(int=7), bytes(32))
    assert key.text not in repr(key)


def test_a_secret_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        credentials.make_key(UUID(int=7), b"short")
    with pytest.raises(ValueError, match="kind"):
        credentials.make_token("gx", bytes(32))
