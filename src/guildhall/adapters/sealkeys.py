"""
The keys that sign seals: Ed25519 (RFC 8032), in a PEM file that the database cannot reach.

The first private key of the file signs; every key in it, private or public, is
trusted. So a new key goes in front of the old ones, and whoever only verifies
needs public keys alone.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guildhall.errors import InvalidInput, NotFound

_BLOCK = re.compile(rb"-----BEGIN (?P<kind>[A-Z ]+)-----.*?-----END (?P=kind)-----\n?", re.DOTALL)


class SealKeyMissing(NotFound):
    """There is no file with a key, or none in it that signs."""

    code = "seal_key_missing"


class SealKeyUnreadable(InvalidInput):
    """The file is not one of Ed25519 keys in PEM, or may not be read."""

    code = "seal_key_unreadable"


class SealKeys:
    """A signing key, perhaps, and the keys to trust; a key's name is the start of its public half's SHA-256."""

    def __init__(self, private: Ed25519PrivateKey | None, public: Mapping[str, Ed25519PublicKey]) -> None:
        self._private = private
        self._public = dict(public)

    @classmethod
    def read(cls, file: Path, *, create: bool = False) -> SealKeys:
        """
        The keys in a file; with `create`, one is made where there is no file, for its owner alone.

        Raises:
            SealKeyMissing: There is no such file.
            SealKeyUnreadable: It holds something else, or may not be read.
        """
        if create and not file.exists():
            _create(file)
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            raise SealKeyMissing(
                f"there is no seal key at {file}",
                remedy="Seal once with `guildhall audit seal`, which makes one, or name the file in GUILDHALL_SEAL_KEY.",
                path=str(file),
            ) from None
        except OSError as error:
            raise SealKeyUnreadable(
                f"the seal key at {file} cannot be read: {error.strerror}", path=str(file)
            ) from error
        private = None
        public = {}
        for block in _BLOCK.finditer(content):
            key, of_it = _loaded(file, block[0], block["kind"])
            private = private or key
            public[_name(of_it)] = of_it
        if not public:
            raise _unreadable(file)
        return cls(private, public)

    @classmethod
    def trusting(cls, public_keys: Mapping[str, bytes]) -> SealKeys:
        """
        Keys that only verify, from their 32 bytes.

        Raises:
            SealKeyUnreadable: They are no keys, or not of those names.
        """
        found = {}
        for name, raw in public_keys.items():
            try:
                key = Ed25519PublicKey.from_public_bytes(raw)
            except ValueError as error:
                raise SealKeyUnreadable(f"{name} is no Ed25519 public key", field="public_keys", value=name) from error
            if _name(key) != name:
                raise SealKeyUnreadable(f"the public key of {name} is another one", field="public_keys", value=name)
            found[name] = key
        return cls(None, found)

    @property
    def key_id(self) -> str:
        """
        The name of the key that signs.

        Raises:
            SealKeyMissing: None of them is private.
        """
        return _name(self._signing().public_key())

    def sign(self, message: bytes) -> bytes:
        """
        The signature of the first private key.

        Raises:
            SealKeyMissing: None of them is private.
        """
        return self._signing().sign(message)

    def trusts(self, key_id: str) -> bool:
        """Whether a key is among these."""
        return key_id in self._public

    def verifies(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Whether one of these keys made a signature."""
        key = self._public.get(key_id)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_keys(self) -> dict[str, bytes]:
        """The 32 bytes of each public key, by name."""
        return {name: _raw(key) for name, key in self._public.items()}

    def _signing(self) -> Ed25519PrivateKey:
        if self._private is None:
            raise SealKeyMissing("none of the seal keys is a private one", remedy="Seal where the private key is.")
        return self._private


def _create(file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was quicker
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _loaded(file: Path, pem: bytes, kind: bytes) -> tuple[Ed25519PrivateKey | None, Ed25519PublicKey]:
    try:
        if kind == b"PUBLIC KEY":
            public = serialization.load_pem_public_key(pem)
            if isinstance(public, Ed25519PublicKey):
                return None, public
        else:
            private = serialization.load_pem_private_key(pem, password=None)
            if isinstance(private, Ed25519PrivateKey):
                return private, private.public_key()
    except (ValueError, TypeError) as error:
        raise _unreadable(file) from error
    raise _unreadable(file)


def _unreadable(file: Path) -> SealKeyUnreadable:
    return SealKeyUnreadable(
        f"the seal key at {file} is no Ed25519 key in PEM",
        remedy="`openssl genpkey -algorithm ed25519` makes one.",
        path=str(file),
    )


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _name(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(_raw(key)).hexdigest()[:16]
