"""
The server: processes that answer behind one port, and the one that looks after them.

`guildhall serve` runs a `Supervisor`, which holds the port and the embedded
database and serves nobody. Each worker is a program of its own
(`guildhall.server.worker`) that inherits the port: one that dies loses no
connection but its own, and one that is started later runs the code and the
settings of that moment.
"""

from guildhall.server.errors import AddressInUse, AddressUnusable, CertificateUnusable, WorkerFailed
from guildhall.server.supervisor import Interrupted, Supervisor, counting_together, keep_alive, notify

__all__ = [
    "AddressInUse",
    "AddressUnusable",
    "CertificateUnusable",
    "Interrupted",
    "Supervisor",
    "WorkerFailed",
    "counting_together",
    "keep_alive",
    "notify",
]
