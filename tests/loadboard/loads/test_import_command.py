"""`loadboard import`: a file from the command line, in memory that does not grow with it."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import at, kinds, rows
from tests.loadboard.loads.test_importing import as_csv, flat

# Several commands in one process, because starting one takes seconds; what each said, how it ended,
# and how much memory the process had held at most by then.
RUN = """
import contextlib, io, json, resource, sys
from loadboard.cli import app
from loadboard.db import engine
for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.TextIOWrapper(io.BytesIO(), write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(["import", *arguments])
        except SystemExit as end:
            status = end.code
    engine.cache_clear()
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([status, json.loads(out.getvalue() or "{}"), err.buffer.getvalue().decode(), held]))
"""
HEADER = "Ref,equipment,pickup_lat,pickup_lon,pickup_to,delivery_lat,delivery_lon,rate_usd\n"
OPTIONS = ("--map", "Ref=reference", "--assume", "pickup_from=now")
GROWTH_KB = 30_000


class Ended(NamedTuple):
    status: int
    report: dict[str, Any]
    shown: str
    held_kb: int


def loadboard_import(database_url: str, *commands: Sequence[str | Path]) -> list[Ended]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, json.dumps(commands, default=str)],
        env={**os.environ, "LOADBOARD_DATABASE_URL": database_url, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Ended(*json.loads(line)) for line in done.stdout.splitlines()]


def write(path: Path, lines: int, version: int = 0) -> Path:
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write(HEADER)
        for n in range(lines):
            lat, lon = 30 + n % 1_000 / 100, -110 + n % 3_000 / 100
            to = at(n % 200)
            file.write(
                f"R{n},van,{lat},{lon},{to},{lat + 3},{lon + 4},{1000 + version}.{n % 100:02}\n"
            )
    return path


def test_the_command_and_its_report(
    shipper: Member, other_shipper: Member, database_url: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "loads.csv.gz", 50)
    good, mixed, bad = (tmp_path / name for name in ("good.csv", "mixed.csv", "bad.csv"))
    good.write_bytes(as_csv([flat()]))
    mixed.write_bytes(as_csv([flat(), flat(reference="B", weight_lb="much")]))
    bad.write_bytes(b"caf\xe9")
    one = ("--organization", "First Shipper")
    refused: list[tuple[tuple[str | Path, ...], str]] = [
        ((good,), "Second Shipper"),
        ((good, "--organization", "Carrier"), "First Shipper"),
        ((bad, *one), "UTF-8"),
        ((tmp_path / "none.csv", *one), "does not exist"),
        ((good, *one, "--map", "x=weight"), "weight_lb"),
    ]
    commands = [(file, *one, *OPTIONS), (file, *one, *OPTIONS), (mixed, *one)]
    first, again, partly, *others = loadboard_import(
        database_url, *commands, *(arguments for arguments, _ in refused)
    )
    assert first.status == 0, first.shown
    assert (first.report["created"], first.report["refused"]) == (50, 0)
    assert first.report["assumed"] == {"pickup_from": 50}
    assert "loads.csv.gz" in first.shown
    assert (again.status, again.report["unchanged"]) == (0, 50)
    assert (partly.status, partly.report["created"], partly.report["refused"]) == (1, 1, 1)
    [refusal] = partly.report["refusals"]
    assert (refusal["line"], refusal["pointer"]) == (3, "/weight_lb")
    for (arguments, words), ended in zip(refused, others, strict=True):
        assert (ended.status, ended.report) == (2, {}), arguments
        assert words in " ".join(ended.shown.replace("│", " ").split()), ended.shown
    assert kinds(database_url) == ["load.posted"] * 51
    owners = rows(database_url, "SELECT DISTINCT organization_id, sample FROM load")
    assert owners == [{"organization_id": shipper.sender.organization_id, "sample": False}]


def test_memory_stays_flat(
    shipper: Member, database_url: str, tmp_path: Path, is_long: bool
) -> None:
    few, some, many = (10_000, 50_000, 1_000_000) if is_long else (10_000, 10_000, 30_000)
    files = [
        write(tmp_path / "few.csv.gz", few),
        write(tmp_path / "many.csv.gz", many),
        write(tmp_path / "changed.csv.gz", some, version=1),
    ]
    posted, most, changed = loadboard_import(database_url, *((file, *OPTIONS) for file in files))
    assert posted.report["created"] == few, posted.shown
    assert (most.report["created"], most.report["unchanged"]) == (many - few, few)
    assert changed.report["updated"] == some
    assert most.held_kb - posted.held_kb < GROWTH_KB
    assert changed.held_kb - posted.held_kb < GROWTH_KB
