"""Finding a request's route at once, and answering without the layers between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from guildhall.api.frame import problems
from guildhall.api.frame.routes import Route, StrictRequest


class Dispatch:
    """
    Calls routes that can be called directly; every other request goes on to the application.

    That is what is in no route of ours (and is answered with 404, or 405), what
    FastAPI must read a body for, and whatever comes below a `root_path`.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[Route]) -> None:
        self._app = app
        self._routes: dict[tuple[str, int], list[Route]] = defaultdict(list)
        for route in routes:
            for method in route.methods or ():
                self._routes[method, route.path_format.count("/")].append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._find(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        if route is None or route.direct is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = StrictRequest(scope, receive, send)
        try:
            response = await route.direct(request)
        except problems.ANSWERED as error:
            response = await problems.answer(request, error)
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> Route | None:
        """The first that fits, as with FastAPI; what stands in its path is put into the scope."""
        path = scope["path"]
        for route in self._routes.get((scope["method"], path.count("/")), ()):
            match = route.path_regex.match(path)
            if match:
                scope["path_params"] = {
                    name: route.param_convertors[name].convert(value) for name, value in match.groupdict().items()
                }
                return route
        return None
