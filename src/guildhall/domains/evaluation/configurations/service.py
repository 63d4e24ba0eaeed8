"""What can be done with agent configurations."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from guildhall.db import Tx
from guildhall.db.listing import Order, Page
from guildhall.domains.evaluation import bodies
from guildhall.domains.evaluation.configurations import changes, rules, store
from guildhall.domains.evaluation.configurations.errors import VersionAmbiguous, VersionNotFound
from guildhall.domains.evaluation.configurations.types import (
    AgentDefinition,
    ApprovalStatus,
    ConfigDiff,
    Configuration,
    ConfigVersion,
    Need,
    SavedVersion,
)

if TYPE_CHECKING:
    from guildhall.algorithms.embedding import Vectors

_DIGITS = re.compile(r"^[0-9a-f]{4,32}$")
_NUMBER = re.compile(r"^v?(\d{1,9})$")
_LONGEST_DIFF = 524_288  # characters, as the table allows


async def save_version(
    tx: Tx, definition: AgentDefinition, *, generated_by: str = "manual", modal_deployment_id: str | None = None
) -> SavedVersion:
    """
    Keep an agent as the next version of the configuration of its name, which is made if there is none.

    The same content is kept once for each configuration: then the version that
    had it is returned, and nothing changes; but one that still needs an approval
    is proposed to take the place of what is the latest now, unless that was
    rejected. Numbers have no gaps, whoever else saves at the same time. Where the
    configuration's rule asks for an approval of everything, a version but the
    first is a proposal.

    Raises:
        VersionRefused: The name cannot be one, the origin is not known, or the YAML is too long or lacks a key.
    """
    rules.check_version(definition, generated_by)
    digests = await bodies.keep_many(tx, definition.files.values())
    await store.insert_configuration(tx, definition.name)
    config_id = await store.lock_configuration(tx, definition.name)
    known = await store.find_by_content(tx, config_id, definition.config_hash)
    if known is not None:
        await store.restore_version(tx, known)
        await store.set_active(tx, definition.name, is_active=True)
        version = await _version(tx, known)
        return SavedVersion(version, is_new=False, proposal_id=await _propose_again(tx, config_id, version))
    latest_id = await store.lock_configuration_by_id(tx, config_id)
    needs_approval = latest_id is not None and (await store.approval_rule(tx, config_id)).needed_for is Need.EVERYTHING
    version_id = await store.insert_version(
        tx,
        config_id,
        raw_yaml=definition.raw_yaml,
        parsed_config=definition.parsed,
        files=dict(zip(definition.files, digests, strict=True)),
        config_hash=definition.config_hash,
        generated_by=generated_by,
        modal_deployment_id=modal_deployment_id,
        is_proposal=needs_approval,
    )
    version = await _version(tx, version_id)
    if latest_id is None or not needs_approval:
        await store.move_latest(tx, config_id, version_id, rules.sandbox_config(definition.parsed))
        return SavedVersion(version, is_new=True)
    return SavedVersion(
        version, is_new=True, proposal_id=await ask_approval(tx, await _version(tx, latest_id), version)
    )


async def _propose_again(tx: Tx, config_id: UUID, version: ConfigVersion) -> UUID | None:
    """The proposal of a version that is kept already: what it was proposed for may not be the latest any more."""
    if not version.is_proposal:
        return None
    latest_id = await store.lock_configuration_by_id(tx, config_id)
    if latest_id is None or latest_id == version.version_id:
        return None
    proposal_id = await ask_approval(tx, await _version(tx, latest_id), version)
    page = await store.page_proposals(tx, {"diff_id": proposal_id}, store.PROPOSALS.order(), after=None, at_most=1)
    return proposal_id if page.items and page.items[0].status is ApprovalStatus.PENDING else None


async def ask_approval(
    tx: Tx,
    parent: ConfigVersion,
    version: ConfigVersion,
    *,
    impact_prediction: Mapping[str, Any] | None = None,
    llm_generated: bool = False,
) -> UUID:
    """Write down that a version is to take its parent's place, once for each pair; the proposal's id."""
    one, other = await load_definition(tx, parent), await load_definition(tx, version)
    text = changes.unified(one, other, parent.label, version.label)
    made = await store.insert_proposal(
        tx,
        parent.config_id,
        parent.version_id,
        version.version_id,
        diff_yaml=text[:_LONGEST_DIFF],
        change_summary=changes.changes(one, other),
        impact_prediction=impact_prediction,
        llm_generated=llm_generated,
    )
    known = made or await store.find_proposal(tx, parent.version_id, version.version_id)
    assert known is not None, "what could not be inserted is there"
    return known


async def list_configurations(tx: Tx, *, with_inactive: bool = False, at_most: int = 1000) -> list[Configuration]:
    """Configurations by name."""
    return await store.list_configurations(tx, with_inactive=with_inactive, at_most=at_most)


async def get_configuration(tx: Tx, name: str) -> Configuration:
    """
    A configuration by its name, archived or not.

    Raises:
        VersionNotFound: There is none, or it is another team's.
    """
    page = await store.page_configurations(tx, {"name": [name]}, store.CONFIGURATIONS.order(), after=None, at_most=1)
    if not page.items:
        raise VersionNotFound(name, await _similar(tx, name))
    return page.items[0]


CONFIGURATIONS, VERSIONS = store.CONFIGURATIONS, store.VERSIONS
"""By what both can be sorted and filtered (`page_configurations`, `page_versions`)."""


async def page_configurations(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[Configuration]:
    """A page of the team's configurations (`db.listing`)."""
    return await store.page_configurations(tx, filters, order, after=after, at_most=at_most)


