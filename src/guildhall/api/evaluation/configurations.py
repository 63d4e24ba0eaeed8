"""`/v1/evaluation/configurations` and `/versions`: agents under evaluation, and what changed between their versions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from guildhall.api.evaluation.uploads import Files, FilesInBase64, contents
from guildhall.api.frame.lists import AlikeParameter, Items, ListWanted, SaidParameter, answer_list
from guildhall.api.frame.moments import Moment
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app import searching, uploads
from guildhall.app.documents import described
from guildhall.app.documents.configurations import (
    ConfigurationDocument,
    DiffDocument,
    SavedVersionDocument,
    VersionDocument,
    WholeVersionDocument,
    configuration_document,
    diff_document,
    saved_version_document,
    version_document,
    whole_version_document,
)
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.search import Kind

router = APIRouter(prefix="/configurations", tags=["configurations"], route_class=Route)
versions = APIRouter(prefix="/versions", tags=["configurations"], route_class=Route)

Name = Annotated[str, Path(max_length=300, description="A configuration's name.", examples=["support-agent"])]
VersionReference = Annotated[
    str,
    Path(
        max_length=300,
        description="`name` or `name@latest` for the latest of a configuration, `name@v2`, `@latest`, an id or the end of one.",
        examples=["support-agent@v2"],
    ),
]

_EXAMPLE = """\
name: support-agent
model: gpt-4.1-mini
temperature: 0
system_prompt: file://prompts/system.md
"""


class NewVersion(BaseModel):
    """An agent.yaml with every file that it refers to."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"raw_yaml": _EXAMPLE, "files": {"prompts/system.md": "Be brief."}}]},
    )

    raw_yaml: Annotated[str, Field(description="The agent.yaml, as on disk. JSON is YAML too.")]
    files: Files = {}
    files_base64: FilesInBase64 = {}
    name: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9_-][A-Za-z0-9_ -]{1,98}[A-Za-z0-9_-]$",
            description="The configuration's name where the YAML gives none, as the file's name is on disk.",
        ),
    ] = "agent"


@described
class UploadedVersionDocument(SavedVersionDocument):
    """A version that was saved."""

    warnings: Sequence[str]
    """What is allowed, and probably not meant."""


@router.get("", response_model=Items[ConfigurationDocument])
async def list_configurations(
    visit: Reading,
    want: ListWanted,
    name: Annotated[list[str] | None, Query(max_length=100)] = None,
    archived: Annotated[bool, Query(description="Also those that are archived.")] = False,
    updated_after: Moment | None = None,
    q: SaidParameter = None,
    alike: AlikeParameter = False,
) -> Response:
    """List configurations, by name; `q` looks through their names and versions."""
    said = await searching.said(visit.transaction, visit.house.app.settings, Kind.CONFIG, q, alike=alike)
    filters = {"name": name, "is_active": None if archived else True, "updated_after": updated_after, "q": said}
    return await answer_list(
        visit,
        want,
        configurations.CONFIGURATIONS,
        configurations.page_configurations,
        filters,
        configuration_document,
        tuple(ConfigurationDocument.__annotations__),
    )


@router.post(
    "",
    status_code=201,
    response_model=UploadedVersionDocument,
    responses={200: {"model": UploadedVersionDocument, "description": "The configuration had this content already."}},
)
async def save_version(body: NewVersion, visit: Writing) -> Response:
    """Keep an agent as the next version of the configuration of its name; the same content is kept once."""
    files = contents(body.files, body.files_base64)
    definition = await asyncio.to_thread(uploads.read_agent, body.raw_yaml, files, name=body.name)
    async with visit.transaction() as tx:
        saved = await configurations.save_version(tx, definition)
        document: UploadedVersionDocument = {**saved_version_document(saved), "warnings": list(definition.warnings)}
        where = f"/v1/evaluation/versions/{saved.version.version_id}"
        if saved.is_new:
            return await visit.created(tx, document, at=where)
        return await visit.done(tx, document, headers={"Location": where})


@router.get("/{name}", response_model=ConfigurationDocument)
async def get_configuration(visit: Reading, name: Name) -> Response:
    """One configuration, archived or not."""
    async with visit.transaction() as tx:
        return visit.found(configuration_document(await configurations.get_configuration(tx, name)))


@router.delete("/{name}", response_model=ConfigurationDocument)
async def archive_configuration(visit: Writing, name: Name) -> Response:
    """Take a configuration out of lists; its versions and simulations stay."""
    async with visit.transaction() as tx:
        await configurations.archive_configuration(tx, name)
        return await visit.done(tx, configuration_document(await configurations.get_configuration(tx, name)))


@router.post("/{name}/restoration", response_model=ConfigurationDocument)
async def restore_configuration(visit: Writing, name: Name) -> Response:
    """Put a configuration back into lists."""
    async with visit.transaction() as tx:
        await configurations.restore_configuration(tx, name)
        return await visit.done(tx, configuration_document(await configurations.get_configuration(tx, name)))


@router.get("/{name}/versions", response_model=Items[VersionDocument])
async def list_versions(
    visit: Reading,
    want: ListWanted,
    name: Name,
    generated_by: Annotated[list[str] | None, Query(max_length=100)] = None,
) -> Response:
    """List the versions of a configuration, newest first."""
    async with visit.transaction() as tx:
        await configurations.get_configuration(tx, name)  # says so where there is none
    return await answer_list(
        visit,
        want,
        configurations.VERSIONS,
        configurations.page_versions,
        {"name": name, "generated_by": generated_by},
        version_document,
        tuple(VersionDocument.__annotations__),
    )


@versions.get("/{version}", response_model=WholeVersionDocument)
async def get_version(visit: Reading, version: VersionReference) -> Response:
    """One version, with its YAML."""
    async with visit.transaction() as tx:
        return visit.found(whole_version_document(await configurations.get_version(tx, version)))


@versions.get("/{version}/diff", response_model=DiffDocument)
async def get_diff(
    visit: Reading,
    version: VersionReference,
    against: Annotated[str, Query(max_length=300, description="The earlier version.", examples=["support-agent@v1"])],
) -> Response:
    """What changed from `against` to this version: by path, and as a unified diff."""
    async with visit.transaction() as tx:
        before, after = await configurations.get_version(tx, against), await configurations.get_version(tx, version)
        return visit.found(diff_document(await configurations.diff_versions(tx, before, after)))
