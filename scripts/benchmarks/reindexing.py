"""The re-index beside one bare UPDATE of the same rows."""

from collections.abc import Callable

from boards import Board, board, clone
from figures import FEW, Figure, Unequal, medians, seconds

from loadboard.loads import reindexing

UPDATE = (
    "UPDATE load SET pickup_cell_b = pickup_cell_a + 0, delivery_cell_b = delivery_cell_a + 0"
    " WHERE status = 'posted'"
)
# At the same resolution both sides fill the second pair with the same cells.
UNFILLED = (
    "SELECT count(*) FROM load WHERE pickup_cell_b IS DISTINCT FROM pickup_cell_a"
    " OR delivery_cell_b IS DISTINCT FROM delivery_cell_a"
)


async def _fill() -> None:
    pair, resolution = await reindexing.begin(None)
    await reindexing.fill(pair, resolution, _silent)


async def _whole() -> None:
    await reindexing.reindex(None, _silent)


def fill_vs_update(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """The step that works out cells, miles and zones, and writes the second pair of columns."""

    def ours(on: Board) -> float:
        took = seconds(lambda: on.run(_fill))
        _check_filled(on)
        return took

    return _compare(name, goal, loads, pairs, ours)


def whole_vs_update(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """The whole re-index: filled, indexed, switched to, and the old indexes dropped."""
    return _compare(name, goal, loads, pairs, lambda on: seconds(lambda: on.run(_whole)))


def _compare(
    name: str, goal: float | None, loads: int, pairs: int | None, work: Callable[[Board], float]
) -> Figure:
    """Each side on a clone of one board, so that both start from the same tables and indexes."""
    on, count = board(loads), pairs or FEW

    def rate(side: Callable[[Board], float]) -> float:
        with clone(on, "reindex") as equal:
            return loads / side(equal)

    rates = medians(count, lambda _: rate(work), lambda _: rate(_update))
    return Figure(name, *rates, "rows/s", goal, count, loads, more_is_better=True)


def _update(on: Board) -> float:
    with on.connect() as connection:
        took = seconds(lambda: connection.execute(UPDATE))
    _check_filled(on)
    return took


def _check_filled(on: Board) -> None:
    with on.connect() as connection:
        row = connection.execute(UNFILLED).fetchone()
    if row != (0,):
        raise Unequal(f"the second pair of cells is another in {row} rows")


def _silent(step: str, done: int, total: int) -> None:
    """Nobody watches."""
