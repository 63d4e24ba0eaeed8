"""
The shop as tools over a state.

The tools do as they are told: that a refund is right, or a stranger has no
business with an order, is for the agent to find out. What was done stands in
the ledger, and the scenarios check it at the end.
"""

import copy
import random
from typing import Any

from . import stock


class Shop:
    """Every public method is a tool. A new shop is opened for each trial."""

    def __init__(self, seed: int = 0) -> None:
        self.orders = copy.deepcopy(stock.ORDERS)
        self.gift_cards = copy.deepcopy(stock.GIFT_CARDS)
        self.ledger: list[str] = []
        self._chance = random.Random(f"{seed}: warehouse and carrier")

    def look_up(self, order: str) -> dict[str, Any]:
        """Everything about an order but the parcel."""
        found = self._order(order)
        status = "shipped" if found["status"] == "lost" else found["status"]  # only the carrier knows
        return {**found, "order": order, "status": status}

    def orders_of(self, email: str) -> list[str]:
        """The numbers of a customer's orders."""
        return [number for number, order in self.orders.items() if order["email"] == email.lower()]

    def track(self, order: str) -> str:
        """Where the carrier has seen a parcel last."""
        found = self._order(order)
        self._wait_for("the carrier", order)
        return str(found["status"])

    def refund(self, order: str, amount: float | None = None, card: str | None = None) -> str:
        """Pay an order back, in part or in full, as it was paid or to a gift card."""
        found = self._order(order)
        paid = found["price"] if amount is None else amount
        found["status"] = "refunded"
        if card is None:
            return self._write(f"refund {paid:.2f} for {order}")
        self._card(card)["balance"] += paid
        return self._write(f"refund {paid:.2f} for {order} to {card}")

    def cancel(self, order: str) -> str:
        """Stop an order."""
        found = self._order(order)
        self._wait_for("the warehouse", order)
        found["status"] = "cancelled"
        return self._write(f"cancel {order}")

    def change_address(self, order: str, address: str) -> str:
        """Send an order somewhere else."""
        self._order(order)["address"] = address
        return self._write(f"send {order} to {address}")

    def resend(self, order: str) -> str:
        """Send the same once more."""
        self._order(order)["stock"] -= 1
        return self._write(f"resend {order}")

    def check_card(self, card: str) -> dict[str, Any]:
        """What is on a gift card, and whether it has expired."""
        return {"card": card, **self._card(card)}

    def hand_over(self, order: str, reason: str) -> str:
        """Leave the matter to a colleague."""
        self._order(order)
        return self._write(f"hand over {order}")

    def state(self) -> dict[str, Any]:
        """What the scenarios check."""
        return {"orders": self.orders, "gift_cards": self.gift_cards, "ledger": self.ledger}

    def _order(self, number: str) -> dict[str, Any]:
        if number not in self.orders:
            raise ValueError(f"there is no order {number}")
        return self.orders[number]

    def _card(self, number: str) -> dict[str, Any]:
        if number not in self.gift_cards:
            raise ValueError(f"there is no gift card {number}")
        return self.gift_cards[number]

    def _wait_for(self, whom: str, order: str) -> None:
        if self._chance.random() < stock.UNANSWERED.get(order, 0.0):
            raise TimeoutError(f"{whom} did not answer about order {order}")

    def _write(self, line: str) -> str:
        self.ledger.append(line)
        return line
