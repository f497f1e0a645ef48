"""Loads along a road that is driven anyway."""

import base64
from typing import Any

from playwright.sync_api import Page, Request, expect

from tests.web.conftest import Board, Visit
from tests.web.looking import ids, ids_of, middle, sent, settled, total

ENDS = {"from": {"place": "Los Angeles, CA"}, "to": {"place": "Dallas, TX"}}
ADDRESS = "along_from=Los+Angeles,+CA&along_to=Dallas,+TX"
COLOUR_OF_MIDDLE = """async (shot) => {
    const image = new Image();
    image.src = `data:image/png;base64,${shot}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    return [...pen.getImageData(4, 4, 1, 1).data];
}"""


def along(board: Board, miles: float = 60, **more: Any) -> dict[str, Any]:
    trip = {**ENDS, "max_out_of_route_mi": miles}
    return board.search(along=trip, sort="out_of_route", **more)


def choose(page: Page, label: str, typed: str, name: str) -> None:
    page.get_by_label(label).fill(typed)
    page.get_by_role("option", name=name, exact=True).click()


def colour_of_middle(page: Page) -> list[int]:
    x, y = middle(page)
    shot = page.screenshot(clip={"x": x - 4, "y": y - 4, "width": 9, "height": 9})
    colour: list[int] = page.evaluate(COLOUR_OF_MIDDLE, base64.b64encode(shot).decode())
    return colour


def test_loads_along_a_road_are_listed_by_what_they_add(visit: Visit, board: Board) -> None:
    page = visit()
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one))
    choose(page, "Road from", "Los Angeles, C", "Los Angeles, CA")
    settled(page)
    assert [one for one in asked if "along" in (one.post_data or "")] == []
    asked.clear()
    choose(page, "Road to", "Dallas, T", "Dallas, TX")
    settled(page)
    searches = [sent(one) for one in asked if "/v1/search" in one.url]
    assert searches[0]["along"] == {**ENDS, "max_out_of_route_mi": 60}
    assert searches[0]["sort"] == "out_of_route"
    assert "pickup" not in searches[0]
    assert [one for one in asked if "hexes" in one.url] == []

    found = along(board)
    assert 5 < found["total"] <= 200
    assert ids(page) == ids_of(found)
    miles = round(found["along"]["trip_mi"])
    words = f"along Los Angeles, CA → Dallas, TX ({miles:,} mi)"
    expect(page.locator("#count")).to_contain_text(words)
    shown = [float(text) for text in page.locator("#rows td.out").all_inner_texts()]
    assert all(
        abs(text - load["out_of_route_mi"]) <= 0.5
        for text, load in zip(shown, found["items"], strict=True)
    )

    page.locator("#rows tr").last.click()
    load = found["items"][-1]
    pickup, delivery = (f"{mile:,.0f}" for mile in load["along_mi"])
    expect(page.locator("#details .along")).to_have_text(
        f"{load['out_of_route_mi']:,.0f} mi out of route; picked up at mile {pickup}, "
        f"delivered at mile {delivery} of your {miles:,}."
    )
    page.reload()
    expect(page.locator("#details .along")).to_be_visible()
    assert ids(page) == ids_of(found)
    page.get_by_role("button", name="Close details").click()

    # The whole road is in view, and a chosen area is asked for besides.
    with page.expect_request("**/v1/search") as request:
        page.get_by_role("button", name="Use this view").click()
    settled(page)
    area = sent(request.value)["pickup"]
    corners = area["polygon"]["coordinates"][0]
    (west, south), (east, north) = corners[0], corners[2]
    for lon, lat in found["along"]["line"]["coordinates"]:
        assert west < lon < east
        assert south < lat < north
    assert ids(page) == ids_of(along(board, pickup=area))
    expect(page.locator("#count")).to_contain_text(f"in the drawn area, {words}")

    page.get_by_label("Max out-of-route miles").fill("10")
    page.keyboard.press("Tab")
    settled(page)
    assert ids(page) == ids_of(along(board, 10, pickup=area)) != ids_of(found)
    page.get_by_role("button", name="Clear filters").first.click()
    settled(page)
    assert "along" not in page.url
    expect(page.locator("#sort")).to_have_value("age")
    expect(page.locator("#count")).to_contain_text("in the map view")


def test_the_road_is_drawn_on_the_map(visit: Visit, board: Board) -> None:
    line = along(board)["along"]["line"]["coordinates"]
    lon, lat = line[len(line) // 2]
    camera = f"at={lon},{lat},11"
    page = visit(query=f"?{camera}")
    settled(page)
    without = colour_of_middle(page)
    page = visit(query=f"?{ADDRESS}&{camera}")
    settled(page)
    red, green, blue, _ = colour_of_middle(page)
    assert [red, green, blue] != without[:3]
    assert blue > red > green
    assert blue - green > 40


def test_a_road_that_is_none_is_said_at_its_field(visit: Visit, said: list[str]) -> None:
    page = visit(query=f"?{ADDRESS}")
    before = total(page)
    to = page.get_by_label("Road to")
    to.fill("Nowhere at all, TX")
    to.press("Tab")
    expect(to).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".road .refused")).to_have_count(1)
    assert total(page) == before
    to.fill("Los Angeles, CA")
    to.press("Tab")
    expect(page.locator(".road .refused")).to_be_visible()
    choose(page, "Road to", "Dallas, T", "Dallas, TX")
    expect(page.locator(".road .refused")).to_have_count(0)
    assert [one for one in said if "422" not in one] == []
    said.clear()
