"""The ways in which a call, or the answer to one, cannot be had."""

from __future__ import annotations

from uuid import UUID

from guildhall.errors import Conflict, InvalidInput, NotFound


class CallNotFound(NotFound):
    """There is no such call in the ledger."""

    code = "request_not_found"

    def __init__(self, reference: UUID | str) -> None:
        super().__init__(f"there is no request {str(reference)[:100]!r}", field="request", value=str(reference)[:100])


class CallUnderWay(Conflict):
    """A call with this idempotency key is being made."""

    code = "request_under_way"
    _MOMENT_S = 1.0
    """Nobody knows when the call will end; to look again costs little."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"the request with the idempotency key {key!r} is under way",
            remedy="Send it again in a moment: it is answered from what the first one brought.",
            retry_after_s=self._MOMENT_S,
            field="Idempotency-Key",
            value=key,
        )


class AnswerNotKept(Conflict):
    """A call with this idempotency key was answered, and what it was answered is not kept."""

    code = "answer_not_kept"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"the request with the idempotency key {key!r} was answered before, and its answer is not kept",
            remedy="Make it anew under another key, if it is to be made twice; accounts with `record: metadata` keep no answers.",
            field="Idempotency-Key",
            value=key,
        )


class CallKeyReused(InvalidInput):
    """An idempotency key was used before, for another call."""

    code = "idempotency_key_reused"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"the idempotency key {key!r} was used for another request",
            remedy="Make a new key for each request; send an old one only with the request that it was made for.",
            field="Idempotency-Key",
            value=key,
        )
