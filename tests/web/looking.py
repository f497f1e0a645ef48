"""What a test reads off the page, and how it waits for it."""

import json
import re
from typing import Any

from playwright.sync_api import Page, Request, expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def ids(page: Page) -> list[int]:
    return [
        int(row)
        for row in page.locator("#rows tr").evaluate_all(
            "rows => rows.map((row) => row.dataset.id)"
        )
    ]


def ids_of(found: dict[str, Any]) -> list[int]:
    return [load["id"] for load in found["items"]]


def total(page: Page) -> int:
    text = page.locator("#count").inner_text()
    return int(re.split(r" loads?\b", text)[0].replace(",", ""))


def settled(page: Page) -> None:
    """Waits out the pause before a search, the search, and the drawing of the map."""
    page.wait_for_timeout(250)
    expect(page.locator("#busy")).to_be_hidden()
    expect(page.locator("#map")).to_have_attribute("aria-busy", "false")


def middle(page: Page) -> tuple[float, float]:
    box = page.locator("#map").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def sent(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.post_data or "")
    return body


def at(page: Page) -> tuple[float, float, float]:
    found = re.search(r"at=([-\d.]+),([-\d.]+),([-\d.]+)", page.url)
    assert found is not None, page.url
    lon, lat, zoom = (float(part) for part in found.groups())
    return lon, lat, zoom
