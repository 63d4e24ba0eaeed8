"""The ways in which a call is not answered."""

from __future__ import annotations

from guildhall.errors import GuildhallError, InvalidInput, LimitReached, Unavailable

UNSURE = ("stream_broken", "upstream_broken", "upstream_timeout", "upstream_too_long")
"""How an attempt has failed whose work the provider may have done all the same."""


class UpstreamAnswered(InvalidInput):
    """The provider refuses the call for what it is; its own answer is the caller's."""

    code = "upstream_refused"

    def __init__(self, provider: str, status: int, body: bytes, media_type: str) -> None:
        super().__init__(f"the provider {provider!r} refuses the request with status {status}", status=status)
        self.status = status
        self.body = body
        self.media_type = media_type


class UpstreamUnavailable(Unavailable):
    """No provider has answered; what each of them did is in the ledger."""

    code = "upstream_unavailable"

    def __init__(self, why: str, *, status: int = 502, attempts: int) -> None:
        super().__init__(why, remedy="Try again; the ledger has each attempt.", attempts=attempts)
        self.status = status


class UpstreamLimited(LimitReached):
    """The provider takes no more calls for now."""

    code = "upstream_rate_limited"

    def __init__(self, provider: str, retry_after_s: float) -> None:
        super().__init__(
            f"the provider {provider!r} takes no more calls for now",
            remedy="Wait, or add another provider of the model.",
            retry_after_s=retry_after_s,
        )


class AccountsUnavailable(Unavailable):
    """Every account that serves the model is left alone for now."""

    code = "providers_resting"

    def __init__(self, model: str, retry_after_s: float) -> None:
        super().__init__(
            f"every provider of {model[:200]!r} has failed lately, or has all the calls that it takes at once",
            remedy="Try again in a moment.",
            retry_after_s=retry_after_s,
        )
        self.status = 503


class StreamBroken(Unavailable):
    """The provider's stream has ended before the answer did; what came of it has been sent."""

    code = "stream_broken"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the provider's stream broke off: {why}", remedy="What came is not a whole answer: ask again."
        )


class LedgerBehind(Unavailable):
    """The database does not take calls; none is made that is not on record."""

    code = "ledger_unavailable"

    def __init__(self, why: str = "calls cannot be written down") -> None:
        super().__init__(why, remedy="See that PostgreSQL runs; nothing was sent to a provider.")


class AnswerUnrecorded(Unavailable):
    """The answer has come, and the database does not take it."""

    code = "answer_unrecorded"

    def __init__(self) -> None:
        super().__init__(
            "the answer could not be written down",
            remedy="It is kept and written when PostgreSQL is back; with an idempotency key the same request is then answered from it.",
        )


class CallUnrecordable(InvalidInput):
    """What was asked cannot be kept by PostgreSQL."""

    code = "request_unrecordable"

    def __init__(self, why: str) -> None:
        super().__init__(f"the request cannot be written down: {why[:200]}", field="body")


class CallersChanged(GuildhallError):
    """What was believed of the caller or their team is not so any more; asking anew may help."""

    code = "caller_changed"

    def __init__(self) -> None:
        super().__init__("what the caller may do has changed")
