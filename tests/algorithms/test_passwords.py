"""Hashes of passwords: Argon2id as another implementation reads it."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from guildhall.algorithms import passwords

pytestmark = pytest.mark.usefixtures("product_costs")

SALT = bytes(range(16))


def test_a_hash_is_verified_by_the_library_and_by_making_it_again() -> None:
    made = passwords.make_hash("correct horse", SALT)
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PasswordHasher().verify(made, "correct horse")
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(made, "correct horsf")
    settings = made.rpartition("$")[0]
    assert passwords.rehash("correct horse", settings) == made
    assert passwords.rehash("correct horsf", settings) != made
    assert not passwords.is_outdated(settings)


def test_a_hash_at_other_costs_is_compared_at_its_own_and_is_outdated() -> None:
    made = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("correct horse")
    settings = made.rpartition("$")[0]
    assert passwords.rehash("correct horse", settings) == made
    assert passwords.is_outdated(settings)


@pytest.mark.parametrize(
    "settings", ["", "!", "$2b$12$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAA"]
)
def test_settings_of_something_else_are_none(settings: str) -> None:
    assert passwords.rehash("correct horse", settings) is None
