"""The pages that must not drift from the code: the API's description and the settings."""

import re
from pathlib import Path

from loadboard.lifecycle_page import page
from loadboard.openapi import description
from loadboard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RENEW = "python -m loadboard.openapi > docs/openapi.json"
NAME = re.compile(r"\bLOADBOARD_[A-Z][A-Z_]*[A-Z]\b")


def test_the_description_of_the_api_was_reviewed() -> None:
    known = (DOCS / "openapi.json").read_text()
    assert description() == known, f"the API has changed; look at it, then renew it: {RENEW}"


def test_the_page_of_the_life_of_a_load_is_its_table() -> None:
    renew = "python -m loadboard.lifecycle_page > docs/lifecycle.md"
    assert (DOCS / "lifecycle.md").read_text() == page(), f"the table has changed: {renew}"


def test_every_setting_is_described_with_its_default() -> None:
    rows = re.findall(r"^\| `(LOADBOARD_\w+)` \| `(.*?)` \| (.*?) \|$", _settings(), re.MULTILINE)
    prefix = Settings.model_config["env_prefix"]
    of_the_service = [
        (prefix + name.upper(), str(field.default), field.description)
        for name, field in Settings.model_fields.items()
    ]
    assert rows[: len(of_the_service)] == of_the_service
    assert all(meaning for _, _, meaning in rows)


def test_every_variable_that_is_used_anywhere_is_described() -> None:
    described = set(NAME.findall(_settings()))
    places = [
        ROOT / "docker-compose.yml",
        ROOT / "Dockerfile",
        ROOT / "README.md",
        ROOT / "alembic.ini",
    ]
    folders = ("loadboard", "scripts", "alembic", ".ci")
    places += [path for folder in folders for path in (ROOT / folder).rglob("*") if _is_ours(path)]
    used = {name for path in places for name in NAME.findall(path.read_text(errors="ignore"))}
    assert used <= described
    assert {"LOADBOARD_DATABASE_URL", "LOADBOARD_PORT"} <= used


def test_every_test_that_the_page_on_security_names_is_there() -> None:
    text = (DOCS / "security.md").read_text()
    risks = re.findall(r"^\| (API\d+) .* \| .* \| (.*) \|$", text, re.MULTILINE)
    assert [risk for risk, _ in risks] == [f"API{number}" for number in range(1, 11)]
    for risk, tests in risks:
        held_by = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
        assert held_by, risk
        for file, name in held_by:
            assert f"def {name}(" in (ROOT / file).read_text(), f"{risk}: {file}::{name}"


def _settings() -> str:
    return (DOCS / "settings.md").read_text()


def _is_ours(path: Path) -> bool:
    elsewhere = {"node_modules", "dist", "__pycache__"}
    return path.is_file() and not elsewhere.intersection(path.parts)
