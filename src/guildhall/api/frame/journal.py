"""A line in the log for each request: who asked for what, how it went; nothing of what was said."""

from __future__ import annotations

import logging

from guildhall.api.frame.house import Exchange

_log = logging.getLogger("guildhall.request")
_PROBES = frozenset({"/health", "/ready", "/metrics"})


def note(exchange: Exchange) -> None:
    """
    Log an exchange: at `info`, failures of the server's at `warning`, what monitors ask all the time at `debug`.

    The route is the path's template and never what stood in it; the query,
    headers and bodies are left out.
    """
    level = logging.WARNING if exchange.status >= 500 else logging.INFO
    if exchange.route in _PROBES and exchange.status < 500:
        level = logging.DEBUG
    if not _log.isEnabledFor(level):
        return
    _log.log(
        level,
        "%s %s %d",
        exchange.method,
        exchange.route or "(no route)",
        exchange.status,
        extra={
            "method": exchange.method,
            "route": exchange.route or None,
            "status": exchange.status,
            "seconds": round(exchange.seconds, 6),
            "request_id": exchange.request_id,
            "user_id": exchange.user_id,
            "team_id": exchange.tenant_id,
            "address": exchange.address,
            "received_bytes": exchange.received_bytes,
            "sent_bytes": exchange.sent_bytes,
        },
    )
