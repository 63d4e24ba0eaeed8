"""What the audit needs from outside: keys that the database does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Keyring(Protocol):
    """Signs seals, and knows which keys to trust."""

    @property
    def key_id(self) -> str:
        """The name of the key that signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature (RFC 8032) with that key."""
        ...

    def trusts(self, key_id: str) -> bool:
        """Whether a key is among those that may have signed."""
        ...

    def verifies(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Whether a trusted key made this signature."""
        ...

    def public_keys(self) -> Mapping[str, bytes]:
        """Every trusted key's public half, 32 bytes, by its name."""
        ...
