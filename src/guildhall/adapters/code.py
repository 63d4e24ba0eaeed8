"""
Loading Python that users wrote: agents, tools, environments, checks.

`load("shop.tools:refund", directory)` imports `shop/tools.py` from that
directory. Two versions of an agent may run interleaved in one process, so
nothing is shared between directories: each gets a package of its own with a
name that nobody else uses, `guildhall_code_…`, and its modules live below
it in `sys.modules`. Their import statements, also those that run late, inside
a function, look in the directory first, as they would in a program started
there: `import shop.state` finds the version's own `shop`, and relative imports
work as ever. Everything else comes from the runner's environment.

Two things differ from a program of its own: `__name__` carries the prefix, and
`importlib.import_module("shop.state")` does not look in the directory (an
import statement does). Agents that need either keep the default isolation, a
process of their own. No bytecode is written beside users' files.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import shutil
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import CodeType, ModuleType, TracebackType
from typing import Any

from guildhall.errors import InvalidInput

_PREFIX = "guildhall_code_"
FOREIGN = (SystemExit, Exception)
"""What importing or calling a stranger's code may raise; an interrupt or a cancellation is ours and passes."""


class CodeNotLoadable(InvalidInput):
    """A reference to Python code leads nowhere, or the code fails while it is imported."""

    code = "code_not_loadable"

    def __init__(
        self, reference: str, why: str, *, file: str | None = None, line: int | None = None, remedy: str | None = None
    ) -> None:
        where = f" ({file}:{line})" if file and line else f" ({file})" if file else ""
        super().__init__(
            f"{reference!r} cannot be loaded: {why}{where}",
            remedy=remedy,
            field="python",
            value=reference,
            file=file,
            line=line,
        )


def load(reference: str, directory: Path) -> Any:
    """
    The object that `module:attribute` means in this directory, or else among the packages installed.

    A module is run once for each directory.

    Raises:
        CodeNotLoadable: The reference has another form, or there is no such
            module or attribute, or the module fails while it is imported.
    """
    module_name, attributes = _parts(reference)
    namespace = _namespace(directory)
    ours = namespace.has(module_name.partition(".")[0])
    try:
        with _IMPORTING:
            found: Any = importlib.import_module(f"{namespace.name}.{module_name}" if ours else module_name)
    except FOREIGN as error:
        raise _import_failed(reference, module_name, directory, error) from error
    for each in attributes:
        try:
            found = getattr(found, each)
        except AttributeError:
            raise _no_attribute(reference, module_name, each, found, directory) from None
    return found


def check(reference: str, directory: Path) -> None:
    """
    Look at a reference without running anything: its form, whether its module is there, and the module's syntax.

    Raises:
        CodeNotLoadable: One of these is wrong.
    """
    module_name, attributes = _parts(reference)
    path = _source_of(module_name, directory)
    if path is None:
        if importlib.util.find_spec(module_name.partition(".")[0]) is not None:
            return  # an installed package
        raise _no_module(reference, module_name, directory)
    if path.suffix != ".py":
        return
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        raise _import_failed(reference, module_name, directory, error) from None
    names = _names_in(tree)
    if names is not None and attributes[0] not in names:
        raise CodeNotLoadable(
            reference,
            f"module {module_name!r} has no {attributes[0]!r}",
            file=_shown(str(path), directory),
            remedy=_did_you_mean(attributes[0], names),
        )


def lay_out(files: Mapping[str, bytes], root: Path) -> Path:
    """
    Write files into a directory named for their content, once; returns it.

    Every process that lays out the same files gets the same directory, and
    never sees one that is half written.

    Raises:
        CodeNotLoadable: A path would lie outside.
    """
    digest = hashlib.sha256()
    for name in sorted(files):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise CodeNotLoadable(name, "the file would lie outside its directory")
        digest.update(f"{len(name.encode())}:{name}:{len(files[name])}:".encode())
        digest.update(files[name])
    target = root / digest.hexdigest()[:32]
    if target.is_dir():
        return target
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f".{target.name}.{os.getpid()}.{threading.get_ident()}"
    draft.mkdir()
    try:
        for name, content in files.items():
            path_there = draft / name
            path_there.parent.mkdir(parents=True, exist_ok=True)
            path_there.write_bytes(content)
            path_there.chmod(0o755 if content.startswith((b"#!", b"\x7fELF")) else 0o644)
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not target.is_dir():  # or somebody else was quicker
            raise
    return target


