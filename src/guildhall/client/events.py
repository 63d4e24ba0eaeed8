"""Events of sandboxes, as the reference document names them, turned into records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guildhall.client.borrowing import ClientBorrower


class ExecutionEventHandler(ClientBorrower):
    """
    Handles the start of a simulation, the end of each of its scenarios, and its own end.

    It records through `db`, or through a client of its own.
    """

    async def handle_execution_started(self, event: Mapping[str, Any]) -> None:
        """
        A simulation has begun: `simulation_id`, `timestamp`, `modal_app_id`.

        One that nobody has planned needs `config_version_id` and
        `scenario_set` as well.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationEnded: The simulation is over.
        """
        await self.db.create_simulation_record({**_without(event, "timestamp"), "started_at": event.get("timestamp")})

    async def handle_scenario_completed(self, event: Mapping[str, Any]) -> None:
        """
        A scenario has been tried: an outcome, with `timestamp` as its time and `logs` as its sandbox's.

        Raises:
            FieldMissing, FieldRefused, OutcomeRefused: A field is lacking or makes no sense.
            SimulationNotFound, ScenarioNotInSimulation: There is no such simulation, or it lacks the scenario.
        """
        await self.db.record_outcome({**_without(event, "timestamp"), "execution_time": event.get("timestamp")})

    async def handle_execution_completed(self, event: Mapping[str, Any]) -> None:
        """
        A simulation has ended; its outcomes are stored when this returns.

        Raises:
            FieldMissing, FieldRefused: A field is lacking or makes no sense.
            SimulationNotFound: There is none.
        """
        await self.db.finalize_simulation({"status": "completed", **_without(event, "timestamp")})


def _without(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != name}
