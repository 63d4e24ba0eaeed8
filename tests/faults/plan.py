"""Which faults are injected, in which order: the same for the same seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can happen."""

    KILLED = "worker killed (SIGKILL)"
    FROZEN = "worker frozen past its lease (SIGSTOP, SIGCONT)"
    CUT_BETWEEN = "connection cut between the statements of a transaction"
    CUT_AFTER_COMMIT = "connection cut after a commit, before its answer"
    TERMINATED = "connection ended by the server (pg_terminate_backend)"
    RESTARTED = "PostgreSQL stopped and started"
    CRASHED = "PostgreSQL crashed and started (SIGQUIT)"


_SHARES = {
    Fault.KILLED: 0.28,
    Fault.FROZEN: 0.20,
    Fault.CUT_BETWEEN: 0.20,
    Fault.CUT_AFTER_COMMIT: 0.17,
    Fault.TERMINATED: 0.10,
    Fault.RESTARTED: 0.025,
    Fault.CRASHED: 0.025,
}
_OF_WORKERS = (Fault.KILLED, Fault.FROZEN)
_OF_THE_SERVER = (Fault.RESTARTED, Fault.CRASHED)


@dataclass(frozen=True)
class Plan:
    """
    What befalls each worker, the connections, and the server.

    A fault comes with the moment at which it is due, as a share of all the
    others: so the server goes away between them, and not at the end.
    """

    workers: Sequence[Sequence[Fault]]
    connections: Sequence[Fault]
    server: Sequence[Fault]

    @property
    def counts(self) -> Counter[Fault]:
        """How many there are of each."""
        return Counter([*(fault for each in self.workers for fault in each), *self.connections, *self.server])


def plan(count: int, seed: int, workers: int) -> Plan:
    """So many faults, at least one of each kind, dealt out to workers, connections and the server."""
    counts = {fault: max(1, int(count * share)) for fault, share in _SHARES.items()}
    counts[Fault.CUT_AFTER_COMMIT] += count - sum(counts.values())
    chance = random.Random(seed)

    def shuffled(kinds: Sequence[Fault]) -> list[Fault]:
        found = [fault for fault in kinds for _ in range(counts[fault])]
        chance.shuffle(found)
        return found

    of_workers = shuffled(_OF_WORKERS)
    of_connections = shuffled([each for each in Fault if each not in (*_OF_WORKERS, *_OF_THE_SERVER)])
    return Plan([of_workers[n::workers] for n in range(workers)], of_connections, shuffled(_OF_THE_SERVER))
