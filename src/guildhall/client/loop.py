"""The learning loop for programs: what to change, who decides, why trials fail, and whether a version may pass."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from guildhall.client.borrowing import ClientBorrower
from guildhall.client.errors import AnalysisUnfinished

if TYPE_CHECKING:
    from guildhall.client.loopplaces import DatabaseLoop, ServerLoop

_LOOK_S = 0.5


class LearningLoop(ClientBorrower):
    """
    Analyses, recommendations, proposals, clusters of failures, search and gates.

    It works through `db`, or through a client of its own, on a database or
    through a server. What it gives are documents, as `--json` and the HTTP API
    write them. A reference is an id or the end of one, or a version
    (`support-agent@v2`). Lists are newest first.
    """

    async def analyse(
        self,
        version: str,
        *,
        days: float = 30.0,
        analyst: Literal["rules", "llm"] = "rules",
        model: str | None = None,
        temperature: float | None = None,
    ) -> dict[str, Any]:
        """
        Let rules, or a model, read what a version did and recommend changes: `session`, `recommendations`, `job_id`.

        Rules have answered when this returns. A model is one that the team's
        providers serve, or the installation's; a worker asks it, see `wait_for_analysis`.

        Raises:
            VersionNotFound, VersionAmbiguous: The reference means no version.
            NothingToAnalyse: It has no trials that an analyst may read.
            AnalystNotOffered: Nobody serves the model.
        """
        return await (await self._place()).analyse(
            version, days=days, analyst=analyst, model=model, temperature=temperature
        )

    async def get_analysis(self, session_id: str | UUID) -> dict[str, Any]:
        """
        An analysis with what it recommends, the most confident first; its session's `status` says how far it is.

        Raises:
            SessionNotFound: There is none.
        """
        return await (await self._place()).get_analysis(UUID(str(session_id)))

    async def wait_for_analysis(self, session_id: str | UUID, *, timeout_s: float = 600.0) -> dict[str, Any]:
        """
        An analysis once it has ended, completed or failed.

        Raises:
            SessionNotFound: There is none.
            AnalysisUnfinished: It has not ended in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    found = await self.get_analysis(session_id)
                    if found["session"]["status"] != "running":
                        return found
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise AnalysisUnfinished(str(session_id), timeout_s) from None

    async def list_analyses(
        self, *, status: Sequence[Literal["running", "completed", "failed"]] | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Analyses, with what each read and cost; `limit` is 1,000 at most."""
        return await (await self._place()).list_analyses({"status": status}, limit)

    async def list_recommendations(
        self,
        *,
        config: str | None = None,
        status: Sequence[Literal["open", "accepted", "rejected", "refused"]] | None = ("open",),
        session_id: str | UUID | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Recommendations, the open ones unless told otherwise (None: all); `limit` is 1,000 at most."""
        filters = {
            "name": None if config is None else [config],
            "status": status,
            "session_id": None if session_id is None else UUID(str(session_id)),
        }
        return await (await self._place()).list_recommendations(filters, limit)

    async def get_recommendation(self, recommendation: str) -> dict[str, Any]:
        """
        One recommendation, with its evidence and its patch.

        Raises:
            RecommendationNotFound, RecommendationAmbiguous: The reference means none, or several.
        """
        return await (await self._place()).get_recommendation(recommendation)

    async def accept(self, recommendation: str) -> dict[str, Any]:
        """
        Apply a recommendation: the `recommendation`, and the `proposal` that it became (None for new scenarios).

        Raises:
            RecommendationNotFound, RecommendationAmbiguous: As `get_recommendation`.
            NotOpen: It has been decided on.
            PatchRefused, NothingProposed, ProposalDecided: It cannot be applied.
        """
        return await (await self._place()).accept(recommendation)

    async def reject(self, recommendation: str, *, reason: str) -> dict[str, Any]:
        """
        Decide against a recommendation.

        Raises:
            RecommendationNotFound, RecommendationAmbiguous: As `get_recommendation`.
            NotOpen: It has been decided on.
            ReasonMissing: There is no reason.
        """
        return await (await self._place()).reject(recommendation, reason)

    async def give_feedback(self, recommendation: str, score: int, *, comment: str | None = None) -> dict[str, Any]:
        """
        Say how good a recommendation was, from 1 (of no use) to 5 (just right).

        Raises:
            RecommendationNotFound, RecommendationAmbiguous: As `get_recommendation`.
            FeedbackRefused: The score is not 1 to 5, or the comment is very long.
        """
        return await (await self._place()).give_feedback(recommendation, score, comment)

    async def list_proposals(
        self,
        *,
        config: str | None = None,
        status: Sequence[Literal["pending", "approved", "rejected"]] | None = ("pending",),
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Proposals, those that wait unless told otherwise (None: all); `limit` is 1,000 at most."""
        filters = {"name": None if config is None else [config], "status": status}
        return await (await self._place()).list_proposals(filters, limit)

    async def get_proposal(self, proposal: str) -> dict[str, Any]:
        """
        One proposal, with its diff.

        Raises:
            ProposalNotFound, ProposalAmbiguous: The reference means none, or several.
        """
        return await (await self._place()).get_proposal(proposal)

    async def get_proofs(self, proposal: str) -> list[dict[str, Any]]:
        """
        What was measured of a proposal on held-out scenarios.

        Raises:
            ProposalNotFound, ProposalAmbiguous: As `get_proposal`.
        """
        return await (await self._place()).get_proofs(proposal)

    async def approve(self, proposal: str, *, reason: str | None = None) -> dict[str, Any]:
        """
        Make a proposed version the latest of its configuration; of several who decide, the first does.

        Raises:
            ProposalNotFound, ProposalAmbiguous: As `get_proposal`.
            ProposalDecided, ParentMoved: It has been decided, or what it changes is not the latest any more.
            ApprovalNotAllowed, NotProven: The rule does not let this person, or asks for a proof.
        """
        return await (await self._place()).approve(proposal, reason)

    async def reject_proposal(self, proposal: str, *, reason: str) -> dict[str, Any]:
        """
        Refuse a proposed version, for good.

        Raises:
            ProposalNotFound, ProposalAmbiguous: As `get_proposal`.
            ProposalDecided: It has been decided.
            ApprovalNotAllowed: The rule does not let this person.
        """
        return await (await self._place()).reject_proposal(proposal, reason)

    async def roll_back(self, version: str, *, reason: str) -> dict[str, Any]:
        """
        Make an earlier version the latest of its configuration again.

        Raises:
            VersionNotFound, VersionAmbiguous: The reference means no version.
            RollbackRefused: It is the latest already, or has never been approved.
            ApprovalNotAllowed: The rule does not let this person.
        """
        return await (await self._place()).roll_back(version, reason)

    async def list_clusters(
        self,
        *,
        simulation: str | None = None,
        scenario_id: str | None = None,
        resolved: bool | None = False,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """
        Clusters of failures that are alike, those seen last first; `resolved` None gives all; `limit` is 1,000 at most.

        Raises:
            SimulationNotFound, SimulationAmbiguous: The reference means none, or several.
        """
        return await (await self._place()).list_clusters(simulation, scenario_id, resolved, limit)

    async def get_cluster(self, cluster_id: str | UUID) -> dict[str, Any]:
        """
        One cluster with its exemplars, scenarios, versions, trend, lineage and cost.

        Raises:
            ClusterNotFound: There is none.
        """
        return await (await self._place()).get_cluster(UUID(str(cluster_id)))

    async def name_cluster(
        self, cluster_id: str | UUID, name: str | None, *, seen: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        Say what to call a cluster; None for no name. `seen`: the cluster as you read it.

        Raises:
            ClusterNotFound, FailureRefused: There is none, or the name is too long.
            ClusterChanged: Somebody else has named it since it was `seen`.
        """
        return await self._change(cluster_id, {"name": name}, seen)

    async def analyse_cluster(
        self,
        cluster_id: str | UUID,
        analysis: str,
        *,
        evidence: Sequence[str | UUID] = (),
        seen: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Keep what was found out about a cluster, citing outcomes that failed so. `seen`: the cluster as you read it.

        Raises:
            ClusterNotFound, FailureRefused, EvidenceUnknown: There is none, or it says nothing, or cites others.
            ClusterChanged: Somebody else has found out something since it was `seen`.
        """
        said = {"analysis": analysis, "evidence": [str(each) for each in evidence]}
        return await self._change(cluster_id, {"llm_analysis": said}, seen)

    async def resolve_cluster(
        self,
        cluster_id: str | UUID,
        *,
        steps: str | None = None,
        resolved: bool = True,
        seen: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Mark a cluster as resolved, or as open again; it comes back by itself when it is seen again.

        `steps`: how to fix it. `seen`: the cluster as you read it.

        Raises:
            ClusterNotFound, FailureRefused: There is none, or the steps are too long.
            ClusterChanged: Somebody else has said how to fix it since it was `seen`.
        """
        said = {} if steps is None else {"resolution_steps": steps}
        return await self._change(cluster_id, {"resolved": resolved, **said}, seen)

    async def search(
        self,
        text: str | None = None,
        *,
        like: str | None = None,
        kinds: Sequence[Literal["config", "scenario", "trajectory", "failure"]] = (),
        config: str | None = None,
        suite: str | None = None,
        simulation: str | None = None,
        scenario_id: str | None = None,
        passed: bool | None = None,
        fault: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        limit: int = 20,
    ) -> list[dict[str, Any]]:
        """
        What has these words or is like them, or like the thing that `like` names, the best first; `limit` is 200 at most.

        Raises:
            SearchRefused: Neither or both of `text` and `like` are given, or a filter makes no sense.
            ThingNotFound: There is no such thing, or it cannot be compared yet.
        """
        filters = {
            "config": config,
            "suite": suite,
            "simulation": simulation,
            "scenario_id": scenario_id,
            "passed": passed,
            "fault": fault,
            "after": after,
            "before": before,
        }
        return await (await self._place()).search(text, like, list(kinds), filters, limit)

    async def check_gate(
        self,
        baseline: str,
        candidate: str,
        *,
        metrics: Sequence[Literal["pass rate", "cost/trial", "time p50"]] = ("pass rate",),
        margin: float | None = None,
        strict: bool = False,
    ) -> dict[str, Any]:
        """
        Whether a candidate may pass (`open`), what was checked, and the comparison behind it.

        A gate closes on a significant regression, not on a wobble; `strict` closes it, too, where nothing is shown.

        Raises:
            SimulationNotFound, SimulationAmbiguous, NothingToCompare: The references mean no pair.
            MarginRefused, MetricNotCompared: The margin is no share, or a metric is not known on both sides.
        """
        return await (await self._place()).check_gate(baseline, candidate, list(metrics), margin, strict)

    async def compare_tools(self, baseline: str, candidate: str) -> dict[str, Any]:
        """
        How both versions use their tools: calls per trial, failed calls, time and cost, each with a verdict.

        Raises:
            SimulationNotFound, SimulationAmbiguous, NothingToCompare: The references mean no pair.
        """
        return await (await self._place()).compare_tools(baseline, candidate)

    async def plan_next(
        self, baseline: str, candidate: str, *, budget_usd: float = 1.0, trial_cost_usd: float | None = None
    ) -> dict[str, Any]:
        """
        Which scenarios to try again, and how often, so that a budget narrows the interval of the difference most.

        Raises:
            SimulationNotFound, SimulationAmbiguous, NothingToCompare: The references mean no pair.
            CostUnknown: Nobody knows what a trial costs, and `trial_cost_usd` does not say it.
            UnusableSample: The budget is no amount above 0.
        """
        return await (await self._place()).plan_next(baseline, candidate, budget_usd, trial_cost_usd)

    async def _change(
        self, cluster_id: str | UUID, changes: Mapping[str, Any], seen: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        before = {field: seen[field] for field in changes if field in seen} if seen is not None else {}
        return await (await self._place()).change_cluster(UUID(str(cluster_id)), changes, before)

    async def _place(self) -> DatabaseLoop | ServerLoop:
        return await (await self.db.evidence()).loop()
