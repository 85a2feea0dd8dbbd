"""How much memory is free."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM = Path("/proc/meminfo")
GROUP = Path("/sys/fs/cgroup")  # of a container, which may have less than its machine


def free(system: Path = SYSTEM, group: Path = GROUP) -> int:
    """Bytes that a process may still take, as the system tells it; half of all memory where it does not tell.

    >>> free() > 2**20
    True
    """
    return min(_of_system(system), _of_group(group))


def _of_system(path: Path) -> int:
    try:
        lines = dict(line.split(":", 1) for line in path.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _of_machine() // 2


def _of_machine() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 2**33


def _of_group(path: Path) -> int:
    try:
        most, used = ((path / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        return max(int(most) - int(used), 0)
    except (OSError, ValueError):  # no group, or one without a limit
        return 2**63
