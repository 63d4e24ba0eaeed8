"""`/v1/traces`: spans as OpenTelemetry's exporters send them (OTLP/HTTP 1.x, protobuf and JSON)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from guildhall.api.frame.routes import Route
from guildhall.api.frame.visits import Writing
from guildhall.app import traces

router = APIRouter(prefix="/v1/traces", tags=["traces"], route_class=Route)

_PROTOBUF = {"schema": {"type": "string", "format": "binary", "description": "ExportTraceServiceRequest."}}
_JSON: dict[str, Any] = {
    "schema": {
        "type": "object",
        "description": "ExportTraceServiceRequest in OTLP's JSON: ids in hexadecimal, lowerCamelCase names.",
        "properties": {"resourceSpans": {"type": "array", "items": {"type": "object", "additionalProperties": True}}},
    },
    "example": {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "support-agent"}}]},
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": "5b8efff798038103d269b633813fc60c",
                                "spanId": "eee19b7ec3c1b174",
                                "name": "invoke_agent support-agent",
                                "startTimeUnixNano": "1785888000000000000",
                                "endTimeUnixNano": "1785888003000000000",
                                "attributes": [
                                    {"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}}
                                ],
                            }
                        ]
                    }
                ],
            }
        ]
    },
}
_ANSWER = {
    "description": "ExportTraceServiceResponse, in the encoding of the request; `partialSuccess` says what was refused.",
    "content": {
        "application/x-protobuf": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {"schema": {"type": "object", "additionalProperties": True}},
    },
}

_REFUSAL: dict[str, Any] = {
    "description": "The body cannot be read: a google.rpc.Status, or our own error where it is the encoding that is wrong.",
    "content": {
        "application/x-protobuf": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {
            "schema": {
                "anyOf": [
                    {
                        "type": "object",
                        "required": ["code", "message"],
                        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
                    },
                    {"$ref": "#/components/schemas/Error"},
                ]
            }
        },
    },
}


@router.post(
    "",
    response_class=Response,
    responses={200: _ANSWER, 400: _REFUSAL, 415: _REFUSAL},
    openapi_extra={
        "x-unrepeated": True,
        "x-described": ["400", "415"],
        "requestBody": {
            "required": True,
            "content": {"application/x-protobuf": _PROTOBUF, "application/json": _JSON},
        },
    },
)
async def export_traces(visit: Writing, request: Request) -> Response:
    """
    Keep spans, and make trials of the traces whose root has come: durable and visible when this answers.

    A request that is sent again changes nothing.
    """
    # Spans are recognised by their own ids, so a request needs no idempotency key.
    answer = await traces.receive(visit.plain_transaction, await request.body(), request.headers.get("content-type"))
    visit.house.arrivals.note(visit.caller.actor)
    return Response(answer.content, answer.status, visit.headers, answer.content_type)
