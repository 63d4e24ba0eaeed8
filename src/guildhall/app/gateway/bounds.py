"""
The most that a call can cost, told before it is made: how many tokens its prompt and its answers may have.

A prompt is bounded by its bytes, an image by what providers count for one at
most. What the body only names (a document, a stored conversation) is bounded by
what a model takes at all. What has no bound, a provider's own tools, is refused
where a hard budget is to hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guildhall.adapters.upstreams import Asked, AskedWrong
from guildhall.domains.gateway.providers import Route

IMAGE_TOKENS = 8_000
"""No provider counts more for an image."""

_INLINE = re.compile(rb'"(?:data:[^"]{200,}|[A-Za-z0-9+/=_-]{2000,})"')
_LINKED = re.compile(rb'"(?:image_url|image|input_image)"')
_HEARD = re.compile(rb'"(?:input_audio|audio)"')
_NAMED = re.compile(rb'"(?:file|input_file|document|file_id|video_url|input_video|container_upload)"')
_DOCUMENTS = frozenset({"file", "input_file", "document", "video_url", "input_video", "video", "container_upload"})
_STORED = ("previous_response_id", "conversation", "prompt")
_OF_PROVIDERS = re.compile(
    r"(web_search|web_fetch|file_search|code_interpreter|code_execution|image_generation|mcp|advisor|bash_code_execution)"
)
_OPENING_TO_PROVIDERS = ("web_search_options", "mcp_servers")


def prompt_tokens(asked: Asked) -> tuple[int, bool]:
    """
    The most tokens that a body's own text and images have, and whether it names more than it holds.

    No tokenizer makes more of a text than it has bytes.
    """
    raw = asked.raw
    images = len(_LINKED.findall(raw))
    names_more = _leans_on_what_is_stored(asked) or (_NAMED.search(raw) is not None and _has_documents(asked.body))
    # What images and documents hold inline is no text; what is heard may be as many tokens as it pleases.
    has_inline = (images or names_more) and _HEARD.search(raw) is None
    text = len(_INLINE.sub(b'""', raw)) if has_inline else len(raw)
    return text + images * IMAGE_TOKENS, names_more


def most_prompt_tokens(bound: tuple[int, bool], route: Route) -> int:
    """The same at an account: what a body names is as long as its models take, at most."""
    tokens, names_more = bound
    return max(tokens, route.account.options.max_input_tokens) if names_more else tokens


def most_completion_tokens(asked: Asked, route: Route) -> int:
    """The most tokens of all answers together: the caller's limit, or else the account's, for each of them."""
    stated = asked.most_output_tokens
    return route.account.options.max_output_tokens * asked.answers if stated is None else stated


def require_bounds(asked: Asked, budget: str) -> None:
    """
    Refuse what may cost any amount.

    Raises:
        AskedWrong: It lets the provider use tools of its own, as often as it likes and with what they bring in.
    """
    expected = f"nothing of a provider's own: the budget {budget!r} is a hard one, and what its tools cost cannot be told before"
    for name in _OPENING_TO_PROVIDERS:
        if asked.body.get(name):
            raise AskedWrong(name, asked.body[name], expected)
    tools = asked.body.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        kind = tool.get("type") if isinstance(tool, dict) else None
        if isinstance(kind, str) and _OF_PROVIDERS.match(kind):
            raise AskedWrong("tools", tool, expected)


def _leans_on_what_is_stored(asked: Asked) -> bool:
    return asked.face.name == "responses" and any(asked.body.get(name) for name in _STORED)


def _has_documents(body: Any) -> bool:
    for part in _parts(body.get("messages", body.get("input"))):
        if part.get("type") in _DOCUMENTS and not _is_text(part):
            return True
        if "file_id" in part and part.get("type") != "input_image":
            return True
    return False


def _is_text(part: dict[str, Any]) -> bool:
    """Whether a document is text that stands in the body."""
    source = part.get("source")
    return isinstance(source, dict) and source.get("type") == "text"


def _parts(content: Any) -> Iterator[dict[str, Any]]:
    """Every part of what is said, however deep: messages, their contents, results of tools."""
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            yield item
            waiting += [item.get(name) for name in ("content", "output", "source")]
