"""The ways in which an account cannot be had, or a model not be reached."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.errors import Conflict, InvalidInput, NotAllowed, NotFound


class AccountRefused(InvalidInput):
    """An account has a value that it cannot have."""

    code = "provider_refused"

    def __init__(self, field: str, value: Any, expected: str, *, remedy: str | None = None) -> None:
        super().__init__(
            f"{field} is {str(value)[:200]!r}, expected {expected}", remedy=remedy, field=field, value=str(value)[:200]
        )


class AddressRefused(NotAllowed):
    """An account is at an address that nothing may be sent to."""

    code = "provider_address_refused"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address[:200]!r} is an address of a private network, of this machine, or of the cloud's own services",
            remedy="Whoever runs the gateway allows networks with GUILDHALL_GATEWAY_NETWORKS, such as 10.0.0.0/8.",
            field="base_url",
            value=address[:200],
        )


class AccountTaken(Conflict):
    """The team has an account of this name."""

    code = "provider_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a provider {name!r} already", field="name", value=name)


class AccountNotFound(NotFound):
    """The team has no account of this name."""

    code = "provider_not_found"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no provider {name[:100]!r}", remedy=did_you_mean(name, known), field="name", value=name[:100]
        )


class ModelNotFound(NotFound):
    """No account of the team serves a model."""

    code = "model_not_found"

    def __init__(self, model: str, known: Iterable[str]) -> None:
        names = sorted(set(known))
        super().__init__(
            f"no provider serves the model {model[:200]!r}",
            remedy=did_you_mean(model, names)
            or (
                f"There are {', '.join(names[:10])}."
                if names
                else "The team has no provider yet; `guildhall gateway providers add` makes one."
            ),
            field="model",
            value=model[:200],
        )
