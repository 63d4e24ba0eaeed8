"""The learning loop for programs: the example of docs/client.md, and the rest of its verbs, in both places."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from fixtures.api import Served
from fixtures.told import save_agent
from guildhall.app import clustering
from guildhall.app.wiring import App
from guildhall.client import ArcEvalDBClient, ConfigurationManager, LearningLoop, sync
from guildhall.db import Actor
from guildhall.domains.evaluation.configurations import ProposalDecided, RollbackRefused
from guildhall.domains.evaluation.failures import ClusterChanged, ClusterNotFound
from guildhall.domains.evaluation.recommendations import FeedbackRefused, NotOpen, RecommendationNotFound
from guildhall.domains.evaluation.reports import CostUnknown
from guildhall.domains.evaluation.search import SearchRefused
from guildhall.domains.platform import identity
from guildhall.errors import InvalidInput
from guildhall.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
AGENT = {"name": "support-agent", "model": "none", "temperature": 0.5, "limits": {"timeout_ms": 1_000}}


@pytest.fixture(params=["on a database", "through a server"])
def house(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Settings, Actor]:
    """What `LearningLoop()` works with by the environment, as its administrator sees it."""
    monkeypatch.setenv("GUILDHALL_DATA_DIR", str(tmp_path))
    if request.param == "on a database":
        settings: Settings = request.getfixturevalue("settings")
        assert settings.database_url
        monkeypatch.setenv("GUILDHALL_DATABASE_URL", settings.database_url)
        return settings, identity.LOCAL
    else:
        served: Served = request.getfixturevalue("served")
        settings = Settings(database_url=served.application_url, data_dir=tmp_path, pool_size=2)
        monkeypatch.delenv("GUILDHALL_DATABASE_URL", raising=False)
        monkeypatch.setenv("GUILDHALL_URL", served.url)
        monkeypatch.setenv("GUILDHALL_API_KEY", served.keys["smithy/owner"])
        return settings, served.people["smithy/owner"]


async def recorded(client: ArcEvalDBClient, config: dict[str, Any], status: str, **more: Any) -> str:
    """Two trials of both scenarios, of a version of this configuration."""
    version_id = await ConfigurationManager(db=client).create_config_version(config)
    simulation_id = await client.record_execution_start(
        {"config_version_id": version_id, "scenario_set": ["scenario1", "scenario2"], "trials": 2}
    )
    for scenario_id in ("scenario1", "scenario2") * 2:
        told = {"simulation_id": simulation_id, "scenario_id": scenario_id, "status": status, **more}
        await client.record_execution_outcome(told)
    await client.flush()
    return simulation_id


async def test_the_example_runs_and_the_other_verbs_answer_the_same_in_both_places(
    house: tuple[Settings, Actor],
) -> None:
    settings, actor = house
    async with App.open(settings) as app, ArcEvalDBClient() as client, LearningLoop(db=client) as loop:
        await save_agent(app.database, actor, "another-agent")
        ok = await recorded(client, {**AGENT, "temperature": 0.4}, "success", reliability_score=1.0)
        late = await recorded(client, AGENT, "timeout", error_category="timeout", error_message="out of time")
        await clustering.catch_up(app, actor)

        (example,) = re.findall(r"```python\n(from guildhall.client import LearningLoop\n.*?)```", PAGE, re.DOTALL)
        names: dict[str, Any] = {}
        await eval(compile(example, "client.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
        best, approved = names["best"], names["approved"]
        assert (best["patch"], names["accepted"]["recommendation"]["status"]) == (
            "limits:\n  timeout_ms: 2000\n",
            "accepted",
        )
        assert (approved["status"], approved["after"]) == ("approved", names["accepted"]["proposal"]["after"])
        assert [each["title"] for each in names["hits"]] == ["Out of time"]
        assert names["analysis"]["session"]["outcomes_analyzed"] == 4

        assert await loop.list_recommendations() == []
        (known,) = await loop.list_recommendations(config="support-agent", status=None)
        assert known == await loop.get_recommendation(best["recommendation_id"])
        assert (known["feedback_score"], known["applied"]) == (4, True)
        assert (await loop.get_analysis(known["session_id"]))["recommendations"] == [known]
        assert [each["status"] for each in await loop.list_analyses(status=["completed"])] == ["completed"]
        assert await loop.get_proposal(approved["after"]) == (await loop.list_proposals(status=None))[0]
        assert await loop.get_proofs(approved["after"]) == []
        assert (await loop.roll_back("support-agent@v2", reason="It costs more."))["label"] == "support-agent@v2"

        (cluster,) = await loop.list_clusters(resolved=True)
        told = await loop.analyse_cluster(cluster["cluster_id"], "The limit is low.")
        assert told["llm_analysis"]["analysis"] == "The limit is low."
        assert (await loop.resolve_cluster(cluster["cluster_id"], resolved=False))["resolved_at"] is None
        named = await loop.get_cluster(cluster["cluster_id"])
        assert named["name"] == "Out of time"
        assert (await loop.name_cluster(cluster["cluster_id"], "Out of time", seen=named))["name"] == "Out of time"

        gate = await loop.check_gate(ok, late)
        assert (gate["open"], [each["metric"] for each in gate["checked"]]) == (True, ["pass rate"])
        assert not (await loop.check_gate(ok, late, strict=True))["open"]
        assert (await loop.compare_tools(ok, late))["tools"] == []
        plan = await loop.plan_next(ok, late, budget_usd=1.0, trial_cost_usd=0.1)
        assert sum(each["rounds"] for each in plan["plan"]) == 5

        (again,) = (await loop.analyse("support-agent@v2"))["recommendations"]
        assert (await loop.reject(again["recommendation_id"], reason="Not now."))["status"] == "rejected"
        for refusal, verb in (
            (RecommendationNotFound, loop.get_recommendation("ffffffff")),
            (NotOpen, loop.accept(again["recommendation_id"])),
            (FeedbackRefused, loop.give_feedback(again["recommendation_id"], 3, comment="x" * 2_001)),
            (ProposalDecided, loop.approve(approved["diff_id"])),
            (ProposalDecided, loop.reject_proposal(approved["diff_id"], reason="Too late.")),
            (RollbackRefused, loop.roll_back("support-agent@v2", reason="Once more.")),
            (ClusterChanged, loop.name_cluster(cluster["cluster_id"], "Late", seen={**cluster, "name": "Too late"})),
            (ClusterNotFound, loop.name_cluster("00000000-0000-7000-8000-0000000000ff", "None")),
            (SearchRefused, loop.search()),
            (CostUnknown, loop.plan_next(ok, late)),
            (InvalidInput, loop.analyse("support-agent", model="large")),
            (InvalidInput, loop.list_analyses(limit=0)),
        ):
            with pytest.raises(InvalidInput if verb.__name__ == "give_feedback" else refusal):
                await verb


def test_programs_without_an_event_loop_have_it_too(settings: Settings) -> None:
    with sync.ArcEvalDBClient(settings=settings) as client, sync.LearningLoop(db=client) as loop:
        assert loop.list_recommendations() == []
        with pytest.raises(RecommendationNotFound):
            loop.accept("ffffffff")
