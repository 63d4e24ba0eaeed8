"""Ensembles, votes and learned weights for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from guildhall.domains.gateway.ensembles import Kept, Learned, Record, Tally

_STYLES = {"failed": "red", "late": "yellow", "abstained": "yellow"}


def ensemble_lines(found: Iterable[Kept]) -> Iterator[Text]:
    """A line for each ensemble."""
    empty = True
    for each in found:
        empty = False
        members = each.config.get("members", [])
        times = f" × {each.config['n']}" if "n" in each.config else ""
        judge = f", judge {each.config['judge']}" if each.config.get("judge") else ""
        yield Text.assemble(
            (f"ensemble/{each.name:<16}", "bold"),
            f" {each.config.get('strategy'):<16} {', '.join(_member(one) for one in members)}{times}{judge}",
        )
    if empty:
        yield Text("no ensembles; `guildhall gateway ensembles add` makes one")


def config_lines(kept: Kept) -> Iterator[Text]:
    """An ensemble whole."""
    yield Text(f"ensemble/{kept.name}", style="bold")
    for key, value in kept.config.items():
        if key == "members":
            for each in value:
                yield Text(f"  member      {_member(each)}")
        else:
            yield Text(f"  {key:<11} {value}")


def record_lines(record: Record) -> Iterator[Text]:
    """How a call was decided, and every ballot."""
    vote = record.vote
    by = f" by {vote.rule}" if vote.rule else ""
    sure = f", confidence {vote.confidence:f}" if vote.confidence is not None else ""
    yield Text(f"  {vote.strategy}{by}: {vote.winner or 'no vote'}{sure}, {vote.stopped.replace('_', ' ')}")
    if len(vote.winners) > 1:
        yield Text(
            f"    a tie of {' = '.join(vote.winners)}; who stands first among the members decides", style="yellow"
        )
    if vote.fallback:
        yield Text(
            f"    the judge did not decide ({vote.fallback}): the members' own answers were counted", style="yellow"
        )
    for each in record.ballots:
        said = [f"answers {each.option}"] if each.option else []
        said += [f"ranks {' > '.join(each.ranking)}"] if each.ranking else []
        said += (
            [f"grades {', '.join(f'{name} {grade / 100:g}' for name, grade in each.grades.items())}"]
            if each.grades
            else []
        )
        layer = f" (layer {each.layer})" if each.layer > 1 else ""
        weight = f" weight {each.weight.normalize():f}" if each.weight != 1 else ""
        yield Text.assemble(
            f"    {each.voter}{layer}  ",
            (each.state, _STYLES.get(each.state, "")),
            f"{weight}  {'; '.join(said)}{each.error_code or ''}",
        )


def recount_lines(tally: Tally | None, differences: Sequence[str]) -> Iterator[Text]:
    """A count that was made again."""
    if tally is None:
        yield Text("nothing was counted: a judge wrote the answer, or there was none")
        return
    scores = ", ".join(f"{name} {each:g}" for name, each in tally.scores.items())
    sure = f", confidence {tally.confidence:f}" if tally.confidence is not None else ""
    yield Text(f"{tally.winner or 'nobody'} by {tally.rule} ({scores}{sure})")
    for each in differences:
        yield Text(each, style="red")
    yield Text("The record says something else." if differences else "The record says the same.")


def learned_lines(name: str, learned: Learned, *, applied: bool) -> Iterator[Text]:
    """What members should weigh, and what that would have changed."""
    yield Text(f"{learned.cases} votes of ensemble/{name} have a known right answer")
    for each in learned.members:
        low, high = each.interval
        share = f"{each.right / each.answered:.0%}" if each.answered else "none"
        yield Text.assemble(
            (f"  {each.name:<24}", "bold"),
            f" right {share:>5} of {each.answered} [{low:.0%}, {high:.0%}]"
            f"  weight {each.weight_before.normalize():f} → {each.weight.normalize():f}",
        )
    for label, right, interval in (
        ("today", learned.before, learned.before_interval),
        ("learned", learned.after, learned.after_interval),
    ):
        yield Text(f"  {label:<8} {right / learned.cases:.1%} right [{interval[0]:.1%}, {interval[1]:.1%}]")
    low, high = learned.difference_interval
    yield Text(
        f"  difference {(learned.after - learned.before) / learned.cases:+.1%} [{low:+.1%}, {high:+.1%}], p = {learned.p_value:.3g};"
        " each vote decided by weights learned from others"
    )
    if learned.without_vote:
        yield Text(f"  {learned.without_vote} named requests have no vote of this ensemble", style="yellow")
    if not low > 0:
        yield Text("  It is not shown that the learned weights decide better.", style="yellow")
    yield Text("The weights are set." if applied else "Nothing was changed; --apply sets these weights.")


def _member(member: Any) -> str:
    if not isinstance(member, Mapping):
        return str(member)
    weight = f":{member['weight']}" if "weight" in member else ""
    name = f" as {member['name']}" if member.get("name", member.get("model")) != member.get("model") else ""
    return f"{member.get('model')}{weight}{name}"
