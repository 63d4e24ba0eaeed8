"""Hashed words as vectors, and vectors as PostgreSQL takes and gives them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import embedding, vectors


def alike(one: str, other: str) -> float:
    made = embedding.embed([one, other])
    return float(made[0] @ made[1])


@given(st.lists(st.text(max_size=200), max_size=4))
def test_every_text_has_a_vector_of_length_one_or_of_zeros(texts: list[str]) -> None:
    made = embedding.embed(texts)
    assert made.shape == (len(texts), vectors.DIMENSIONS)
    assert made.dtype == np.float32
    lengths = np.linalg.norm(made, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


def test_the_same_text_has_the_same_vector_in_another_process() -> None:
    program = (
        "from guildhall.algorithms import embedding as e; print(e.embed(['no answer of the carrier']).tobytes().hex())"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
    assert embedding.embed(["no answer of the carrier"]).tobytes().hex() == told


def test_what_says_the_same_in_other_words_is_nearer_than_what_says_something_else() -> None:
    said = "refunded without look-up"
    assert alike(said, "cancelled without look-up") > 2 * alike(said, "cancel timed out")
    assert alike(said, said.upper()) == pytest.approx(1)
    assert alike("连接超时 服务器", "连接超时") > 0.5, "script without spaces is taken by pairs of characters"


def test_what_is_said_first_says_most() -> None:
    one, other = "no answer of the carrier", "wrong final state"
    assert alike(f"{one}\n{other}", one) > alike(f"{other}\n{one}", one)


def test_shorter_vectors_are_padded_and_their_cosines_stay() -> None:
    short = np.array([[3.0, 4.0], [4.0, 3.0]])
    made = embedding.padded(short)
    assert made.shape == (2, vectors.DIMENSIONS)
    assert float(made[0] @ made[1]) == pytest.approx(24 / 25)
    with pytest.raises(ValueError, match="at most 1536"):
        embedding.padded(np.zeros((1, 1537)))


def test_what_is_no_number_becomes_nothing() -> None:
    assert not embedding.unit(np.array([[np.nan, np.inf]])).any()


def test_a_vector_is_written_as_pgvector_reads_it_and_read_as_it_sends_it() -> None:
    made = embedding.embed(["no answer", ""])
    one, nothing = vectors.written(made)
    assert nothing == "{}/1536"
    pairs = dict(pair.split(":") for pair in one[1:].partition("}")[0].split(","))
    assert {int(place) - 1 for place in pairs} == set(made[0].nonzero()[0].tolist())
    sent = b"\x06\x00\x00\x00" + made[0].astype(">f4").tobytes()
    assert np.array_equal(vectors.read([sent]), made[:1])
