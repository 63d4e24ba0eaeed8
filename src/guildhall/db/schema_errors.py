"""Why a database cannot be brought to the schema that this code expects, and what helps."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from guildhall.db.holders import Holder
from guildhall.errors import Conflict, Unavailable


class SchemaNewer(Conflict):
    """The database was migrated by a newer Guildhall, and what is asked for is not for an older one."""

    code = "schema_newer"

    def __init__(self, database: int, code: int, *, needs: int | None = None) -> None:
        wants = "" if needs is None else f" and takes programs that know version {needs}"
        super().__init__(
            f"the database is at schema version {database}{wants}, this Guildhall knows versions up to {code}",
            remedy="Upgrade Guildhall, or roll the database back with the newer one.",
            database_version=database,
            known_version=code,
        )


class SchemaChanged(Conflict):
    """A migration that was applied differs from the file of its number."""

    code = "schema_changed"

    def __init__(self, number: int, applied: str, file: str) -> None:
        super().__init__(
            f"migration {number:04d} was applied as {applied!r} and its file now is {file!r} with other content",
            remedy="Restore the file; a schema changes by new migrations only.",
            migration=number,
        )


class SchemaBehind(Unavailable):
    """The database lacks migrations."""

    code = "schema_behind"

    def __init__(self, pending: int, begun: Sequence[str] = ()) -> None:
        half = f", of which {', '.join(begun)} was begun and cut off" if begun else ""
        super().__init__(
            f"the database lacks {pending} migration{'s' if pending > 1 else ''}{half}",
            remedy=f"Run `guildhall db migrate`{': it goes on behind the last finished step' if begun else ''}.",
            pending=pending,
            begun=list(begun),
        )


class EngineFixed(Conflict):
    """Another engine was asked for than the one that the database was initialised with."""

    code = "engine_fixed"

    def __init__(self, engine: str, wanted: str) -> None:
        super().__init__(
            f"the series of this database are kept by {engine}, not by {wanted}",
            remedy="An engine is chosen once: export what is here, and import it into a new database of the other.",
            engine=engine,
            wanted=wanted,
        )


class EngineUnavailable(Unavailable):
    """The server cannot do what the engine needs."""

    code = "engine_unavailable"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the engine timescale needs TimescaleDB, and {why}",
            remedy="Install it and name timescaledb in shared_preload_libraries, or choose the engine native.",
            engine="timescale",
        )


class SchemaInUse(Unavailable):
    """Others held locks that a migration needs for longer than it is worth waiting."""

    code = "schema_in_use"

    def __init__(self, number: int, label: str, holders: Sequence[Holder]) -> None:
        who = f": {'; '.join(map(str, holders))}" if holders else ""
        ending = " or ".join(f"SELECT pg_terminate_backend({each.pid})" for each in holders)
        super().__init__(
            f"migration {label} could not get its locks, others hold them{who}",
            remedy=(
                f"Let them finish, or end them with {ending}"
                if ending
                else "Look for long transactions in pg_stat_activity"
            )
            + "; then run it again: it goes on where it stopped.",
            migration=number,
            holders=[each.as_json() for each in holders],
        )


class MigrationFailed(Conflict):
    """The server refused a statement of a migration."""

    code = "migration_failed"

    def __init__(self, number: int, label: str, error: asyncpg.PostgresError, *, forward: bool, whole: bool) -> None:
        kept = "of itself nothing is left" if whole else "of itself what its finished steps did is kept"
        # The detail is left out: it may hold values of rows.
        super().__init__(
            f"{'migration' if forward else 'the way back from'} {label} failed: {error.message}",
            remedy=f"What came before it is done, and {kept}. Mend what the message names, "
            f"then run `guildhall db {'migrate' if forward else 'rollback'}` again: it goes on from there.",
            migration=number,
            sqlstate=error.sqlstate,
        )


class SchemaForeign(Conflict):
    """The database holds schemas of ours that no migration of ours has made."""

    code = "schema_foreign"

    def __init__(self, schemas: Sequence[str]) -> None:
        super().__init__(
            f"the database has schemas that Guildhall did not make: {', '.join(schemas)}",
            remedy="Give Guildhall a database of its own.",
            schemas=list(schemas),
        )
