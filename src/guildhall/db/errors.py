"""
Driver errors turned into our families.

The server's message and detail carry values of rows, perhaps another team's,
so neither is passed on: what remains is the kind, the constraint and the
table. What nobody expects stays as it is, so that it is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from guildhall.errors import Conflict, GuildhallError, InvalidInput, NotAllowed, Unavailable


class DatabaseUnavailable(Unavailable):
    """PostgreSQL does not answer, or the connection broke."""

    code = "database_unavailable"


class DatabaseAway(DatabaseUnavailable):
    """Nobody answers for now: the server is down, starting or full, which passes; a login that is refused does not."""


class DiskFull(Unavailable):
    """The server has no room left."""

    code = "database_disk_full"


class ConstraintViolated(Conflict):
    """
    A rule of the schema refused a row.

    `constraint` names the rule; `kind` is unique, foreign key, check, not null, exclusion or restrict.
    """

    code = "constraint_violated"

    def __init__(self, kind: str, constraint: str | None, table: str | None, column: str | None = None) -> None:
        self.kind = kind
        self.constraint = constraint
        rule = constraint or (f"{table}.{column}" if column else table)
        super().__init__(f"the {kind} rule {rule} does not allow this row", constraint=constraint, table=table)


class ValueRefused(InvalidInput):
    """A value does not fit its column's type."""

    code = "value_refused"


class StatementRefused(NotAllowed):
    """The role may not do this."""

    code = "statement_refused"


class ProofRefused(NotAllowed):
    """The key or session by which somebody was let in is not good any more."""

    code = "proof_refused"


class StandingChanged(Unavailable):
    """What somebody may do has changed since they were let in; whoever tries again is let in anew."""

    code = "standing_changed"


class TooBusy(Unavailable):
    """Another transaction was in the way; trying again is likely to work."""

    code = "database_busy"


_KINDS: dict[type[asyncpg.IntegrityConstraintViolationError], str] = {
    asyncpg.UniqueViolationError: "unique",
    asyncpg.ForeignKeyViolationError: "foreign key",
    asyncpg.CheckViolationError: "check",
    asyncpg.NotNullViolationError: "not null",
    asyncpg.ExclusionViolationError: "exclusion",
    asyncpg.RestrictViolationError: "restrict",
}

DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Whatever the driver raises when a statement or a connection fails."""

_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    ConnectionError,
    TimeoutError,
    OSError,
)


def translate(error: BaseException) -> GuildhallError | None:
    """Our error for one of the driver's; None for what nobody expects."""
    match error:
        case asyncpg.IntegrityConstraintViolationError():
            kind = _KINDS.get(type(error), "integrity")
            # asyncpg sets these from the server's message, and only where it gave them
            return ConstraintViolated(
                kind,
                getattr(error, "constraint_name", None),
                getattr(error, "table_name", None),
                getattr(error, "column_name", None),
            )
        case asyncpg.DiskFullError():
            return DiskFull("the database server's disk is full", remedy="Free some space; what was spooled is kept.")
        case asyncpg.InsufficientPrivilegeError():
            return StatementRefused(
                "the database role may not do this", remedy="Check the grants with `guildhall db status`."
            )
        case asyncpg.QueryCanceledError():
            return TooBusy("the statement took too long and was cancelled", remedy="Try again.")
        case asyncpg.ReadOnlySQLTransactionError():
            return DatabaseUnavailable(
                "the server takes no writes: it is a standby", remedy="Point GUILDHALL_DATABASE_URL at the primary."
            )
        case asyncpg.DeadlockDetectedError() | asyncpg.SerializationError() | asyncpg.LockNotAvailableError():
            return TooBusy("another transaction was in the way", remedy="Try again.")
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return DatabaseUnavailable("PostgreSQL refused the login", remedy="Check GUILDHALL_DATABASE_URL.")
        case asyncpg.InvalidCatalogNameError():
            return DatabaseUnavailable("PostgreSQL has no such database", remedy="Check GUILDHALL_DATABASE_URL.")
        case asyncpg.DataError() | asyncpg.ProgramLimitExceededError():
            return ValueRefused("a value does not fit its column", kind=type(error).__name__)
        case asyncpg.PostgresError(sqlstate="GH001"):  # of ours: see `platform.insist`
            return ProofRefused("the key or session is not good any more")
        case asyncpg.PostgresError(sqlstate="GH002"):
            return StandingChanged("what the caller may do has just changed", remedy="Try again.")
        case asyncpg.ProtocolViolationError() if "startup parameter" in str(error):
            return DatabaseUnavailable(
                f"a connection pooler stands before PostgreSQL and refuses what a connection begins with: {error}",
                remedy="Unset GUILDHALL_POOLER, or set it to transaction.",
                field="GUILDHALL_POOLER",
            )
        case asyncpg.InterfaceError() if _is_about_the_connection(error):
            return DatabaseUnavailable(
                "the connection to PostgreSQL is gone", remedy="Check that the server runs, then try again."
            )
        case asyncpg.InternalClientError() if "cannot switch to state" in str(error):
            # The server's farewell came between two of our messages, and the driver has lost its place.
            return DatabaseUnavailable(
                "the connection to PostgreSQL is gone", remedy="Check that the server runs, then try again."
            )
        case _ if isinstance(error, _GONE):
            return DatabaseAway("PostgreSQL does not answer", remedy="Check that the server runs, then try again.")
    return None


def _is_about_the_connection(error: asyncpg.InterfaceError) -> bool:
    text = str(error)
    return ("connection" in text and ("clos" in text or "released back" in text)) or "pool is clos" in text


@contextmanager
def translated() -> Iterator[None]:
    """Turn a driver's error that leaves the block into ours, keeping the cause."""
    try:
        yield
    except GuildhallError:
        raise
    except DRIVER_ERRORS as error:
        ours = translate(error)
        if ours is None:
            raise
        raise ours from error
