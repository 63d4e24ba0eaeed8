"""`/v1/evaluation/scenarios`: the test cases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from guildhall.api.evaluation.uploads import Files, FilesInBase64, contents
from guildhall.api.frame.lists import Items, ListWanted, answer_list
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Reading, Writing
from guildhall.app import uploads
from guildhall.app.documents import described
from guildhall.app.documents.scenarios import (
    SavedScenariosDocument,
    ScenarioDocument,
    saved_scenarios_document,
    scenario_document,
    whole_scenario_document,
)
from guildhall.domains.evaluation import scenarios

router = APIRouter(prefix="/scenarios", tags=["scenarios"], route_class=Route)

ScenarioId = Annotated[str, Path(max_length=300, description="A scenario's id.", examples=["refund_in_time"])]


class NewScenarios(BaseModel):
    """Scenarios as a scenarios file has them, with the files that grade them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "scenarios": [
                        {
                            "scenario_id": "greeting",
                            "name": "Says hello",
                            "task_prompt": "Say hello.",
                            "scorers": [{"type": "contains", "value": "hello"}],
                        }
                    ]
                }
            ]
        },
    )

    scenarios: Annotated[
        list[dict[str, Any]] | None, Field(description="The scenarios, or `text` instead.", min_length=1)
    ] = None
    text: Annotated[str | None, Field(description="What a scenarios file holds, as on disk.")] = None
    format: Annotated[Literal["yaml", "json", "jsonl"], Field(description="What `text` is written in.")] = "yaml"
    files: Files = {}
    files_base64: FilesInBase64 = {}
    suite: Annotated[
        str | None, Field(max_length=100, description="The suite of those `scenarios` that name none.")
    ] = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.scenarios is None) == (self.text is None):
            raise ValueError("expected either scenarios or text")
        if self.suite is not None and self.text is not None:
            raise ValueError("a text names its suites itself")
        return self


class SavedScenario(TypedDict):
    """One scenario that was saved."""

    scenario_id: str
    content_hash: str


@described
class UploadedScenariosDocument(SavedScenariosDocument):
    """What saving scenarios came to."""

    items: Sequence[SavedScenario]
    """Each scenario, and the content that it has now."""
    warnings: Sequence[str]


class WholeScenarioDocument(BaseModel):
    """A scenario with the keys of a scenarios file, every default filled in."""

    model_config = ConfigDict(extra="allow")

    scenario_id: str
    name: str
    task_prompt: str
    content_hash: str


@router.get("", response_model=Items[ScenarioDocument])
async def list_scenarios(
    visit: Reading,
    want: ListWanted,
    scenario_id: Annotated[list[str] | None, Query(max_length=1000)] = None,
    suite: Annotated[list[str] | None, Query(max_length=100)] = None,
    split: Annotated[str | None, Query(max_length=100)] = None,
    difficulty_level: Annotated[list[str] | None, Query(max_length=100)] = None,
    tag: Annotated[str | None, Query(max_length=300, description="Those that have this tag.")] = None,
    search: Annotated[str | None, Query(max_length=500, description="Words of the name and the prompt.")] = None,
    archived: Annotated[bool, Query(description="Also those that are archived.")] = False,
) -> Response:
    """List scenarios, by id."""
    filters = {
        "scenario_id": scenario_id,
        "suite": suite,
        "split": split,
        "difficulty_level": difficulty_level,
        "tag": tag,
        "search": search,
        "is_active": None if archived else True,
    }
    return await answer_list(
        visit,
        want,
        scenarios.SCENARIOS,
        scenarios.page_scenarios,
        filters,
        scenario_document,
        tuple(ScenarioDocument.__annotations__),
    )


@router.post("", response_model=UploadedScenariosDocument)
async def save_scenarios(body: NewScenarios, visit: Writing) -> Response:
    """Check scenarios and keep them; earlier contents stay, for the simulations that ran them. All of them, or none."""
    files = contents(body.files, body.files_base64)
    if body.scenarios is not None:
        file = {"scenarios": body.scenarios, **({} if body.suite is None else {"suite": body.suite})}
        text, form = orjson.dumps(file), "json"
    else:
        text, form = (body.text or "").encode(), body.format
    read = await asyncio.to_thread(uploads.read_scenarios, text, files, format=form)
    async with visit.transaction() as tx:
        saved = await scenarios.save_scenarios(tx, read.scenarios)
        document: UploadedScenariosDocument = {
            **saved_scenarios_document(saved, len(read.scenarios)),
            "items": [{"scenario_id": each.scenario_id, "content_hash": each.content_hash} for each in read.scenarios],
            "warnings": list(read.warnings),
        }
        return await visit.done(tx, document)


@router.get("/{scenario_id}", response_model=WholeScenarioDocument)
async def get_scenario(
    visit: Reading,
    scenario_id: ScenarioId,
    content_hash: Annotated[
        str | None, Query(max_length=100, description="An earlier content; the latest unless given.")
    ] = None,
) -> Response:
    """One scenario, archived or not."""
    async with visit.transaction() as tx:
        return visit.found(whole_scenario_document(await scenarios.get_scenario(tx, scenario_id, content_hash)))


@router.delete("/{scenario_id}", response_model=ScenarioDocument)
async def archive_scenario(visit: Writing, scenario_id: ScenarioId) -> Response:
    """Take a scenario out of lists; its contents and simulations stay."""
    async with visit.transaction() as tx:
        await scenarios.archive_scenario(tx, scenario_id)
        return await visit.done(tx, scenario_document(await scenarios.get_stored(tx, scenario_id)))


@router.post("/{scenario_id}/restoration", response_model=ScenarioDocument)
async def restore_scenario(visit: Writing, scenario_id: ScenarioId) -> Response:
    """Put a scenario back into lists."""
    async with visit.transaction() as tx:
        await scenarios.restore_scenario(tx, scenario_id)
        return await visit.done(tx, scenario_document(await scenarios.get_stored(tx, scenario_id)))
