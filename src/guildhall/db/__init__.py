"""
Everything that knows the driver.

`Database` hands out transactions (`Tx`), each with its role, user and team set
from the first message on; `queries` loads a room's statements by name;
`migrate` brings a database to the schema this code expects; `embedded` runs a
server of our own. Nothing above this package sees a connection string, a
driver's type or a driver's error.
"""

from guildhall.db.errors import (
    ConstraintViolated,
    DatabaseAway,
    DatabaseUnavailable,
    DiskFull,
    ProofRefused,
    StandingChanged,
)
from guildhall.db.jsonb import Json
from guildhall.db.pool import NOBODY, Database
from guildhall.db.queries import Queries, Query, load_queries
from guildhall.db.tx import SLOW_MS, Actor, MachineRole, Origin, Proof, Row, Tx

__all__ = [
    "NOBODY",
    "SLOW_MS",
    "Actor",
    "ConstraintViolated",
    "Database",
    "DatabaseAway",
    "DatabaseUnavailable",
    "DiskFull",
    "Json",
    "MachineRole",
    "Origin",
    "Proof",
    "ProofRefused",
    "Queries",
    "Query",
    "Row",
    "StandingChanged",
    "Tx",
    "load_queries",
]
