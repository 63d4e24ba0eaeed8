"""
What sandboxes import to record what happens in them.

    from guildhall.client import ArcEvalDBClient

    async with ArcEvalDBClient() as client:
        execution_id = await client.record_execution_start({"scenario_id": …, "config_id": …})
        await client.record_execution_outcome({"execution_id": execution_id, "status": "success", …})

`guildhall.client.sync` has the same classes for programs without an event loop.
"""

from guildhall.app.telling.errors import FieldMissing, FieldRefused
from guildhall.client.batches import BatchExecutionRecorder
from guildhall.client.client import ArcEvalDBClient
from guildhall.client.configurations import ConfigurationManager
from guildhall.client.errors import AnalysisUnfinished
from guildhall.client.events import ExecutionEventHandler
from guildhall.client.health import DatabaseHealthChecker
from guildhall.client.loop import LearningLoop

__all__ = [
    "AnalysisUnfinished",
    "ArcEvalDBClient",
    "BatchExecutionRecorder",
    "ConfigurationManager",
    "DatabaseHealthChecker",
    "ExecutionEventHandler",
    "FieldMissing",
    "FieldRefused",
    "LearningLoop",
]
