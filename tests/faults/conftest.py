"""One whole board for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.faults.board import Board, running_board


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    with running_board() as running:
        yield running
