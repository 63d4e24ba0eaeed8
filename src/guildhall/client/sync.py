"""
The client for programs without an event loop: the same classes, whose methods wait.

Generated from the asynchronous classes by scripts/generate_sync. Do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self
from uuid import UUID

from guildhall import client as twins
from guildhall.app.delivery import RecorderCounts
from guildhall.client.background import BackgroundLoop
from guildhall.domains.evaluation.outcomes import Outcome
from guildhall.settings import Settings

__all__ = [
    "ArcEvalDBClient",
    "BatchExecutionRecorder",
    "ConfigurationManager",
    "DatabaseHealthChecker",
    "ExecutionEventHandler",
    "LearningLoop",
]


class ArcEvalDBClient:
    """
    Records what happens in sandboxes.

    With a connection string it works with the database of that URL, whose
    schema must be up to date; with the http(s) URL of a server, and an API key
    of a team, through that. Without either it works with what the settings
    name: GUILDHALL_DATABASE_URL, or GUILDHALL_URL with GUILDHALL_API_KEY, or
    else the embedded PostgreSQL.

    Outcomes are accepted when they are on disk: a database or a server that is
    away, or a process that is killed, loses none. Other calls need it.

    `initialize` opens it, or the first call does; `close` delivers what is
    left. As a context manager it does both. Ids are text, as in the documents;
    naive datetimes are UTC.
    """

    def __init__(
        self, connection_string: str | None = None, *, api_key: str | None = None, settings: Settings | None = None
    ) -> None:
        self._loop = BackgroundLoop()
        self.connection_string = connection_string
        self._twin = self._loop.make(
            lambda: twins.ArcEvalDBClient(connection_string, api_key=api_key, settings=settings)
        )

    def __enter__(self) -> Self:
        self.initialize()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def initialize(self) -> None:
        """
        Open the database, and deliver what killed processes have left.

        Raises:
            Unavailable: There is no server, its schema is not up to date, or the spool cannot be written.
        """
        self._loop.run(self._twin.initialize())

    def close(self) -> None:
        """Deliver what is left, end executions that failed and simulations that are done, and let go."""
        try:
            self._loop.run(self._twin.close())
        finally:
            self._loop.stop()

    def flush(self, *, timeout_s: float = 60.0) -> None:
        """
        Wait until everything that was recorded is in the database.

        Executions of which only failures were told are ended with an outcome;
        simulations that this client began and of which no trial is left are completed.

        Raises:
            RecordsWaiting: The database has taken nothing for `timeout_s`; what is left waits on disk.
        """
        self._loop.run(self._twin.flush(timeout_s=timeout_s))

    def record_execution_start(self, execution_data: Mapping[str, Any]) -> str:
        """
        Note that something begins, in either of the documents' forms; the id that its outcomes refer to.

        `{"scenario_id", "config_id", …}` begins one execution of one scenario
        and gives an execution id; `config_id` is a configuration's id or name,
        or a version. The execution is a simulation of one trial with the same id.

        `{"config_version_id", "scenario_set", …}` begins a simulation and gives
        its id. Fields nobody knows are kept in the simulation's metadata.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            VersionNotFound, ScenarioNotFound: There is no such configuration or scenario.
        """
        return self._loop.run(self._twin.record_execution_start(execution_data))

    def create_simulation_record(self, simulation_data: Mapping[str, Any]) -> str:
        """
        Begin a simulation under an id of the caller's own, or note that one that is planned begins.

        A simulation that is new needs `config_version_id` and `scenario_set`.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationEnded: It is over.
        """
        return self._loop.run(self._twin.create_simulation_record(simulation_data))

    def record_execution_outcome(self, outcome_data: Mapping[str, Any]) -> str:
        """
        Record how a trial ended; the outcome's id.

        It names its trial by `execution_id`, or by `simulation_id` and
        `scenario_id`. The same outcome told twice under one id is stored once.
        See `records.outcome_record` for what follows from what.

        Raises:
            FieldMissing, FieldRefused, OutcomeRefused: A field is lacking or makes no sense.
            SimulationNotFound, ScenarioNotInSimulation: There is no such simulation, or it lacks the scenario.
            SpoolUnavailable: The disk does not take it; it is not accepted.
        """
        return self._loop.run(self._twin.record_execution_outcome(outcome_data))

    def record_outcome(self, outcome_data: Mapping[str, Any]) -> str:
        """The same as `record_execution_outcome`, under the name that event handlers use."""
        return self._loop.run(self._twin.record_outcome(outcome_data))

    def record_tool_usage(self, tool_events: Sequence[Mapping[str, Any]]) -> None:
        """
        Record calls of tools, before or after the outcome of their trial: one event for each call, or summaries.

        Each names its trial by `execution_id` or `outcome_id`.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense; none is recorded.
        """
        self._loop.run(self._twin.record_tool_usage(tool_events))

    def record_failure_pattern(self, failure_data: Mapping[str, Any]) -> None:
        """
        Record why a trial failed.

        It names its trial by `execution_id` or `outcome_id`. An execution of
        which nothing else is told until `flush` or `close` ends with status
        error, or timeout where that is the failure's category.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
        """
        self._loop.run(self._twin.record_failure_pattern(failure_data))

    def finalize_simulation(self, simulation_data: Mapping[str, Any]) -> None:
        """
        End a simulation, once its outcomes are stored.

        The score is computed from the outcomes; an `overall_score` that is
        told does not replace it.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationNotFound: There is none.
            RunByGuildhall: A runner of Guildhall's works on it, and ends it.
        """
        self._loop.run(self._twin.finalize_simulation(simulation_data))

    def get_active_configurations(self) -> list[dict[str, Any]]:
        """Every active configuration in its latest version: ids, name, parsed configuration, deployment."""
        return self._loop.run(self._twin.get_active_configurations())

    def get_outcome(self, outcome_id: str | UUID) -> Outcome:
        """
        An outcome that is stored, whole.

        Raises:
            OutcomeNotFound: There is none, or it is not stored yet (`flush`).
        """
        return self._loop.run(self._twin.get_outcome(outcome_id))


class ExecutionEventHandler:
    """
    Handles the start of a simulation, the end of each of its scenarios, and its own end.

    It records through `db`, or through a client of its own.
    """

    def __init__(self, db: ArcEvalDBClient | None = None) -> None:
        self.db = db or ArcEvalDBClient()
        self._is_own = db is None
        self._loop = self.db._loop
        self._twin = self._loop.make(lambda: twins.ExecutionEventHandler(db=self.db._twin))

    def __enter__(self) -> Self:
        self._loop.run(self._twin.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the client, if it is its own."""
        try:
            self._loop.run(self._twin.close())
        finally:
            if self._is_own:
                self.db.close()

    def handle_execution_started(self, event: Mapping[str, Any]) -> None:
        """
        A simulation has begun: `simulation_id`, `timestamp`, `modal_app_id`.

        One that nobody has planned needs `config_version_id` and
        `scenario_set` as well.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationEnded: The simulation is over.
        """
        self._loop.run(self._twin.handle_execution_started(event))

    def handle_scenario_completed(self, event: Mapping[str, Any]) -> None:
        """
        A scenario has been tried: an outcome, with `timestamp` as its time and `logs` as its sandbox's.

        Raises:
            FieldMissing, FieldRefused, OutcomeRefused: A field is lacking or makes no sense.
            SimulationNotFound, ScenarioNotInSimulation: There is no such simulation, or it lacks the scenario.
        """
        self._loop.run(self._twin.handle_scenario_completed(event))

    def handle_execution_completed(self, event: Mapping[str, Any]) -> None:
        """
        A simulation has ended; its outcomes are stored when this returns.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationNotFound: There is none.
        """
        self._loop.run(self._twin.handle_execution_completed(event))


