"""Traces that become trials: which trial, when, and once only."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from fixtures.traces import BEGAN, a_request, a_run, a_span, as_json, as_protobuf, ns
from guildhall.adapters import otlp
from guildhall.app import traces
from guildhall.app.traces import Ingested
from guildhall.clock import time_of
from guildhall.db import Tx
from guildhall.domains.evaluation import configurations, outcomes, scenarios, simulations
from guildhall.domains.evaluation import traces as spans
from guildhall.domains.evaluation.outcomes import Outcome
from guildhall.domains.evaluation.simulations import NewSimulation, PinnedScenario, Simulation, SimulationStatus
from guildhall.domains.evaluation.traces import Span


async def ingest(tx: Tx, *given: dict[str, Any], service: str | None = "support", **resource: Any) -> Ingested:
    """What becomes of spans that one request brings, in a transaction that the test will undo."""
    request = a_request(*given, service=service, **resource)
    return await traces.ingest(lambda: kept_open(tx), otlp.spans_of(as_json(request), otlp.JSON))


@asynccontextmanager
async def kept_open(tx: Tx) -> AsyncIterator[Tx]:
    yield tx


async def outcome(tx: Tx, ingested: Ingested) -> Outcome:
    [outcome_id] = ingested.outcomes or ingested.revised
    return await outcomes.get_outcome(tx, outcome_id)


async def the_simulation(tx: Tx) -> Simulation:
    [simulation] = await simulations.list_simulations(tx)
    return simulation


async def stored(tx: Tx, trace: int = 1) -> list[Span]:
    return await spans.get_trace(tx, trace.to_bytes(16))


async def plan(tx: Tx, scenario_ids: Sequence[str] = ("refund",), trials: int = 3) -> UUID:
    """A simulation under way, of an agent of some client's."""
    agent = configurations.imported_agent({"name": "other-agent"})
    saved = await configurations.save_version(tx, agent, generated_by="import")
    cases = [
        scenarios.scenario_from(
            {"scenario_id": each, "name": f"case {each}", "task_prompt": "Do what is due.", "scorers": [{"type": "external"}]}
        )
        for each in scenario_ids
    ]  # fmt: skip
    await scenarios.save_scenarios(tx, cases)
    pins = [PinnedScenario(each.scenario_id, each.content_hash) for each in cases]
    simulation_id = await simulations.plan_simulation(
        tx, NewSimulation(saved.version.version_id, pins, trials=trials, origin="client")
    )
    await simulations.start_simulation(tx, simulation_id)
    return simulation_id


async def test_a_trace_becomes_a_trial_of_its_service_on_a_scenario_named_after_its_root(tx: Tx) -> None:
    ingested = await ingest(
        tx, *a_run(gen_ai__agent__name="Refunds", gen_ai__request__model="gpt-5"), **{"service.version": "2.1"}
    )

    assert (ingested.stored, ingested.known, ingested.refused, ingested.reasons) == (3, 0, 0, ())
    found = await outcome(tx, ingested)
    assert (found.scenario_id, found.trial_number, found.status, found.passed) == ("refund", 1, "success", None)
    assert (found.execution_time, time_of(found.outcome_id)) == (BEGAN, BEGAN)
    assert (found.tokens_used, found.execution_time_ms, found.cost_usd) == (120, 3000, None)
    assert found.tools is not None
    assert [(each.tool_name, each.call_count) for each in found.tools] == [("lookup", 1)]
    assert found.execution_metadata["trace_id"] == f"{1:032x}"
    simulation = await the_simulation(tx)
    assert (simulation.label, simulation.origin, simulation.status) == ("support@v1", "traces", "running")
    version = await configurations.get_version(tx, "support")
    said = {key: version.parsed_config[key] for key in ("version", "agent", "model", "temperature")}
    assert said == {"version": "2.1", "agent": "Refunds", "model": "gpt-5", "temperature": None}


