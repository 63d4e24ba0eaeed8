"""Letting people and programs in: whose a token is, and transactions for them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from guildhall.db import NOBODY, Actor, Database, Origin, Tx
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Caller


class Doorkeeper:
    """Knows whose a session's token or an API key is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def admit(self, token: str) -> Caller:
        """
        Whoever the token belongs to.

        Raises:
            KeyRefused, NotSignedIn: It is not known, has ended, or its person or team is archived.
        """
        async with self._database.transaction(NOBODY) as tx:
            if token.startswith("gh_"):
                return await identity.authenticate_key(tx, token)
            return await identity.authenticate_session(tx, token)

    def transaction(
        self, caller: Caller, actor: Actor, origin: Origin | None = None
    ) -> AbstractAsyncContextManager[Tx]:
        """A transaction for somebody who was let in."""
        return self._database.transaction(actor, origin)
