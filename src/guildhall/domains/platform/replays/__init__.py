"""Answers kept under idempotency keys, so that a request that is sent twice is done once."""

from guildhall.domains.platform.replays.errors import AnswerNotKept, KeyReused
from guildhall.domains.platform.replays.service import claim, keep, tidy
from guildhall.domains.platform.replays.types import Answer

__all__ = ["Answer", "AnswerNotKept", "KeyReused", "claim", "keep", "tidy"]
