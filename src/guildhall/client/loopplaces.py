"""The verbs of `LearningLoop` in both places: on a database, and through a server. Both give the same documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson

from guildhall.adapters.analysts import RuleAnalyst
from guildhall.adapters.embeddings import embedder
from guildhall.adapters.schemas import checker
from guildhall.app import analysing, gates, recommending, searching
from guildhall.app.documents import configurations, failures, proposals, questions, search
from guildhall.app.documents import gates as gate_documents
from guildhall.app.documents import recommendations as documents
from guildhall.app.documents.notation import OPTIONS, plain
from guildhall.app.wiring import App
from guildhall.app.workers import Bell, ours
from guildhall.domains.evaluation import configurations as config_room
from guildhall.domains.evaluation import failures as failure_room
from guildhall.domains.evaluation import recommendations, reports, simulations
from guildhall.domains.evaluation.search import Filters, Kind
from guildhall.domains.platform import jobs
from guildhall.errors import InvalidInput

if TYPE_CHECKING:
    from guildhall.client.remote import Server

_E = "v1/evaluation"
_Document = dict[str, Any]


def _same(document: Any) -> _Document:
    """A document as it comes out of a server."""
    found: _Document = orjson.loads(orjson.dumps(document, default=plain, option=OPTIONS))
    return found


def _checked(limit: int, most: int = 1_000) -> int:
    if not 1 <= limit <= most:
        raise InvalidInput(
            f"limit is {limit}, expected 1 to {most:,}", remedy="Ask for fewer.", field="limit", value=limit
        )
    return limit


class DatabaseLoop:
    """On a database."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def analyse(
        self, version: str, *, days: float, analyst: str, model: str | None, temperature: float | None
    ) -> _Document:
        app, window = self._app, timedelta(days=analysing.check_days(days))
        if analysing.check_analyst(analyst) == "rules":
            analysing.refuse_for_rules(model=model, temperature=temperature)
            session, found = await recommending.analyse(app, version, RuleAnalyst(), window=window)
            return _same(documents.analysis_document(session, found))
        types, bell = jobs.Types(checker), Bell(app.database)
        await ours.make_known(app, types, ours.ANALYSE)
        async with app.transaction() as tx:
            handed = await analysing.hand_out(
                tx,
                app.settings,
                types,
                version,
                model=model,
                temperature=analysing.TEMPERATURE if temperature is None else temperature,
                window=window,
            )
        bell.ring()
        await bell.close()
        return _same(documents.analysis_document(handed.session, job_id=handed.job_id))

    async def get_analysis(self, session_id: UUID) -> _Document:
        async with self._app.transaction() as tx:
            return _same(documents.analysis_document(*await recommendations.get_analysis(tx, session_id)))

    async def list_analyses(self, filters: Mapping[str, Any], limit: int) -> list[_Document]:
        async with self._app.transaction() as tx:
            order = recommendations.SESSIONS.order()
            page = await recommendations.page_sessions(tx, _given(filters), order, at_most=_checked(limit))
        return [_same(documents.session_document(each)) for each in page.items]

    async def list_recommendations(self, filters: Mapping[str, Any], limit: int) -> list[_Document]:
        async with self._app.transaction() as tx:
            order = recommendations.RECOMMENDATIONS.order()
            page = await recommendations.page_recommendations(tx, _given(filters), order, at_most=_checked(limit))
        return [_same(documents.recommendation_document(each)) for each in page.items]

    async def get_recommendation(self, reference: str) -> _Document:
        async with self._app.transaction() as tx:
            return _same(documents.recommendation_document(await recommendations.get_recommendation(tx, reference)))

    async def accept(self, reference: str) -> _Document:
        async with self._app.transaction() as tx:
            found, proposal = await recommendations.accept(tx, reference)
        return {
            "recommendation": _same(documents.recommendation_document(found)),
            "proposal": _same(proposals.proposal_document(proposal)) if proposal else None,
        }

    async def reject(self, reference: str, reason: str) -> _Document:
        async with self._app.transaction() as tx:
            return _same(documents.recommendation_document(await recommendations.reject(tx, reference, reason=reason)))

    async def give_feedback(self, reference: str, score: int, comment: str | None) -> _Document:
        async with self._app.transaction() as tx:
            found = await recommendations.give_feedback(tx, reference, score, comment)
        return _same(documents.recommendation_document(found))

    async def list_proposals(self, filters: Mapping[str, Any], limit: int) -> list[_Document]:
        async with self._app.transaction() as tx:
            order = config_room.PROPOSALS.order()
            page = await config_room.page_proposals(tx, _given(filters), order, at_most=_checked(limit))
        return [_same(proposals.proposal_document(each)) for each in page.items]

    async def get_proposal(self, reference: str) -> _Document:
        async with self._app.transaction() as tx:
            return _same(proposals.proposal_document(await config_room.get_proposal(tx, reference)))

    async def get_proofs(self, reference: str) -> list[_Document]:
        async with self._app.transaction() as tx:
            found = await config_room.get_proposal(tx, reference)
            proofs = await recommendations.proofs_of(tx, found.diff_id)
        return [_same(documents.proof_document(each)) for each in proofs]

    async def approve(self, reference: str, reason: str | None) -> _Document:
        async with self._app.transaction() as tx:
            return _same(proposals.proposal_document(await recommending.approve(tx, reference, reason=reason)))

    async def reject_proposal(self, reference: str, reason: str) -> _Document:
        async with self._app.transaction() as tx:
            return _same(proposals.proposal_document(await config_room.reject(tx, reference, reason=reason)))

    async def roll_back(self, version: str, reason: str) -> _Document:
        async with self._app.transaction() as tx:
            return _same(configurations.version_document(await config_room.roll_back(tx, version, reason=reason)))

    async def list_clusters(
        self, simulation: str | None, scenario_id: str | None, resolved: bool | None, limit: int
    ) -> list[_Document]:
        async with self._app.transaction() as tx:
            simulation_id = (await simulations.resolve(tx, simulation)).simulation_id if simulation else None
            filters = {"simulation_id": simulation_id, "scenario_id": scenario_id, "is_resolved": resolved}
            order = failure_room.CLUSTERS.order()
            page = await failure_room.page_clusters(tx, _given(filters), order, at_most=_checked(limit))
        return [_same(failures.cluster_document(each)) for each in page.items]

    async def get_cluster(self, cluster_id: UUID) -> _Document:
        async with self._app.transaction() as tx:
            return _same(failures.story_document(await failure_room.tell_story(tx, cluster_id)))

    async def change_cluster(self, cluster_id: UUID, changes: Mapping[str, Any], seen: Mapping[str, Any]) -> _Document:
        async with self._app.transaction() as tx:
            changed = await failure_room.change_cluster(tx, cluster_id, changes, seen=seen)
            return _same(failures.cluster_document(changed))

    async def search(
        self, text: str | None, like: str | None, kinds: Sequence[str], filters: Mapping[str, Any], limit: int
    ) -> list[_Document]:
        _checked(limit, 200)
        named = dict(filters)
        reference = named.pop("simulation")
        simulation_id = None
        if reference is not None:
            async with self._app.transaction() as tx:
                simulation_id = (await simulations.resolve(tx, reference)).simulation_id
        async with embedder(self._app.settings) as maker:
            hits = await searching.look(
                self._app.transaction,
                maker,
                text=text,
                like=like,
                kinds=[Kind(each) for each in kinds] or list(Kind),
                filters=Filters(simulation_id=simulation_id, **named),
                at_most=limit,
            )
        return [_same(search.hit_document(each)) for each in hits]

    async def check_gate(
        self, baseline: str, candidate: str, metrics: Sequence[str], margin: float | None, strict: bool
    ) -> _Document:
        async with self._app.transaction() as tx:
            versus = await reports.compare(tx, *await reports.choose_pair(tx, baseline, candidate), margin=margin)
        return _same(gate_documents.gate_document(gates.gate(versus, metrics=metrics, strict=strict)))

    async def compare_tools(self, baseline: str, candidate: str) -> _Document:
        async with self._app.transaction() as tx:
            found = await reports.compare_tools(tx, *await reports.choose_pair(tx, baseline, candidate))
        return _same(questions.tools_versus_document(found))

    async def plan_next(
        self, baseline: str, candidate: str, budget_usd: float, trial_cost_usd: float | None
    ) -> _Document:
        async with self._app.transaction() as tx:
            pair = await reports.choose_pair(tx, baseline, candidate)
            found = await reports.next_dollar(tx, *pair, budget_usd=budget_usd, trial_cost_usd=trial_cost_usd)
        return _same(questions.next_dollar_document(found))


