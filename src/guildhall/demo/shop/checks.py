"""Why a ledger is not the expected one, in a few words that a report can show."""

from typing import Any

DONE = {
    "refund": "refunded",
    "cancel": "cancelled",
    "send": "changed the address",
    "resend": "sent another one",
    "hand": "handed over",
}


def ledger_explained(final_state: Any, scenario: Any, tool_calls: Any, conversation: Any) -> tuple[float, str]:
    """Is the ledger the expected one? If not: what was done, and what should have been done first."""
    expected, found = scenario.ground_truth["ledger"], final_state["ledger"]
    if found == expected:
        return 1.0, ""
    missing = [line for line in expected if line not in found]
    wrong = [line for line in found if line not in expected]
    if wrong:
        return 0.0, _wrongly(wrong[0], missing, tool_calls, conversation)
    unanswered = next((call["name"] for call in tool_calls if call["error"]), None)
    if missing and unanswered:
        return 0.0, f"{unanswered} timed out"
    return 0.0, f"should have {DONE[_verb(missing[0])]}" if missing else "did the same twice"


def _wrongly(line: str, missing: list[str], tool_calls: Any, conversation: Any) -> str:
    done = DONE[_verb(line)]
    if any(_verb(each) == "hand" for each in missing):
        return f"{done}, asked for no identity"
    if not any(call["name"] == "look_up" for call in tool_calls):
        return f"{done} without look-up"
    if len(conversation) <= 2:  # the customer's wish and the agent's last words
        return f"{done} without asking first"
    return f"{done} what it should not have"


def _verb(line: str) -> str:
    return line.split(maxsplit=1)[0]
