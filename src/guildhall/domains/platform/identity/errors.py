"""The ways in which people are not let in, or may not do what they want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guildhall.errors import Conflict, InvalidInput, LimitReached, NotAllowed, NotFound, Unavailable


class SignInRefused(NotAllowed):
    """The name or the password is wrong, or the person is archived: which of them is not said."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__("the name or the password is wrong", remedy="Try again, or ask an administrator.")


class SignInThrottled(LimitReached):
    """Signing in has failed too often; the password was not looked at."""

    code = "sign_in_throttled"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(
            f"signing in has failed too often; it can be tried again in {max(1, round(retry_after_s))} s",
            retry_after_s=retry_after_s,
        )


class NotSignedIn(NotAllowed):
    """A session's token is not known, has expired or was revoked."""

    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("the session has ended", remedy="Sign in again.")


class KeyRefused(NotAllowed):
    """An API key is not known, has expired or was revoked, or its person or team is archived."""

    code = "api_key_refused"

    def __init__(self) -> None:
        super().__init__("the API key is not valid", remedy="`guildhall keys list` shows which keys there are.")


class NotPermitted(NotAllowed):
    """Somebody's role does not allow what they want."""

    code = "not_permitted"

    def __init__(self, action: str, role: str | None, needed: Sequence[str]) -> None:
        having = f"the role {role}" if role else "no role in the team"
        super().__init__(
            f"{having} does not allow {action.replace('_', ' ')}, expected {' or '.join(needed)}",
            remedy="Ask an owner of the team.",
            action=action,
            role=role,
            expected=list(needed),
        )


class AdministratorsOnly(NotAllowed):
    """Only administrators of the installation do this."""

    code = "administrators_only"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} takes an administrator of the installation", remedy="Ask one of them.")


class LastOwner(Conflict):
    """A team would be left without an owner."""

    code = "last_owner"

    def __init__(self, who: str, teams: Sequence[str] = ()) -> None:
        of = f"the last owner of {', '.join(teams)}" if teams else "the team's last owner"
        super().__init__(
            f"{who} is {of}",
            remedy="Make somebody else an owner first (`guildhall teams role`), or erase the team.",
            user=who,
            teams=list(teams),
        )


class LastAdministrator(Conflict):
    """The installation would be left without an administrator."""

    code = "last_administrator"

    def __init__(self) -> None:
        super().__init__("this is the last administrator of the installation", remedy="Add another one first.")


class TheFirstStay(Conflict):
    """The person and the team of the command line can be neither archived nor erased."""

    code = "the_first_stay"

    def __init__(self) -> None:
        super().__init__("the command line acts as the person and the team called local, so they stay")


class UserNotFound(NotFound):
    """Nobody is called that, or whoever asks may not know."""

    code = "user_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no user {name!r}", remedy="`guildhall users list` shows who there is.", field="user", value=name
        )


class TeamNotFound(NotFound):
    """There is no such team, or whoever asks may not know."""

    code = "team_not_found"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"there is no team {slug!r}",
            remedy="`guildhall teams list` shows which there are.",
            field="team",
            value=slug,
        )


class MemberNotFound(NotFound):
    """Somebody is not in the team."""

    code = "member_not_found"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} is not in the team",
            remedy="`guildhall teams members` shows who is.",
            field="user",
            value=who,
        )


class SessionNotFound(NotFound):
    """There is no such session that is going on, or it is not one's own."""

    code = "session_not_found"

    def __init__(self, session_id: UUID | str) -> None:
        super().__init__(f"there is no session {session_id}", field="session", value=session_id)


class ConversationNotFound(NotFound):
    """Nobody's programs of this team have named a session so, or they are somebody else's."""

    code = "session_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no session called {name!r:.300}",
            remedy="`guildhall gateway sessions list --all` lists yours.",
            field="session",
            value=name,
        )


