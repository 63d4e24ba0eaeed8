"""Loading users' Python: from a directory, without one version getting into another."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.plays import write
from guildhall.adapters import code
from guildhall.adapters.code import CodeNotLoadable


def version(root: Path, number: int) -> Path:
    """One of two versions of an agent that differ in a module deep inside."""
    return write(
        root / f"v{number}",
        agent="""
        from __future__ import annotations
        import dataclasses
        import json
        import shop.tools
        from shop import tools
        from shop.tools import NUMBER as imported

        @dataclasses.dataclass
        class Order:
            number: int

        def play():
            from shop import late
            import helper.deep.inner
            return [shop.tools.NUMBER, tools.NUMBER, imported, late.NUMBER, helper.deep.inner.NUMBER, Order(1).number]
        """,
        shop__tools="from . import numbers\nNUMBER = numbers.NUMBER",
        shop__numbers=f"NUMBER = {number}",
        shop__late=f"NUMBER = {number * 10}",
        helper__deep__inner=f"NUMBER = {number * 100}",
    )


def test_two_versions_in_one_process_keep_their_own_modules(tmp_path):
    first, second = version(tmp_path, 1), version(tmp_path, 2)

    loaded = [code.load("agent:play", each) for each in (first, second, first, second)]

    assert [each() for each in loaded] == [[1, 1, 1, 10, 100, 1], [2, 2, 2, 20, 200, 1]] * 2
    assert "shop" not in sys.modules
    assert "agent" not in sys.modules


def test_a_module_runs_once_for_each_directory(tmp_path):
    write(tmp_path, counter="runs = []\nruns.append(1)")

    code.load("counter:runs", tmp_path).append(2)

    assert code.load("counter:runs", tmp_path) == [1, 2]


def test_a_users_module_may_have_the_name_of_one_that_everybody_uses(tmp_path):
    write(tmp_path, json="def dumps(value): return 'ours'", agent="import json\ndef play(): return json.dumps(1)")

    assert code.load("agent:play", tmp_path)() == "ours"
    assert json.dumps(1) == "1"


def test_installed_packages_are_found_after_the_directory(tmp_path):
    assert code.load("json:dumps", tmp_path)([1]) == "[1]"
    code.check("json:dumps", tmp_path)


def test_nothing_is_written_beside_a_users_files(tmp_path):
    version(tmp_path, 1)

    code.load("agent:play", tmp_path / "v1")()

    assert not list(tmp_path.rglob("__pycache__"))


def test_imports_that_go_in_a_circle_work_as_ever(tmp_path):
    write(tmp_path, a="import b\ndef one(): return b.two()", b="import a\ndef two(): return a.__name__[-1]")

    assert code.load("a:one", tmp_path)() == "a"


def test_attributes_may_be_nested(tmp_path):
    write(tmp_path, agent="class Agent:\n class Inner:\n  @staticmethod\n  def play(): return 3")

    assert code.load("agent:Agent.Inner.play", tmp_path)() == 3


def test_threads_may_load_at_the_same_time(tmp_path):
    version(tmp_path, 3)
    found: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda: found.append(code.load("agent:play", tmp_path / "v3")())) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert found == [[3, 3, 3, 30, 300, 1]] * 8


FILES = {
    "agent": "def play(session): pass",
    "syntax": "x = 1\ny = = 2\n",
    "imports": "\nimport nowhere_at_all\n",
    "raises": "def f():\n    raise KeyError('cupboard')\nf()\n",
    "exits": "import sys\nsys.exit(3)",
    "lacks": "from agent import missing",
    "deeper": "import raises",
}


@pytest.mark.parametrize(
    ("reference", "message", "file", "line"),
    [
        ("agent:plaj", "'agent' has no 'plaj' (agent.py). Did you mean 'play'?", "agent.py", None),
        ("nothing:play", "there is no module 'nothing': neither nothing.py nor nothing/", None, None),
        ("agent.deep:play", "there is no module 'agent.deep'", None, None),
        ("syntax:x", "SyntaxError: invalid syntax (syntax.py:2)", "syntax.py", 2),
        ("imports:x", "No module named 'nowhere_at_all' (imports.py:2). Install it", "imports.py", 2),
        ("raises:f", "KeyError: 'cupboard' (raises.py:2)", "raises.py", 2),
        ("deeper:f", "KeyError: 'cupboard' (raises.py:2)", "raises.py", 2),
        ("exits:x", "SystemExit: 3 (exits.py:2). Guard what a script does", "exits.py", 2),
        ("lacks:x", "cannot import name 'missing' from 'agent'", "lacks.py", 1),
        ("agent", "it is not of the form module:name", None, None),
        ("agent:", "it is not of the form module:name", None, None),
        ("../agent:play", "it is not of the form module:name", None, None),
        ("agent:play()", "it is not of the form module:name", None, None),
    ],
)
def test_what_cannot_be_loaded_is_named_with_file_and_line(tmp_path, reference, message, file, line):
    write(tmp_path, **FILES)

    with pytest.raises(CodeNotLoadable) as caught:
        code.load(reference, tmp_path)

    assert message in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert "guildhall_code_" not in str(caught.value)
    assert caught.value.details["value"] == reference
    assert (caught.value.details["file"], caught.value.details["line"]) == (file, line)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("agent:plaj", "module 'agent' has no 'plaj' (agent.py). Did you mean 'play'?"),
        ("nothing:play", "there is no module 'nothing'"),
        ("syntax:x", "SyntaxError: invalid syntax (syntax.py:2)"),
        ("agent", "it is not of the form module:name"),
    ],
)
def test_a_check_finds_what_can_be_found_without_running_anything(tmp_path, reference, message):
    write(tmp_path, **FILES)

    with pytest.raises(CodeNotLoadable) as caught:
        code.check(reference, tmp_path)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "source", ["raise OSError", "from os import *", "globals()['play'] = 1", "def __getattr__(n): 1"]
)
def test_a_check_runs_nothing_and_lets_pass_what_only_running_can_tell(tmp_path, source):
    write(tmp_path, agent=f"{source}\nplay = 1" if source == "raise OSError" else source)

    code.check("agent:play", tmp_path)


def test_a_check_lets_pass_what_is_defined_under_a_condition(tmp_path):
    write(tmp_path, agent="if True:\n    def play(session): pass\nelse:\n    play = None")

    code.check("agent:play", tmp_path)


def test_files_are_laid_out_once_for_each_content(tmp_path):
    first = code.lay_out({"a.py": b"1", "deep/b.sh": b"#!/bin/sh\n"}, tmp_path)
    again = code.lay_out({"deep/b.sh": b"#!/bin/sh\n", "a.py": b"1"}, tmp_path)
    other = code.lay_out({"a.py": b"2", "deep/b.sh": b"#!/bin/sh\n"}, tmp_path)

    assert first == again != other
    assert (first / "deep/b.sh").read_bytes() == b"#!/bin/sh\n"
    assert os.access(first / "deep/b.sh", os.X_OK)
    assert not os.access(first / "a.py", os.X_OK)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([first.name, other.name])


@pytest.mark.parametrize("path", ["../out.py", "/etc/out.py", "a/../../out.py", "", "nul\0.py"])
def test_a_file_that_would_lie_outside_is_refused(tmp_path, path):
    with pytest.raises(CodeNotLoadable, match="outside"):
        code.lay_out({path: b""}, tmp_path / "root")

    assert not (tmp_path / "root").exists()


@given(st.dictionaries(st.sampled_from(["a", "b", "ab", "a/c"]), st.binary(max_size=3), max_size=3), st.data())
def test_different_files_never_share_a_directory(tmp_path_factory, files, data):
    if "a" in files:
        files.pop("a/c", None)
    other = data.draw(st.just(files) | st.dictionaries(st.sampled_from(["a", "b", "ab"]), st.binary(max_size=3)))
    root = tmp_path_factory.getbasetemp() / "layouts"

    assert (code.lay_out(files, root) == code.lay_out(other, root)) == (files == other)
