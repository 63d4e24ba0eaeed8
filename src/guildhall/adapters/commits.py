"""Reading a commit out of a git repository: what changed, and what its tests said."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from guildhall.algorithms import sanitise
from guildhall.domains.gateway.debates import CodeVersion
from guildhall.errors import InvalidInput, Unavailable

_LONGEST_DIFF = 60_000
_MOST_FILES = 1_000
_LARGEST_REPORT = 20 << 20


class CommitUnreadable(InvalidInput):
    """There is no such commit, or no repository."""

    code = "commit_unreadable"

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(
            f"the commit {reference!r:.100} cannot be read: {reason:.500}",
            remedy="Name a commit, a branch or a tag of the git repository that you are in.",
            field="commit",
            value=reference[:100],
        )


class TestReportUnreadable(InvalidInput):
    """A file that is no JUnit report."""

    __test__ = False  # its name is no test
    code = "test_report_unreadable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is no JUnit report: {reason:.300}",
            remedy="Give the file that your test runner writes, such as that of `pytest --junitxml`.",
            field="junit",
            value=str(path),
        )


async def read_commit(reference: str, folder: Path, *, junit: Path | None = None) -> CodeVersion:
    """
    A commit with its message, files and diff (the first 60,000 characters of it), and the counts of a JUnit report.

    Raises:
        CommitUnreadable: There is no such commit in the folder's repository.
        TestReportUnreadable: The report is none.
        Unavailable: There is no git.
    """
    found = (
        await _git(folder, reference, "rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}")
    ).strip()
    branch = (await _git(folder, reference, "rev-parse", "--abbrev-ref", "HEAD")).strip()
    message = await _git(folder, reference, "show", "-s", "--format=%B", found)
    names = await _git(folder, reference, "show", "--format=", "--name-only", "-z", found)
    diff = await _git(
        folder, reference, "show", "--format=", "--stat", "--patch", "--no-ext-diff", "--no-textconv", found
    )
    status, results = ("pending", {}) if junit is None else _report(junit)
    return CodeVersion(
        version_hash=found,
        branch=branch[:255],
        commit_message=sanitise.text(message).strip(),
        files_changed=[sanitise.text(name) for name in names.split("\0") if name.strip()][:_MOST_FILES],
        diff_summary=sanitise.text(diff if len(diff) <= _LONGEST_DIFF else diff[:_LONGEST_DIFF] + "\n…"),
        validation_status=status,
        test_results=results,
    )


async def _git(folder: Path, reference: str, *arguments: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError:
        raise Unavailable("git is not installed", remedy="Install git, or leave --commit out.") from None
    said, complained = await process.communicate()
    if process.returncode:
        raise CommitUnreadable(reference, complained.decode(errors="replace").strip())
    return said.decode(errors="replace")


def _report(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        if path.stat().st_size > _LARGEST_REPORT:
            raise TestReportUnreadable(path, f"it has more than {_LARGEST_REPORT >> 20} MB")
        text = path.read_bytes()
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise TestReportUnreadable(path, "it declares entities")
        root = ElementTree.fromstring(text)
    except OSError as error:
        raise TestReportUnreadable(path, error.strerror or "it cannot be read") from None
    except ElementTree.ParseError as error:
        raise TestReportUnreadable(path, str(error)) from None
    cases = list(root.iter("testcase"))
    if root.tag not in {"testsuite", "testsuites"} or not cases:
        raise TestReportUnreadable(path, "it has no test cases")
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    results: dict[str, Any] = {
        "tests": len(cases),
        "failed": len(failed),
        "skipped": skipped,
        "failures": [
            sanitise.text(f"{case.get('classname') or ''}::{case.get('name') or ''}") for case in failed[:100]
        ],
    }
    return ("failed" if failed else "passed"), results
