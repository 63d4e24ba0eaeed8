"""
Changing a YAML text by a patch, and nothing else in it.

A patch is a mapping that is merged into the document, as RFC 7396 (JSON Merge
Patch) says: mappings are merged key by key, null takes a key away, any other
value takes the old one's place. One thing is added: a list of mappings that
all have a `name` is merged into another by these names, so that one tool can
be changed without repeating the others.

The text is edited where it can be, so that comments and layout stay; where it
cannot be (anchors, keys taken away, lists that shrink) it is written anew. Either way what
comes out is read again and must be the merged value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from guildhall.algorithms import safeyaml

_WIDTH = 100


class _CannotEdit(Exception):
    """This change is not one of those that are made in the text."""


def merge(value: Any, patch: Any) -> Any:
    """
    A value with a patch merged into it; neither is changed.

    >>> merge({"a": 1, "tools": [{"name": "x"}, {"name": "y"}]}, {"a": None, "tools": [{"name": "y", "z": 2}]})
    {'tools': [{'name': 'x'}, {'name': 'y', 'z': 2}]}
    """
    if isinstance(patch, Mapping):
        merged = dict(value) if isinstance(value, Mapping) else {}
        for key, each in patch.items():
            if each is None:
                merged.pop(key, None)
            else:
                merged[key] = merge(merged.get(key), each)
        return merged
    if isinstance(patch, list) and isinstance(value, list) and _are_named(patch) and _are_named(value):
        changes = {each["name"]: each for each in patch}
        known = [merge(each, changes.pop(each["name"], {})) for each in value]
        return [*known, *(merge({}, each) for each in changes.values())]
    return patch


def apply(text: str, patch: Mapping[str, Any], source: str = "agent.yaml") -> str:
    """
    A YAML text with a patch merged into it; one that changes nothing leaves the text as it is.

    Raises:
        YamlRefused: The text, or what the patch makes of it, is none that is read here.
    """
    before = safeyaml.load(text, source).value
    after = merge(before, patch)
    if _same(after, before):
        return text
    for write in (_edited, _dumped):
        try:
            written = write(text, before, after)
            if _same(safeyaml.load(written, source).value, after):
                return written
        except (_CannotEdit, yaml.YAMLError, safeyaml.YamlRefused):
            continue
    # Words that PyYAML would write plainly and we read as numbers: as JSON, which is YAML too.
    written = json.dumps(after, ensure_ascii=False, indent=2) + "\n"
    safeyaml.load(written, source)
    return written


def _dumped(text: str, before: Any, after: Any) -> str:
    return yaml.safe_dump(after, sort_keys=False, allow_unicode=True, width=_WIDTH)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and bool(_types(one) == _types(other))


def _are_named(items: list[Any]) -> bool:
    return all(isinstance(each, Mapping) and isinstance(each.get("name"), str) for each in items)


def _types(value: Any) -> Any:
    """The shape of a value: 1 and true are equal, and not the same."""
    if isinstance(value, Mapping):
        return {key: _types(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_types(each) for each in value]
    return type(value)


def _edited(text: str, before: Any, after: Any) -> str:
    if "\ufeff" in text or "\r" in text:
        raise _CannotEdit
    edits: list[tuple[int, int, str]] = []
    _compare(text, yaml.compose(text, Loader=yaml.SafeLoader), before, after, 0, edits)
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _compare(text: str, node: Any, before: Any, after: Any, indent: int, edits: list[tuple[int, int, str]]) -> None:
    """Note the edits that turn what a node says into `after`; `indent` is that of the block it stands in."""
    if _same(before, after):
        return
    if isinstance(node, yaml.MappingNode) and isinstance(after, dict):
        nodes = {key.value: value for key, value in node.value}
        if len(nodes) != len(node.value) or nodes.keys() != before.keys() or before.keys() - after.keys():
            raise _CannotEdit
        for key, child in nodes.items():
            _compare(text, child, before[key], after[key], node.start_mark.column, edits)
        added = {key: value for key, value in after.items() if key not in before}
        if added:
            edits.append(_addition(text, node, added))
        return
    if isinstance(node, yaml.SequenceNode) and isinstance(after, list) and len(after) == len(node.value):
        for child, one, other in zip(node.value, before, after, strict=True):
            _compare(text, child, one, other, node.start_mark.column, edits)
        return
    if not isinstance(node, yaml.ScalarNode) or isinstance(after, (dict, list)):
        raise _CannotEdit
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in ("|", ">"):
        edits.append((start, end, _block(after, indent + 2) if isinstance(after, str) else f"{_flow(after)}\n"))
    else:
        edits.append((start, end, _flow(after)))


def _addition(text: str, node: yaml.MappingNode, added: Mapping[str, Any]) -> tuple[int, int, str]:
    if node.flow_style:
        place = node.end_mark.index - 1
        parts = ", ".join(f"{_flow(key)}: {_flow(value)}" for key, value in added.items())
        return place, place, f", {parts}" if node.value else parts
    # The end of a block is where the next thing begins: back over what is empty, and to the end of that line.
    last = len(text[: node.end_mark.index].rstrip())
    line_end = text.find("\n", last)
    place = len(text) if line_end < 0 else line_end
    written = yaml.safe_dump(dict(added), sort_keys=False, allow_unicode=True, width=_WIDTH)
    margin = " " * node.start_mark.column
    return place, place, "".join(f"\n{margin}{line}" for line in written.rstrip("\n").split("\n"))


def _block(value: str, indent: int) -> str:
    """A text as a literal block."""
    lines = value.removesuffix("\n").split("\n")
    if not value.strip() or lines[0][:1] in (" ", "\t", "") or value.endswith("\n\n"):
        raise _CannotEdit
    margin = " " * indent
    body = "\n".join(f"{margin}{line}" if line else "" for line in lines)
    return f"{'|' if value.endswith(chr(10)) else '|-'}\n{body}\n"


def _flow(value: Any) -> str:
    """A value on one line; JSON is YAML too."""
    if isinstance(value, str) and value.isascii() and value.replace("_", "").replace("-", "").isalnum():
        try:
            if safeyaml.load(value, "value").value == value:
                return value
        except safeyaml.YamlRefused:
            pass
    return json.dumps(value, ensure_ascii=False)
