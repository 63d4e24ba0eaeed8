"""How content is kept."""

from __future__ import annotations

import hashlib

import zstandard

WORTH_COMPRESSING = 1024
"""Shorter content gains nothing."""

_LEVEL = 3  # 1 MB of trajectory in about 5 ms


def sha256_of(content: bytes) -> str:
    """The name under which content is kept."""
    return hashlib.sha256(content).hexdigest()


def packed(content: bytes) -> tuple[str, bytes]:
    """The encoding, and the content in it: zstd where that is shorter."""
    if len(content) >= WORTH_COMPRESSING:
        compressed = zstandard.ZstdCompressor(level=_LEVEL).compress(content)
        if len(compressed) < len(content):
            return "zstd", compressed
    return "identity", content


def unpacked(encoding: str, content: bytes) -> bytes:
    """The content, as it was before `packed`."""
    return zstandard.ZstdDecompressor().decompress(content) if encoding == "zstd" else content
