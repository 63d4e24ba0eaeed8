"""
Decisions about debates that need nothing but what they are told.

The protocol follows what has been found to work: first answers are independent
and sealed, few rounds follow, others' names are hidden, and the vote on the
first answers is always kept beside the last one (Kaesberg et al., ACL 2025;
Choi et al., NeurIPS 2025, find that the vote and not the debate gives most of the gain).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from guildhall.algorithms import ballots as counting
from guildhall.algorithms import sanitise
from guildhall.algorithms.answers import last_object, normalise
from guildhall.domains.gateway.debates.errors import DebateInvalid
from guildhall.domains.gateway.debates.types import (
    MODERATOR,
    Count,
    DebateBallot,
    Method,
    NewDebate,
    Participant,
    Record,
    Statement,
    Stop,
    Turn,
)

MOST_PARTICIPANTS = 50
MOST_ROUNDS = 20
MOST_POSITIONS = 100
LONGEST_NAME = 255
LONGEST_TOPIC = 100_000
_LONGEST_ARGUMENT = 20_000
_OTHERS = ("plurality", "borda", "schulze", "irv")


def check(new: NewDebate) -> None:
    """
    Say what of a debate cannot be held.

    Raises:
        DebateInvalid: A value makes no sense, or does not fit the method.
    """
    if not new.topic.strip() or len(new.topic) > LONGEST_TOPIC:
        raise DebateInvalid("topic", new.topic[:50], f"1 to {LONGEST_TOPIC} characters")
    if not 1 <= new.rounds <= MOST_ROUNDS:
        raise DebateInvalid("rounds", new.rounds, f"1 to {MOST_ROUNDS}")
    if not 2 <= len(new.participants) <= MOST_PARTICIPANTS:
        raise DebateInvalid("participants", len(new.participants), f"2 to {MOST_PARTICIPANTS} of them")
    names = [each.name for each in new.participants]
    for name in names:
        if not 0 < len(name) <= LONGEST_NAME or name == MODERATOR:
            raise DebateInvalid(
                "participant", name, f"a name of 1 to {LONGEST_NAME} characters other than {MODERATOR!r}"
            )
        if names.count(name) > 1:
            raise DebateInvalid("participant", name, "each name once")
    for each in new.participants:
        if not each.weight.is_finite() or not 0 <= each.weight <= 1_000_000:
            raise DebateInvalid(f"weight of {each.name}", each.weight, "0 to 1,000,000")
        if each.position is not None and new.positions and _meant(each.position, new.positions) is None:
            raise DebateInvalid(f"position of {each.name}", each.position, f"one of {', '.join(new.positions):.300}")
    if all(each.weight == 0 for each in new.participants):
        raise DebateInvalid("weights", 0, "somebody whose voice weighs something")
    if len(new.positions) > MOST_POSITIONS:
        raise DebateInvalid("positions", len(new.positions), f"at most {MOST_POSITIONS}")
    seen = [normalise(position) for position in new.positions]
    for position, plain in zip(new.positions, seen, strict=True):
        if not plain or len(position) > LONGEST_NAME:
            raise DebateInvalid("position", position, f"1 to {LONGEST_NAME} characters")
        if seen.count(plain) > 1:
            raise DebateInvalid("position", position, "each position once")
    if new.method.ranks and len(new.positions) < 2:
        raise DebateInvalid(
            "positions",
            list(new.positions),
            f"two or more, as {new.method} ranks them",
            "Name them, or vote by weighted or majority.",
        )
    if new.when_below is not None and not 0 < new.when_below <= 1:
        raise DebateInvalid("when_below", new.when_below, "a share above 0 and up to 1")


def planned(record: Record) -> NewDebate:
    """The debate that was asked for, as its record keeps it: whoever holds it next knows what the first one knew."""
    debate, told = record.debate, record.debate.metadata
    below = told.get("when_below")
    return NewDebate(
        topic=debate.topic,
        participants=[
            Participant(
                each["name"],
                each["model"],
                Decimal(str(each.get("weight", 1))),
                each.get("role"),
                each.get("position"),
            )
            for each in debate.participants
        ],
        rounds=debate.total_rounds,
        method=debate.method,
        positions=tuple(debate.positions),
        description=debate.description,
        moderator=told.get("moderator"),
        when_below=None if below is None else Decimal(str(below)),
        in_turn=bool(told.get("in_turn")),
        code=record.code[0] if record.code else None,
    )


def statement_of(turn: Turn) -> Statement | None:
    """What a turn that is on record says; None where it took no position."""
    if not turn.position:
        return None
    ranking = turn.raw_response.get("ranking")
    ranked = tuple(map(str, ranking)) if isinstance(ranking, list) and ranking else (turn.position,)
    return Statement(turn.position, turn.content, turn.confidence, ranked)


def read_statement(answer: str, positions: Sequence[str]) -> Statement | None:
    """
    What an answer says; None where it takes no position.

    The object may stand in a fence or among other words. A position or a
    ranking outside `positions` (where there are any) is not taken.
    """
    found = last_object(answer, "position")
    if found is None:
        return None
    position = found.get("position")
    if not isinstance(position, (str, int, float)) or isinstance(position, bool):
        return None
    meant = _meant(str(position), positions) if positions else sanitise.text(str(position)).strip()[:LONGEST_NAME]
    if not meant:
        return None
    argument = found.get("argument")
    ranked = found.get("ranking")
    ranking: list[str] = []
    for each in ranked if isinstance(ranked, list) else ():
        named = _meant(str(each), positions)
        if named is not None and named not in ranking:
            ranking.append(named)
    if positions and ranking[:1] != [meant]:
        # Whoever says one thing and ranks another first is taken at the position.
        ranking = [meant, *(each for each in ranking if each != meant)]
    return Statement(
        position=meant,
        argument=sanitise.text(argument)[:_LONGEST_ARGUMENT] if isinstance(argument, str) else "",
        confidence=_share(found.get("confidence")),
        ranking=tuple(ranking) if positions else (meant,),
    )


def gather(statements: Mapping[str, Statement]) -> dict[str, Statement]:
    """The same statements with equal positions under one spelling, that of who said it first."""
    spelled: dict[str, str] = {}
    joined: dict[str, Statement] = {}
    for name, each in statements.items():
        label = spelled.setdefault(normalise(each.position), each.position)
        ranking = tuple(spelled.get(normalise(ranked), ranked) for ranked in each.ranking)
        joined[name] = Statement(label, each.argument, each.confidence, ranking)
    return joined


def count(method: Method, cast: Sequence[DebateBallot], positions: Sequence[str] = ()) -> Count:
    """
    Count a debate's ballots.

    `weighted` counts first choices by weight, `majority` by heads (the most, and the record says who has more than
    half by its lead), `borda` and `condorcet` read whole rankings; where there is no Condorcet winner, Schulze's rule decides.
    The ballots alone say who wins: anybody may count again.
    """
    options = list(dict.fromkeys([*positions, *(each for ballot in cast for each in ballot.ranking)]))
    weights = counting.whole([Fraction(ballot.weight) for ballot in cast])
    papers = counting.Ballots.ranked(options, [ballot.ranking for ballot in cast], weights)
    if method is not Method.WEIGHTED:
        papers = papers.heads()
    result = _counted(method, papers)
    total = result.counted * (2 * (len(options) - 1) if result.rule == "borda" else 1)
    firsts = counting.plurality(papers)
    lead = firsts.lead if result.rule in ("condorcet", "schulze") else result.lead
    base = firsts.counted if result.rule in ("condorcet", "schulze") else total
    return Count(
        method=str(method),
        rule=result.rule,
        winners=result.winners,
        scores={option: float(score) for option, score in result.scores.items()},
        voters=sum(1 for ballot in cast if ballot.ranking),
        lead=1.0 if len(options) < 2 else float(Fraction(lead or 0) / base) if base else 0.0,
        others={rule: counting.RANKED[rule](papers).winners for rule in _OTHERS if rule != result.rule},
    )


def _counted(method: Method, papers: counting.Ballots) -> counting.Result:
    match method:
        case Method.WEIGHTED:
            return counting.weighted(papers)
        case Method.MAJORITY:
            return counting.plurality(papers)
        case Method.BORDA:
            return counting.borda(papers)
        case Method.CONDORCET:
            result = counting.condorcet(papers)
            return result if result.winners else counting.schulze(papers)


def why_stop(
    new: NewDebate, held: int, before: Mapping[str, Statement] | None, now: Mapping[str, Statement], plain: Count
) -> Stop | None:
    """Why nobody need speak any more after `held` rounds; None where the debate goes on."""
    if len({normalise(each.position) for each in now.values()}) == 1 and len(now) == len(new.participants):
        return Stop.UNANIMOUS
    if held == 0 and new.when_below is not None and plain.winner is not None and plain.lead >= float(new.when_below):
        return Stop.CLEAR
    if before is not None and {name: normalise(each.position) for name, each in before.items()} == {
        name: normalise(each.position) for name, each in now.items()
    }:
        return Stop.CONVERGED
    return Stop.ROUNDS if held >= new.rounds else None


def spoken_in(new: NewDebate, round_number: int) -> list[int]:
    """The order in which participants speak in a round: each round begins with another, so that nobody always has the last word."""
    places = range(len(new.participants))
    first = (round_number - 1) % len(new.participants)
    return [*places[first:], *places[:first]]


def last_words(turns: Sequence[Turn]) -> dict[str, Turn]:
    """Each participant's last turn."""
    return {turn.participant: turn for turn in turns if turn.participant != MODERATOR}


def _meant(said: str, positions: Sequence[str]) -> str | None:
    plain = normalise(said)
    return next((position for position in positions if normalise(position) == plain), None)


def _share(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        share = Decimal(str(value))
    except InvalidOperation:
        return None
    return round(share, 4) if share.is_finite() and 0 <= share <= 1 else None
