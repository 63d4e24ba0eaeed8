"""
Lists that are short enough to be sorted here: filtered, sorted, paged and exported by the URL.

    table = Table.of(request, rows, columns, first="-calls")
    if table.export is not None:
        return table.export

Lists of things, which may be long, are the database's to sort (`frame.lists`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Depends, Query, Request, Response

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.lists import ParameterRefused
from guildhall.dashboard.frame.views import link

T = TypeVar("T")
_PAGE = 100

Kind = Literal["text", "written", "number", "money", "duration", "percent", "time", "day"]
"""What a column holds; what is `written` is a figure in words already."""
Sorted = Literal["ascending", "descending"] | None


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: its name in URLs and exports, its heading, how it is read off a row, and where its text leads."""

    name: str
    title: str
    value: Callable[[T], Any]
    kind: Kind = "text"
    href: Callable[[T], str | None] | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a list."""

    sort: str | None
    q: str | None
    page: int
    format: str | None


async def wanted(
    sort: Annotated[str | None, Query(max_length=100)] = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    format: Annotated[str | None, Query(pattern="^(csv|json)$")] = None,
) -> Wanted:
    """The parameters of a short list."""
    return Wanted(sort, q, page, format)


TableWanted = Annotated[Wanted, Depends(wanted)]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading, the link that sorts by it, and how it is sorted now."""

    title: str
    href: str
    sorted: Sorted
    is_text: bool
    hint: str | None


@dataclass(frozen=True, slots=True)
class TableCell:
    """What stands in a cell."""

    value: Any
    kind: Kind
    href: str | None


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """A list as a page shows it; `items` are those of its rows."""

    caption: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[TableCell]]
    items: Sequence[T]
    total: int
    q: str | None
    previous: str | None
    next: str | None
    csv: str
    json: str
    export: Response | None

    @classmethod
    def of(
        cls,
        request: Request,
        want: Wanted,
        items: Sequence[T],
        columns: Sequence[Column[T]],
        *,
        caption: str,
        first: str,
        also: Callable[[T], bool] = lambda item: False,
    ) -> Table[T]:
        """
        The items as they are wanted; `first` is the order where none is.

        `also` lets items through that do not have the text which is asked for.

        Raises:
            ParameterRefused: There is no such column.
        """
        order = want.sort or first
        by = next((each for each in columns if each.name == order.removeprefix("-")), None)
        if by is None:
            known = [each.name for each in columns]
            raise ParameterRefused(
                "sort",
                order,
                f"one of {', '.join(known)}, or one with a minus before it",
                remedy=did_you_mean(order.removeprefix("-"), known),
            )
        found = [each for each in items if want.q is None or _has(each, columns, want.q.casefold()) or also(each)]
        known_values = [each for each in found if by.value(each) is not None]
        known_values.sort(key=lambda each: _key(by.value(each)), reverse=order.startswith("-"))
        ordered = known_values + [each for each in found if by.value(each) is None]
        start = (want.page - 1) * _PAGE
        part = ordered[start : start + _PAGE]
        rest = {name: value for name, value in request.query_params.items() if name not in ("page", "format")}
        path = request.url.path
        return cls(
            caption=caption,
            headings=[_heading(each, order, path, rest) for each in columns],
            rows=[_cells(each, columns) for each in part],
            items=part,
            total=len(ordered),
            q=want.q,
            previous=link(path, **rest, page=want.page - 1) if want.page > 1 else None,
            next=link(path, **rest, page=want.page + 1) if len(ordered) > start + _PAGE else None,
            csv=link(path, **rest, format="csv"),
            json=link(path, **rest, format="json"),
            export=None if want.format is None else _export(want.format, ordered, columns),
        )


def _heading(column: Column[Any], order: str, path: str, rest: Mapping[str, str]) -> Heading:
    is_this = order.removeprefix("-") == column.name
    descends = order.startswith("-")
    is_text = column.kind == "text"
    other = f"-{column.name}" if (is_this and not descends) or (not is_this and not is_text) else column.name
    return Heading(
        column.title,
        link(path, **{**rest, "sort": other}),
        ("descending" if descends else "ascending") if is_this else None,
        is_text,
        column.hint,
    )


def _cells(item: T, columns: Sequence[Column[T]]) -> list[TableCell]:
    return [TableCell(each.value(item), each.kind, each.href(item) if each.href else None) for each in columns]


def _has(item: T, columns: Sequence[Column[T]], part: str) -> bool:
    return any(part in str(each.value(item)).casefold() for each in columns if each.kind == "text")


def _key(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _export(form: str, items: Sequence[T], columns: Sequence[Column[T]]) -> Response:
    if form == "json":
        rows = [{each.name: each.value(item) for each in columns} for item in items]
        return Response(json_bytes({"items": rows}), 200, {"Cache-Control": "no-store"}, "application/json")
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([each.name for each in columns])
    writer.writerows([[_plain(each.value(item)) for each in columns] for item in items])
    return Response(out.getvalue().encode(), 200, {"Cache-Control": "no-store"}, "text/csv; charset=utf-8")


def _plain(value: Any) -> Any:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
    return value
