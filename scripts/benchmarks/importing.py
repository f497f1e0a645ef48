"""Imports beside a bare COPY of the rows that they write, and what memory they take."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from boards import Board, board, clone, empty_board, file_of_loads, sender
from figures import FEW, Figure, Unequal, medians, seconds, tell

from loadboard.loads.flat import recipe
from loadboard.loads.importing import Report, import_file
from loadboard.loads.writing import (
    CONTENT_COLUMNS,
    EVENT_COLUMNS,
    IDENTITY_COLUMNS,
    STOP_COLUMNS,
)
from loadboard.settings import settings

SHARE = 10
"""The file has a tenth as many loads as the board holds already."""
CHUNK = 1 << 20
TABLES = {
    "load": (", ".join(IDENTITY_COLUMNS + CONTENT_COLUMNS), "id"),
    "stop": (", ".join(STOP_COLUMNS), "load_id"),
    "event": (", ".join(EVENT_COLUMNS), "load_id"),
}
# The peak of a command's memory, asked by a small process: a child's figure begins with its parent's.
PEAK_KIB = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if done.returncode == 0 else "failed")
"""


def import_vs_copy(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Both sides add the same rows to clones of one board, whose indexes stand."""
    on, count, file = board(loads), pairs or FEW, file_of_loads(loads // SHARE)
    dumps, total = _dumps_of_import(on, file)

    def ours(_: int) -> float:
        with clone(on, "import") as equal:
            return loads // SHARE / _import(equal, file)

    def peer(_: int) -> float:
        with clone(on, "copy") as equal, equal.connect() as connection:
            took = seconds(lambda: _copy(connection, dumps))
            if (got := _count(connection)) != total:
                raise Unequal(f"{got} loads are there after COPY, {total} after the import")
            return loads // SHARE / took

    rates = medians(count, ours, peer)
    for dump in dumps.values():
        dump.unlink()
    return Figure(name, *rates, "lines/s", goal, count, loads, more_is_better=True)


def _import(on: Board, file: Path) -> float:
    async def work() -> Report:
        plain, largest = recipe([], []), settings().max_import_mb << 20
        return await import_file(file, await sender(), plain, batch=5_000, largest=largest)

    reports: list[Report] = []
    took = seconds(lambda: reports.append(on.run(work)))
    if reports[0].created != reports[0].lines:
        raise Unequal(f"only {reports[0].created} of {reports[0].lines} lines were taken")
    return took


def _dumps_of_import(on: Board, file: Path) -> tuple[dict[str, Path], int]:
    """What an import writes, a file for each table, and how many loads there are then.

    In binary, which COPY reads faster than text.
    """
    with clone(on, "import") as equal, equal.connect() as connection:
        row = connection.execute("SELECT max(id) FROM load").fetchone()
        _import(equal, file)
        after = row[0] if row else 0
        return {table: _dump(connection, table, after) for table in TABLES}, _count(connection)


def _dump(connection: psycopg.Connection[Any], table: str, after: int) -> Path:
    columns, key = TABLES[table]
    target = settings().home / f"{table}.copy"
    rows = f"SELECT {columns} FROM {table} WHERE {key} > {after} ORDER BY {key}"  # noqa: S608
    statement = f"COPY ({rows}) TO STDOUT (FORMAT binary)"
    with connection.cursor() as cursor, target.open("wb") as out, cursor.copy(statement) as copy:
        for data in copy:
            out.write(data)
    return target


def _copy(connection: psycopg.Connection[Any], dumps: dict[str, Path]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        for table, dump in dumps.items():
            into = f"COPY {table} ({TABLES[table][0]}) FROM STDIN (FORMAT binary)"
            with dump.open("rb") as source, cursor.copy(into) as copy:
                while data := source.read(CHUNK):
                    copy.write(data)


def _count(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT count(*) FROM load").fetchone()
    return int(row[0]) if row else 0


def import_memory(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Peak memory of `loadboard import`: of as many lines as the board has, and of a hundredth."""
    empty, count = empty_board(), pairs or FEW
    large, small = file_of_loads(loads), file_of_loads(loads // 100)
    ours, peer = medians(
        count, lambda _: _peak_mib(empty, large), lambda _: _peak_mib(empty, small)
    )
    return Figure(name, ours, peer, "MiB", goal, count, loads)


def _peak_mib(empty: Board, file: Path) -> float:
    with clone(empty, "import") as equal:
        command = [str(Path(sys.executable).with_name("loadboard")), "import", str(file)]
        said = subprocess.run(
            [sys.executable, "-c", PEAK_KIB, *command],
            env=equal.environment,
            capture_output=True,
            text=True,
            check=True,
        )
    tell(f"  {file.name}: {said.stdout.strip()} KiB")
    return int(said.stdout) / 1024
