"""Agents that are a model, a prompt and tools: the runner itself is their loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guildhall.adapters.exchange import SHARE_OF_TIME
from guildhall.adapters.llm import Completion, Endpoint, ModelClient
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import Stage, ToolResult


class LlmRuntime:
    """
    Plays a trial with a model.

    Each assistant message either asks for tools, which run one after the other
    in its order, or is said to the user, who may answer. Arguments that are
    not a JSON object go back to the model as that call's error.
    """

    def __init__(self, client: ModelClient) -> None:
        self._client = client

    async def play(self, stage: Stage) -> None:
        """
        Play until the user has nothing more to say.

        Raises:
            TrialFailed: The model cannot be reached, refuses, or passes a limit.
        """
        spec = stage.spec
        messages: list[Mapping[str, Any]] = list(stage.messages)
        at_start_ms = stage.time_left_ms()
        while True:
            completion = await self._ask(stage, messages, at_start_ms)
            if completion.attempts > 1:
                stage.log(f"{spec.model} answered at attempt {completion.attempts}")
            if completion.finish_reason == "length":
                stage.log(f"{spec.model} was cut off: the answer reached max_tokens or the context's end")
            if completion.filtered:
                stage.note_model_call(completion.call, content=completion.content)
                raise TrialFailed(
                    f"model {spec.model!r}: the provider's content filter cut the answer off",
                    fault=Fault.AGENT,
                    category=FailureCategory.MODEL_ERROR,
                    failure_type="content_filter",
                )
            messages.append(completion.message)
            if not completion.tool_calls:
                said = await stage.reply(completion.content or "", completion.call)
                if said is None:
                    return
                messages.append({"role": "user", "content": said})
                continue
            stage.note_model_call(completion.call, tool_calls=completion.raw_tool_calls, content=completion.content)
            for call in completion.tool_calls:
                if call.arguments is None:
                    result = ToolResult(error=call.problem)
                    stage.log(f"{call.name}: {call.problem}")
                else:
                    result = await stage.call_tool(call.name, call.arguments, call_id=call.id)
                messages.append(tool_message(call.id, result))

    async def _ask(self, stage: Stage, messages: list[Mapping[str, Any]], at_start_ms: float) -> Completion:
        spec = stage.spec
        left_ms = stage.time_left_ms()
        try:
            return await self._client.complete(
                messages,
                endpoint=Endpoint.of_agent(spec),
                model=spec.model,
                temperature=spec.temperature if spec.send_temperature else None,
                tools=stage.tools,
                params=spec.params,
                timeout_ms=left_ms * SHARE_OF_TIME,
            )
        except TrialFailed as exc:
            # A model that was given more than half of the trial's time and said nothing has failed the
            # agent. When the agent had used up that time itself, its last request is not to blame.
            if exc.failure_type == "model_timeout" and left_ms < at_start_ms / 2:
                raise TrialFailed(
                    f"the trial's time ran out while {spec.model!r} was answering",
                    fault=Fault.AGENT,
                    category=FailureCategory.TIMEOUT,
                    failure_type="trial_timeout",
                    status="timeout",
                ) from exc
            raise


def tool_message(call_id: str, result: ToolResult) -> dict[str, Any]:
    """A tool's result as a model reads it: text as it is, anything else as JSON."""
    if result.error is not None:
        content = f"Error: {result.error}"
    elif isinstance(result.content, str):
        content = result.content
    else:
        content = sanitise.to_json(result.content).decode()
    return {"role": "tool", "tool_call_id": call_id, "content": content}
