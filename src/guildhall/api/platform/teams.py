"""`/v1/platform/teams`, `/members` and `/invitations`: whose rows are whose, and who may do what."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field, StrictInt

from guildhall.api.frame.answers import json_bytes
from guildhall.api.frame.bodies import Body
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Managing, Reading, Speaking, house_of, origin_of
from guildhall.api.platform.people import UserName, WantedErasure
from guildhall.app.documents.people import (
    InvitationDocument,
    JoinedDocument,
    MemberDocument,
    NewInvitationDocument,
    TeamDocument,
    TeamErasureDocument,
    invitation_document,
    joined_document,
    member_document,
    new_invitation_document,
    team_document,
    team_erasure_document,
)
from guildhall.db import NOBODY
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Role

teams = APIRouter(prefix="/teams", tags=["teams"], route_class=Route)
members = APIRouter(prefix="/members", tags=["teams"], route_class=Route)
invitations = APIRouter(prefix="/invitations", tags=["teams"], route_class=Route)

TeamSlug = Annotated[str, Path(max_length=100, description="A team's slug.", examples=["pottery"])]
InvitationId = Annotated[UUID, Path(description="An invitation's id.")]


class WantedTeam(Body):
    """A team to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Pottery", "slug": "pottery"}]})

    name: Annotated[str, Field(min_length=1, max_length=100)]
    slug: Annotated[str | None, Field(max_length=100)] = None
    """Lower-case letters and digits, with single hyphens between them; made of the name unless given."""
    owner: Annotated[str | None, Field(max_length=255)] = None
    """The user who owns it, as administrators of the installation may say; whoever asks unless given."""


class WantedRole(Body):
    """What somebody is to be."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "viewer"}]})

    role: Role


class WantedInvitation(Body):
    """Somebody to be asked to join."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.org", "role": "member"}]})

    email: Annotated[str, Field(max_length=255)]
    role: Role = Role.MEMBER
    days: Annotated[StrictInt, Field(ge=1, le=90)] = 7
    """How long the invitation can be used."""


class Acceptance(Body):
    """The token of an invitation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token": "gi_…"}]})

    token: Annotated[str, Field(max_length=200)]


class WantedAccount(Acceptance):
    """The account that somebody new wants."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"token": "gi_…", "username": "ada", "password": "correct horse battery staple"}]
        }
    )

    username: Annotated[str, Field(max_length=64)]
    password: Annotated[str, Field(min_length=8, max_length=1024)]


