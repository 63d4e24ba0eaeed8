"""Whether the database can take what sandboxes record."""

from __future__ import annotations

from typing import Any

from guildhall import clock
from guildhall.client.borrowing import ClientBorrower
from guildhall.domains.platform import operations

_ENOUGH_PER_S = 50
"""Outcomes a second, as the reference document has it."""


class DatabaseHealthChecker(ClientBorrower):
    """
    Measures writing and looks after the series of outcomes.

    It asks through `db`, or through a client of its own.
    """

    async def check_write_performance(self) -> dict[str, Any]:
        """
        How fast outcomes are written: `status`, `throughput_per_second`, `batch_write_time_ms`.

        A hundred of them go into a scratch table, which is rolled back.
        """
        writing = await (await self.db.evidence()).try_writing()
        throughput = writing.outcomes / writing.took_ms * 1000
        return {
            "status": "healthy" if throughput > _ENOUGH_PER_S else "degraded",
            "throughput_per_second": throughput,
            "batch_write_time_ms": writing.took_ms,
        }

    async def check_hypertable_health(self) -> dict[str, Any]:
        """
        The state of the series of outcomes, in the document's words.

        On the native engine its chunks are monthly partitions, and nothing is
        compressed: `compression_ratio` is None. `hypertable_status` is
        degraded where next month has no partition yet; TimescaleDB makes its
        chunks as rows come.
        """
        found = await (await self.db.evidence()).partitions()
        is_ahead = found.engine == "timescale" or (
            found.ends_at is not None and operations.is_ahead(found.ends_at, clock.now())
        )
        return {
            "hypertable_status": "healthy" if is_ahead else "degraded",
            "chunk_count": found.partitions,
            "compression_ratio": None,
            "storage_efficiency": "not_compressed",
            "engine": found.engine,
            "total_bytes": found.total_bytes,
            "partitions_until": found.ends_at.isoformat() if found.ends_at else None,
        }
