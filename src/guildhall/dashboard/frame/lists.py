"""
Lists that the database sorts and pages, as a page shows them; the API has the same, and exports them whole.

A page of such a list is at `?sort=…&cursor=…` with the API's own cursors, so
that what a page shows can be asked for with a key just as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request

from guildhall.api.frame.lists import GetPage, cursor_of, order_of, position_of
from guildhall.api.frame.visits import Visit
from guildhall.dashboard.frame.tables import Column, Heading, Sorted, TableCell
from guildhall.dashboard.frame.views import link
from guildhall.db.listing import Listing

T = TypeVar("T")
_PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a list."""

    sort: str | None
    cursor: str | None


async def wanted(
    sort: Annotated[str | None, Query(max_length=100)] = None,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> Wanted:
    """The parameters of a list."""
    return Wanted(sort, cursor)


ListWanted = Annotated[Wanted, Depends(wanted)]


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A page of a list; columns that cannot be sorted by have no link."""

    caption: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[TableCell]]
    items: Sequence[T]
    first: str | None
    next: str | None
    csv: str
    json: str


async def listed(
    visit: Visit,
    request: Request,
    want: Wanted,
    listing: Listing,
    get_page: GetPage,
    filters: Mapping[str, Any],
    columns: Sequence[Column[T]],
    *,
    caption: str,
    exported_at: str,
) -> Listed[T]:
    """
    A list as it is wanted; `exported_at` is the API's route for it, which takes the same filters.

    Raises:
        ParameterRefused: It cannot be sorted so, or the cursor is not one of this list.
    """
    order = order_of(listing, want.sort)
    async with visit.transaction() as tx:
        page = await get_page(tx, filters, order, after=position_of(want.cursor, order, filters), at_most=_PAGE)
    sort = next(name for name, each in listing.orders.items() if each.column == order.column)
    rest = {name: value for name, value in request.query_params.items() if name != "cursor"}
    path = request.url.path

    def heading(column: Column[T]) -> Heading:
        if column.name not in listing.orders:
            return Heading(column.title, "", None, column.kind == "text", column.hint)
        is_this = column.name == sort
        descends = not order.descending if is_this else column.kind != "text"
        wish = f"-{column.name}" if descends else column.name
        now: Sorted = None
        if is_this:
            now = "descending" if order.descending else "ascending"
        return Heading(column.title, link(path, **{**rest, "sort": wish}), now, column.kind == "text", column.hint)

    return Listed(
        caption=caption,
        headings=[heading(each) for each in columns],
        rows=[
            [TableCell(each.value(item), each.kind, each.href(item) if each.href else None) for each in columns]
            for item in page.items
        ],
        items=page.items,
        first=link(path, **rest) if want.cursor is not None else None,
        next=None if page.next is None else link(path, **rest, cursor=cursor_of(page.next, order, filters)),
        csv=link(exported_at, **rest, format="csv"),
        json=link(exported_at, **rest, format="ndjson"),
    )
