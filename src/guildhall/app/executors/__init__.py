"""
Where trials are run: here, on a Ray cluster, or at Modal.

The runner claims, pays and records whatever the place; an `Executor` gives it
what conducts single trials there, so rows and reports are the same.
"""

from guildhall.app.executors.choice import Place, check_place, executor_for
from guildhall.app.executors.local import LocalExecutor
from guildhall.app.executors.material import Material, load_material
from guildhall.app.executors.ports import (
    Conductor,
    Executor,
    ExecutorMissing,
    ExecutorUnavailable,
    MaterialRefused,
    Notes,
    TrialLost,
)

__all__ = [
    "Conductor",
    "Executor",
    "ExecutorMissing",
    "ExecutorUnavailable",
    "LocalExecutor",
    "Material",
    "MaterialRefused",
    "Notes",
    "Place",
    "TrialLost",
    "check_place",
    "executor_for",
    "load_material",
]
