"""`/v1/gateway/providers` and `/models`: a team's accounts at providers of models, and what their models cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field, StrictBool, StrictInt
from typing_extensions import TypedDict

from guildhall.adapters.upstreams import Upstream
from guildhall.api.frame.bodies import Body
from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Managing, Reading, Visit, Writing
from guildhall.app import prices
from guildhall.app.documents.gateway import (
    ModelDocument,
    ProbeDocument,
    ProviderDocument,
    model_document,
    provider_document,
)
from guildhall.app.gateway.watch import Watch
from guildhall.domains.gateway import providers
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Keyring

router = APIRouter(prefix="/providers", tags=["gateway"], route_class=Route)
models = APIRouter(prefix="/models", tags=["gateway"], route_class=Route)

_ONCE: dict[str, Any] = {"x-unrepeated": True}
"""Asking whether a provider answers changes nothing, and is never the same twice."""

ProviderName = Annotated[str, Path(max_length=255, description="What the account is called.", examples=["openai"])]
_Key = Annotated[str | None, Field(min_length=1, max_length=8192, pattern=r"\S")]
_Address = Annotated[str | None, Field(min_length=1, max_length=500)]
_Weight = Annotated[float | None, Field(ge=0, lt=1000, allow_inf_nan=False)]
_Seconds = Annotated[float | None, Field(gt=0, le=86_400, allow_inf_nan=False)]
_Rate = Annotated[float, Field(ge=0, lt=1_000_000, allow_inf_nan=False)]


class WantedPrices(Body):
    """What a model costs at an account, in USD for a million tokens."""

    input: _Rate
    output: _Rate
    cached: _Rate | None = None
    """Tokens of the prompt that come from the cache."""


class WantedOptions(Body):
    """How an account is to be used."""

    models: Annotated[
        dict[str, Annotated[str, Field(min_length=1, max_length=255)]] | None, Field(max_length=10_000)
    ] = None
    """The provider's own name of each model by the one that callers use; `*` lets every name through."""
    weight: _Weight = None
    """Its share among equals, 1 unless given; 0 is the last resort."""
    priority: Annotated[StrictInt | None, Field(ge=0, le=1000)] = None
    """The order of failover, the lowest first."""
    concurrent: Annotated[StrictInt | None, Field(ge=1, le=100_000)] = None
    """How many calls it takes at once."""
    first_byte_s: _Seconds = None
    total_s: _Seconds = None
    max_output_tokens: Annotated[StrictInt | None, Field(ge=1, le=10_000_000)] = None
    """What is set aside for calls that name no limit."""
    prices: Annotated[dict[str, WantedPrices] | None, Field(max_length=10_000)] = None
    """By the provider's own name of the model."""
    record: Literal["all", "metadata"] | None = None
    """`metadata` keeps prompts and answers out of the ledger."""


class WantedProvider(WantedOptions):
    """An account that is to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "openai", "key": "sk-what-the-provider-gave-you", "models": {"fast": "gpt-5-mini"}}]
        }
    )

    name: Annotated[str, Field(min_length=1, max_length=255)]
    type: Literal[tuple(providers.KINDS)] = "openai"  # type: ignore[valid-type]
    base_url: _Address = None
    """Where it is; known for most types."""
    key: _Key = None
    """The provider's key: sealed before it is kept, and never shown again."""


class ChangedProvider(WantedOptions):
    """What is to be different of an account; what is not given stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"weight": 0.5, "enabled": False}]})

    base_url: _Address = None
    """At another scheme, host or port the key is to be given anew: the one that there is is not sent there."""
    key: _Key = None
    """Another key in the place of the one that there is."""
    without_key: StrictBool = False
    """Whether its key is forgotten."""
    enabled: StrictBool | None = None
    """Whether calls go to it."""


class ProvidersDocument(TypedDict):
    """A team's accounts at providers."""

    items: list[ProviderDocument]


