"""The synchronous twin: the same client, for programs without an event loop."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from guildhall import client as twins
from guildhall.client import FieldMissing, sync
from guildhall.domains.evaluation.configurations import ConfigVersion
from guildhall.settings import Settings

SCRIPT = Path(__file__).parents[2] / "scripts" / "generate_sync"


def test_the_committed_file_is_what_the_generator_makes() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sync.__all__)
def test_every_public_method_has_its_twin_with_the_same_signature(name: str) -> None:
    ours, theirs = getattr(sync, name), getattr(twins, name)
    for method, function in inspect.getmembers(theirs, inspect.isfunction):
        if not method.startswith("_") and method not in ("evidence", "prepared", "watch"):
            assert inspect.signature(getattr(ours, method)) == inspect.signature(function), method


def test_a_program_without_an_event_loop_records_a_simulation(settings: Settings, version: ConfigVersion) -> None:
    before = set(threading.enumerate())
    with sync.ArcEvalDBClient(settings=settings) as client:
        simulation_id = client.record_execution_start(
            {"config_version_id": version.label, "scenario_set": ["scenario1"], "trials": 3}
        )
        outcome = {"simulation_id": simulation_id, "scenario_id": "scenario1", "status": "success"}
        outcome_id = client.record_execution_outcome(outcome)
        with sync.BatchExecutionRecorder(batch_size=2, db=client) as recorder:
            recorder.record_outcomes([outcome, outcome])
            recorder.flush_outcomes()
            assert recorder.counts.stored == 2
        handler = sync.ExecutionEventHandler(client)
        handler.handle_execution_completed({"simulation_id": simulation_id})
        assert client.get_outcome(outcome_id).status == "success"
        assert client.get_active_configurations()[0]["config_name"] == "support-agent"
        with sync.ConfigurationManager(client) as manager:
            assert manager.get_active_config("support-agent")["version_id"] == str(version.version_id)
        with sync.DatabaseHealthChecker(client) as checker:
            assert checker.check_hypertable_health()["hypertable_status"] == "healthy"
        with pytest.raises(FieldMissing):
            client.record_execution_outcome({})
    assert set(threading.enumerate()) <= before  # others, as of a server that tests share, may have ended meanwhile


@pytest.mark.usefixtures("environment", "version")
def test_a_class_without_a_client_has_one_of_its_own_and_ends_it() -> None:
    before = set(threading.enumerate())
    with sync.ConfigurationManager() as manager:
        assert manager.get_active_config("support-agent")["config"]["model"] == "none"
    assert set(threading.enumerate()) <= before  # others, as of a server that tests share, may have ended meanwhile
