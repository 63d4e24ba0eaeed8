"""Clusters of failures for people: a line or two each, and the story of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.text import Text

from guildhall.cli.render.figures import count, money, percent, shortened

if TYPE_CHECKING:
    from guildhall.domains.evaluation.failures import Cluster, ClusterDay, Clustering, ClusterStory

_STYLES = {"new": "cyan", "growing": "red", "came_back": "red", "fading": "green", "resolved": "green"}
_BARS = " ▁▂▃▄▅▆▇█"
_TREND_DAYS = 30


def cluster_lines(clusters: Iterable[Cluster], clustering: Clustering) -> Iterator[Text]:
    """Two lines for each cluster, and what waits."""
    empty = True
    for each in clusters:
        empty = False
        yield Text.assemble(
            (each.short_id, "bold"),
            f"  {each.failures:>6,} ",
            (f"{each.state.replace('_', ' '):<9}", _STYLES.get(each.state, "")),
            f"  {each.fault:<14}  {plain(each.label, 100)}",
        )
        yield Text(
            f"        {each.recent:,} in 7 days, {each.before:,} in the 7 before; "
            f"{each.failure_type}; {_when(each.first_seen)} to {_when(each.last_seen)}",
            style="dim",
        )
    if empty:
        yield Text("no clusters of failures")
    yield from waiting_lines(clustering)


def waiting_lines(clustering: Clustering) -> Iterator[Text]:
    """What is in no cluster yet, and why."""
    if clustering.loose:
        why = f": {clustering.trouble}" if clustering.trouble else ""
        yield Text(
            f"{count(clustering.loose, 'failure')} in no cluster yet{why}; `guildhall failures recluster` sees to it",
            style="yellow",
        )


def story_lines(story: ClusterStory) -> Iterator[Text]:
    """All that is known of a cluster: what, how often, where, since when, and what people say of it."""
    cluster = story.cluster
    yield Text.assemble(
        (plain(cluster.label, 200), "bold"),
        "  ",
        (cluster.state.replace("_", " "), _STYLES.get(cluster.state, "")),
    )
    if cluster.name:
        yield Text(f"  {plain(cluster.pattern, 200)}")
    yield Text(f"  {cluster.cluster_id}")
    yield Text(
        f"  {count(cluster.failures, 'failure')}: {cluster.failure_type}, fault of: {cluster.fault}; "
        f"{cluster.recent:,} in 7 days, {cluster.before:,} in the 7 before"
    )
    yield Text(f"  first seen {_when(cluster.first_seen)}, last seen {_when(cluster.last_seen)}")
    if cluster.recoveries_attempted:
        yield Text(
            f"  tried again {count(cluster.recoveries_attempted, 'time')}, made good {cluster.recoveries_successful:,} of them"
        )
    unknown = f", that of {count(story.unpriced, 'trial')} unknown" if story.unpriced else ""
    yield Text(f"  cost of the trials that failed so: {money(story.cost_usd)}{unknown}")
    if story.days:
        yield Text(f"  {_trend(story.days)}  {_TREND_DAYS} days to {story.days[-1].day}")
    yield Text("")
    yield Text("what they say", style="bold")
    for each in story.exemplars:
        where = f"  ({each.scenario_id}, step {each.step})" if each.scenario_id and each.step is not None else ""
        yield Text(f"  {each.failures:>6,} × {plain(each.error_message or each.message, 300)}{where}")
    if story.versions:
        yield Text("versions", style="bold")
        for version in story.versions[:10]:
            share = f", {percent(version.failures / version.trials)} of its trials" if version.trials else ""
            yield Text(
                f"  {plain(version.config_name, 60)}@v{version.version_number}: {count(version.failures, 'trial')}{share}"
            )
    if story.scenarios:
        yield Text("scenarios", style="bold")
        for scenario in story.scenarios[:10]:
            yield Text(f"  {scenario.failures:>6,} × {plain(scenario.scenario_id, 80)}")
        if len(story.scenarios) > 10:
            yield Text(f"  and {len(story.scenarios) - 10:,} more")
    yield from _said(story)


def rate_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """Scenarios that ended in errors, a line for each day and scenario."""
    found = [each for each in rows if each["error_count"]]
    for each in found:
        yield Text(
            f"{each['day']:%Y-%m-%d}  {each['error_rate_pct']:>6} %  {each['error_count']:,} of {each['total_runs']:,}"
            f"  {plain(each['scenario_id'], 80)}"
        )
    if not found:
        yield Text("no scenario with ten trials or more on a day ended in an error, in seven days")


def day_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """Failures by day and category, with the first of their messages."""
    for each in rows:
        yield Text(
            f"{each['day']:%Y-%m-%d}  {each['failure_category']:<17} {count(each['daily_failures'], 'failure')} "
            f"in {count(len(each['affected_scenarios'] or ()), 'scenario')}"
        )
        for message in (each["sample_errors"] or ())[:2]:
            yield Text(f"            {plain(message, 140)}", style="dim")
    if not rows:
        yield Text("no failures in thirty days")


def _said(story: ClusterStory) -> Iterator[Text]:
    cluster = story.cluster
    if cluster.llm_analysis:
        yield Text("analysis", style="bold")
        yield Text(f"  {plain(str(cluster.llm_analysis.get('analysis', '')), 2000)}")
        evidence = cluster.llm_analysis.get("evidence") or []
        if evidence:
            yield Text(
                f"  evidence: {', '.join(str(each) for each in evidence[:5])}{' …' if len(evidence) > 5 else ''}"
            )
    if cluster.resolution_steps:
        yield Text("how to fix it", style="bold")
        for line in cluster.resolution_steps.splitlines():
            yield Text(f"  {plain(line, 300)}")
    lineage = [each for each in story.events if each.kind != "founded"]
    if lineage:
        yield Text("lineage", style="bold")
        for event in lineage[:10]:
            other = event.other_id.hex[-6:] if event.other_id else "?"
            word = "merged into" if event.kind == "merged" else "split from"
            yield Text(
                f"  {_when(event.happened_at)}  {event.cluster_id.hex[-6:]} {word} {other}, with {count(event.failures, 'failure')}"
            )


def _trend(days: Sequence[ClusterDay]) -> str:
    """A bar for each of the last days, as high as its share of the highest."""
    by_day = {each.day: each.failures for each in days}
    last = days[-1].day
    values = [by_day.get(last - timedelta(days=back), 0) for back in range(_TREND_DAYS - 1, -1, -1)]
    highest = max(values) or 1
    return "".join(_BARS[-(-value * (len(_BARS) - 1) // highest)] for value in values)


def plain(text: str, width: int) -> str:
    """Text of somebody else's in one line, without what a terminal would act on."""
    return shortened("".join(each if each.isprintable() else " " for each in text), width)


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
