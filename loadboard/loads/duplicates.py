"""Which references a file has named so far; on disk, so that memory stays flat for any file."""

import sqlite3
from types import TracebackType
from typing import Self


class References:
    """Remembers for each reference the line that named it first, and with which content."""

    def __init__(self) -> None:
        # The empty name is a file of SQLite's own that nobody else sees and that goes with it.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(
            "CREATE TABLE seen (reference TEXT PRIMARY KEY, line INTEGER, content BLOB) WITHOUT ROWID"
        )
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._db.close()

    def line_with_other_content(self, reference: str, line: int, content: bytes) -> int | None:
        """The line that named a reference before and said something else of it."""
        row = (reference, line, content)
        if self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", row).rowcount:
            return None
        known = "SELECT line FROM seen WHERE reference = ? AND content <> ?"
        other = self._db.execute(known, (reference, content)).fetchone()
        return other and int(other[0])
