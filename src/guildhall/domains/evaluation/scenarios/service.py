"""What can be done with scenarios."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation import bodies
from guildhall.domains.evaluation.scenarios import rules, store
from guildhall.domains.evaluation.scenarios.errors import ScenarioNotFound
from guildhall.domains.evaluation.scenarios.types import SavedScenarios, Scenario, StoredScenario

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors


async def save_scenarios(tx: Tx, scenarios: Sequence[Scenario]) -> SavedScenarios:
    """
    Keep scenarios in their present content; what they were before stays, for the simulations that ran it.

    An id that comes twice is kept in its last content.
    """
    latest = {each.scenario_id: each for each in scenarios}
    known = await store.contents(tx, latest.keys())
    fresh = [each for each in latest.values() if known.get(each.scenario_id) != (each.content_hash, True)]
    changed = sum(each.scenario_id in known and known[each.scenario_id][0] != each.content_hash for each in fresh)
    new = sum(each.scenario_id not in known for each in fresh)
    if fresh:
        await _keep_files(tx, fresh)
        await store.upsert_scenarios(tx, fresh)
        await store.insert_versions(tx, fresh)
    return SavedScenarios(new=new, changed=changed, same=len(latest) - new - changed)


async def list_scenarios(
    tx: Tx,
    *,
    suite: str | None = None,
    split: str | None = None,
    difficulty_level: str | None = None,
    tag: str | None = None,
    search: str | None = None,
    after: str | None = None,
    with_inactive: bool = False,
    at_most: int = 1000,
) -> list[StoredScenario]:
    """
    Scenarios by id, in their latest content.

    `search` finds words in names and prompts; `after` is the last id of the page before.
    """
    return await store.list_scenarios(
        tx,
        suite=suite,
        split=split,
        difficulty_level=difficulty_level,
        tag=tag,
        search=search,
        after=after,
        with_inactive=with_inactive,
        at_most=at_most,
    )


SCENARIOS = store.SCENARIOS
"""By what scenarios can be sorted and filtered (`page_scenarios`)."""


async def page_scenarios(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[StoredScenario]:
    """A page of the team's scenarios (`db.listing`); `search` among the filters is for words of name and prompt."""
    columns = {name: value for name, value in filters.items() if name != "search"}
    return await store.page_scenarios(tx, columns, order, search=filters.get("search"), after=after, at_most=at_most)


async def get_stored(tx: Tx, scenario_id: str) -> StoredScenario:
    """
    A scenario as lists show it, archived or not.

    Raises:
        ScenarioNotFound: There is none, or it is another team's.
    """
    page = await page_scenarios(tx, {"scenario_id": [scenario_id]}, SCENARIOS.order(), at_most=1)
    if not page.items:
        raise await _not_found(tx, scenario_id, None)
    return page.items[0]


async def latest_contents(
    tx: Tx, scenario_ids: Sequence[str] = (), *, suite: str | None = None
) -> list[tuple[str, str]]:
    """
    Ids and content hashes of these scenarios, in the order given, and behind them those of a suite that are active.

    Raises:
        ScenarioNotFound: One of those that are named is not there.
    """
    found = await store.pins(tx, scenario_ids, suite)
    there = {scenario_id for scenario_id, _ in found}
    for each in scenario_ids:
        if each not in there:
            raise await _not_found(tx, each, None)
    return found


async def pass_scores(tx: Tx, pins: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """By scenario and content hash, the score at which a trial passes."""
    return await store.pass_scores(tx, pins) if pins else {}


async def archive_scenario(tx: Tx, scenario_id: str) -> bool:
    """
    Take a scenario out of lists; its contents, and what was simulated with them, stay. Whether that is new.

    Saving it restores it.

    Raises:
        ScenarioNotFound: There is none.
    """
    return await _set_active(tx, scenario_id, is_active=False)


async def restore_scenario(tx: Tx, scenario_id: str) -> bool:
    """
    Put a scenario back into lists. Whether that is new.

    Raises:
        ScenarioNotFound: There is none.
    """
    return await _set_active(tx, scenario_id, is_active=True)


async def get_scenario(tx: Tx, scenario_id: str, content_hash: str | None = None) -> Scenario:
    """
    A scenario with the files that grade it, in its latest content or in an earlier one.

    Raises:
        ScenarioNotFound: There is none, or it never had this content.
    """
    wanted = content_hash or await store.latest_hash(tx, scenario_id)
    if wanted is None:
        raise await _not_found(tx, scenario_id, content_hash)
    return (await get_scenarios(tx, [(scenario_id, wanted)]))[0]


async def known_contents(tx: Tx, scenario_ids: Collection[str]) -> dict[str, str]:
    """The hash of the latest content of each of these scenarios that is there; nobody changes them before the transaction ends."""
    found = await store.contents(tx, scenario_ids) if scenario_ids else {}
    return {scenario_id: content_hash for scenario_id, (content_hash, _) in found.items()}


async def get_scenarios(tx: Tx, pins: Sequence[tuple[str, str]]) -> list[Scenario]:
    """
    Scenarios by id and content hash, in the order of the pins.

    Raises:
        ScenarioNotFound: One of them is not there.
        BodyNotFound: The content of a file is gone.
    """
    found = await store.definitions(tx, pins)
    for pin in pins:
        if pin not in found:
            raise await _not_found(tx, *pin)
    digests = {digest for each in found.values() for digest in each.get("files", {}).values()}
    contents = await bodies.fetch_many(tx, digests) if digests else {}
    return [
        rules.scenario_of(
            found[pin], pin[1], {path: contents[digest] for path, digest in found[pin].get("files", {}).items()}
        )
        for pin in pins
    ]


async def _set_active(tx: Tx, scenario_id: str, *, is_active: bool) -> bool:
    if await store.set_active(tx, scenario_id, is_active=is_active):
        return True
    if await store.latest_hash(tx, scenario_id) is None:
        raise await _not_found(tx, scenario_id, None)
    return False


async def _keep_files(tx: Tx, scenarios: Sequence[Scenario]) -> None:
    """Most scenarios of a file share their files: each is looked at once."""
    contents = {id(content): content for each in scenarios for content in each.files.values()}
    if contents:
        await bodies.keep_many(tx, contents.values())


async def _not_found(tx: Tx, scenario_id: str, content_hash: str | None) -> ScenarioNotFound:
    known = await store.ids(tx)
    similar = [] if scenario_id in known else difflib.get_close_matches(scenario_id[:200], known, n=3, cutoff=0.6)
    return ScenarioNotFound(scenario_id, content_hash, similar)


async def strange_scenarios(tx: Tx, model: str, *, at_most: int) -> list[tuple[str, str, str]]:
    """Scenarios without a vector of this model: ids, content hashes, and what they say, which search makes vectors of."""
    return await store.strange_scenarios(tx, model, at_most)


async def embed_scenarios(tx: Tx, pins: Sequence[tuple[str, str]], vectors: Vectors, model: str) -> None:
    """Keep vectors of scenarios, one for each id and content hash; those whose content has changed since stay without."""
    await store.embed_scenarios(tx, pins, vectors, model)