async def test_spans_are_kept_as_they_came(tx: Tx) -> None:
    sent = a_span(
        "refund", error="broken", tags=["a"], deep={"a": {"b": 1.5}}, events=[("said", {"n": 1})], raw=b"\x00\xff"
    )
    await ingest(tx, sent, **{"service.version": "1"})

    [kept] = await stored(tx)
    [read] = otlp.spans_of(as_json(a_request(sent, **{"service.version": "1"})), otlp.JSON)
    for name in set(Span.__slots__) - {"source"}:
        assert getattr(kept, name) == getattr(read, name), name
    assert (kept.source.resource, kept.source.scope) == (read.source.resource, read.source.scope)


async def test_a_request_that_is_delivered_again_changes_nothing(tx: Tx) -> None:
    first = await ingest(tx, *a_run(1), *a_run(2))
    again = await ingest(tx, *a_run(1), *a_run(2))

    assert (len(first.outcomes), again.outcomes, again.revised) == (2, (), ())
    assert (again.stored, again.known) == (0, 6)
    assert (await the_simulation(tx)).trials_done == 2


async def test_one_span_twice_in_a_request_is_one(tx: Tx) -> None:
    ingested = await ingest(tx, *a_run(), *a_run())

    assert (ingested.stored, ingested.known, len(ingested.outcomes)) == (3, 3, 1)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
async def test_spans_that_come_one_by_one_add_up_to_the_same_outcome(tx: Tx, order: tuple[int, ...]) -> None:
    whole = await outcome(tx, await ingest(tx, *a_run(1, guildhall__passed=True)))
    parts = a_run(2, guildhall__passed=True)
    said = [await ingest(tx, parts[each]) for each in order]

    [made] = [each for one in said for each in one.outcomes]
    last = await outcomes.get_outcome(tx, made)
    for name in ("passed", "tokens_used", "metrics", "execution_time_ms", "scenario_id"):
        assert getattr(last, name) == getattr(whole, name), name
    assert last.trajectory is not None
    assert whole.trajectory is not None
    assert [step["type"] for step in last.trajectory["steps"]] == [step["type"] for step in whole.trajectory["steps"]]
    assert last.tools is not None
    assert [(each.tool_name, each.call_count) for each in last.tools] == [("lookup", 1)]


async def test_a_second_call_of_a_tool_that_comes_late_is_counted_in(tx: Tx) -> None:
    await ingest(tx, *a_run())
    late = a_run()[2] | {"spanId": f"{9:016x}", "status": {"code": 2, "message": "gone"}}

    ingested = await ingest(tx, late)

    assert ingested.outcomes == ()
    found = await outcome(tx, ingested)
    assert found.tools is not None
    [usage] = found.tools
    assert (usage.call_count, usage.error_count, usage.success_rate, usage.tool_sequence) == (2, 1, 0.5, [1, 2])


async def test_without_its_root_a_trace_is_kept_and_is_no_trial_yet(tx: Tx) -> None:
    _, *others = a_run()
    ingested = await ingest(tx, *others)

    assert (ingested.stored, ingested.outcomes) == (2, ())
    assert await simulations.list_simulations(tx) == []


async def test_a_second_root_that_began_earlier_does_not_make_a_second_outcome(tx: Tx) -> None:
    first = await ingest(tx, a_span("refund", span=1, start=5))
    second = await ingest(tx, a_span("before", span=2, start=1))

    assert second.outcomes == ()
    assert second.revised == first.outcomes


async def test_another_version_of_a_service_has_a_simulation_of_its_own(tx: Tx) -> None:
    for version, trace in (("1", 1), ("2", 2), ("1", 3)):
        await ingest(tx, *a_run(trace), **{"service.version": version})

    found = await simulations.list_simulations(tx)
    assert sorted((each.label, each.trials_done) for each in found) == [("support@v1", 2), ("support@v2", 1)]


async def test_a_root_of_another_name_adds_a_scenario_to_the_open_simulation(tx: Tx) -> None:
    await ingest(tx, a_span("refund", trace=1))
    await ingest(tx, a_span("POST /Change", trace=2), a_span("退款", trace=3))

    simulation = await the_simulation(tx)
    pins = [each.scenario_id for each in await simulations.pinned_scenarios(tx, simulation.simulation_id)]
    assert pins[:2] == ["refund", "post_change"]
    assert pins[2].startswith("trace_")
    assert (simulation.total_scenarios, simulation.trials_done) == (3, 3)


