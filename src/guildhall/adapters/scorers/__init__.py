"""
Scorers: what a trial is judged by.

`scorer_for` makes one; each is asked `score(spec, performance)`. `combine` turns
the scores of a trial into its reliability score. A scorer that cannot do its
work raises ScorerNotUsable or another InvalidInput, or TrialFailed: the
scenario's, or for a judge the judge's fault, never the agent's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from guildhall.adapters.scorers.combination import combine
from guildhall.adapters.scorers.errors import ScorerNotUsable
from guildhall.adapters.scorers.states import ExpectedTools, FinalState, JsonSchema, PythonFunction
from guildhall.adapters.scorers.texts import Contains, Exact, Numeric, Regex
from guildhall.domains.evaluation.scenarios import ScorerSpec
from guildhall.domains.evaluation.simulations.ports import Scorer

__all__ = ["ScorerNotUsable", "combine", "scorer_for"]

_SIMPLE: dict[str, type[Exact | Contains | Regex | Numeric | FinalState | ExpectedTools]] = {
    "exact": Exact,
    "contains": Contains,
    "regex": Regex,
    "numeric": Numeric,
    "final_state": FinalState,
    "expected_tools": ExpectedTools,
}
KINDS = (*_SIMPLE, "json_schema", "python", "llm_judge")


def scorer_for(
    spec: ScorerSpec,
    *,
    ground_truth: Any = None,
    directory: Path | None = None,
    judge: Callable[[ScorerSpec], Scorer] | None = None,
) -> Scorer:
    """
    The scorer that a scenario describes. `directory` is where a Python scorer lies, `judge` makes an LLM judge.

    Raises:
        ScorerNotUsable: There is no such type, or it lacks an option.
        CodeNotLoadable: A Python scorer cannot be found or imported.
        SchemaNotUsable: A JSON schema is none.
    """
    if spec.type in _SIMPLE:
        return _SIMPLE[spec.type]()
    if spec.type == "json_schema":
        return JsonSchema(spec, ground_truth)
    if spec.type == "python":
        return PythonFunction(spec, directory)
    if spec.type == "llm_judge":
        if judge is None:
            raise ScorerNotUsable(spec.type, "there is no model client for it here")
        return judge(spec)
    if spec.type == "external":
        raise ScorerNotUsable(
            spec.type, "it stands for a judgement that was imported", "Give the scenario scorers of its own to run it."
        )
    raise ScorerNotUsable(spec.type, "there is no scorer of this type", "There are " + ", ".join(KINDS) + ".")
