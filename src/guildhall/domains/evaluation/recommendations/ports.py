"""What recommendations need from outside: somebody who finds them."""

from __future__ import annotations

from typing import Protocol

from guildhall.domains.evaluation.recommendations.types import Analysis, Analyst, Evidence


class AnalystPort(Protocol):
    """Reads evidence and proposes changes; it keeps nothing, and sees nothing else."""

    @property
    def who(self) -> Analyst:
        """How sessions record it."""
        ...

    async def analyse(self, evidence: Evidence) -> Analysis:
        """
        Propose what might help.

        Raises:
            AnalystFailed: There is no analysis to be had.
        """
        ...
