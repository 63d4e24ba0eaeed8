"""Writing down how ensembles' calls were decided, each in a transaction of its own, before the caller is answered."""

from __future__ import annotations

import asyncio
import logging

from guildhall import clock
from guildhall.app.gateway.errors import AnswerUnrecorded
from guildhall.db import ConstraintViolated, Database
from guildhall.domains.gateway import ensembles, requests
from guildhall.domains.gateway.ensembles import Cast
from guildhall.domains.gateway.requests import Selected
from guildhall.errors import Unavailable

_PATIENCE_S = 15.0
_AGAIN_S = 0.25
_LOOKS = 1200
_log = logging.getLogger(__name__)


class Votes:
    """The votes of one process; for one event loop."""

    def __init__(self, database: Database, *, patience_s: float = _PATIENCE_S) -> None:
        self._database = database
        self._patience_s = patience_s
        self._writing: set[asyncio.Task[None]] = set()

    async def keep(self, cast: Cast, selected: Selected | None = None) -> None:
        """
        Write down a vote with its ballots, and which answer was selected. When this returns, it is durable.

        It is written whatever becomes of whoever waits here.

        Raises:
            AnswerUnrecorded: The database has not taken it for long; it is written when it does.
        """
        task = asyncio.create_task(self._write(cast, selected))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        done, _ = await asyncio.wait([task], timeout=self._patience_s)
        if not done:
            raise AnswerUnrecorded
        task.result()

    async def close(self) -> None:
        """Write what waits, for as long as anybody's patience lasts."""
        if self._writing:
            _, left = await asyncio.wait(self._writing, timeout=self._patience_s)
            for each in left:
                each.cancel()

    async def _write(self, cast: Cast, selected: Selected | None) -> None:
        has_room, looked = False, 0
        while looked < _LOOKS:
            try:
                async with self._database.duty("writer") as tx:
                    await ensembles.keep(tx, [cast])
                    is_there = selected is None or await requests.select(tx, selected)
                if is_there:
                    return
                looked += 1  # the answer itself waits for the database, wherever it does
            except Unavailable as error:
                _log.warning("a vote waits to be written down: %s", error)
            except ConstraintViolated as error:
                if has_room or error.kind != "check" or error.constraint is not None:
                    raise
                has_room = True
                async with self._database.duty("writer") as tx:  # apart, as it locks tables
                    await ensembles.make_room(tx, clock.now())
                continue
            await asyncio.sleep(_AGAIN_S)
        _log.error("the vote on %s names an answer that never came into the ledger", cast.request_id)
