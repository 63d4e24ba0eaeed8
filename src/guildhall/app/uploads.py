"""
Agents and scenarios that come over the network: read exactly as those on disk are.

What was sent is laid out in a private folder, read there by the same adapters
that the command line uses, and removed. Nothing of it is run. Everything here
blocks: call it off the event loop.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from guildhall.adapters import agentfile, scenariofile
from guildhall.domains.evaluation.configurations import AgentDefinition
from guildhall.domains.evaluation.scenarios import ScenarioFile
from guildhall.errors import GuildhallError, InvalidInput

_T = TypeVar("_T")
_MOST_FILES = 2_000
_LONGEST_PATH = 1_000
_LONGEST_NAME = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
FORMATS = ("yaml", "json", "jsonl")
"""What scenarios may be written in."""


class UploadRefused(InvalidInput):
    """A file that was sent along cannot be laid out where it says."""

    code = "upload_refused"

    def __init__(self, path: str, why: str, remedy: str | None = None) -> None:
        super().__init__(
            f"files has {path[:200]!r}: {why}",
            remedy=remedy or "Give paths relative to the YAML, with forward slashes, such as prompts/system.md.",
            field="files",
            value=path[:200],
        )


def read_agent(raw_yaml: str, files: Mapping[str, bytes], *, name: str = "agent") -> AgentDefinition:
    """
    An agent.yaml with the files it refers to, checked; `name` is the agent's where the YAML gives it none.

    Raises:
        UploadRefused: A file's path leads elsewhere, or there are too many.
        YamlRefused, AgentFileRefused: See `agentfile.read_agent`; files are named as they were sent.
    """
    with _laid_out({f"{name}.yaml": raw_yaml.encode()}, files) as (directory, tidy):
        definition = tidy(lambda: agentfile.read_agent(directory / f"{name}.yaml"))
        warnings = tuple(_without(directory, each) for each in definition.warnings)
        return replace(definition, warnings=warnings, directory=None)


def read_scenarios(text: bytes, files: Mapping[str, bytes], *, format: str = "yaml") -> ScenarioFile:
    """
    A scenarios file (`FORMATS`) with the files that grade it.

    Raises:
        UploadRefused: A file's path leads elsewhere, or there are too many.
        YamlRefused, JsonRefused, ScenarioFileRefused: See `scenariofile.read_scenarios`.
    """
    own = f"scenarios.{format}"
    with _laid_out({own: text}, files) as (directory, tidy):
        read = tidy(lambda: scenariofile.read_scenarios([directory / own]))
        return replace(read, warnings=tuple(_without(directory, each) for each in read.warnings))


@contextmanager
def _laid_out(
    own: Mapping[str, bytes], files: Mapping[str, bytes]
) -> Iterator[tuple[Path, Callable[[Callable[[], _T]], _T]]]:
    """A folder with all of it, and a way to call what reads it that takes the folder's name out of errors."""
    if len(files) > _MOST_FILES:
        raise UploadRefused(next(iter(files)), f"there are {len(files):,} files, expected at most {_MOST_FILES:,}")
    for path in files:
        if path in own:
            raise UploadRefused(path, "that is the name of the document itself", "Leave it out of files.")
        _check(path)
    with tempfile.TemporaryDirectory(prefix="guildhall-upload-") as folder:
        directory = Path(folder).resolve()
        for path, content in {**own, **files}.items():
            place = directory / path
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("xb") as file:
                    file.write(content)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                raise UploadRefused(path, "another file is in its place") from None

        def tidy(read: Callable[[], _T]) -> _T:
            try:
                return read()
            except GuildhallError as error:
                error.message = _without(directory, error.message)
                error.remedy = error.remedy and _without(directory, error.remedy)
                error.details = _without(directory, error.details)
                raise

        yield directory, tidy


def _check(path: str) -> None:
    parts = path.split("/")
    if not path or len(path.encode()) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise UploadRefused(path, f"a path has 1 to {_LONGEST_PATH:,} bytes, each part of it at most {_LONGEST_NAME}")
    if any(part in ("", ".", "..") for part in parts):
        raise UploadRefused(path, "it leads elsewhere")
    if _CONTROL.search(path):
        raise UploadRefused(path, "it has a character that no path here may have")


def _without(directory: Path, value: Any) -> Any:
    """A value of an error in which files are named as they were sent."""
    if isinstance(value, str):
        return value.replace(f"{directory}/", "").replace(str(directory), "the upload")
    if isinstance(value, dict):
        return {key: _without(directory, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without(directory, each) for each in value]
    return value
