"""How the processes of one run share its tests, and how they end."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# These start for all their tests what takes long to start.
TOGETHER = (
    "tests/benchmarks/",
    "tests/faults/test_away.py",
    "tests/faults/test_killed.py",
    "tests/loadboard/local/test_run.py",
    "tests/web/",
)
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TEARDOWN_S = 120.0
_workers: list[WorkerController] = []


class Shares(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whoever is free, but for those that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return next((start for start in TOGETHER if nodeid.startswith(start)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Shares:
    return Shares(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    _workers.append(node)


def pytest_configure() -> None:
    for each in ENDINGS:
        signal.signal(each, _leave)


def _leave(number: int, frame: object) -> None:
    """Fixtures are torn down when the run is killed, and nothing that comes then cuts that short."""
    for each in ENDINGS:
        signal.signal(each, lambda *_: None)
    # No Exception, which the code under test would take for one of its own.
    raise KeyboardInterrupt(f"ended by {signal.Signals(number).name}")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(exitstatus: int) -> None:
    """Workers of a run that is cut short have time to tear down; xdist would kill them in ten seconds."""
    working = [worker.channel for worker in _workers if not worker.channel.isclosed()]
    if exitstatus != pytest.ExitCode.INTERRUPTED or not working:
        return
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        os.kill(int(pid), signal.SIGTERM)
    for channel in working:
        with suppress(channel.TimeoutError, channel.RemoteError):
            channel.waitclose(TEARDOWN_S)
