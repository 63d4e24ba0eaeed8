"""
Letting people and programs in: whose a token is, and transactions for them.

Whoever was let in is remembered for a minute, so that a busy key is not
authenticated with each request. Nobody gains by that: each transaction insists
in its first message that the key or session is still good and allows what it
did, whichever process has revoked it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from guildhall import clock
from guildhall.db import NOBODY, Actor, Database, MachineRole, Origin, Proof, ProofRefused, StandingChanged, Tx
from guildhall.domains.platform import identity
from guildhall.domains.platform.identity import Caller, Holder, KeyRefused, NotSignedIn

_REMEMBERED_S = 60
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Memory:
    caller: Caller
    until_ms: float


class Doorkeeper:
    """
    Knows whose a session's token or an API key is, and remembers it for `remembered_s` seconds.

    Tokens themselves are not remembered, only their digests. That a key was
    used and a session goes on is noted when the memory has run out, so at most
    once a minute for each process.
    """

    def __init__(self, database: Database, *, remembered_s: float = _REMEMBERED_S) -> None:
        self._database = database
        self._remembered_ms = remembered_s * 1000
        self._memories: OrderedDict[bytes, _Memory] = OrderedDict()
        self._digests: dict[Proof, bytes] = {}

    async def admit(self, token: str, *, afresh: bool = False) -> Caller:
        """
        Whoever the token belongs to; `afresh` forgets what was known of them.

        What is remembered may be up to a minute old, which the caller's
        transactions find out. Before somebody is refused because of it, ask afresh.

        Raises:
            KeyRefused, NotSignedIn: It is not known, has ended, or its person or team is archived.
            DatabaseUnavailable: Nobody answers.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._memories.get(digest)
        if known is not None and not afresh and clock.monotonic_ms() < known.until_ms and _goes_on(known.caller):
            self._memories.move_to_end(digest)
            return known.caller
        self._forget(digest)
        async with self._database.transaction(NOBODY) as tx:
            if token.startswith("gh_"):
                caller = await identity.authenticate_key(tx, token)
            else:
                caller = await identity.authenticate_session(tx, token)
        self._remember(digest, caller)
        return caller

    async def recognize(self, token: str) -> Holder | None:
        """
        Whose key a token is, though it was refused; None where it is nobody's.

        Raises:
            DatabaseUnavailable: Nobody answers.
        """
        async with self._database.transaction(NOBODY) as tx:
            return await identity.recognize_key(tx, token)

    @asynccontextmanager
    async def transaction(self, caller: Caller, actor: Actor, origin: Origin | None = None) -> AsyncIterator[Tx]:
        """
        A transaction for somebody who was let in, as the caller's `actor` or `person`.

        Raises:
            KeyRefused, NotSignedIn: The key or session has ended since, or its person, team or membership has.
            StandingChanged: They may do more or less than when they were let in; trying again lets them in anew.
            DatabaseUnavailable: No connection could be had, or it broke.
        """
        async with self._insisting(caller, self._database.transaction(actor, origin, caller.proof)) as tx:
            yield tx

    @asynccontextmanager
    async def duty(self, caller: Caller, role: MachineRole, origin: Origin | None = None) -> AsyncIterator[Tx]:
        """
        A transaction in which somebody who was let in does the machine's work, for their own team.

        Raises:
            KeyRefused, NotSignedIn, StandingChanged, DatabaseUnavailable: As `transaction`.
        """
        async with self._insisting(caller, self._database.duty(role, caller.actor, origin, caller.proof)) as tx:
            yield tx

    @asynccontextmanager
    async def _insisting(self, caller: Caller, transaction: AbstractAsyncContextManager[Tx]) -> AsyncIterator[Tx]:
        proof = caller.proof
        try:
            async with transaction as tx:
                yield tx
        except ProofRefused as error:
            self._forget_proof(proof)
            raise (KeyRefused() if caller.key_id is not None else NotSignedIn()) from error
        except StandingChanged:
            self._forget_proof(proof)
            raise

    def _remember(self, digest: bytes, caller: Caller) -> None:
        if caller.proof is None:
            return
        self._forget(digest)  # somebody may have been let in twice at once
        self._memories[digest] = _Memory(caller, clock.monotonic_ms() + self._remembered_ms)
        self._digests[caller.proof] = digest
        while len(self._memories) > _MOST_REMEMBERED:
            self._forget(next(iter(self._memories)))

    def _forget_proof(self, proof: Proof | None) -> None:
        digest = self._digests.get(proof) if proof is not None else None
        if digest is not None:
            self._forget(digest)

    def _forget(self, digest: bytes) -> None:
        memory = self._memories.pop(digest, None)
        if memory is not None and memory.caller.proof is not None:
            self._digests.pop(memory.caller.proof, None)


def _goes_on(caller: Caller) -> bool:
    return caller.expires_at is None or clock.now() < caller.expires_at
