"""
Decisions about ensembles that need nothing but what they are told.

The count is a function of the ballots alone, so that anybody may count again.
A tie goes to the answer whose first voter stands first among the members, which
is declared with them and known before anybody has voted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from guildhall.algorithms import ballots as counting
from guildhall.algorithms.answers import last_object, letters, normalise, said_by
from guildhall.algorithms.canonical import canonical_json
from guildhall.domains.gateway.ensembles.types import (
    JUDGE,
    Ballot,
    Ensemble,
    Reading,
    Record,
    Rule,
    Scorer,
    State,
    Strategy,
    Tally,
)

HIGHEST_GRADE = 1000
"""What the best answer is graded, in thousandths."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_ANOTHER = "\0another"
"""An answer that nobody has given yet."""

RULES: Mapping[Strategy, Rule | None] = {
    Strategy.MAJORITY: Rule.PLURALITY,
    Strategy.SELF_CONSISTENCY: Rule.PLURALITY,
    Strategy.WEIGHTED: Rule.WEIGHTED,
    Strategy.BORDA: Rule.BORDA,
    Strategy.CONDORCET: Rule.CONDORCET,
    Strategy.BEST_OF_N: Rule.GRADES,
    Strategy.JUDGE: Rule.PICK,
    Strategy.SYNTHESIS: None,
    Strategy.MIXTURE: None,
}
"""What each strategy counts by; None: a judge writes the answer, and nothing is counted."""


# answers -----------------------------------------------------------------------


def answer_key(
    reading: Reading, text: str, tools: Sequence[tuple[str, str]] = (), *, exact: bool = False
) -> str | None:
    """
    What an answer says, so that equal answers are equal texts; None where it holds nothing that can be voted on.

    With `exact` only the same text is equal, as a scorer looks at the text. Calls of tools are compared by name and by the value of their arguments, in any order; text beside them does not count.

    >>> answer_key(Reading("number"), "So 6 x 7 = 42.") == answer_key(Reading(), "42")
    True
    """
    if tools:
        calls = sorted(canonical_json([name, _arguments(arguments)]).decode() for name, arguments in tools)
        return "tools:" + "\n".join(calls)
    if exact:
        return f"exact:{text}" if text.strip() else None
    found = _read(reading, text)
    said = "" if found is None else normalise(found)
    return f"text:{said}" if said else None


def answer_digest(key: str) -> str:
    """The SHA-256 under which an answer is kept, in hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _arguments(text: str) -> Any:
    try:
        return _json(text or "{}")
    except ValueError:
        return text


def _json(text: str) -> Any:
    import orjson  # noqa: PLC0415 - it refuses NaN, which Python's own reader takes

    return orjson.loads(text)


def _read(reading: Reading, text: str) -> str | None:
    match reading.kind:
        case "last_line":
            return next((line for line in reversed(text.splitlines()) if line.strip()), None)
        case "number":
            found = _NUMBER.findall(text)
            return found[-1] if found else None
        case "json":
            holds = last_object(text, reading.argument)
            if holds is None:
                return None
            value = holds[reading.argument]
            return value if isinstance(value, str) else canonical_json(value).decode()
        case "after":
            where = text.casefold().rfind(reading.argument.casefold())
            if where < 0:
                return None
            rest = text[where + len(reading.argument) :].strip()
            return rest.splitlines()[0] if rest else None
        case _:
            return text


def score(scorer: Scorer, text: str) -> int:
    """What a scorer grades an answer, in thousandths: a share of texts that it contains, or whether it is JSON as asked."""
    if scorer.kind == "contains":
        said = text.casefold()
        found = sum(1 for each in scorer.value if each.casefold() in said)
        return HIGHEST_GRADE * found // len(scorer.value)
    try:
        value = _json(text)
    except ValueError:
        return 0
    if not scorer.value:
        return HIGHEST_GRADE
    import jsonschema  # noqa: PLC0415 - it takes a moment to load, and few ensembles score by it

    return HIGHEST_GRADE if jsonschema.Draft202012Validator(scorer.value).is_valid(value) else 0


# what judges say ---------------------------------------------------------------


def read_pick(answer: str, labels: Collection[str]) -> str | None:
    """The label that a judge's answer picks; None where it picks none."""
    found = last_object(answer, "choice")
    return None if found is None else said_by(found, "choice", {normalise(each): each for each in labels})


