"""Agents on disk: reading an agent.yaml with every file it refers to, and laying a stored one out again."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from guildhall.adapters.folders import Folder, NotCollected
from guildhall.algorithms import safeyaml
from guildhall.algorithms.documents import Findings, shown_path
from guildhall.domains.evaluation.configurations import (
    AgentDefinition,
    AgentFileRefused,
    Reference,
    ReferenceKind,
    config_hash,
    examine,
    references,
)
from guildhall.errors import InvalidInput

LARGEST = 1 << 20
"""Bytes that an agent.yaml may have; longer texts belong into files that it refers to."""

_INTERPRETERS = ("python", "node", "deno", "bun", "ruby", "perl", "bash", "sh", "php", "Rscript")
_CODE_FOLLOWS = {"-c", "-e", "--eval"}


class FileUnreadable(InvalidInput):
    """A file that was named cannot be read at all."""

    code = "file_unreadable"

    def __init__(self, path: Path, why: str, remedy: str | None = None) -> None:
        super().__init__(f"{str(path)!r} cannot be read: {why}", remedy=remedy, file=str(path), field="file")


def read_agent(path: Path) -> AgentDefinition:
    """
    Read and check an agent.yaml, and collect every file that belongs to it.

    These are the files named by `file://` anywhere in it, by the patterns of
    `include`, by commands, and the modules of `entrypoint` and of Python tools
    with what they import from the folder. All lie in the YAML's folder or
    below it. The agent's name is the file's where it gives itself none.

    Raises:
        FileUnreadable: There is no such file, or it cannot be read.
        YamlRefused: It is no YAML, or none that is read here.
        AgentFileRefused: It has mistakes, or refers to files that cannot be had; the error has all of them.
    """
    content = read_limited(path, LARGEST)
    text = safeyaml.decode(content, str(path), most_bytes=LARGEST)
    document = safeyaml.load(text, str(path))
    findings = Findings(str(path), document.lines)
    folder = Folder(path.parent, without=frozenset({path.name}))
    for reference in references(document.value):
        _collect(reference, folder, findings)
    lacking = {each.field for each in findings.problems}
    own = Findings(str(path), document.lines)
    spec = examine(document.value, folder.files, own, default_name=path.stem)
    # What refers to a missing file stays unresolved, and would be refused a second time for its type.
    findings.problems += [each for each in own.problems if each.field not in lacking]
    findings.warnings += own.warnings
    if findings.problems or spec is None:
        raise AgentFileRefused(sorted(findings.problems, key=lambda each: each.line or 0))
    return AgentDefinition(
        name=spec.name,
        raw_yaml=text,
        parsed=document.value,
        files=dict(sorted(folder.files.items())),
        config_hash=config_hash(document.value, folder.files),
        warnings=tuple(findings.warnings),
        directory=path.parent,
    )


def materialise(definition: AgentDefinition, directory: Path) -> None:
    """
    Write an agent's files into a directory, and its YAML as agent.yaml; what is there already is overwritten.

    Programs and scripts that begin with `#!` can be executed.

    Raises:
        FileUnreadable: A file cannot be written there, or would lie outside.
    """
    for name, content in {"agent.yaml": definition.raw_yaml.encode(), **definition.files}.items():
        place = directory / name
        if not place.resolve().is_relative_to(directory.resolve()):
            raise FileUnreadable(place, "it would lie outside its directory")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod(0o755 if content.startswith((b"#!", b"\x7fELF")) else 0o644)
        except OSError as error:
            raise FileUnreadable(place, f"it cannot be written: {error.strerror}") from error


def read_limited(path: Path, most_bytes: int) -> bytes:
    """
    The content of a regular file, or its first `most_bytes` + 1 bytes.

    Raises:
        FileUnreadable: There is none, or it cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            inside = path / "agent.yaml"
            raise FileUnreadable(path, "it is a folder", f"Did you mean {str(inside)!r}?" if inside.is_file() else None)
        if not stat.S_ISREG(mode):
            raise FileUnreadable(path, "it is no regular file")
        with path.open("rb") as file:
            return file.read(most_bytes + 1)
    except FileNotFoundError:
        raise FileUnreadable(
            path, "there is no such file", "Check the path; `guildhall init` writes files to start from."
        ) from None
    except (OSError, ValueError) as error:
        raise FileUnreadable(path, getattr(error, "strerror", None) or str(error)) from None


def _collect(reference: Reference, folder: Folder, findings: Findings) -> None:
    """Take in what a reference names, or note why that cannot be done."""
    target = reference.targets[0]
    try:
        match reference.kind:
            case ReferenceKind.FILE:
                folder.take(target)
            case ReferenceKind.GLOB:
                folder.take_all(target)
            case ReferenceKind.MODULE:
                if not folder.take_module(target.partition(":")[0]):
                    findings.warn(
                        reference.path,
                        f"{target} is installed, not beside this file: its code is not part of the version",
                    )
            case ReferenceKind.PROGRAM:
                for outside in _take_program(reference.targets, folder):
                    findings.warn(
                        reference.path, f"{outside} lies outside this file's folder: it is not part of the version"
                    )
    except NotCollected as refused:
        where = shown_path(reference.path)
        findings.note(
            reference.path,
            f"{where} refers to {refused.value!r}: {refused.why}",
            refused.remedy or "Correct the path: it is relative to the folder of the YAML file.",
            value=refused.value,
        )


def _take_program(words: tuple[str, ...], folder: Folder) -> Iterator[str]:
    """Take in the files that a command line names; what it names elsewhere, by absolute path, is only told."""
    program, *arguments = words
    if program.startswith("/"):
        yield program
    elif "/" in program or folder.has(program):
        folder.take_script(program)
    script_due = program.rpartition("/")[2].rstrip("0123456789.") in _INTERPRETERS
    for index, word in enumerate(arguments):
        if word in _CODE_FOLLOWS:
            return
        if word == "-m" and script_due and index + 1 < len(arguments):
            folder.take_module(arguments[index + 1])
            return
        candidate = word.partition("=")[2] if word.startswith("-") else word
        if candidate.startswith("/"):
            yield candidate
        elif candidate and folder.has(candidate):
            folder.take_script(candidate)
        elif candidate.startswith("../") or (script_due and "." in candidate and not word.startswith("-")):
            folder.take(candidate)  # which says what is wrong with it
        if not word.startswith("-"):
            script_due = False
