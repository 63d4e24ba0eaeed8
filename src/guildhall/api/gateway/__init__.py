"""The gateway's own HTTP face: OpenAI's and Anthropic's APIs, as a lean ASGI application of its own process."""

from guildhall.api.gateway.door import create_gateway

__all__ = ["create_gateway"]