def read_ranking(answer: str, labels: Collection[str]) -> list[str]:
    """The labels as an answer ranks them, the best first; those that it leaves out stand below all others."""
    found = last_object(answer, "ranking")
    known = {normalise(each): each for each in labels}
    ranked = found.get("ranking") if found else None
    said = [known.get(normalise(str(each))) for each in ranked] if isinstance(ranked, list) else []
    return list(dict.fromkeys(each for each in said if each is not None))


def read_grades(answer: str, labels: Collection[str]) -> dict[str, int]:
    """Grades from 0 to 10 that a judge's answer gives, in thousandths of the highest; labels without a good one are left out."""
    found = last_object(answer, "grades")
    given = found.get("grades") if found else None
    if not isinstance(given, dict):
        return {}
    known = {normalise(each): each for each in labels}
    grades = {}
    for label, grade in given.items():
        named = known.get(normalise(str(label)))
        if named is not None and isinstance(grade, int | float) and not isinstance(grade, bool) and 0 <= grade <= 10:
            grades[named] = round(grade * HIGHEST_GRADE / 10)
    return grades


# counting ----------------------------------------------------------------------


def options_of(cast: Iterable[Ballot]) -> list[str]:
    """The answers that stand, each where its first voter stands among the members; last, what others name that nobody gave."""
    counted = sorted((each for each in cast if each.state is State.CAST), key=lambda each: each.place)
    own = [each.option for each in counted if each.option is not None and each.voter != JUDGE]
    return list(dict.fromkeys([*own, *(option for each in counted for option in (*each.ranking, *each.grades))]))


def count(rule: Rule, cast: Sequence[Ballot]) -> Tally:
    """
    Count ballots.

    `plurality` counts heads and `weighted` weights for the voters' own answers. `borda` and `condorcet` count rankings by
    weight; Condorcet's winner beats every other answer, and where there is none, the one whose worst defeat is the
    smallest wins (Simpson and Kramer), which is the Condorcet winner where there is one. `grades` adds grades up, `pick` takes a judge's choice.

    The confidence is the winner's share: of the heads or weights, of the points that could be had (Borda), of the weight that
    prefers it to whom it beats most narrowly (Condorcet), of the highest grade; of a pick, the share of members who answer the same.
    """
    options = options_of(cast)
    voters = [each for each in cast if each.state is State.CAST]
    result = _counted(rule, options, voters)
    winners = result.winners if result.counted else ()
    winner = counting.first_in(options, winners) if winners else None
    return Tally(
        rule=rule,
        winners=tuple(winners),
        winner=winner,
        scores={option: float(each) for option, each in result.scores.items()},
        counted=float(result.counted),
        confidence=None if winner is None else _confidence(rule, options, voters, winner, result),
        others=_others(rule, options, voters) if winner is not None else {},
    )


def _stands(ballot: Ballot) -> bool:
    return ballot.option is not None and ballot.state is State.CAST and ballot.voter != JUDGE


def _counted(rule: Rule, options: Sequence[str], voters: Sequence[Ballot]) -> counting.Result:
    match rule:
        case Rule.PLURALITY:
            return counting.plurality(_choices(options, voters).heads())
        case Rule.WEIGHTED:
            return counting.weighted(_choices(options, voters))
        case Rule.BORDA:
            return counting.borda(_rankings(options, voters))
        case Rule.CONDORCET:
            return counting.minimax(_rankings(options, voters))
        case Rule.PICK:
            picks = [each.ranking[:1] for each in voters if each.voter == JUDGE and each.ranking]
            return counting.plurality(counting.Ballots.ranked(options, picks))
        case Rule.GRADES:
            given = [dict(each.grades) for each in voters if each.grades]
            return counting.score(counting.Grades.graded(options, given), "mean")


