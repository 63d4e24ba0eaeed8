"""
How the clerk reads its instructions.

A language model follows some instructions more closely than others, and not
the same way twice. So does the clerk: every habit has a strength, from the
words of the system prompt, and the clerk acts on it with the chance

    1 / (1 + exp(-strength / temperature))

which is a softmax over doing it and leaving it. At temperature 0 it does what
has a positive strength. Each habit draws its own number from the trial's seed,
so that two versions of an agent meet the same luck, and differ where their
instructions do.
"""

import math
import random
import re

STRENGTHS = {"always": 3.0, "usually": 0.75, "if need be": 0.0, "rarely": -1.0, "never": -3.0}
PLAINLY_SAID = 1.5

# What the prompt says about a habit, and how strong it is where the prompt says nothing.
HABITS = {
    "look things up": (r"\blook\b.*\bup\b", -1.0),
    "ask who is asking": (r"\bask\b", -1.0),
    "ask before paying": (r"\bconfirm\b", -1.0),
    "read between the lines": (r"\bread between\b", 0.4),
}


class Habits:
    """What the clerk does without thinking, in one trial."""

    def __init__(self, system_prompt: str, temperature: float, seed: int) -> None:
        clauses = re.split(r"[.,:;]|\band\b", system_prompt.lower())
        self._strengths = {habit: _strength(clauses, *words) for habit, words in HABITS.items()}
        self._temperature = temperature
        self._seed = seed

    def insist(self, habit: str, word: str) -> None:
        """Give a habit the strength of an adverb, whatever the prompt says."""
        self._strengths[habit] = STRENGTHS[word]

    def has(self, habit: str) -> bool:
        """Does the clerk act on the habit in this trial? The answer is the same each time."""
        strength = self._strengths[habit]
        if self._temperature <= 0:
            return strength > 0
        chance = 1 / (1 + math.exp(-strength / self._temperature))
        return random.Random(f"{self._seed}: {habit}").random() < chance


def _strength(clauses: list[str], pattern: str, unsaid: float) -> float:
    for clause in clauses:
        if re.search(pattern, clause):
            adverbs = [strength for word, strength in STRENGTHS.items() if re.search(rf"\b{word}\b", clause)]
            return adverbs[0] if adverbs else PLAINLY_SAID
    return unsaid
