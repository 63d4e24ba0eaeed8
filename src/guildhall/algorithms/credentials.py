"""
Credentials: how API keys and tokens are written, read and compared.

An API key is `gh_<id>_<secret>`: the id is public and finds the key, the
secret is 256 random bits. Whoever keeps a key keeps its SHA-256 alone: against
256 bits of chance nothing slower is needed, unlike for passwords. Session and
invitation tokens are written `gs_<secret>` and `gi_<secret>`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from uuid import UUID

SECRET_BYTES = 32
_SECRET = r"[A-Za-z0-9_-]{43}"
_KEY = re.compile(rf"gh_([0-9a-f]{{32}})_({_SECRET})")
_TOKEN = re.compile(rf"(?:gs|gi)_{_SECRET}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in full, as its owner has it; only `id` may be shown."""

    id: UUID
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        """What is kept of it."""
        return digest(self.text)


def make_key(key_id: UUID, secret: bytes) -> ApiKey:
    """
    A key from its id and 32 random bytes.

    Raises:
        ValueError: The secret is of another length.
    """
    return ApiKey(key_id, f"gh_{key_id.hex}_{_written(secret)}")


def make_token(kind: str, secret: bytes) -> str:
    """
    A token of kind `gs` (session) or `gi` (invitation) from 32 random bytes.

    Raises:
        ValueError: The secret is of another length, or the kind is not known.
    """
    if kind not in {"gs", "gi"}:
        raise ValueError(f"there are no tokens of kind {kind!r}")
    return f"{kind}_{_written(secret)}"


def parse_key(text: str) -> ApiKey | None:
    """The key that a text is, exactly; None for anything else."""
    match = _KEY.fullmatch(text)
    return ApiKey(UUID(match[1]), text) if match else None


def is_token(text: str) -> bool:
    """Whether a text is written as a token is; says nothing of whether anybody knows it."""
    return _TOKEN.fullmatch(text) is not None


def digest(text: str) -> str:
    """SHA-256 in hexadecimal; `verify_api_key` in the database computes the same."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, kept: str) -> bool:
    """Whether a text is the one whose digest was kept, in a time that does not depend on where they differ."""
    return hmac.compare_digest(digest(text), kept)


def _written(secret: bytes) -> str:
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes, not {len(secret)}")
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")
