"""Agent configurations as JSON: what there is, each version, and what changed from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.domains.evaluation.configurations import ConfigDiff, Configuration, ConfigVersion, SavedVersion


@described
class ConfigurationDocument(TypedDict):
    """An agent under evaluation."""

    config_id: UUID
    name: str
    versions: int
    """How many versions there are."""
    latest_version: int | None
    is_active: bool
    """False where it is archived: out of lists, with everything that was done with it."""
    created_at: datetime
    updated_at: datetime


@described
class VersionDocument(TypedDict):
    """An immutable version of a configuration."""

    version_id: UUID
    config_id: UUID
    name: str
    """The configuration's."""
    version_number: int
    label: str
    """What people call it: `support-agent@v2`."""
    config_hash: str
    """The SHA-256 of its canonical content, files included: the same content is the same version."""
    generated_by: str
    parsed_config: Mapping[str, Any]
    files: Mapping[str, str]
    """Paths, and the SHA-256 of what each file holds."""
    is_proposal: bool
    """It waits for an approval, or was refused one: it can be simulated, and is nobody's latest version."""
    created_at: datetime


class WholeVersionDocument(VersionDocument):
    """A version with its YAML."""

    raw_yaml: str


@described
class SavedVersionDocument(VersionDocument):
    """A version that was saved."""

    new: bool
    """False where the configuration had this content already."""


@described
class DiffDocument(TypedDict):
    """What changed from one version to another."""

    before: VersionDocument
    after: VersionDocument
    changes: Sequence[Mapping[str, Any]]
    """One entry for each path: `kind` is added, removed, changed or moved."""
    unified: str
    """What `diff -u` prints for the YAML and each changed file."""


def configuration_document(configuration: Configuration) -> ConfigurationDocument:
    """A configuration."""
    return {
        "config_id": configuration.config_id,
        "name": configuration.name,
        "versions": configuration.versions,
        "latest_version": configuration.latest_version_number,
        "is_active": configuration.is_active,
        "created_at": configuration.created_at,
        "updated_at": configuration.updated_at,
    }


def version_document(version: ConfigVersion) -> VersionDocument:
    """A version."""
    return {
        "version_id": version.version_id,
        "config_id": version.config_id,
        "name": version.config_name,
        "version_number": version.version_number,
        "label": version.label,
        "config_hash": version.config_hash,
        "generated_by": version.generated_by,
        "parsed_config": version.parsed_config,
        "files": version.files,
        "is_proposal": version.is_proposal,
        "created_at": version.created_at,
    }


def whole_version_document(version: ConfigVersion) -> WholeVersionDocument:
    """A version with its YAML."""
    return {**version_document(version), "raw_yaml": version.raw_yaml}


def saved_version_document(saved: SavedVersion) -> SavedVersionDocument:
    """What saving came to."""
    return {**version_document(saved.version), "new": saved.is_new}


def diff_document(diff: ConfigDiff) -> DiffDocument:
    """What changed from one version to another."""
    return {
        "before": version_document(diff.before),
        "after": version_document(diff.after),
        "changes": list(diff.changes),
        "unified": diff.unified,
    }
