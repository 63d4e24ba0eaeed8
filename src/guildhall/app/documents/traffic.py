"""How answers of the gateway came, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from guildhall.domains.gateway.requests import Traffic


def traffic_document(traffic: Traffic) -> dict[str, Any]:
    """The figures of a group; times are milliseconds."""
    return asdict(traffic)