async def test_when_somebody_ends_the_simulation_the_next_trace_opens_another(tx: Tx) -> None:
    await ingest(tx, *a_run(1))
    first = await the_simulation(tx)
    await simulations.finish_simulation(tx, first.simulation_id)
    await ingest(tx, *a_run(2))

    found = await simulations.list_simulations(tx)
    assert {each.status for each in found} == {SimulationStatus.COMPLETED, SimulationStatus.RUNNING}
    assert {each.label for each in found} == {"support@v1"}


async def test_a_scenario_that_somebody_described_stays_as_it_is(tx: Tx) -> None:
    await plan(tx, ["refund"])
    before = await scenarios.get_scenario(tx, "refund")
    found = await outcome(tx, await ingest(tx, *a_run()))

    assert (await scenarios.get_scenario(tx, "refund")).content_hash == before.content_hash
    pins = await simulations.pinned_scenarios(tx, found.simulation_id)
    assert [each.content_hash for each in pins] == [before.content_hash]


async def test_a_trace_may_name_its_trial(tx: Tx) -> None:
    simulation_id = await plan(tx, ["refund", "change"])
    wish = {"guildhall__simulation_id": str(simulation_id), "guildhall__scenario_id": "change"}
    found = await outcome(tx, await ingest(tx, *a_run(1, **wish, guildhall__trial_number=2)))
    by_resource = await ingest(
        tx, *a_run(2), **{"guildhall.simulation_id": str(simulation_id), "guildhall.scenario_id": "change"}
    )

    assert (found.simulation_id, found.scenario_id, found.trial_number) == (simulation_id, "change", 2)
    next_one = await outcome(tx, by_resource)
    assert (next_one.simulation_id, next_one.scenario_id, next_one.trial_number) == (simulation_id, "change", 1)


async def test_a_trial_that_has_an_outcome_gets_no_second_one_and_the_exporter_is_told(tx: Tx) -> None:
    wish = {"guildhall__simulation_id": str(await plan(tx)), "guildhall__trial_number": 1}
    await ingest(tx, *a_run(1, **wish))
    again = await ingest(tx, *a_run(2, **wish))

    assert (again.stored, again.outcomes, again.refused) == (3, (), 0)
    assert "its trial has another one already" in again.reasons[0]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"guildhall__simulation_id": str(UUID(int=7))}, "there is no simulation"),
        ({"guildhall__simulation_id": "nonsense"}, "expected a UUID"),
        ({"guildhall__simulation_id": 7}, "expected a UUID"),
        ({"guildhall__scenario_id": "Not An Id"}, "guildhall.scenario_id"),
        ({"guildhall__simulation_id": "{planned}", "guildhall__scenario_id": "unknown"}, "has no scenario unknown"),
        ({"guildhall__simulation_id": "{planned}", "guildhall__trial_number": 0}, "guildhall.trial_number"),
        ({"guildhall__simulation_id": "{planned}", "guildhall__trial_number": "x"}, "guildhall.trial_number"),
        ({"guildhall__simulation_id": "{ended}"}, "is completed"),
    ],
)
async def test_a_trace_that_asks_for_what_is_not_there_is_refused_with_the_reason(
    tx: Tx, wish: dict[str, Any], reason: str
) -> None:
    planned, ended = await plan(tx), await plan(tx)
    await simulations.finish_simulation(tx, ended)
    named = {
        key: value.format(planned=planned, ended=ended) if isinstance(value, str) else value
        for key, value in wish.items()
    }
    ingested = await ingest(tx, *a_run(1, **named), *a_run(2))

    assert (ingested.refused, ingested.stored, len(ingested.outcomes)) == (3, 3, 1)
    assert reason in ingested.reasons[0]
    assert await stored(tx, 1) == []


