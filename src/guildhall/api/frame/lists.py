"""
Lists as every route gives them: filtered, sorted, page by page, or whole as CSV or NDJSON.

    GET /v1/evaluation/simulations?status=completed&sort=-created_at&limit=20&cursor=…&fields=simulation_id,status
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.problems import Refused
from guildhall.api.frame.visits import Visit
from guildhall.db import Tx
from guildhall.db.listing import Listing, Order, Page
from guildhall.errors import InvalidInput

T = TypeVar("T")
_EXPORT_ROWS = 1_000
_CSV, _NDJSON = "text/csv", "application/x-ndjson"
_FORMATS = {"json": "application/json", "csv": _CSV, "ndjson": _NDJSON}


class Items(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next_cursor: str | None


SaidParameter = Annotated[
    str | None, Query(max_length=200, description="Those that have this text, whatever the case.", examples=["refund"])
]
AlikeParameter = Annotated[
    bool, Query(description="With `q`: also those that are like the text, though they have none of its words.")
]


class ParameterRefused(InvalidInput):
    """A parameter of a list makes no sense."""

    code = "parameter_refused"

    def __init__(self, name: str, value: str, expected: str, *, remedy: str | None = None) -> None:
        super().__init__(
            f"{name} is {value[:100]!r}, expected {expected}", remedy=remedy, field=name, value=value[:100]
        )


class NotAcceptable(InvalidInput):
    """The client takes none of the formats that there are."""

    code = "not_acceptable"

    def __init__(self, accept: str) -> None:
        super().__init__(
            f"Accept is {accept[:100]!r}, expected one of {', '.join(_FORMATS.values())}",
            field="Accept",
            value=accept[:100],
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants of a list."""

    request: Request
    sort: str | None
    limit: int
    cursor: str | None
    fields: str | None
    format: str | None


