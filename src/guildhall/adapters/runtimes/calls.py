"""Reading what agents say of their model calls: nothing is taken on trust, nothing is invented."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from guildhall.domains.evaluation.simulations.ports import ModelCall, Usage

_MOST_TOKENS = 1_000_000_000
_MOST_COST = Decimal(1_000_000)
_MOST_DURATION_MS = 1e9
_KINDS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")


def model_call_from(fields: Mapping[str, Any], model: str | None = None) -> ModelCall | None:
    """
    The model call that `usage`, `cost_usd`, `model` and `duration_ms` describe; None where none of the first two is given.

    Raises:
        ValueError: One of them cannot be what it says.
    """
    usage, cost = fields.get("usage"), fields.get("cost_usd")
    named = fields.get("model")
    if usage is None and cost is None and named is None:
        return None
    if named is not None and not isinstance(named, str):
        raise ValueError(f"model is {_brief(named)}, expected a name")
    return ModelCall(named or model, usage_from(usage), cost_from(cost), duration_from(fields.get("duration_ms")))


def usage_from(given: Any) -> Usage | None:
    """
    Tokens by kind; kinds that are not named are 0.

    Raises:
        ValueError: It is no object with whole numbers.
    """
    if given is None or isinstance(given, Usage):
        return given
    if not isinstance(given, Mapping):
        raise ValueError(f"usage is {_brief(given)}, expected an object such as {{'input_tokens': 12}}")
    counts = []
    for kind in _KINDS:
        count = given.get(kind, 0)
        count = 0 if count is None else count
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST_TOKENS:
            raise ValueError(f"usage.{kind} is {_brief(count)}, expected a whole number from 0 to {_MOST_TOKENS:,}")
        counts.append(count)
    return Usage(*counts)


def cost_from(given: Any) -> Decimal | None:
    """
    US dollars, from a number or a decimal in a string.

    Raises:
        ValueError: It is neither, negative, or beyond all reason.
    """
    if given is None:
        return None
    try:
        cost = Decimal(str(given)) if isinstance(given, (str, int, float, Decimal)) else None
    except InvalidOperation:
        cost = None
    if cost is None or isinstance(given, bool) or not cost.is_finite() or not 0 <= cost <= _MOST_COST:
        raise ValueError(f"cost_usd is {_brief(given)}, expected US dollars from 0")
    return cost


def duration_from(given: Any) -> float | None:
    """
    Milliseconds.

    Raises:
        ValueError: It is no number from 0.
    """
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= _MOST_DURATION_MS:
        raise ValueError(f"duration_ms is {_brief(given)}, expected a number from 0")
    return float(given)


def _brief(value: Any) -> str:
    return repr(value)[:100]
