"""
Why an imported trial did not pass, and who is to blame, as far as its log is evidence.

An exception of the harness carries a traceback. A provider that did not answer
is the infrastructure's fault, and such a trial is not scored: the benchmark's
own 0 says nothing about the agent. Otherwise the innermost file of the
benchmark decides, because that code was at work: the agent's, the simulated
user's, or the environment's, which is to say the tools'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guildhall.domains.evaluation.failures import FailureCategory, Fault, NewFailure
from guildhall.domains.evaluation.outcomes import OutcomeStatus

_LONGEST = 500
_FRAME = re.compile(r'File "([^"]+)", line \d+')
_UNSCORED = frozenset({Fault.INFRASTRUCTURE, Fault.SIMULATOR, Fault.JUDGE, Fault.SCENARIO})

_PROVIDER = re.compile(
    r"connection (aborted|reset|refused|error)|connectionerror|connecterror|timed? ?out|rate.?limit|too many requests"
    r"|token limit is exceeded|quota|overloaded|service ?unavailable|bad gateway|internal server error|forbidden"
    r"|unauthorized|authentication|httpresponseerror|serviceresponseerror|servicerequesterror|apiconnectionerror"
    r"|\b(401|403|429|500|502|503|504|529)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Blame:
    """Who is to blame, for what, and how the trial ended."""

    fault: Fault
    category: FailureCategory
    failure_type: str
    message: str
    status: OutcomeStatus = OutcomeStatus.SUCCESS
    step: int | None = None

    @property
    def is_scored(self) -> bool:
        """Does the trial count? Only what agents and their tools do says something about the agent."""
        return self.fault not in _UNSCORED

    def as_failure(self) -> NewFailure:
        return NewFailure(
            failure_type=self.failure_type[:100],
            failure_category=self.category,
            fault=self.fault,
            error_message=self.message,
            step=self.step,
        )

    def as_json(self) -> dict[str, str]:
        return {
            "fault": self.fault.value,
            "category": self.category.value,
            "type": self.failure_type,
            "message": self.message,
        }

    def category_of_error(self, status: OutcomeStatus) -> str | None:
        """The outcome's `error_category`: only a trial that did not finish has one."""
        if status is OutcomeStatus.SUCCESS or self.category is FailureCategory.UNKNOWN:
            return None
        return self.category.value


def blame_for_exception(error: str, traceback: str) -> Blame:
    """Who is to blame for an exception that ended a trial."""
    last_line = traceback.strip().rpartition("\n")[2]
    message = _short(error or last_line or "exception without a message")
    if _PROVIDER.search(f"{error}\n{last_line}"):
        return Blame(
            Fault.INFRASTRUCTURE,
            FailureCategory.MODEL_ERROR,
            "provider_error",
            f"the model's provider did not answer: {message}",
            OutcomeStatus.ERROR,
        )
    for path in reversed(_FRAME.findall(traceback)):
        parts = path.replace("\\", "/").split("/")
        if "site-packages" in parts:
            continue
        if "user.py" in parts or "user" in parts:
            return Blame(
                Fault.SIMULATOR,
                FailureCategory.SYSTEM_ERROR,
                "user_exception",
                f"the simulated user raised: {message}",
                OutcomeStatus.ERROR,
            )
        if "agents" in parts or "agent" in parts:
            return Blame(
                Fault.AGENT,
                FailureCategory.SYSTEM_ERROR,
                "agent_exception",
                f"the agent's code raised: {message}",
                OutcomeStatus.ERROR,
            )
        if "envs" in parts or "environment" in parts or "domains" in parts:
            return Blame(
                Fault.TOOL,
                FailureCategory.TOOL_ERROR,
                "environment_exception",
                f"the environment's code raised: {message}",
                OutcomeStatus.ERROR,
            )
    return Blame(
        Fault.INFRASTRUCTURE,
        FailureCategory.SYSTEM_ERROR,
        "harness_exception",
        f"the harness raised: {message}",
        OutcomeStatus.ERROR,
    )


def out_of_steps(message: str, step: int | None) -> Blame:
    """The conversation was cut off because it had become too long: a limit of turns, not of time."""
    return Blame(Fault.AGENT, FailureCategory.VALIDATION_ERROR, "max_steps", message, OutcomeStatus.ERROR, step)


def blame_for_reward(reward_info: Any, ended_by: Any, steps: int) -> Blame:
    """Why τ-bench gave a reward below 1."""
    last_step = steps - 1 if steps else None
    if not isinstance(reward_info, Mapping):
        return out_of_steps("the conversation reached the limit of steps and was not graded", last_step)
    info = reward_info.get("info")
    info = info if isinstance(info, Mapping) else {}
    handed_over = " after handing over to a human" if ended_by == "transfer_to_human_agents" else ""
    outputs = info.get("outputs")
    if isinstance(outputs, Mapping) and not info.get("r_outputs", 1):
        missing = ", ".join(str(key) for key, was_said in outputs.items() if not was_said)
        return _wrong("missing_outputs", f"did not tell the customer{handed_over}: {_short(missing)}", last_step)
    # The benchmark keeps the check of the outputs in place of that of the state: where the outputs
    # were right and the reward is not, the state was wrong.
    if isinstance(outputs, Mapping) or ("r_actions" in info and not info["r_actions"]):
        return _wrong("wrong_final_state", f"left the database in another state than expected{handed_over}", last_step)
    return _wrong("not_rewarded", f"got no full reward{handed_over}; the log does not say why", last_step)


def wrong(failure_type: str, message: str, step: int | None) -> Blame:
    """The agent came to an end that is not the one expected."""
    return _wrong(failure_type, _short(message), step)


def _wrong(failure_type: str, message: str, step: int | None) -> Blame:
    return Blame(Fault.AGENT, FailureCategory.VALIDATION_ERROR, failure_type, message, step=step)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
