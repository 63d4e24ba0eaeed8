"""Hashing of passwords, away from the event loop and never many at once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from guildhall.algorithms import passwords

_T = TypeVar("_T")

# Each hash takes 64 MiB: however many people sign in at once, no more than this many are made at a time.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="guildhall-passwords")


async def make_hash(password: str) -> str:
    """The hash to keep of a new password."""
    return await _away(lambda: passwords.make_hash(password, secrets.token_bytes(passwords.SALT_BYTES)))


async def rehash(password: str, settings: str | None) -> str:
    """
    The hash of a password that somebody gave, made as the one that is kept was made.

    Where there is none to compare with, one is made all the same, so that the
    time tells nobody whether there is such a person.
    """
    made = await _away(lambda: passwords.rehash(password, settings)) if settings else None
    return made or await make_hash(password)


async def _away(work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
