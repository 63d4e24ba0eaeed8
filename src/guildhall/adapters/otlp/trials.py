"""
What a trace tells of a trial: steps, tallies, verdict, blame.

Pure: the same spans give the same answer, in whatever order they came. A
verdict is never guessed: without one, `passed` is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import Any

from guildhall.adapters.otlp import conventions
from guildhall.adapters.otlp.conventions import Role
from guildhall.domains.evaluation.failures import FailureCategory, Fault, NewFailure
from guildhall.domains.evaluation.outcomes import NewToolUsage, OutcomeStatus
from guildhall.domains.evaluation.traces import Span, instant

MOST_SPANS = 10_000
"""Spans of one trace that its trial is told from; all are kept."""

_MOST_TEXT = 16 << 20
"""Characters of inputs and outputs in one trajectory; what goes beyond is found in the spans."""
_MOST_ERROR_TYPES = 20
_LARGEST_TOKENS = 2**31 - 1
_LONGEST_NAME = 100
_LONGEST_MESSAGE = 2_000

_PROVIDER = re.compile(
    r"rate.?limit|too many requests|overloaded|quota|api.?connection|connection.?error|connect(ion)?.?(refused|reset)"
    r"|service.?unavailable|bad.?gateway|internal.?server.?error|authentication|permission.?denied|\b(401|403|429|500|502|503|504|529)\b",
    re.IGNORECASE,
)
_TIMEOUT = re.compile(r"time.?d?.?out|deadline.?exceeded", re.IGNORECASE)
_PASSES = {
    **dict.fromkeys(("pass", "passed", "true", "yes", "correct", "success"), True),
    **dict.fromkeys(("fail", "failed", "false", "no", "incorrect", "failure"), False),
}


@dataclass(frozen=True, slots=True)
class ToldTrial:
    """A trial in our words, as `outcomes.NewOutcome` has it; None is what the trace does not say."""

    status: OutcomeStatus
    passed: bool | None
    score: float | None
    fault: Fault | None
    error_code: str | None
    error_category: str | None
    duration_ms: float | None
    tokens: int | None
    cost_usd: Decimal | None
    trajectory: Mapping[str, Any]
    metrics: Mapping[str, Any]
    tools: tuple[NewToolUsage, ...]
    failures: tuple[NewFailure, ...]


@dataclass(slots=True)
class _Tool:
    positions: list[int] = field(default_factory=list)
    errors: int = 0
    timed: int = 0
    total_ms: float = 0.0
    error_types: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Models:
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    unknown_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unknown_costs: int = 0
    total_ms: float = 0.0
    names: set[str] = field(default_factory=set)


def root_of(spans: Sequence[Span]) -> Span | None:
    """The span without a parent, of several the one that began first; None where there is none yet."""
    roots = [each for each in spans if each.parent_span_id is None]
    return min(roots, key=lambda each: (each.start_ns, each.span_id)) if roots else None


def tell(spans: Sequence[Span], root: Span) -> ToldTrial:
    """The trial that a trace tells of; `spans` are all that are known of it, in any order."""
    return _Telling(spans, root).told()


class _Telling:
    """One trace, read through once."""

    def __init__(self, spans: Sequence[Span], root: Span) -> None:
        ordered = sorted(spans, key=lambda each: (each.start_ns, each is not root, each.span_id))
        self._count = len(ordered)
        self._spans = ordered[:MOST_SPANS]
        self._root = root
        self._by_id = {each.span_id: each for each in ordered}
        self._roles = {each.span_id: conventions.role_of(each) for each in ordered}
        self._tools: dict[str, _Tool] = {}
        self._models = _Models()
        self._broken_tools: list[tuple[str, str]] = []
        self._steps: list[tuple[float, int, dict[str, Any]]] = []
        self._room = _MOST_TEXT
        self._heard: list[Any] = []
        self._calls = 0

    def told(self) -> ToldTrial:
        root = self._root
        for span in self._spans:
            match self._roles[span.span_id]:
                case Role.MODEL:
                    self._model_call(span)
                case Role.TOOL:
                    self._tool_call(span)
                case _ if span is not root:
                    self._passage(span)
        self._words_of_root()
        scores = [_score(each) for span in self._spans for each in conventions.evaluations_of(span)]
        error = conventions.error_of(root)
        status = OutcomeStatus.ERROR if error else OutcomeStatus.SUCCESS
        passed, score = self._verdict(scores)
        fault, category = self._blame(error)
        if passed is False:
            fault = fault or Fault.AGENT
        models = self._models
        return ToldTrial(
            status=status,
            passed=passed,
            score=score,
            fault=fault if error or passed is False else None,
            error_code=error[0][:_LONGEST_NAME] if error else None,
            error_category=None if category is None else category.value,
            duration_ms=root.duration_ms,
            tokens=self._tokens(),
            cost_usd=self._cost(),
            trajectory=self._trajectory(status, scores, error),
            metrics={
                "spans": self._count,
                "model_calls": models.calls,
                "tool_calls": self._calls,
                "tool_errors": sum(each.errors for each in self._tools.values()),
                **(
                    {
                        "input_tokens": models.input_tokens,
                        "output_tokens": models.output_tokens,
                        "model_ms": round(models.total_ms, 3),
                        "models": sorted(models.names),
                    }
                    if models.calls
                    else {}
                ),
            },
            tools=tuple(_usage(name, each) for name, each in self._tools.items()),
            failures=self._failures(passed, fault, category, error, scores),
        )

    def _model_call(self, span: Span) -> None:
        inward, outward, total = conventions.tokens_of(span)
        cost, model = conventions.cost_of(span), conventions.model_of(span)
        step: dict[str, Any] = {"type": "model_call", "name": span.name}
        if model is not None:
            step["model"] = model
        if inward is not None or outward is not None:
            step["usage"] = {"input_tokens": inward, "output_tokens": outward}
        if cost is not None:
            step["cost_usd"] = str(cost)
        self._put_words(step, "input", self._news(step, conventions.input_of(span)))
        self._put_words(step, "content", conventions.output_of(span))
        self._note(span, step)
        if self._is_within(span, Role.MODEL):
            return  # a library and the library beneath it both report the call: the outer one counts
        models = self._models
        models.calls += 1
        models.input_tokens += inward or 0
        models.output_tokens += outward or 0
        models.total_tokens += total or 0
        models.unknown_tokens += total is None
        models.cost_usd += cost or 0
        models.unknown_costs += cost is None
        models.total_ms += span.duration_ms or 0.0
        if model is not None:
            models.names.add(model)

    def _news(self, step: dict[str, Any], words: Any) -> Any:
        """
        What a model was told that the call before had not been told; `same_messages` counts the others.

        A conversation is sent whole with every call, so it would fill a trajectory with its own square.
        """
        if not isinstance(words, list):
            return words
        before, self._heard = self._heard, words
        same = 0
        for one, other in zip(before, words, strict=False):
            if one != other:
                break
            same += 1
        if same:
            step["same_messages"] = same
        return words[same:]

    def _tool_call(self, span: Span) -> None:
        name, error = conventions.tool_of(span), conventions.error_of(span)
        call_id = span.attributes.get("gen_ai.tool.call.id") or span.span_id.hex()
        call: dict[str, Any] = {"type": "tool_call", "id": call_id, "name": name}
        self._put_words(call, "arguments", conventions.arguments_of(span))
        self._note(span, call, timed=False)
        result: dict[str, Any] = {"type": "tool_result", "id": call_id, "name": name, "content": None}
        self._put_words(result, "content", conventions.result_of(span))
        self._note(span, result, at_ns=span.end_ns or span.start_ns)
        if self._is_within(span, Role.TOOL, name):
            return
        self._calls += 1
        tool = self._tools.setdefault(name[:_LONGEST_NAME] or "unknown", _Tool())
        tool.positions.append(self._calls)
        if span.duration_ms is not None:
            tool.timed += 1
            tool.total_ms += span.duration_ms
        if error is not None:
            tool.errors += 1
            if len(tool.error_types) < _MOST_ERROR_TYPES:
                tool.error_types[error[0][:_LONGEST_NAME]] = None
            self._broken_tools.append(error)

    def _passage(self, span: Span) -> None:
        """A span that calls neither a model nor a tool: a chain, an agent within, a request to another service."""
        kind = span.attributes.get("openinference.span.kind") or span.attributes.get("gen_ai.operation.name")
        step: dict[str, Any] = {"type": "span", "name": span.name}
        if isinstance(kind, str):
            step["kind"] = kind.lower()
        self._put_words(step, "input", conventions.input_of(span))
        self._put_words(step, "content", conventions.output_of(span))
        self._note(span, step)

    def _words_of_root(self) -> None:
        """What the agent was asked, and what it answered in the end."""
        root = self._root
        if self._roles[root.span_id] in (Role.MODEL, Role.TOOL):
            return  # it is a step itself
        for place, role, words, at_ns in (
            (-1, "user", conventions.input_of(root), root.start_ns),
            (1, "assistant", conventions.output_of(root), root.end_ns),
        ):
            if words is not None:
                step: dict[str, Any] = {"type": "message", "role": role}
                self._put_words(step, "content", words)
                step["at_ms"] = None if at_ns is None else (at_ns - root.start_ns) / 1e6
                self._steps.append((float("inf") * place, 0, step))

    def _note(self, span: Span, step: dict[str, Any], *, at_ns: int | None = None, timed: bool = True) -> None:
        at_ms = ((at_ns or span.start_ns) - self._root.start_ns) / 1e6
        step["at_ms"] = at_ms
        if timed:
            step["duration_ms"] = span.duration_ms
            error = conventions.error_of(span)
            if error is not None:
                step["error"] = ": ".join(part for part in error if part)[:_LONGEST_MESSAGE]
        self._steps.append((at_ms, len(self._steps), step))

    def _put_words(self, step: dict[str, Any], name: str, words: Any) -> None:
        if words is None:
            return
        self._room -= len(words) if isinstance(words, str) else len(str(words))
        if self._room < 0:
            step["left_out"] = "too long for a trajectory; the spans have it"
        else:
            step[name] = words

    def _is_within(self, span: Span, role: Role, tool: str | None = None) -> bool:
        """Whether some span above this one plays the same role, and is the same tool."""
        seen = {span.span_id}
        parent = span.parent_span_id
        while parent is not None and parent not in seen:
            above = self._by_id.get(parent)
            if above is None:
                return False
            if self._roles[parent] is role and (tool is None or conventions.tool_of(above) == tool):
                return True
            seen.add(parent)
            parent = above.parent_span_id
        return False

    def _tokens(self) -> int | None:
        models = self._models
        if models.calls:
            return None if models.unknown_tokens else min(models.total_tokens, _LARGEST_TOKENS)
        total = conventions.tokens_of(self._root)[2]
        return None if total is None else min(total, _LARGEST_TOKENS)

    def _cost(self) -> Decimal | None:
        said = conventions.cost_of(self._root)
        if said is not None and "guildhall.cost_usd" in self._root.attributes:
            return said
        models = self._models
        if models.calls:
            return None if models.unknown_costs else min(models.cost_usd, Decimal(99_999_999))
        return said

    def _verdict(self, scores: Sequence[Mapping[str, Any]]) -> tuple[bool | None, float | None]:
        """What the root says, or else what the evaluations of the trace do: one that failed decides."""
        said = self._root.attributes
        passed = conventions.flag_of(said.get("guildhall.passed"))
        if passed is None:
            verdicts = [each["passed"] for each in scores if each["passed"] is not None]
            passed = all(verdicts) if verdicts else None
        score = conventions.number_of(said.get("guildhall.score"))
        if score is None or not 0 <= score <= 1:
            values = [each["score"] for each in scores if each["score"] is not None]
            # Numbers of another scale are kept in the trajectory, and are no score.
            score = sum(values) / len(values) if values and all(0 <= each <= 1 for each in values) else None
        return passed, None if score is None else float(score)

    def _blame(self, error: tuple[str, str] | None) -> tuple[Fault | None, FailureCategory | None]:
        """Who is to blame for an error, where its kind makes that clear, and what kind it was."""
        if error is None:
            return None, None
        kind, message = error
        for broken in self._broken_tools:
            if (broken == error and broken != ("error", "")) or (broken[1] and broken[1] in message):
                return Fault.TOOL, FailureCategory.TOOL_ERROR
        said = f"{kind} {message}"
        if _PROVIDER.search(said):
            return Fault.INFRASTRUCTURE, FailureCategory.MODEL_ERROR
        if _TIMEOUT.search(said):
            return None, FailureCategory.TIMEOUT
        return None, None

    def _failures(
        self,
        passed: bool | None,
        fault: Fault | None,
        category: FailureCategory | None,
        error: tuple[str, str] | None,
        scores: Sequence[Mapping[str, Any]],
    ) -> tuple[NewFailure, ...]:
        if fault is None or (error is None and passed is not False):
            return ()
        if error is None:
            why = [each["explanation"] for each in scores if each["passed"] is False and "explanation" in each]
            return (NewFailure("wrong_answer", FailureCategory.VALIDATION_ERROR, fault, "; ".join(why) or None),)
        kind, message = error
        return (NewFailure(kind[:_LONGEST_NAME], category or FailureCategory.UNKNOWN, fault, message or None),)

    def _trajectory(
        self, status: OutcomeStatus, scores: Sequence[Mapping[str, Any]], error: tuple[str, str] | None
    ) -> dict[str, Any]:
        root = self._root
        self._steps.sort(key=itemgetter(0, 1))
        trajectory: dict[str, Any] = {
            "start_time": instant(root.start_ns),
            "end_time": None if root.end_ns is None else instant(root.end_ns),
            "status": status.value,
            "trace_id": root.trace_id.hex(),
            "steps": [step for _, _, step in self._steps],
            "scores": list(scores),
        }
        if self._count > len(self._spans):
            trajectory["left_out"] = f"{self._count - len(self._spans)} later spans"
        if error is not None:
            trajectory["error"] = {"type": error[0], "message": error[1][:_LONGEST_MESSAGE]}
        return trajectory


def _score(said: Mapping[str, Any]) -> dict[str, Any]:
    label = said.get("gen_ai.evaluation.score.label")
    value = conventions.number_of(said.get("gen_ai.evaluation.score.value"))
    score: dict[str, Any] = {
        "scorer": str(said.get("gen_ai.evaluation.name") or "evaluation")[:_LONGEST_NAME],
        "score": value,
        "passed": _PASSES.get(label.strip().lower()) if isinstance(label, str) else None,
    }
    if isinstance(label, str):
        score["label"] = label[:_LONGEST_NAME]
    explanation = said.get("gen_ai.evaluation.explanation")
    if isinstance(explanation, str) and explanation:
        score["explanation"] = explanation[:_LONGEST_MESSAGE]
    return score


def _usage(name: str, tool: _Tool) -> NewToolUsage:
    return NewToolUsage(
        tool_name=name,
        call_count=len(tool.positions),
        error_count=tool.errors,
        timed_count=tool.timed,
        total_duration_ms=round(tool.total_ms, 3),
        tool_sequence=tool.positions,
        error_types=tuple(tool.error_types),
    )
