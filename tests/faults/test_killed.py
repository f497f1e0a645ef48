"""kill -9 of every part of a running board while loads are posted and imported.

What was acknowledged is there, once and whole, and the board comes back by itself.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.faults.board import (
    COMMAND,
    Board,
    eventually,
    finished,
    is_well,
    kill,
    one,
    rows,
    seeded,
    started,
)
from tests.faults.clients import Answers, Work, at_once, import_over_http, post_on, search_on
from tests.faults.loads import write_csv, write_ndjson
from tests.faults.wholeness import assert_kept, assert_whole

BACK_S = 180.0
POSTERS = 4
LINES = 4_000
LINES_BY_COMMAND = 12_000
SHIPPER = "Demo Shipper"


@pytest.fixture
def rounds(is_long: bool) -> int:
    return 10 if is_long else 1


@pytest.mark.parametrize("victim", ["api", "postgres", "backend", "redis"])
def test_what_was_acknowledged_is_there_once(
    board: Board, tmp_path: Path, victim: str, rounds: int
) -> None:
    rng = seeded(f"killed {victim}")
    for number in range(rounds):
        tag = f"{victim}-{number}"
        file = write_ndjson(tmp_path / tag, rng, f"import-{tag}", LINES)
        with customers(board, tag, rng) as work:
            stop = threading.Event()
            send = partial(import_over_http, work, file.read_bytes())
            with at_once(stop, send) as [sent]:
                await_some(board, f"import-{tag}")
                threading.Event().wait(rng.uniform(0, 0.4))
                strike(board, victim)
                eventually(lambda: is_well(board.url), BACK_S)
                report = sent.result(120)
        assert isinstance(report, dict)
        assert report["created"] + report["unchanged"] == LINES, report
        assert count(board, f"import-{tag}") == LINES
        assert work.answers.unclean == []
        if victim == "redis":
            assert not work.answers.failed, "without Redis everything works"
        assert_kept(board.database_url, work.answers)
        assert_whole(board.database_url)
        eventually(lambda: board.pid("worker") is not None, BACK_S)


@pytest.mark.parametrize("victim", ["import", "postgres"])
def test_an_import_that_was_cut_off_ends_as_if_it_had_not_been(
    board: Board, tmp_path: Path, victim: str, rounds: int
) -> None:
    rng = seeded(f"import cut off by {victim}")
    for number in range(rounds):
        prefix = f"cli-{victim}-{number}"
        file = write_csv(tmp_path / f"{prefix}.csv", rng, prefix, LINES_BY_COMMAND)
        with customers(board, f"beside-{prefix}", rng) as work:
            cut_off(board, file, prefix, victim, rng.uniform(0, 0.3))
            assert 0 < count(board, prefix) < LINES_BY_COMMAND, "not cut off in the middle"
            report = import_file(board, file, SHIPPER)
        assert report["created"] + report["unchanged"] == LINES_BY_COMMAND, report
        assert 0 < report["unchanged"] < LINES_BY_COMMAND, report
        assert work.answers.unclean == []
        assert_kept(board.database_url, work.answers)
        assert_whole(board.database_url)
        assert_same_as_uninterrupted(board, file, prefix)


def test_the_worker_works_on_after_all_were_killed(board: Board) -> None:
    for part in ("worker", "postgres", "redis", "api"):
        eventually(partial(board.pid, part), BACK_S)
        kill(board.pid(part))
    eventually(lambda: is_well(board.url), BACK_S)
    # Its heart beats every ten seconds.
    beats = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %s"
    since = one(board.database_url, "SELECT now()")
    eventually(lambda: one(board.database_url, beats, since), BACK_S, pause=0.5)


@contextmanager
def customers(board: Board, tag: str, rng: Random) -> Iterator[Work]:
    """Posters and a searcher who go on whatever happens; the service answers all of them in the end."""
    work = Work(board.url, board.token("shipper"), Answers())
    looker = Work(board.url, board.token("carrier"), work.answers, work.stop)
    tasks = [partial(post_on, work, f"{tag}-p{n}", rng.random()) for n in range(POSTERS)]
    with at_once(work.stop, *tasks, partial(search_on, looker, rng.random())):
        eventually(lambda: len(work.answers.acknowledged) >= POSTERS, BACK_S)
        yield work
        before = len(work.answers.acknowledged)
        eventually(lambda: len(work.answers.acknowledged) > before + POSTERS, BACK_S)


def strike(board: Board, victim: str) -> None:
    """Kills a part; the part that then stands in its place is another process."""
    if victim == "backend":
        kill(writing_backend(board))
        return
    before = board.pid(victim)
    kill(before)
    eventually(lambda: board.pid(victim) not in (None, before), BACK_S)


def writing_backend(board: Board) -> int:
    """A backend of PostgreSQL that is at work for the service, inside a transaction if one is."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
        " AND pid <> pg_backend_pid() ORDER BY xact_start IS NULL LIMIT 1"
    )
    return int(one(board.database_url, query))


def cut_off(board: Board, file: Path, prefix: str, victim: str, after_s: float) -> None:
    words = [COMMAND, "import", str(file), "--organization", SHIPPER]
    with started(words, board.environment, board.home.logs / "import.log") as process:
        await_some(board, prefix)
        threading.Event().wait(after_s)
        kill(process.pid if victim == "import" else board.pid("postgres"))
        assert process.wait(60) != 0, "it had ended before it was hurt"
    eventually(lambda: is_well(board.url), BACK_S)
    # What the killed program had sent to the server may still be carried out.
    others = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'"
    eventually(lambda: one(board.database_url, others) == 0, BACK_S)


def import_file(board: Board, file: Path, organization: str) -> dict[str, int]:
    done = finished(
        [COMMAND, "import", str(file), "--organization", organization], board.environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, int] = json.loads(done.stdout)
    return report


def assert_same_as_uninterrupted(board: Board, file: Path, prefix: str) -> None:
    """Another organisation imports the file in one go, and has the same loads and stops."""
    peer = f"Peer {prefix}"
    rows(board.database_url, "INSERT INTO organization (name, kind) VALUES (%s, 'shipper')", peer)
    assert import_file(board, file, peer)["created"] == LINES_BY_COMMAND
    differing = f"({CONTENT} EXCEPT ALL {CONTENT}) LIMIT 5"
    for one_, other in ((SHIPPER, peer), (peer, SHIPPER)):
        values = (one_, f"{prefix}-%", other, f"{prefix}-%")
        assert rows(board.database_url, differing, *values) == []


CONTENT = """
    SELECT to_jsonb(load) - ARRAY['id', 'organization_id', 'first_posted_at', 'versioned_at', 'confirmed_at'],
        (SELECT jsonb_agg(to_jsonb(stop) - 'load_id' ORDER BY position) FROM stop WHERE stop.load_id = load.id),
        (SELECT array_agg(kind ORDER BY id) FROM event WHERE event.load_id = load.id)
    FROM load JOIN organization ON organization.id = load.organization_id
    WHERE organization.name = %s AND reference LIKE %s"""


def await_some(board: Board, prefix: str) -> None:
    eventually(lambda: count(board, prefix) > 0, BACK_S, pause=0.02)


def count(board: Board, prefix: str) -> int:
    like = "SELECT count(*) FROM load WHERE reference LIKE %s"
    return int(one(board.database_url, like, f"{prefix}-%"))
