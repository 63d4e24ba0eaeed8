"""Files that are no logs, and logs in unusual clothes."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.importers.conftest import tau2_log, tau_row
from guildhall.adapters.importers import LogNotFound, LogUnreadable, read_log
from guildhall.errors import InvalidInput

Writer = Callable[..., Path]
WHOLE = gzip.compress(json.dumps([tau_row()]).encode(), mtime=0)  # the same for every worker


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b'[{"task_id": 0, "rew', "not JSON"),
        (b"\x00\xff\xfe\x01 random", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (WHOLE[:-20], "gzip data is damaged or cut off"),
        (WHOLE[:30], "gzip data is damaged or cut off"),
        (WHOLE[:40] + b"\x00" * 40 + WHOLE[80:], "gzip data is damaged or cut off"),
        (b"[]", "an empty list where a log of a known format"),
        (b"7", "a single int"),
        (b'{"samples": [], "eval": {}}', "an object with eval, samples"),
        (b'[{"role": "user", "content": "hello"}]', "first entry is an object with content, role"),
        (b"[1, 2]", "a list whose first entry is int"),
    ],
)
def test_what_is_no_log_is_refused_with_the_formats_that_are(log_file: Writer, content: bytes, problem: str) -> None:
    file = log_file(content, "log.json.gz")

    with pytest.raises(LogUnreadable, match=re.escape(problem)) as refused:
        read_log(file)

    assert refused.value.details["file"] == str(file)
    assert refused.value.remedy


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(LogNotFound, match="does not exist"):
        read_log(tmp_path / "missing.json")


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="not a file"):
        read_log(tmp_path)


def test_a_bomb_is_put_out_before_it_has_expanded(log_file: Writer) -> None:
    bomb = gzip.compress(bytes(8 << 20))
    file = log_file(bomb, "bomb.json.gz")

    with pytest.raises(LogUnreadable, match="more than 2 MB"):
        read_log(file, most_bytes=2 << 20)


def test_a_file_that_is_too_large_as_it_is_is_refused(log_file: Writer) -> None:
    with pytest.raises(LogUnreadable, match="more than 1 MB"):
        read_log(log_file(b" " * (3 << 20)), most_bytes=1 << 20)


def test_neither_compression_nor_layout_nor_name_change_the_content(log_file: Writer) -> None:
    plain = read_log(log_file([tau_row()], "plain.json"))
    indented = read_log(log_file(json.dumps([tau_row()], indent=2, sort_keys=True).encode(), "indented.json"))
    packed = read_log(log_file(WHOLE, "packed-without-suffix"))

    assert plain.content_hash == indented.content_hash == packed.content_hash
    assert read_log(log_file([tau_row(reward=0.0)], "other.json")).content_hash != plain.content_hash


def test_signs_that_postgresql_cannot_keep_are_replaced(log_file: Writer) -> None:
    row = tau_row(traj=[{"role": "user", "content": "a\x00b \ud83d and NaN"}])
    text = json.dumps([row]).replace('"user_cost": 0.0035', '"user_cost": NaN')

    log = read_log(log_file(text.encode()))

    assert log.trials[0].trajectory["steps"][0]["content"] == "a\ufffdb \ufffd and NaN"
    assert log.trials[0].source["user_cost"] is None


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("gpt-4o-airline.tasks-00-29.json.gz", "gpt-4o-airline-tasks-00-29"),
        ("a b(1).JSON", "a-b-1"),
        ("x.json", "imported-x"),
        ("ß.json", "imported"),
        (f"{'long' * 50}.json", "long" * 25),
    ],
)
def test_a_configuration_is_named_after_the_file(log_file: Writer, file: str, name: str) -> None:
    log = read_log(log_file([tau_row()], file))

    assert log.name == name
    assert log.agent["name"] == name
    assert re.fullmatch(r"[a-zA-Z0-9_\-\s]{3,100}", log.name)


def test_the_format_is_recognised_by_the_content(log_file: Writer) -> None:
    assert read_log(log_file([tau_row()])).format == "tau-bench"
    assert read_log(log_file(tau2_log())).format == "tau2-bench"


def test_tau_bench_means_either_generation_and_tau2_bench_the_second(log_file: Writer) -> None:
    first, second = log_file([tau_row()], "first.json"), log_file(tau2_log(), "second.json")

    assert read_log(first, "tau-bench").format == "tau-bench"
    assert read_log(second, "tau-bench").format == "tau2-bench"
    assert read_log(second, "tau2-bench").format == "tau2-bench"
    with pytest.raises(LogUnreadable, match="tau2-bench log was expected"):
        read_log(first, "tau2-bench")


def test_an_unknown_format_is_named_with_those_that_are_known(log_file: Writer) -> None:
    with pytest.raises(InvalidInput, match="'inspect' is unknown; one of tau-bench, tau2-bench"):
        read_log(log_file([tau_row()]), "inspect")
