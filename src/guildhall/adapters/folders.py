"""
Collecting the files that a YAML file refers to, from the folder it lies in.

Nothing outside that folder is read: not by `..`, not by an absolute path, not
through a symbolic link. Only regular files are, of a limited size and number.
A Python module brings along the modules beside it that its import statements
name, and theirs; what is imported in other ways has to be named itself.
"""

from __future__ import annotations

import ast
import importlib.util
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_PASSED_OVER = {"__pycache__", ".git", ".venv", "node_modules"}
_LONGEST_SOURCE = 2 << 20


@dataclass(frozen=True, slots=True)
class FolderLimits:
    """What the files of one folder may come to."""

    file_bytes: int = 16 << 20
    total_bytes: int = 64 << 20
    files: int = 2_000


class NotCollected(Exception):
    """A file cannot be taken in. `value` is what was asked for, `why` and `remedy` are for people."""

    def __init__(self, value: str, why: str, remedy: str | None = None) -> None:
        super().__init__(f"{value}: {why}")
        self.value = value
        self.why = why
        self.remedy = remedy


class Folder:
    """The files collected from one folder: `files` maps paths, relative to it and with slashes, to contents."""

    def __init__(self, directory: Path, *, without: frozenset[str] = frozenset(), limits: FolderLimits | None = None):
        """`without` are files that no pattern takes in."""
        self.directory = directory
        self._root = directory.resolve()
        self._without = without
        self._limits = limits or FolderLimits()
        self._total = 0
        self.files: dict[str, bytes] = {}

    def take(self, path: str) -> str:
        """
        Take in one file; its path in the one form in which files are named.

        Raises:
            NotCollected: It is not there, lies outside, is no regular file or too large.
        """
        name = self._inside(path)
        if name in self.files:
            return name
        place = self.directory / name
        try:
            real = place.resolve(strict=True)
            if not real.is_relative_to(self._root):
                raise NotCollected(path, "it is a link that leads out of the folder", "Copy the file into the folder.")
            if not stat.S_ISREG(real.stat().st_mode):
                raise NotCollected(path, "it is no file", "Name a file, or use `include` for all files of a folder.")
            with real.open("rb") as file:
                content = file.read(self._limits.file_bytes + 1)
        except FileNotFoundError:
            raise NotCollected(path, "there is no such file", self._similar(name)) from None
        except (OSError, RuntimeError) as error:  # RuntimeError: links that lead round in a circle
            reason = getattr(error, "strerror", None) or "it is a link that leads nowhere"
            raise NotCollected(path, f"it cannot be read: {reason}") from None
        if len(content) > self._limits.file_bytes:
            raise NotCollected(path, f"it is larger than {self._limits.file_bytes:,} bytes")
        self._total += len(content)
        if self._total > self._limits.total_bytes:
            raise NotCollected(
                path,
                f"with it the files are larger than {self._limits.total_bytes:,} bytes together",
                "Name fewer files: only what the agent needs.",
            )
        if len(self.files) >= self._limits.files:
            raise NotCollected(path, f"it is one file too many: there are {self._limits.files:,} already")
        self.files[name] = content
        return name

    def has(self, path: str) -> bool:
        """Whether a relative path names a file in the folder."""
        try:
            return (self.directory / self._inside(path)).is_file()
        except (NotCollected, OSError):
            return False

    def take_all(self, pattern: str) -> list[str]:
        """
        Take in every file that a pattern such as `shop/**/*.py` matches.

        Raises:
            NotCollected: None does, or one cannot be taken in.
        """
        self._inside(pattern)
        # Before Python 3.13 a `**` at the end means folders only, after that files too.
        whole = f"{pattern}/*" if pattern.endswith("**") else pattern
        try:
            found = sorted(
                each.relative_to(self.directory).as_posix() for each in self.directory.glob(whole) if not each.is_dir()
            )
        except (ValueError, NotImplementedError, IndexError, OSError) as error:
            raise NotCollected(
                pattern[:200], f"it is no pattern: {getattr(error, 'strerror', None) or error}"
            ) from None
        found = [
            name
            for name in found
            if name not in self._without
            and not _PASSED_OVER & set(PurePosixPath(name).parts)
            and not name.endswith((".pyc", ".pyo"))
        ]
        if not found:
            raise NotCollected(
                pattern, "it matches no file", "Write it relative to the folder of the YAML file, or remove it."
            )
        return [self.take(name) for name in found]

    def take_module(self, module: str, beside: str = "") -> list[str]:
        """
        Take in a Python module, its packages' `__init__` files, and what they import from the folder.

        `beside` is the subfolder where imports begin. Empty where the module
        is not in the folder but installed.

        Raises:
            NotCollected: It is neither here nor installed, or a file cannot be taken in.
        """
        found = self._sources(module, beside)
        if not found:
            top = module.partition(".")[0]
            if self._sources(top, beside) or not _is_installed(top):
                path = "/".join(filter(None, (beside, *module.split("."))))
                raise NotCollected(
                    module, f"there is no module {path}.py, nor {path}/", self._similar(f"{path}.py") or None
                )
            return []
        return self._follow(found, beside)

    def take_script(self, path: str) -> list[str]:
        """
        Take in a Python program and what it imports from its own folder.

        Raises:
            NotCollected: A file cannot be taken in.
        """
        name = self.take(path)
        return self._follow([name], name.rpartition("/")[0])

    def _follow(self, names: list[str], beside: str) -> list[str]:
        seen: set[str] = set()
        waiting = list(reversed(names))
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            self.take(name)
            for module in _imports(name, self.files[name], beside):
                waiting.extend(each for each in self._sources(module, beside, all_of_it=False) if each not in seen)
        return sorted(seen)

    def _sources(self, module: str, beside: str, *, all_of_it: bool = True) -> list[str]:
        """
        The files of a dotted name: the `__init__` of each package on the way, and the module.

        With `all_of_it`, nothing unless the last part is found too.
        """
        found: list[str] = []
        folder = f"{beside}/" if beside else ""
        parts = module.split(".")
        for index, part in enumerate(parts):
            here = f"{folder}{part}"
            if self.has(f"{here}/__init__.py"):
                found.append(f"{here}/__init__.py")
            elif self.has(f"{here}.py"):
                found.append(f"{here}.py")
                return found if index == len(parts) - 1 or not all_of_it else []
            elif not (self.directory / here).is_dir() or index == len(parts) - 1:
                return [] if all_of_it else found
            folder = f"{here}/"
        return found

    def _inside(self, path: str) -> str:
        if "\0" in path or not path:
            raise NotCollected(path, "it is no path")
        if PurePosixPath(path).is_absolute() or path.startswith("~"):
            raise NotCollected(
                path,
                "it is an absolute path",
                "Write it relative to the folder of the YAML file, and keep it in there.",
            )
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise NotCollected(
                path, "it leads out of the folder", "Keep the file in the folder of the YAML file, or below it."
            )
        if not parts:
            raise NotCollected(path, "it is the folder itself", "Name a file in it.")
        return "/".join(parts)

    def _similar(self, name: str) -> str | None:
        import difflib  # noqa: PLC0415 - only for a message

        folder, _, last = name.rpartition("/")
        try:
            there = sorted(each.name for each in (self.directory / folder).iterdir() if each.is_file())[:1000]
        except OSError:
            return f"There is no folder {folder}/ beside the YAML file." if folder else None
        close = difflib.get_close_matches(last, there, n=1)
        return f'Did you mean "{f"{folder}/" if folder else ""}{close[0]}"?' if close else None


def _is_installed(top: str) -> bool:
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def _imports(name: str, source: bytes, beside: str) -> Iterator[str]:
    """The dotted names that a module's import statements may mean, whether they are modules or things in modules."""
    if not name.endswith(".py") and not source.startswith(b"#!"):
        return
    if len(source) > _LONGEST_SOURCE:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other people's code
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # whoever loads it will say what is wrong
    inside = name[len(beside) + 1 :] if beside and name.startswith(f"{beside}/") else name
    package = inside.split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level > len(package) + 1:
                continue
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            if stem:
                yield stem
            yield from (f"{stem}.{alias.name}" if stem else alias.name for alias in node.names if alias.name != "*")
