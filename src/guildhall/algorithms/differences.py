"""
What changed from one JSON value to another, by path, and from one text to another, by line.

A change is a dict that goes into JSON as it is: `path` (`tools.refund.confirm`),
`kind` (`added`, `removed` or `changed`), `before` and `after` where there is
one, and `lines_added` and `lines_removed` where both are texts of several lines.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from guildhall.algorithms.canonical import canonical_json

IDENTITIES = ("name", "id", "scenario_id", "python", "type")
"""The keys by whose values objects in a list are recognised, the first that all have coming first."""

_LONGEST_DIFF = 40_000
"""Lines of both texts together, beyond which they are not compared line by line."""


def identity(item: Any) -> str | None:
    """
    What an object in a list is called.

    >>> identity({"name": "refund", "confirm": True}), identity(3) is None
    ('refund', True)
    """
    if isinstance(item, Mapping):
        for key in IDENTITIES:
            value = item.get(key)
            if isinstance(value, str) and value:
                return value
    return None


def differences(before: Any, after: Any, *, identify: Callable[[Any], str | None] = identity) -> list[dict[str, Any]]:
    """
    The changes from one value to the other, in the order of `before`, what is new after it.

    Objects in lists are recognised by `identify`, if that tells all of a list
    apart; a move within such a list is no change but of the path `…[order]`.
    Other lists are compared as sequences: what is left in both, in order, is
    unchanged. 1 and 1.0 are the same, 1 and true are not.

    >>> differences({"t": 0.2, "tools": [{"name": "refund", "confirm": False}]},
    ...             {"t": 0.2, "tools": [{"name": "refund", "confirm": True}]})
    [{'path': 'tools.refund.confirm', 'kind': 'changed', 'before': False, 'after': True}]
    """
    return list(_compare(before, after, "", identify))


def summarise(changes: Sequence[Mapping[str, Any]], most: int = 6) -> str:
    """
    Changes in one line, the first few of them.

    >>> summarise([{"path": "system_prompt", "kind": "changed", "before": "a\\nb", "after": "c\\nb",
    ...             "lines_added": 1, "lines_removed": 1},
    ...            {"path": "tools.refund.confirm", "kind": "changed", "before": False, "after": True}])
    'system_prompt (+1 -1), tools.refund.confirm false -> true'
    """
    if not changes:
        return "nothing"
    parts = [_in_a_word(each) for each in changes[:most]]
    if len(changes) > most:
        parts.append(f"and {len(changes) - most} more")
    return ", ".join(parts)


def unified(before: str, after: str, *, before_name: str, after_name: str) -> str:
    """
    What `diff -u` prints for two texts; empty where they are the same.

    Texts of more than 40,000 lines together are not compared line by line; one line says so.
    """
    if before == after:
        return ""
    one, other = before.splitlines(), after.splitlines()
    head = f"--- {before_name}\n+++ {after_name}\n"
    if len(one) + len(other) > _LONGEST_DIFF:
        added, removed = lines_changed(before, after)
        return f"{head}@@ too long to be shown: +{added} -{removed} @@\n"
    if one == other:
        return f"{head}@@ only the ends of lines differ @@\n"
    return "".join(
        f"{line}\n" for line in difflib.unified_diff(one, other, fromfile=before_name, tofile=after_name, lineterm="")
    )


def lines_changed(before: str, after: str) -> tuple[int, int]:
    """
    How many lines came and went; a line that changed counts as both.

    Long texts are compared as bags of lines, where a line that moved is no change.
    """
    one, other = before.splitlines(), after.splitlines()
    if len(one) + len(other) > _LONGEST_DIFF:
        here, there = Counter(one), Counter(other)
        return (there - here).total(), (here - there).total()
    added = removed = 0
    for kind, i, j, k, m in difflib.SequenceMatcher(None, one, other).get_opcodes():
        if kind != "equal":
            removed += j - i
            added += m - k
    return added, removed


def changed_text(path: str, before: str, after: str) -> dict[str, Any]:
    """The change of a text, with the lines that came and went if it has several."""
    change: dict[str, Any] = {"path": path, "kind": "changed", "before": before, "after": after}
    if "\n" in before.strip() or "\n" in after.strip():
        change["lines_added"], change["lines_removed"] = lines_changed(before, after)
    return change


def _compare(before: Any, after: Any, path: str, identify: Callable[[Any], str | None]) -> Iterator[dict[str, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _compare_keys(before, after, path, identify)
    elif isinstance(before, list) and isinstance(after, list):
        names = _names(before, identify), _names(after, identify)
        if names[0] is not None and names[1] is not None:
            yield from _compare_named(before, after, names[0], names[1], path, identify)
        else:
            yield from _compare_sequences(before, after, path, identify)
    elif isinstance(before, str) and isinstance(after, str):
        if before != after:
            yield changed_text(path, before, after)
    elif not _same(before, after):
        yield {"path": path, "kind": "changed", "before": before, "after": after}


def _compare_keys(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str, identify: Callable[[Any], str | None]
) -> Iterator[dict[str, Any]]:
    for key, value in before.items():
        below = _below(path, key)
        if key in after:
            yield from _compare(value, after[key], below, identify)
        else:
            yield {"path": below, "kind": "removed", "before": value}
    for key, value in after.items():
        if key not in before:
            yield {"path": _below(path, key), "kind": "added", "after": value}


def _compare_named(
    before: list[Any],
    after: list[Any],
    names: list[str],
    other_names: list[str],
    path: str,
    identify: Callable[[Any], str | None],
) -> Iterator[dict[str, Any]]:
    yield from _compare_keys(
        dict(zip(names, before, strict=True)), dict(zip(other_names, after, strict=True)), path, identify
    )
    common = set(names) & set(other_names)
    order, other_order = [each for each in names if each in common], [each for each in other_names if each in common]
    if order != other_order:
        yield {"path": f"{path}[order]", "kind": "changed", "before": order, "after": other_order}


def _compare_sequences(
    before: list[Any], after: list[Any], path: str, identify: Callable[[Any], str | None]
) -> Iterator[dict[str, Any]]:
    keys, other_keys = [canonical_json(each) for each in before], [canonical_json(each) for each in after]
    for kind, i, j, k, m in difflib.SequenceMatcher(None, keys, other_keys, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        both = min(j - i, m - k)
        for offset in range(both):
            yield from _compare(before[i + offset], after[k + offset], f"{path}[{i + offset}]", identify)
        for index in range(i + both, j):
            yield {"path": f"{path}[{index}]", "kind": "removed", "before": before[index]}
        for index in range(k + both, m):
            yield {"path": f"{path}[{index}]", "kind": "added", "after": after[index]}


def _names(items: list[Any], identify: Callable[[Any], str | None]) -> list[str] | None:
    """What the items are called, if each has a name and no two the same."""
    names = [identify(each) for each in items]
    found = [each for each in names if each is not None]
    return found if len(found) == len(items) == len(set(found)) else None


def _same(before: Any, after: Any) -> bool:
    return isinstance(before, bool) == isinstance(after, bool) and bool(before == after)


def _below(path: str, key: str) -> str:
    plain = bool(key) and all(each.isalnum() or each in "_-" for each in key)
    if not plain:
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def _in_a_word(change: Mapping[str, Any]) -> str:
    path = change["path"] or "everything"
    if change["kind"] == "added":
        return f"{path} added{_value(change.get('after'))}"
    if change["kind"] == "removed":
        return f"{path} removed"
    if "lines_added" in change:
        return f"{path} (+{change['lines_added']} -{change['lines_removed']})"
    before, after = _brief(change.get("before")), _brief(change.get("after"))
    return f"{path} changed" if before is None or after is None else f"{path} {before} -> {after}"


def _value(value: Any) -> str:
    brief = _brief(value)
    return "" if brief is None or value is None else f" ({brief})"


def _brief(value: Any) -> str | None:
    """A value of a few letters; None for anything longer."""
    if isinstance(value, str):
        return value if len(value) <= 24 and "\n" not in value else None
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return None
