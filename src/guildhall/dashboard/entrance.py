"""
Being let in by a link, once: for a lone user at the machine itself.

Whoever starts `guildhall up` could do everything with the database anyway. The
link's secret is kept as a digest, for an hour, in the cache that processes
share; whoever follows it first has it, and it is gone. They are given a key of
their own for the day, as a cookie.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from guildhall import clock
from guildhall.app.wiring import App
from guildhall.cache import PostgresCache
from guildhall.domains.platform import identity

LASTS = timedelta(hours=12)
"""How long whoever came in by a link stays."""

LINK_LASTS_S = 3_600.0
NAME = "dashboard, by link"
"""What the keys are called that links are changed for."""


async def make_link(app: App) -> str:
    """A path that lets in whoever follows it first, within the hour."""
    token = secrets.token_urlsafe(32)
    await PostgresCache(app.database).put(_place(token), b"1", LINK_LASTS_S)
    return f"/enter/{token}"


async def redeem(app: App, token: str) -> str | None:
    """The key for a link's token; None where there is no such link, or it was followed before."""
    if not await PostgresCache(app.database).delete(_place(token)):
        return None
    async with app.transaction() as tx:
        made = await identity.create_key(tx, NAME, rate_limit=None, expires_at=clock.now() + LASTS, as_default=None)
    return made.text


def _place(token: str) -> str:
    return f"dashboard:enter:{hashlib.sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()}"
