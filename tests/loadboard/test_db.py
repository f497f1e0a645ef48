"""Statements past SQLAlchemy are in the session's transaction all the same, and in its savepoints."""

from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.db import send, transaction
from tests.loadboard.conftest import Service


async def _note(session: AsyncSession, number: int) -> None:
    await send(session, "INSERT INTO noted VALUES (%s)", [number])


async def _noted() -> list[int]:
    async with transaction() as session:
        await send(session, "CREATE TEMPORARY TABLE noted (number int) ON COMMIT DROP", [])
        async with session.begin_nested() as savepoint:
            await _note(session, 1)
            await savepoint.rollback()
        await _note(session, 2)
        async with session.begin_nested():
            await _note(session, 3)
        noted = await send(session, "SELECT number FROM noted ORDER BY number", [])
        return [number for (number,) in await noted.fetchall()]


def test_a_savepoint_takes_back_what_was_sent_in_it(service: Service) -> None:
    assert service.run(_noted()) == [2, 3]
