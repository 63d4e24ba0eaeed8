"""Search: configurations, scenarios, trajectories and failures by words and by likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from guildhall.adapters.embeddings import embedder
from guildhall.api.frame.visits import Reading
from guildhall.app import searching
from guildhall.app.figures import count, shortened
from guildhall.dashboard.frame.tables import Column, Table, TableWanted
from guildhall.dashboard.frame.views import Page, quoted, render
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.failures import Fault
from guildhall.domains.evaluation.search import MOST, Filters, Hit, Kind

router = APIRouter(route_class=Page, include_in_schema=False)

_KINDS = {
    Kind.CONFIG: "configuration",
    Kind.SCENARIO: "scenario",
    Kind.TRAJECTORY: "trial",
    Kind.FAILURE: "failure",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found, and how well it fits: 1 is the best."""

    rank: int
    hit: Hit


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was asked for, and what was found."""

    sentence: str
    table: Table[Found] | None
    chosen: Mapping[str, str | None]
    kinds: Sequence[str]
    faults: Sequence[str]
    configs: Sequence[str]


def _href(each: Found) -> str:
    hit = each.hit
    match hit.kind:
        case Kind.CONFIG:
            return f"/configurations/{quoted(hit.title.rpartition('@')[0] or hit.title)}"
        case Kind.SCENARIO:
            return f"/scenarios/{quoted(hit.id)}"
        case Kind.TRAJECTORY:
            return f"/outcomes/{hit.id}"
        case Kind.FAILURE:
            return f"/failures/{hit.id}"


_COLUMNS: Sequence[Column[Found]] = (
    Column("title", "What", lambda each: shortened(each.hit.title, 140) or "(no name)", href=_href),
    Column("kind", "Kind", lambda each: _KINDS[each.hit.kind]),
    Column("excerpt", "Says", lambda each: shortened(each.hit.excerpt, 200)),
    Column("words", "Found by", lambda each: _how(each.hit)),
    Column("similarity", "Likeness", lambda each: each.hit.similarity, "number", hint="a cosine"),
    Column("at", "When", lambda each: each.hit.at, "time"),
    Column("rank", "Rank", lambda each: each.rank, "number"),
)


@router.get("/search")
async def search(
    visit: Reading,
    request: Request,
    want: TableWanted,
    like: Annotated[str | None, Query(max_length=1_000)] = None,
    kind: Annotated[str | None, Query(pattern=f"^({'|'.join(Kind)})?$")] = None,
    config: Annotated[str | None, Query(max_length=255)] = None,
    passed: Annotated[str | None, Query(pattern="^(true|false)?$")] = None,
    fault: Annotated[str | None, Query(pattern=f"^({'|'.join(Fault)})?$")] = None,
) -> Response:
    """What has these words or is like them, or is like something that is named."""
    text, named = (want.q or "").strip() or None, (like or "").strip() or None
    filters = Filters(
        config=config or None, passed={"true": True, "false": False}.get(passed or ""), fault=fault or None
    )
    async with visit.transaction() as tx:
        known = await configurations.list_configurations(tx, with_inactive=True, at_most=200)
    table = None
    if text is not None or named is not None:
        async with embedder(visit.house.app.settings) as maker:
            hits = await searching.look(
                visit.transaction,
                maker,
                text=None if named else text,
                like=named,
                kinds=[Kind(kind)] if kind else list(Kind),
                filters=filters,
                at_most=MOST,
            )
        found = [Found(rank, each) for rank, each in enumerate(hits, 1)]
        # What was asked for is no filter of what was found.
        table = Table.of(request, replace(want, q=None), found, _COLUMNS, caption="What was found", first="rank")
        if table.export is not None:
            return table.export
    page = SearchPage(
        sentence=_sentence(table, text, named),
        table=table,
        chosen={"q": text, "like": named, "kind": kind, "config": config, "passed": passed, "fault": fault},
        kinds=[each.value for each in Kind],
        faults=[each.value for each in Fault],
        configs=[each.name for each in known],
    )
    return render(request, "search.html", page, visit=visit)


def _sentence(table: Table[Found] | None, text: str | None, named: str | None) -> str:
    if table is None:
        return "Words, or something that others are to be like: in configurations, scenarios, trials and failures."
    if not table.total:
        return "Nothing fits."
    most = f"The first {MOST} that fit" if table.total >= MOST else count(table.total, "thing")
    if named is not None:
        return f"{most}, the most like {shortened(named, 60)} first."
    return f"{most}, those first that have the words of “{shortened(text or '', 60)}” and are like it."


def _how(hit: Hit) -> str:
    if hit.has_words:
        return "words" if hit.similarity is None else "words and likeness"
    return "likeness"
