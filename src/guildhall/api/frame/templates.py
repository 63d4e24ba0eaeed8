"""Which route a request has found."""

from __future__ import annotations

from starlette.types import Scope


def route_of(scope: Scope) -> str:
    """
    The template of the path that answers a request, such as `/v1/evaluation/simulations/{simulation}`; empty where none does.

    A router knows the part of the path that it was written with, not where it was put: that is what stands before.
    """
    route = scope.get("route")
    pattern = getattr(route, "path_regex", None)
    if route is None or pattern is None:
        return ""
    path: str = scope["path"]
    for at, letter in enumerate(path):
        if letter == "/" and pattern.match(path[at:]):
            return f"{path[:at]}{route.path_format}"
    return str(route.path_format)
