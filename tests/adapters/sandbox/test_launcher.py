"""Parts of the launcher that can be tried without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from guildhall.adapters.sandbox.launcher.loop import OwnUid
from guildhall.adapters.sandbox.launcher.trees import Usage, children, disk_bytes, remove_tree


def test_a_user_that_is_taken_is_passed_over_until_it_is_free() -> None:
    first = OwnUid(iter([70_001, 70_002]))
    second = OwnUid(iter([70_001, 70_002]))
    assert (first.number, second.number) == (70_001, 70_002)
    with pytest.raises(OSError, match="taken"):
        OwnUid(iter([70_001, 70_002]))
    first.claim.close()
    third = OwnUid(iter([70_001, 70_002]))
    assert third.number == 70_001
    second.claim.close()
    third.claim.close()


def test_a_tree_is_removed_within_its_budget_or_not_at_all_at_once(tmp_path: Path) -> None:
    room = tmp_path / "room"
    for folder in ("a", "b", "b/c"):
        (room / folder).mkdir(parents=True)
        for number in range(20):
            (room / folder / f"{number}").touch()
    assert not remove_tree(str(room), budget=30)
    assert room.exists()
    assert remove_tree(str(room), budget=200)
    assert not room.exists()


def test_a_link_is_removed_and_what_it_names_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    room = tmp_path / "room"
    room.mkdir()
    (room / "link").symlink_to(tmp_path / "precious")
    assert remove_tree(str(room))
    assert (tmp_path / "precious" / "file").exists()
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    assert not remove_tree(str(tmp_path / "link"))
    assert (tmp_path / "precious" / "file").exists()


def test_what_is_gone_counts_as_removed(tmp_path: Path) -> None:
    assert remove_tree(str(tmp_path / "never-was"))


def test_the_size_of_a_directory_counts_what_lies_deep(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(os.urandom(1 << 20))
    assert 1 << 20 <= disk_bytes(str(tmp_path)) < 2 << 20


def test_usage_sees_children_but_not_the_keeper_itself() -> None:
    before = set(children(os.getpid()))
    command = [sys.executable, "-I", "-S", "-c", "kept = b'x' * (30 << 20)\nprint(flush=True)\ninput()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert set(children(os.getpid())) - before == {child.pid}
        usage = Usage(os.getpid(), None)
        assert child.pid in usage.members
        assert os.getpid() not in usage.members
        assert usage.tasks >= 1
        assert 30 << 20 <= usage.memory_bytes(None) <= usage.resident_bytes
        child.communicate(b"\n")
