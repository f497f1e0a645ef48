"""Brings the database up to date and makes the demo accounts: `python -m loadboard.local.setup [URL]`.

One small process: most of a start is the import of what a process needs.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from alembic.config import Config

from alembic import command
from loadboard.accounts.demo import write_demo_accounts
from loadboard.db import engine
from loadboard.events import ensure_partitions
from loadboard.settings import settings

PROJECT = Path(__file__).resolve().parents[2]


async def fill(url: str | None) -> None:
    await ensure_partitions(datetime.now(UTC))
    if url:
        await write_demo_accounts(url, settings().home / "demo.json")
    await engine().dispose()


if __name__ == "__main__":
    command.upgrade(Config(PROJECT / "alembic.ini"), "head")
    asyncio.run(fill(sys.argv[1] if len(sys.argv) > 1 else None))
