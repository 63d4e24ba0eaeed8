"""What a comparison finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How a statement of the documents fares in a database."""

    HOLDS = "holds"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One statement of the documents and what the database has in its place.

    `names` is what a row of the deviations page may call it by; `reason` is
    the row that does. `found` is None where there is nothing.
    """

    document: str
    line: int | None
    kind: str
    name: str
    state: State
    stated: str
    found: str | None = None
    names: Sequence[str] = ()
    reason: str | None = None

    @property
    def is_accounted_for(self) -> bool:
        """Whether it holds or has a reason not to."""
        return self.state is State.HOLDS or self.reason is not None


@dataclass(frozen=True, slots=True)
class Conformance:
    """Everything that was compared, in the order of the documents."""

    findings: Sequence[Finding]
    unused_reasons: Sequence[str] = field(default=())
    """Names on the deviations page that no difference asks for."""

    @property
    def holds(self) -> bool:
        """Whether nothing is missing and nothing differs without a reason."""
        return not self.unexplained

    @property
    def unexplained(self) -> Sequence[Finding]:
        """What is missing or differs without a reason."""
        return [finding for finding in self.findings if not finding.is_accounted_for]

    @property
    def explained(self) -> Sequence[Finding]:
        """What is missing or differs, for a reason that is written down."""
        return [finding for finding in self.findings if finding.is_accounted_for and finding.state is not State.HOLDS]

    def by_kind(self) -> dict[str, dict[str, int]]:
        """For each kind of thing: how many are stated, hold, differ for a reason, and are unexplained."""
        counts: dict[str, dict[str, int]] = {}
        for finding in self.findings:
            row = counts.setdefault(finding.kind, {"stated": 0, "holds": 0, "explained": 0, "unexplained": 0})
            row["stated"] += 1
            row[_column(finding)] += 1
        return counts


def _column(finding: Finding) -> str:
    if finding.state is State.HOLDS:
        return "holds"
    return "explained" if finding.is_accounted_for else "unexplained"


def listed(values: Iterable[str]) -> str:
    """Names in a row, as findings show them."""
    return ", ".join(values)
