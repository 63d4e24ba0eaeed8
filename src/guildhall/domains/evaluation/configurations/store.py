"""One function for each statement on configurations and their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from guildhall.algorithms import vectors
from guildhall.db import Tx, load_queries
from guildhall.db.listing import Filter, Listing, Match, Order, Page, fetch_page
from guildhall.domains.evaluation.configurations.types import (
    ApprovalRule,
    ApprovalStatus,
    Configuration,
    ConfigVersion,
    Need,
    Proposal,
    Release,
)

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_queries = load_queries(__package__)


async def insert_configuration(tx: Tx, name: str) -> None:
    await tx.execute(_queries.insert_configuration, name=name)


async def lock_configuration(tx: Tx, name: str) -> UUID:
    config_id: UUID = await tx.value(_queries.lock_configuration, name=name)
    return config_id


async def find_by_content(tx: Tx, config_id: UUID, config_hash: str) -> UUID | None:
    found: UUID | None = await tx.value(_queries.find_by_content, config_id=config_id, config_hash=config_hash)
    return found


async def restore_version(tx: Tx, version_id: UUID) -> None:
    await tx.execute(_queries.restore_version, version_id=version_id)


async def set_active(tx: Tx, name: str, *, is_active: bool) -> bool:
    """Whether that changed anything."""
    return await tx.execute(_queries.set_active, name=name, is_active=is_active) == 1


async def insert_version(
    tx: Tx,
    config_id: UUID,
    *,
    raw_yaml: str,
    parsed_config: Mapping[str, Any],
    files: Mapping[str, str],
    config_hash: str,
    generated_by: str,
    modal_deployment_id: str | None,
    is_proposal: bool = False,
) -> UUID:
    version_id: UUID = await tx.value(
        _queries.insert_version,
        config_id=config_id,
        raw_yaml=raw_yaml,
        parsed_config=dict(parsed_config),
        files=dict(files),
        config_hash=config_hash,
        generated_by=generated_by,
        modal_deployment_id=modal_deployment_id,
        is_proposal=is_proposal,
    )
    return version_id


async def move_latest(tx: Tx, config_id: UUID, version_id: UUID, sandbox_config: Mapping[str, Any]) -> None:
    await tx.execute(
        _queries.move_latest, config_id=config_id, version_id=version_id, sandbox_config=dict(sandbox_config)
    )


CONFIGURATIONS = Listing(
    _queries.every_configuration,
    key=("config_id",),
    orders={
        "name": Order("name"),
        "created_at": Order("created_at"),
        "updated_at": Order("updated_at"),
    },
    filters={
        "name": Filter("name", Match.ANY_OF),
        "is_active": Filter("is_active"),
        "updated_after": Filter("updated_at", Match.AT_LEAST),
        "q": Filter("name", Match.SAYS),
    },
)
VERSIONS = Listing(
    _queries.every_version,
    key=("version_id",),
    orders={"version_number": Order("version_number", descending=True), "created_at": Order("created_at")},
    filters={"name": Filter("config_name"), "generated_by": Filter("generated_by", Match.ANY_OF)},
)


async def page_configurations(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[Configuration]:
    page = await fetch_page(tx, CONFIGURATIONS, filters, order, after=after, at_most=at_most)
    return page.of(lambda row: Configuration(**row))


async def list_configurations(tx: Tx, *, with_inactive: bool, at_most: int) -> list[Configuration]:
    filters = {"is_active": None if with_inactive else True}
    return list((await page_configurations(tx, filters, CONFIGURATIONS.order(), after=None, at_most=at_most)).items)


async def page_versions(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[ConfigVersion]:
    page = await fetch_page(tx, VERSIONS, filters, order, after=after, at_most=at_most)
    return page.of(lambda row: ConfigVersion(**row))


async def names(tx: Tx) -> list[str]:
    return [row["name"] for row in await tx.fetch(_queries.names)]


async def list_versions(
    tx: Tx,
    *,
    version_id: UUID | None = None,
    config_id: UUID | None = None,
    config_name: str | None = None,
    version_number: int | None = None,
    latest_first: bool = False,
    at_most: int = 1000,
) -> list[ConfigVersion]:
    rows = await tx.fetch(
        _queries.versions,
        version_id=version_id,
        config_id=config_id,
        config_name=config_name,
        version_number=version_number,
        latest_first=latest_first,
        at_most=at_most,
    )
    return [ConfigVersion(**row) for row in rows]


async def versions_like(tx: Tx, digits: str) -> list[tuple[UUID, str]]:
    """Ids and labels."""
    rows = await tx.fetch(_queries.versions_like, digits=digits)
    return [(row["version_id"], f"{row['config_name']}@v{row['version_number']}") for row in rows]


async def insert_diff(
    tx: Tx,
    config_id: UUID,
    version_before: UUID,
    version_after: UUID,
    diff_yaml: str,
    change_summary: Sequence[Mapping[str, Any]],
) -> None:
    await tx.execute(
        _queries.insert_diff,
        config_id=config_id,
        version_before=version_before,
        version_after=version_after,
        diff_yaml=diff_yaml,
        change_summary=list(change_summary),
    )


async def approval_rule(tx: Tx, config_id: UUID | None) -> ApprovalRule:
    row = dict(await tx.find(_queries.approval_rule, config_id=config_id) or {})
    return ApprovalRule(**{**row, "needed_for": Need(row["needed_for"])})


async def set_approval_rule(tx: Tx, config_id: UUID | None, rule: ApprovalRule) -> None:
    await tx.execute(
        _queries.set_approval_rule,
        config_id=config_id,
        needed_for=rule.needed_for.value,
        approvers=rule.approvers,
        four_eyes=rule.four_eyes,
        needs_proof=rule.needs_proof,
    )


async def delete_approval_rule(tx: Tx, config_id: UUID | None) -> bool:
    """Whether there was one."""
    return await tx.execute(_queries.delete_approval_rule, config_id=config_id) == 1


async def insert_proposal(
    tx: Tx,
    config_id: UUID,
    version_before: UUID,
    version_after: UUID,
    *,
    diff_yaml: str,
    change_summary: Sequence[Mapping[str, Any]],
    impact_prediction: Mapping[str, Any] | None,
    llm_generated: bool,
) -> UUID | None:
    """Its id; None where the same has been proposed before."""
    diff_id: UUID | None = await tx.value(
        _queries.insert_proposal,
        config_id=config_id,
        version_before=version_before,
        version_after=version_after,
        diff_yaml=diff_yaml,
        change_summary=list(change_summary),
        impact_prediction=None if impact_prediction is None else dict(impact_prediction),
        llm_generated=llm_generated,
    )
    return diff_id


async def find_proposal(tx: Tx, version_before: UUID, version_after: UUID) -> UUID | None:
    found: UUID | None = await tx.value(
        _queries.find_proposal, version_before=version_before, version_after=version_after
    )
    return found


async def configurations_of(tx: Tx, version_ids: Sequence[UUID]) -> list[UUID]:
    return [row["config_id"] for row in await tx.fetch(_queries.configurations_of, version_ids=list(version_ids))]


PROPOSALS = Listing(
    _queries.every_proposal,
    key=("diff_id",),
    orders={"created_at": Order("created_at", descending=True), "decided_at": Order("decided_at", nullable=True)},
    filters={
        "diff_id": Filter("diff_id"),
        "name": Filter("config_name", Match.ANY_OF),
        "status": Filter("status", Match.ANY_OF),
        "llm_generated": Filter("llm_generated"),
        "q": Filter(("config_name", "diff_yaml", "proposed_by_name", "decision_reason"), Match.SAYS),
    },
)


async def page_proposals(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None, at_most: int
) -> Page[Proposal]:
    page = await fetch_page(tx, PROPOSALS, filters, order, after=after, at_most=at_most)
    return page.of(
        lambda row: Proposal(
            **{**row, "status": ApprovalStatus(row["status"]), "change_summary": row["change_summary"] or []}
        )
    )


async def proposals_like(tx: Tx, digits: str) -> list[UUID]:
    return [row["diff_id"] for row in await tx.fetch(_queries.proposals_like, digits=digits)]


async def proposal_of_version(tx: Tx, version_id: UUID) -> UUID | None:
    found: UUID | None = await tx.value(_queries.proposals_of_version, version_id=version_id)
    return found


async def lock_configuration_by_id(tx: Tx, config_id: UUID) -> UUID | None:
    """The latest version."""
    latest: UUID | None = await tx.value(_queries.lock_configuration_by_id, config_id=config_id)
    return latest


async def decide(tx: Tx, diff_id: UUID, status: ApprovalStatus, reason: str | None) -> None:
    await tx.execute(_queries.decide, diff_id=diff_id, status=status.value, reason=reason)


async def release_version(tx: Tx, version_id: UUID) -> None:
    await tx.execute(_queries.release_version, version_id=version_id)


async def insert_release(
    tx: Tx,
    config_id: UUID,
    version_id: UUID,
    *,
    previous_version_id: UUID | None,
    kind: str,
    diff_id: UUID | None,
    reason: str | None,
) -> None:
    await tx.execute(
        _queries.insert_release,
        config_id=config_id,
        version_id=version_id,
        previous_version_id=previous_version_id,
        kind=kind,
        diff_id=diff_id,
        reason=reason,
    )


async def releases(tx: Tx, config_id: UUID) -> list[Release]:
    return [Release(**row) for row in await tx.fetch(_queries.releases, config_id=config_id)]


async def strange_versions(tx: Tx, model: str, at_most: int) -> list[tuple[UUID, str]]:
    """Ids, and what they say."""
    rows = await tx.fetch(_queries.strange_versions, model=model, at_most=at_most)
    return [(row["version_id"], row["said"]) for row in rows]


async def embed_versions(tx: Tx, version_ids: Sequence[UUID], made: Vectors, model: str) -> None:
    await tx.execute(
        _queries.embed_versions, version_ids=list(version_ids), embeddings=vectors.written(made), model=model
    )