class ServerLoop:
    """Through a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def analyse(self, version: str, **wanted: Any) -> _Document:
        return await self._ask("post", "analyses", {"version": version, **_given(wanted)})

    async def get_analysis(self, session_id: UUID) -> _Document:
        return await self._ask("get", f"analyses/{session_id}")

    async def list_analyses(self, filters: Mapping[str, Any], limit: int) -> list[_Document]:
        return await self._items("analyses", {**filters, "limit": limit})

    async def list_recommendations(self, filters: Mapping[str, Any], limit: int) -> list[_Document]:
        return await self._items("recommendations", {**filters, "limit": limit})

    async def get_recommendation(self, reference: str) -> _Document:
        return await self._ask("get", f"recommendations/{_part(reference)}")

    async def accept(self, reference: str) -> _Document:
        return await self._ask("post", f"recommendations/{_part(reference)}/acceptance")

    async def reject(self, reference: str, reason: str) -> _Document:
        return await self._ask("post", f"recommendations/{_part(reference)}/rejection", {"reason": reason})

    async def give_feedback(self, reference: str, score: int, comment: str | None) -> _Document:
        path = f"recommendations/{_part(reference)}/feedback"
        return await self._ask("put", path, {"score": score, "comment": comment})

    async def list_proposals(self, filters: Mapping[str, Any], limit: int) -> list[_Document]:
        return await self._items("proposals", {**filters, "limit": limit})

    async def get_proposal(self, reference: str) -> _Document:
        return await self._ask("get", f"proposals/{_part(reference)}")

    async def get_proofs(self, reference: str) -> list[_Document]:
        return await self._list(f"proposals/{_part(reference)}/proofs")

    async def approve(self, reference: str, reason: str | None) -> _Document:
        return await self._ask("post", f"proposals/{_part(reference)}/approval", {"reason": reason})

    async def reject_proposal(self, reference: str, reason: str) -> _Document:
        return await self._ask("post", f"proposals/{_part(reference)}/rejection", {"reason": reason})

    async def roll_back(self, version: str, reason: str) -> _Document:
        return await self._ask("post", f"versions/{_part(version)}/rollback", {"reason": reason})

    async def list_clusters(
        self, simulation: str | None, scenario_id: str | None, resolved: bool | None, limit: int
    ) -> list[_Document]:
        filters = {"simulation": simulation, "scenario_id": scenario_id, "resolved": resolved, "limit": limit}
        return await self._items("failures", filters)

    async def get_cluster(self, cluster_id: UUID) -> _Document:
        return await self._ask("get", f"failures/{cluster_id}")

    async def change_cluster(self, cluster_id: UUID, changes: Mapping[str, Any], seen: Mapping[str, Any]) -> _Document:
        return await self._ask("patch", f"failures/{cluster_id}", {**changes, **({"seen": seen} if seen else {})})

    async def search(
        self, text: str | None, like: str | None, kinds: Sequence[str], filters: Mapping[str, Any], limit: int
    ) -> list[_Document]:
        return await self._items("search", {"text": text, "like": like, "kind": kinds, **filters, "limit": limit})

    async def check_gate(
        self, baseline: str, candidate: str, metrics: Sequence[str], margin: float | None, strict: bool
    ) -> _Document:
        wanted = {"baseline": baseline, "candidate": candidate, "metric": metrics, "margin": margin, "strict": strict}
        return await self._ask("get", f"comparisons/gate{_query(wanted)}")

    async def compare_tools(self, baseline: str, candidate: str) -> _Document:
        wanted = {"baseline": baseline, "candidate": candidate}
        return await self._ask("get", f"comparisons/tools{_query(wanted)}")

    async def plan_next(
        self, baseline: str, candidate: str, budget_usd: float, trial_cost_usd: float | None
    ) -> _Document:
        wanted = {
            "baseline": baseline,
            "candidate": candidate,
            "budget_usd": budget_usd,
            "trial_cost_usd": trial_cost_usd,
        }
        return await self._ask("get", f"comparisons/next{_query(wanted)}")

    async def _ask(self, verb: Literal["get", "post", "put", "patch"], path: str, document: Any = None) -> _Document:
        given = () if verb == "get" else (document,)
        found: _Document = await getattr(self._server, verb)(f"{_E}/{path}", *given)
        return found

    async def _list(self, path: str) -> list[_Document]:
        found: list[_Document] = await self._server.get(f"{_E}/{path}")
        return found

    async def _items(self, noun: str, wanted: Mapping[str, Any]) -> list[_Document]:
        found: list[_Document] = (await self._server.get(f"{_E}/{noun}{_query(wanted)}"))["items"]
        return found


def _given(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Filters without those that are not asked for."""
    return {name: list(each) if isinstance(each, tuple) else each for name, each in filters.items() if each is not None}


def _part(reference: str) -> str:
    return quote(reference, safe="@")


def _query(wanted: Mapping[str, Any]) -> str:
    """What is given, as a query."""
    given = {
        name: str(value).lower()
        if isinstance(value, bool)
        else value.isoformat()
        if isinstance(value, datetime)
        else value
        for name, value in _given(wanted).items()
    }
    return "?" + urlencode(given, doseq=True)
