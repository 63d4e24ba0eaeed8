"""
Lists that can be filtered, sorted and read page by page, in one way for every room.

A room names a statement without order or limit and says by which columns it
may be sorted and filtered. Pages follow each other by the values of their last
row (keyset pagination), so that rows that come or go meanwhile neither repeat
nor hide others, and the thousandth page costs what the first does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, TypeVar

from guildhall.db.queries import Query
from guildhall.db.tx import Row, Tx

T = TypeVar("T")


class Match(StrEnum):
    """How a filter's value is held against its column."""

    IS = "="
    AT_LEAST = ">="
    BELOW = "<"
    ANY_OF = "= ANY"
    HOLDS = "@>"
    """The column is a list, and the value one of its items."""
    SAYS = "ILIKE"
    """The value is a part of the column's text, whatever the case; or a `Said`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to narrow a list down; of several columns one must fit."""

    column: str | tuple[str, ...]
    match: Match = Match.IS


@dataclass(frozen=True, slots=True)
class Said:
    """A text that rows are to have, and the first key of rows that are let through all the same, as a search has found them."""

    text: str
    keys: Sequence[Any] = ()

    def __str__(self) -> str:
        """The text: what a search finds may change from page to page."""
        return self.text


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by, from its greatest value or its least; where it is `nullable`, rows without a value come last."""

    column: str
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """
    A statement that gives rows in no order, and how they may be sorted and filtered.

    `key` is what tells two rows apart; `orders` are the names to sort by, the
    first of them, in its own direction, where no other is asked for.
    """

    query: Query
    key: tuple[str, ...]
    orders: Mapping[str, Order]
    filters: Mapping[str, Filter]

    def order(self, name: str | None = None, *, descending: bool = False) -> Order:
        """
        An order of this list; the first one unless another is named.

        Raises:
            KeyError: It cannot be sorted by that name.
        """
        if name is None:
            return next(iter(self.orders.values()))
        return replace(self.orders[name], descending=descending)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list; `next` is where the following page begins, None behind the last row."""

    items: Sequence[T]
    next: tuple[Any, ...] | None

    def of(self, made: Callable[[T], Any]) -> Page[Any]:
        """The same page, of what is made of each item."""
        return Page([made(each) for each in self.items], self.next)


async def fetch_page(
    tx: Tx,
    listing: Listing,
    filters: Mapping[str, Any],
    order: Order,
    *,
    after: Sequence[Any] | None = None,
    at_most: int = 100,
    **values: object,
) -> Page[Row]:
    """
    One page of a list.

    `filters` maps names of the listing's filters to values; those that are
    None let everything through. `after` is the `next` of the page before, of
    the same order. `values` are the statement's own parameters.
    """
    arguments = listing.query.arguments(values)
    conditions: list[str] = []

    def parameter(value: Any) -> str:
        arguments.append(value)
        return f"${len(arguments)}"

    for name, value in filters.items():
        if value is None:
            continue
        wanted = listing.filters[name]
        found = value if isinstance(value, Said) else Said(value) if wanted.match is Match.SAYS else None
        held = parameter(value if found is None else _pattern(found.text))
        match wanted.match:
            case Match.ANY_OF:
                held = f"({held})"
            case Match.HOLDS:
                held = f"ARRAY[{held}]"
        columns = (wanted.column,) if isinstance(wanted.column, str) else wanted.column
        fitting = [f"listed.{each} {wanted.match} {held}" for each in columns]
        if found is not None and found.keys:
            fitting.append(f"listed.{listing.key[0]} = ANY ({parameter(list(found.keys))})")
        conditions.append(f"({' OR '.join(fitting)})")
    if after is not None:
        conditions.append(_behind(listing, order, after, parameter))

    direction = "DESC" if order.descending else "ASC"
    keys = ", ".join(f"listed.{each} {direction}" for each in listing.key if each != order.column)
    statement = (
        f"SELECT listed.* FROM ({listing.query.sql}) AS listed"  # noqa: S608 - columns are the listing's own
        + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
        + f" ORDER BY listed.{order.column} {direction}{' NULLS LAST' if order.nullable else ''}"
        + (f", {keys}" if keys else "")
        + f" LIMIT {parameter(at_most + 1)}"
    )
    rows = await tx.fetch_prepared(statement, arguments)
    page = rows[:at_most]
    return Page(page, _position(listing, order, page[-1]) if len(rows) > at_most and page else None)


def _position(listing: Listing, order: Order, row: Row) -> tuple[Any, ...]:
    return (row[order.column], *(row[each] for each in listing.key if each != order.column))


def _behind(listing: Listing, order: Order, after: Sequence[Any], parameter: Callable[[Any], str]) -> str:
    """What the rows behind a position have in common."""
    column, beyond = f"listed.{order.column}", "<" if order.descending else ">"
    keys = [each for each in listing.key if each != order.column]
    value, *last = after
    if len(last) != len(keys):
        raise ValueError(f"a position has {len(after)} values, expected {1 + len(keys)}")
    if value is None:
        return f"{column} IS NULL AND {_row(keys)} {beyond} ({', '.join(map(parameter, last))})"
    # The comparison of rows can use an index.
    place = ", ".join([parameter(value), *map(parameter, last)])
    condition = f"{_row([order.column, *keys])} {beyond} ({place})"
    return f"({condition} OR {column} IS NULL)" if order.nullable else condition


def _pattern(text: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", text)
    return f"%{escaped}%"


def _row(columns: Sequence[str]) -> str:
    return f"({', '.join(f'listed.{each}' for each in columns)})"
