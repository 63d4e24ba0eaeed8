"""Debates for people: each turn as it comes, and what the votes came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

from rich.text import Text

from guildhall.cli.render.figures import count, duration, shortened

if TYPE_CHECKING:
    from guildhall.domains.gateway.debates import Debate, Record, Turn

_WHY = {
    "rounds": "all rounds were held",
    "unanimous": "all agree",
    "converged": "nobody changed their position",
    "clear": "the first vote was clear",
    "silent": "nobody answered in the last round",
}


def turn_lines(turn: Turn) -> Iterator[Text]:
    """One turn: who, for what, how long it took, and the beginning of what was said."""
    when = "first answer" if turn.round_number == 0 else f"round {turn.round_number}"
    took = "" if turn.response_time_ms is None else f"  {duration(turn.response_time_ms)}"
    error = "error" in turn.raw_response
    stands = turn.position or ("no answer" if error else "" if turn.participant == "moderator" else "no position")
    yield Text.assemble(
        (f"{when:<13}", "dim"),
        (turn.participant, "bold"),
        (f"  {stands}" if stands else "", "red" if error else "" if turn.position else "yellow"),
        (took, "dim"),
    )
    said = shortened(turn.content, 400)
    if said:
        yield Text(fill(said, 76, initial_indent="    ", subsequent_indent="    "), style="red" if error else "")


def outcome_lines(result: Mapping[str, Any]) -> Iterator[Text]:
    """What the debate came to: the vote after it, the one before it, and whether they differ."""
    plain, final = result["plain"], result["final"]
    yield Text()
    yield Text.assemble(
        (" = ".join(final["winners"]) or "nobody", "bold green" if len(final["winners"]) == 1 else "bold yellow"),
        "  (a tie)" if len(final["winners"]) > 1 else "",
        f"  {final['method']}, {count(final['voters'], 'vote')}, lead {final['lead']:.0%}",
    )
    if final["rule"] == "schulze":
        yield Text("  nobody beats all others one by one; Schulze's rule decides")
    for position, score in list(final["scores"].items())[:10]:
        yield Text(f"  {score:>8g}  {position}")
    rounds = count(result["rounds_held"], "round")
    before = " = ".join(plain["winners"]) or "nobody"
    if result["changed"]:
        yield Text(f"The debate changed the outcome: the first answers gave {before}.", style="yellow")
    else:
        yield Text(f"The vote on the first answers gave {before} as well.")
    yield Text(f"{rounds}; {_WHY[result['stopped']]}.", style="dim")
    differing = {rule: winners for rule, winners in final["others"].items() if winners != final["winners"]}
    if differing:
        told = "; ".join(
            f"{rule.replace('_', ' ')}: {' = '.join(winners) or 'nobody'}" for rule, winners in differing.items()
        )
        yield Text(f"Other rules would say: {told}.", style="dim")


def debate_lines(debates: Iterable[Debate]) -> Iterator[Text]:
    """A line for each debate."""
    empty = True
    for each in debates:
        empty = False
        result = each.metadata.get("result") or {}
        won = each.final_winner or ("tie" if result else "")
        yield Text.assemble(
            f"{each.id}  ",
            f"{each.status:<10}",
            f"  {shortened(each.topic, 40):<40}",
            f"  {shortened(won, 20)}",
            ("  changed by the debate", "yellow") if result.get("changed") else "",
        )
    if empty:
        yield Text("no debates")


def record_lines(record: Record) -> Iterator[Text]:
    """A whole debate."""
    debate = record.debate
    yield Text.assemble((str(debate.id), "bold"), f"  {debate.status}  {debate.method}")
    yield Text(fill(shortened(debate.topic, 1000), 78))
    for code in record.code:
        files = count(len(code.files_changed), "file")
        yield Text(f"  commit {code.version_hash[:12]} on {code.branch}, {files}, tests {code.validation_status}")
    for turn in record.turns:
        yield from turn_lines(turn)
    if result := debate.metadata.get("result"):
        yield from outcome_lines(result)
    elif reason := debate.metadata.get("cancelled_because"):
        yield Text(f"called off: {reason}", style="red")
