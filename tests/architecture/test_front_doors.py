"""Rooms meet at each other's front door, and nothing pretends."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import guildhall

_ROOT = Path(guildhall.__file__).parent
_MODULES = sorted(_ROOT.rglob("*.py"))
# What a room shares beside its front door: the ports that adapters fulfil.
_OPEN = {"ports"}


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_room_is_imported_only_by_its_name(path: Path) -> None:
    here = ("guildhall", *path.relative_to(_ROOT).with_suffix("").parts)
    for name in _imported(path):
        parts = name.split(".")
        if parts[:2] == ["guildhall", "domains"] and len(parts) > 4 and tuple(parts[:4]) != here[:4]:
            assert parts[4] in _OPEN, f"{path.relative_to(_ROOT)} reaches into {'.'.join(parts[:4])} for {parts[4]}"


def _offered(package: str) -> list[str]:
    return list(getattr(importlib.import_module(package), "__all__", ()))


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            # `from room import types` imports a module of the room, `from room import Name` what it offers
            folder = _ROOT.joinpath(*node.module.split(".")[1:])
            for alias in node.names:
                is_module = (folder / f"{alias.name}.py").exists() and alias.name not in _offered(node.module)
                found.add(f"{node.module}.{alias.name}" if is_module else node.module)
    return found
