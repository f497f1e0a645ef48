"""What CPU time processes have taken, as the kernel counts it."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

TICKS = os.sysconf("SC_CLK_TCK")


class _Counted(NamedTuple):
    parent: int
    own: int
    of_ended_children: int


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds in user and system mode, of all threads; of each process with the children that ended."""
    found = (_counted(pid) for pid in pids)
    return sum(each.own + each.of_ended_children for each in found) / TICKS


def servers_of(connection: psycopg.Connection[Any]) -> Callable[[], list[int]]:
    """The processes of a PostgreSQL on this machine; they come and go."""
    first = _counted(connection.info.backend_pid).parent

    def now() -> list[int]:
        return [first, *(pid for pid in _pids() if _counted(pid).parent == first)]

    return now


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _counted(pid: int) -> _Counted:
    # proc(5): the second field is a name in brackets, which may hold anything.
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return _Counted(0, 0, 0)
    user, system, ended_user, ended_system = map(int, fields[11:15])
    return _Counted(int(fields[1]), user + system, ended_user + ended_system)
