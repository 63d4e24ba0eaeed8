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

# Each pattern keeps group 1, the part that says what kind of secret stood there. Before it are words, in small letters,
# one of which is in whatever it matches.
_SHAPES = tuple(
    (words, re.compile(pattern, re.DOTALL))
    for words, pattern in (
        ("sk-|rk-|pk-", r"\b(sk-|rk-|pk-)[A-Za-z0-9_-]{16,}"),  # OpenAI, Anthropic, Stripe and their many imitators
        ("sk_|rk_", r"\b(sk_live_|sk_test_|rk_live_|rk_test_)[A-Za-z0-9]{16,}"),
        ("gh_", r"\b(gh_)[A-Za-z0-9]{4,64}_[A-Za-z0-9_-]{16,}"),  # our own
        ("gs_|gi_", r"\b(gs_|gi_)[A-Za-z0-9_-]{43}"),
        (
            "ghp_|gho_|ghu_|ghs_|ghr_|github_|glpat-|xox|hf_|gsk_|xai-|npm_|pypi-",
            r"\b(gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hf_|gsk_|xai-|npm_|pypi-)[A-Za-z0-9_-]{16,}",
        ),
        ("akia|asia", r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),  # AWS access key ids
        ("aws", r"(?i)(\baws_?secret_?access_?key\W{1,4})[A-Za-z0-9/+=]{40}"),
        ("aiza", r"\b(AIza)[A-Za-z0-9_-]{35}"),  # Google
        ("eyj", r"\b(eyJ)[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),  # JSON web tokens
        ("bearer|basic", r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{12,}"),
        ("api", r"(?i)\b((?:x-)?api[-_]?key[\"']?\s*[:=]\s*[\"']?)[A-Za-z0-9._~+/=-]{12,}"),
        ("://", r"([a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,200}:)[^\s/@]{1,200}(?=@)"),  # user:password@ in an address
        (
            "private key",
            r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
        ),
    )
)
_WORDS = re.compile("|".join(words for words, _ in _SHAPES))
"""Looked for first, because most text has none of them, and looking for each shape takes thirty times as long."""


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
    if not text.isascii() or _WORDS.search(text.lower()):  # (?i) knows letters that lower() does not
        for _, shape in _SHAPES:
            text = shape.sub(rf"\g<1>{REDACTED}", text)
    return text
