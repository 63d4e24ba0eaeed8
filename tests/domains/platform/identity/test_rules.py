"""Who may do what, and what names and passwords can be."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.domains.platform.identity import Action, Preferences, Role, Scope, Standing, rules
from guildhall.domains.platform.identity.errors import IdentityRefused, NotPermitted, PasswordRefused


@given(st.sampled_from(Action))
def test_whoever_stands_higher_may_do_no_less(action: Action) -> None:
    allowed = [rules.may(role, action) for role in Role]  # from owner to viewer
    assert allowed == sorted(allowed, reverse=True)
    assert allowed[0]
    assert not rules.may(None, action)


def test_a_viewer_only_reads() -> None:
    assert [action for action in Action if rules.may(Role.VIEWER, action)] == [Action.READ]


def test_a_refusal_says_who_may() -> None:
    with pytest.raises(NotPermitted, match="the role viewer does not allow manage members, expected owner or admin"):
        rules.check(Standing(Role.VIEWER), Action.MANAGE_MEMBERS)
    with pytest.raises(NotPermitted, match="no role in the team"):
        rules.check(Standing(None), Action.READ)
    rules.check(Standing(None, is_administrator=True), Action.ERASE_TEAM)


@pytest.mark.parametrize(
    ("role", "touched", "fine"),
    [
        (Role.OWNER, (Role.OWNER,), True),
        (Role.ADMIN, (Role.MEMBER, Role.ADMIN), True),
        (Role.ADMIN, (Role.MEMBER, Role.OWNER), False),
        (Role.MEMBER, (Role.VIEWER,), False),
    ],
)
def test_owners_are_made_and_unmade_by_owners(role: Role, touched: tuple[Role, ...], fine: bool) -> None:
    if fine:
        rules.check_rank(Standing(role), *touched)
    else:
        with pytest.raises(NotPermitted):
            rules.check_rank(Standing(role), *touched)


def test_scopes_narrow_and_none_does_not() -> None:
    assert all(rules.allows((), scope) for scope in Scope)
    assert rules.allows(("write",), Scope.READ)
    assert not rules.allows(("read",), Scope.WRITE)
    assert not rules.allows(("models",), Scope.READ)
    assert all(rules.allows(("admin",), scope) for scope in Scope)
    assert rules.check_scopes(["write", "read", "write"]) == ["read", "write"]
    with pytest.raises(IdentityRefused, match="'fly', expected one of read"):
        rules.check_scopes(["fly"])


def test_names_and_addresses_are_kept_in_lower_case() -> None:
    assert rules.check_username(" Ada.Lovelace ") == "ada.lovelace"
    assert rules.check_email("Ada@Example.ORG") == "ada@example.org"


@pytest.mark.parametrize("name", ["", "-ada", "ada lovelace", "a" * 65, "ädä", "ada@home", "ada\n"[:-1] + "\0"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(IdentityRefused):
        rules.check_username(name)


@pytest.mark.parametrize("address", ["", "ada", "ada@", "@home", "a b@home", "a@b@c", "x" * 65 + "@home"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(IdentityRefused):
        rules.check_email(address)


@given(st.text())
def test_a_slug_can_be_made_of_any_name(name: str) -> None:
    assert rules.check_slug(rules.slug_of(name))


def test_a_slug_reads_like_its_name() -> None:
    assert rules.slug_of("Ada's  Téam!") == "ada-s-team"
    assert rules.slug_of("中文") == "team"


@pytest.mark.parametrize(
    "password", ["short77", "aaaaaaaaaaaa", "ababababab", "x" * 1025, "ada.lovelace", "ADA.LOVELACE"]
)
def test_a_poor_password_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        rules.check_password(password, about=("ada.lovelace",))
    assert password not in str(refused.value)
    assert password not in str(refused.value.details)


def test_a_password_does_not_depend_on_how_its_letters_are_composed() -> None:
    assert rules.check_password("cafe\u0301 con leche") == rules.check_password("caf\u00e9 con leche")


@pytest.mark.parametrize(
    "wanted",
    [
        Preferences(preferred_locale="english"),
        Preferences(preferred_currency="usd"),
        Preferences(preferred_region="x" * 21),
        Preferences(favorite_models=[uuid4()] * 1001),
    ],
)
def test_preferences_that_cannot_be_are_refused(wanted: Preferences) -> None:
    with pytest.raises(IdentityRefused):
        rules.check_preferences(wanted)


def test_a_visitor_cannot_pass_for_a_person() -> None:
    assert rules.check_visitor("browser-4711") == "browser-4711"
    with pytest.raises(IdentityRefused):
        rules.check_visitor(str(uuid4()))
