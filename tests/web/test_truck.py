"""The loads that are worth most to a truck."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import Board, Visit
from tests.web.looking import PHONE, ids, sent, settled

SIDES = ("costs", "gains")
DALLAS = ZoneInfo("America/Chicago")


def matches(board: Board, truck: dict[str, Any]) -> dict[str, Any]:
    with board.client("carrier") as client:
        answer = client.post("/matches", json={"truck": truck, "limit": 50})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def dollars(cents: int) -> str:
    """As the page writes them: cents only where there are some."""
    amount = f"{abs(cents) / 100:,.2f}".removesuffix(".00")
    return f"-${amount}" if cents < 0 else f"${amount}"


def by_keyboard(page: Page, free: str) -> None:
    page.get_by_role("button", name="Best for my truck").focus()
    page.keyboard.press("Enter")
    at = page.get_by_label("Truck is at")
    expect(at).to_be_focused()
    page.keyboard.type("dallas, t")
    expect(page.get_by_role("option", name="Dallas, TX", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_label("Free from").fill(free)
    page.get_by_label("Wants to go").select_option("states")
    page.get_by_label("States to go to").fill("tx, ca GA, la ok ar")
    page.get_by_label("Max deadhead miles").fill("250")
    page.get_by_label("Hours left to drive").fill("8.5")
    page.keyboard.press("Enter")
    expect(page.locator("#truck")).to_be_hidden()
    settled(page)


def test_the_best_loads_for_a_truck_with_their_terms(visit: Visit, board: Board) -> None:
    tomorrow = (datetime.now(DALLAS) + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    page = visit()
    with page.expect_request("**/v1/matches") as request:
        by_keyboard(page, tomorrow.isoformat()[:16])
    truck = sent(request.value)["truck"]
    free = datetime.fromisoformat(truck.pop("free_from"))
    assert free == tomorrow.astimezone(UTC)
    assert truck == {
        "at": {"place": "Dallas, TX"},
        "equipment": "van",
        "max_deadhead_mi": 250,
        "to": {"states": ["TX", "CA", "GA", "LA", "OK", "AR"]},
        "clock": {"drive_left_h": 8.5},
    }
    found = matches(board, {**truck, "free_from": free.isoformat()})
    best = found["items"]
    assert len(best) > 2
    assert ids(page) == [match["load"]["id"] for match in best]
    expect(page.locator("#count")).to_have_text(f"{len(best)} best loads for a van at Dallas, TX")
    shows_terms(page, best)
    expect(page.locator("#refused")).to_contain_text(f"{found['refused']['equipment']:,} for other")
    if found["relax"]:
        expect(page.locator("#refused")).to_contain_text(f"{found['relax']['gains']:,} more load")

    page.locator("#rows tr").first.click()
    shows_plan(page, best[0])
    page.reload()
    expect(page.locator("#details .plan")).to_be_visible()
    assert ids(page) == [match["load"]["id"] for match in best]
    page.get_by_role("button", name="Change truck").click()
    expect(page.get_by_label("Free from")).to_have_value(tomorrow.isoformat()[:16])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Back to search").click()
    expect(page.locator("#count")).to_contain_text("in the map view")
    page.go_back()
    expect(page.locator("#count")).to_contain_text("best loads for a van")


def extent(parts: Locator) -> tuple[float, float]:
    """From the left edge of the first to the right edge of the last."""
    boxes = [box for part in parts.all() if (box := part.bounding_box())]
    return min(box["x"] for box in boxes), max(box["x"] + box["width"] for box in boxes)


def shows_terms(page: Page, best: list[dict[str, Any]]) -> None:
    """Bars of one scale: what a load brings right of one zero line, what it costs left of it."""
    zeros, scales = [], []
    for row, match in zip(page.locator("#rows tr").all()[:5], best, strict=False):
        expect(row.locator(".sentence")).to_have_text(match["sentence"])
        if match["worth_cents"] is None:
            expect(row.locator(".worth")).to_contain_text("needs $")
            continue
        worth = int(row.locator(".worth").inner_text().replace("$", "").replace(",", ""))
        assert abs(worth - match["worth_cents"] / 100) <= 0.5
        terms = [term["cents"] for term in match["terms"] if term["cents"]]
        words = row.get_by_role("img").get_attribute("aria-label") or ""
        assert re.findall(r"-?\$[\d,.]+\d", words) == [dollars(cents) for cents in terms]
        gains = sum(cents for cents in terms if cents > 0)
        (from_, left), (right, to) = (extent(row.locator(f".{side} i")) for side in SIDES)
        zeros += [left, right]
        scales += [(left - from_) / (gains - sum(terms)), (to - right) / gains]
    assert max(zeros) - min(zeros) < 1
    assert 0 < max(scales) < 1.02 * min(scales)


def shows_plan(page: Page, match: dict[str, Any]) -> None:
    details = page.locator("#details")
    expect(details.locator("tr.total td")).to_have_text(dollars(match["worth_cents"]))
    terms = [dollars(term["cents"]) for term in match["terms"] if term["cents"]]
    expect(details.locator(".terms tr:not(.total) td:last-child")).to_have_text(terms)
    steps = details.locator(".plan li")
    expect(steps).to_have_count(len(match["plan"]))
    for item, step in zip(steps.all(), match["plan"], strict=True):
        start = datetime.fromisoformat(step["from"]).astimezone(DALLAS)
        expect(item.locator("time")).to_contain_text(f"{start:%I:%M %p}".lstrip("0"))
        expect(item).to_have_attribute("data-step", step["kind"])


def test_a_truck_that_cannot_be_is_said_in_the_form(visit: Visit, said: list[str]) -> None:
    page = visit()
    page.get_by_role("button", name="Best for my truck").click()
    page.get_by_label("Truck is at").fill("Nowhere at all, TX")
    page.get_by_role("button", name="Rank loads").click()
    expect(page.locator("#truck .refused").first).to_be_visible()
    expect(page.get_by_label("Truck is at")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Truck is at")).to_have_value("Nowhere at all, TX")
    page.get_by_label("Truck is at").fill("75201")
    page.get_by_label("Free from").fill("2027-03-14T02:30")
    page.get_by_role("button", name="Rank loads").click()
    expect(page.get_by_label("Free from")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Free from").fill("")
    page.get_by_role("button", name="Rank loads").click()
    expect(page.locator("#truck")).to_be_hidden()
    expect(page.locator("td.worth").first).to_be_visible()
    expect(page.locator("#problem")).to_be_hidden()
    assert [line for line in said if "422" not in line] == []
    said.clear()


def test_the_ranking_fits_a_phone_and_is_for_carriers(visit: Visit) -> None:
    page = visit(query="?truck_at=Dallas,+TX&truck_equipment=van", **PHONE)
    page.locator("#rows tr").first.tap()
    expect(page.locator("#details .plan")).to_be_visible()
    page.get_by_role("button", name="Close details").tap()
    page.get_by_role("button", name="Change truck").tap()
    expect(page.locator("#truck")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.querySelector('#truck').scrollWidth <= innerWidth")
    page = visit("shipper", "?truck_at=Dallas,+TX&truck_equipment=van")
    expect(page.locator("#count")).to_contain_text("in the map view")
    expect(page.get_by_role("button", name="Best for my truck")).to_be_hidden()
