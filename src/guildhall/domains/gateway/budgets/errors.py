"""The ways in which a budget cannot be, or does not allow a call."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.errors import Conflict, InvalidInput, LimitReached, NotFound


class BudgetRefused(InvalidInput):
    """A budget has a value that it cannot have."""

    code = "budget_refused"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(f"{field} is {str(value)[:200]!r}, expected {expected}", field=field, value=str(value)[:200])


class BudgetTaken(Conflict):
    """The team has a budget of this name."""

    code = "budget_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a budget {name!r} already", field="name", value=name)


class BudgetNotFound(NotFound):
    """The team has no budget of this name."""

    code = "budget_not_found"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no budget {name[:100]!r}", remedy=did_you_mean(name, known), field="name", value=name[:100]
        )


class BudgetExhausted(LimitReached):
    """A call might cost more than a hard budget has left."""

    code = "budget_exhausted"

    def __init__(self, name: str, limit_usd: Decimal, left_usd: Decimal, needed_usd: Decimal) -> None:
        super().__init__(
            f"the budget {name!r} has {max(left_usd, Decimal(0)):f} of {limit_usd:f} USD left, "
            f"and the call may cost {needed_usd:f} USD",
            remedy="Ask for fewer tokens (max_tokens), wait for the next period, or have the budget raised.",
            budget=name,
            limit_usd=float(limit_usd),
            left_usd=float(left_usd),
            needed_usd=float(needed_usd),
        )


class PriceUnknown(LimitReached):
    """Nobody knows what a call costs, and a hard budget is to hold."""

    code = "price_unknown"

    def __init__(self, budget: str, model: str) -> None:
        super().__init__(
            f"the price of {model[:200]!r} is not known, and the budget {budget!r} is a hard one",
            remedy="State the model's prices in its provider's config, or make the budget a soft one.",
            budget=budget,
            model=model[:200],
        )