def describe(error: BaseException, directory: Path | None) -> str:
    """One line for people: what was raised, with what message, and in which file and line of the directory."""
    name = type(error).__name__
    message = _said(error, directory)
    file, line = place_of(error.__traceback__, directory)
    where = f" ({file}:{line})" if file else ""
    return f"{name}: {message}{where}" if message else f"{name}{where}"


def place_of(trace: TracebackType | None, directory: Path | None) -> tuple[str | None, int | None]:
    """The innermost frame that lies in the directory: its file, relative to it, and its line."""
    if directory is not None:
        for frame in reversed(traceback.extract_tb(trace)):
            shown = _shown(frame.filename, directory)
            if shown != frame.filename:
                return shown, frame.lineno
    return None, None


_IMPORTING = threading.RLock()
_namespaces: dict[Path, _Namespace] = {}


class _Namespace:
    """The modules of one directory."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory
        self.builtins = dict(vars(builtins))
        self.builtins["__import__"] = self._import
        self._tops: dict[str, bool] = {}

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """What an import statement in one of its modules calls."""
        top = name.partition(".")[0]
        if level == 0 and self.has(top):
            ours = f"{self.name}.{name}"
            module = importlib.import_module(ours)
            if not fromlist:
                return sys.modules[f"{self.name}.{top}"]
            if hasattr(module, "__path__"):
                return builtins.__import__(ours, globals, locals, tuple(fromlist), 0)
            return module
        return builtins.__import__(name, globals, locals, tuple(fromlist or ()), level)

    def has(self, top: str) -> bool:
        """Whether the directory has a module of this name. Looked up once: a version's files do not change."""
        found = self._tops.get(top)
        if found is None:
            found = self._tops[top] = _find(top, self.directory) is not None
        return found


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules below `guildhall_code_…`, and has them run with their directory's `__import__`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith(_PREFIX) or path is None:
            return None
        namespace = vars(sys.modules[fullname.partition(".")[0]])["namespace"]
        for folder in path:
            spec = _find(fullname, Path(folder))
            if spec is not None:
                if isinstance(spec.loader, _SourceLoader):
                    spec.loader.namespace = namespace
                return spec
        return None


class _SourceLoader(importlib.machinery.SourceFileLoader):
    """Compiles from the source: no bytecode is read, which could be another version's, and none is written."""

    namespace: _Namespace

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = self.namespace.builtins
        super().exec_module(module)


def _find(name: str, folder: Path) -> importlib.machinery.ModuleSpec | None:
    finder = importlib.machinery.FileFinder(
        str(folder),
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
        (_SourceLoader, importlib.machinery.SOURCE_SUFFIXES),
    )
    return finder.find_spec(name)


def _namespace(directory: Path) -> _Namespace:
    directory = directory.absolute()
    with _IMPORTING:
        found = _namespaces.get(directory)
        if found is None:
            if not any(isinstance(each, _Finder) for each in sys.meta_path):
                sys.meta_path.insert(0, _Finder())
            # Only this process needs the name to be nobody else's, so a running number does.
            found = _Namespace(f"{_PREFIX}{len(_namespaces) + 1}", directory)
            package = ModuleType(found.name)
            package.__path__ = [str(directory)]
            vars(package)["namespace"] = found
            sys.modules[found.name] = package
            _namespaces[directory] = found
        return found


