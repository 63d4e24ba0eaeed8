"""Scenarios on disk: YAML, JSON Lines or JSON, with the files that grade them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from guildhall.adapters.agentfile import FileUnreadable, read_limited
from guildhall.adapters.folders import Folder, NotCollected
from guildhall.algorithms import safejson, safeyaml
from guildhall.algorithms.documents import Findings, Problem, shown_path
from guildhall.domains.evaluation.scenarios import (
    Draft,
    Scenario,
    ScenarioFile,
    ScenarioFileRefused,
    drafts,
    duplicates,
    finished,
    proposed_id,
)

LARGEST = 64 << 20
"""Bytes that a scenarios file may have."""

_LINES = (".jsonl", ".ndjson")
_YAML = (".yaml", ".yml")
_STRUCTURED = (*_YAML, ".json")
_FILE = "file://"


def read_scenarios(paths: Iterable[Path]) -> ScenarioFile:
    """
    Read and check scenarios from files, and from all files that lie directly in folders.

    Files are YAML (one or several documents), JSON Lines or JSON. Ids are
    unique over all of them. Environments, Python scorers and what they import,
    files named by `include` and by `file://` lie in the folder of the
    scenarios file or below it, and are part of a scenario's content.

    Raises:
        FileUnreadable: A file is not there or cannot be read, or a folder has no scenarios.
        YamlRefused, JsonRefused: One is no YAML or JSON, or none that is read here.
        ScenarioFileRefused: There are mistakes; the error has all of them.
    """
    problems: list[Problem] = []
    warnings: list[str] = []
    found: list[tuple[Draft, Folder]] = []
    for path in _files(paths, warnings):
        folder = Folder(path.parent)
        for findings, value in _documents(path):
            new = drafts(_followed(value, (), folder, findings), findings, proposed_id(path.stem))
            found.extend((draft, folder) for draft in new)
            problems += findings.problems
            warnings += findings.warnings
    problems += duplicates(draft for draft, _ in found)
    scenarios, lacking = _finished(found)
    problems += lacking
    if problems:
        raise ScenarioFileRefused(problems)
    return ScenarioFile(scenarios, tuple(warnings))


def _files(paths: Iterable[Path], warnings: list[str]) -> Iterator[Path]:
    """The files that are meant, each once."""
    seen = set()
    for path in paths:
        candidates = [path]
        if path.is_dir():
            inside = (each for each in path.iterdir() if each.suffix.lower() in (*_LINES, *_YAML))
            candidates = [each for each in sorted(inside) if each.is_file() and _holds_scenarios(each, warnings)]
            if not candidates:
                raise FileUnreadable(
                    path, "the folder has no file with scenarios", "They end in .yaml, .yml, .jsonl or .ndjson."
                )
        for each in candidates:
            if each.resolve() not in seen:
                seen.add(each.resolve())
                yield each


def _holds_scenarios(path: Path, warnings: list[str]) -> bool:
    """Whether a file in a folder is meant; an agent.yaml beside it is not."""
    if path.suffix.lower() in _LINES:
        return True
    documents = list(_yaml(path))
    agents = [value for _, value in documents if isinstance(value, dict) and {"model", "temperature"} <= value.keys()]
    if agents and len(agents) == len(documents):
        warnings.append(f"{path}: this is an agent, not scenarios; it is passed over")
        return False
    return True


def _documents(path: Path) -> Iterator[tuple[Findings, Any]]:
    suffix = path.suffix.lower()
    if suffix in _LINES:
        return _json_lines(path)
    return _json(path) if suffix == ".json" else _yaml(path)


def _yaml(path: Path) -> Iterator[tuple[Findings, Any]]:
    text = _text(path)
    limits = safeyaml.Limits(bytes=LARGEST)
    empty = True
    for document in safeyaml.load_all(text, str(path), limits):
        empty = False
        yield Findings(str(path), document.lines), document.value
    if empty:
        raise _nothing_in(path)


def _json_lines(path: Path) -> Iterator[tuple[Findings, Any]]:
    """One document: the list of all lines, each with its own."""
    entries: list[Any] = []
    lines: dict[safeyaml.Path, int] = {(): 1}
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if line.strip():
            lines[(len(entries),)] = number
            entries.append(safejson.load(line, str(path), number))
    if not entries:
        raise _nothing_in(path)
    yield Findings(str(path), safeyaml.Lines(lines)), entries


def _json(path: Path) -> Iterator[tuple[Findings, Any]]:
    text = _text(path)
    if not text.strip():
        raise _nothing_in(path)
    value = safejson.load(text, str(path))
    try:
        # For the lines. A tab is never part of a JSON text, and indentation is none of its business.
        document = safeyaml.load(text.replace("\t", " "), str(path), safeyaml.Limits(bytes=LARGEST))
        lines = document.lines
    except safeyaml.YamlRefused:
        lines = safeyaml.Lines()
    yield Findings(str(path), lines), value


def _text(path: Path) -> str:
    return safeyaml.decode(read_limited(path, LARGEST), str(path), most_bytes=LARGEST)


def _nothing_in(path: Path) -> FileUnreadable:
    return FileUnreadable(
        path, "the file is empty", "Begin with `- scenario_id: …`; `guildhall init` writes an example."
    )


def _followed(value: Any, path: safeyaml.Path, folder: Folder, findings: Findings) -> Any:
    """The value with each `file://` replaced by what the file holds: a value for .json and .yaml, else text."""
    if isinstance(value, str):
        return _content(value, path, folder, findings) if value.startswith(_FILE) else value
    if isinstance(value, dict):
        return {key: _followed(each, (*path, key), folder, findings) for key, each in value.items()}
    if isinstance(value, list):
        return [_followed(each, (*path, index), folder, findings) for index, each in enumerate(value)]
    return value


def _content(reference: str, path: safeyaml.Path, folder: Folder, findings: Findings) -> Any:
    # A folder of its own: what is read here becomes part of the definition, not a file beside it.
    reader = Folder(folder.directory)
    try:
        name = reader.take(reference.removeprefix(_FILE))
    except NotCollected as refused:
        _note(findings, path, refused)
        return reference
    text = safeyaml.decode(reader.files[name], name)
    if not name.endswith(_STRUCTURED):
        return text
    return safejson.load(text, name) if name.endswith(".json") else safeyaml.load(text, name).value


def _finished(found: Sequence[tuple[Draft, Folder]]) -> tuple[list[Scenario], list[Problem]]:
    """The scenarios with their files; each module is looked up once for each folder."""
    scenarios = []
    problems: dict[tuple[str, str], Problem] = {}
    known: dict[tuple[int, str, str], list[str]] = {}

    def taken(draft: Draft, folder: Folder, kind: str, target: str, path: safeyaml.Path) -> list[str]:
        key = (id(folder), kind, target)
        if key not in known:
            known[key] = []
            try:
                known[key] = folder.take_module(target.partition(":")[0]) if kind == "code" else folder.take_all(target)
            except NotCollected as refused:
                findings = Findings(draft.file, safeyaml.Lines({draft.path: draft.line} if draft.line else {}))
                _note(findings, path, refused)
                problems[draft.file, target] = findings.problems[0]
        return known[key]

    for draft, folder in found:
        names: set[str] = set()
        for each in draft.code:
            names.update(taken(draft, folder, "code", each.target, each.path))
        for path, pattern in draft.include:
            names.update(taken(draft, folder, "include", pattern, path))
        scenarios.append(finished(draft, {name: folder.files[name] for name in sorted(names)}))
    return scenarios, list(problems.values())


def _note(findings: Findings, path: safeyaml.Path, refused: NotCollected) -> None:
    findings.note(
        path,
        f"{shown_path(path)} refers to {refused.value!r}: {refused.why}",
        refused.remedy or "Correct the path: it is relative to the folder of the scenarios file.",
        value=refused.value,
    )
