"""The spool: what was written is there after a crash, whole; what was not whole is recognised."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guildhall.app.spool import Adopted, Segment, Spool, SpoolUnavailable, scan
from guildhall.db import Actor

ME = Actor(UUID(int=1), UUID(int=2))
SHORT = st.lists(st.binary(max_size=40), max_size=6)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def die(segment: Segment) -> bytes:
    """End a segment's process, as far as anybody can see; what it leaves."""
    segment.close()
    return segment.path.read_bytes()


def contents(adopted: Adopted) -> list[bytes]:
    return [adopted.segment.read(place) for place in adopted.places]


def adopted_from(directory: str, content: bytes) -> tuple[list[bytes], int]:
    """What the next process finds in a segment of this content, and how many bytes make no record."""
    (Path(directory) / "a.segment").write_bytes(content)
    found = Spool(Path(directory)).adopt()
    records = [record for each in found for record in contents(each)]
    damaged = sum(each.damaged_bytes for each in found)
    for each in found:
        each.segment.remove()
    return records, damaged


def segment_of(directory: str, payloads: list[bytes]) -> tuple[bytes, list[int]]:
    """A segment's bytes, and where its head and each of its records end."""
    segment = Spool(Path(directory) / "made").create(ME)
    ends = [segment.size]
    for payload in payloads:
        segment.append([(payload,)])
        ends.append(segment.size)
    content = die(segment)
    segment.path.unlink()
    return content, ends


def test_records_of_a_process_that_is_gone_are_found_in_order_with_their_owner(spool: Spool) -> None:
    segment = spool.create(ME)
    places = segment.append([(b"one",), (b"t", b"w", b"o"), (b"",)])
    assert [segment.read(each) for each in places] == [b"one", b"two", b""]
    segment.append([(b"three",)])
    die(segment)

    (adopted,) = spool.adopt()

    assert contents(adopted) == [b"one", b"two", b"", b"three"]
    assert adopted.segment.actor == ME
    assert adopted.damaged_bytes == 0


def test_a_segment_whose_process_lives_is_left_alone(spool: Spool) -> None:
    segment = spool.create(ME)
    segment.append([(b"mine",)])
    assert spool.adopt() == []
    segment.close()
    assert len(spool.adopt()) == 1


def test_a_segment_is_adopted_by_one_process_only(spool: Spool) -> None:
    segment = spool.create(ME)
    segment.append([(b"mine",)])
    segment.close()
    (first,) = spool.adopt()
    assert spool.adopt() == []
    first.segment.remove()
    assert spool.adopt() == []
    assert list(spool.directory.iterdir()) == []


def test_a_segment_that_holds_nothing_is_cleared_away(spool: Spool) -> None:
    spool.create(ME).close()
    (spool.directory / "0.segment").touch()  # its process died before it wrote the head
    assert [each.places for each in spool.adopt()] == [[]]
    assert [each.suffix for each in spool.directory.iterdir()] == [".segment"]  # the adopted one, until it is removed


def test_a_spool_that_is_not_there_yet_is_empty(spool: Spool) -> None:
    assert spool.adopt() == []


def test_nobody_else_may_read_the_spool(spool: Spool) -> None:
    segment = spool.create(ME)
    assert segment.path.stat().st_mode & 0o077 == 0
    assert spool.directory.stat().st_mode & 0o077 == 0


def test_an_emptied_segment_forgets_what_it_held_and_takes_more(spool: Spool) -> None:
    segment = spool.create(ME)
    segment.append([(b"delivered",)])
    segment.empty()
    segment.append([(b"new",)])
    die(segment)
    assert contents(spool.adopt()[0]) == [b"new"]


@settings(max_examples=25, deadline=None)
@given(payloads=SHORT)
def test_a_segment_cut_at_any_byte_gives_every_record_before_the_cut(payloads: list[bytes]) -> None:
    with TemporaryDirectory() as directory:
        content, ends = segment_of(directory, payloads)
        for cut in range(len(content) + 1):
            records, damaged = adopted_from(directory, content[:cut])
            whole = sum(end <= cut for end in ends[1:])
            assert records == payloads[:whole], cut
            assert damaged == (cut - ends[whole] if cut >= ends[0] else 0), cut


