"""
Statements by name, from a room's `queries.sql`.

A statement begins with `-- name: insert_vote`; comments under that line say
why it is as it is. Parameters are written `:name` and become the driver's
`$1, $2, …` in the order in which they first appear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_HEADER = re.compile(r"^-- name: (?P<name>[a-z][a-z0-9_]*)\s*$", re.MULTILINE)
# Whatever can hold a colon that is no parameter comes first: comments, strings, quoted names, casts.
_TOKEN = re.compile(
    r"(?P<skip>--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|\$\$.*?\$\$|::)|:(?P<name>[a-z][a-z0-9_]*)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement, ready for the driver: `sql` has `$n` where `parameters[n - 1]` goes."""

    name: str
    sql: str
    parameters: tuple[str, ...]

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """
        The values in the driver's order.

        Raises:
            TypeError: A parameter is missing, or a value has no parameter.
        """
        if len(values) != len(self.parameters) or any(name not in values for name in self.parameters):
            missing = sorted(set(self.parameters) - values.keys())
            unknown = sorted(values.keys() - set(self.parameters))
            raise TypeError(f"query {self.name}: missing {missing}, unknown {unknown}")
        return [values[name] for name in self.parameters]


class Queries(Mapping[str, Query]):
    """A room's statements; each can be had as an attribute or by its name."""

    def __init__(self, source: str, queries: Mapping[str, Query]) -> None:
        self._source = source
        self._queries = dict(queries)

    def __getattr__(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            raise AttributeError(f"{self._source} has no query {name!r}") from None

    def __getitem__(self, name: str) -> Query:
        return self._queries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


@cache
def load_queries(package: str) -> Queries:
    """
    The statements in `queries.sql` of a package, by its dotted name.

    Raises:
        ValueError: A name is given twice, or SQL stands before the first name.
    """
    text = resources.files(package).joinpath("queries.sql").read_text(encoding="utf-8")
    return parse_queries(f"{package}/queries.sql", text)


def parse_queries(source: str, text: str) -> Queries:
    """The statements in a text; `source` names it in messages."""
    headers = list(_HEADER.finditer(text))
    preamble = text[: headers[0].start()] if headers else text
    if re.sub(r"--[^\n]*", "", preamble).strip():
        raise ValueError(f"{source}: SQL stands before the first '-- name:' line")
    queries: dict[str, Query] = {}
    for header, following in zip(headers, [*headers[1:], None], strict=True):
        name = header["name"]
        if name in queries:
            raise ValueError(f"{source}: two queries are called {name!r}")
        body = text[header.end() : following.start() if following else None]
        queries[name] = _numbered(name, body.strip().removesuffix(";"))
    return Queries(source, queries)


def _numbered(name: str, body: str) -> Query:
    parameters: list[str] = []

    def replace(match: re.Match[str]) -> str:
        parameter = match["name"]
        if parameter is None:
            return match[0]
        if parameter not in parameters:
            parameters.append(parameter)
        return f"${parameters.index(parameter) + 1}"

    return Query(name, _TOKEN.sub(replace, body), tuple(parameters))
