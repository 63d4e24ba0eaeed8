"""What those who ask models need of whoever does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from guildhall.adapters.llm.types import Completion, Endpoint
from guildhall.adapters.through import Role


class Models(Protocol):
    """Whoever asks models: `ModelClient` over HTTP, `app.gateway.deputies` through a gateway of this process."""

    def check_endpoint(self, endpoint: Endpoint) -> None:
        """Find out beforehand what would fail each time."""
        ...

    async def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        endpoint: Endpoint,
        model: str,
        timeout_ms: float,
        temperature: float | None = None,
        params: Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        optional: Collection[str] = (),
        role: Role = "agent",
    ) -> Completion:
        """One completion; raises TrialFailed where there is none to be had."""
        ...
