"""From a program as its author wrote it to what the launcher executes: where it is, what it needs, what it sees."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .errors import ProgramNotRunnable
from .types import Program

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_COPIED_FILES, _COPIED_BYTES = 2_000, 64 << 20
_SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")


@dataclass(frozen=True, slots=True)
class Place:
    """The directory of one trial: `home`, `tmp` and `work` in it."""

    directory: Path

    @property
    def work(self) -> Path:
        """Where the program starts."""
        return self.directory / "work"

    @property
    def agent(self) -> Path:
        """Where the agent's directory is copied to, if it has to be."""
        return self.directory / "agent"

    @property
    def tmp(self) -> Path:
        """What TMPDIR names."""
        return self.directory / "tmp"

    def make(self, program: Program, *, copy: bool) -> None:
        """
        Make the directory and put the program's files into it; with `copy` the agent's own directory, too.

        Raises:
            ProgramNotRunnable: A file would lie outside.
            OSError: It cannot be written.
        """
        self.directory.mkdir(mode=0o700)
        for name in ("home", "tmp", "work"):
            (self.directory / name).mkdir(mode=0o700)
        for name, content in (program.files or {}).items():
            path = self.work / _inside(program, name)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o700 if content.startswith((b"#!", b"\x7fELF")) else 0o600)
        if program.directory is None:
            return
        agent = program.directory
        if copy:
            agent = self.agent
            shutil.copytree(program.directory, agent, symlinks=True, ignore=_neither_file_nor_folder)
        for entry in os.scandir(agent):
            link = self.work / entry.name
            if not link.exists():  # a file that was given goes before the agent's own
                link.symlink_to(entry.path)


def _inside(program: Program, name: str) -> PurePosixPath:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts or "\0" in name:
        raise ProgramNotRunnable(program.argv[0], f"file {name!r} would lie outside its directory")
    return relative


def _neither_file_nor_folder(folder: str, names: list[str]) -> list[str]:
    """Sockets, pipes and devices: copying one would wait for ever."""
    kinds = {name: (Path(folder) / name).lstat().st_mode for name in names}
    return [n for n, mode in kinds.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))]


def small_enough_to_copy(directory: Path) -> bool:
    """Whether a copy for each trial is a sensible thing to make."""
    files = size = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            files += 1
            size += (Path(folder) / name).lstat().st_size
            if files > _COPIED_FILES or size > _COPIED_BYTES:
                return False
    return True


def environment(program: Program, place: Place, sandbox_id: str) -> dict[str, str]:
    """
    All that the program finds in its environment.

    Raises:
        ProgramNotRunnable: A name or a value cannot stand in an environment.
    """
    result = {
        "PATH": f"{Path(sys.executable).parent}:{_SYSTEM_PATH}",
        "LANG": "C.UTF-8",
        "HOME": str(place.directory / "home"),
        "TMPDIR": str(place.tmp),
        "GUILDHALL_SANDBOX_ID": sandbox_id,
    }
    if program.directory is not None:
        result["GUILDHALL_AGENT_DIR"] = str(program.directory)
    for name, value in program.environment.items():
        if not name or "=" in name or "\0" in name + value:
            raise ProgramNotRunnable(program.argv[0], f"environment variable {name!r} has an impossible name or value")
        result[name] = value
    return result


def secrets_of(program: Program) -> tuple[str, ...]:
    """What must not appear in the logs: what was called a secret, and every variable whose name says it is one."""
    named = (
        value for name, value in program.environment.items() if any(word in name.upper() for word in _SECRET_NAMES)
    )
    return (*program.secrets, *named)


