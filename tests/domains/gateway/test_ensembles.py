"""How ensembles are read, counted, cut short and taught: the rules, without a database."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations, product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guildhall.domains.gateway import ensembles
from guildhall.domains.gateway.ensembles import (
    JUDGE,
    Ballot,
    Case,
    EnsembleRefused,
    LearningRefused,
    Member,
    Reading,
    Record,
    Rule,
    State,
    Vote,
)

# reading -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "field", "says"),
    [
        ({"strategy": "majorty", "members": ["a"]}, "strategy", 'Did you mean "majority"?'),
        ({"strategy": "majority"}, "members", "a list of one model or more"),
        ({"strategy": "majority", "members": []}, "members", "a list of one model or more"),
        ({"strategy": "majority", "members": ["a", 7]}, "members[1]", "a model's name"),
        ({"strategy": "majority", "member": ["a"]}, "member", 'Did you mean "members"?'),
        ({"strategy": "weighted", "members": [{"model": "a", "weight": -1}]}, "members[0].weight", "from 0 to"),
        ({"strategy": "weighted", "members": [{"model": "a", "weight": 0}]}, "members", "weighs something"),
        ({"strategy": "weighted", "members": [{"model": "a", "wight": 1}]}, "members[0].wight", 'mean "weight"'),
        ({"strategy": "majority", "members": ["ensemble/x"]}, "members[0].model", "not members of ensembles"),
        ({"strategy": "judge", "members": ["a"], "judge": "ensemble/x"}, "judge", "not members of ensembles"),
        ({"strategy": "majority", "members": ["a", "b"], "quorum": 3}, "quorum", "from 1 to 2"),
        ({"strategy": "majority", "members": ["a", "b"], "quorum": True}, "quorum", "from 1 to 2"),
        ({"strategy": "judge", "members": ["a"]}, "judge", "the model that is the judge"),
        ({"strategy": "majority", "members": ["a"], "judge": "b"}, "judge", "counts votes"),
        ({"strategy": "best_of_n", "members": ["a"], "n": 3}, "scorer", "either a judge or a scorer"),
        ({"strategy": "best_of_n", "members": ["a"], "scorer": {"regex": "x"}}, "scorer", "contains"),
        ({"strategy": "best_of_n", "members": ["a"], "scorer": {"json": {"type": 7}}}, "scorer.json", "JSON schema"),
        (
            {"strategy": "best_of_n", "members": ["a"], "scorer": {"json": {"items": {"pattern": "(a+)+$"}}}},
            "scorer.json",
            "without references and patterns",
        ),
        ({"strategy": "self_consistency", "members": ["a"]}, "n", "how often"),
        ({"strategy": "self_consistency", "members": ["a", "b"], "n": 3}, "n", "no n where there are several"),
        ({"strategy": "majority", "members": ["a"], "n": 3}, "n", "ask one n times"),
        ({"strategy": "majority", "members": ["a"] * 51}, "members", "at most 50"),
        ({"strategy": "majority", "members": ["a"], "layers": 2}, "layers", "has no layers"),
        ({"strategy": "majority", "members": ["a"], "deadline_s": 0}, "deadline_s", "more than 0"),
        ({"strategy": "majority", "members": ["a"], "answer": "lastline"}, "answer", 'Did you mean "last_line"?'),
        ({"strategy": "majority", "members": ["a"], "at_once": 0}, "at_once", "from 1"),
        ({"strategy": "majority", "members": [{"model": "a", "temperature": 9}]}, "members[0].temperature", "to 2"),
        ({"strategy": "majority", "members": [{"model": "a", "name": "judge"}]}, "members[0].name", "other than judge"),
        (["majority"], "strategy", "an object"),
    ],
)
def test_a_configuration_that_makes_no_sense_names_what_and_says_what_would(config: Any, field: str, says: str) -> None:
    with pytest.raises(EnsembleRefused) as refused:
        ensembles.read(config)
    assert refused.value.details["field"] == f"ensemble_config.{field}"
    assert says in str(refused.value)


def test_members_are_named_apart_and_defaults_are_said() -> None:
    read = ensembles.read({"strategy": "majority", "members": ["a", "a", {"model": "a", "name": "calm"}]}, name="x")
    assert [each.name for each in read.members] == ["a", "a #2", "calm"]
    said = ensembles.document(read)
    assert (said["name"], said["quorum"], said["early_exit"], said["answer"]) == ("x", 1, True, "whole")
    alone = ensembles.read({"strategy": "self_consistency", "n": 3}, default_model="m")
    assert [(each.name, each.model) for each in alone.members] == [("m", "m"), ("m #2", "m"), ("m #3", "m")]


@pytest.mark.parametrize(
    ("reading", "text", "tools", "same_as"),
    [
        (Reading(), " The answer: 7. ", [], "the answer: 7"),
        (Reading("last_line"), "I think.\n\n 42 \n\n", [], "42.0"),
        (Reading("number"), "3 x 14 makes 1,042.50 euros.", [], "1042.5"),
        (Reading("json", "city"), 'So: ```{"city": "Oslo", "why": "cold"}```', [], "oslo"),
        (Reading("after", "Answer:"), "Answer: no\nanswer:  Yes!\nbye", [], "yes"),
    ],
)
def test_what_is_voted_on_is_read_out_of_the_answer(
    reading: Reading, text: str, tools: list[tuple[str, str]], same_as: str
) -> None:
    assert ensembles.answer_key(reading, text, tools) == ensembles.answer_key(Reading(), same_as)


def test_calls_of_tools_are_equal_by_what_they_call() -> None:
    one = ensembles.answer_key(Reading(), "I look", [("a", '{"x": 1.0, "y": [2]}'), ("b", "{}")])
    other = ensembles.answer_key(Reading(), "", [("b", ""), ("a", '{"y":[2],"x":1}')])
    assert one == other
    assert one != ensembles.answer_key(Reading(), "", [("a", '{"y":[2],"x":2}'), ("b", "")])
    assert ensembles.answer_key(Reading("number"), "no digits here") is None
    assert ensembles.answer_key(Reading(), " ") is None


def test_judges_are_read_by_what_they_name() -> None:
    assert ensembles.read_pick('Hm. {"choice": "b"}', ["A", "B"]) == "B"
    assert ensembles.read_pick('{"choice": "C"}', ["A", "B"]) is None
    assert ensembles.read_ranking('{"ranking": ["b", "X", "A", "B"]}', ["A", "B", "C"]) == ["B", "A"]
    assert ensembles.read_grades('{"grades": {"A": 7.5, "b": 11, "C": true}}', ["A", "B", "C"]) == {"A": 750}


# counting ------------------------------------------------------------------------


def cast(*said: tuple[str | None, Any], **more: Any) -> list[Ballot]:
    return [
        Ballot(f"m{place}", place, weight=Decimal(str(weight)), option=option, **more)
        for place, (option, weight) in enumerate(said)
    ]


def ranked(*rankings: str, weights: tuple[int, ...] | None = None) -> list[Ballot]:
    """Ballots of members who gave the answer that they rank first, unless it says `own:ranking`."""
    made = []
    for place, each in enumerate(rankings):
        own, _, ranking = each.rpartition(":")
        weight = Decimal(weights[place] if weights else 1)
        made.append(Ballot(f"m{place}", place, weight=weight, option=own or ranking[0], ranking=tuple(ranking)))
    return made


def test_votes_with_known_outcomes() -> None:
    plain = cast(("x", 1), ("y", 5), ("x", 1))
    assert ensembles.count(Rule.PLURALITY, plain).winner == "x"
    heavy = ensembles.count(Rule.WEIGHTED, plain)
    assert (heavy.winner, heavy.confidence, heavy.others) == ("y", Decimal("0.7143"), {"plurality": ("x",)})
    tie = ensembles.count(Rule.PLURALITY, cast(("y", 1), ("x", 1)))
    assert (tie.winners, tie.winner, tie.confidence) == (("y", "x"), "y", Decimal("0.5"))
    # Borda's winner is not Condorcet's: x beats each of the others 3 to 2, and y has more points.
    votes = ranked("xyz", "xyz", "xyz", "yzx", "yzx")
    assert ensembles.count(Rule.CONDORCET, votes).winner == "x"
    borda = ensembles.count(Rule.BORDA, votes)
    assert (borda.winner, borda.scores["y"], borda.confidence) == ("y", 14, Decimal("0.7"))
    circle = ensembles.count(Rule.CONDORCET, ranked("xyz", "xyz", "yzx", "yzx", "zxy"))
    assert circle.winner == "x"  # x loses to z by 1, y to x by 1, z to y by 3, and x stands first
    assert circle.winners == ("x", "y")
    graded = [*cast(("x", 1), ("y", 1)), Ballot(JUDGE, 2, grades={"x": 400, "y": 900})]
    best = ensembles.count(Rule.GRADES, graded)
    assert (best.winner, best.confidence) == ("y", Decimal("0.9"))
    picked = [*cast(("x", 1), ("y", 1), ("x", 1)), Ballot(JUDGE, 3, ranking=("x",))]
    assert ensembles.count(Rule.PICK, picked).confidence == Decimal("0.6667")


def test_who_failed_or_came_late_does_not_vote() -> None:
    votes = [replace(each, state=state) for each, state in zip(cast(("x", 1), ("x", 1), ("y", 1)), State, strict=False)]
    votes = [replace(votes[0], state=State.LATE), replace(votes[1], state=State.FAILED), *cast(("y", 1))]
    tally = ensembles.count(Rule.PLURALITY, votes)
    assert (tally.winner, tally.counted, dict(tally.scores)) == ("y", 1, {"y": 1})
    assert ensembles.count(Rule.PLURALITY, []).winner is None


# the winner can no longer change ----------------------------------------------------

NEW = ["n1", "n2"]
"""Answers that nobody has given yet; two are as many as two outstanding ballots can name."""


@settings(max_examples=60, deadline=None)
@given(
    rule=st.sampled_from([Rule.PLURALITY, Rule.WEIGHTED]),
    said=st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 4)), min_size=1, max_size=7),
    out=st.data(),
)
def test_a_choice_is_decided_exactly_when_no_completion_changes_it(
    rule: Rule, said: list[tuple[str, int]], out: st.DataObject
) -> None:
    every = cast(*said)
    missing = out.draw(st.sets(st.integers(0, len(every) - 1), max_size=3))
    came = [each for each in every if each.place not in missing]
    outstanding = [replace(each, option=None) for each in every if each.place in missing]
    now = ensembles.count(rule, came).winner
    if now is None:
        assert not ensembles.decided(rule, came, outstanding)
        return
    stays = all(
        ensembles.count(
            rule, came + [replace(e, option=o) for e, o in zip(outstanding, options, strict=True) if o]
        ).winner
        == now
        for options in product([*ensembles.options_of(came), *NEW[: len(outstanding)], None], repeat=len(outstanding))
    )
    assert ensembles.decided(rule, came, outstanding) == stays


def _rankings(options: str) -> list[tuple[str, ...]]:
    """Every ranking of some of the options, and none of them."""
    return [each for length in range(len(options) + 1) for each in permutations(options, length)]


@settings(max_examples=25, deadline=None)
@given(
    rule=st.sampled_from([Rule.BORDA, Rule.CONDORCET]),
    given=st.lists(st.tuples(st.sampled_from(_rankings("xyz")), st.integers(1, 3)), min_size=3, max_size=7),
    count_out=st.integers(0, 2),
)
def test_a_ranking_is_decided_exactly_when_no_completion_changes_it(
    rule: Rule, given: list[tuple[tuple[str, ...], int]], count_out: int
) -> None:
    own = cast(*(("xyz"[place % 3], weight) for place, (_, weight) in enumerate(given)))
    votes = [
        replace(each, layer=2, option=None, ranking=ranking) for each, (ranking, _) in zip(own, given, strict=True)
    ]
    outstanding = [replace(each, ranking=()) for each in votes[:count_out]]
    came = [*own, *votes[count_out:]]
    now = ensembles.count(rule, came).winner
    if now is None:
        return
    stays = all(
        ensembles.count(rule, [*came, *(replace(e, ranking=r) for e, r in zip(outstanding, some, strict=True))]).winner
        == now
        for some in product(_rankings("xyz"), repeat=count_out)
    )
    assert ensembles.decided(rule, came, outstanding) == stays


def test_grades_are_decided_when_nothing_can_be_better() -> None:
    perfect = [Ballot("m1", 1, option="x", grades={"x": 1000})]
    assert ensembles.decided(Rule.GRADES, perfect, [Ballot("m2", 2)])
    assert not ensembles.decided(Rule.GRADES, perfect, [Ballot("m0", 0)])  # who stands first wins a tie
    assert not ensembles.decided(Rule.GRADES, [replace(perfect[0], grades={"x": 999})], [Ballot("m2", 2)])


# counting again, and learning --------------------------------------------------------


def test_a_recount_finds_what_was_changed() -> None:
    votes = cast(("A", 1), ("B", 1), ("B", 1))
    votes = [replace(each, response_id=UUID(int=each.place + 1)) for each in votes]
    tally = ensembles.count(Rule.PLURALITY, votes)
    vote = Vote(
        UUID(int=9), None, UUID(int=8), "x", "majority", "plurality", "B", ["B"], tally.scores, UUID(int=2), tally.confidence, "all_in"
    )  # fmt: skip
    assert ensembles.recount(Record(vote, votes))[1] == []
    turned = [replace(votes[0], option="A"), replace(votes[1], option="A"), votes[2]]
    _, differences = ensembles.recount(Record(vote, turned))
    assert any("the winner is A" in each for each in differences)
    assert (
        "not that of the winner's first voter"
        in ensembles.recount(Record(replace(vote, selected_id=None), votes))[1][0]
    )
    assert ensembles.recount(Record(replace(vote, rule=None), votes)) == (None, [])


def test_letters_are_drawn_by_the_call_and_not_by_who_came_first() -> None:
    votes = cast(("x", 1), ("y", 1), ("z", 1))
    drawn = {tuple(sorted(ensembles.label(votes, bytes([seed]) * 16).items())) for seed in range(20)}
    assert len(drawn) > 1
    names = ensembles.label(votes, b"1" * 16)
    assert sorted(names.values()) == ["A", "B", "C"]
    assert ensembles.count(Rule.PLURALITY, ensembles.relabel(votes, names)).winner == names["x"]


def _case(number: int, right: str, **answers: str) -> Case:
    return Case(UUID(int=number), answers, right)


def test_weights_follow_who_is_right_and_are_judged_on_cases_that_they_have_not_seen() -> None:
    members = [Member("good", "a"), Member("bad", "b"), Member("worse", "c")]
    cases = [_case(n, "r", good="r" if n % 10 else "q", bad="w" if n % 2 else "r", worse="w") for n in range(60)]
    learned = ensembles.learn(members, cases, Rule.PLURALITY)
    found = {each.name: each for each in learned.members}
    assert (found["good"].right, found["good"].answered, found["worse"].right) == (54, 60, 0)
    assert found["good"].weight > found["bad"].weight >= found["worse"].weight == 0
    assert learned.before == 24  # where the good one is alone, the two others outvote it
    assert learned.after == 54
    assert learned.difference_interval[0] > 0
    assert learned.p_value < 0.01
    # what is no better than chance gives no weights
    assert {
        e.weight for e in ensembles.learn(members, [replace(c, right="z") for c in cases], Rule.PLURALITY).members
    } == {Decimal(1)}
    with pytest.raises(LearningRefused, match="3 recorded votes"):
        ensembles.learn(members, cases[:3], Rule.PLURALITY)
