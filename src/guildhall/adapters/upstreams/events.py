"""Streams of events as they come over HTTP (WHATWG HTML, 9.2 "Server-sent events")."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """An event: its bytes, with the blank line behind it, and its data."""

    raw: bytes
    data: bytes


class Splitter:
    """Cuts what comes into events, whatever pieces it comes in."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    @property
    def rest(self) -> bytes:
        """What is no whole event yet."""
        return self._rest

    def feed(self, piece: bytes) -> list[Event]:
        """The events that are whole now; comments alone are none."""
        whole = self._rest + piece if self._rest else piece
        if b"\r" in whole:
            # A lone one at the end may be half of a line's end.
            held = whole.endswith(b"\r")
            whole = whole[:-1] if held else whole
            whole = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + (b"\r" if held else b"")
        *blocks, self._rest = whole.split(b"\n\n")
        return [event for block in blocks if (event := _event(block)) is not None]


def _event(block: bytes) -> Event | None:
    if block.startswith(b"data: ") and b"\n" not in block:
        return Event(block + b"\n\n", block[6:])
    data = [
        line[5:].removeprefix(b" ") if line.startswith(b"data:") else b""
        for line in block.split(b"\n")
        if line.startswith(b"data:") or line == b"data"
    ]
    return Event(block + b"\n\n", b"\n".join(data)) if data else None
