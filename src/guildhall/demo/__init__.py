"""
The demo: a small shop whose clerk is a rule-based agent, in two versions, and what `guildhall init` writes.

Nothing of it needs a model, a key or a network. `agent.v1.yaml` and
`agent.v2.yaml` differ in three lines, and the agent does what they say:
version 2 is better on the whole and worse in two scenarios, `swap_address`
(it no longer asks who is asking) and `gift_card` (customers in a hurry do not
answer its question).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from guildhall.errors import Conflict, InvalidInput

DIRECTORY = Path(__file__).parent
AGENT_V1 = DIRECTORY / "agent.v1.yaml"
AGENT_V2 = DIRECTORY / "agent.v2.yaml"
SCENARIOS = DIRECTORY / "scenarios.yaml"
TEMPLATE = DIRECTORY / "template"

TRIALS = 5
SEED = 4
"""Of no importance: with other seeds the verdict is the same, and the numbers differ a little."""


class FilesInTheWay(Conflict):
    """A folder already has files of the names that are to be written."""

    code = "files_in_the_way"

    def __init__(self, directory: Path, names: list[str]) -> None:
        super().__init__(
            f"{str(directory)!r} already holds {', '.join(names)}",
            remedy="Choose another folder, or move these files away.",
            directory=str(directory),
            files=names,
        )


class FolderNotWritable(InvalidInput):
    """The folder that was named cannot take files."""

    code = "folder_not_writable"

    def __init__(self, directory: Path, error: OSError) -> None:
        super().__init__(
            f"{str(directory)!r} cannot be written: {error.strerror or error}",
            remedy="Choose another folder.",
            directory=str(directory),
            field="directory",
        )


def write_template(directory: Path) -> list[Path]:
    """
    Write an agent, scenarios and tools to start from into a folder; nothing is overwritten.

    Raises:
        FilesInTheWay: One of the files is there already; nothing has been written.
        FolderNotWritable: The folder cannot be made or written.
    """
    sources = sorted(each for each in TEMPLATE.iterdir() if each.is_file())
    in_the_way = [each.name for each in sources if (directory / each.name).exists()]
    if in_the_way:
        raise FilesInTheWay(directory, in_the_way)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copyfile(each, directory / each.name)) for each in sources]
    except OSError as error:
        raise FolderNotWritable(directory, error) from error