@settings(max_examples=50, deadline=None)
@given(payloads=st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5), chance=st.data())
def test_a_damaged_byte_costs_the_record_it_is_in_and_no_other(payloads: list[bytes], chance: st.DataObject) -> None:
    with TemporaryDirectory() as directory:
        content, ends = segment_of(directory, payloads)
        damaged_at = chance.draw(st.integers(ends[0], len(content) - 1))
        flipped = bytearray(content)
        flipped[damaged_at] ^= chance.draw(st.integers(1, 255))
        records, _ = adopted_from(directory, bytes(flipped))
        hit = next(index for index, (start, end) in enumerate(pairwise(ends)) if start <= damaged_at < end)
        assert records == payloads[:hit] + payloads[hit + 1 :]


def test_records_whose_owner_cannot_be_read_are_put_aside_and_not_lost(spool: Spool) -> None:
    segment = spool.create(ME)
    start = segment.size
    segment.append([(b"whose?",)])
    content = die(segment)
    damaged = content[: start - 1] + b"?" + content[start:]
    segment.path.write_bytes(damaged)

    assert spool.adopt() == []
    (kept,) = (spool.directory / "quarantine").iterdir()
    assert kept.read_bytes() == damaged


@given(st.binary(max_size=200))
def test_bytes_that_nobody_framed_hold_no_records(noise: bytes) -> None:
    assert scan(noise) == []


def fail_at_write(monkeypatch: pytest.MonkeyPatch, error: int, *, after: int) -> None:
    """A disk that takes so many more bytes, and then fails."""
    really, left = os.pwrite, [after]

    def pwrite(descriptor: int, content: memoryview, offset: int) -> int:
        if left[0] == 0:
            raise OSError(error, os.strerror(error))
        written = really(descriptor, content[: left[0]], offset)
        left[0] -= written
        return written

    monkeypatch.setattr(os, "pwrite", pwrite)


@pytest.mark.parametrize("room", [0, 1, 13, 20])
def test_a_full_disk_refuses_the_record_and_leaves_nothing_half_written(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    segment = spool.create(ME)
    segment.append([(b"before",)])
    before = segment.path.read_bytes()

    with monkeypatch.context() as patched:
        fail_at_write(patched, errno.ENOSPC, after=room)
        with pytest.raises(SpoolUnavailable, match="the disk is full") as refused:
            segment.append([(b"a record of some length",), (b"another",)])

    assert "Free some space" in str(refused.value)
    assert segment.path.read_bytes() == before
    assert segment.is_sealed
    segment.close()
    assert contents(spool.adopt()[0]) == [b"before"]


def test_a_disk_that_cannot_sync_refuses_the_record(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = spool.create(ME)

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(SpoolUnavailable, match="Input/output error"):
            segment.append([(b"record",)])
    assert segment.is_sealed


def test_a_segment_that_cannot_be_made_leaves_no_file(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.create(ME).remove()
    with monkeypatch.context() as patched:
        fail_at_write(patched, errno.ENOSPC, after=3)
        with pytest.raises(SpoolUnavailable):
            spool.create(ME)
    assert list(spool.directory.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolUnavailable) as refused:
        Spool(tmp_path / "file" / "spool").create(ME)
    assert refused.value.details["directory"] == str(tmp_path / "file" / "spool")


def test_a_record_put_aside_has_its_reason_beside_it(spool: Spool) -> None:
    path = spool.quarantine(b"record", "name", {"error": {"code": "refused"}, "id": UUID(int=3)})
    assert path.read_bytes() == b"record"
    assert json.loads(path.with_suffix(".json").read_text()) == {
        "error": {"code": "refused"},
        "id": "00000000-0000-0000-0000-000000000003",
    }


@pytest.fixture
def descriptors() -> Callable[[], int]:
    """How many descriptors this process has more than when the test began."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the number is all that is wanted
    return lambda: len(os.listdir("/proc/self/fd")) - before  # noqa: PTH208


def test_no_descriptor_is_left_open(spool: Spool, descriptors: Callable[[], int]) -> None:
    living, dead = spool.create(ME), spool.create(ME)
    dead.append([(b"x",)])
    dead.close()
    (spool.directory / "0.segment").touch()
    for each in spool.adopt():
        each.segment.remove()
    living.remove()
    assert descriptors() == 0
