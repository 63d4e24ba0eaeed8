"""
The files that an agent.yaml refers to, and what is part of its version.

`references` names them without looking for them; what reads them from disk is
`guildhall.adapters.agentfile`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from guildhall.algorithms import safejson, safeyaml
from guildhall.algorithms.canonical import digest
from guildhall.algorithms.safeyaml import Path

FILE = "file://"
MODULE = re.compile(r"^[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*$")
"""A callable, as `package.module:name`."""

_STRUCTURED = (".json", ".yaml", ".yml")


class ReferenceKind(StrEnum):
    """How an agent.yaml refers to files."""

    FILE = "file"
    GLOB = "glob"
    MODULE = "module"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Reference:
    """
    A value at `path` that refers to files.

    `targets` is the path of a file, a pattern, `module:callable`, or the words of a command line.
    """

    path: Path
    kind: ReferenceKind
    targets: tuple[str, ...]


def references(parsed: Any) -> Iterator[Reference]:
    """
    Every reference in an agent.yaml, in the order of the document.

    Values of a wrong type are passed over; `examine` tells of them.
    """
    yield from _file_references(parsed, ())
    if not isinstance(parsed, Mapping):
        return
    include = parsed.get("include")
    for index, pattern in enumerate(include if isinstance(include, list) else [include]):
        if isinstance(pattern, str) and pattern:
            path: Path = ("include", index) if isinstance(include, list) else ("include",)
            yield Reference(path, ReferenceKind.GLOB, (pattern,))
    yield from _code_references(parsed, (), "entrypoint")
    tools = parsed.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else ()):
        if isinstance(tool, Mapping):
            yield from _code_references(tool, ("tools", index), "python")
        elif isinstance(tool, str) and MODULE.match(tool):
            yield Reference(("tools", index), ReferenceKind.MODULE, (tool,))


def config_hash(parsed: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """The SHA-256 over the canonical form of an agent.yaml and of every file that belongs to it."""
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    return digest({"config": dict(parsed), "files": digests})


def resolved(parsed: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """
    An agent.yaml with every `file://` replaced by what the file holds.

    Files that end in .json, .yaml or .yml become the value that they hold,
    but where a text is due (`system_prompt`, `description`) every file is text.
    A reference to a file that is not there stays as it is.

    Raises:
        InvalidInput: A file is no text, or no JSON or YAML where its name says so.
    """
    whole = _resolved(parsed, files, "")
    assert isinstance(whole, dict)
    return whole


def _file_references(value: Any, path: Path) -> Iterator[Reference]:
    if isinstance(value, str):
        if value.startswith(FILE):
            yield Reference(path, ReferenceKind.FILE, (value.removeprefix(FILE),))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _file_references(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _file_references(each, (*path, index))


def _code_references(owner: Mapping[str, Any], path: Path, key: str) -> Iterator[Reference]:
    """The callable under a key of its owner, and its command."""
    target, command = owner.get(key), owner.get("command")
    if isinstance(target, str) and MODULE.match(target):
        yield Reference((*path, key), ReferenceKind.MODULE, (target,))
    # One text of several words is a mistake, which `examine` tells of.
    words = command if isinstance(command, list) else command.split() if isinstance(command, str) else []
    if words and all(isinstance(each, str) and each for each in words) and (len(words) == 1 or words is command):
        yield Reference((*path, "command"), ReferenceKind.PROGRAM, tuple(words))


def _resolved(value: Any, files: Mapping[str, bytes], key: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _resolved(each, files, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, files, key) for each in value]
    if not isinstance(value, str) or not value.startswith(FILE):
        return value
    name = normal_path(value.removeprefix(FILE))
    if name not in files:
        return value
    text = safeyaml.decode(files[name], name)
    if key in ("system_prompt", "description") or not name.endswith(_STRUCTURED):
        return text
    if name.endswith(".json"):
        return safejson.load(text, name)
    return safeyaml.load(text, name).value


def normal_path(path: str) -> str:
    """
    A relative path in the one form in which files are named.

    >>> normal_path("./prompts//x.md")
    'prompts/x.md'
    """
    return "/".join(part for part in path.split("/") if part not in ("", "."))
