"""The ways in which auditing fails. What a verification finds is no error: it is its result."""

from __future__ import annotations

from guildhall.errors import Conflict, NotFound


class LedgerNotFound(NotFound):
    """There is no such ledger."""

    code = "ledger_not_found"

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"there is no ledger {name!r}",
            remedy=f"There are {', '.join(known)}." if known else "Run `guildhall db migrate`.",
            field="ledger",
            value=name,
        )


class ChainOfAnotherKey(Conflict):
    """The chain was signed with a key that is not in our file: continuing it would hide that the key is lost."""

    code = "seal_key_differs"

    def __init__(self, ledger: str, chain: str, ours: str) -> None:
        super().__init__(
            f"the seals of {ledger} are signed with key {chain}, GUILDHALL_SEAL_KEY signs with {ours}",
            remedy="Put the former key, or its public half, behind the new one in the file of GUILDHALL_SEAL_KEY.",
            ledger=ledger,
            chain_key=chain,
            key=ours,
        )


class ChainShortened(Conflict):
    """Seals are gone that were there when the heads were last kept: continuing the chain would hide it."""

    code = "chain_shortened"

    def __init__(self, ledger: str, number: int) -> None:
        super().__init__(
            f"the chain of {ledger} no longer holds its seal {number}",
            remedy="Find out why with `guildhall audit verify`; after a restore, go on with `guildhall audit seal --after-restore`.",
            ledger=ledger,
            number=number,
        )


class TransactionsWentBack(Conflict):
    """The server counts transactions from below what has been sealed, as after pg_resetwal."""

    code = "transactions_went_back"

    def __init__(self, ledger: str, sealed: int, following: int) -> None:
        super().__init__(
            f"{ledger} is sealed up to transaction {sealed}, the server's next one is {following}",
            remedy="Begin a new epoch: REFRESH MATERIALIZED VIEW platform.epoch, then reconnect every client.",
            ledger=ledger,
            sealed=sealed,
            next=following,
        )
