"""How an installation is, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from guildhall.app.checkup import Checkup
from guildhall.app.documents import described


@described
class HealthFindingDocument(TypedDict):
    """How one thing is."""

    name: str
    """What it is about, such as `connections`; docs/operations.md says which there are."""
    level: Literal["ok", "warning", "critical"]
    summary: str
    """It in words."""
    value: Mapping[str, Any]
    """It in numbers and names, as docs/operations.md has them."""
    remedy: str
    """What to do."""


@described
class CheckupDocument(TypedDict):
    """How an installation is."""

    level: Literal["ok", "warning", "critical"]
    """The worst of all findings."""
    read_at: datetime
    findings: Sequence[HealthFindingDocument]


def checkup_document(checkup: Checkup) -> CheckupDocument:
    """How an installation is."""
    return {
        "level": checkup.level.value,
        "read_at": checkup.read_at,
        "findings": [
            {
                "name": each.name,
                "level": each.level.value,
                "summary": each.summary,
                "value": each.value,
                "remedy": each.remedy,
            }
            for each in checkup.findings
        ],
    }
