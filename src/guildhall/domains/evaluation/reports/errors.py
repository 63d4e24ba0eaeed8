"""The ways in which reports fail."""

from __future__ import annotations

from guildhall.errors import Conflict, InvalidInput


class NothingToCompare(Conflict):
    """Two references that have no pair of simulations on the same scenarios."""

    code = "nothing_to_compare"

    def __init__(self, baseline: str, candidate: str) -> None:
        super().__init__(
            f"{baseline} and {candidate} have no scenario in common that both have scored in the same content",
            remedy="Run both on the same scenarios: `guildhall eval run AGENT.yaml SCENARIOS --against VERSION`.",
            baseline=baseline,
            candidate=candidate,
        )


class MarginRefused(InvalidInput):
    """A margin that is no share."""

    code = "margin_refused"

    def __init__(self, margin: float) -> None:
        super().__init__(
            f"margin is {margin:g}, expected a share above 0 and below 1",
            remedy="0.05 says that five points do not matter.",
            field="margin",
            value=margin,
        )


class SameSimulation(InvalidInput):
    """A simulation was to be compared with itself."""

    code = "same_simulation"

    def __init__(self, label: str) -> None:
        super().__init__(
            f"{label} was to be compared with itself",
            remedy="Name two simulations, or two versions.",
            field="candidate",
            value=label,
        )


class CostUnknown(InvalidInput):
    """Nobody knows what a trial costs."""

    code = "trial_cost_unknown"

    def __init__(self) -> None:
        super().__init__(
            "no trial of one side has a cost above 0, so nothing can be said of dollars",
            remedy="Say what a trial costs: --trial-cost USD, or trial_cost_usd over HTTP.",
            field="trial_cost_usd",
        )
