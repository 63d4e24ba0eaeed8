"""Series and their upkeep, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from guildhall.cli.render.figures import count

if TYPE_CHECKING:
    from guildhall.app.upkeep import Upkeep
    from guildhall.db.rollups import RollupState
    from guildhall.db.timeseries import SeriesState, Step

_DONE = {
    "made": "made {n} ahead",
    "dropped": "dropped {n}, older than they are kept",
    "compressed": "compressed {n}",
    "archived": "archived {n}",
    "closed": "closed {n}",
    "analysed": "analysed",
    "busy": "left {n} that others were using, for the next pass",
    "roll-ups": "left {n} that a roll-up has not taken in",
    "changed": "left {n} that changed while they were archived",
    "in use": "left {n} that other objects depend on",
}


def series_lines(series: Iterable[SeriesState]) -> Iterator[Text]:
    """A paragraph for each series."""
    for each in series:
        yield Text.assemble((each.name, "bold"), f"  {_kept(each)}")
        parts = count(each.partitions, "partition")
        if each.compressed:
            parts += f" ({each.compressed} compressed)"
        span = f", {_day(each.starts)} to {_day(each.ends)}" if each.starts else ""
        yield Text(f"  {parts}{span}, about {count(each.estimated_rows, 'row')}, {_size(each.size_bytes)}")
        if each.dropped_before:
            yield Text(f"  older than {_day(each.dropped_before)}: dropped")
        if each.short_from:
            yield Text(f"  partitions end {_day(each.short_from)}: run `guildhall db maintain`", style="yellow")


def rollup_lines(rollups: Iterable[RollupState]) -> Iterator[Text]:
    """A paragraph for each roll-up."""
    for each in rollups:
        by = "by TimescaleDB" if each.is_continuous else "by the scheduler"
        yield Text.assemble(
            (each.name, "bold"), f"  of {each.source}, refreshed every {_interval(each.refresh_interval)} {by}"
        )
        when = "never refreshed" if each.refreshed_at is None else f"refreshed {each.refreshed_at:%Y-%m-%d %H:%M:%S}"
        window = f"from {_interval(each.start_offset)} to {_interval(each.end_offset)} ago"
        yield Text(f"  buckets of {_interval(each.width)}, {window}, {when}")


def _kept(series: SeriesState) -> str:
    kept = "kept for ever" if series.retention is None else f"kept {_interval(series.retention)}"
    if series.is_archived:
        kept += ", then archived"
    if series.compress_after is not None:
        kept += f", compressed after {_interval(series.compress_after)} on TimescaleDB"
    return kept


def _interval(text: str) -> str:
    return text.replace("mons", "months").replace("mon ", "month ")


def _day(moment: datetime | None) -> str:
    return "?" if moment is None else f"{moment:%Y-%m-%d}"


def _size(size: int) -> str:
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"


def upkeep_lines(done: Upkeep) -> Iterator[str]:
    """What one pass did, a line for each series and roll-up that it touched."""
    if done.expired:
        yield f"{count(done.expired, 'session')} had run out"
    if done.lost:
        yield f"ended {done.lost:,} of analyses and debates, which nobody carried out any more"
    if done.clustered:
        yield f"put {count(done.clustered, 'failure')} in clusters"
    if done.seals:
        yield f"sealed {count(sum(seal.row_count or 0 for seal in done.seals), 'row')} of ledgers"
    for refreshed in done.rollups:
        if refreshed.skipped:
            yield f"{refreshed.rollup}: being refreshed elsewhere"
        elif refreshed.buckets:
            yield f"{refreshed.rollup}: refreshed {count(refreshed.buckets, 'bucket')}"
    for (series, action), number in _counted(done.steps).items():
        yield f"{series}: {_DONE[action].format(n=count(number, 'partition'))}"
    for series, reaches in done.short_from.items():
        yield f"{series}: partitions end {_day(reaches)}"
    if not (
        done.expired
        or done.lost
        or done.clustered
        or done.seals
        or done.steps
        or any(each.buckets for each in done.rollups)
    ):
        yield "nothing was due"


def _counted(steps: Iterable[Step]) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for step in steps:
        counted[step.series, step.action] += int(step.detail) if step.action == "made" else 1
    return counted


def upkeep_document(done: Upkeep) -> dict[str, Any]:
    """The same as JSON."""
    from guildhall.app.documents.audits import seal_document

    return {
        "expired_sessions": done.expired,
        "lost_work": done.lost,
        "clustered_failures": done.clustered,
        "seals": [seal_document(each) for each in done.seals],
        "rollups": list(done.rollups),
        "steps": list(done.steps),
        "left": [error.as_json()["error"] for error in done.left],
        "short_from": done.short_from,
    }
