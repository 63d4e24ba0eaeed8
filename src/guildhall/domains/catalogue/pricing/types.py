"""What a model costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Rates:
    """
    USD for a million tokens, for requests of at least `min_input_tokens` of input; None is unknown, 0 is free.

    A rate that is None beside `input` and `output` is that of what it is a part of.
    """

    min_input_tokens: int
    input: Decimal | None
    output: Decimal | None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    reasoning: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A model's rates, by the input from which on they hold: the highest that a request reaches counts for all of it."""

    rates: Sequence[Rates]


@dataclass(frozen=True, slots=True)
class Published:
    """A price as somebody publishes it, for the catalogue."""

    provider: str
    provider_name: str
    model: str
    model_name: str
    source: str
    source_url: str | None
    effective_from: date
    rates: Sequence[Rates]

    @property
    def slug(self) -> str:
        """What the catalogue calls the model."""
        return f"{self.provider}/{self.model}".lower()