class ModelsDocument(TypedDict):
    """The models that a team can call."""

    items: list[ModelDocument]


@router.get("", response_model=ProvidersDocument)
async def list_providers(visit: Reading) -> Response:
    """List the team's accounts by name, and how they fare; their keys are never shown."""
    async with visit.transaction() as tx:
        return visit.found({"items": [provider_document(each) for each in await providers.list_accounts(tx)]})


@router.post("", status_code=201, response_model=ProviderDocument)
async def add_provider(body: WantedProvider, visit: Managing) -> Response:
    """Add an account at a provider, as owners and administrators of the team may."""
    new = providers.NewAccount(
        body.name,
        body.type,
        body.base_url,
        weight=Decimal(1) if body.weight is None else Decimal(str(body.weight)),
        config=_config(body),
        key=body.key,
    )
    async with visit.transaction() as tx:
        await providers.add_account(tx, new, _ring(visit), networks=_networks(visit))
        made = await providers.get_account(tx, body.name)
        return await visit.created(tx, provider_document(made), at=f"/v1/gateway/providers/{quote(made.name)}")


@router.get("/{provider}", response_model=ProviderDocument)
async def get_provider(visit: Reading, provider: ProviderName) -> Response:
    """One account; its key is never shown."""
    async with visit.transaction() as tx:
        return visit.found(provider_document(await providers.get_account(tx, provider)))


@router.patch("/{provider}", response_model=ProviderDocument)
async def change_provider(body: ChangedProvider, visit: Managing, provider: ProviderName) -> Response:
    """Change an account; it holds from the next call on, in every process."""
    async with visit.transaction() as tx:
        await providers.change_account(
            tx,
            provider,
            _ring(visit),
            networks=_networks(visit),
            key=body.key,
            without_key=body.without_key,
            base_url=body.base_url,
            weight=None if body.weight is None else Decimal(str(body.weight)),
            enabled=body.enabled,
            config=_config(body),
        )
        return await visit.done(tx, provider_document(await providers.get_account(tx, provider)))


@router.delete("/{provider}", status_code=204, response_class=Response)
async def remove_provider(visit: Managing, provider: ProviderName) -> Response:
    """Forget an account and its key; what it answered stays in the ledger."""
    async with visit.transaction() as tx:
        await providers.remove_account(tx, provider)
        return await visit.gone(tx)


@router.post("/{provider}/test", response_model=ProbeDocument, openapi_extra=_ONCE)
async def test_provider(visit: Writing, provider: ProviderName) -> Response:
    """Ask a provider for its models, which costs nothing, and say whether it answers."""
    async with visit.plain_transaction() as tx:
        account = await providers.get_account(tx, provider)
    # Outside of the transaction: a provider may take its time.
    key, watch = providers.open_key(_ring(visit), account), Watch()
    async with Upstream(_networks(visit)) as upstream:
        why = await watch.probe(upstream, account, key)
    document: ProbeDocument = {
        "name": account.name,
        "answers": why is None,
        "why": why,
        "ms": watch.of(account.id).response_time_ms,
    }
    return visit.answer(document)


@models.get("", response_model=ModelsDocument)
async def list_models(visit: Reading) -> Response:
    """List the models that the team can call, with what each costs at which account."""
    async with visit.transaction() as tx:
        return visit.found({"items": [model_document(each) for each in await prices.served_models(tx)]})


def _config(body: WantedOptions) -> dict[str, object]:
    """What an account's `config` is to say of it."""
    given = body.model_dump(include=set(WantedOptions.model_fields) - {"weight"}, exclude_none=True)
    config: dict[str, object] = given
    return config


def _ring(visit: Visit) -> Keyring | None:
    settings = visit.house.app.settings
    return identity.read_keyring(settings.secret_key, settings.secret_key_old) if settings.secret_key else None


def _networks(visit: Visit) -> Any:
    return providers.read_networks(visit.house.app.settings.gateway_networks)
