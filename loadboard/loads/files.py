"""Files of loads: CSV or NDJSON, gzip or not, read line by line in little memory."""

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

LONGEST_LINE = 1_000_000
MOST_COLUMNS = 1_000
CHUNK = 1 << 20


class FileError(ValueError):
    """The file as a whole can't be read; nothing of it was taken."""


class Line(NamedTuple):
    """One record and the line it begins on: its fields, or why it can't be read."""

    number: int
    fields: dict[str, Any] | str


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked when it is gzip."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield raw


def check(path: Path, largest: int) -> int:
    """Reads a file to its end before any of it is taken; its size in bytes, unpacked.

    Raises FileError for a broken gzip, another encoding than UTF-8, a binary file, or a file that
    is larger than `largest` bytes.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = 0
    try:
        with opened(path) as file:
            while chunk := file.read(CHUNK):
                size += len(chunk)
                if size > largest:
                    raise FileError(
                        f"is larger than {largest >> 20} MiB unpacked; send it in parts"
                    )
                if b"\0" in chunk:
                    raise FileError("is a binary file; send CSV or NDJSON, gzip or not")
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileError("is a gzip file that is cut off or damaged; nothing was taken") from error
    except UnicodeDecodeError as error:
        where = max(0, size - CHUNK) + error.start
        raise FileError(
            f"is not UTF-8 (near byte {where}); convert it, for example by iconv -f latin1 -t utf-8"
        ) from error
    if not size:
        raise FileError("is empty; send CSV with a header line, or NDJSON")
    return size


def columns(path: Path) -> list[str] | None:
    """The header of a CSV file; None for NDJSON, whose first character is a brace."""
    with opened(path) as file:
        start = file.read(LONGEST_LINE).decode("utf-8-sig", errors="ignore")
    match start.lstrip()[:1]:
        case "{":
            return None
        case "[":
            raise FileError("begins with a bracket; send one JSON object a line (NDJSON), or CSV")
    try:
        header = next(csv.reader(io.StringIO(start, newline=""), strict=True), [])
    except csv.Error as error:
        raise FileError(f"has a header line that is not CSV: {error}") from error
    return _names(header)


def _names(header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    if not any(names):
        raise FileError("must begin with a header line that names its columns")
    if len(names) > MOST_COLUMNS:
        raise FileError(f"has {len(names)} columns; at most {MOST_COLUMNS} are read")
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise FileError(f"names the column {twice[0]!r} twice in its header line")
    return names


def lines(path: Path, header: list[str] | None) -> Iterator[Line]:
    """Every record of a file that `check` has passed."""
    with opened(path) as file:
        if header is None:
            yield from _ndjson(file)
        else:
            yield from _csv(file, header)


def _ndjson(file: BinaryIO) -> Iterator[Line]:
    number = 0
    while text := file.readline(LONGEST_LINE):
        number += 1
        if len(text) == LONGEST_LINE and not text.endswith(b"\n"):
            yield Line(number, f"is longer than {LONGEST_LINE} bytes")
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
        elif text.strip():
            yield Line(number, _json(text))


def _json(text: bytes) -> dict[str, Any] | str:
    try:
        value = orjson.loads(text.removeprefix(codecs.BOM_UTF8))
    except ValueError as error:
        return f"is not JSON: {error}"
    return value if isinstance(value, dict) else "must be a JSON object"


class _Lines:
    """The lines of a CSV file, of which no record takes more than LONGEST_LINE characters."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._left = LONGEST_LINE
        self.number = 0

    def begin_record(self) -> int:
        """The number of the line that the next record begins on."""
        self._left = LONGEST_LINE
        return self.number + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._left)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) < self._left or line.endswith(("\n", "\r")):
            self._left = max(1, self._left - len(line))
            return line
        while (rest := self._text.readline(CHUNK)) and not rest.endswith(("\n", "\r")):
            pass
        raise csv.Error(f"a record is longer than {LONGEST_LINE} characters")


def _csv(file: BinaryIO, header: list[str]) -> Iterator[Line]:
    with io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
        source = _Lines(text)
        # Strict: otherwise text behind a closing quote, or a quote never closed, is taken in silence.
        reader = csv.reader(source, strict=True)
        next(reader)
        while True:
            number = source.begin_record()
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(number, f"is not CSV, as far as line {source.number}: {error}")
                continue
            if len(row) == len(header):
                yield Line(number, dict(zip(header, row, strict=True)))
            elif row:
                message = f"has {len(row)} fields where the header has {len(header)}"
                yield Line(number, message)
