"""What reads the sources instead of running them: format, lint, types, and who imports whom."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("command", ["ruff format --check", "ruff check", "mypy", "lint-imports"])
def test_the_sources_pass(command: str) -> None:
    name, *words = command.split()
    program = Path(sys.executable).with_name(name)
    done = subprocess.run(
        [program, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