class ConversationEnded(Conflict):
    """A session that is named has ended."""

    code = "session_ended"

    def __init__(self, name: str, status: str) -> None:
        super().__init__(
            f"the session {name!r:.300} {'has expired' if status == 'expired' else 'was ended'}",
            remedy="Begin another one, by another name.",
            field="session",
            value=name,
            status=status,
        )


class TooManyConversations(LimitReached):
    """A person has as many sessions with names going on in a team as one may have."""

    code = "too_many_sessions"

    def __init__(self, name: str, most: int) -> None:
        super().__init__(
            f"the session {name!r:.300} cannot be begun: {most} are going on, the most that a person may have in a team",
            remedy="Name one session for all calls of a conversation, and end those that are over (DELETE /v1/sessions/NAME) "
            "or give them a shorter pause (idle_s).",
            field="session",
            value=name,
            most=most,
        )


class InvitationNotFound(NotFound):
    """There is no such invitation, or it is another team's."""

    code = "invitation_not_found"

    def __init__(self, invitation_id: UUID) -> None:
        super().__init__(f"there is no invitation {invitation_id}", field="invitation", value=invitation_id)


class KeyNotFound(NotFound):
    """There is no such API key, or it is another team's."""

    code = "api_key_not_found"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"there is no API key {reference!r}",
            remedy="`guildhall keys list` shows which there are.",
            field="key",
            value=reference,
        )


class KeyAmbiguous(Conflict):
    """A name or a short id fits several API keys."""

    code = "api_key_ambiguous"

    def __init__(self, reference: str, candidates: Sequence[str]) -> None:
        super().__init__(
            f"{reference!r} may be any of {len(candidates)} API keys",
            remedy="Write one of their ids: " + ", ".join(each[:12] for each in candidates) + ".",
            field="key",
            value=reference,
            candidates=list(candidates),
        )


class InvitationUnusable(NotFound):
    """An invitation was used, has expired, was taken back or never was."""

    code = "invitation_unusable"

    def __init__(self) -> None:
        super().__init__("the invitation cannot be used", remedy="Ask for another one: each can be used once.")


class SecretNotFound(NotFound):
    """There is no such secret, or it is another team's."""

    code = "secret_not_found"

    def __init__(self, secret_id: UUID) -> None:
        super().__init__(f"there is no secret {secret_id}", field="secret", value=secret_id)


class SecretUnreadable(Unavailable):
    """A secret does not open: its key is not in the ring, or the row was tampered with."""

    code = "secret_unreadable"

    def __init__(self, secret_id: UUID, why: str, *, key_is_missing: bool) -> None:
        super().__init__(
            f"secret {secret_id} cannot be opened: {why}",
            remedy="Put the key it was sealed under into GUILDHALL_SECRET_KEY_OLD."
            if key_is_missing
            else "Enter it again.",
            secret=secret_id,
        )


class SecretKeyMissing(Unavailable):
    """Nobody has said under which key secrets are sealed."""

    code = "secret_key_missing"

    def __init__(self) -> None:
        super().__init__(
            "GUILDHALL_SECRET_KEY is not set",
            remedy="Set it to 32 random bytes, as `openssl rand -base64 32` prints them, and keep them somewhere safe.",
            field="GUILDHALL_SECRET_KEY",
        )


class IdentityTaken(Conflict):
    """A name, an address or a slug is in use."""

    code = "identity_taken"

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"the {field} {value!r} is taken", remedy="Choose another one.", field=field, value=value)


class AlreadyMember(Conflict):
    """Somebody is in the team already."""

    code = "already_member"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} is in the team already", remedy="`guildhall teams role` changes what they may do.", user=who
        )


class IdentityRefused(InvalidInput):
    """Something about a person, a team or a key cannot be as it was given."""

    code = "identity_refused"

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(f"{field} is {value!r:.100}, expected {expected}", field=field, value=value, expected=expected)


class PasswordRefused(InvalidInput):
    """A password is too short, too long or too easy; it is not repeated."""

    code = "password_refused"

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(f"the password {problem}, expected {expected}", field="password")
