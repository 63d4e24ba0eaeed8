"""Collecting files: how many, how large, and how they are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guildhall.adapters.folders import Folder, FolderLimits, NotCollected

SMALL = FolderLimits(file_bytes=10, total_bytes=25, files=3)


def fill(folder: Path, **sizes: int) -> Folder:
    for name, size in sizes.items():
        (folder / name).write_bytes(b"x" * size)
    return Folder(folder, limits=SMALL)


def test_a_file_is_taken_once_under_one_name(tmp_path: Path) -> None:
    folder = fill(tmp_path, a=10)
    assert [folder.take("a"), folder.take("./a"), folder.take("a")] == ["a", "a", "a"]
    assert folder.files == {"a": b"x" * 10}


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotCollected, match="larger than 10 bytes"):
        fill(tmp_path, a=11).take("a")


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotCollected, match="larger than 25 bytes together"):
        fill(tmp_path, a=9, b=9, c=9).take_all("*")


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotCollected, match="one file too many: there are 3"):
        fill(tmp_path, a=1, b=1, c=1, d=1).take_all("*")


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotCollected, match="no file"):
        Folder(tmp_path).take("pipe")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**/*.py", ["a.py", "deep/b.py"]),
        ("**", ["a.py", "deep/b.py", "deep/c.md"]),
        ("**/*", ["a.py", "deep/b.py", "deep/c.md"]),
        ("*", ["a.py"]),
        ("deep/*", ["deep/b.py", "deep/c.md"]),
        ("deep/b.py", ["deep/b.py"]),
        ("[ab].py", ["a.py"]),
    ],
)
def test_patterns_find_files(tmp_path: Path, pattern: str, found: list[str]) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("a.py", "deep/b.py", "deep/c.md", ".git/config", "b.pyc"):
        (tmp_path / name).write_text("")
    (tmp_path / "elsewhere").symlink_to("/etc")
    assert Folder(tmp_path).take_all(pattern) == found


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../x", "a/../../x", "~/x", "a\0b", "x" * 5000])
def test_what_is_no_path_in_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    folder = Folder(tmp_path)
    with pytest.raises(NotCollected):
        folder.take(path)
    with pytest.raises(NotCollected):
        folder.take_all(path)
    assert not folder.has(path)


def test_a_module_that_imports_in_a_circle_is_followed_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("from a import *\nfrom . import a\nfrom ... import far\n")
    assert Folder(tmp_path).take_module("a") == ["a.py", "b.py"]


def test_an_attribute_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("")
    with pytest.raises(NotCollected, match=r"there is no module shop/agent\.py"):
        Folder(tmp_path).take_module("shop.agent")