class ConfigurationManager:
    """
    Gives sandboxes the configuration to run and keeps new versions.

    It works through `db`, or through a client of its own.
    """

    def __init__(self, db: ArcEvalDBClient | None = None) -> None:
        self.db = db or ArcEvalDBClient()
        self._is_own = db is None
        self._loop = self.db._loop
        self._twin = self._loop.make(lambda: twins.ConfigurationManager(db=self.db._twin))

    def __enter__(self) -> Self:
        self._loop.run(self._twin.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the client, if it is its own."""
        try:
            self._loop.run(self._twin.close())
        finally:
            if self._is_own:
                self.db.close()

    def get_active_config(self, config_name: str) -> dict[str, Any]:
        """
        The latest version of an active configuration: `config`, `version_id`, `modal_deployment_id`.

        Raises:
            VersionNotFound: There is no active configuration of that name.
        """
        return self._loop.run(self._twin.get_active_config(config_name))

    def create_config_version(
        self, config_data: Mapping[str, Any], *, config_name: str | None = None, modal_deployment_id: str | None = None
    ) -> str:
        """
        Keep a configuration, with the keys of an agent.yaml, as a version; its id.

        Its name is `config_data["name"]` or `config_name`. The same content is
        kept once within its configuration: then the id is that of the version
        that has it.

        Raises:
            AgentFileRefused: The configuration has mistakes; the error has all of them.
        """
        return self._loop.run(
            self._twin.create_config_version(
                config_data, config_name=config_name, modal_deployment_id=modal_deployment_id
            )
        )


class BatchExecutionRecorder:
    """
    Stores outcomes in batches of `batch_size`, or after `flush_interval` seconds what there is by then.

    An outcome is safe as soon as `record_outcome` returns: it is on disk, and
    whoever records next stores what a killed process could not. It records
    through `db`, or through a client of its own.
    """

    def __init__(self, batch_size: int = 100, flush_interval: float = 30, *, db: ArcEvalDBClient | None = None) -> None:
        self.db = db or ArcEvalDBClient()
        self._is_own = db is None
        self._loop = self.db._loop
        self.batch_size = batch_size
        self.flush_interval = flush_interval
        self._twin = self._loop.make(lambda: twins.BatchExecutionRecorder(batch_size, flush_interval, db=self.db._twin))

    def __enter__(self) -> Self:
        self._loop.run(self._twin.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def record_outcome(self, outcome: Mapping[str, Any]) -> str:
        """
        Accept an outcome (as `ArcEvalDBClient.record_execution_outcome`); its id.

        Its tool usage and failures may come with it, as lists under
        `tool_usage` and `failures`, and are then stored together with it.

        Raises:
            FieldMissing, FieldRefused, OutcomeRefused: A field is lacking or makes no sense.
            SimulationNotFound, ScenarioNotInSimulation: There is no such simulation, or it lacks the scenario.
            SpoolUnavailable: The disk does not take it; it is not accepted.
        """
        return self._loop.run(self._twin.record_outcome(outcome))

    def record_outcomes(self, given: Sequence[Mapping[str, Any]]) -> list[str]:
        """
        Accept many outcomes, all of which are looked at first; their ids.

        Raises:
            See `record_outcome`; where one is refused for what it says, none is accepted.
        """
        return self._loop.run(self._twin.record_outcomes(given))

    def flush_outcomes(self) -> None:
        """
        Wait until everything that was accepted is in the database.

        Raises:
            RecordsWaiting: The database has taken nothing for a minute; what is left waits on disk.
        """
        self._loop.run(self._twin.flush_outcomes())

    @property
    def counts(self) -> RecorderCounts:
        """What became of the outcomes so far."""
        return self._twin.counts

    def close(self) -> None:
        """Store what is left, and let go of the client, if it is the recorder's own."""
        try:
            self._loop.run(self._twin.close())
        finally:
            if self._is_own:
                self.db.close()


class DatabaseHealthChecker:
    """
    Measures writing and looks after the series of outcomes.

    It asks through `db`, or through a client of its own.
    """

    def __init__(self, db: ArcEvalDBClient | None = None) -> None:
        self.db = db or ArcEvalDBClient()
        self._is_own = db is None
        self._loop = self.db._loop
        self._twin = self._loop.make(lambda: twins.DatabaseHealthChecker(db=self.db._twin))

    def __enter__(self) -> Self:
        self._loop.run(self._twin.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the client, if it is its own."""
        try:
            self._loop.run(self._twin.close())
        finally:
            if self._is_own:
                self.db.close()

    def check_write_performance(self) -> dict[str, Any]:
        """
        How fast outcomes are written: `status`, `throughput_per_second`, `batch_write_time_ms`.

        A hundred of them go into a scratch table, which is rolled back.
        """
        return self._loop.run(self._twin.check_write_performance())

    def check_hypertable_health(self) -> dict[str, Any]:
        """
        The state of the series of outcomes, in the document's words.

        On the native engine its chunks are monthly partitions, and nothing is
        compressed: `compression_ratio` is None. `hypertable_status` is
        degraded where next month has no partition yet; TimescaleDB makes its
        chunks as rows come.
        """
        return self._loop.run(self._twin.check_hypertable_health())


class LearningLoop:
    """
    Analyses, recommendations, proposals, clusters of failures, search and gates.

    It works through `db`, or through a client of its own, on a database or
    through a server. What it gives are documents, as `--json` and the HTTP API
    write them. A reference is an id or the end of one, or a version
    (`support-agent@v2`). Lists are newest first.
    """

    def __init__(self, db: ArcEvalDBClient | None = None) -> None:
        self.db = db or ArcEvalDBClient()
        self._is_own = db is None
        self._loop = self.db._loop
        self._twin = self._loop.make(lambda: twins.LearningLoop(db=self.db._twin))

    def __enter__(self) -> Self:
        self._loop.run(self._twin.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the client, if it is its own."""
        try:
            self._loop.run(self._twin.close())
        finally:
            if self._is_own:
                self.db.close()

    def analyse(
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
        return self._loop.run(
            self._twin.analyse(version, days=days, analyst=analyst, model=model, temperature=temperature)
        )

    def get_analysis(self, session_id: str | UUID) -> dict[str, Any]:
        """
        An analysis with what it recommends, the most confident first; its session's `status` says how far it is.

        Raises:
            SessionNotFound: There is none.
        """
        return self._loop.run(self._twin.get_analysis(session_id))

    def wait_for_analysis(self, session_id: str | UUID, *, timeout_s: float = 600.0) -> dict[str, Any]:
        """
        An analysis once it has ended, completed or failed.

        Raises:
            SessionNotFound: There is none.
            AnalysisUnfinished: It has not ended in time.
        """
        return self._loop.run(self._twin.wait_for_analysis(session_id, timeout_s=timeout_s))

    def list_analyses(
        self, *, status: Sequence[Literal["running", "completed", "failed"]] | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Analyses, with what each read and cost; `limit` is 1,000 at most."""
        return self._loop.run(self._twin.list_analyses(status=status, limit=limit))

    def list_recommendations(
        self,
        *,
        config: str | None = None,
        status: Sequence[Literal["open", "accepted", "rejected", "refused"]] | None = ("open",),
        session_id: str | UUID | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Recommendations, the open ones unless told otherwise (None: all); `limit` is 1,000 at most."""
        return self._loop.run(
            self._twin.list_recommendations(config=config, status=status, session_id=session_id, limit=limit)
        )

    def get_recommendation(self, recommendation: str) -> dict[str, Any]:
        """
        One recommendation, with its evidence and its patch.

        Raises:
            RecommendationNotFound, RecommendationAmbiguous: The reference means none, or several.
        """
        return self._loop.run(self._twin.get_recommendation(recommendation))

    def accept(self, recommendation: str) -> dict[str, Any]:
        """
        Apply a recommendation: the `recommendation`, and the `proposal` that it became (None for new scenarios).

        Raises:
            RecommendationNotFound, RecommendationAmbiguous: As `get_recommendation`.
            NotOpen: It has been decided on.
            PatchRefused, NothingProposed, ProposalDecided: It cannot be applied.
        """
        return self._loop.run(self._twin.accept(recommendation))

    def reject(self, recommendation: str, *, reason: str) -> dict[str, Any]:
        """
        Decide against a recommendation.

        Raises:
            RecommendationNotFound, RecommendationAmbiguous: As `get_recommendation`.
            NotOpen: It has been decided on.
            ReasonMissing: There is no reason.
        """
        return self._loop.run(self._twin.reject(recommendation, reason=reason))

    def give_feedback(self, recommendation: str, score: int, *, comment: str | None = None) -> dict[str, Any]:
        """
        Say how good a recommendation was, from 1 (of no use) to 5 (just right).

        Raises:
            RecommendationNotFound, RecommendationAmbiguous: As `get_recommendation`.
            FeedbackRefused: The score is not 1 to 5, or the comment is very long.
        """
        return self._loop.run(self._twin.give_feedback(recommendation, score, comment=comment))

    def list_proposals(
        self,
        *,
        config: str | None = None,
        status: Sequence[Literal["pending", "approved", "rejected"]] | None = ("pending",),
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Proposals, those that wait unless told otherwise (None: all); `limit` is 1,000 at most."""
        return self._loop.run(self._twin.list_proposals(config=config, status=status, limit=limit))

    def get_proposal(self, proposal: str) -> dict[str, Any]:
        """
        One proposal, with its diff.

        Raises:
            ProposalNotFound, ProposalAmbiguous: The reference means none, or several.
        """
        return self._loop.run(self._twin.get_proposal(proposal))

    def get_proofs(self, proposal: str) -> list[dict[str, Any]]:
        """
        What was measured of a proposal on held-out scenarios.

        Raises:
            ProposalNotFound, ProposalAmbiguous: As `get_proposal`.
        """
        return self._loop.run(self._twin.get_proofs(proposal))

    def approve(self, proposal: str, *, reason: str | None = None) -> dict[str, Any]:
        """
        Make a proposed version the latest of its configuration; of several who decide, the first does.

        Raises:
            ProposalNotFound, ProposalAmbiguous: As `get_proposal`.
            ProposalDecided, ParentMoved: It has been decided, or what it changes is not the latest any more.
            ApprovalNotAllowed, NotProven: The rule does not let this person, or asks for a proof.
        """
        return self._loop.run(self._twin.approve(proposal, reason=reason))

    def reject_proposal(self, proposal: str, *, reason: str) -> dict[str, Any]:
        """
        Refuse a proposed version, for good.

        Raises:
            ProposalNotFound, ProposalAmbiguous: As `get_proposal`.
            ProposalDecided: It has been decided.
            ApprovalNotAllowed: The rule does not let this person.
        """
        return self._loop.run(self._twin.reject_proposal(proposal, reason=reason))

    def roll_back(self, version: str, *, reason: str) -> dict[str, Any]:
        """
        Make an earlier version the latest of its configuration again.

        Raises:
            VersionNotFound, VersionAmbiguous: The reference means no version.
            RollbackRefused: It is the latest already, or has never been approved.
            ApprovalNotAllowed: The rule does not let this person.
        """
        return self._loop.run(self._twin.roll_back(version, reason=reason))

    def list_clusters(
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
        return self._loop.run(
            self._twin.list_clusters(simulation=simulation, scenario_id=scenario_id, resolved=resolved, limit=limit)
        )

    def get_cluster(self, cluster_id: str | UUID) -> dict[str, Any]:
        """
        One cluster with its exemplars, scenarios, versions, trend, lineage and cost.

        Raises:
            ClusterNotFound: There is none.
        """
        return self._loop.run(self._twin.get_cluster(cluster_id))

    def name_cluster(
        self, cluster_id: str | UUID, name: str | None, *, seen: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        Say what to call a cluster; None for no name. `seen`: the cluster as you read it.

        Raises:
            ClusterNotFound, FailureRefused: There is none, or the name is too long.
            ClusterChanged: Somebody else has named it since it was `seen`.
        """
        return self._loop.run(self._twin.name_cluster(cluster_id, name, seen=seen))

    def analyse_cluster(
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
        return self._loop.run(self._twin.analyse_cluster(cluster_id, analysis, evidence=evidence, seen=seen))

    def resolve_cluster(
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
        return self._loop.run(self._twin.resolve_cluster(cluster_id, steps=steps, resolved=resolved, seen=seen))

    def search(
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
        return self._loop.run(
            self._twin.search(
                text,
                like=like,
                kinds=kinds,
                config=config,
                suite=suite,
                simulation=simulation,
                scenario_id=scenario_id,
                passed=passed,
                fault=fault,
                after=after,
                before=before,
                limit=limit,
            )
        )

    def check_gate(
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
        return self._loop.run(self._twin.check_gate(baseline, candidate, metrics=metrics, margin=margin, strict=strict))

    def compare_tools(self, baseline: str, candidate: str) -> dict[str, Any]:
        """
        How both versions use their tools: calls per trial, failed calls, time and cost, each with a verdict.

        Raises:
            SimulationNotFound, SimulationAmbiguous, NothingToCompare: The references mean no pair.
        """
        return self._loop.run(self._twin.compare_tools(baseline, candidate))

    def plan_next(
        self, baseline: str, candidate: str, *, budget_usd: float = 1.0, trial_cost_usd: float | None = None
    ) -> dict[str, Any]:
        """
        Which scenarios to try again, and how often, so that a budget narrows the interval of the difference most.

        Raises:
            SimulationNotFound, SimulationAmbiguous, NothingToCompare: The references mean no pair.
            CostUnknown: Nobody knows what a trial costs, and `trial_cost_usd` does not say it.
            UnusableSample: The budget is no amount above 0.
        """
        return self._loop.run(
            self._twin.plan_next(baseline, candidate, budget_usd=budget_usd, trial_cost_usd=trial_cost_usd)
        )
