"""How a comparison of the schema with the reference documents is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from guildhall.cli.render.figures import count
from guildhall.db.conformance import Conformance, Finding

_WIDTH = 24


def conformance_lines(found: Conformance) -> Iterator[Text | str]:
    """A line for each kind of thing, then everything that is missing or differs without a reason."""
    yield Text(f"{'':<{_WIDTH}}{'stated':>8}{'holds':>8}{'differs for a reason':>22}{'unexplained':>13}", "bold")
    for kind, row in found.by_kind().items():
        style = "red" if row["unexplained"] else ""
        yield Text(
            f"{kind:<{_WIDTH}}{row['stated']:>8}{row['holds']:>8}{row['explained']:>22}{row['unexplained']:>13}", style
        )
    yield ""
    for finding in found.unexplained:
        yield Text.assemble((f"{finding.state.value} ", "red"), (f"{finding.kind} {finding.name}", "bold"))
        yield f"    {_place(finding)} states {finding.stated or 'it'}; here: {finding.found or 'nothing'}"
    if found.holds:
        yield Text(
            f"the schema holds all {count(len(found.findings), 'statement')} of the documents, "
            f"{len(found.explained)} of them differently, for reasons that are written down",
            "green",
        )
    else:
        yield Text(f"{count(len(found.unexplained), 'statement')} missing or different without a reason", "red")


def conformance_document(found: Conformance) -> dict[str, Any]:
    """The same for programs, with every difference and its reason."""
    return {
        "holds": found.holds,
        "kinds": found.by_kind(),
        "unexplained": [_entry(finding) for finding in found.unexplained],
        "explained": [_entry(finding) for finding in found.explained],
        "unused_reasons": list(found.unused_reasons),
    }


def _entry(finding: Finding) -> dict[str, Any]:
    return {
        "document": finding.document,
        "line": finding.line,
        "kind": finding.kind,
        "name": finding.name,
        "state": finding.state.value,
        "stated": finding.stated,
        "found": finding.found,
        "names": list(finding.names),
        "reason": finding.reason,
    }


def _place(finding: Finding) -> str:
    return f"{finding.document}.md:{finding.line}" if finding.line else f"{finding.document}.md"
