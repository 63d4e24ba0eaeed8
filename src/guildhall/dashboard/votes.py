"""How an ensemble's vote went, as the page of its call shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from guildhall.app.figures import count, percent
from guildhall.dashboard.frame.texts import shown
from guildhall.domains.gateway.ensembles import Ballot, Record, State
from guildhall.domains.gateway.requests import Response

_STATES = {
    State.CAST: ("pass", "● cast"),
    State.ABSTAINED: ("open", "? abstained"),
    State.FAILED: ("fail", "✕ failed"),
    State.LATE: ("open", "▲ late"),
}
_STOPS = {
    "all_in": "all had answered",
    "decided": "the rest could not change it any more",
    "deadline": "the time was up",
}


@dataclass(frozen=True, slots=True)
class BallotShown:
    """One ballot; `answer` is the attempt that holds the voter's answer, by its number among them."""

    ballot: Ballot
    css: str
    state: str
    ranking: str | None
    grades: str | None
    answer: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class OptionShown:
    """An answer by its letter, what it came to, and who gave it."""

    name: str
    score: float
    voters: str
    is_winner: bool


@dataclass(frozen=True, slots=True)
class VoteShown:
    """A vote, ready to be shown."""

    sentence: str
    options: Sequence[OptionShown]
    others: Sequence[tuple[str, str]]
    ballots: Sequence[BallotShown]


def decided(record: Record, answers: Sequence[Response]) -> VoteShown:
    """A vote beside the attempts that its ballots point to."""
    vote = record.vote
    places = {each.id: number for number, each in enumerate(answers)}
    return VoteShown(
        _sentence(record),
        [
            OptionShown(
                name,
                score,
                ", ".join(each.voter for each in record.ballots if each.option == name) or "–",
                name == vote.winner,
            )
            for name, score in sorted(vote.scores.items(), key=lambda each: (-each[1], each[0]))
        ],
        [(rule, " = ".join(winners) or "nobody") for rule, winners in vote.others.items()],
        [_ballot(each, places, vote.selected_id) for each in record.ballots],
    )


def _ballot(ballot: Ballot, places: dict[UUID, int], selected_id: UUID | None) -> BallotShown:
    css, state = _STATES[ballot.state]
    graded = sorted(ballot.grades.items(), key=lambda each: (-each[1], each[0]))
    return BallotShown(
        ballot,
        css,
        f"{state}: {shown(ballot.error_code, 100)[0]}" if ballot.error_code else state,
        " > ".join(ballot.ranking) or None,
        ", ".join(f"{name} {grade / 10:g} %" for name, grade in graded) or None,
        None if ballot.response_id is None else places.get(ballot.response_id),
        ballot.response_id is not None and ballot.response_id == selected_id,
    )


def _sentence(record: Record) -> str:
    vote = record.vote
    cast = sum(each.state is State.CAST for each in record.ballots)
    who = f"The ensemble {vote.ensemble}" if vote.ensemble else "The ensemble that the call brought along"
    by = f"{vote.strategy}, counted by {vote.rule}" if vote.rule else vote.strategy
    said = f"{who} ({by}) had {count(cast, 'ballot')} of {len(record.ballots):,}"
    if len(vote.winners) > 1:
        said += f"; {' and '.join(vote.winners)} are tied, and {vote.winner} stands first among the members"
    elif vote.winner is not None:
        said += f"; {vote.winner} was chosen"
    else:
        said += "; a judge wrote the answer" if vote.rule is None and vote.selected_id else "; nobody was chosen"
    if vote.confidence is not None:
        said += f" with a confidence of {percent(float(vote.confidence))}"
    said += f". It was over because {_STOPS.get(vote.stopped, vote.stopped)}."
    if vote.fallback:
        said += f" The judge did not decide ({vote.fallback}), so that the members' own answers were counted."
    return said
