"""The ways in which a replay is refused."""

from __future__ import annotations

from guildhall.errors import Conflict, InvalidInput


class KeyReused(InvalidInput):
    """An idempotency key was used before, for another request."""

    code = "idempotency_key_reused"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"the idempotency key {key!r} was used for another request",
            remedy="Make a new key for each request; send an old one only with the request that it was made for.",
            field="Idempotency-Key",
            value=key,
        )


class AnswerNotKept(Conflict):
    """What was asked for is done; its answer held a secret, which is shown once."""

    code = "answer_not_kept"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"the request with the idempotency key {key!r} has been done, and its answer held a secret that is shown once",
            remedy="If that answer never arrived, revoke what was made and make another.",
            field="Idempotency-Key",
            value=key,
        )
