"""
What a request that got no completion means: who is to blame, and whether asking again may help.

    401 402 403 404 405, a redirect, no quota    infrastructure, and asking again is no use: wrong key, address or model
    400 413 422 and every other 4xx              the agent: its request is wrong, or too long
    a content filter                             the agent
    408 409 425 429, 5xx, no connection          infrastructure, worth another try
    no answer in time, half of one, garbage      infrastructure, worth another try
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from guildhall.adapters.exchange import Answer, NoAnswer
from guildhall.algorithms.redaction import redact
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed

_LONGEST_WORDS = 500
_DENIED = {401, 402, 403, 404, 405}
_SPENT = {"insufficient_quota", "budget_exhausted", "price_unknown"}
"""What trying again does not mend: OpenAI's word, and those of the gateway."""

_PASSING = {408, 409, 425, 429}


class Refusal(Exception):
    """
    One request that got no completion.

    `again` says whether another may; `wait_s` is how long the provider asked
    to wait before it, `parameter` the one it does not take, if it named one.
    """

    def __init__(
        self,
        message: str,
        *,
        failure_type: str,
        fault: Fault = Fault.INFRASTRUCTURE,
        category: FailureCategory = FailureCategory.SYSTEM_ERROR,
        again: bool = False,
        wait_s: float = 0.0,
        parameter: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.failure_type = failure_type
        self.fault = fault
        self.category = category
        self.again = again
        self.wait_s = wait_s
        self.parameter = parameter

    def as_failure(self, model: str, attempts: int, secrets: Iterable[str]) -> TrialFailed:
        """The end of the trial that this is when nothing more is tried; it holds no secret."""
        tries = f" ({attempts} tries)" if attempts > 1 else ""
        return TrialFailed(
            redact(f"model {model!r}: {self.message}{tries}", secrets),
            fault=self.fault,
            category=self.category,
            failure_type=self.failure_type,
            status="timeout" if self.category is FailureCategory.TIMEOUT else "error",
            retryable=self.again,
        )


def of_silence(silence: NoAnswer) -> Refusal:
    """What it means that there was no answer, or half of one."""
    if silence.timed_out:
        return Refusal(str(silence), failure_type="model_timeout", category=FailureCategory.TIMEOUT, again=True)
    if silence.too_long:
        return garbage(str(silence))
    return Refusal(str(silence), failure_type="model_unreachable", again=True)


def garbage(what: str) -> Refusal:
    """An answer that is no completion."""
    return Refusal(f"the endpoint answered garbage: {what}", failure_type="model_garbage", again=True)


def of_answer(answer: Answer, now: datetime) -> Refusal:
    """What an answer with a status other than 200 means."""
    error = _error(answer.body)
    wait_s = wait_asked_for(answer.headers, now)
    words = _words(error, answer.body)
    return of_error(answer.status, error, words, wait_s)


def of_error(status: int, error: Mapping[str, Any], words: str, wait_s: float = 0.0) -> Refusal:
    """What a status and an OpenAI-style error object mean; some endpoints send the object with status 200."""
    said = f"{status}: {words}" if words else str(status)
    code = str(error.get("code") or error.get("type") or "")
    if "content_filter" in code or "content_policy" in code:
        return Refusal(
            f"the provider's content filter refused it, {said}",
            failure_type="content_filter",
            fault=Fault.AGENT,
            category=FailureCategory.MODEL_ERROR,
        )
    if 300 <= status < 400:
        return Refusal(f"the endpoint redirects, {said}; name its new address", failure_type="model_endpoint_moved")
    if status in _DENIED or code in _SPENT:
        return Refusal(f"the endpoint denies it, {said}", failure_type="model_access_denied")
    if status in _PASSING or status >= 500:
        kind = "model_rate_limited" if status == 429 else "model_unavailable"
        return Refusal(f"the endpoint answered {said}", failure_type=kind, again=True, wait_s=wait_s)
    too_long = "context_length" in code or "maximum context length" in words or status == 413
    parameter = _parameter(error, words)
    advice = "; set `send_temperature: false` for models that take none" if parameter == "temperature" else ""
    return Refusal(
        f"the endpoint refused the request, {said}{advice}",
        failure_type="context_length" if too_long else "model_refused_request",
        fault=Fault.AGENT,
        category=FailureCategory.MODEL_ERROR,
        parameter=parameter,
    )


def wait_asked_for(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds asked for by `Retry-After` (RFC 9110: a number or a date) or OpenAI's `retry-after-ms`; 0 without one."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if text.replace(".", "", 1).isdecimal() and text.isascii():
            return float(text) * unit_s
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return 0.0
    return max(0.0, (until - now).total_seconds()) if until.tzinfo else 0.0


def _error(body: bytes) -> Mapping[str, Any]:
    """The error object of a body: `{"error": {…}}`, `[{"error": {…}}]` (Google), or the body itself."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return {}
    inner = found.get("error", found)
    if isinstance(inner, dict):
        return inner
    return {"message": inner} if isinstance(inner, str) else found


def _words(error: Mapping[str, Any], body: bytes) -> str:
    for key in ("message", "detail", "error"):
        if isinstance(error.get(key), str) and error[key]:
            return _short(error[key])
    return _short(body[: 4 * _LONGEST_WORDS].decode("utf-8", "replace"))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_WORDS else text[: _LONGEST_WORDS - 1] + "…"


def _parameter(error: Mapping[str, Any], words: str) -> str | None:
    named = error.get("param")
    for name in ("temperature", "response_format"):
        if (isinstance(named, str) and named.startswith(name)) or (not named and name in words):
            return name
    return None
