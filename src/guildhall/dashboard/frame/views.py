"""
A page: a template, a dataclass of what it shows, and the frame around both.

    @router.get("/tools")
    async def tools(visit: Reading, request: Request) -> Response:
        return render(request, "tools.html", ToolsPage(…), visit=visit)

Templates escape whatever they are given. The policy that goes with each page
lets a browser run and load what the server itself ships and nothing else.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import Request, Response
from jinja2 import Environment, FunctionLoader, StrictUndefined

from guildhall import clock
from guildhall.api.frame import problems
from guildhall.api.frame.calls import Call
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Visit
from guildhall.app import figures
from guildhall.dashboard.frame.texts import visible

_log = logging.getLogger("guildhall.dashboard")

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    # With `no-referrer` a browser would send forms with `Origin: null`, and nobody could tell whose they are.
    "Referrer-Policy": "same-origin",
}

SECTIONS = (
    ("Home", "/"),
    ("Simulations", "/simulations"),
    ("Compare", "/compare"),
    ("Recommendations", "/recommendations"),
    ("Approvals", "/approvals"),
    ("Configurations", "/configurations"),
    ("Scenarios", "/scenarios"),
    ("Failures", "/failures"),
    ("Tools", "/tools"),
    ("Cost", "/cost"),
    ("Calls", "/requests"),
    ("Sessions", "/conversations"),
    ("Providers", "/providers"),
    ("Budgets and keys", "/budgets"),
    ("Debates", "/debates"),
    ("System", "/system"),
)


_WORDS = re.compile(r"match pattern '\^\(([a-z_|]+)\)\?\$'")
"""How a parameter that takes one of some words says so."""


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What went wrong, and what to do."""

    status: int
    message: str
    remedy: str | None
    request_id: str
    back: str | None = None


class Page(Route):
    """A route whose every answer is for a browser, what is refused too."""

    def _strictly(self, handle: Call) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        strictly = super()._strictly(handle)

        async def as_page(request: Request) -> Response:
            try:
                return await strictly(request)
            except problems.ANSWERED as error:
                response = await problems.answer(request, error)
            except Exception:  # noqa: BLE001 - a person must not meet a traceback, nor an object of JSON
                _log.exception("a page failed")
                response = problems.defect(problems.request_id_of(request))
            return error_page(request, response)

        return as_page


def render(
    request: Request,
    template: str,
    page: Any,
    *,
    visit: Visit | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page; `page` is what its template calls so."""
    text = (
        _environment()
        .get_template(template)
        .render(
            page=page,
            path=request.url.path,
            is_signed_in=request.scope.get("guildhall.caller") is not None,
            can_write=visit is not None and not visit.caller.actor.reads_only,
            now=clock.now(),
        )
    )
    return Response(text, status, {**_HEADERS, **(headers or {})}, "text/html; charset=utf-8")


def fragment(template: str, **values: Any) -> bytes:
    """A part of a page in one line, as an event carries it."""
    text = _environment().get_template(template).render(**values)
    return " ".join(text.split()).encode()


def lines_fragment(template: str, **values: Any) -> bytes:
    """The same of a part that has texts of several lines: each end of a line is a reference, which a browser reads as one."""
    text = _environment().get_template(template).render(**values)
    return text.replace("\r", "").replace("\n", "&#10;").encode()


def error_page(request: Request, response: Response) -> Response:
    """The page that says what an answer of the API's would; whoever has not signed in is asked to, and comes back then."""
    if response.status_code == 401:
        where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target = f"/sign-in?{urlencode({'next': where})}" if request.method == "GET" else "/sign-in"
        if "hx-request" in request.headers:
            return Response(None, 204, {"HX-Redirect": target})
        return Response(None, 303, {"Location": target})
    error = orjson.loads(bytes(response.body))["error"]
    # A form's own page is one step above what it is sent to.
    back = (request.url.path.rpartition("/")[0] or None) if request.method == "POST" else None
    message, remedy = _for_people(error)
    page = ErrorPage(response.status_code, message, remedy, error.get("request_id", ""), back)
    kept = {name: response.headers[name] for name in ("Retry-After", "Allow") if name in response.headers}
    return render(request, "error.html", page, status=response.status_code, headers=kept)


def _for_people(error: Mapping[str, Any]) -> tuple[str, str | None]:
    """What is wrong, and the remedy, where the API's answer speaks to programs: of types, patterns and its own document."""
    if error["code"] == "route_not_found":
        return error["message"], "All that there is can be reached from Home."
    if error["code"] != "fields_refused":
        return error["message"], error.get("remedy")
    said = []
    for each in error["details"]["fields"]:
        words = _WORDS.search(each["message"])
        expected = f"expected {words[1].replace('|', ', ')}" if words else each["message"]
        said.append(
            f"{each['field']} is {each['value']!r}, {expected}" if each["value"] else f"{each['field']}: {expected}"
        )
    return "; ".join(said), "Go back, and choose from what the page offers."


def see_other(path: str) -> Response:
    """Go on elsewhere, after a form was dealt with."""
    return Response(None, 303, {"Location": path})


def link(path: str, **query: Any) -> str:
    """A path with what is not None of a query; parts of the path are `quoted` already."""
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


def quoted(part: object) -> str:
    """A part of a path."""
    return quote(str(part), safe="")


def _environment() -> Environment:
    global _made  # noqa: PLW0603 - made once, as templates are compiled once
    if _made is None:
        _made = _make()
    return _made


_made: Environment | None = None


def _make() -> Environment:
    folder = resources.files("guildhall.dashboard") / "templates"

    def load(name: str) -> str:
        return folder.joinpath(name).read_text("utf-8")

    # Imported late: it is a page itself.
    from guildhall.dashboard.frame.statics import url_of  # noqa: PLC0415

    environment = Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"static": url_of, "link": link, "sections": SECTIONS}
    environment.filters |= {
        "visible": lambda value: visible(str(value)),
        "quoted": quoted,
        "percent": figures.percent,
        "points": figures.change_in_points,
        "money": figures.money,
        "duration": figures.duration,
        "p_value": figures.p_value,
        "shortened": figures.shortened,
        "counted": figures.count,
        "number": number,
        "time": _time,
        "day": lambda value: f"{value:%Y-%m-%d}",
    }
    return environment


def number(value: float | int | None) -> str:
    """`1,234`; unknown is a dash."""
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.3g}"


def _time(value: datetime | None) -> str:
    return "–" if value is None else f"{value:%Y-%m-%d %H:%M}"
