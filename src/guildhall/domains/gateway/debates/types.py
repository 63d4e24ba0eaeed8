"""The nouns of debates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

MODERATOR = "moderator"
"""What a moderator's turns have as their participant."""


class Method(StrEnum):
    """How a debate is decided (`helix_agent.md`, debate_sessions.voting_method)."""

    WEIGHTED = "weighted"
    MAJORITY = "majority"
    BORDA = "borda"
    CONDORCET = "condorcet"

    @property
    def ranks(self) -> bool:
        """Whether it reads whole rankings and not first choices alone."""
        return self in (Method.BORDA, Method.CONDORCET)


class DebateStatus(StrEnum):
    """Where a debate stands."""

    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Stop(StrEnum):
    """Why nobody spoke any more."""

    ROUNDS = "rounds"
    """All planned rounds were held."""
    UNANIMOUS = "unanimous"
    """All who answered held one position."""
    CONVERGED = "converged"
    """Nobody changed their position in a round."""
    SILENT = "silent"
    """Nobody answered in a round; the vote is on what was said before."""
    CLEAR = "clear"
    """The first vote was decided by more than the margin below which a debate was asked for."""


@dataclass(frozen=True, slots=True)
class Participant:
    """
    Who takes part: a model under a name, a role it plays if any, and what its voice weighs.

    A `position` that is given is argued for in all rounds; the vote is free.
    """

    name: str
    model: str
    weight: Decimal = Decimal(1)
    role: str | None = None
    position: str | None = None


@dataclass(frozen=True, slots=True)
class CodeVersion:
    """A commit that a debate is about, with what its tests said."""

    version_hash: str
    branch: str
    commit_message: str | None = None
    files_changed: Sequence[str] = ()
    diff_summary: str | None = None
    validation_status: str = "pending"
    test_results: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewDebate:
    """
    A debate to be held.

    `positions` are what may be voted for; with none, the first answers are. With `when_below` a debate is only
    held when the winner of the first vote leads by less than that share of it. `in_turn`: within a round each hears
    who spoke before; otherwise all speak at once.
    """

    topic: str
    participants: Sequence[Participant]
    rounds: int = 1
    method: Method = Method.WEIGHTED
    positions: Sequence[str] = ()
    description: str | None = None
    moderator: str | None = None
    when_below: Decimal | None = None
    in_turn: bool = False
    code: CodeVersion | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a participant's answer says: a position, why, how sure it claims to be (0 to 1), and a ranking of positions."""

    position: str
    argument: str
    confidence: Decimal | None = None
    ranking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a debate; an empty `position` took none. Time is in milliseconds."""

    round_number: int
    turn_number: int
    participant: str
    position: str
    content: str
    raw_response: Mapping[str, Any] = field(default_factory=dict)
    tokens_used: int | None = None
    response_time_ms: int | None = None
    confidence: Decimal | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DebateBallot:
    """How somebody voted in one of a debate's two votes: positions, best first; none abstains."""

    vote: str
    participant: str
    ranking: tuple[str, ...]
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Count:
    """
    What a vote came to.

    `winners` has several positions in a tie and none where nobody voted. `lead` is the difference between the two highest
    scores as a share of all votes, 1 where there is one position only. `others` is what other rules would have said.
    """

    method: str
    rule: str
    winners: tuple[str, ...]
    scores: Mapping[str, float]
    voters: int
    lead: float
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def winner(self) -> str | None:
        """The position that won alone."""
        return self.winners[0] if len(self.winners) == 1 else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a debate ended: the vote before it and after it, and whether they differ."""

    plain: Count
    final: Count
    stopped: Stop
    rounds_held: int

    @property
    def changed(self) -> bool:
        """Whether the debate changed who won."""
        return set(self.plain.winners) != set(self.final.winners)


@dataclass(frozen=True, slots=True)
class Debate:
    """A debate as it stands."""

    id: UUID
    topic: str
    description: str | None
    status: DebateStatus
    current_round: int
    total_rounds: int
    method: Method
    positions: Sequence[str]
    participants: Sequence[Mapping[str, Any]]
    final_winner: str | None
    metadata: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nobody speaks any more."""
        return self.status in (DebateStatus.COMPLETED, DebateStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Record:
    """A debate with all that was said, cast and looked at."""

    debate: Debate
    turns: Sequence[Turn]
    ballots: Sequence[DebateBallot]
    code: Sequence[CodeVersion]
