"""Reports of simulations in a real database."""

from __future__ import annotations

from decimal import Decimal

from fixtures.trials import make_record, make_simulation
from guildhall.db import Tx
from guildhall.domains.evaluation import outcomes, reports, simulations


async def test_what_judges_and_users_cost_is_shown_apart_from_the_agents_cost(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["one_case", "another"])
    await outcomes.record_trials(
        tx,
        [
            make_record(
                simulation_id, "one_case", cost_usd=Decimal("0.1"), metrics={"judge_cost_usd": "0.02", "turns": 1}
            ),
            make_record(
                simulation_id,
                "another",
                cost_usd=Decimal("0.2"),
                metrics={"judge_cost_usd": None, "user_cost_usd": "0.003"},
            ),
        ],
    )
    report = await reports.report(tx, await simulations.get_simulation(tx, simulation_id))
    totals = report.summary.totals
    assert report.summary.cost_usd == Decimal("0.3")
    assert (totals.judge_cost_usd, totals.user_cost_usd) == (Decimal("0.02"), Decimal("0.003"))
    assert (await simulations.spent_so_far(tx, [simulation_id])).usd == Decimal("0.323")


async def test_what_nobody_told_a_price_for_is_unknown_and_not_free(tx: Tx) -> None:
    simulation_id = await make_simulation(tx, ["one_case"])
    await outcomes.record_trials(tx, [make_record(simulation_id, "one_case")])
    report = await reports.report(tx, await simulations.get_simulation(tx, simulation_id))
    totals = report.summary.totals
    assert (report.summary.cost_usd, totals.judge_cost_usd, totals.user_cost_usd) == (None, None, None)
    assert (await simulations.spent_so_far(tx, [simulation_id])).usd is None
