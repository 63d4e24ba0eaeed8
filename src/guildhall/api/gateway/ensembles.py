"""`/v1/gateway/ensembles`: which models answer together under a name, and how one answer is made of theirs."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict
from typing_extensions import TypedDict

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Managing, Reading
from guildhall.app.documents.ensembles import EnsembleDocument, PutEnsembleDocument, ensemble_document
from guildhall.app.gateway.unserved import notes_on_ensemble
from guildhall.domains.gateway import ensembles

router = APIRouter(prefix="/ensembles", tags=["gateway"], route_class=Route)

EnsembleName = Annotated[
    str,
    Path(max_length=255, description="What the ensemble is called; callers ask `ensemble/<name>`.", examples=["three"]),
]


class WantedEnsemble(Body):
    """An ensemble that is to be under a name, whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "config": {
                        "strategy": "weighted",
                        "members": [{"model": "gpt-5-mini", "weight": 2}, {"model": "o4-mini"}, {"model": "small"}],
                        "answer": "last_line",
                    }
                }
            ]
        }
    )

    config: dict[str, Any]
    """strategy, members, n, judge, scorer, layers, answer, quorum, deadline_s, early_exit and at_once, as in a call's `ensemble_config`."""


class EnsemblesDocument(TypedDict):
    """A team's ensembles."""

    items: list[EnsembleDocument]


@router.get("", response_model=EnsemblesDocument)
async def list_ensembles(visit: Reading) -> Response:
    """List the team's ensembles by name."""
    async with visit.transaction() as tx:
        return visit.found({"items": [ensemble_document(each) for each in await ensembles.list_ensembles(tx)]})


@router.get("/{ensemble}", response_model=EnsembleDocument)
async def get_ensemble(visit: Reading, ensemble: EnsembleName) -> Response:
    """One ensemble, as it was given."""
    async with visit.transaction() as tx:
        return visit.found(ensemble_document(await ensembles.get_ensemble(tx, ensemble)))


@router.put(
    "/{ensemble}",
    response_model=PutEnsembleDocument,
    responses={201: {"description": "There was none of this name.", "model": PutEnsembleDocument}},
)
async def put_ensemble(body: WantedEnsemble, visit: Managing, ensemble: EnsembleName) -> Response:
    """
    Keep an ensemble under a name, in place of what was there, as owners and administrators of the team may.

    It holds from the next call on, in every process.
    """
    async with visit.transaction() as tx:
        kept, is_new = await ensembles.put_ensemble(tx, ensemble, body.config)
        notes = await notes_on_ensemble(tx, kept.name, body.config)
        document: PutEnsembleDocument = {**ensemble_document(kept), "notes": notes}
        if is_new:
            return await visit.created(tx, document, at=f"/v1/gateway/ensembles/{quote(kept.name, safe='')}")
        return await visit.done(tx, document)


@router.delete("/{ensemble}", status_code=204, response_class=Response)
async def remove_ensemble(visit: Managing, ensemble: EnsembleName) -> Response:
    """Forget an ensemble; its calls, votes and ballots stay."""
    async with visit.transaction() as tx:
        await ensembles.remove_ensemble(tx, ensemble)
        return await visit.gone(tx)