def _parts(reference: str) -> tuple[str, list[str]]:
    module_name, colon, attribute = reference.partition(":")
    names = [*module_name.split("."), *attribute.split(".")]
    if not colon or not all(each.isidentifier() for each in names):
        raise CodeNotLoadable(
            reference,
            "it is not of the form module:name",
            remedy='Write it as "package.module:name", for example "shop.tools:refund".',
        )
    return module_name, attribute.split(".")


def _source_of(module_name: str, directory: Path) -> Path | None:
    folder = directory
    *packages, last = module_name.split(".")
    for each in packages:
        folder = folder / each
        if not folder.is_dir():
            return None
    spec = _find(last, folder)
    if spec is None:
        return None
    return Path(spec.origin) if spec.origin else folder / last


def _names_in(tree: ast.Module) -> set[str] | None:
    """What a module defines at its top level, or None where only running it can tell."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Name(ctx=ast.Store()):
                names.add(node.id)
            case ast.ImportFrom() | ast.Import():
                for alias in node.names:
                    if alias.name == "*":
                        return None
                    names.add(alias.asname or alias.name.partition(".")[0])
            case ast.Call(func=ast.Name(id="globals" | "exec" | "setattr")):
                return None
    return None if "__getattr__" in names else names


def _import_failed(reference: str, module_name: str, directory: Path, error: BaseException) -> CodeNotLoadable:
    if isinstance(error, SyntaxError) and error.filename:
        file, line = _shown(error.filename, directory), error.lineno
        return CodeNotLoadable(reference, f"{type(error).__name__}: {error.msg}", file=file, line=line)
    if isinstance(error, ModuleNotFoundError) and error.name:
        missing = error.name.removeprefix(f"{_namespace(directory).name}.")
        if module_name == missing or module_name.startswith(missing + "."):
            return _no_module(reference, module_name, directory)
    place, number = place_of(error.__traceback__, directory)
    remedy = None
    if isinstance(error, ModuleNotFoundError):
        remedy = "Install it where guildhall runs, or list the file under `include` if it is the agent's own."
    elif isinstance(error, SystemExit):
        remedy = "Guard what a script does at its end with `if __name__ == '__main__':`."
    return CodeNotLoadable(
        reference, f"{type(error).__name__}: {_said(error, directory)}", file=place, line=number, remedy=remedy
    )


def _no_module(reference: str, module_name: str, directory: Path) -> CodeNotLoadable:
    path = module_name.replace(".", "/")
    return CodeNotLoadable(
        reference,
        f"there is no module {module_name!r}: neither {path}.py nor {path}/ beside the YAML",
        remedy=f"Is {path}.py there, and listed under `include` or referred to?",
    )


def _no_attribute(reference: str, module_name: str, name: str, where: Any, directory: Path) -> CodeNotLoadable:
    path = _source_of(module_name, directory)
    return CodeNotLoadable(
        reference,
        f"{getattr(where, '__name__', 'it').rpartition('.')[2]!r} has no {name!r}",
        file=None if path is None else _shown(str(path), directory),
        remedy=_did_you_mean(name, {each for each in dir(where) if not each.startswith("_")}),
    )


def _did_you_mean(name: str, names: set[str]) -> str | None:
    import difflib  # noqa: PLC0415 - only for a message

    close = difflib.get_close_matches(name, sorted(names), n=1)
    return f"Did you mean {close[0]!r}?" if close else None


def _shown(file: str, directory: Path) -> str:
    for root in (directory.absolute(), directory.resolve()):
        if file.startswith(f"{root}/"):
            return file[len(str(root)) + 1 :]
    return file


def _said(error: BaseException, directory: Path | None) -> str:
    """The exception's message, without our names for modules and where on this machine the directory lies."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - the exception's own method fails
        return "[an exception that cannot be printed]"
    if _PREFIX in message:
        import re  # noqa: PLC0415 - only for a message

        message = re.sub(rf"{_PREFIX}\d+\.", "", message)
    return message if directory is None else message.replace(f"{directory.absolute()}/", "")
