"""What a form brings, and whether it was one of ours."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request

from guildhall.api.frame.problems import Refused
from guildhall.api.frame.visits import OriginForeign
from guildhall.errors import InvalidInput

_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20
_MOST_BYTES = 64 << 10


class FormUnreadable(InvalidInput):
    """A form is none, or has more than any of ours."""

    code = "form_unreadable"

    def __init__(self) -> None:
        super().__init__("what was sent is no form of this page", remedy="Open the page again and send it from there.")


async def form(request: Request) -> dict[str, str]:
    """
    The fields of a form that a page of ours has sent.

    Raises:
        OriginForeign: A page of another site sent it, or none of a browser's.
        Refused: It is no form.
    """
    check_origin(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind != _TYPE or len(body) > _MOST_BYTES:
        raise Refused(422, FormUnreadable())
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refused(422, FormUnreadable()) from None
    return dict(pairs)


def check_origin(request: Request) -> None:
    """
    See that a page of this very site sent a request that changes something.

    Browsers state the page's origin with every form (Fetch, "Append a request `Origin` header").

    Raises:
        OriginForeign: It was another's, or none is stated.
    """
    origin = request.headers.get("origin", "")
    if origin.partition("://")[2] != request.headers.get("host"):
        raise OriginForeign(origin)
