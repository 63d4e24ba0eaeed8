"""
Budgets: what a team, a person, a key or a model may cost in a day or a month, and how many tokens in a minute.

A call sets aside the most that it may cost before it is made, in the
transaction that writes it down, and counts what it did cost when it has ended
(`requests.begin`, `requests.end`): a hard limit is never exceeded, however many call at once.
"""

from guildhall.domains.gateway.budgets.errors import (
    BudgetExhausted,
    BudgetNotFound,
    BudgetRefused,
    BudgetTaken,
    PriceUnknown,
)
from guildhall.domains.gateway.budgets.rules import charged
from guildhall.domains.gateway.budgets.service import (
    add_budget,
    change_budget,
    get_budget,
    list_budgets,
    remove_budget,
)
from guildhall.domains.gateway.budgets.types import Budget, NewBudget

__all__ = [
    "Budget",
    "BudgetExhausted",
    "BudgetNotFound",
    "BudgetRefused",
    "BudgetTaken",
    "NewBudget",
    "PriceUnknown",
    "add_budget",
    "change_budget",
    "charged",
    "get_budget",
    "list_budgets",
    "remove_budget",
]