async def page_versions(
    tx: Tx, filters: Mapping[str, Any], order: Order, *, after: Sequence[Any] | None = None, at_most: int = 100
) -> Page[ConfigVersion]:
    """A page of versions (`db.listing`)."""
    return await store.page_versions(tx, filters, order, after=after, at_most=at_most)


async def archive_configuration(tx: Tx, name: str) -> bool:
    """
    Take a configuration out of lists; its versions, and what was simulated with them, stay. Whether that is new.

    Saving a version restores it.

    Raises:
        VersionNotFound: There is no such configuration.
    """
    return await _set_active(tx, name, is_active=False)


async def restore_configuration(tx: Tx, name: str) -> bool:
    """
    Put a configuration back into lists. Whether that is new.

    Raises:
        VersionNotFound: There is no such configuration.
    """
    return await _set_active(tx, name, is_active=True)


async def list_versions(tx: Tx, name: str, *, at_most: int = 1000) -> list[ConfigVersion]:
    """
    The versions of a configuration, newest first.

    Raises:
        VersionNotFound: There is no such configuration.
    """
    versions = await store.list_versions(tx, config_name=name, at_most=at_most)
    if not versions:
        raise VersionNotFound(name, await _similar(tx, name))
    return versions


async def configurations_of(tx: Tx, version_ids: Sequence[UUID]) -> list[UUID]:
    """The ids of the configurations that these versions are of."""
    return await store.configurations_of(tx, version_ids)


async def get_version(tx: Tx, reference: str) -> ConfigVersion:
    """
    The version that people mean.

    That is `name` or `name@latest` for the latest of a configuration,
    `name@v2`, `@latest` for the latest of all, a version's id, or four digits
    or more of its beginning or end. A name goes before an id that looks the
    same. A configuration's own id means its latest version.

    Raises:
        VersionNotFound: Nothing fits; the error names what is similar.
        VersionAmbiguous: A short id fits several.
    """
    reference = reference.strip()
    found = await _by_name(tx, reference) or await _by_id(tx, reference)
    if found is None:
        raise VersionNotFound(reference, await _similar(tx, reference))
    return found


