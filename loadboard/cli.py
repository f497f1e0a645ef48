"""The `loadboard` command."""

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from alembic.config import Config
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from sqlalchemy import select

from alembic import command
from loadboard.accounts import commands
from loadboard.accounts.demo import write_demo_accounts
from loadboard.console import console, run
from loadboard.db import transaction
from loadboard.events import ensure_partitions
from loadboard.jobs import work
from loadboard.loads.files import FileError
from loadboard.loads.flat import recipe
from loadboard.loads.importing import Report, import_file
from loadboard.loads.mileage import Comparison, compare_miles
from loadboard.loads.posting import Sender
from loadboard.loads.reindexing import reindex as reindex_board
from loadboard.models import Organization
from loadboard.sample import seed_board
from loadboard.settings import settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The load board.",
)
for name, group in commands.GROUPS.items():
    app.add_typer(group, name=name)
ROOT = Path(__file__).resolve().parent.parent
OrganizationName = Annotated[
    str | None,
    typer.Option("--organization", help="Whose loads these are; needed when several post"),
]


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)


async def _sender(name: str | None, *, sample: bool = False) -> Sender:
    """The organisation that is named, or the only one that posts loads."""
    query = select(Organization).where(Organization.kind.in_(("shipper", "broker")))
    async with transaction() as session:
        posters = (await session.scalars(query.order_by(Organization.name))).all()
    fitting = [poster for poster in posters if name in (None, poster.name)]
    if len(fitting) != 1:
        names = ", ".join(poster.name for poster in posters) or "none yet; run loadboard demo"
        raise typer.BadParameter(f"name one organisation that posts loads: {names}")
    return Sender(fitting[0].id, fitting[0].name, sample=sample)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on")] = 8000,
    processes: Annotated[int, typer.Option(min=1, help="How many equal processes")] = 1,
) -> None:
    """Serve the API and the page."""
    uvicorn.run(
        "loadboard.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=processes,
        access_log=False,
        log_level=settings().log_level.lower(),
        timeout_graceful_shutdown=10,
    )


@app.command()
def worker() -> None:
    """Run the background work: expiry, upkeep."""
    asyncio.run(work())


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    command.upgrade(Config(ROOT / "alembic.ini"), "head")
    run(ensure_partitions(datetime.now(UTC)))


@app.command()
def demo(
    url: Annotated[str, typer.Option(help="Where the service answers")] = "http://127.0.0.1:8000",
) -> None:
    """Make the demo accounts, and write them with fresh tokens to $LOADBOARD_HOME/demo.json."""
    run(write_demo_accounts(url, settings().home / "demo.json"))


@app.command()
def seed(
    loads: Annotated[int, typer.Option(min=1, help="How many loads")] = 5_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same loads")] = 1,
    organization: OrganizationName = None,
) -> None:
    """Fill the board with sample loads that look like a spot market; they are marked as samples."""

    async def work() -> int:
        sender = await _sender(organization, sample=True)
        with _progress() as bar:
            task = bar.add_task("Sample loads", total=loads)
            return await seed_board(
                sender, loads, seed, datetime.now(UTC), lambda done: bar.advance(task, done)
            )

    console.print(f"{run(work()):,} loads are new.")


@app.command()
def reindex(
    resolution: Annotated[
        int | None, typer.Option(min=7, max=12, help="H3 resolution; the present one unless said")
    ] = None,
) -> None:
    """Work out cells, miles and zones of all open loads anew, while the board is in use.

    A run that was interrupted goes on where it stopped.
    """

    async def work() -> int:
        with _progress() as bar:
            tasks: dict[str, TaskID] = {}

            def show(step: str, done: int, total: int) -> None:
                task = tasks.get(step)
                if task is None:
                    task = tasks[step] = bar.add_task(step)
                bar.update(task, completed=done, total=total)

            return await reindex_board(resolution, show)

    console.print(f"{run(work()):,} loads have a new version: their miles or zones have changed.")


def _as_json(report: Report) -> str:
    """The report as JSON, a line for each part and each refusal."""
    parts = asdict(report)
    refusals = ",\n  ".join(json.dumps(refusal) for refusal in parts.pop("refusals"))
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in parts.items()]
    lines.append(f' "refusals": [{refusals}]')
    return "{\n" + ",\n".join(lines) + "\n}"


@app.command()
def miles(
    least: Annotated[float, typer.Option(help="Leave out loads of fewer posted miles")] = 50,
    organization: OrganizationName = None,
) -> None:
    """Compare our estimated miles with the posted ones."""

    async def work() -> Comparison:
        return await compare_miles((await _sender(organization)).organization_id, least)

    found = run(work())
    typer.echo(
        f"{found.loads:,} loads of {least:g} posted miles or more:"
        f" mean error {found.mean:.2%}, 95th percentile {found.p95:.2%}, mean bias {found.bias:+.2%}"
    )


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV or NDJSON, gzip or not")
    ],
    map: Annotated[
        list[str], typer.Option(help="theirs=ours, once for each column that has another name")
    ] = [],  # noqa: B006
    assume: Annotated[
        list[str], typer.Option(help="ours=value where a line has none, such as pickup_to=now+72h")
    ] = [],  # noqa: B006
    organization: OrganizationName = None,
) -> None:
    """Import a file of loads, and report as JSON what became of its lines."""

    async def work() -> Report:
        sender = await _sender(organization)
        with _progress() as bar:
            task = bar.add_task(file.name, total=None)
            return await import_file(
                file,
                sender,
                recipe(map, assume),
                batch=5_000,
                largest=settings().max_import_mb << 20,
                progress=lambda report: bar.update(task, completed=report.lines),
            )

    try:
        report = run(work())
    except FileError as error:
        raise typer.BadParameter(f"{file} {error}") from error
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(_as_json(report))
    raise typer.Exit(1 if report.refused else 0)