def _choices(options: Sequence[str], voters: Sequence[Ballot]) -> counting.Ballots:
    own = [each for each in voters if _stands(each)]
    return counting.Ballots.chosen(options, [str(each.option) for each in own], _weights(own))


def _rankings(options: Sequence[str], voters: Sequence[Ballot]) -> counting.Ballots:
    ranked = [each for each in voters if each.ranking]
    return counting.Ballots.ranked(options, [tuple(each.ranking) for each in ranked], _weights(ranked))


def _weights(voters: Sequence[Ballot]) -> list[int]:
    return counting.whole([Fraction(each.weight) for each in voters])


def _confidence(
    rule: Rule, options: Sequence[str], voters: Sequence[Ballot], winner: str, result: counting.Result
) -> Decimal:
    match rule:
        case Rule.BORDA:
            most = 2 * (len(options) - 1) * result.counted
            share = Fraction(result.scores[winner], most) if most else Fraction(1)
        case Rule.CONDORCET:
            compared = counting.pairwise(_rankings(options, voters))
            mine = compared.support[options.index(winner)]
            against = [int(mine[other]) for other, option in enumerate(options) if option != winner]
            share = Fraction(min(against), result.counted) if against else Fraction(1)
        case Rule.GRADES:
            share = max(Fraction(0), Fraction(result.scores[winner]) / HIGHEST_GRADE)
        case Rule.PICK:
            own = [each.option for each in voters if _stands(each)]
            share = Fraction(own.count(winner), len(own))
        case _:
            share = Fraction(result.scores[winner], result.counted)
    return round(Decimal(share.numerator) / Decimal(share.denominator), 4)


def _others(rule: Rule, options: Sequence[str], voters: Sequence[Ballot]) -> dict[str, Sequence[str]]:
    """What other rules would have said of the same ballots."""
    said: dict[str, Sequence[str]] = {}
    own = _choices(options, voters)
    if rule is not Rule.PLURALITY:
        said["plurality"] = counting.plurality(own.heads()).winners
    if rule is Rule.PLURALITY and len(set(own.weights.tolist())) > 1:
        said["weighted"] = counting.weighted(own).winners
    if rule in (Rule.BORDA, Rule.CONDORCET):
        ranked = _rankings(options, voters)
        for name in ("borda", "condorcet", "schulze", "irv"):
            if name != rule:
                said[name] = counting.RANKED[name](ranked).winners
    return said


# when the winner can no longer change --------------------------------------------


def decided(rule: Rule, cast: Sequence[Ballot], outstanding: Sequence[Ballot]) -> bool:
    """
    Whether whatever the outstanding ballots say, or not say, the winner stays: exactly, not only when it is safe to assume.

    For each rival there is one completion that serves it best and the winner worst: all of the outstanding put the
    rival first and the winner last. Every rule here grants more to whoever is ranked higher, so that a rival who does
    not win by this one wins by none. Where grades are outstanding, the worst is that the highest is given to others.
    """
    winner = count(rule, cast).winner
    if winner is None:
        return False
    if not outstanding:
        return True
    options = options_of(cast)
    ranks = rule in (Rule.BORDA, Rule.CONDORCET)
    rivals = [option for option in options if option != winner] + ([] if ranks else [_ANOTHER])
    for rival in rivals:
        if ranks:
            between = [option for option in options if option not in (winner, rival)]
            coming = [replace(each, ranking=(rival, *between, winner)) for each in outstanding]
        elif rule is Rule.GRADES:
            coming = [
                replace(each, option=f"{rival}{each.place}", grades={f"{rival}{each.place}": HIGHEST_GRADE})
                for each in outstanding
            ]
        else:
            coming = [replace(each, option=rival) for each in outstanding]
        if count(rule, [*cast, *coming]).winner != winner:
            return False
    return True


# names for answers -----------------------------------------------------------------


