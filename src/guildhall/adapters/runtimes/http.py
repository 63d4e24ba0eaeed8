"""
Agents behind an HTTP address: the agent protocol (docs/agents.md), in requests and answers.

The runner posts JSON to the agent's `url`, one request at a time; the agent
answers 200 with its next events: one JSON object, a JSON array of them, or
JSON lines.

    POST {"type": "start", "protocol": 1, "session": "…", "messages": […], "tools": […], …}
         {"type": "tool_call", "id": "1", "name": "lookup", "arguments": {"id": "1042"}}

    POST {"type": "continue", "session": "…", "events": [{"type": "tool_result", "id": "1", …}], "messages": […]}
         {"type": "message", "content": "It is on its way"}

    POST {"type": "continue", "session": "…", "events": [{"type": "user", "content": "Thanks"}], "messages": […]}
         {"type": "done"}

Every request names the trial's `session` and carries the whole conversation so
far as `messages`, OpenAI style, tool calls and results included, so that an
agent may keep state or none. What is new since the last answer stands in
`events`. A `message` is the agent's words to the user and ends its turn; an
answer with neither a message nor a tool call says that the agent is done. When
the user has nothing more to say the runner posts `{"type": "end", "session":
"…"}` and does not wait long for the answer. A trial that is broken off ends
without one, so sessions should expire.

With `api_key_env` the key is sent as `Authorization: Bearer`. Redirects are not
followed; an answer is at most 16 MB.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import orjson

from guildhall import clock
from guildhall.adapters.exchange import SHARE_OF_TIME, Answer, HttpClient, NoAnswer
from guildhall.adapters.llm import ModelKeyMissing
from guildhall.adapters.runtimes.dialogue import LONGEST_LINE, converse, protocol_error
from guildhall.adapters.runtimes.llm import tool_message
from guildhall.algorithms import sanitise
from guildhall.algorithms.redaction import redact
from guildhall.domains.evaluation.configurations import AgentSpec
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.domains.evaluation.simulations.ports import Stage, ToolResult
from guildhall.errors import InvalidInput

_MOST_BYTES = 16 << 20
_FAREWELL_MS = 1_000.0
_SHOWN = 300
_DENIED = {401, 403, 404, 405, 407}
_PASSING = {408, 425, 429, 502, 503, 504}


class AgentAddressRefused(InvalidInput):
    """The `url` of an agent is no address that a request can be sent to."""

    code = "agent_address_refused"

    def __init__(self, url: str | None) -> None:
        super().__init__(
            f"url is {url!r}, expected the http:// or https:// address of the agent",
            remedy="For example http://localhost:8080/agent.",
            field="url",
            value=url,
        )


class HttpRuntime:
    """Plays trials with an agent behind an address. Keys are read from `environment`, the process's own by default."""

    def __init__(self, http: HttpClient, *, environment: Mapping[str, str] | None = None) -> None:
        self._http = http
        self._environment = os.environ if environment is None else environment

    def check(self, spec: AgentSpec) -> None:
        """
        Find out before a run what would fail in each of its trials.

        Raises:
            AgentAddressRefused: `url` is missing or no address.
            ModelKeyMissing: The variable that `api_key_env` names is empty.
        """
        try:
            parts = urlsplit(spec.url or "")
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise AgentAddressRefused(spec.url)
        if spec.api_key_env and not self._key(spec):
            raise ModelKeyMissing(spec.api_key_env, str(spec.url))

    async def play(self, stage: Stage) -> None:
        """
        Play a trial.

        Raises:
            TrialFailed: Unreachable, overloaded or forbidden is the
                infrastructure's fault; too slow, a status 500 and anything
                that is not the protocol are the agent's.
        """
        await converse(_HttpWire(self._http, stage, self._key(stage.spec)), stage)

    def _key(self, spec: AgentSpec) -> str | None:
        return self._environment.get(spec.api_key_env, "").strip() or None if spec.api_key_env else None


