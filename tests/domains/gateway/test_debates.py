"""What is read out of answers, when a debate is over, and how its ballots are counted."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.domains.gateway import debates
from guildhall.domains.gateway.debates import (
    DebateBallot,
    DebateInvalid,
    Method,
    NewDebate,
    Participant,
    Statement,
    Stop,
    rules,
)

PAIR = (Participant("a", "m"), Participant("b", "m"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes", "  yes. "),
        ("1,000.50", "1000.5"),
        ("0.5", ".50"),
        ("3", "3.0"),
        ('"Refund   it!"', "refund it"),
        ('{"b": 1, "a": [2]}', '{ "a":[2],"b":1 }'),
        ("**42**", "42"),
    ],
)
def test_equal_answers_are_one_position(one: str, other: str) -> None:
    assert debates.normalise(one) == debates.normalise(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1,000", "1,00"), ("0.5", "5"), ("yes", "no"), ("-3", "3"), ("[1]", "[2]")]
)
def test_different_answers_are_two(one: str, other: str) -> None:
    assert debates.normalise(one) != debates.normalise(other)


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = debates.normalise(text)
    assert debates.normalise(once) == once or "/" in once or once[:1] in '[{"'


def test_a_statement_is_found_among_other_words() -> None:
    answer = 'I think {this}.\n```json\n{"argument": "a {b}", "position": "YES.", "confidence": 0.75, "ranking": ["no", "Yes", "maybe?"]}\n```'
    said = debates.read_statement(answer, ("yes", "no"))
    assert said == Statement("yes", "a {b}", Decimal("0.75"), ("yes", "no"))
    free = debates.read_statement('{"position": 42}', ())
    assert free == Statement("42", "", None, ("42",))


@pytest.mark.parametrize(
    "answer", ["", "yes", "{", '{"position": "perhaps"}', '{"position": null}', '{"position": ["yes"]}', "{" * 5000]
)
def test_an_answer_without_a_position_is_none(answer: str) -> None:
    assert debates.read_statement(answer, ("yes", "no")) is None


@pytest.mark.parametrize("claimed", ["high", True, 1.5, -1, None])
def test_a_confidence_that_is_none_is_left_out(claimed: object) -> None:
    import json

    said = debates.read_statement(json.dumps({"position": "yes", "confidence": claimed}), ("yes",))
    assert said is not None
    assert said.confidence is None


def ballots(*rankings: str, weights: tuple[int, ...] | None = None) -> list[DebateBallot]:
    return [
        DebateBallot("final", str(number), tuple(ranking), Decimal((weights or (1,) * len(rankings))[number]))
        for number, ranking in enumerate(rankings)
    ]


def test_each_method_has_its_winner() -> None:
    # Borda's and the majority's winners differ; and a heavy voice decides where weights count.
    cast = ballots("abc", "abc", "abc", "bca", "bca", weights=(1, 1, 1, 9, 1))
    assert debates.count(Method.MAJORITY, cast).winners == ("a",)
    assert debates.count(Method.BORDA, cast).winners == ("b",)
    assert debates.count(Method.CONDORCET, cast).winners == ("a",)
    weighted = debates.count(Method.WEIGHTED, cast)
    assert (weighted.winners, weighted.scores, weighted.lead) == (("b",), {"b": 10.0, "a": 3.0, "c": 0.0}, 7 / 13)
    assert weighted.others["borda"] == ("b",)


def test_where_nobody_beats_all_schulze_decides_and_a_tie_is_a_tie() -> None:
    circle = debates.count(Method.CONDORCET, ballots("abc", "bca", "cab"))
    assert (circle.rule, circle.winners, circle.winner) == ("schulze", ("a", "b", "c"), None)
    assert debates.count(Method.CONDORCET, ballots("abc", "abc", "abc", "bca", "bca", "cab", "cab")).winners == ("a",)
    nobody = debates.count(Method.MAJORITY, ballots("", ""), ("a", "b"))
    assert (nobody.winners, nobody.voters, nobody.lead) == ((), 0, 0.0)


def says(**positions: str) -> dict[str, Statement]:
    return {name: Statement(position, "") for name, position in positions.items()}


def test_a_debate_ends_when_nothing_more_can_come_of_it() -> None:
    new = NewDebate("?", PAIR, rounds=2)
    plain = debates.count(Method.WEIGHTED, ballots("x", "y"))
    assert debates.why_stop(new, 0, None, says(a="x", b="y"), plain) is None
    assert debates.why_stop(new, 0, None, says(a="x", b="X."), plain) is Stop.UNANIMOUS
    assert debates.why_stop(new, 0, None, says(a="x"), plain) is None, "one of two has not answered"
    assert debates.why_stop(new, 1, says(a="x", b="y"), says(a="x", b="y"), plain) is Stop.CONVERGED
    assert debates.why_stop(new, 1, says(a="x", b="y"), says(a="y", b="x"), plain) is None
    assert debates.why_stop(new, 2, says(a="x", b="y"), says(a="y", b="x"), plain) is Stop.ROUNDS
    clear = debates.count(Method.WEIGHTED, ballots("x", "x", "x", "y"))
    asked = replace(new, when_below=Decimal("0.5"))
    assert debates.why_stop(asked, 0, None, says(a="x", b="y"), clear) is Stop.CLEAR
    assert debates.why_stop(replace(new, when_below=Decimal("0.6")), 0, None, says(a="x", b="y"), clear) is None
    assert debates.why_stop(asked, 0, None, says(a="x", b="y"), plain) is None, "a tie is never clear"


def test_each_round_begins_with_another_and_letters_do_not_run_out() -> None:
    new = NewDebate("?", (*PAIR, Participant("c", "m")))
    assert [debates.spoken_in(new, number) for number in (1, 2, 3, 4)] == [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]
    assert debates.letters(28)[-3:] == ["Z", "AA", "AB"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"topic": "  "}, "a debate's topic is '  '"),
        ({"rounds": 0}, "a debate's rounds is 0, expected 1 to 20"),
        ({"participants": PAIR[:1]}, "a debate's participants is 1, expected 2 to 50"),
        ({"participants": (PAIR[0], PAIR[0])}, "expected each name once"),
        ({"participants": (PAIR[0], Participant("moderator", "m"))}, "other than 'moderator'"),
        ({"participants": (PAIR[0], Participant("b", "m", Decimal(-1)))}, "weight of b"),
        ({"participants": tuple(replace(each, weight=Decimal(0)) for each in PAIR)}, "weighs something"),
        ({"positions": ("yes", "Yes.")}, "expected each position once"),
        ({"positions": ("yes", " ")}, "a debate's position is ' '"),
        ({"method": Method.BORDA}, "two or more, as borda ranks them. Name them"),
        ({"when_below": Decimal(0)}, "a share above 0"),
        ({"positions": ("yes", "no"), "participants": (replace(PAIR[0], position="?"), PAIR[1])}, "position of a"),
    ],
)
def test_a_debate_that_cannot_be_held_is_refused_by_name(changes: dict[str, object], told: str) -> None:
    with pytest.raises(DebateInvalid) as refused:
        rules.check(replace(NewDebate("?", PAIR), **changes))  # type: ignore[arg-type]
    assert told in str(refused.value)
