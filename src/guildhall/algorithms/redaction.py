"""
Taking secrets out of text before it is kept.

Two nets: the secrets that are known, wherever they stand, and the shapes that
keys of well-known services have. Text between them is left exactly as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REDACTED = "[redacted]"

_SHORTEST = 6
"""A shorter "secret" (a user named `bob`, a flag `1`) would blacken innocent text."""

# Each pattern keeps group 1, the part that says what kind of secret stood there.
_SHAPES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(sk-|rk-|pk-)[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic, Stripe and their many imitators
        r"\b(sk_live_|sk_test_|rk_live_|rk_test_)[A-Za-z0-9]{16,}",
        r"\b(gh_)[A-Za-z0-9]{4,64}_[A-Za-z0-9_-]{16,}",  # our own
        r"\b(gs_|gi_)[A-Za-z0-9_-]{43}",
        r"\b(gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hf_|gsk_|xai-|npm_|pypi-)[A-Za-z0-9_-]{16,}",
        r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",  # AWS access key ids
        r"(?i)(\baws_?secret_?access_?key\W{1,4})[A-Za-z0-9/+=]{40}",
        r"\b(AIza)[A-Za-z0-9_-]{35}",  # Google
        r"\b(eyJ)[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",  # JSON web tokens
        r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{12,}",
        r"(?i)\b((?:x-)?api[-_]?key[\"']?\s*[:=]\s*[\"']?)[A-Za-z0-9._~+/=-]{12,}",
        r"([a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,200}:)[^\s/@]{1,200}(?=@)",  # user:password@ in an address
    )
)
_PRIVATE_KEY = re.compile(
    r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """
    Put `[redacted]` in the place of every known secret and of what looks like one.

    Secrets shorter than six characters are passed over. Of two secrets that
    contain one another the longer is taken out whole. Redacting twice changes
    nothing more.

    >>> redact("calling with Bearer abcdefghijklmnop and hunter2hunter2", ["hunter2hunter2"])
    'calling with Bearer [redacted] and [redacted]'
    """
    known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
    if known:
        text = re.sub("|".join(map(re.escape, known)), REDACTED, text)
    for shape in _SHAPES:
        text = shape.sub(rf"\g<1>{REDACTED}", text)
    return _PRIVATE_KEY.sub(rf"\g<1>{REDACTED}", text)
