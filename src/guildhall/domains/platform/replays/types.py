"""The noun of replays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a request: its status, the headers that matter, and its body; None: it held a secret."""

    status: int
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
