"""What changed between two versions: their YAML with every reference followed, and the files beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from guildhall.algorithms import differences
from guildhall.domains.evaluation.configurations.references import (
    ReferenceKind,
    normal_path,
    references,
    resolved,
)
from guildhall.domains.evaluation.configurations.types import AgentDefinition
from guildhall.errors import InvalidInput

_LONGEST_VALUE = 20_000
_LONGEST_FILE_DIFF = 200_000


def changes(before: AgentDefinition, after: AgentDefinition) -> list[dict[str, Any]]:
    """
    The changes by path, as `guildhall.algorithms.differences` makes them.

    A key that refers to a file is compared by what the file holds. Files
    that belong to a version in another way have their own path. Texts of more
    than 20,000 characters are cut.
    """
    found, seen = _by_key(before, after)
    for name in sorted({*before.files, *after.files} - seen):
        change = _of_file(name, before.files.get(name), after.files.get(name))
        if change is not None:
            found.append(change)
    if not found:
        # The same content in another file.
        found = differences.differences(dict(before.parsed), dict(after.parsed), identify=_identity)
    return [{key: _cut(value) for key, value in change.items()} for change in found]


def unified(before: AgentDefinition, after: AgentDefinition, before_label: str, after_label: str) -> str:
    """What `diff -u` prints for the YAML and each changed file; very long parts are cut."""
    one: dict[str, bytes] = {"agent.yaml": before.raw_yaml.encode(), **before.files}
    other: dict[str, bytes] = {"agent.yaml": after.raw_yaml.encode(), **after.files}
    parts = []
    for name in ["agent.yaml", *sorted({*before.files, *after.files} - {"agent.yaml"})]:
        if one.get(name) == other.get(name):
            continue
        here = f"{before_label}/{name}" if name in one else "/dev/null"
        there = f"{after_label}/{name}" if name in other else "/dev/null"
        text, other_text = _text(one.get(name)), _text(other.get(name))
        if text is None or other_text is None:
            parts.append(f"Binary files {here} and {there} differ\n")
            continue
        part = differences.unified(text, other_text, before_name=here, after_name=there)
        if len(part) > _LONGEST_FILE_DIFF:
            part = f"{part[:_LONGEST_FILE_DIFF]}\n@@ {len(part) - _LONGEST_FILE_DIFF:,} characters more @@\n"
        parts.append(part)
    return "".join(parts)


def _by_key(before: AgentDefinition, after: AgentDefinition) -> tuple[list[dict[str, Any]], set[str]]:
    """The changes of the YAML, and which files were compared in it."""
    try:
        here, there = resolved(before.parsed, before.files), resolved(after.parsed, after.files)
    except InvalidInput:
        return differences.differences(dict(before.parsed), dict(after.parsed), identify=_identity), set()
    seen = {
        normal_path(reference.targets[0])
        for each in (before, after)
        for reference in references(each.parsed)
        if reference.kind is ReferenceKind.FILE
    }
    return differences.differences(here, there, identify=_identity), seen


def _identity(item: Any) -> str | None:
    """Tools are called by their name, and without one by that of their function."""
    if isinstance(item, Mapping) and "name" not in item and isinstance(item.get("python"), str):
        return str(item["python"]).rpartition(":")[2]
    if isinstance(item, str) and ":" in item:
        return item.rpartition(":")[2]
    return differences.identity(item)


def _of_file(name: str, before: bytes | None, after: bytes | None) -> dict[str, Any] | None:
    if before == after:
        return None
    if before is None or after is None:
        kind, side, content = ("added", "after", after) if before is None else ("removed", "before", before)
        return {"path": name, "kind": kind, side: _digest(content or b"")}
    change: dict[str, Any] = {"path": name, "kind": "changed", "before": _digest(before), "after": _digest(after)}
    text, other_text = _text(before), _text(after)
    if text is not None and other_text is not None:
        change["lines_added"], change["lines_removed"] = differences.lines_changed(text, other_text)
    return change


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _text(content: bytes | None) -> str | None:
    """A file as text; None where it is none, empty where there is no file."""
    if content is None:
        return ""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return f"{value[:_LONGEST_VALUE]} [{len(value) - _LONGEST_VALUE:,} characters more]"
    return value
