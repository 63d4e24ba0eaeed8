"""
How fast ballots are counted, from a compact array and from lists of names.

Ballots are drawn from a Plackett-Luce model: complete, every one different.
pref_voting counts the same ballots in the same run; its figure includes its
profile, as ours includes the matrix of pairs. A call of the peer's that takes
longer than its limit is cut off.

    python benchmarks/ballots.py --voters 10000 --options 50 --rounds 7

Prints one JSON line a rule. Times are medians of CPU time, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import time
import warnings
from collections.abc import Callable
from types import FrameType

import numpy as np

from guildhall.algorithms import ballots as counting
from guildhall.algorithms.ballots import Ballots

SPREAD = 0.6
"""How far options differ in quality, in standard deviations; 0 would be the impartial culture."""


class CutOffError(Exception):
    """A call of the peer's took longer than its limit."""


def _cut_off(_signal: int, _frame: FrameType | None) -> None:
    raise CutOffError


def _ms(work: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--voters", type=int, default=10_000)
    parser.add_argument("--options", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--limit-s", type=int, default=20)
    asked = parser.parse_args()
    rng = np.random.default_rng(7)
    quality = rng.normal(size=asked.options) * SPREAD
    orders = np.argsort(-(quality + rng.gumbel(size=(asked.voters, asked.options))), axis=1)
    names = [f"option {number}" for number in range(asked.options)]
    lists = [[names[each] for each in order] for order in orders.tolist()]
    cast = Ballots.ordered(names, orders)

    signal.signal(signal.SIGALRM, _cut_off)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pref_voting.voting_methods as theirs  # noqa: PLC0415
        from pref_voting.profiles import Profile  # noqa: PLC0415

    rankings = orders.tolist()
    theirs.beat_path(Profile(rankings[:20]))  # lets numba compile before anything is timed
    peers = {
        "plurality": theirs.plurality,
        "borda": theirs.borda,
        "copeland": theirs.copeland,
        "minimax": theirs.minimax,
        "schulze": theirs.beat_path,
        "ranked_pairs": theirs.ranked_pairs_tb,
        "irv": theirs.instant_runoff,
    }
    shape = {"voters": asked.voters, "options": asked.options}
    from_lists = _ms(lambda: Ballots.ranked(names, lists), 3)
    print(json.dumps({"step": "ballots from lists of names", **shape, "ms": round(from_lists, 2)}))
    ours: dict[str, Callable[[Ballots], counting.Result]] = {
        **counting.RANKED,
        "stv": lambda each: counting.stv(each, min(5, asked.options)),
    }
    for rule, count in ours.items():
        line = {"rule": rule, **shape, "ms": round(taken := _ms(lambda count=count: count(cast), asked.rounds), 2)}  # type: ignore[misc]
        if peer := peers.get(rule):
            signal.alarm(asked.limit_s)
            try:
                theirs_ms = _ms(lambda peer=peer: peer(Profile(rankings)), 1)  # type: ignore[misc]
                line |= {"pref_voting_ms": round(theirs_ms, 1), "ratio": round(theirs_ms / taken, 1)}
            except CutOffError:
                line["pref_voting_ms"] = f"cut off after {asked.limit_s} s"
            finally:
                signal.alarm(0)
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
