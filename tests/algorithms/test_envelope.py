"""Envelopes open where they belong, under a key of the ring, unchanged, and not otherwise."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms.envelope import (
    EnvelopeUnreadable,
    Keyring,
    SealingKey,
    is_current,
    make_ring,
    read_key,
    seal,
    unseal,
)

KEYS = st.binary(min_size=32, max_size=32).map(SealingKey)
NONCES = st.binary(min_size=12, max_size=12)


@given(KEYS, NONCES, st.binary(max_size=500), st.text(max_size=50))
def test_what_was_sealed_is_what_comes_out(key: SealingKey, nonce: bytes, secret: bytes, about: str) -> None:
    ring = Keyring(key)
    envelope = seal(secret, ring, nonce, about)
    assert unseal(envelope, ring, about) == secret
    assert is_current(envelope, ring)


@given(KEYS, NONCES, st.binary(max_size=200), st.text(max_size=20))
def test_it_is_aes_gcm_as_the_lower_layer_computes_it(key: SealingKey, nonce: bytes, secret: bytes, about: str) -> None:
    envelope = seal(secret, Keyring(key), nonce, about)
    cipher = Cipher(algorithms.AES256(key.material), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(envelope[:9] + about.encode())
    assert envelope[9:] == nonce + cipher.update(secret) + cipher.finalize() + cipher.tag


@given(KEYS, NONCES, st.binary(min_size=1, max_size=40), st.data())
def test_no_byte_can_be_changed(key: SealingKey, nonce: bytes, secret: bytes, data: st.DataObject) -> None:
    ring = Keyring(key)
    envelope = seal(secret, ring, nonce, "a place")
    place = data.draw(st.integers(0, len(envelope) - 1))
    changed = bytearray(envelope)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeUnreadable):
        unseal(bytes(changed), ring, "a place")


@given(KEYS, NONCES, st.binary(max_size=40), st.data())
def test_none_can_be_cut_off_or_added(key: SealingKey, nonce: bytes, secret: bytes, data: st.DataObject) -> None:
    ring = Keyring(key)
    envelope = seal(secret, ring, nonce, "a place")
    with pytest.raises(EnvelopeUnreadable):
        unseal(envelope[: data.draw(st.integers(0, len(envelope) - 1))], ring, "a place")
    with pytest.raises(EnvelopeUnreadable):
        unseal(envelope + data.draw(st.binary(min_size=1, max_size=5)), ring, "a place")


@given(KEYS, NONCES, st.binary(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_it_opens_in_its_own_place_alone(key: SealingKey, nonce: bytes, secret: bytes, here: str, there: str) -> None:
    ring = Keyring(key)
    envelope = seal(secret, ring, nonce, here)
    if here == there:
        assert unseal(envelope, ring, there) == secret
    else:
        with pytest.raises(EnvelopeUnreadable, match="another row"):
            unseal(envelope, ring, there)


@given(KEYS, KEYS, NONCES, st.binary(max_size=40))
def test_an_old_key_still_opens_and_a_missing_one_is_named_as_the_reason(
    old: SealingKey, new: SealingKey, nonce: bytes, secret: bytes
) -> None:
    envelope = seal(secret, Keyring(old), nonce, "a place")
    assert unseal(envelope, Keyring(new, (old,)), "a place") == secret
    if old != new:
        assert not is_current(envelope, Keyring(new, (old,)))
        with pytest.raises(EnvelopeUnreadable) as refused:
            unseal(envelope, Keyring(new), "a place")
        assert refused.value.key_is_missing


@given(KEYS)
def test_a_key_is_read_however_it_is_written(key: SealingKey) -> None:
    plain = base64.b64encode(key.material).decode()
    for text in (
        plain,
        plain.rstrip("="),
        base64.urlsafe_b64encode(key.material).decode(),
        key.material.hex(),
        f" {plain}\n",
    ):
        assert read_key(text) == key
    assert make_ring(plain, [key.material.hex()]).older == (key,)


@pytest.mark.parametrize("text", ["", "secret", "A" * 42, "zz" * 32, "é" * 44, "QUJD" * 20])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64|bytes") as refused:
        read_key(text)
    assert not text or text not in str(refused.value)


def test_a_key_does_not_show_in_a_repr() -> None:
    assert "AAAA" not in repr(make_ring(base64.b64encode(b"A" * 32).decode()))