class _HttpWire:
    """
    Makes requests and answers look like lines (`dialogue.Wire`).

    Lines to the agent wait until the agent's last answer has been read to its
    end; then they go out together, in one request.
    """

    def __init__(self, http: HttpClient, stage: Stage, key: str | None) -> None:
        self._http = http
        self._stage = stage
        self._url = stage.spec.url or ""
        self._key = key
        self._session = str(clock.new_id())
        self._messages: list[Mapping[str, Any]] = []
        self._outgoing: list[Mapping[str, Any]] = []
        self._incoming: deque[bytes] = deque()

    async def write_line(self, line: bytes) -> bool:
        event: dict[str, Any] = orjson.loads(line)
        match event["type"]:
            case "start":
                self._messages = list(event["messages"])
            case "tool_result":
                result = ToolResult(event.get("content"), event.get("error"))
                self._messages.append(tool_message(_id_of(event), result))
            case "user":
                self._messages.append({"role": "user", "content": event["content"]})
        self._outgoing.append(event)
        return True

    async def read_line(self, limit: int = LONGEST_LINE) -> bytes | None:
        """The agent's next event, at most as long as its whole answer may be; None when it has no more to say."""
        if not self._incoming and self._outgoing:
            events, self._outgoing = self._outgoing, []
            if any(event["type"] == "end" for event in events):
                await self._say_goodbye()
                return None
            self._incoming.extend(_events(await self._post(self._request(events))))
        if not self._incoming:
            return None
        line = self._incoming.popleft()
        self._remember(line)
        return line

    def _request(self, events: list[Mapping[str, Any]]) -> dict[str, Any]:
        if events[0]["type"] == "start":
            return {**events[0], "session": self._session}
        return {"type": "continue", "session": self._session, "events": events, "messages": self._messages}

    async def _post(self, document: Mapping[str, Any]) -> bytes:
        try:
            answer = await self._http.post(
                self._url,
                sanitise.to_json(document),
                headers=self._headers,
                timeout_ms=self._stage.time_left_ms() * SHARE_OF_TIME,
                most_bytes=_MOST_BYTES,
            )
        except NoAnswer as silence:
            raise self._of_silence(silence) from silence
        if not 200 <= answer.status < 300:
            raise self._of_refusal(answer)
        return answer.body

    async def _say_goodbye(self) -> None:
        document = sanitise.to_json({"type": "end", "session": self._session})
        with suppress(NoAnswer):  # the trial is over; what the agent makes of that is its own affair
            await self._http.post(
                self._url,
                document,
                headers=self._headers,
                timeout_ms=min(_FAREWELL_MS, self._stage.time_left_ms() * SHARE_OF_TIME),
                most_bytes=_MOST_BYTES,
            )

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def _remember(self, line: bytes) -> None:
        """Keep what the agent does for `messages`; what is malformed is left to the dialogue, which ends the trial."""
        event = _document(line)
        if not isinstance(event, dict):
            return
        if event.get("type") == "message":
            self._messages.append({"role": "assistant", "content": event.get("content")})
        elif event.get("type") == "tool_call":
            arguments = sanitise.to_json(event.get("arguments") or {}).decode()
            function = {"name": event.get("name"), "arguments": arguments}
            call = {"id": _id_of(event), "type": "function", "function": function}
            self._messages.append({"role": "assistant", "content": None, "tool_calls": [call]})

    def _of_silence(self, silence: NoAnswer) -> TrialFailed:
        if silence.timed_out:
            return TrialFailed(
                "the trial's time ran out while the agent was answering",
                fault=Fault.AGENT,
                category=FailureCategory.TIMEOUT,
                failure_type="trial_timeout",
                status="timeout",
            )
        if silence.too_long:
            return protocol_error(f"the agent's answer is no message of the protocol: {silence}")
        return self._failure(f"the agent at {self._url} cannot be reached, {silence}", "agent_unreachable", again=True)

    def _of_refusal(self, answer: Answer) -> TrialFailed:
        said = f"{answer.status}: {' '.join(answer.body[:_SHOWN].decode('utf-8', 'replace').split())}"
        if answer.status in _PASSING:
            return self._failure(f"the agent is not available, {said}", "agent_unavailable", again=True)
        if answer.status in _DENIED or answer.status < 400:
            return self._failure(f"{self._url} is not where the agent answers, {said}", "agent_access_denied")
        return TrialFailed(
            redact(f"the agent answered {said}", [self._key] if self._key else []),
            fault=Fault.AGENT,
            category=FailureCategory.SYSTEM_ERROR,
            failure_type=f"http_{answer.status}",
        )

    def _failure(self, message: str, failure_type: str, *, again: bool = False) -> TrialFailed:
        return TrialFailed(
            redact(message, [self._key] if self._key else []),
            fault=Fault.INFRASTRUCTURE,
            category=FailureCategory.SYSTEM_ERROR,
            failure_type=failure_type,
            retryable=again,
        )


def _id_of(event: Mapping[str, Any]) -> str:
    return str(event.get("id") or "call")


def _events(body: bytes) -> list[bytes]:
    """The lines of a body: one document, the elements of an array, or lines as they are."""
    document = _document(body)
    if isinstance(document, list):
        return [sanitise.to_json(each) for each in document]
    if document is not None:
        return [body]
    return [line for line in body.splitlines() if line.strip()]


def _document(text: bytes) -> Any:
    """What the JSON says; None where it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:  # the standard reader also takes lone surrogates
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
