"""
Who may do what, and what names, passwords and scopes can be.

Nothing here decides alone: the functions of migration 0005 ask the same
questions of the database's own rows. These answers come first because they
can say why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import timedelta

from guildhall.domains.platform.identity.errors import (
    AdministratorsOnly,
    IdentityRefused,
    NotPermitted,
    PasswordRefused,
)
from guildhall.domains.platform.identity.types import Action, Preferences, Role, Scope, Standing

SESSION_IDLE = timedelta(days=14)
"""How long a session lasts after it was last used."""

SESSION_LONGEST = timedelta(days=90)
"""How long it lasts however much it is used."""

INVITATION_LIFETIME = timedelta(days=7)

DEFAULT_RATE_LIMIT = 1000
"""Requests in an hour."""

_ALLOWED: dict[Action, frozenset[Role]] = {
    Action.READ: frozenset(Role),
    Action.WRITE: frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER}),
    Action.MAKE_KEYS: frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER}),
    Action.MANAGE_MEMBERS: frozenset({Role.OWNER, Role.ADMIN}),
    Action.MANAGE_SECRETS: frozenset({Role.OWNER, Role.ADMIN}),
    Action.MANAGE_OWNERS: frozenset({Role.OWNER}),
    Action.ARCHIVE_TEAM: frozenset({Role.OWNER}),
    Action.ERASE_TEAM: frozenset({Role.OWNER}),
}

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CURRENCY = re.compile(r"[A-Z]{3}")

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 1024


def may(role: Role | None, action: Action) -> bool:
    """Whether a role allows an action; nobody's role allows nothing."""
    return role is not None and role in _ALLOWED[action]


def check(standing: Standing, action: Action) -> None:
    """
    Make sure that somebody may do something in their team; administrators of the installation may do everything.

    Raises:
        NotPermitted: Their role does not allow it.
    """
    if not standing.is_administrator and not may(standing.role, action):
        needed = [role.value for role in Role if role in _ALLOWED[action]]
        raise NotPermitted(action.value, standing.role and standing.role.value, needed)


def check_administrator(standing: Standing, what: str) -> None:
    """
    Make sure that somebody keeps the installation.

    Raises:
        AdministratorsOnly: They do not.
    """
    if not standing.is_administrator:
        raise AdministratorsOnly(what)


def check_rank(standing: Standing, *roles: Role | None) -> None:
    """
    Make sure that somebody may give, change or take these roles: those of owners only owners may.

    Raises:
        NotPermitted: Their role does not allow it.
    """
    check(standing, Action.MANAGE_OWNERS if Role.OWNER in roles else Action.MANAGE_MEMBERS)


def allows(scopes: Collection[str], wanted: Scope) -> bool:
    """Whether a key's scopes allow a use; no scopes allow whatever its person may do, and `write` includes `read`."""
    if not scopes or wanted in scopes or Scope.ADMIN in scopes:
        return True
    return wanted is Scope.READ and Scope.WRITE in scopes


def check_username(text: str) -> str:
    """
    A name as it is kept, in lower case.

    Raises:
        IdentityRefused: It is too long, or holds something else than letters, digits, `.`, `_` and `-`.
    """
    name = text.strip().lower()
    if not _USERNAME.fullmatch(name):
        raise IdentityRefused("username", text, "1 to 64 letters, digits, '.', '_' and '-', a letter or digit first")
    return name


def check_email(text: str) -> str:
    """
    An address of mail as it is kept, in lower case.

    Raises:
        IdentityRefused: It is none.
    """
    address = text.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise IdentityRefused("email", text, "an address such as ada@example.org")
    return address


def check_slug(text: str) -> str:
    """
    A team's short name.

    Raises:
        IdentityRefused: It is too long, or holds something else than lower-case letters, digits and single hyphens.
    """
    if len(text) > 100 or not _SLUG.fullmatch(text):
        raise IdentityRefused("slug", text, "up to 100 lower-case letters and digits, with single hyphens between them")
    return text


def check_team_name(text: str) -> str:
    """
    A team's name.

    Raises:
        IdentityRefused: It is empty or too long.
    """
    name = " ".join(text.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise IdentityRefused("name", text, "1 to 100 characters")
    return name


def slug_of(name: str) -> str:
    """A slug made of a name: `Ada's Team` becomes `ada-s-team`; `team` where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100].rstrip("-") or "team"


def check_password(text: str, *, about: Sequence[str] = ()) -> str:
    """
    A password as it is hashed: in normal form NFKC, so that it does not depend on the keyboard (NIST SP 800-63B, 5.1.1.2).

    Raises:
        PasswordRefused: It has fewer than 8 characters or more than 1024, is one character again and again, or
            is one of the texts in `about`, such as the person's name.
    """
    password = unicodedata.normalize("NFKC", text)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise PasswordRefused(f"has {len(password)} characters", f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} of them")
    if len(set(password)) < 3 or password.lower() in {each.lower() for each in about}:
        raise PasswordRefused("is too easy to guess", "something that does not repeat itself and is not a name")
    return password


def check_scopes(scopes: Collection[str]) -> list[str]:
    """
    A key's scopes, each once, in order.

    Raises:
        IdentityRefused: One of them is not known.
    """
    for each in scopes:
        if each not in set(Scope):
            raise IdentityRefused("scope", each, "one of " + ", ".join(Scope))
    return sorted(set(scopes))


def check_key_name(text: str | None) -> str | None:
    """
    What somebody calls a key.

    Raises:
        IdentityRefused: It is empty or too long.
    """
    if text is None:
        return None
    name = " ".join(text.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise IdentityRefused("name", text, "1 to 100 characters")
    return name


def check_rate_limit(requests: int | None) -> int | None:
    """
    Requests in an hour; None is without a limit.

    Raises:
        IdentityRefused: It is not positive, or absurd.
    """
    if requests is not None and not 1 <= requests <= 1_000_000_000:
        raise IdentityRefused("rate_limit", requests, "a number of requests in an hour, from 1")
    return requests


def check_reason(text: str) -> str:
    """
    Why somebody is erased.

    Raises:
        IdentityRefused: It is empty or too long.
    """
    reason = " ".join(text.split())
    if not 1 <= len(reason) <= 500:
        raise IdentityRefused("reason", text, "1 to 500 characters")
    return reason


def check_visitor(identifier: str) -> str:
    """
    What a visitor without an account is known by.

    Raises:
        IdentityRefused: It is empty, too long, or written like the id of a person.
    """
    if not 8 <= len(identifier) <= 100 or not identifier.isprintable() or _UUID.fullmatch(identifier.lower()):
        raise IdentityRefused("visitor", identifier, "8 to 100 characters that are no UUID")
    return identifier


def check_preferences(wanted: Preferences) -> Preferences:
    """
    Preferences that can be kept.

    Raises:
        IdentityRefused: A locale or a currency is not written as one, or there are too many favourites.
    """
    if len(wanted.preferred_locale) > 10 or not _LOCALE.fullmatch(wanted.preferred_locale):
        raise IdentityRefused("preferred_locale", wanted.preferred_locale, "a language tag such as en-US")
    if not _CURRENCY.fullmatch(wanted.preferred_currency):
        raise IdentityRefused("preferred_currency", wanted.preferred_currency, "a code such as USD")
    if wanted.preferred_region is not None and len(wanted.preferred_region) > 20:
        raise IdentityRefused("preferred_region", wanted.preferred_region, "up to 20 characters")
    if len(wanted.favorite_models) > 1000:
        raise IdentityRefused("favorite_models", len(wanted.favorite_models), "1000 at most")
    return wanted
