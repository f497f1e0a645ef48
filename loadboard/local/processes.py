"""A process that a run keeps up: started, started again when it dies, and ended without remains."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOG_LIMIT_BYTES = 20_000_000
LONGEST_PAUSE_S = 15.0
STEADY_AFTER_S = 30.0


@dataclass
class Process:
    """Each has a working directory of its own: by it a later run finds what a killed one left."""

    name: str
    command: list[str]
    directory: Path
    log: Path
    account: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stale: list[Path] = field(default_factory=list)
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 10
    _process: subprocess.Popen[bytes] | None = None
    _started_at: float = 0
    _pause_s: float = 0
    _restart_at: float = 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        end_strays([self.directory], patience_s=2)
        for file in self.stale:
            file.unlink(missing_ok=True)
        _rotate(self.log)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*privileges(self.account, self.stop_signal), *self.command],
                cwd=self.directory,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started_at = time.monotonic()

    def mend(self) -> str | None:
        """Starts it again if it died, after a pause that doubles; says so when it first sees it."""
        if self._process is None or self.alive:
            return None
        now = time.monotonic()
        if not self._restart_at:
            steady = now - self._started_at > STEADY_AFTER_S
            self._pause_s = 0.5 if steady else min(max(0.25, 2 * self._pause_s), LONGEST_PAUSE_S)
            self._restart_at = now + self._pause_s
            return (
                f"{self.name} ended ({self._process.returncode}), starting it again; see {self.log}"
            )
        if now >= self._restart_at:
            self._restart_at = 0
            self.start()
        return None

    def stop(self) -> None:
        if self._process is not None and self.alive:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(self.patience_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        end_strays([self.directory], patience_s=1)

    def last_words(self, lines: int = 15) -> str:
        text = self.log.read_bytes()[-20_000:].decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def privileges(account: str | None, on_orphaned: signal.Signals = signal.SIGTERM) -> list[str]:
    """The words before a command that run it as the account and end it when its parent dies."""
    words = ["setpriv", f"--pdeathsig={on_orphaned.name.removeprefix('SIG')}"]
    if account:
        words += [f"--reuid={account}", f"--regid={account}", "--init-groups"]
    return [*words, "--"]


def end_strays(directories: Iterable[Path], patience_s: float) -> None:
    """Waits for the processes at work in the directories to end, then kills them."""
    places = {os.path.realpath(directory) for directory in directories}
    deadline = time.monotonic() + patience_s
    while strays := _at_work_in(places):
        if time.monotonic() > deadline:
            for pid in strays:
                _kill(pid)
        time.sleep(0.05)


def _at_work_in(places: set[str]) -> list[int]:
    ours = {
        "postgres",
        "redis-server",
        "redis-check-rdb",
        Path(os.path.realpath(sys.executable)).name,
    }
    return [
        pid
        for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
        if _link(pid, "cwd") in places and Path(_link(pid, "exe")).name in ours
    ]


def _link(pid: int, name: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/{name}")
    except OSError:
        return ""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
