"""`/v1/evaluation/outcomes`: taken in many at a time, listed, and read whole."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest

from fixtures.material import V1, plan, save_suite, told
from guildhall import clock

OUTCOMES = f"{V1}/outcomes"
LINES = {"Content-Type": "application/x-ndjson"}


async def test_outcomes_are_stored_seen_at_once_and_begin_their_simulation(client_of):
    client = client_of("pottery/member")
    planned = await plan(client, trials=2)
    records = [told(planned, each) for each in planned["ids"] * 2]
    status, report = await client.post(OUTCOMES, json={"outcomes": records})
    assert (status, report["stored"], report["known"], report["refused"]) == (200, 4, 0, 0)
    assert [(each["index"], each["status"]) for each in report["items"]] == [(n, "stored") for n in range(4)]

    _, simulation = await client.get(f"{V1}/simulations/{planned['simulation_id']}")
    assert (simulation["status"], simulation["outcomes"], simulation["trials"]) == ("running", 4, 4)
    _, listed = await client.get(f"{OUTCOMES}?simulation={planned['simulation_id']}")
    assert {(each["scenario_id"], each["trial_number"], each["passed"]) for each in listed["items"]} == {
        (each, number, True) for each in planned["ids"] for number in (1, 2)
    }
    _, ended = await client.post(f"{V1}/simulations/{planned['simulation_id']}/completion")
    assert (ended["status"], ended["overall_score"], ended["cost_usd"]) == ("completed", 1.0, 0.04)


async def test_an_outcome_is_read_whole(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    record = told(
        planned,
        planned["ids"][0],
        status="error",
        error_category="tool_error",
        error_message="no such order",
        weather="rain",
        tools=[{"tool_name": "look_up", "duration_ms": 12.5, "success": False, "error": "KeyError"}],
    )
    _, report = await client.post(OUTCOMES, json=[record])
    (item,) = report["items"]
    status, whole = await client.get(f"{OUTCOMES}/{item['outcome_id']}")
    assert status == 200
    assert (whole["status"], whole["passed"], whole["fault"]) == ("error", False, "tool")
    assert whole["trajectory"]["steps"] == record["trajectory"]["steps"]
    assert whole["execution_metadata"] == {"error_message": "no such order", "weather": "rain"}
    (tool,) = whole["tools"]
    assert (tool["tool_name"], tool["call_count"], tool["error_count"]) == ("look_up", 1, 1)
    assert (tool["avg_duration_ms"], tool["success_rate"], tool["error_types"]) == (12.5, 0, ["KeyError"])
    assert [each["failure_category"] for each in whole["failures"]] == ["tool_error"]


async def test_what_is_told_again_is_known_and_changes_nothing(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    records = [told(planned, each, outcome_id=str(clock.new_id())) for each in planned["ids"]]
    assert (await client.post(OUTCOMES, json=records))[1]["stored"] == 2
    other = told(planned, planned["ids"][0], outcome_id=str(clock.new_id()))
    _, report = await client.post(OUTCOMES, json=[*records, other, other])
    assert [each["status"] for each in report["items"]] == ["known", "known", "stored", "known"]
    _, simulation = await client.get(f"{V1}/simulations/{planned['simulation_id']}")
    assert simulation["outcomes"] == 3


async def test_two_requests_with_the_same_outcomes_at_once_store_each_once(client_of):
    client = client_of("pottery/member")
    planned = await plan(client, cases=1, trials=50)
    records = [told(planned, planned["ids"][0], outcome_id=str(clock.new_id())) for _ in range(50)]
    answers = await asyncio.gather(*(client.post(OUTCOMES, json=records) for _ in range(3)))
    assert {status for status, _ in answers} == {200}
    assert sum(report["stored"] for _, report in answers) == 50
    assert sum(report["known"] for _, report in answers) == 100


_BAD = {
    "no_record": (["x"], "client_field_refused", "record"),
    "nothing": ({}, "client_field_missing", "simulation_id"),
    "no_simulation": ({"simulation_id": str(uuid4())}, "simulation_not_found", "simulation"),
    "an_id_that_is_none": ({"simulation_id": "x"}, "client_field_refused", "simulation_id"),
    "no_scenario_of_it": ({"scenario_id": "unknown"}, "scenario_not_in_simulation", "scenario_id"),
    "no_status": ({"status": None}, "client_field_missing", "status"),
    "a_status_that_is_none": ({"status": "perhaps"}, "client_field_refused", "status"),
    "a_score_that_is_none": ({"reliability_score": 1.5}, "outcome_refused", "reliability_score"),
    "a_score_of_text": ({"reliability_score": "high"}, "client_field_refused", "reliability_score"),
    "a_count_too_large": ({"tokens_used": 10**12}, "outcome_refused", "tokens_used"),
    "a_negative_time": ({"execution_time_ms": -1}, "outcome_refused", "execution_time_ms"),
    "a_cost_that_is_none": ({"cost_usd": "much"}, "client_field_refused", "cost_usd"),
    "a_cost_too_large": ({"cost_usd": 1e300}, "outcome_refused", "cost_usd"),
    "the_last_trial_there_can_be": ({"trial_number": 2**31 - 1}, "outcome_refused", "trial_number"),
    "error_types_of_a_number": (
        {"tools": [{"tool_name": "x", "error_types": 5}]},
        "client_field_refused",
        "error_types",
    ),
    "no_trial": ({"trial_number": 0}, "outcome_refused", "trial_number"),
    "the_year_one": ({"execution_time": "0001-01-01T00:00:00Z"}, None, None),
    "the_far_future": ({"execution_time": "9999-01-01T00:00:00Z"}, "outcome_refused", "execution_time"),
    "no_time": ({"execution_time": "yesterday"}, "client_field_refused", "execution_time"),
    "tools_of_text": ({"tools": "hammer"}, "client_field_refused", "tool_usage"),
    "a_tool_without_name": ({"tools": [{}]}, "client_field_missing", "tool_name"),
    "a_fault_that_is_none": ({"status": "error", "fault": "weather"}, "client_field_refused", "fault"),
    "a_tool_of_too_long_a_name": ({"tools": [{"tool_name": "x" * 1000}]}, "outcome_refused", "tool_name"),
    "half_a_surrogate_as_id": ({"outcome_id": "\ud800"}, "client_field_refused", "outcome_id"),
}


async def test_bad_records_refuse_themselves_and_no_other(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    good = told(planned, planned["ids"][0])
    bad = [
        change if not isinstance(change, dict) or not change else {**good, **change} for change, _, _ in _BAD.values()
    ]
    status, report = await client.post(OUTCOMES, json=[good, *bad, good])
    assert (status, report["stored"], report["refused"]) == (200, 2, len(bad)), report
    assert [report["items"][each]["status"] for each in (0, -1)] == ["stored", "stored"]
    for (name, (_, code, field)), item in zip(_BAD.items(), report["items"][1:-1], strict=True):
        error = item["error"]
        assert error["message"]
        assert code is None or (error["code"], error["details"]["field"]) == (code, field), (name, error)


@pytest.mark.parametrize("text", ["nul \0 and", "half \ud83d of a pair"])
async def test_characters_that_no_text_keeps_are_made_good(client_of, text):
    client = client_of("pottery/member")
    planned = await plan(client)
    record = told(planned, planned["ids"][0], error_message=text, trajectory={"steps": [{text: text}]})
    _, report = await client.post(OUTCOMES, json=[record])
    assert report["stored"] == 1, report
    _, whole = await client.get(f"{OUTCOMES}/{report['items'][0]['outcome_id']}")
    kept = text.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
    assert whole["execution_metadata"]["error_message"] == kept
    assert whole["trajectory"]["steps"] == [{kept: kept}]


async def test_lines_are_read_one_by_one(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    good = json.dumps(told(planned, planned["ids"][0]))
    lines = f"{good}\n{{broken\n\n{good}\r\n7"
    status, report = await client.post(OUTCOMES, data=lines, headers=LINES)
    assert status == 200
    assert [each["status"] for each in report["items"]] == ["stored", "refused", "stored", "refused"]
    assert report["items"][1]["error"]["code"] == "line_unreadable"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 422, "records_unreadable"),
        (b"7", "application/json", 422, "records_unreadable"),
        (b'{"outcome": []}', "application/json", 422, "records_unreadable"),
        (b"[NaN]", "application/json", 422, "records_unreadable"),
        (b"\xff\xfe", "application/json", 422, "records_unreadable"),
        (b"[" * 100_000, "application/json", 422, "records_unreadable"),
        (b"[]", "text/plain", 415, "media_type_refused"),
        (b"[" + b"{}," * 5000 + b"{}]", "application/json", 429, "too_many_records"),
        (b"{}\n" * 5001, "application/x-ndjson", 429, "too_many_records"),
    ],
)
async def test_a_body_that_is_no_list_of_records_is_refused_whole(client_of, body, kind, status, code):
    client = client_of("pottery/member")
    got, document = await client.post(OUTCOMES, data=body, headers={"Content-Type": kind})
    assert (got, document["error"]["code"]) == (status, code)


async def test_a_trial_that_is_taken_is_said_to_be(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    record = told(planned, planned["ids"][0], trial_number=1)
    _, report = await client.post(OUTCOMES, json=[record, record])
    assert [each["status"] for each in report["items"]] == ["stored", "refused"]
    assert report["items"][1]["error"]["code"] == "trial_taken"


async def test_an_id_of_another_simulations_outcome_is_refused(client_of):
    client = client_of("pottery/member")
    one, other = await plan(client), await plan(client)
    taken = str(clock.new_id())
    records = [told(one, one["ids"][0], outcome_id=taken), told(other, other["ids"][0], outcome_id=taken)]
    _, report = await client.post(OUTCOMES, json=records)
    assert [each["status"] for each in report["items"]] == ["stored", "refused"]
    _, report = await client.post(OUTCOMES, json=[records[1], told(other, other["ids"][1])])
    assert [each["status"] for each in report["items"]] == ["refused", "stored"]
    assert report["items"][0]["error"]["code"] == "outcome_id_taken"


async def test_an_idempotency_key_records_once_what_has_no_ids(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"outcomes": [told(planned, planned["ids"][0])]}
    answers = await asyncio.gather(*(client.post(OUTCOMES, json=body, headers=headers) for _ in range(2)))
    assert answers[0] == answers[1]
    _, listed = await client.get(f"{OUTCOMES}?simulation={planned['simulation_id']}")
    assert len(listed["items"]) == 1
    status, document = await client.post(OUTCOMES, json=[], headers=headers)
    assert (status, document["error"]["code"]) == (422, "idempotency_key_reused")


async def test_a_list_is_filtered_sorted_paged_and_exported(client_of):
    client = client_of("pottery/member")
    planned = await plan(client, trials=3)
    one, other = planned["ids"]
    records = [
        told(planned, one, cost_usd=0.3, execution_time="2026-01-01T00:00:00Z"),
        told(planned, one, status="timeout", execution_time="2026-01-02T00:00:00Z", cost_usd=None),
        told(planned, other, reliability_score=0.5, cost_usd=0.1, execution_time="2026-01-03T00:00:00Z"),
        told(
            planned, other, status="error", fault="infrastructure", cost_usd=0.2, execution_time="2026-01-04T00:00:00Z"
        ),
    ]
    _, report = await client.post(OUTCOMES, json=records)
    ids = [each["outcome_id"] for each in report["items"]]

    async def found(query: str) -> str:
        _, page = await client.get(f"{OUTCOMES}?simulation={planned['simulation_id']}&fields=outcome_id&{query}")
        return "".join(str(ids.index(each["outcome_id"])) for each in page["items"])

    assert await found("") == "3210"
    assert await found(f"scenario_id={one}") == "10"
    assert await found("status=error&status=timeout") == "31"
    assert await found("passed=false") == "21"
    assert await found("fault=infrastructure") == "3"
    assert await found("trial_number=2") == "31"
    assert await found("executed_after=2026-01-02T00:00:00Z&executed_before=2026-01-04T00:00:00Z") == "21"
    assert await found("sort=cost_usd") == "2301"
    assert await found("sort=-cost_usd") == "0321"

    path = f"{OUTCOMES}?simulation={planned['simulation_id']}&fields=outcome_id&limit=3"
    _, first = await client.get(path)
    await client.post(OUTCOMES, json=[told(planned, one)])
    _, second = await client.get(f"{path}&cursor={first['next_cursor']}")
    assert [each["outcome_id"] for each in first["items"] + second["items"]] == ids[::-1]
    _, text = await client.get(f"{path}&format=csv&sort=execution_time&executed_before=2026-02-01T00:00:00Z")
    assert text.split() == ["outcome_id", *ids]


async def test_tools_and_failures_are_told_after_their_outcome(client_of):
    client = client_of("pottery/member")
    planned = await plan(client)
    _, report = await client.post(OUTCOMES, json=[told(planned, planned["ids"][0])])
    path = f"{OUTCOMES}/{report['items'][0]['outcome_id']}"
    events = [{"tool_name": "look_up", "duration_ms": each} for each in (10, 30)]
    status, whole = await client.post(f"{path}/tools", json={"tools": events})
    assert (status, whole["tools"][0]["call_count"], whole["tools"][0]["avg_duration_ms"]) == (200, 2, 20)
    status, whole = await client.post(
        f"{path}/failures", json={"failures": [{"failure_category": "timeout", "step": 3, "error_message": "slow"}]}
    )
    assert (status, whole["failures"][0]["failure_category"], whole["failures"][0]["step"]) == (200, "timeout", 3)

    for action, body, code in (
        ("tools", {"tools": []}, "fields_refused"),
        ("tools", {"tools": [{"duration_ms": 1}]}, "client_field_missing"),
        ("tools", {"tools": [{"tool_name": "x", "error_types": 5}]}, "client_field_refused"),
        ("tools", {"tools": [{"tool_name": "x", "call_count": -1}]}, "client_field_refused"),
        ("failures", {"failures": [{"step": -1}]}, "failure_refused"),
        ("failures", {"failures": [{"failure_type": "x" * 1000}], "more": 1}, "fields_refused"),
    ):
        status, document = await client.post(f"{path}/{action}", json=body)
        assert (status, document["error"]["code"]) == (422, code)


async def test_another_teams_outcomes_are_as_if_they_did_not_exist(client_of):
    client, other = client_of("pottery/member"), client_of("smithy/member")
    planned = await plan(client)
    _, report = await client.post(OUTCOMES, json=[told(planned, planned["ids"][0])])
    for outcome_id in (report["items"][0]["outcome_id"], str(clock.new_id()), str(uuid4())):
        for method, path, body in (
            ("GET", "", None),
            ("POST", "/tools", {"tools": [{"tool_name": "x"}]}),
            ("POST", "/failures", {"failures": [{}]}),
        ):
            status, document = await other.request(method, f"{OUTCOMES}/{outcome_id}{path}", json=body)
            assert (status, document["error"]["code"]) == (404, "outcome_not_found")
    await save_suite(other)
    _, report = await other.post(OUTCOMES, json=[told(planned, planned["ids"][0])])
    assert report["items"][0]["error"]["code"] == "simulation_not_found"
    assert (await other.get(f"{OUTCOMES}?simulation={planned['simulation_id']}"))[0] == 404
    assert (await other.get(f"{OUTCOMES}?scenario_id={planned['ids'][0]}"))[1]["items"] == []


async def test_viewers_read_and_do_not_write(client_of):
    client, viewer = client_of("pottery/member"), client_of("pottery/viewer")
    planned = await plan(client)
    _, report = await client.post(OUTCOMES, json=[told(planned, planned["ids"][0])])
    path = f"{OUTCOMES}/{report['items'][0]['outcome_id']}"
    assert (await viewer.get(path))[0] == 200
    assert (await viewer.post(OUTCOMES, json=[told(planned, planned["ids"][0])]))[0] == 403
    assert (await viewer.post(f"{path}/tools", json={"tools": [{"tool_name": "x"}]}))[0] == 403
    assert (await viewer.post(f"{path}/failures", json={"failures": [{}]}))[0] == 403
