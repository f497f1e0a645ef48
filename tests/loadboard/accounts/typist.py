"""Runs commands of `loadboard` that come as lines of JSON, in a process of its own.

One for all tests: a start costs seconds, of which the commands themselves need none.
"""

import json
import os
import sys

from typer.testing import CliRunner

from loadboard.cache import redis
from loadboard.cli import app
from loadboard.db import engine
from loadboard.settings import settings


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        os.environ.update(asked["environment"])
        for kept in (settings, engine, redis):
            kept.cache_clear()
        done = CliRunner().invoke(app, asked["words"])
        answer = {"status": done.exit_code, "output": done.stdout, "errors": done.stderr}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
