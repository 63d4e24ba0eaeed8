"""`/v1/platform/users` and `/preferences`: the people of the installation, and how they like things shown."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, StrictBool

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Administering, Reading, Speaking
from guildhall.app.documents.people import (
    ErasureDocument,
    PreferencesDocument,
    UserDocument,
    erasure_document,
    preferences_document,
    user_document,
)
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Preferences

users = APIRouter(prefix="/users", tags=["users"], route_class=Route)
preferences = APIRouter(prefix="/preferences", tags=["users"], route_class=Route)

UserName = Annotated[str, Path(max_length=255, description="A user's name or address of mail.", examples=["ada"])]


class WantedUser(Body):
    """Somebody to be added."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "ada", "email": "ada@example.org"}]})

    username: Annotated[str, Field(max_length=64)]
    """Letters, digits, `.`, `_` and `-`."""
    email: Annotated[str, Field(max_length=255)]
    password: Annotated[str | None, Field(min_length=8, max_length=1024)] = None
    """Without one they cannot sign in until they are given one."""
    is_administrator: StrictBool = False
    team_of_one: StrictBool = True
    """Whether they are given a team of their own."""


class GivenPassword(Body):
    """Another password for somebody."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "correct horse battery staple"}]})

    password: Annotated[str, Field(min_length=8, max_length=1024)]


class WantedErasure(Body):
    """Why somebody is erased, or a team."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "asked to be erased"}]})

    reason: Annotated[str, Field(min_length=1, max_length=500)] = identity.REASON
    """It is kept with the record of the erasure."""


class WantedPreferences(Body):
    """How somebody likes things shown."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"preferred_locale": "de-DE", "preferred_currency": "EUR"}]}
    )

    preferred_locale: Annotated[str, Field(max_length=10)] = "en-US"
    """A language tag (BCP 47)."""
    preferred_region: Annotated[str | None, Field(max_length=20)] = None
    preferred_currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    """A code of ISO 4217."""
    favorite_models: Annotated[list[UUID], Field(default_factory=list, max_length=1000)]
    display_preferences: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Whatever a face wants to remember."""


@users.get("", response_model=Items[UserDocument])
async def list_users(
    visit: Reading,
    want: ListWanted,
    email: Annotated[str | None, Query(max_length=255)] = None,
    is_active: Annotated[bool | None, Query(description="Those who are not archived, or only those who are.")] = None,
    is_administrator: bool | None = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List the people: everybody for administrators of the installation, oneself for others."""
    return await answer_list(
        visit,
        want,
        identity.USERS,
        identity.page_users,
        {
            "email": email,
            "is_active": is_active,
            "is_administrator": is_administrator,
            "created_after": created_after,
            "created_before": created_before,
        },
        user_document,
        tuple(UserDocument.__annotations__),
    )


@users.post("", status_code=201, response_model=UserDocument)
async def create_user(body: WantedUser, visit: Administering) -> Response:
    """Add somebody, as an administrator of the installation does; others invite."""
    async with visit.transaction(personal=True) as tx:
        made = await identity.create_user(
            tx,
            body.username,
            body.email,
            body.password,
            is_administrator=body.is_administrator,
            team_of_one=body.team_of_one,
        )
        return await visit.created(tx, user_document(made), at=f"/v1/platform/users/{made.username}")


@users.get("/{user}", response_model=UserDocument)
async def get_user(visit: Reading, user: UserName) -> Response:
    """One person: oneself, or anybody for administrators."""
    async with visit.transaction() as tx:
        return visit.found(user_document(await identity.get_user(tx, user)))


@users.delete("/{user}", response_model=UserDocument)
async def archive_user(visit: Administering, user: UserName) -> Response:
    """Keep somebody out: they cannot sign in and their keys do nothing, until they are restored."""
    async with visit.transaction(personal=True) as tx:
        await identity.archive_user(tx, user)
        return await visit.done(tx, user_document(await identity.get_user(tx, user)))


@users.post("/{user}/restoration", response_model=UserDocument)
async def restore_user(visit: Administering, user: UserName) -> Response:
    """Let somebody in again who was archived."""
    async with visit.transaction(personal=True) as tx:
        await identity.restore_user(tx, user)
        return await visit.done(tx, user_document(await identity.get_user(tx, user)))


@users.post("/{user}/password", response_model=UserDocument)
async def set_password(body: GivenPassword, visit: Administering, user: UserName) -> Response:
    """Give somebody another password; their sessions end."""
    async with visit.transaction(personal=True) as tx:
        await identity.set_password(tx, user, body.password)
        return await visit.done(tx, user_document(await identity.get_user(tx, user)))


@users.post("/{user}/erasure", response_model=ErasureDocument)
async def erase_user(body: WantedErasure, visit: Administering, user: UserName) -> Response:
    """Take somebody out of the database for good; what they made for a team stays, under a name that means nobody."""
    async with visit.transaction(personal=True) as tx:
        return await visit.done(tx, erasure_document(await identity.erase_user(tx, user, reason=body.reason)))


@preferences.get("", response_model=PreferencesDocument)
async def get_preferences(visit: Reading) -> Response:
    """How one likes things shown; the defaults where one has not said."""
    async with visit.transaction() as tx:
        return visit.found(preferences_document(await identity.get_preferences(tx)))


@preferences.put("", response_model=PreferencesDocument)
async def set_preferences(body: WantedPreferences, visit: Speaking) -> Response:
    """Keep how one likes things shown, in the place of what was kept."""
    wanted = Preferences(
        body.preferred_locale,
        body.preferred_region,
        body.preferred_currency,
        tuple(body.favorite_models),
        body.display_preferences,
    )
    async with visit.transaction(personal=True) as tx:
        await identity.set_preferences(tx, wanted)
        return await visit.done(tx, preferences_document(await identity.get_preferences(tx)))
