"""The nouns of ensembles: who is asked, how they are counted, and what was cast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

JUDGE = "judge"
"""What a judge's ballot has as its voter."""


class Strategy(StrEnum):
    """How several answers become one."""

    MAJORITY = "majority"
    """The answer that most members give."""
    WEIGHTED = "weighted"
    """The answer whose members weigh most."""
    BORDA = "borda"
    """Members answer, then rank all answers; points for each answer ranked below."""
    CONDORCET = "condorcet"
    """Likewise; the answer that beats every other one by one, else the one whose worst defeat is the smallest."""
    SELF_CONSISTENCY = "self_consistency"
    """One model is asked n times; the answer that it gives most."""
    BEST_OF_N = "best_of_n"
    """Each answer is graded, by a judge or a scorer; the best one."""
    JUDGE = "judge"
    """A judge picks one answer."""
    SYNTHESIS = "synthesis"
    """A judge writes an answer from all of them."""
    MIXTURE = "mixture"
    """Layers of members, each shown the answers of the layer before; the last one is a judge's (Wang et al. 2024)."""


class Rule(StrEnum):
    """How ballots are counted."""

    PLURALITY = "plurality"
    WEIGHTED = "weighted"
    BORDA = "borda"
    CONDORCET = "condorcet"
    GRADES = "grades"
    PICK = "pick"


class State(StrEnum):
    """What became of somebody who was asked."""

    CAST = "cast"
    """The ballot counts."""
    ABSTAINED = "abstained"
    """There was an answer, and nothing in it that can be counted."""
    FAILED = "failed"
    """There was no answer."""
    LATE = "late"
    """The answer came when the vote was over."""


class Stopped(StrEnum):
    """Why the vote was over."""

    ALL_IN = "all_in"
    DECIDED = "decided"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What of an answer is voted on: `whole`, `last_line`, the last `number`, the value of a `json` key, or what stands `after` a marker.

    `argument` is the key or the marker.
    """

    kind: str = "whole"
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Scorer:
    """What grades answers without a judge: the share of `contains` texts in it, or whether it is `json` of a schema."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Member:
    """A model under a name, what its voice weighs, and what of the caller's parameters is another for it."""

    name: str
    model: str
    weight: Decimal = Decimal(1)
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """An ensemble as it is asked: `name` where the team keeps it under one."""

    strategy: Strategy
    members: Sequence[Member]
    judge: str | None = None
    scorer: Scorer | None = None
    layers: int = 1
    reading: Reading = field(default_factory=Reading)
    quorum: int = 1
    deadline_s: float | None = None
    early_exit: bool = True
    at_once: int | None = None
    name: str | None = None

    @property
    def ranks(self) -> bool:
        """Whether members rank all answers once they have given theirs."""
        return self.strategy in (Strategy.BORDA, Strategy.CONDORCET)

    @property
    def writes(self) -> bool:
        """Whether a judge writes the answer, which is then nobody's who voted."""
        return self.strategy in (Strategy.SYNTHESIS, Strategy.MIXTURE)


@dataclass(frozen=True, slots=True)
class Ballot:
    """
    What somebody who was asked has brought to the vote.

    `option` names the voter's own answer: equal answers have one name. A
    `ranking` lists options, the best first; `grades` are whole thousandths.
    `response_id` is the ledger's row of the answer, `vote_id` that of the
    ranking or the judgement, where it was asked for apart.
    """

    voter: str
    place: int
    state: State = State.CAST
    weight: Decimal = Decimal(1)
    layer: int = 1
    option: str | None = None
    ranking: Sequence[str] = ()
    grades: Mapping[str, int] = field(default_factory=dict)
    response_id: UUID | None = None
    vote_id: UUID | None = None
    answer_sha256: str | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What a vote came to.

    Several `winners` are a tie, of which `winner` is the one whose first voter stands first among the members.
    `confidence` is the winner's share (see `rules.count`); `others` is what other rules would have said.
    """

    rule: Rule
    winners: Sequence[str]
    winner: str | None
    scores: Mapping[str, float]
    counted: float
    confidence: Decimal | None
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vote:
    """
    How an ensemble's call was decided, as it is kept: the count, and whose answer the caller was given.

    `fallback` is why the judge did not decide, where one should have.
    """

    request_id: UUID
    created_at: datetime
    tenant_id: UUID
    ensemble: str | None
    strategy: str
    rule: str | None
    winner: str | None
    winners: Sequence[str]
    scores: Mapping[str, float]
    selected_id: UUID | None
    confidence: Decimal | None
    stopped: str
    fallback: str | None = None
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cast:
    """What is to be kept of a call at once: the vote, if it is over, and ballots."""

    request_id: UUID
    created_at: datetime
    tenant_id: UUID
    vote: Vote | None
    ballots: Sequence[Ballot]


@dataclass(frozen=True, slots=True)
class Record:
    """A vote with its ballots, as they are kept."""

    vote: Vote
    ballots: Sequence[Ballot]


@dataclass(frozen=True, slots=True)
class Kept:
    """A named ensemble of the team; `config` is as it was given."""

    id: UUID
    name: str
    config: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A recorded vote whose right answer is known: what each member answered, all as digests."""

    request_id: UUID
    answers: Mapping[str, str]
    right: str


@dataclass(frozen=True, slots=True)
class MemberFound:
    """How often a member was right, and what it should weigh."""

    name: str
    right: int
    answered: int
    interval: tuple[float, float]
    weight_before: Decimal
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Learned:
    """
    Weights that recorded votes propose, and what they would have changed.

    `before` and `after` are how many of `cases` were right with today's weights and with learned ones; each case is
    decided with weights learned from cases of other parts alone. Intervals are of 95 %.
    """

    members: Sequence[MemberFound]
    cases: int
    before: int
    after: int
    before_interval: tuple[float, float]
    after_interval: tuple[float, float]
    difference_interval: tuple[float, float]
    p_value: float
    without_vote: int