@teams.get("", response_model=Items[TeamDocument])
async def list_teams(
    visit: Reading,
    want: ListWanted,
    role: Annotated[list[Role] | None, Query(description="Teams in which one is this.")] = None,
    is_active: Annotated[bool | None, Query(description="Those that are not archived, or only those that are.")] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List one's own teams, by slug; all of them for administrators of the installation."""
    return await answer_list(
        visit,
        want,
        identity.TEAMS,
        identity.page_teams,
        {"role": role, "is_active": is_active, "created_after": created_after, "created_before": created_before},
        team_document,
        tuple(TeamDocument.__annotations__),
    )


@teams.post("", status_code=201, response_model=TeamDocument)
async def create_team(body: WantedTeam, visit: Managing) -> Response:
    """Make a team; whoever makes it owns it. To act in it, sign in to it, or make a key there."""
    async with visit.transaction(personal=True) as tx:
        owner = (await identity.get_user(tx, body.owner)).id if body.owner is not None else None
        made = await identity.create_team(tx, body.name, body.slug, owner=owner)
        return await visit.created(tx, team_document(made), at=f"/v1/platform/teams/{made.slug}")


@teams.get("/{team}", response_model=TeamDocument)
async def get_team(visit: Reading, team: TeamSlug) -> Response:
    """One team."""
    async with visit.transaction() as tx:
        return visit.found(team_document(await identity.get_team(tx, team)))


@teams.delete("/{team}", response_model=TeamDocument)
async def archive_team(visit: Managing, team: TeamSlug) -> Response:
    """Close a team: its sessions and keys stop, its rows stay, until it is restored by acting in another one."""
    async with visit.transaction(personal=True) as tx:
        await identity.archive_team(tx, team)
        return await visit.done(tx, team_document(await identity.get_team(tx, team)))


@teams.post("/{team}/restoration", response_model=TeamDocument)
async def restore_team(visit: Managing, team: TeamSlug) -> Response:
    """Open a team again that was archived."""
    async with visit.transaction(personal=True) as tx:
        await identity.restore_team(tx, team)
        return await visit.done(tx, team_document(await identity.get_team(tx, team)))


@teams.post("/{team}/erasure", response_model=TeamErasureDocument, openapi_extra={"x-unrepeated": True})
async def erase_team(body: WantedErasure, visit: Managing, team: TeamSlug) -> Response:
    """Delete a team with everything it has, for good. An erasure that was cut off goes on when it is asked for again."""
    database, person = visit.house.app.database, visit.caller.person
    rows: dict[str, int] = {}
    async with visit.house.doorkeeper.transaction(visit.caller, person, visit.origin) as tx:
        found = await identity.begin_erasing_team(tx, team)
    # From here on whoever acts in that very team has no key to it any more, and goes on all the same.
    async for so_far in identity.erase_team_rows(database, person, found):
        rows = dict(so_far)
    async with database.transaction(person, visit.origin) as tx:
        done = await identity.finish_erasing_team(tx, found, reason=body.reason)
    return Response(json_bytes(team_erasure_document(done, rows)), 200, media_type="application/json")


@members.get("", response_model=Items[MemberDocument])
async def list_members(
    visit: Reading,
    want: ListWanted,
    user_id: UUID | None = None,
    email: Annotated[str | None, Query(max_length=255)] = None,
    role: Annotated[list[Role] | None, Query()] = None,
    is_active: bool | None = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List who is in the team, in the order in which they came."""
    return await answer_list(
        visit,
        want,
        identity.MEMBERS,
        identity.page_members,
        {
            "user_id": user_id,
            "email": email,
            "role": role,
            "is_active": is_active,
            "created_after": created_after,
            "created_before": created_before,
        },
        member_document,
        tuple(MemberDocument.__annotations__),
    )


@members.get("/{user}", response_model=MemberDocument)
async def get_member(visit: Reading, user: UserName) -> Response:
    """One person in the team."""
    async with visit.transaction() as tx:
        return visit.found(member_document(await identity.get_member(tx, user)))


@members.patch("/{user}", response_model=MemberDocument)
async def change_role(body: WantedRole, visit: Managing, user: UserName) -> Response:
    """Change what somebody is in the team."""
    async with visit.transaction(personal=True) as tx:
        await identity.change_role(tx, user, body.role)
        return await visit.done(tx, member_document(await identity.get_member(tx, user)))


@members.delete("/{user}", status_code=204, response_class=Response)
async def remove_member(visit: Managing, user: UserName) -> Response:
    """Leave the team, or send somebody away; their sessions and keys in it end."""
    async with visit.transaction(personal=True) as tx:
        await identity.remove_member(tx, user)
        return await visit.gone(tx)


@invitations.get("", response_model=Items[InvitationDocument])
async def list_invitations(
    visit: Reading,
    want: ListWanted,
    email: Annotated[str | None, Query(max_length=255)] = None,
    role: Annotated[list[Role] | None, Query()] = None,
    is_open: Annotated[
        bool | None, Query(description="Those that can still be used, or only those that cannot.")
    ] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Response:
    """List whom the team has asked to join, newest first; nobody for those who may not invite."""
    return await answer_list(
        visit,
        want,
        identity.INVITATIONS,
        identity.page_invitations,
        {
            "email": email,
            "role": role,
            "is_open": is_open,
            "created_after": created_after,
            "created_before": created_before,
        },
        invitation_document,
        tuple(InvitationDocument.__annotations__),
    )


@invitations.post("", status_code=201, response_model=NewInvitationDocument)
async def invite(body: WantedInvitation, visit: Managing) -> Response:
    """Ask somebody to join the team: the token in the answer lets them in, and is shown this once."""
    async with visit.transaction(personal=True) as tx:
        made = await identity.invite(tx, body.email, body.role, lifetime=timedelta(days=body.days))
        document = new_invitation_document(made)
        return await visit.created(tx, document, at=f"/v1/platform/invitations/{made.id}", secret=True)


@invitations.post("/acceptance", response_model=JoinedDocument)
async def accept_invitation(body: Acceptance, visit: Speaking) -> Response:
    """Join the team that an invitation is for, as whoever asks."""
    async with visit.transaction(personal=True) as tx:
        _, slug, role = await identity.accept_invitation(tx, body.token)
        return await visit.done(tx, joined_document(visit.caller.person, slug, role))


@invitations.post("/account", status_code=201, response_model=JoinedDocument, openapi_extra={"x-open": []})
async def create_account(body: WantedAccount, request: Request) -> Response:
    """Make an account for somebody new who was invited, who can then sign in."""
    async with house_of(request).app.database.transaction(NOBODY, origin_of(request)) as tx:
        actor, slug, role = await identity.join(tx, body.token, body.username, body.password)
    return Response(json_bytes(joined_document(actor, slug, role)), 201, media_type="application/json")


@invitations.get("/{invitation_id:uuid}", response_model=InvitationDocument)
async def get_invitation(visit: Reading, invitation_id: InvitationId) -> Response:
    """One invitation."""
    async with visit.transaction() as tx:
        found = await identity.page_invitations(tx, {"id": invitation_id}, identity.INVITATIONS.order())
    if not found.items:
        raise identity.InvitationNotFound(invitation_id)
    return visit.found(invitation_document(found.items[0]))


@invitations.delete("/{invitation_id:uuid}", status_code=204, response_class=Response)
async def revoke_invitation(visit: Managing, invitation_id: InvitationId) -> Response:
    """Take an invitation back."""
    async with visit.transaction(personal=True) as tx:
        await identity.revoke_invitation(tx, invitation_id)
        return await visit.gone(tx)