def locate(program: Program, variables: Mapping[str, str], place: Place) -> Path:
    """
    The file that `argv[0]` means.

    Raises:
        ProgramNotRunnable: There is none, or it is not executable.
    """
    if not program.argv or not program.argv[0]:
        raise ProgramNotRunnable("", "no command is given")
    if any("\0" in word for word in program.argv):
        raise ProgramNotRunnable(program.argv[0], "a word of the command contains a NUL byte")
    name = program.argv[0]
    if name in ("python", "python3") and "PATH" not in program.environment:
        return Path(sys.executable)  # many systems have no `python`, and none has ours
    if "/" not in name:
        candidates = [Path(folder) / name for folder in variables["PATH"].split(":") if folder]
        found = next((path for path in candidates if path.is_file() and os.access(path, os.X_OK)), None)
        if found is None:
            remedy = None
            if program.directory is not None and (program.directory / name).is_file():
                remedy = f"Write ./{name} to mean the file beside the agent."
            raise ProgramNotRunnable(name, "no such program on PATH", remedy)
        return found
    given = {PurePosixPath(file): content for file, content in (program.files or {}).items()}
    if (content := given.get(PurePosixPath(name))) is not None:
        if not content.startswith((b"#!", b"\x7fELF")):
            raise ProgramNotRunnable(name, "its content is no program", "Begin it with a line such as #!/bin/sh.")
        return place.work / name
    if program.directory is None and not name.startswith("/"):
        raise ProgramNotRunnable(name, "it is relative, and no directory is given")
    path = (program.directory or Path("/")) / name
    if not path.is_file():
        raise ProgramNotRunnable(name, f"there is no file {path}")
    if not os.access(path, os.X_OK):
        raise ProgramNotRunnable(name, f"{path} is not executable", f"Run chmod +x {path}.")
    return path


def needs(executable: Path, program: Program, variables: Mapping[str, str]) -> list[Path]:
    """Directories other than its agent's that must be readable for the program to start: its own, its interpreter's."""
    chain = [executable]
    script = (program.files or {}).get(program.argv[0].removeprefix("./"))
    if (interpreter := _interpreter(executable, script, variables)) is not None:
        chain.append(interpreter)
    ours = Path(sys.executable).resolve()
    found: list[Path] = []
    for path in chain:
        if path.exists():  # what is in `files` has not been written yet
            found += [path.parent, path.resolve().parent]
        if path.resolve() == ours or path.is_relative_to(sys.prefix):
            found += runner_python()
    return [path for path in dict.fromkeys(found) if path != program.directory]


def runner_python() -> list[Path]:
    """Where the interpreter that runs us and its packages lie."""
    return [Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_prefix).resolve()]


def _interpreter(executable: Path, script: bytes | None, variables: Mapping[str, str]) -> Path | None:
    """What a script's first line names, looked up on PATH where it goes by way of env."""
    if script is None:
        try:
            with executable.open("rb") as file:
                first = file.readline(256)
        except OSError:
            return None
    else:
        first = script[:256].split(b"\n")[0]
    if not first.startswith(b"#!"):
        return None
    words = first[2:].decode("utf-8", "replace").split()
    if words and PurePosixPath(words[0]).name == "env":
        name = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
        candidates = [Path(folder) / name for folder in variables["PATH"].split(":") if folder]
        return next((path for path in candidates if name and path.is_file()), None)
    return Path(words[0]) if words else None


def closed_part(path: Path, *, passing: bool = False) -> Path | None:
    """
    The first directory on the way to `path` that is closed to an unprivileged stranger, if any.

    `path` itself must be readable as well, except for who is only `passing`.
    """
    for each in reversed((path, *path.parents)):
        try:
            mode = each.stat().st_mode
        except OSError:
            return each
        wanted = stat.S_IXOTH if passing or each != path else stat.S_IXOTH | stat.S_IROTH
        if stat.S_ISDIR(mode) and mode & wanted != wanted:
            return each
    return None


def open_to_strangers(directory: Path) -> bool:
    """Whether a stranger who gets as far as this directory can read it and the files right in it."""
    mode = directory.stat().st_mode
    if not (mode & stat.S_IROTH and mode & stat.S_IXOTH):
        return False
    entries = [
        entry.stat().st_mode for entry in os.scandir(directory) if entry.name[0] != "." and not entry.is_symlink()
    ]
    return all(mode & stat.S_IROTH for mode in entries)


def outermost(paths: Iterable[Path]) -> list[Path]:
    """The paths that lie in none of the others."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept
