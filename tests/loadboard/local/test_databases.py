"""The fixtures that other tests stand on: each gets a migrated database that nothing else writes to."""

import psycopg
import pytest
import redis


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_migrated_database(database_url: str, turn: int) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM load").fetchone() == (0,)
        known = connection.execute("SELECT to_regclass('left_by_another')").fetchone()
        assert known == (None,)
        connection.execute("CREATE TABLE left_by_another ()")


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_redis(redis_url: str, turn: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []
        client.set("left by another", turn)
