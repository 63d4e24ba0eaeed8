"""Settling ties by a rule that was declared before anybody voted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from guildhall.algorithms.ballots.errors import UnusableBallot


def first_in(order: Sequence[str], tied: Sequence[str]) -> str:
    """
    The one of the tied that stands first in the declared order.

    Raises:
        UnusableBallot: The order names none of them.
    """
    among = set(tied)
    for option in order:
        if option in among:
            return option
    raise UnusableBallot("the declared order", list(order), f"to name one of {', '.join(tied):.200}")


def lottery(seed: bytes, options: Sequence[str]) -> tuple[str, ...]:
    """
    An order of the options by lot, that anybody who has the seed can draw again.

    Publish `commitment(seed)` when the vote opens and the seed when it closes:
    who knows the one cannot guess the other. Options are ordered by the SHA-256
    of the seed, a zero byte and their name.
    """
    return tuple(sorted(options, key=lambda option: hashlib.sha256(seed + b"\0" + option.encode()).digest()))


def commitment(seed: bytes) -> str:
    """
    What binds to a seed without showing it: its SHA-256 in hexadecimal.

    Raises:
        UnusableBallot: The seed has fewer than 16 bytes and could be guessed.
    """
    if len(seed) < 16:
        raise UnusableBallot("the length of the seed", len(seed), "16 bytes or more")
    return hashlib.sha256(seed).hexdigest()