def refusable(**changes: Any) -> dict[str, Any]:
    return a_span("bad", trace=5, span=5) | changes


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (refusable(traceId=""), "trace id"),
        (refusable(traceId="0" * 32), "trace id"),
        (refusable(traceId="xyz"), "trace id"),
        (refusable(spanId="0" * 16), "span id"),
        (refusable(spanId="12"), "span id"),
        (refusable(parentSpanId="12"), "parent"),
        (refusable(startTimeUnixNano="0"), "90 days"),
        (refusable(startTimeUnixNano="-5"), "90 days"),
        (refusable(startTimeUnixNano=str(10_413_792_000 * 10**9)), "future"),  # the year 2300
        (refusable(startTimeUnixNano=str(2**64)), "90 days"),
    ],
)
async def test_a_span_that_cannot_be_kept_is_refused_alone(tx: Tx, bad: dict[str, Any], reason: str) -> None:
    ingested = await ingest(tx, bad, *a_run())

    assert (ingested.refused, ingested.stored, len(ingested.outcomes)) == (1, 3, 1)
    assert reason in ingested.reasons[0]


@pytest.mark.parametrize("end", ["0", str(ns(-1)), str(2**64 - 1)], ids=["none", "before the beginning", "far away"])
async def test_an_end_that_makes_no_sense_is_unknown(tx: Tx, end: str) -> None:
    found = await outcome(tx, await ingest(tx, a_span("refund") | {"endTimeUnixNano": end}))

    assert found.execution_time_ms is None


async def test_hostile_values_are_kept_or_made_harmless(tx: Tx) -> None:
    span = a_span("nul \x00 and \ud800", error="\x00", huge="x" * 1_000_000, big=2**64 - 1)
    span["attributes"] += [{"key": f"key \x00 {n}", "value": {"stringValue": "v"}} for n in range(10_000)]
    span["attributes"] += [{"key": "input.value", "value": {"stringValue": "[" * 50_000}}]
    request = a_request(span, service="s\x00\ud800 " * 100)
    read = otlp.spans_of(json.dumps(request).encode(), otlp.JSON)
    ingested = await traces.ingest(lambda: kept_open(tx), read)

    found = await outcome(tx, ingested)
    assert found.status == "error"
    [kept] = await stored(tx)
    assert kept.name == "nul \ufffd and \ufffd"
    assert kept.attributes["huge"] == "x" * 1_000_000
    assert len(kept.attributes) == 10_003


async def test_names_without_end_go_into_one_scenario_after_a_thousand(tx: Tx) -> None:
    first = await ingest(tx, *[a_span(f"GET /{n}", trace=n + 1) for n in range(1_100)])
    second = await ingest(tx, a_span("GET /again", trace=5_000))

    assert (len(first.outcomes), len(second.outcomes)) == (1_100, 1)
    simulation = await the_simulation(tx)
    assert simulation.total_scenarios == 1_001
    found = await outcomes.list_outcomes(tx, scenario_id="other_traces", at_most=1_000)
    assert len(found.outcomes) == 101


@pytest.mark.parametrize("encode", [as_protobuf, as_json])
async def test_the_answer_is_in_the_encoding_of_the_request(tx: Tx, encode: Any) -> None:
    content_type = otlp.JSON if encode is as_json else otlp.PROTOBUF
    bad = a_span("bad", span=7) | {"startTimeUnixNano": "1"}
    answer = await traces.receive(lambda: kept_open(tx), encode(a_request(*a_run(), bad)), content_type)

    assert (answer.status, answer.content_type) == (200, content_type)
    if encode is as_protobuf:
        partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
        assert partial.rejected_spans == 1
        assert "90 days" in partial.error_message
    else:
        assert b'"rejectedSpans":"1"' in answer.content
    assert len(await stored(tx)) == 3


async def test_a_body_that_is_no_request_is_a_400_and_an_encoding_that_nobody_knows_a_415(tx: Tx) -> None:
    broken = await traces.receive(lambda: kept_open(tx), b"\xff\xff", otlp.PROTOBUF)
    unknown = await traces.receive(lambda: kept_open(tx), b"{}", "text/csv")
    nothing = await traces.receive(lambda: kept_open(tx), b"", otlp.PROTOBUF)

    assert (broken.status, unknown.status, nothing.status) == (400, 415, 200)
    assert b"is no ExportTraceServiceRequest in protobuf" in broken.content
