"""What can be done with ensembles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from guildhall import clock
from guildhall.db import Tx
from guildhall.domains.gateway.ensembles import configuration, learning, rules, store
from guildhall.domains.gateway.ensembles.errors import EnsembleNotFound, LearningRefused, VoteNotFound
from guildhall.domains.gateway.ensembles.types import Case, Cast, Kept, Learned, Reading, Record, Strategy
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Action

SERIES = ("ensemble_votes", "ensemble_ballots")


async def add_ensemble(tx: Tx, name: str, config: Mapping[str, Any]) -> UUID:
    """
    Keep an ensemble of the team under a name; it can be called from then on, in every process. Returns its id.

    Raises:
        NotPermitted: The actor's role does not allow it.
        EnsembleRefused: The name or the configuration cannot be one.
        EnsembleTaken: There is one of this name.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    configuration.read(config, name=configuration.check_name(name))
    return await store.insert_ensemble(tx, name, config)


async def list_ensembles(tx: Tx) -> list[Kept]:
    """The team's ensembles, by name."""
    return await store.ensembles(tx)


async def get_ensemble(tx: Tx, name: str) -> Kept:
    """
    The ensemble of a name.

    Raises:
        EnsembleNotFound: There is none.
    """
    known = {each.name: each for each in await store.ensembles(tx)}
    if name not in known:
        raise EnsembleNotFound(name, known)
    return known[name]


async def change_ensemble(tx: Tx, name: str, config: Mapping[str, Any]) -> Kept:
    """
    Lay a configuration over what there is, key by key; null takes a key away. It holds from the next call on.

    Raises:
        NotPermitted, EnsembleRefused: As `add_ensemble`.
        EnsembleNotFound: There is none of this name.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    before = await get_ensemble(tx, name)
    merged = {key: value for key, value in {**before.config, **config}.items() if value is not None}
    configuration.read(merged, name=name)
    await store.update_ensemble(tx, name, merged)
    return await get_ensemble(tx, name)


async def put_ensemble(tx: Tx, name: str, config: Mapping[str, Any]) -> tuple[Kept, bool]:
    """
    Keep an ensemble under a name, in place of what was there; whether there was none. It holds from the next call on.

    Raises:
        NotPermitted, EnsembleRefused: As `add_ensemble`.
        EnsembleTaken: Somebody else has made it at this very moment.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    configuration.read(config, name=configuration.check_name(name))
    is_new = not await store.update_ensemble(tx, name, config)
    if is_new:
        await store.insert_ensemble(tx, name, config)
    return await get_ensemble(tx, name), is_new


async def remove_ensemble(tx: Tx, name: str) -> None:
    """
    Forget an ensemble; its calls, votes and ballots stay.

    Raises:
        NotPermitted: The actor's role does not allow it.
        EnsembleNotFound: There is none of this name.
    """
    identity.check(await identity.get_standing(tx), Action.MANAGE_SECRETS)
    if not await store.delete_ensemble(tx, name):
        raise EnsembleNotFound(name, [each.name for each in await store.ensembles(tx)])


async def keep(tx: Tx, cast: Sequence[Cast]) -> None:
    """Keep votes and ballots of calls, of any teams: the gateway's writer alone may. What is kept already stays as it is."""
    votes = [each.vote for each in cast if each.vote is not None]
    if votes:
        await store.insert_votes(tx, votes)
    every = [(call, each) for call in cast for each in call.ballots]
    if every:
        await store.insert_ballots(tx, every)


async def make_room(tx: Tx, at: datetime) -> None:
    """Make sure that votes of this month and the next have partitions; in a transaction of its own, as it locks tables."""
    for series in SERIES:
        await tx.ensure_partitions(series, at, at + timedelta(days=32))


async def get_record(tx: Tx, request_id: UUID) -> Record:
    """
    How a call of an ensemble was decided, with every ballot.

    Raises:
        VoteNotFound: The call asked no ensemble, or was never decided.
    """
    try:
        created_at = clock.time_of(request_id).astimezone(UTC)
    except ValueError:
        raise VoteNotFound(request_id) from None
    vote = await store.vote(tx, request_id, created_at)
    if vote is None:
        raise VoteNotFound(request_id)
    return Record(vote, await store.ballots(tx, request_id, created_at))


async def find_record(tx: Tx, request_id: UUID) -> Record | None:
    """As `get_record`; None where there is none."""
    try:
        return await get_record(tx, request_id)
    except VoteNotFound:
        return None


async def learn_from(tx: Tx, kept: Kept, right: Mapping[UUID, str]) -> Learned:
    """
    What the recorded votes of an ensemble teach, with the right answers of its calls.

    Raises:
        LearningRefused: It does not count its members' own answers, or too few of its votes are named.
    """
    ensemble = configuration.read(kept.config, name=kept.name)
    if ensemble.strategy not in (Strategy.MAJORITY, Strategy.WEIGHTED):
        raise LearningRefused(
            f"the strategy of ensemble {kept.name!r} is {ensemble.strategy}, expected majority or weighted",
            "Weights are learned from votes on members' own answers.",
        )
    said = {each: rules.answer_key(Reading(), answer) or "" for each, answer in right.items()}
    found = await cases(tx, kept.name, said)
    rule = rules.RULES[ensemble.strategy]
    assert rule is not None
    return learning.learn(ensemble.members, found, rule, without_vote=len(right) - len(found))


def with_weights(kept: Kept, learned: Learned) -> dict[str, Any]:
    """What is to be changed of an ensemble so that its members weigh what was learned."""
    weights = {each.name: float(each.weight) for each in learned.members}
    members = configuration.read(kept.config, name=kept.name).members
    return {
        "strategy": str(Strategy.WEIGHTED),
        "members": [
            {"model": each.model, "name": each.name, "weight": weights[each.name], **each.params} for each in members
        ],
    }


async def cases(tx: Tx, name: str, right: Mapping[UUID, str]) -> list[Case]:
    """Recorded votes of an ensemble whose right answers are given, by the ids of their calls, as they are voted on."""
    dated = {}
    for each in right:
        try:
            dated[each] = clock.time_of(each).astimezone(UTC)
        except ValueError:
            continue
    if not dated:
        return []
    answered: dict[UUID, dict[str, str]] = {}
    for row in await store.answers(tx, name, list(dated), min(dated.values()), max(dated.values())):
        answered.setdefault(row["request_id"], {})[row["voter"]] = row["answer_sha256"]
    return [Case(each, given, rules.answer_digest(right[each])) for each, given in answered.items()]
