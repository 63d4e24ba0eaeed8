"""Coming in and going: by password, by API key, by a link that works once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from guildhall.api.frame import problems
from guildhall.api.frame.visits import COOKIE, house_of, origin_of
from guildhall.dashboard import entrance
from guildhall.dashboard.frame.forms import form
from guildhall.dashboard.frame.views import Page, render, see_other
from guildhall.domains.platform import identity
from guildhall.errors import GuildhallError, NotFound

router = APIRouter(route_class=Page, include_in_schema=False)

_LONGEST = {"login": 255, "password": 2048, "key": 255}


class LinkSpent(NotFound):
    """A link lets nobody in."""

    code = "link_spent"

    def __init__(self) -> None:
        super().__init__(
            "this link lets nobody in any more: it works once, within an hour",
            remedy="`guildhall keys add` makes an API key, which signs you in at /sign-in.",
        )


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Where to go on, what was tried before, and what was wrong with it."""

    next: str
    login: str = ""
    problem: str | None = None
    remedy: str | None = None


@router.get("/sign-in")
async def sign_in_page(request: Request, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """The form."""
    return render(request, "sign_in.html", SignInPage(_inside(next)))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Let somebody in who has a password or a key."""
    fields = await form(request)
    where = _inside(fields.get("next", "/"))
    given = {name: fields.get(name, "").strip()[:longest] for name, longest in _LONGEST.items()}
    house = house_of(request)
    try:
        if given["key"]:
            await house.doorkeeper.admit(given["key"], afresh=True)
            return _let_in(request, given["key"], where, lasts_s=None)
        origin = origin_of(request)
        signed_in = await identity.sign_in(
            house.app.database,
            given["login"],
            fields.get("password", "")[:2048],
            address=origin.address,
            user_agent=origin.user_agent,
        )
    except GuildhallError as error:
        page = SignInPage(where, given["login"], error.message, error.remedy)
        return render(request, "sign_in.html", page, status=problems.status_of(error))
    return _let_in(request, signed_in.token, where, lasts_s=int(identity.SESSION_LONGEST.total_seconds()))


@router.get("/enter/{token}")
async def enter(
    request: Request, token: Annotated[str, Path(max_length=100)], next: Annotated[str, Query(max_length=2000)] = "/"
) -> Response:
    """Let in whoever follows a link first."""
    key = await entrance.redeem(house_of(request).app, token)
    if key is None:
        raise LinkSpent
    return _let_in(request, key, _inside(next), lasts_s=int(entrance.LASTS.total_seconds()))


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session, or the key that a link was changed for; any other key goes on, and only this browser forgets it."""
    await form(request)
    house = house_of(request)
    token = request.cookies.get(COOKIE, "")
    try:
        caller = await house.doorkeeper.admit(token)
        async with house.doorkeeper.transaction(caller, caller.person, origin_of(request)) as tx:
            if caller.session_id is not None:
                await identity.revoke_session(tx, caller.session_id)
            elif caller.key_id is not None and caller.key_name == entrance.NAME:
                await identity.revoke_key(tx, str(caller.key_id))
    except (identity.NotSignedIn, identity.KeyRefused):
        pass  # it has ended already
    response = see_other("/sign-in")
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


def _let_in(request: Request, token: str, where: str, *, lasts_s: int | None) -> Response:
    """
    Go on with a cookie.

    It goes along when somebody follows a link to a page from elsewhere, which
    changes nothing, and not with another site's forms.
    """
    response = see_other(where)
    response.set_cookie(
        COOKIE, token, max_age=lasts_s, secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return response


def _inside(path: str) -> str:
    """A path of this site; the beginning for anything else."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"
