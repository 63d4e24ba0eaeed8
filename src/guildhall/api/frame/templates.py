"""Which route a request has found."""

from __future__ import annotations

from starlette.types import Scope


def route_of(scope: Scope) -> str:
    """The template of the path that answers a request, such as `/v1/evaluation/simulations/{simulation}`; empty where none does."""
    return getattr(scope.get("route"), "path_format", "")
