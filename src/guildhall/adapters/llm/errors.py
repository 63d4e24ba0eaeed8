"""What can be known to be wrong before a model is asked."""

from __future__ import annotations

from guildhall.errors import InvalidInput


class ModelKeyMissing(InvalidInput):
    """The variable that should hold the key of a model's endpoint is empty."""

    code = "model_key_missing"

    def __init__(self, variable: str, base_url: str) -> None:
        super().__init__(
            f"{variable} is not set, expected the key for {base_url}",
            remedy=f"Set {variable}, or name another variable with api_key_env.",
            field="api_key_env",
            value=variable,
        )


class EndpointRefused(InvalidInput):
    """A base_url that no request can be sent to."""

    code = "endpoint_refused"

    def __init__(self, base_url: str) -> None:
        super().__init__(
            f"base_url is {base_url!r}, expected the http:// or https:// address of an OpenAI-compatible API",
            remedy="For example https://api.openai.com/v1, without /chat/completions.",
            field="base_url",
            value=base_url,
        )


class ParameterReserved(InvalidInput):
    """A key of `params` that says again, and perhaps otherwise, what the runner sends."""

    code = "parameter_reserved"

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(
            f"params holds {name!r}, which the runner sends itself", remedy=remedy, field=f"params.{name}", value=name
        )


class ModelNotNamed(InvalidInput):
    """A simulated user or a judge that needs a model names none."""

    code = "model_not_named"

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} names no model", remedy="Add `model: NAME` to it.", field="model", value=None)
