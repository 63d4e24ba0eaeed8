"""
Weights from outcomes.

A group of independent voices is right most often when each weighs the log-odds
of being right (Nitzan and Paroush, International Economic Review 23, 1982);
among m equally likely answers log((m - 1) p / (1 - p)) (Ben-Yashar and Paroush,
Social Choice and Welfare 18, 2001). Shares are smoothed by one right and one
wrong answer; a voice that is no better than chance weighs nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from guildhall.algorithms.statistics import share_interval
from guildhall.algorithms.statistics.mcnemar import McNemar
from guildhall.domains.gateway.ensembles import rules
from guildhall.domains.gateway.ensembles.errors import LearningRefused
from guildhall.domains.gateway.ensembles.types import Ballot, Case, Learned, Member, MemberFound, Rule

PARTS = 5
LEAST_CASES = 10


def learn(members: Sequence[Member], cases: Sequence[Case], rule: Rule, *, without_vote: int = 0) -> Learned:
    """
    What members should weigh, and what that would have changed, each case decided by weights learned from others.

    `rule` is how the ensemble counts today: heads or weights.

    Raises:
        LearningRefused: There are too few cases.
    """
    if len(cases) < LEAST_CASES:
        raise LearningRefused(
            f"{len(cases)} recorded votes have a known right answer, expected {LEAST_CASES} or more",
            "Name the right answers of more requests of this ensemble.",
        )
    today = {each.name: each.weight for each in members}
    before, after, up, down = 0, 0, 0, 0
    parts = [[each for each in cases if part_of(each.request_id) == part] for part in range(PARTS)]
    for part, held_out in enumerate(parts):
        known = [each for other, some in enumerate(parts) if other != part for each in some]
        learned = weights(members, known)
        for case in held_out:
            was = decide(members, case, today, rule) == case.right
            would = decide(members, case, learned, Rule.WEIGHTED) == case.right
            before, after = before + was, after + would
            up, down = up + (would and not was), down + (was and not would)
    test = McNemar(up, down, len(cases))
    proposed = weights(members, cases)
    found = []
    for each in members:
        right, answered = _record(each.name, cases)
        interval = share_interval(right, answered)
        found.append(MemberFound(each.name, right, answered, interval, each.weight, proposed[each.name]))
    return Learned(
        members=found,
        cases=len(cases),
        before=before,
        after=after,
        before_interval=share_interval(before, len(cases)),
        after_interval=share_interval(after, len(cases)),
        difference_interval=test.interval(0.05),
        p_value=test.p_value,
        without_vote=without_vote,
    )


def weights(members: Sequence[Member], cases: Sequence[Case]) -> dict[str, Decimal]:
    """The log-odds of each member's share of right answers, at least 0; equal ones where nobody is better than chance."""
    kinds = max(2.0, sum(len({*each.answers.values(), each.right}) for each in cases) / max(1, len(cases)))
    found = {}
    for each in members:
        right, answered = _record(each.name, cases)
        share = (right + 1) / (answered + 2)
        odds = math.log((kinds - 1) * share / (1 - share))
        found[each.name] = round(Decimal(max(0.0, odds)), 4)
    if not any(found.values()):
        return dict.fromkeys(found, Decimal(1))
    return found


def decide(members: Sequence[Member], case: Case, weighing: Mapping[str, Decimal], rule: Rule) -> str | None:
    """What the vote on a case's answers comes to with these weights."""
    cast = [
        Ballot(each.name, place, weight=weighing[each.name], option=case.answers[each.name])
        for place, each in enumerate(members)
        if each.name in case.answers
    ]
    return rules.count(rule, cast).winner


def part_of(request_id: UUID) -> int:
    """Which of the parts a call is in: by its id, so that it is the same each time."""
    return hashlib.sha256(request_id.bytes).digest()[0] % PARTS


def _record(name: str, cases: Sequence[Case]) -> tuple[int, int]:
    given = [(each.answers[name], each.right) for each in cases if name in each.answers]
    return sum(1 for answer, right in given if answer == right), len(given)
