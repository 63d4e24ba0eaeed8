"""Gates as JSON: whether a comparison lets a candidate pass."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from guildhall.app.documents import described
from guildhall.app.documents.comparisons import ComparisonDocument, comparison_document
from guildhall.app.gates import Decision, Gate


class CheckedDocument(TypedDict):
    """One metric at the gate."""

    metric: str
    decision: Decision
    why: str


@described
class GateDocument(TypedDict):
    """A gate, with what it rests on."""

    open: bool
    """Whether the candidate may pass."""
    checked: Sequence[CheckedDocument]
    comparison: ComparisonDocument


def gate_document(gate: Gate) -> GateDocument:
    """A gate."""
    return {
        "open": gate.is_open,
        "checked": [{"metric": each.metric, "decision": each.decision, "why": each.why} for each in gate.checked],
        "comparison": comparison_document(gate.versus),
    }
