"""
Who is to blame for a trial that did not pass, and what kind of failure it was.

- What somebody else than the agent failed in (the simulated user, a judge, the
  scenario, the infrastructure) was said by whoever noticed: a TrialFailed with
  that fault. It stands.
- Otherwise it is the agent's, but for one rule: **a tool is to blame when its own
  code raised, crashed or ran out of time, and the agent never got a good answer
  from it in the whole trial.** An agent that got one answer knew that the tool
  worked; one that called it wrongly, or was refused (see `adapters.tools`), has
  itself to blame. The rule holds for wrong results, for an agent that a tool's
  error has ended, and for limits that were passed meanwhile; an agent that
  raised something of its own failed by itself.
- When time runs out, whoever was waited for during more than half of the trial
  is to blame: a tool, the simulated user; else the agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from guildhall.adapters.runtimes.dialogue import UNHANDLED_TOOL_ERROR
from guildhall.app.trial.stage import USER, TrialStage
from guildhall.app.trial.tallies import ToolTally
from guildhall.domains.evaluation.failures import FailureCategory, Fault, NewFailure
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import Score

LONGEST_MESSAGE = 10_000

_KINDS = {
    "final_state": "wrong_final_state",
    "expected_tools": "wrong_tools",
    "llm_judge": "judged_insufficient",
    "python": "check_failed",
}
_FOLLOWS_FROM_TOOLS = {UNHANDLED_TOOL_ERROR, "max_turns_exceeded", "max_tool_calls_exceeded", "max_cost_exceeded"}


def of_wrong_result(stage: TrialStage, scores: Sequence[Score]) -> NewFailure:
    """Why a trial that ran to its end did not pass."""
    broken = _broken_tool(stage.tools_used)
    if broken is not None:
        return _tools(broken, stage.tools_used[broken])
    worst = min(scores, key=lambda each: (each.passed or not each.required, each.passed, each.score))
    # A function of the scenario's author speaks for itself.
    said = [
        each.explanation if each.scorer == "python" else f"{each.scorer}: {each.explanation}"
        for each in scores
        if each.explanation and not each.passed
    ]
    return NewFailure(
        failure_type=_KINDS.get(worst.scorer, "wrong_answer"),
        failure_category=FailureCategory.VALIDATION_ERROR,
        fault=Fault.AGENT,
        error_message="; ".join(said)[:LONGEST_MESSAGE] or f"{worst.scorer} gave {worst.score:g}",
        step=_last_message(stage),
    )


def of_breakdown(stage: TrialStage, failure: TrialFailed) -> NewFailure:
    """Why a trial did not run to its end."""
    if failure.fault is Fault.AGENT and failure.failure_type in _FOLLOWS_FROM_TOOLS:
        broken = _broken_tool(stage.tools_used)
        if broken is not None:
            return _tools(broken, stage.tools_used[broken])
    return NewFailure(
        failure_type=failure.failure_type[:100],
        failure_category=failure.category,
        fault=failure.fault,
        error_message=failure.message[:LONGEST_MESSAGE],
        step=len(stage.steps) - 1,
    )


def timed_out(stage: TrialStage, waited_for: tuple[str, float] | None) -> TrialFailed:
    """What a trial whose time ran out failed of; `waited_for` names whom it waited for last, and for how many ms."""
    limit = stage.limits.timeout_ms
    message, fault, kind = f"the trial took more than {limit} ms", Fault.AGENT, "trial_timeout"
    category = FailureCategory.TIMEOUT
    if waited_for is not None and waited_for[1] > limit / 2:
        name = waited_for[0]
        message = f"{message}, {waited_for[1]:.0f} of them waiting for {name}"
        if name == USER:
            fault, kind = Fault.SIMULATOR, "user_timeout"
        else:
            fault, kind = Fault.TOOL, "tool_timeout"
    return TrialFailed(message, fault=fault, category=category, failure_type=kind, status="timeout")


def _broken_tool(tools: Mapping[str, ToolTally]) -> str | None:
    """The first tool whose own code failed and that never gave a good answer."""
    return next((name for name, tally in tools.items() if tally.own_errors and not tally.good), None)


def _tools(name: str, tally: ToolTally) -> NewFailure:
    calls = len(tally.positions)
    return NewFailure(
        failure_type="tool_timeout" if tally.error_types[0] == "timeout" else "tool_failed",
        failure_category=FailureCategory.TIMEOUT if tally.error_types[0] == "timeout" else FailureCategory.TOOL_ERROR,
        fault=Fault.TOOL,
        error_message=f"tool {name!r} failed in {tally.own_errors} of {calls} calls and never gave an answer: "
        f"{tally.first_own_error}"[:LONGEST_MESSAGE],
        step=tally.first_own_step,
    )


def _last_message(stage: TrialStage) -> int:
    for index in range(len(stage.steps) - 1, -1, -1):
        if stage.steps[index].get("role") == "assistant":
            return index
    return len(stage.steps) - 1
