"""The gateway's accounts, budgets and calls for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from rich.text import Text

if TYPE_CHECKING:
    from guildhall.app.prices import ServedModel
    from guildhall.domains.gateway.budgets import Budget
    from guildhall.domains.gateway.providers import Account
    from guildhall.domains.gateway.requests import Call, Story
    from guildhall.domains.platform.identity import Conversation

_STYLES = {"failed": "red", "running": "cyan", "unhealthy": "red", "degraded": "yellow", "healthy": "green"}
_LONGEST = 200


def account_lines(accounts: Iterable[Account]) -> Iterator[Text]:
    """A line for each account."""
    empty = True
    for each in accounts:
        empty = False
        models = ", ".join(each.options.models) or each.model or ""
        state = each.health_status if each.enabled else "disabled"
        took = f"{each.response_time_ms} ms" if each.response_time_ms is not None else ""
        yield Text.assemble(
            (f"{each.name:<16}", "bold"),
            (f" {state:<10}", _STYLES.get(state, "")),
            f" {each.type:<10} weight {each.weight:g} {took:>9}  {models}",
        )
    if empty:
        yield Text("no providers; `guildhall gateway providers add` makes one")


def budget_lines(budgets: Iterable[Budget]) -> Iterator[Text]:
    """A line for each budget."""
    empty = True
    for each in budgets:
        empty = False
        limits = []
        if each.limit_usd is not None:
            limits.append(f"{money(each.spent_usd)} of {money(each.limit_usd)} a {each.period}")
        if each.tokens_per_minute is not None:
            limits.append(f"{each.tokens_per_minute:,} tokens a minute")
        held = f", {money(each.reserved_usd)} set aside" if each.reserved_usd else ""
        scope = [
            f"{name} {value}"
            for name, value in (("key", each.api_key_id), ("user", each.user_id), ("model", each.model))
            if value
        ]
        kind = "hard" if each.is_hard else "soft"
        yield Text.assemble(
            (f"{each.name:<16}", "bold"), f" {kind}  {', '.join(limits)}{held}  {' '.join(scope) or 'team'}"
        )
    if empty:
        yield Text("no budgets")


def model_lines(models: Iterable[ServedModel]) -> Iterator[Text]:
    """A line for each model at each account, in USD for a million tokens."""
    empty = True
    for model in models:
        for each in model.offers:
            empty = False
            costs = (
                "price unknown"
                if each.input is None and each.output is None
                else f"{_rate(each.input)} in, {_rate(each.output)} out a million tokens ({each.source})"
            )
            yield Text.assemble((f"{model.name:<24}", "bold"), f" {each.provider:<16} {costs}")
    if empty:
        yield Text("no models by a name; `guildhall gateway providers add --model NAME` makes one")


def _rate(amount: Decimal | None) -> str:
    return "?" if amount is None else money(amount)


def call_lines(calls: Iterable[Call], *, of_trials: bool = False) -> Iterator[Text]:
    """A line for each call; with who called, where that is in trials."""
    empty = True
    for each in calls:
        empty = False
        yield Text.assemble(
            f"{each.id}  {_when(each.created_at)}  ",
            (f"{each.status:<9}", _STYLES.get(each.status, "")),
            f"  {each.model or ''}  {_tokens(each)}  {money(each.cost_usd)}",
            f"  {each.role or '–'}" if of_trials else "",
            f"  {each.error_code}" if each.error_code else "",
        )
    if empty:
        yield Text("no calls")


def session_lines(sessions: Iterable[Conversation], *, whole: bool = False) -> Iterator[Text]:
    """A line for each session; with its context, if `whole`."""
    empty = True
    for each in sessions:
        empty = False
        until = f" until {_when(each.expires_at)}" if each.status == "active" else ""
        calls = f"{each.request_count} request{'' if each.request_count == 1 else 's'}, last used {_when(each.last_activity)}"
        yield Text.assemble((each.name, "bold"), f"  {each.status}{until}  {calls}")
        if whole:
            yield Text(f"  context {orjson.dumps(each.context).decode()}")
    if empty:
        yield Text("no sessions")


def story_lines(story: Story) -> Iterator[Text]:
    """A call, what was asked, and what came of each attempt."""
    call = story.call
    yield Text.assemble((str(call.id), "bold"), f"  {call.model or ''}  ", (call.status, _STYLES.get(call.status, "")))
    if call.simulation_id is not None:
        trial = f", trial {call.outcome_id}" if call.outcome_id is not None else ""
        yield Text(f"  the {call.role or 'caller'} of simulation {call.simulation_id}{trial}")
    yield Text(f"  {call.request_type} at {_when(call.created_at)}, {_tokens(call)}, {money(call.cost_usd)}")
    if call.error_message:
        yield Text(f"  {call.error_code}: {call.error_message}", style="red")
    for message in story.messages:
        yield Text(f"  > {_short(message)}")
    for each in story.responses:
        took = f"{each.response_time} ms" if each.response_time is not None else "no answer"
        yield Text.assemble(
            f"  attempt {each.attempt}  ",
            (each.provider_name, "bold"),
            f"  {took}  {each.error_code or each.finish_reason or ''}",
        )
        said = each.content or each.error_message
        if said:
            yield Text(f"    {said[:_LONGEST]}", style="red" if each.error_code else "")


def money(amount: Decimal | None) -> str:
    """An amount in USD; a call's price may not be known."""
    return "price unknown" if amount is None else f"${amount.normalize():f}" if amount else "$0"


def _tokens(call: Call) -> str:
    if call.tokens_prompt is None:
        return "tokens unknown"
    return f"{call.tokens_prompt}+{call.tokens_completion or 0} tokens"


def _short(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("content"), str):
        return f"{value.get('role', '')}: {value['content']}"[:_LONGEST]
    return orjson.dumps(value).decode()[:_LONGEST]


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
