"""What ./scripts call: `python -m loadboard.local run | stop | with-servers`."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from loadboard.local.home import Home, LocalError
from loadboard.local.run import console, execute, progress, run, servers, set_up

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@app.command("run")
def run_command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens.")] = 8000,
    empty: Annotated[bool, typer.Option("--empty", help="Without sample loads.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return once it is ready.")] = False,
) -> None:
    """Runs a whole board on this machine until Ctrl-C or ./scripts/stop."""
    home = _home()
    when_ready = _detach(home) if detach else lambda: None
    end_by_signal()
    run(home, port, sample=not empty, when_ready=when_ready)


@app.command()
def stop() -> None:
    """Ends the board of this home, and returns when all of it is ended."""
    console.print("Stopped" if _home().evict() else "Nothing was running")


# All that follows the command's name is the command's own.
@app.command("with-servers", context_settings={"allow_interspersed_args": False})
def with_servers(command: list[str]) -> None:
    """Runs a command on this home's servers: those of its run, or else started for it alone."""
    home = _home()
    end_by_signal()
    if (state := home.occupant()) is not None:
        if "url" not in state:
            raise LocalError(f"{home.root} is in use by another command; try again when it ended")
        sys.exit(execute(command, state["environment"]))
    with home.occupied(), servers(home) as machine:
        set_up(machine.environment)
        sys.exit(execute(command, machine.environment))


def end_by_signal() -> None:
    """A signal ends the program as an exit does, by way of every `finally`, and only once."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in SIGNALS:
        signal.signal(each, leave)


def _detach(home: Home) -> Callable[[], None]:
    """Goes on in a child; the parent returns when the child says that it is ready, or with its failure."""
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        for each in SIGNALS:
            signal.signal(each, lambda number, _: os.kill(child, number))
        ready = os.read(reader, 1)
        os._exit(0 if ready else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.close(reader)
    os.setsid()

    def when_ready() -> None:
        log = os.open(home.logs / "run.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            sys.stdout.flush()
            os.dup2(source, target)
        os.write(writer, b"+")
        os.close(writer)

    return when_ready


def _home() -> Home:
    return Home(Path(os.environ.get("LOADBOARD_HOME", ".local")).resolve())


if __name__ == "__main__":
    try:
        app()
    except LocalError as error:
        progress.print(f"loadboard: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
