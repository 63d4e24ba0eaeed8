"""Where recorded trials end: whatever stores a batch and says what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from guildhall.db import Actor, ConstraintViolated, Database
from guildhall.domains.evaluation import outcomes
from guildhall.domains.evaluation.outcomes import Month, PackedTrial, Recorded
from guildhall.errors import Conflict, InvalidInput, NotFound

REFUSALS = (InvalidInput, Conflict, NotFound, ValueError, TypeError, OverflowError, RecursionError)
"""
What is wrong with a record, and not with the world around it.

ValueError and its like come from the driver, for a value that it cannot send.
"""


class Sink(Protocol):
    """
    Stores batches of records.

    A batch is stored whole or not at all, and one that is stored twice is
    recognised. An error of the family Unavailable means that trying again may
    help; any other that something in the batch is wrong.
    """

    async def store(self, actor: Actor, trials: Sequence[PackedTrial]) -> Recorded:
        """Store the records of one person and team."""
        ...


class DatabaseSink:
    """Stores records in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._months: set[Month] = set()

    async def store(self, actor: Actor, trials: Sequence[PackedTrial]) -> Recorded:
        """
        Store the records in one transaction.

        Raises:
            DatabaseUnavailable: No connection could be had, or it broke.
            ConstraintViolated, ScenarioNotInSimulation, OutcomeIdTaken: A record is wrong; none is stored.
        """
        new_months = outcomes.months_of(trials) - self._months
        if new_months:
            # In a transaction of its own: making a partition locks tables that others write.
            async with self._database.transaction(actor) as tx:
                await outcomes.make_room(tx, new_months)
            self._months |= new_months
        try:
            async with self._database.transaction(actor) as tx:
                return await outcomes.record_trials(tx, trials, ready=self._months)
        except ConstraintViolated as error:
            if error.kind == "check" and error.constraint is None and self._months:
                # No partition takes a row: a month that was there has been dropped meanwhile.
                self._months.clear()
                return await self.store(actor, trials)
            raise
