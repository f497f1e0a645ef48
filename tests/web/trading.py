"""What the tests of the trade do on the page, as a person would, and how they look at it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import Board

REFERENCES: Iterator[str] = (f"DEAL-{number}" for number in count(1))


def open_load(board: Board, **more: Any) -> dict[str, Any]:
    """A load in the empty north of Nevada, so that it is alone on its map."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    window = {"from": start.isoformat(), "to": (start + timedelta(hours=4)).isoformat()}
    stops = [
        {"kind": "pickup", "place": "Elko, NV", "window": window},
        {"kind": "delivery", "place": "Boise, ID"},
    ]
    usual = {"reference": next(REFERENCES), "equipment": "van", "rate_cents": 120_000}
    return board.post(**{**usual, "stops": stops, **more})


def asking(page: Page) -> Locator:
    """The dialog that asks."""
    return page.locator(".ask[open]")


def answer(page: Page, button: str) -> None:
    """Presses the button of the dialog that asks, and waits until it is done."""
    asking(page).get_by_role("button", name=button, exact=True).click()
    expect(asking(page)).to_have_count(0)


def sheet(page: Page) -> Locator:
    return page.locator(".sheet")


def press(page: Page, name: str) -> None:
    sheet(page).get_by_role("button", name=name).click()


def sign_in(page: Page, board: Board, role: str) -> None:
    page.goto(board.url)
    page.locator("#email").fill(f"{role}@demo.example")
    page.locator("#password").fill(board.passwords[role])
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("load")


def fill_stop(page: Page, number: int, place: str, start: str = "", end: str = "") -> None:
    stop = page.locator("fieldset.stop").nth(number)
    stop.get_by_label("Place", exact=True).fill(place)
    stop.get_by_role("option", name=place, exact=True).click()
    if start:
        stop.get_by_label("From").fill(start)
        stop.get_by_label("Until").fill(end)
