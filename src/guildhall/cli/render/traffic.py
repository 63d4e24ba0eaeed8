"""How answers of the gateway came, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from guildhall.cli.render.gateway import money

if TYPE_CHECKING:
    from guildhall.domains.gateway.requests import Traffic


def traffic_lines(groups: Iterable[Traffic]) -> Iterator[Text]:
    """A line for each group, under what its columns are."""
    found = list(groups)
    if not found:
        yield Text("no answers")
        return
    width = max(5, *(len(each.group) for each in found))
    yield Text(
        f"{'':<{width}}  {'answers':>9}  {'failed':>7}  {'first token p50/p95/p99':>25}  {'whole p50/p95/p99':>25}"
        f"  {'tokens':>12}  {'tokens/s':>8}  cost",
        style="dim",
    )
    for each in found:
        first = _times(each.first_token_p50, each.first_token_p95, each.first_token_p99)
        whole = _times(each.whole_p50, each.whole_p95, each.whole_p99)
        pace = "" if each.tokens_per_s is None else f"{each.tokens_per_s:.1f}"
        unpriced = each.answers - each.errors - each.priced_answers
        yield Text.assemble(
            (f"{each.group:<{width}}", "bold"),
            f"  {each.answers:>9,}  ",
            (f"{each.errors / each.answers:>7.1%}", "red" if each.errors else ""),
            f"  {first:>25}  {whole:>25}  {each.tokens:>12,}  {pace:>8}  {money(each.cost_usd)}",
            f" and {unpriced:,} without a price" if unpriced > 0 else "",
        )


def _times(*percentiles: float | None) -> str:
    known = [each for each in percentiles if each is not None]
    return "/".join(f"{each:.0f}" for each in known) + " ms" if known else ""
