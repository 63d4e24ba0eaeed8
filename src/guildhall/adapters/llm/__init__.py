"""Talking to models: any OpenAI-compatible endpoint, with retries, blame for what fails, and the price of each call."""

from guildhall.adapters.llm.client import ModelClient
from guildhall.adapters.llm.errors import EndpointRefused, ModelKeyMissing, ModelNotNamed, ParameterReserved
from guildhall.adapters.llm.ports import Models
from guildhall.adapters.llm.types import OPENAI, Completion, Endpoint, ToolCall

__all__ = [
    "OPENAI",
    "Completion",
    "Endpoint",
    "EndpointRefused",
    "ModelClient",
    "ModelKeyMissing",
    "ModelNotNamed",
    "Models",
    "ParameterReserved",
    "ToolCall",
]
