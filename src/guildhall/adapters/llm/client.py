"""Asking models over HTTP: any endpoint that speaks OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from guildhall import clock
from guildhall.adapters.exchange import HttpClient, NoAnswer
from guildhall.adapters.llm import refusals
from guildhall.adapters.llm.answers import read_completion
from guildhall.adapters.llm.errors import EndpointRefused, ModelKeyMissing, ParameterReserved
from guildhall.adapters.llm.refusals import Refusal
from guildhall.adapters.llm.types import Completion, Endpoint
from guildhall.adapters.through import Role, ThroughGateway
from guildhall.algorithms import sanitise
from guildhall.algorithms.backoff import full_jitter
from guildhall.domains.evaluation.configurations import AgentSpec, ToolSpec
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed

_MOST_ATTEMPTS = 6
_MOST_BYTES = 32 << 20
_LONGEST_REQUEST_MS = 600_000.0

_RESERVED = {
    "model": "Name the model at the top of agent.yaml.",
    "temperature": "Set temperature at the top of agent.yaml.",
    "messages": "The scenario and system_prompt make the messages.",
    "tools": "List the tools at the top of agent.yaml.",
    "stream": "Answers are read whole; leave it out.",
    "n": "One answer is read; run more trials instead.",
}


class ModelClient:
    """
    Asks models, again where that may help.

    `sleep` and `chance` are what it waits with and what decides how long; a
    test passes its own. Keys are read from `environment` (the process's own
    by default) for each request and kept nowhere. `through` is the gateway that
    all models are asked through, where one is.
    """

    def __init__(
        self,
        http: HttpClient,
        *,
        environment: Mapping[str, str] | None = None,
        through: ThroughGateway | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._through = through
        self._environment = os.environ if environment is None else environment
        self._sleep = sleep
        self._chance = chance
        self._refused: dict[tuple[str, str], set[str]] = {}

    def check(self, spec: AgentSpec) -> None:
        """
        Find out before a run what would fail in each of its trials.

        Raises:
            ModelKeyMissing: The endpoint needs a key and its variable is empty.
            EndpointRefused: base_url is no address.
            ParameterReserved: `params` holds what the runner sends itself.
        """
        for name in spec.params:
            if name in _RESERVED:
                raise ParameterReserved(name, _RESERVED[name])
        self.check_endpoint(Endpoint.of_agent(spec))

    def check_endpoint(self, endpoint: Endpoint) -> None:
        """
        The part of `check` that also judges and simulated users need.

        Raises:
            ModelKeyMissing: The endpoint needs a key and its variable is empty.
            EndpointRefused: base_url is no address.
        """
        if self._through is not None:
            return  # the gateway knows where models are, and has the keys
        try:
            parts = urlsplit(endpoint.base_url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise EndpointRefused(endpoint.base_url)
        self._key(endpoint)

    async def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        endpoint: Endpoint,
        model: str,
        timeout_ms: float,
        temperature: float | None = None,
        tools: Sequence[ToolSpec] = (),
        params: Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        optional: Collection[str] = (),
        role: Role = "agent",
    ) -> Completion:
        """
        One completion.

        Requests that fail for reasons that pass are repeated with growing
        pauses, longer where the provider asks for that, as long as `timeout_ms`
        allows. A parameter named in `optional` (`temperature`,
        `response_format`) is left out, from then on, for a model that refuses it.
        `role` is who asks, for the gateway's ledger.

        Raises:
            TrialFailed: There is no completion to be had. The fault is the
                agent's when the request itself is wrong or was filtered, else
                infrastructure. See `refusals`.
        """
        if self._through is not None:
            key: str | None = self._through.key
            base_url, headers = self._through.base_url, self._through.headers(role)
        else:
            key = self._key_or_fail(endpoint)
            base_url, headers = endpoint.base_url.rstrip("/"), {"Authorization": f"Bearer {key}"} if key else {}
        url = base_url + "/chat/completions"
        refused = self._refused.setdefault((endpoint.base_url, model), set())
        body = _body(messages, model, temperature, tools, params, response_format)
        give_up_at_ms = clock.monotonic_ms() + timeout_ms
        attempts = 0
        while True:
            attempts += 1
            document = sanitise.to_json({name: value for name, value in body.items() if name not in refused})
            left_ms = give_up_at_ms - clock.monotonic_ms()
            try:
                return await self._ask(url, document, headers, endpoint, model, left_ms, attempts)
            except Refusal as refusal:
                if refusal.parameter in optional and refusal.parameter in body and refusal.parameter not in refused:
                    refused.add(refusal.parameter)
                    continue
                pause_s = full_jitter(attempts, self._chance(), at_least_s=refusal.wait_s)
                left_ms = give_up_at_ms - clock.monotonic_ms()
                if not refusal.again or attempts >= _MOST_ATTEMPTS or pause_s * 1000 >= left_ms:
                    raise refusal.as_failure(model, attempts, [key] if key else []) from None
                await self._sleep(pause_s)

    async def _ask(
        self,
        url: str,
        document: bytes,
        headers: Mapping[str, str],
        endpoint: Endpoint,
        model: str,
        left_ms: float,
        attempts: int,
    ) -> Completion:
        began_ms = clock.monotonic_ms()
        try:
            answer = await self._http.post(
                url,
                document,
                headers=headers,
                timeout_ms=min(left_ms, _LONGEST_REQUEST_MS),
                most_bytes=_MOST_BYTES,
            )
        except NoAnswer as silence:
            raise refusals.of_silence(silence) from silence
        if answer.status != 200:
            raise refusals.of_answer(answer, clock.now())
        duration_ms = clock.monotonic_ms() - began_ms
        return read_completion(answer.body, endpoint=endpoint, model=model, duration_ms=duration_ms, attempts=attempts)

    def _key(self, endpoint: Endpoint) -> str | None:
        variable = endpoint.key_variable
        if variable is None:
            return None
        # A key that was read from a file often ends in a newline, which no header may hold.
        key = self._environment.get(variable, "").strip()
        if not key:
            raise ModelKeyMissing(variable, endpoint.base_url)
        return key

    def _key_or_fail(self, endpoint: Endpoint) -> str | None:
        try:
            return self._key(endpoint)
        except ModelKeyMissing as exc:
            raise TrialFailed(
                str(exc),
                fault=Fault.INFRASTRUCTURE,
                category=FailureCategory.SYSTEM_ERROR,
                failure_type="model_key_missing",
                retryable=False,
            ) from exc


def _body(
    messages: Sequence[Mapping[str, Any]],
    model: str,
    temperature: float | None,
    tools: Sequence[ToolSpec],
    params: Mapping[str, Any] | None,
    response_format: Mapping[str, Any] | None,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        **{name: value for name, value in (params or {}).items() if name not in _RESERVED},
        "model": model,
        "messages": list(messages),
    }
    if temperature is not None:
        body["temperature"] = temperature
    if response_format is not None:
        body["response_format"] = response_format
    if tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters or {"type": "object", "properties": {}},
                },
            }
            for tool in tools
        ]
    return body
