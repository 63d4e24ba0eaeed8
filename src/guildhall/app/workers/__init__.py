"""
Working on jobs: handlers, workers, wake-ups, and enqueuing from many places at once.

`job` registers a function, `Worker` runs what is registered, `Enqueuer` adds
jobs and wakes workers. See docs/jobs.md.
"""

from guildhall.app.workers.enqueuer import Enqueuer
from guildhall.app.workers.handlers import HANDLERS, Context, GiveUp, HandlerNotUsable, Registry, TryLater, job
from guildhall.app.workers.wakeups import Bell
from guildhall.app.workers.worker import Worker, sweep

__all__ = [
    "HANDLERS",
    "Bell",
    "Context",
    "Enqueuer",
    "GiveUp",
    "HandlerNotUsable",
    "Registry",
    "TryLater",
    "Worker",
    "job",
    "sweep",
]
