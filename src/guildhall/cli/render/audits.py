"""How row changes, seals, heads and verifications are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from guildhall.cli.render.figures import count, shortened
from guildhall.domains.platform.audit import Change, Finding, Heads, Seal, Verification

_VALUE_WIDTH = 32


def change_lines(changes: Sequence[Change]) -> Iterator[Text | str]:
    """Two lines for each change: when, what and by whom; then what is different."""
    if not changes:
        yield "no changes"
    for change in changes:
        key = " ".join(str(value) for name, value in (change.record_key or {}).items() if name != "tenant_id")
        yield Text.assemble(
            (f"{change.at:%Y-%m-%d %H:%M:%S}  ", "dim"), (f"{change.operation:<7}", "bold"), f"{change.table}  {key}"
        )
        who = f"by {change.user_id or change.actor_role or 'nobody known'}"
        yield Text(f"    {who}  {_difference(change)}", "dim")


def _difference(change: Change) -> str:
    if change.is_redacted:
        return "redacted"
    before, after = change.before or {}, change.after or {}
    if change.operation != "UPDATE":
        return count(len(after or before), "column")
    names = [name for name in after if after[name] != before.get(name) and name != "updated_at"]
    shown = [f"{name}: {_short(before.get(name))} -> {_short(after[name])}" for name in names[:3]]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "only what is left out"


def _short(value: object) -> str:
    return shortened(str(value), _VALUE_WIDTH)


def seal_lines(seals: Sequence[Seal]) -> Iterator[Text | str]:
    """A line for each seal."""
    if not seals:
        yield "nothing to seal"
    for seal in seals:
        rows = count(seal.row_count or 0, "row")
        yield f"{seal.ledger}: seal {seal.number} of {rows}, {seal.hash.hex()[:16]}"


def head_lines(heads: Heads) -> Iterator[Text | str]:
    """A line for each ledger, then the keys."""
    if not heads.heads:
        yield "nothing has been sealed yet"
    for head in heads.heads:
        yield f"{head.ledger}: seal {head.number} of {head.sealed_at:%Y-%m-%d %H:%M}, {head.hash.hex()}"
    for name, key in heads.public_keys.items():
        yield Text(f"key {name}: {key.hex()}", "dim")


def verification_lines(found: Sequence[Verification]) -> Iterator[Text | str]:
    """A line for each ledger, and one for everything that is wrong in it."""
    for each in found:
        rows = f"{count(each.rows, 'row')} in {count(each.seals, 'seal')}"
        rest = [
            (each.waiting, "not sealed yet"),
            (each.retired, "retired"),
            (each.redacted, "redacted"),
            (each.erased, "erased with their team"),
        ]
        facts = ", ".join([rows, *(f"{number:,} {what}" for number, what in rest if number)])
        verdict = ("whole", "green") if each.holds else (count(each.found, "finding"), "bold red")
        yield Text.assemble((f"{each.ledger}: ", "bold"), verdict, f"  {facts}")
        for finding in each.findings:
            yield Text.assemble("  ", (f"{finding.kind.value} ", "red"), finding.message, (_place(finding), "dim"))
        if each.found > len(each.findings):
            yield f"  and {each.found - len(each.findings):,} more"


def _place(finding: Finding) -> str:
    parts = [f"{name} {value}" for name, value in (finding.row or {}).items()]
    if finding.day:
        parts.append(f"of {finding.day}")
    if finding.tenant_id:
        parts.append(f"team {finding.tenant_id}")
    return f"  ({', '.join(parts)})" if parts else ""