async def load_definition(tx: Tx, version: ConfigVersion) -> AgentDefinition:
    """
    A version as it was saved, with what its files hold.

    Raises:
        BodyNotFound: The content of a file is gone.
    """
    contents = await bodies.fetch_many(tx, set(version.files.values())) if version.files else {}
    return AgentDefinition(
        name=version.config_name,
        raw_yaml=version.raw_yaml,
        parsed=rules.as_written(version.raw_yaml, version.parsed_config),
        files={path: contents[digest] for path, digest in sorted(version.files.items())},
        config_hash=version.config_hash,
    )


async def diff_versions(tx: Tx, before: ConfigVersion, after: ConfigVersion) -> ConfigDiff:
    """
    What changed from one version to another: by path, and as text.

    The difference of two versions of one configuration is kept in
    `config_diffs`, once, by whoever may write. A version has no changes to itself.
    """
    if before.version_id == after.version_id:
        return ConfigDiff(before, after, [], "")
    one, other = await load_definition(tx, before), await load_definition(tx, after)
    found = changes.changes(one, other)
    text = changes.unified(one, other, before.label, after.label)
    if before.config_id == after.config_id and not tx.actor.reads_only:
        kept = text if len(text) <= _LONGEST_DIFF else text[:_LONGEST_DIFF]
        await store.insert_diff(tx, before.config_id, before.version_id, after.version_id, kept, found)
    return ConfigDiff(before, after, found, text)


def diff_definitions(
    before: AgentDefinition, after: AgentDefinition, before_label: str, after_label: str
) -> tuple[list[dict[str, Any]], str]:
    """What changes from one definition to another, of which neither need be a version: by path, and as text."""
    return changes.changes(before, after), changes.unified(before, after, before_label, after_label)


async def _set_active(tx: Tx, name: str, *, is_active: bool) -> bool:
    if await store.set_active(tx, name, is_active=is_active):
        return True
    if not await store.list_versions(tx, config_name=name, at_most=1):
        raise VersionNotFound(name, await _similar(tx, name))
    return False


async def _version(tx: Tx, version_id: UUID) -> ConfigVersion:
    (version,) = await store.list_versions(tx, version_id=version_id, at_most=1)
    return version


async def _by_name(tx: Tx, reference: str) -> ConfigVersion | None:
    name, at, which = reference.rpartition("@")
    if not at:
        name, which = reference, "latest"
    number = _NUMBER.match(which)
    if which != "latest" and number is None:
        return None
    if not name and (number is not None or not at):
        return None
    versions = await store.list_versions(
        tx,
        config_name=name or None,
        version_number=int(number[1]) if number else None,
        latest_first=number is None,
        at_most=1,
    )
    return versions[0] if versions else None


async def _by_id(tx: Tx, reference: str) -> ConfigVersion | None:
    digits = reference.replace("-", "").lower()
    if not _DIGITS.match(digits):
        return None
    candidates = await store.versions_like(tx, digits)
    if len(candidates) > 1:
        raise VersionAmbiguous(reference, [(label, str(version_id)) for version_id, label in candidates])
    if candidates:
        return await _version(tx, candidates[0][0])
    if len(digits) == 32:
        versions = await store.list_versions(tx, config_id=UUID(digits), latest_first=True, at_most=1)
        return versions[0] if versions else None
    return None


async def _similar(tx: Tx, reference: str) -> list[str]:
    """What somebody may have meant: the versions of a configuration that is there, or names that look alike."""
    name = reference.rpartition("@")[0] or reference
    versions = await store.list_versions(tx, config_name=name, at_most=5)
    if versions:
        return [each.label for each in reversed(versions)]
    return difflib.get_close_matches(name[:200], await store.names(tx), n=3, cutoff=0.5)


async def strange_versions(tx: Tx, model: str, *, at_most: int) -> list[tuple[UUID, str]]:
    """Versions without a vector of this model, the newest first, and what they say: what search makes vectors of."""
    return await store.strange_versions(tx, model, at_most)


async def embed_versions(tx: Tx, version_ids: Sequence[UUID], vectors: Vectors, model: str) -> None:
    """Keep vectors of versions, one for each."""
    await store.embed_versions(tx, version_ids, vectors, model)
