"""
Envelopes: secrets encrypted with AES-256-GCM (NIST SP 800-38D), bound to where they are kept.

An envelope is `version (1) · key id (8) · nonce (12) · ciphertext and tag`. The
key id says under which key of a ring it was sealed, so that keys can be
changed one secret at a time. Everything before the ciphertext, and the text
`about`, which names the place it is kept in, is authenticated: an envelope
that was changed anywhere, or was put in another place, does not open.

The nonce comes from the caller and must be random. With 96 random bits a key
is good for 2³² secrets (section 8.3 there).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = b"\x01"
_ID_BYTES = 8
_HEADER_BYTES = len(_VERSION) + _ID_BYTES
_SHORTEST = _HEADER_BYTES + NONCE_BYTES + 16  # the tag of an empty secret


class EnvelopeUnreadable(ValueError):
    """An envelope does not open: it was changed, was moved, or its key is not in the ring."""

    def __init__(self, message: str, *, key_is_missing: bool = False) -> None:
        super().__init__(message)
        self.key_is_missing = key_is_missing


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key of 256 bits; its `id` is a digest of it and may be shown."""

    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.material) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(self.material)}")

    @property
    def id(self) -> bytes:
        return hashlib.sha256(b"guildhall sealing key" + self.material).digest()[:_ID_BYTES]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key that seals, and older ones that only open."""

    current: SealingKey
    older: tuple[SealingKey, ...] = ()

    def find(self, key_id: bytes) -> SealingKey | None:
        return next((key for key in (self.current, *self.older) if key.id == key_id), None)


def read_key(text: str) -> SealingKey:
    """
    A key as people write it: 32 bytes in base64, of either alphabet, or in hexadecimal.

    Raises:
        ValueError: It is neither, or of another length. The message does not repeat it.
    """
    text = text.strip()
    try:
        material = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else _from_base64(text)
    except (ValueError, binascii.Error):
        raise ValueError("it is neither base64 nor hexadecimal") from None
    return SealingKey(material)


def make_ring(current: str, older: Iterable[str] = ()) -> Keyring:
    """
    A ring of keys as people write them.

    Raises:
        ValueError: See `read_key`.
    """
    return Keyring(read_key(current), tuple(read_key(each) for each in older))


def seal(secret: bytes, ring: Keyring, nonce: bytes, about: str) -> bytes:
    """
    Encrypt under the ring's current key, for the place that `about` names.

    Raises:
        ValueError: The nonce has not 12 bytes.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    header = _VERSION + ring.current.id
    return header + nonce + AESGCM(ring.current.material).encrypt(nonce, secret, header + about.encode())


def unseal(envelope: bytes, ring: Keyring, about: str) -> bytes:
    """
    What an envelope holds.

    Raises:
        EnvelopeUnreadable: It was changed, belongs elsewhere, or was sealed under a key that is not in the ring.
    """
    if len(envelope) < _SHORTEST or not envelope.startswith(_VERSION):
        raise EnvelopeUnreadable("it is no envelope")
    header = envelope[:_HEADER_BYTES]
    key = ring.find(header[len(_VERSION) :])
    if key is None:
        raise EnvelopeUnreadable("it was sealed under a key that is not there", key_is_missing=True)
    nonce = envelope[_HEADER_BYTES : _HEADER_BYTES + NONCE_BYTES]
    try:
        return AESGCM(key.material).decrypt(nonce, envelope[_HEADER_BYTES + NONCE_BYTES :], header + about.encode())
    except InvalidTag:
        raise EnvelopeUnreadable("it was changed, or belongs to another row") from None


def is_current(envelope: bytes, ring: Keyring) -> bool:
    """Whether an envelope was sealed under the key that seals now."""
    return envelope[len(_VERSION) : _HEADER_BYTES] == ring.current.id


def _from_base64(text: str) -> bytes:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
