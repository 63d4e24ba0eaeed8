"""
Passwords: Argon2id (RFC 9106), in the encoded form that every library reads.

A hash is `$argon2id$v=19$m=…,t=…,p=…$salt$digest`. Its settings, which are all
but the digest, suffice to make the hash of another password for comparing, so
that what is kept never has to leave the database. Making one takes 64 MiB and
tens of milliseconds on purpose: not in an event loop.
"""

from __future__ import annotations

import base64
import binascii
import re

from argon2.low_level import Type, hash_secret

TIME_COST, MEMORY_KIB, LANES = 3, 65_536, 4
"""The second recommended choice of RFC 9106, section 4."""

SALT_BYTES = 16
_DIGEST_BYTES = 32
_SETTINGS = re.compile(
    r"\$argon2id\$v=19\$m=(?P<memory>\d{1,8}),t=(?P<time>\d{1,4}),p=(?P<lanes>\d{1,3})\$(?P<salt>[A-Za-z0-9+/]{11,64})"
)


def make_hash(password: str, salt: bytes) -> str:
    """The hash of a password under the present costs; the salt must be random."""
    return _hashed(password, salt, TIME_COST, MEMORY_KIB, LANES)


def rehash(password: str, settings: str) -> str | None:
    """The hash of a password as another was made, for comparing the two; None where the settings cannot be read."""
    match = _SETTINGS.fullmatch(settings)
    if match is None:
        return None
    try:
        salt = base64.b64decode(match["salt"] + "=" * (-len(match["salt"]) % 4), validate=True)
    except binascii.Error:
        return None
    return _hashed(password, salt, int(match["time"]), int(match["memory"]), int(match["lanes"]))


def is_outdated(settings: str) -> bool:
    """Whether a hash was made at other costs than those of today."""
    return not settings.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={LANES}$")


def _hashed(password: str, salt: bytes, time: int, memory: int, lanes: int) -> str:
    return hash_secret(password.encode(), salt, time, memory, lanes, _DIGEST_BYTES, Type.ID).decode()
