"""
The most that a call can cost, told before it is made: how many tokens its prompt and its answers may have.

A prompt is bounded by its bytes, an image by what providers count for one at
most. What the body only names (a document, a stored conversation) is bounded by
what a model takes at all. What has no bound, a provider's own tools, and what has
another price than the catalogue knows are refused where a hard budget is to hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from guildhall.adapters.upstreams import Asked, AskedWrong
from guildhall.domains.gateway.providers import Route

IMAGE_TOKENS = 8_000
"""No provider counts more for an image."""

_LINKED = re.compile(rb'"(?:image_url|image|input_image)"')
_HEARD = re.compile(rb'"(?:input_audio|audio)"')
_NAMED = re.compile(rb'"(?:file|input_file|document|file_id|video|video_url|input_video|container_upload)"')
_ESCAPED = b"\\u00"
_DOCUMENTS = frozenset({"file", "input_file", "document", "video_url", "input_video", "video", "container_upload"})
_STORED = ("previous_response_id", "conversation", "prompt")
_OF_CALLERS = re.compile(r"function|custom|local_shell|apply_patch|computer(_\w+)?|(text_editor|bash|memory)_\d+")
"""Tools that the caller carries out; whatever else there is, or will be, is the provider's."""

_OPENING_TO_PROVIDERS = ("web_search_options", "mcp_servers", "plugins")

_OTHER_MODELS = ("models", "preset")
"""What lets OpenRouter answer with another model than the one whose price is known."""

_DEARER_NAMES = (":online", ":nitro")
"""Ends of OpenRouter's names of models: with a search of the web, and at the fastest provider whatever it costs."""

_TIERS = frozenset({"auto", "default", "flex", "standard", "standard_only", "on_demand"})
"""Tiers of service that cost what the catalogue says, or less; auto is what goes without saying."""


def prompt_tokens(asked: Asked) -> tuple[int, bool]:
    """
    The most tokens that a body's own text and images have, and whether it names more than it holds.

    No tokenizer makes more of a text than it has bytes.
    """
    # What is looked for below may be written with escapes, which providers read.
    raw = asked.raw if _ESCAPED not in asked.raw else orjson.dumps(asked.body)
    images = len(_LINKED.findall(raw))
    names_more = _leans_on_what_is_stored(asked) or (_NAMED.search(raw) is not None and _has_documents(asked.body))
    # What images and documents hold inline is no text; what is heard may be as many tokens as it pleases.
    has_inline = (images or names_more) and _HEARD.search(raw) is None
    text = len(raw) - (sum(_inline(part) for part in _said(asked.body)) if has_inline else 0)
    return text + images * IMAGE_TOKENS, names_more


def most_prompt_tokens(bound: tuple[int, bool], route: Route) -> int:
    """The same at an account: what a body names is as long as its models take, at most."""
    tokens, names_more = bound
    return max(tokens, route.account.options.max_input_tokens) if names_more else tokens


def most_completion_tokens(asked: Asked, route: Route) -> int:
    """The most tokens of all answers together: the caller's limit, or else the account's, for each of them."""
    stated = asked.most_output_tokens
    return route.account.options.max_output_tokens * asked.answers if stated is None else stated


def require_bounds(asked: Asked, budget: str, routes: Sequence[Route] = ()) -> None:
    """
    Refuse what may cost any amount, or another one than the prices of `routes`, to which it may go, make of it.

    Raises:
        AskedWrong: It lets the provider use tools of its own, as often as it likes and with what they bring in; it asks
            for a dearer tier of service or a longer cache, or lets the provider choose the model.
    """
    hard = f"the budget {budget!r} is a hard one"
    expected = f"nothing of a provider's own: {hard}, and what its tools cost cannot be told before"
    for name in _OPENING_TO_PROVIDERS:
        if asked.body.get(name):
            raise AskedWrong(name, asked.body[name], expected)
    tools = asked.body.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        kind = tool.get("type") if isinstance(tool, dict) else None
        if isinstance(kind, str) and not _OF_CALLERS.fullmatch(kind):
            raise AskedWrong("tools", tool, expected)
    for name in _OTHER_MODELS:
        if asked.body.get(name):
            raise AskedWrong(
                name, asked.body[name], f"one model, named by model: {hard}, and another one has another price"
            )
    tier = asked.body.get("service_tier")
    if tier is not None and (not isinstance(tier, str) or tier not in _TIERS):
        known = ", ".join(sorted(_TIERS))
        raise AskedWrong(
            "service_tier", tier, f"one of {known}, or none: {hard}, and what another tier costs is not known"
        )
    if (b'"ttl"' in asked.raw or _ESCAPED in asked.raw) and (kept := _kept_longer(asked.body)) is not None:
        raise AskedWrong("cache_control.ttl", kept, f"5m: {hard}, and what a longer cache costs is not known")
    for each in routes:
        if each.account.type == "openrouter" and each.model.endswith(_DEARER_NAMES):
            plain = each.model.rpartition(":")[0]
            raise AskedWrong(
                "model", each.model, f"{plain}: {hard}, and what {each.model[len(plain) :]} adds is not known"
            )


def _kept_longer(body: dict[str, Any]) -> object | None:
    """For how long a prompt is to be cached, where that is not Anthropic's usual five minutes."""
    waiting: list[Any] = [body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            control = item.get("cache_control")
            ttl = control.get("ttl") if isinstance(control, dict) else None
            if isinstance(ttl, str) and ttl != "5m":
                return ttl
            waiting += item.values()
    return None


def _leans_on_what_is_stored(asked: Asked) -> bool:
    return asked.face.name == "responses" and any(asked.body.get(name) for name in _STORED)


def _has_documents(body: Any) -> bool:
    for part in _said(body):
        if part.get("type") in _DOCUMENTS and not _is_text(part):
            return True
        if "file_id" in part and part.get("type") != "input_image":
            return True
    return False


def _is_text(part: dict[str, Any]) -> bool:
    """Whether a document is text that stands in the body."""
    source = part.get("source")
    return isinstance(source, dict) and source.get("type") == "text"


def _inline(part: dict[str, Any]) -> int:
    """How many characters of a part are an image or a document that it holds, and are no text."""
    kind, source, held = part.get("type"), part.get("source"), part.get("image_url")
    if held is not None:
        url = held.get("url") if isinstance(held, dict) else held
        return len(url) if isinstance(url, str) and url.startswith("data:image/") else 0
    if kind in ("file", "input_file"):
        file = part.get("file", part)
        held = file.get("file_data") if isinstance(file, dict) else None
    elif kind in ("image", "document") and isinstance(source, dict) and source.get("type") == "base64":
        held = source.get("data")
    return len(held) if isinstance(held, str) else 0


def _said(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return _parts(body.get("messages", body.get("input")))


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
