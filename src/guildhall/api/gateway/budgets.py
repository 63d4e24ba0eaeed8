"""`/v1/gateway/budgets`: what may be spent on calls of models, and what was."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field, StrictBool, StrictInt
from typing_extensions import TypedDict

from guildhall.api.frame.bodies import Body
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Managing, Reading
from guildhall.app.documents.gateway import AddedBudgetDocument, BudgetDocument, budget_document
from guildhall.app.gateway.unserved import notes_on_budget
from guildhall.domains.gateway import budgets
from guildhall.domains.platform import identity

router = APIRouter(prefix="/budgets", tags=["gateway"], route_class=Route)

BudgetName = Annotated[str, Path(max_length=255, description="What the budget is called.", examples=["team"])]
_Amount = Annotated[float | None, Field(ge=0, lt=100_000_000, allow_inf_nan=False)]
_Tokens = Annotated[StrictInt | None, Field(ge=1, le=1_000_000_000)]


class WantedBudget(Body):
    """A budget that is to be: the team's, or a person's, a key's, a model's, or of several of these at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "team", "limit_usd": 500},
                {"name": "ci", "key": "ci", "limit_usd": 5, "period": "day"},
            ]
        }
    )

    name: Annotated[str, Field(min_length=1, max_length=255)]
    limit_usd: _Amount = None
    """How much may be spent in a period."""
    tokens_per_minute: _Tokens = None
    """How many tokens may be asked for."""
    period: Literal["day", "month"] = "month"
    """Of the calendar, in UTC."""
    is_hard: StrictBool = True
    """Whether it refuses calls; a soft one only counts."""
    user_id: UUID | None = None
    """Only calls of this person."""
    key: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    """Only calls with this API key: its public id, the beginning of it, or its name."""
    model: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    """Only calls of this model."""


class ChangedBudget(Body):
    """How much a budget is to allow; what is not given stays, null takes a limit away."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"limit_usd": 750}]})

    limit_usd: _Amount = None
    tokens_per_minute: _Tokens = None
    period: Literal["day", "month"] = "month"
    """Of another period nothing is spent yet."""
    is_hard: StrictBool = True


class BudgetsDocument(TypedDict):
    """A team's budgets."""

    items: list[BudgetDocument]


@router.get("", response_model=BudgetsDocument)
async def list_budgets(visit: Reading) -> Response:
    """List the team's budgets by name, each with what was spent and is set aside in the period under way."""
    async with visit.transaction() as tx:
        return visit.found({"items": [budget_document(each) for each in await budgets.list_budgets(tx)]})


@router.post("", status_code=201, response_model=AddedBudgetDocument)
async def add_budget(body: WantedBudget, visit: Managing) -> Response:
    """Add a budget, as owners and administrators of the team may; it holds from the next call on."""
    async with visit.transaction() as tx:
        new = budgets.NewBudget(
            body.name,
            limit_usd=_amount(body.limit_usd),
            tokens_per_minute=body.tokens_per_minute,
            period=body.period,
            is_hard=body.is_hard,
            user_id=body.user_id,
            api_key_id=None if body.key is None else await identity.resolve_key(tx, body.key),
            model=body.model,
        )
        await budgets.add_budget(tx, new)
        made = await budgets.get_budget(tx, body.name)
        document: AddedBudgetDocument = {**budget_document(made), "notes": await notes_on_budget(tx, made.model)}
        return await visit.created(tx, document, at=f"/v1/gateway/budgets/{quote(made.name, safe='')}")


@router.get("/{budget}", response_model=BudgetDocument)
async def get_budget(visit: Reading, budget: BudgetName) -> Response:
    """One budget, with what was spent of it and what is set aside."""
    async with visit.transaction() as tx:
        return visit.found(budget_document(await budgets.get_budget(tx, budget)))


@router.patch("/{budget}", response_model=BudgetDocument)
async def change_budget(body: ChangedBudget, visit: Managing, budget: BudgetName) -> Response:
    """Change how much a budget allows, from the next call on."""
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    if "limit_usd" in changes:
        changes["limit_usd"] = _amount(changes["limit_usd"])
    async with visit.transaction() as tx:
        return await visit.done(tx, budget_document(await budgets.change_budget(tx, budget, changes)))


@router.delete("/{budget}", status_code=204, response_class=Response)
async def remove_budget(visit: Managing, budget: BudgetName) -> Response:
    """Forget a budget and what was spent of it; calls stay in the ledger."""
    async with visit.transaction() as tx:
        await budgets.remove_budget(tx, budget)
        return await visit.gone(tx)


def _amount(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
