"""What is sent to a provider beside the body."""

from __future__ import annotations

from collections.abc import Mapping

from guildhall.domains.gateway.providers import Account, Wire

PASSED_ON = frozenset({"anthropic-version", "anthropic-beta", "openai-beta"})
"""Headers of callers that providers are sent as well; no other is."""

_VERSION = "2023-06-01"


def headers_for(account: Account, key: str | None, passed: Mapping[str, str]) -> dict[str, str]:
    """The headers for a request at an account, with its key."""
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "guildhall"}
    if account.wire is Wire.ANTHROPIC:
        headers["anthropic-version"] = _VERSION
        if key is not None:
            headers["x-api-key"] = key
    elif key is not None:
        headers["Authorization"] = f"Bearer {key}"
    for name, value in passed.items():
        if name in PASSED_ON and (account.wire is Wire.ANTHROPIC) == name.startswith("anthropic"):
            headers[name] = value
    return headers
