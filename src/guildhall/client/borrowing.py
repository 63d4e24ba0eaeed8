"""What the classes beside the client have in common: a client that is lent to them, or one of their own."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from guildhall.client.client import ArcEvalDBClient


class ClientBorrower:
    """Works through `db`, or through a client of its own, which ends with it."""

    def __init__(self, db: ArcEvalDBClient | None = None) -> None:
        self.db = db or ArcEvalDBClient()
        self._is_own = db is None

    async def __aenter__(self) -> Self:
        await self.db.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the client, if it is its own."""
        if self._is_own:
            await self.db.close()
