"""Proofs that are planned: both sides are run as the parent was run last."""

from __future__ import annotations

from guildhall.app import recommending, through
from guildhall.app.wiring import App
from guildhall.domains.evaluation import configurations, scenarios, simulations
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario


async def test_a_proof_is_run_as_its_parent_was_through_the_same_gateway(app: App) -> None:
    how = {"agent_file": "clerk.yaml", through.METADATA: "http://gateway:8403"}
    case = scenarios.scenario_from(
        {
            "scenario_id": "held",
            "name": "held out",
            "task_prompt": "Please help me out.",
            "ground_truth": "done",
            "scorers": [{"type": "contains"}],
            "split": "holdout",
        }
    )
    parent, changed = (
        configurations.define(f"name: clerk\nmodel: x\ntemperature: {heat}\nsystem_prompt: Help.\n")
        for heat in (0.5, 0)
    )
    async with app.transaction() as tx:
        saved = (await configurations.save_version(tx, parent)).version
        await scenarios.save_scenarios(tx, [case])
        pins = [PinnedScenario(case.scenario_id, case.content_hash)]
        await simulations.plan_simulation(
            tx, NewSimulation(saved.version_id, pins, trials=1, timeout_ms=1_234, metadata={**how, "stop_early": None})
        )
        proposal = await configurations.propose(tx, saved, changed, generated_by="optimization", release=False)
    proof = await recommending.plan_proof(app, proposal)
    async with app.transaction() as tx:
        for each in (proof.baseline_simulation_id, proof.candidate_simulation_id):
            side = await simulations.get_simulation(tx, each)
            assert side.timeout_ms == 1_234
            assert {name: side.metadata.get(name) for name in ("stop_early", *how)} == {"stop_early": None, **how}
