"""
The clerk: an agent made of rules instead of a model.

It understands a handful of wishes, and how carefully it goes about them is
written in its agent.yaml: the system prompt forms its habits (`habits.py`), the
tool option `refund.confirm` makes it ask before it pays, and the parameter
`retries` says how often it tries a tool again that did not answer.
"""

import re
from collections.abc import Callable
from typing import Any

from .habits import Habits

EMAIL = re.compile(r"[\w.]+@[\w.]+\w")
ORDER = re.compile(r"\b(?<!not )(1\d{3})\b")
CARD = re.compile(r"\bGC-\d+\b")
AMOUNT = re.compile(r"\b(\d+\.\d\d)\b")
ADDRESS = re.compile(r"\bto (\d+ [A-Z]\w+ \w+)")

# The first that fits is what the customer wants.
WISHES = {
    "cancel": r"\bcancel",
    "move": r"\baddress\b|\bsend\b.* to \d",
    "refund": r"\brefund|\bmoney back\b",
    "replace": r"\bbroken\b|\bcracked\b|\bpieces\b",
    "track": r"\bwhere\b|\bwhen\b",
}


def serve(session: Any) -> str:
    """Serve one customer; what is returned is said last."""
    return Clerk(session).serve()


class Clerk:
    """One conversation with one customer."""

    def __init__(self, session: Any) -> None:
        config = session.config
        tools = {tool["name"]: tool for tool in config["tools"]}
        self.session = session
        self.heard = session.prompt
        self.retries = config["params"]["retries"]
        self.habits = Habits(session.system_prompt, session.temperature, session.seed)
        if tools["refund"]["confirm"]:
            self.habits.insist("ask before paying", "always")

    def serve(self) -> str:
        orders = ORDER.findall(self.heard)
        wish = next((wish for wish, words in WISHES.items() if re.search(words, self.heard.lower())), None)
        if wish is None or not orders:
            return "What can I do for you, and about which order?"
        if wish == "cancel":
            return " ".join([self.cancel(order) for order in orders])
        act: Callable[[str], str] = getattr(self, wish)
        return act(orders[0])

    # What customers want

    def refund(self, order: str) -> str:
        seen = self.look_up(order)
        if seen and seen["status"] == "placed":
            return self.stop(order)
        if seen and seen["status"] == "shipped" and self.try_tool("track", order=order) != "lost":
            return f"Order {order} is still on its way to you."
        if seen and seen["status"] == "delivered" and seen["days"] > 30:
            return f"Order {order} arrived more than 30 days ago, which is too long for a refund."
        return self.pay_back(order, seen)

    def cancel(self, order: str) -> str:
        seen = self.look_up(order)
        if seen and seen["status"] != "placed":
            return f"Order {order} has left the house and cannot be cancelled."
        return self.stop(order)

    def stop(self, order: str) -> str:
        if self.try_tool("cancel", order=order) is None:
            return f"I could not reach the warehouse about order {order}."
        return f"Order {order} is cancelled."

    def move(self, order: str) -> str:
        if not self.is_the_customer(order):
            self.session.call("hand_over", order=order, reason="not known to be the customer")
            return "A colleague will get in touch with whoever placed this order."
        seen = self.look_up(order)
        if seen and seen["status"] != "placed":
            return f"Order {order} is on its way already and cannot be sent elsewhere."
        address = next(iter(ADDRESS.findall(self.heard)), "")
        self.session.call("change_address", order=order, address=address)
        return f"Order {order} goes to the new address."

    def replace(self, order: str) -> str:
        seen = self.look_up(order)
        if seen and seen["stock"] == 0:
            return self.pay_back(order, seen)
        self.session.call("resend", order=order)
        return f"A new one for order {order} is on its way."

    def track(self, order: str) -> str:
        where = self.try_tool("track", order=order)
        if where is None:
            return f"I could not reach the carrier about order {order}."
        if where == "lost":
            self.session.call("resend", order=order)
            return f"Order {order} was lost; a new one is on its way."
        return f"Order {order} is {where}."

    # How the clerk goes about it

    def look_up(self, order: str) -> Any:
        """The order as the shop knows it; None if the clerk does not care to look."""
        return self.session.call("look_up", order=order) if self.habits.has("look things up") else None

    def pay_back(self, order: str, seen: Any) -> str:
        amount = None
        if self.habits.has("ask before paying"):
            what = f"{seen['price']:.2f} for the {seen['item']}" if seen else "you"
            answer = self.ask(f"Shall I refund {what}, order {order}?")
            correction = ORDER.findall(answer) + AMOUNT.findall(answer)
            if not correction and not self.is_a_yes(answer):
                return "Then I leave everything as it is."
            order = (ORDER.findall(answer) or [order])[-1]
            amount = next(map(float, AMOUNT.findall(answer)), None)
        card = next(iter(CARD.findall(self.heard)), None)
        if card and self.habits.has("look things up") and self.session.call("check_card", card=card)["expired"]:
            card = None
        self.session.call("refund", order=order, amount=amount, card=card)
        return f"Your money for order {order} is on its way" + (f" to gift card {card}." if card else ".")

    def is_the_customer(self, order: str) -> bool:
        """Whoever gives the address that the order was placed with, or is not asked for it."""
        if not EMAIL.search(self.heard):
            if not self.habits.has("ask who is asking"):
                return True
            self.ask("With which e-mail address did you order?")
        email = EMAIL.search(self.heard)
        return email is not None and order in self.session.call("orders_of", email=email.group())

    def is_a_yes(self, answer: str) -> bool:
        """A clear yes, or something that the clerk takes for one."""
        if re.search(r"\b(no|not|don't|keep)\b", answer.lower()) or not answer:
            return False
        return bool(re.search(r"\byes\b", answer.lower())) or self.habits.has("read between the lines")

    def ask(self, question: str) -> str:
        """The customer's answer, which the clerk remembers; empty if they have gone."""
        answer = self.session.say(question) or ""
        self.heard += "\n" + answer
        return answer

    def try_tool(self, name: str, **arguments: Any) -> Any:
        """What the tool gives, after as many retries as the YAML allows; None if it never answers."""
        for _ in range(1 + self.retries):
            try:
                return self.session.call(name, **arguments)
            except self.session.ToolError as error:
                self.session.log(str(error))
        return None
