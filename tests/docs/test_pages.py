"""What the documentation names is there, and what is there is named."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from guildhall import settings
from guildhall.cli.main import GROUPS, app, load_group

_ROOT = Path(__file__).parents[2]
_PAGES = [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md")), _ROOT / "benchmarks" / "README.md"]
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
_COMMAND = re.compile(rf"guildhall ((?:{'|'.join(GROUPS)}) [a-z][a-z-]*|demo|init|improve|serve|up)\b")


def _commands() -> set[str]:
    found = {command.callback.__name__ for command in app.registered_commands if command.callback}
    for group in GROUPS:
        loaded = load_group(group)
        for command in loaded.registered_commands:
            name = command.name or (command.callback.__name__ if command.callback else "")
            found.add(f"{group} {name}")
        found |= {f"{group} {inner.name}" for inner in loaded.registered_groups}
    return found


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(_ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = [link for link in _LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(_ROOT)))
def test_every_command_that_is_named_exists(page: Path) -> None:
    assert set(_COMMAND.findall(page.read_text("utf-8"))) <= _commands()


def test_every_command_is_documented() -> None:
    text = "\n".join(page.read_text("utf-8") for page in [*_PAGES, _ROOT / "CHANGELOG.md"])
    for command in _commands():
        group, _, verb = command.partition(" ")
        assert re.search(rf"`(guildhall )?{group}\b[^`]*\b{verb}\b", text) or f"guildhall {command}" in text, command


def test_every_setting_is_documented() -> None:
    text = "".join(
        (_ROOT / "docs" / page).read_text("utf-8") for page in ("database.md", "serve.md", "executors.md", "gateway.md")
    )
    names = re.findall(r"GUILDHALL_[A-Z_]+", Path(settings.__file__).read_text("utf-8"))
    assert len(set(names)) == len(dataclasses.fields(settings.Settings))
    for name in set(names):
        assert f"`{name}`" in text, name
