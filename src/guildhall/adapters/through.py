"""
Calling models through the gateway, and saying what each call is made for.

Whoever plays a trial says so once (`made_for`); whatever is asked of models
meanwhile, by the agent, its user or a judge, then carries it. That is how every
call behind an outcome is found in the gateway's ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from uuid import UUID

Role: TypeAlias = Literal["agent", "user", "judge", "analyst"]

_made_for: ContextVar[tuple[UUID, UUID | None] | None] = ContextVar("made_for", default=None)


@contextmanager
def made_for(simulation_id: UUID, outcome_id: UUID | None = None) -> Iterator[None]:
    """Calls of models within the block are made for this simulation, and for the trial with this outcome."""
    before = _made_for.set((simulation_id, outcome_id))
    try:
        yield
    finally:
        _made_for.reset(before)


def purpose(role: Role) -> dict[str, str]:
    """The headers that say what a call is made for; none where that is not known."""
    made = _made_for.get()
    if made is None:
        return {}
    simulation_id, outcome_id = made
    headers = {"x-guildhall-simulation": str(simulation_id), "x-guildhall-role": role}
    return headers if outcome_id is None else {**headers, "x-guildhall-outcome": str(outcome_id)}


@dataclass(frozen=True, slots=True)
class ThroughGateway:
    """
    Where the gateway is, and a key for it that ends with the run.

    `url` has no `/v1`, `key_id` is what the ledger calls the key. Models are then named as the gateway's accounts serve
    them, whatever `base_url` says, and nobody needs a provider's key.
    """

    url: str
    key: str = field(repr=False)
    key_id: UUID | None = None

    @property
    def base_url(self) -> str:
        """The address of its OpenAI-compatible API."""
        return f"{self.url.rstrip('/')}/v1"

    def headers(self, role: Role) -> dict[str, str]:
        """What a call is sent with: the key, and what it is made for, as far as that is known."""
        return {"Authorization": f"Bearer {self.key}", **purpose(role)}

    def address_of(self, simulation_id: UUID, outcome_id: UUID) -> str:
        """The address at which everything that is asked is the agent's of one trial; without `/v1`."""
        return f"{self.url.rstrip('/')}/trials/{simulation_id}/{outcome_id}"

    def told(self, simulation_id: UUID, outcome_id: UUID) -> Mapping[str, str]:
        """What an agent that calls models itself is told in its `start` message."""
        return {"url": self.address_of(simulation_id, outcome_id), "api_key": self.key}


def variables_of(told: Mapping[str, str]) -> dict[str, str]:
    """The same for an agent's program, in the variables that the SDKs of OpenAI and Anthropic read."""
    return {
        "OPENAI_BASE_URL": f"{told['url']}/v1",
        "OPENAI_API_KEY": told["api_key"],
        "ANTHROPIC_BASE_URL": told["url"],
        "ANTHROPIC_API_KEY": told["api_key"],
    }
