"""One function for each statement on ensembles, their votes and ballots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from guildhall.db import ConstraintViolated, Json, Row, Tx, load_queries
from guildhall.domains.gateway.ensembles.errors import EnsembleTaken
from guildhall.domains.gateway.ensembles.types import Ballot, Cast, Kept, State, Vote

_queries = load_queries(__package__)


async def ensembles(tx: Tx) -> list[Kept]:
    return [Kept(**row) for row in await tx.fetch(_queries.ensembles)]


async def insert_ensemble(tx: Tx, name: str, config: Mapping[str, Any]) -> UUID:
    try:
        async with tx.savepoint():
            made: UUID = await tx.value(_queries.insert_ensemble, name=name, config=dict(config))
    except ConstraintViolated as error:
        if error.constraint == "ensembles_one_per_name":
            raise EnsembleTaken(name) from error
        raise
    return made


async def update_ensemble(tx: Tx, name: str, config: Mapping[str, Any]) -> int:
    return await tx.execute(_queries.update_ensemble, name=name, config=dict(config))


async def delete_ensemble(tx: Tx, name: str) -> int:
    return await tx.execute(_queries.delete_ensemble, name=name)


async def insert_votes(tx: Tx, votes: Sequence[Vote]) -> None:
    await tx.execute(
        _queries.insert_votes,
        requests=[each.request_id for each in votes],
        tenants=[each.tenant_id for each in votes],
        times=[each.created_at for each in votes],
        ensembles=[each.ensemble for each in votes],
        strategies=[each.strategy for each in votes],
        rules=[each.rule for each in votes],
        winners=[each.winner for each in votes],
        shares=[_json(list(each.winners)) for each in votes],
        scores=[_json(dict(each.scores)) for each in votes],
        others=[_json({name: list(said) for name, said in each.others.items()}) for each in votes],
        selected=[each.selected_id for each in votes],
        confidences=[each.confidence for each in votes],
        stops=[each.stopped for each in votes],
        fallbacks=[each.fallback for each in votes],
    )


async def insert_ballots(tx: Tx, cast: Sequence[tuple[Cast, Ballot]]) -> None:
    await tx.execute(
        _queries.insert_ballots,
        requests=[call.request_id for call, _ in cast],
        tenants=[call.tenant_id for call, _ in cast],
        times=[call.created_at for call, _ in cast],
        layers=[each.layer for _, each in cast],
        voters=[each.voter for _, each in cast],
        places=[each.place for _, each in cast],
        states=[str(each.state) for _, each in cast],
        weights=[each.weight for _, each in cast],
        options=[each.option for _, each in cast],
        rankings=[_json(list(each.ranking)) for _, each in cast],
        grades=[_json(dict(each.grades)) for _, each in cast],
        responses=[each.response_id for _, each in cast],
        votes=[each.vote_id for _, each in cast],
        answers=[each.answer_sha256 for _, each in cast],
        codes=[each.error_code for _, each in cast],
    )


async def vote(tx: Tx, request_id: UUID, created_at: datetime) -> Vote | None:
    row = await tx.find(_queries.vote, request_id=request_id, created_at=created_at)
    return None if row is None else Vote(**row)


async def ballots(tx: Tx, request_id: UUID, created_at: datetime) -> list[Ballot]:
    rows = await tx.fetch(_queries.ballots, request_id=request_id, created_at=created_at)
    return [Ballot(**{**dict(row), "state": State(row["state"]), "ranking": tuple(row["ranking"])}) for row in rows]


async def answers(tx: Tx, ensemble: str, requests: Sequence[UUID], first: datetime, last: datetime) -> list[Row]:
    return await tx.fetch(_queries.answers, ensemble=ensemble, requests=list(requests), first=first, last=last)


def _json(value: Any) -> Json:
    return Json(orjson.dumps(value))