async def wanted(
    request: Request,
    sort: Annotated[
        str | None,
        Query(max_length=100, description="The field to sort by, with a minus before it for the greatest first."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many items a page has at most.")] = 100,
    cursor: Annotated[str | None, Query(max_length=2000, description="The `next_cursor` of the page before.")] = None,
    fields: Annotated[
        str | None, Query(max_length=2000, description="Only these fields of each item, with commas between.")
    ] = None,
    format: Annotated[
        str | None, Query(pattern="^(json|csv|ndjson)$", description="csv and ndjson give the whole list at once.")
    ] = None,
) -> Wanted:
    """The parameters that every list takes."""
    return Wanted(request, sort, limit, cursor, fields, format)


ListWanted = Annotated[Wanted, Depends(wanted)]


class GetPage(Protocol):
    """A room's verb that gives a page of its list."""

    def __call__(
        self,
        tx: Tx,
        filters: Mapping[str, Any],
        order: Order,
        *,
        after: Sequence[Any] | None,
        at_most: int,
    ) -> Coroutine[Any, Any, Page[Any]]: ...


async def answer_list(
    visit: Visit,
    want: Wanted,
    listing: Listing,
    get_page: GetPage,
    filters: Mapping[str, Any],
    document: Callable[[Any], Mapping[str, Any]],
    fields: Sequence[str],
) -> Response:
    """
    A list as it is wanted: `get_page` gives its rows, `document` shows one, `fields` are those that a document has.

    Raises:
        ParameterRefused: It cannot be sorted so, there is no such field, or the cursor is not one of this list.
        Refused: The client takes no format that there is.
    """
    order = order_of(listing, want.sort)
    chosen = _fields(want.fields, fields)
    after = position_of(want.cursor, order, filters)
    form = _format(want)

    def shown(item: Any) -> Mapping[str, Any]:
        whole = document(item)
        return whole if chosen is None else {name: whole[name] for name in chosen}

    if form != "json":
        pages = _pages(visit, get_page, filters, order, after)
        first = await anext(pages)  # what can be refused is refused before the answer begins
        write = _csv(first, pages, shown, chosen or fields) if form == "csv" else _ndjson(first, pages, shown)
        return StreamingResponse(write, 200, {"Cache-Control": "no-store", **visit.headers}, _FORMATS[form])

    async with visit.transaction() as tx:
        page = await get_page(tx, filters, order, after=after, at_most=want.limit)
    cursor = None if page.next is None else cursor_of(page.next, order, filters)
    if cursor is not None:
        visit.headers["Link"] = f'<{_next_url(want.request, cursor)}>; rel="next"'
    return visit.found({"items": [shown(each) for each in page.items], "next_cursor": cursor})


def order_of(listing: Listing, sort: str | None) -> Order:
    """
    The order that is asked for, the list's own where none is.

    Raises:
        ParameterRefused: It cannot be sorted so.
    """
    if sort is None:
        return listing.order()
    name = sort.removeprefix("-")
    try:
        return listing.order(name, descending=sort.startswith("-"))
    except KeyError:
        known = list(listing.orders)
        raise ParameterRefused(
            "sort", sort, f"one of {', '.join(known)}, or one with a minus before it", remedy=did_you_mean(name, known)
        ) from None


def _fields(text: str | None, known: Sequence[str]) -> list[str] | None:
    if text is None:
        return None
    names = [each.strip() for each in text.split(",") if each.strip()]
    for name in names:
        if name not in known:
            raise ParameterRefused("fields", name, f"some of {', '.join(known)}", remedy=did_you_mean(name, known))
    if not names:
        raise ParameterRefused("fields", text, f"some of {', '.join(known)}")
    return names


def _format(want: Wanted) -> str:
    if want.format is not None:
        return want.format
    accept = want.request.headers.get("accept", "*/*")
    kinds = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    for kind in kinds:
        for name, media in _FORMATS.items():
            if kind == media or kind in ("*/*", "application/*", ""):
                return name if kind == media else "json"
    raise Refused(406, NotAcceptable(accept))


def _fingerprint(order: Order, filters: Mapping[str, Any]) -> str:
    """What a cursor holds on to: it continues the list that it came from, and no other."""
    said = [order.column, order.descending, sorted((name, str(value)) for name, value in filters.items())]
    return hashlib.blake2b(orjson.dumps(said), digest_size=6).hexdigest()


def cursor_of(position: Sequence[Any], order: Order, filters: Mapping[str, Any]) -> str:
    """A place in a list, as text for whoever comes again."""
    packed = orjson.dumps([_fingerprint(order, filters), *(_packed(each) for each in position)])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def position_of(cursor: str | None, order: Order, filters: Mapping[str, Any]) -> list[Any] | None:
    """
    The place that a cursor stands for.

    Raises:
        ParameterRefused: It is none of this list, in this order and with these filters.
    """
    if cursor is None:
        return None
    try:
        held, *position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_unpacked(each) for each in position]
    except (ValueError, TypeError, ArithmeticError):
        held = None
    if held != _fingerprint(order, filters):
        raise ParameterRefused(
            "cursor",
            cursor,
            "the next_cursor of a page of this same list",
            remedy="Begin without a cursor; keep the filters and the order while you follow one.",
        )
    return values


def _packed(value: Any) -> list[Any]:
    match value:
        case datetime():
            return ["t", value.isoformat()]
        case UUID():
            return ["u", str(value)]
        case Decimal():
            return ["d", str(value)]
        case None | bool() | int() | float() | str():
            return ["v", value]
    raise TypeError(type(value).__name__)


def _unpacked(pair: list[Any]) -> Any:
    kind, value = pair
    match kind:
        case "t":
            return datetime.fromisoformat(value)
        case "u":
            return UUID(value)
        case "d":
            return Decimal(value)
        case "v" if value is None or isinstance(value, bool | int | float | str):
            return value
    raise ValueError(kind)


def _next_url(request: Request, cursor: str) -> str:
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*query, ('cursor', cursor)])}"


async def _pages(
    visit: Visit, get_page: GetPage, filters: Mapping[str, Any], order: Order, after: Sequence[Any] | None
) -> AsyncIterator[Sequence[Any]]:
    """All pages, each in a transaction of its own, so that a slow reader holds nothing open."""
    while True:
        async with visit.transaction() as tx:
            page = await get_page(tx, filters, order, after=after, at_most=_EXPORT_ROWS)
        yield page.items
        if page.next is None:
            return
        after = page.next


async def _ndjson(
    first: Sequence[Any], rest: AsyncIterator[Sequence[Any]], shown: Callable[[Any], Mapping[str, Any]]
) -> AsyncIterator[bytes]:
    yield b"".join(json_bytes(shown(each)) + b"\n" for each in first)
    async for page in rest:
        yield b"".join(json_bytes(shown(each)) + b"\n" for each in page)


async def _csv(
    first: Sequence[Any],
    rest: AsyncIterator[Sequence[Any]],
    shown: Callable[[Any], Mapping[str, Any]],
    columns: Sequence[str],
) -> AsyncIterator[bytes]:
    yield _lines([columns, *_rows(first, shown, columns)])
    async for page in rest:
        yield _lines(_rows(page, shown, columns))


def _rows(
    items: Sequence[Any], shown: Callable[[Any], Mapping[str, Any]], columns: Sequence[str]
) -> list[Sequence[Any]]:
    return [[_cell(document[name]) for name in columns] for document in map(shown, items)]


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)  # RFC 4180: with CRLF
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    """What a cell holds: nothing for what is unknown, text as it is, JSON for what has parts."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_bytes(value).decode().strip('"')
