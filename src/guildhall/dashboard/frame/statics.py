"""
Style sheets, scripts and pictures, as the package ships them.

Each has the digest of its content in its URL, so that a browser keeps it for
good and asks for it anew when it has changed. `vendor` has others' work, each
beside its licence.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Annotated

from fastapi import APIRouter, Path, Response

from guildhall.api.frame.problems import RouteUnknown
from guildhall.dashboard.frame.views import Page

router = APIRouter(route_class=Page, include_in_schema=False)

_FILES = {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "theme.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "vendor/htmx.min.js": "text/javascript; charset=utf-8",
    "vendor/sse.min.js": "text/javascript; charset=utf-8",
}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    digest: str


def _load() -> dict[str, _File]:
    folder = resources.files("guildhall.dashboard") / "static"
    found = {}
    for name, media_type in _FILES.items():
        content = folder.joinpath(*name.split("/")).read_bytes()
        found[name] = _File(content, media_type, hashlib.blake2b(content, digest_size=8).hexdigest())
    return found


_LOADED = _load()


def url_of(name: str) -> str:
    """Where a file is."""
    return f"/static/{_LOADED[name].digest}/{name}"


@router.get("/static/{digest}/{name:path}")
async def static_file(
    digest: Annotated[str, Path(max_length=64)], name: Annotated[str, Path(max_length=200)]
) -> Response:
    """A file; anybody may have it."""
    file = _LOADED.get(name)
    if file is None or file.digest != digest:
        raise RouteUnknown("there is no such file", field="path", value=name)
    return Response(file.content, 200, {"Cache-Control": _FOREVER}, file.media_type)
