"""The directory of a private board: its data, its logs, and who is at work there."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadboard.local.processes import end_strays, privileges

ELSEWHERE = Path("/var/lib/loadboard")


class LocalError(Exception):
    """What a person is told instead of a traceback."""


@dataclass(frozen=True)
class Home:
    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def sockets(self) -> Path:
        return self.root / "sockets"

    @property
    def demo(self) -> Path:
        return self.root / "demo.json"

    @property
    def _lock(self) -> Path:
        return self.root / "lock"

    @property
    def _state(self) -> Path:
        return self.root / "state.json"

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Holds the home for this process alone; OccupiedError when another has it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # A look by another process takes the lock for a moment.
            if not _eventually(lambda: _try_lock(descriptor), 0.5):
                raise OccupiedError(f"{self.root} is in use by another process")
            self.tell()
            try:
                yield
            finally:
                self._state.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    def tell(self, **state: Any) -> None:
        """Leaves word for other processes: who is at work here and what can be reached where."""
        draft = self._state.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"pid": os.getpid(), **state}))
        draft.replace(self._state)

    def occupant(self) -> dict[str, Any] | None:
        """The word left by the process that holds the home, or None when none does."""
        if not self._lock.exists():
            return None
        descriptor = os.open(self._lock, os.O_RDWR)
        try:
            if _try_lock(descriptor):
                return None
            state: dict[str, Any] = json.loads(self._state.read_text())
            return state
        except FileNotFoundError:
            return {}
        finally:
            os.close(descriptor)

    def evict(self, patience_s: float = 90) -> bool:
        """Ends the process that holds the home and all that it left; False when there was nothing."""
        found = False
        deadline = time.monotonic() + patience_s
        while (state := self.occupant()) is not None:
            if pid := state.get("pid"):
                late = time.monotonic() > deadline
                _signal(pid, signal.SIGKILL if late else signal.SIGTERM)
                found = True
            _eventually(lambda: self.occupant() is None and not (pid and lives(pid)), 5)
        self.end_strays()
        return found

    def end_strays(self) -> None:
        """Ends what a killed run left: its servers notice its death and have ten seconds to close."""
        places = [
            self.data / "postgres",
            self.data / "redis",
            self.root / "api",
            self.root / "worker",
        ]
        end_strays([place for place in places if place.exists()], patience_s=10)
        if self.sockets.is_symlink():
            shutil.rmtree(self.sockets.readlink(), ignore_errors=True)
            self.sockets.unlink()

    def make_sockets(self, account: str | None) -> Path:
        """A fresh directory with a short path: the path of a Unix socket ends at 107 bytes."""
        directory = Path(tempfile.mkdtemp(prefix="loadboard-", dir="/tmp"))
        if account:
            shutil.chown(directory, account, account)
        self.sockets.symlink_to(directory)
        return directory

    def make_data(self, account: str | None) -> Path:
        """Where the servers keep their data: here, or in /var/lib when their account can't get here."""
        if not self.data.exists():
            self.data.unlink(missing_ok=True)
            self.data.mkdir(mode=0o700)
        if account and not _reachable(self.data.resolve(), account):
            # Only what is still empty moves: rmdir refuses otherwise.
            self.data.rmdir()
            ELSEWHERE.mkdir(mode=0o755, exist_ok=True)
            self.data.symlink_to(tempfile.mkdtemp(dir=ELSEWHERE))
            shutil.chown(self.data, account, account)
        return self.data.resolve()


class OccupiedError(LocalError):
    pass


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _eventually(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


def lives(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be reaped doesn't."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _reachable(directory: Path, account: str) -> bool:
    shutil.chown(directory, account, account)
    # With the account's own eyes: permission bits alone don't tell of access lists.
    command = [*privileges(account), "test", "-x", str(directory)]
    return subprocess.run(command, check=False).returncode == 0
