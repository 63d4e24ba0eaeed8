"""
One trial: an agent on a stage, with its tools, its user and its judges, and the record of it.

`TrialConductor` does this for a whole simulation, `conduct` for a single claim
with what `prepare_agent`, `prepare_scenario` and `cast` have put together.
"""

from guildhall.app.trial.conduct import conduct
from guildhall.app.trial.conductor import TrialConductor, trial_seed
from guildhall.app.trial.preparation import (
    Cast,
    PreparedAgent,
    PreparedScenario,
    Services,
    cast,
    needs_sandbox,
    prepare_agent,
    prepare_scenario,
)
from guildhall.app.trial.record import lost_record

__all__ = [
    "Cast",
    "PreparedAgent",
    "PreparedScenario",
    "Services",
    "TrialConductor",
    "cast",
    "conduct",
    "lost_record",
    "needs_sandbox",
    "prepare_agent",
    "prepare_scenario",
    "trial_seed",
]
