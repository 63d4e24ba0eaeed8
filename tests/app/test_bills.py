"""What a run has spent, by what is stored and by what it has recorded since."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID, uuid4

from fixtures.trials import make_record
from guildhall.app.runner import Bill
from guildhall.domains.evaluation.simulations import Spent


async def test_two_who_read_at_once_count_what_was_stored_off_once() -> None:
    bill = Bill()
    recorded = make_record(uuid4(), cost_usd=Decimal("0.25"))
    bill.add(recorded)
    answers = [Decimal("1.25"), Decimal("1.75")]

    async def spent_so_far(among: list[UUID]) -> Spent:
        usd = answers.pop(0)
        await asyncio.sleep(0)  # the other's turn, as while a database answers
        return Spent(usd, frozenset(among))

    await asyncio.gather(bill.read(spent_so_far), bill.read(spent_so_far))
    assert bill.usd == Decimal("1.75")
