"""
How the embedded server is set up.

`tuning` depends on the machine and is written to `guildhall.conf` at each
start; `ALTER SYSTEM` and lines of one's own in `postgresql.conf` come after it
and win. What our life cycle rests on goes on the command line, where nothing
overrides it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

_MB = 1024 * 1024
_SMALL_SHARED_MEMORY = 512 * _MB  # containers have 64 MB unless told otherwise; one parallel index build can need more


def tuning(*, memory_bytes: int, shared_memory_bytes: int) -> dict[str, str]:
    """The settings for a machine with this much memory and this much room in /dev/shm."""
    settings = {
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",  # its compiling costs more than our statements take
        "max_connections": "100",
        "shared_buffers": f"{min(256, max(32, memory_bytes // _MB // 8))}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{min(128, max(32, memory_bytes // _MB // 16))}MB",
        "wal_buffers": "16MB",
        "max_wal_size": "2GB",  # bulk loads: fewer checkpoints, each of which makes the log bigger
        "wal_level": "replica",  # enough for pg_basebackup; who replicates logically changes it by ALTER SYSTEM
        "random_page_cost": "1.1",
        "fsync": "on",
        "synchronous_commit": "on",
        "logging_collector": "on",
        "log_directory": "../log",
        "log_filename": "server-%Y%m%d-%H%M%S.log",
        "log_file_mode": "0600",
        "log_rotation_age": "1d",
        "log_rotation_size": "10MB",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "lc_messages": "C",
    }
    if shared_memory_bytes < _SMALL_SHARED_MEMORY:
        settings |= {"max_parallel_maintenance_workers": "0", "max_parallel_workers_per_gather": "0"}
    return settings


def as_file(settings: Mapping[str, str]) -> str:
    """The text of a configuration file."""
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
    return "\n".join(["# Written at each start. To change a setting use ALTER SYSTEM.", *lines, ""])


def as_options(settings: Mapping[str, str]) -> list[str]:
    """The same on a command line."""
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def memory_bytes() -> int:
    """The memory of this machine, or of this container if it has less."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # no such limit, or "max"
            sizes.append(int(Path(limit).read_text(encoding="utf-8")))
    return min(sizes)


def shared_memory_bytes() -> int:
    """The room in /dev/shm, from which parallel workers take what they share; plenty where there is no such thing."""
    try:
        room = os.statvfs("/dev/shm")
    except OSError:
        return _SMALL_SHARED_MEMORY
    return room.f_frsize * room.f_blocks
