"""Imports a file of loads: checked whole, read as a stream, stored in batches."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from pydantic import ValidationError

from loadboard.db import transaction
from loadboard.errors import FieldError, field_errors
from loadboard.loads import files
from loadboard.loads.duplicates import References
from loadboard.loads.files import MOST_COLUMNS, Line
from loadboard.loads.flat import (
    FlatError,
    Recipe,
    assumptions_for,
    column_of,
    nested,
    renamed,
    strangers,
    unused,
)
from loadboard.loads.hashes import content_hash
from loadboard.loads.posting import (
    Outcome,
    Refusal,
    Sender,
    Submission,
    submission,
    submit,
)
from loadboard.loads.prepared import Prepared
from loadboard.loads.preparing import routed
from loadboard.loads.schemas import PostedLoad

MOST_REFUSALS = 1_000
LONGEST_BATCH_S = 1.0


@dataclass(slots=True)
class Refused:
    line: int
    pointer: str
    message: str


@dataclass(slots=True)
class Report:
    """What became of a file, line by line where something was refused."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)
    refusals_left_out: int = 0
    unused_columns: list[str] = field(default_factory=list)
    assumed: dict[str, int] = field(default_factory=dict)

    @property
    def lines(self) -> int:
        return self.created + self.updated + self.unchanged + self.refused

    def refuse(self, line: int, errors: list[FieldError]) -> None:
        self.refused += 1
        for error in errors:
            if len(self.refusals) < MOST_REFUSALS:
                self.refusals.append(Refused(line, error.pointer, error.message))
            else:
                self.refusals_left_out += 1

    def note_unused(self, names: list[str]) -> None:
        room = MOST_COLUMNS - len(self.unused_columns)
        self.unused_columns += [name for name in names if name not in self.unused_columns][:room]


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    submission: Submission
    flat: bool


async def import_file(
    path: Path,
    sender: Sender,
    by: Recipe,
    *,
    batch: int,
    largest: int,
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Stores the loads of a file, each batch in a transaction of its own.

    Raises FileError before anything is stored when the file can't be read to its end, ValueError
    when the recipe does not fit its columns. The same file again changes nothing.
    """
    await anyio.to_thread.run_sync(files.check, path, largest)
    header = files.columns(path)
    report = Report()
    if header is not None:
        report.unused_columns = unused(header, by)
    now = datetime.now(UTC)
    with References() as seen:
        reading = _Reading(by, now, report, seen, header is None)
        records = _records(files.lines(path, header), reading)

        async def read(ahead: list[_Record]) -> _Batch:
            return await anyio.to_thread.run_sync(_read, records, reading, ahead, batch)

        current = await read([])
        while True:
            for line, errors in current.refused:
                report.refuse(line, errors)
            if not current.records:
                return report
            # Read and worked out while this one is stored, which is mostly waiting.
            following = asyncio.create_task(read(current.rest))
            try:
                await _store(current, sender, by, now, report)
                progress(report)
            finally:
                current = await following


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reading a line needs to know; `names_differ` when each line names its own fields.

    It happens beside storing, in another thread, so it keeps what it refuses to itself until then.
    """

    by: Recipe
    now: datetime
    report: Report
    seen: References
    names_differ: bool
    refused: list[tuple[int, list[FieldError]]] = field(default_factory=list)

    def refuse(self, line: int, errors: list[FieldError]) -> None:
        self.refused.append((line, errors))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records with what was worked out about each, the lines refused on the way, and what is left."""

    records: list[_Record]
    ready: list[Prepared | list[FieldError]]
    refused: list[tuple[int, list[FieldError]]]
    rest: list[_Record]


def _read(records: Iterator[_Record], reading: _Reading, ahead: list[_Record], most: int) -> _Batch:
    batch, rest = _next_batch(records, ahead, most)
    refused = reading.refused.copy()
    reading.refused.clear()
    return _Batch(batch, routed([r.submission.posted for r in batch]), refused, rest)


def _next_batch(
    records: Iterator[_Record], ahead: list[_Record], most: int
) -> tuple[list[_Record], list[_Record]]:
    """The next records, each reference once; the one that came again opens the batch after it."""
    until = time.monotonic() + LONGEST_BATCH_S
    batch = list(ahead)
    seen = {record.submission.posted.reference for record in batch}
    for record in records:
        if record.submission.posted.reference in seen:
            return batch, [record]
        seen.add(record.submission.posted.reference)
        batch.append(record)
        if len(batch) >= most or time.monotonic() > until:
            break
    return batch, []


async def _store(batch: _Batch, sender: Sender, by: Recipe, now: datetime, report: Report) -> None:
    submissions = [record.submission for record in batch.records]
    async with transaction() as session:
        outcomes = await submit(
            session, sender, submissions, now, may_update=True, ready=batch.ready
        )
    for record, outcome in zip(batch.records, outcomes, strict=True):
        match outcome:
            case Outcome(result="created"):
                report.created += 1
            case Outcome(result="updated"):
                report.updated += 1
            case Outcome():
                report.unchanged += 1
            case Refusal(errors=errors):
                report.refuse(record.line, _named(errors, record.flat, by))


def _named(errors: list[FieldError], flat: bool, by: Recipe) -> list[FieldError]:
    if not flat:
        return errors
    return [
        FieldError(pointer=column_of(error.pointer, by), message=error.message) for error in errors
    ]


def _records(lines: Iterator[Line], reading: _Reading) -> Iterator[_Record]:
    for line in lines:
        if isinstance(line.fields, str):
            reading.refuse(line.number, [FieldError(pointer="", message=line.fields)])
            continue
        flat = "stops" not in line.fields
        try:
            made = _flat(line.fields, reading) if flat else _nested(line.fields)
        except FlatError as error:
            reading.refuse(line.number, _named(error.errors, flat, reading.by))
        except ValidationError as error:
            reading.refuse(line.number, _named(field_errors(error), flat, reading.by))
        else:
            if not _contradicted(line.number, made, flat, reading):
                yield _Record(line.number, made, flat)


def _contradicted(number: int, made: Submission, flat: bool, reading: _Reading) -> bool:
    """Whether the file has said something else of the same reference before; if so, refuses the line.

    Otherwise the same file again would change such a load twice, there and back.
    """
    first = reading.seen.line_with_other_content(made.posted.reference, number, made.content_hash)
    if first is None:
        return False
    message = f"stands on line {first} with other content"
    errors = [FieldError(pointer="/reference", message=message)]
    reading.refuse(number, _named(errors, flat, reading.by))
    return True


def _nested(fields: dict[str, Any]) -> Submission:
    return submission(PostedLoad.model_validate(fields))


def _flat(fields: dict[str, Any], reading: _Reading) -> Submission:
    by, report = reading.by, reading.report
    if reading.names_differ:
        report.note_unused(strangers(list(fields), by))
    record = renamed(fields, by)
    assumed = assumptions_for(record, by)
    posted = PostedLoad.model_validate(nested(record | assumed, reading.now))
    if not assumed:
        return submission(posted)
    for name in assumed:
        report.assumed[name] = report.assumed.get(name, 0) + 1
    # What was assumed may be another moment next time; the same row again is the same load.
    return Submission(posted, content_hash([record, assumed]))