def label(cast: Sequence[Ballot], seed: bytes) -> dict[str, str]:
    """
    A letter for each answer, drawn by lot: who answered first, or which member it is, cannot be read out of it.

    The draw is by the call's id (`ballots.lottery`), so that it can be drawn again.
    """
    first: dict[str, str] = {}
    for each in sorted(cast, key=lambda each: each.place):
        if each.option is not None:
            first.setdefault(each.option, each.voter)
    by_voter = {voter: option for option, voter in first.items()}
    drawn = counting.lottery(seed, list(by_voter))
    return {by_voter[voter]: name for voter, name in zip(drawn, letters(len(drawn)), strict=True)}


def relabel(cast: Iterable[Ballot], names: Mapping[str, str]) -> list[Ballot]:
    """The same ballots with answers under their letters."""
    return [
        replace(
            each,
            option=None if each.option is None else names[each.option],
            ranking=tuple(names[option] for option in each.ranking),
            grades={names[option]: grade for option, grade in each.grades.items()},
        )
        for each in cast
    ]


# counting again ----------------------------------------------------------------------


def recount(record: Record) -> tuple[Tally | None, list[str]]:
    """
    Count a recorded vote again, from its ballots and nothing else: what it comes to, and in what the record says something else.

    Where a judge wrote the answer there is nothing to count.
    """
    vote = record.vote
    if vote.rule is None:
        return None, []
    tally = count(Rule(vote.rule), record.ballots)
    differences = []
    if tally.winner != vote.winner:
        differences.append(f"the winner is {tally.winner}, and the record says {vote.winner}")
    if set(tally.winners) != set(vote.winners):
        differences.append(f"{_listed(tally.winners)} share the win, and the record says {_listed(vote.winners)}")
    if {name: round(each, 6) for name, each in tally.scores.items()} != {
        name: round(each, 6) for name, each in vote.scores.items()
    }:
        differences.append(f"the scores are {dict(tally.scores)}, and the record says {dict(vote.scores)}")
    if tally.confidence != vote.confidence:
        differences.append(f"the confidence is {tally.confidence}, and the record says {vote.confidence}")
    spoken_for = representative(record.ballots, tally.winner)
    if (spoken_for and spoken_for.response_id) != vote.selected_id:
        differences.append("the answer that was given is not that of the winner's first voter")
    return tally, differences


def check_answers(
    record: Record,
    reading: Reading,
    responses: Mapping[UUID, tuple[str | None, bool, Decimal | None]],
    *,
    exact: bool = False,
) -> list[str]:
    """
    In what a vote differs from the answers themselves, as the ledger keeps them: which was given to the caller, and what each says.

    `responses` are the answers' texts where they are kept whole and hold no calls of tools, which of them is
    selected, and how sure the vote is of it.
    """
    differences = []
    vote = record.vote
    selected = {key for key, (_, is_selected, _) in responses.items() if is_selected}
    if selected != ({vote.selected_id} if vote.selected_id is not None else set()):
        differences.append("the ledger has another answer selected than the vote")
    elif vote.selected_id is not None and responses[vote.selected_id][2] != vote.confidence:
        differences.append("the selected answer has another confidence than the vote")
    digests: dict[str, str] = {}
    for each in record.ballots:
        text = responses.get(each.response_id, (None, False, None))[0] if each.response_id is not None else None
        if each.answer_sha256 is None:
            continue
        if text is not None:
            key = answer_key(reading, text, exact=exact)
            if key is None or answer_digest(key) != each.answer_sha256:
                differences.append(f"the answer of {each.voter} is not what its ballot says")
        if each.option is not None and digests.setdefault(each.option, each.answer_sha256) != each.answer_sha256:
            differences.append(f"{each.voter} has another answer than others under the letter {each.option}")
    return differences


def representative(cast: Sequence[Ballot], winner: str | None) -> Ballot | None:
    """Whose answer is given for the winner: the first member's who gave it."""
    own = [each for each in cast if _stands(each) and each.option == winner]
    return min(own, key=lambda each: each.place) if own else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nobody"


def most_asked(ensemble: Ensemble) -> int:
    """How many calls an ensemble makes at most, failures apart."""
    members = len(ensemble.members)
    if ensemble.strategy is Strategy.MIXTURE:
        return members * ensemble.layers + 1
    return members * (2 if ensemble.ranks else 1) + (1 if ensemble.judge else 0)
