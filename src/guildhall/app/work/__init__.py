"""
Working on jobs: handlers, workers, wake-ups, and enqueuing from many places at once.

`job` registers a function, `Worker` runs what is registered, `Enqueuer` adds
jobs and wakes workers. See docs/jobs.md.
"""

from guildhall.app.work.enqueuer import Enqueuer
from guildhall.app.work.handlers import HANDLERS, Context, GiveUp, HandlerNotUsable, Registry, TryLater, job
from guildhall.app.work.wakeups import Bell
from guildhall.app.work.worker import Worker, sweep

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
