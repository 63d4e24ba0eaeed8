"""The ways in which a request of an exporter cannot be read."""

from __future__ import annotations

from guildhall.errors import InvalidInput


class ExportUnreadable(InvalidInput):
    """The body is no ExportTraceServiceRequest in the encoding that it claims; sending it again would not help."""

    code = "export_unreadable"

    def __init__(self, encoding: str, why: str) -> None:
        super().__init__(
            f"the body is no ExportTraceServiceRequest in {encoding}: {why}",
            remedy="Send what an OTLP/HTTP exporter writes: protobuf, or JSON with hexadecimal ids.",
            encoding=encoding,
        )
