"""The page, as a dispatcher uses it: each test looks at what is shown, and asks the API beside it."""

import math
import re
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from shapely.geometry import Point, Polygon

from tests.web.conftest import Board, Visit
from tests.web.looking import PHONE, at, ids, ids_of, middle, sent, settled, total

EVIL = '<img src=x onerror="console.error(1)"><b>bold</b>'
REFERENCE = (f"PAGE-{number}" for number in count(1))
ATLANTA = {"lat": 33.749, "lon": -84.388}


def beside(camera: tuple[float, float, float], dx: float, dy: float) -> tuple[float, float]:
    """The position so many pixels right of and below the middle, by web Mercator (512 px tiles)."""
    lon, lat, zoom = camera
    size = 512 * 2**zoom
    y = math.asinh(math.tan(math.radians(lat))) - dy * 2 * math.pi / size
    return lon + dx * 360 / size, math.degrees(math.atan(math.sinh(y)))


def load_from(reference: str, lat: float, lon: float, **more: Any) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    window = {"from": start.isoformat(), "to": (start + timedelta(hours=4)).isoformat()}
    stops = [
        {"kind": "pickup", "lat": lat, "lon": lon, "window": window},
        {"kind": "delivery", "place": "Dallas, TX"},
    ]
    return {"reference": reference, "equipment": "van", "stops": stops, **more}


def field(page: Page, name: str) -> Locator:
    return page.locator("#post-form").get_by_label(name, exact=True)


def fill_stop(page: Page, title: str, place: str, start: str = "", end: str = "") -> None:
    stop = page.locator("fieldset", has=page.locator("legend", has_text=title))
    stop.get_by_label("Place", exact=True).fill(place)
    option = stop.get_by_role("option", name=place, exact=True)
    option.click()
    if start:
        stop.get_by_label("From").fill(start)
        stop.get_by_label("Until").fill(end)


def test_far_away_loads_are_counted_in_hexagons_and_near_they_stand_alone(
    visit: Visit, board: Board
) -> None:
    page = visit()
    expect(page.locator("#count")).to_contain_text("in the map view, 200 listed")
    assert total(page) == board.search()["total"]
    with page.expect_response("**/v1/search/hexes") as answer:
        page.get_by_role("button", name="Zoom in").click()
    hexes = answer.value.json()
    settled(page)
    assert sum(hexagon["properties"]["count"] for hexagon in hexes["features"]) == total(page)

    load = board.post(**load_from(next(REFERENCE), 44.05, -103.9))
    page = visit(query="?at=-103.9,44.05,9")
    assert ids(page) == [load["id"]]
    settled(page)
    page.mouse.click(*middle(page))
    expect(page.locator("#details")).to_contain_text(load["reference"])
    expect(page.locator("#details")).to_contain_text("Dallas, TX")


def test_a_hexagon_that_is_clicked_is_zoomed_into(visit: Visit) -> None:
    page = visit(query="?at=-84.39,33.75,3.5")
    settled(page)
    page.mouse.click(*middle(page))
    settled(page)
    assert at(page)[2] > 4


def test_the_list_follows_the_map(visit: Visit, board: Board) -> None:
    page = visit(query="?at=-84.4,33.7,7.5")
    before = ids(page)
    x, y = middle(page)
    with page.expect_request("**/v1/search") as request:
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 250, y, steps=4)
        page.mouse.up()
    settled(page)
    west, south, east, north = sent(request.value)["pickup"]["bbox"]
    lon, lat, _ = at(page)
    assert lon > -84.4
    assert west < lon < east
    assert south < lat < north
    inside = board.search(pickup={"bbox": [west, south, east, north]})
    assert ids(page) == ids_of(inside) != before
    assert total(page) == inside["total"]


def test_filters_narrow_to_what_the_api_answers(visit: Visit, board: Board) -> None:
    page = visit()
    page.locator("#pickup-kind").select_option("near")
    page.get_by_label("Origin town or ZIP code").fill("Dallas, T")
    page.get_by_role("option", name="Dallas, TX", exact=True).click()
    page.get_by_label("Origin radius in miles").fill("300")
    page.locator("#delivery-kind").select_option("states")
    page.get_by_label("Destination states").fill("ca, az nv, tx, GA, il")
    page.locator("#equipment-menu summary").click()
    page.get_by_label("Van", exact=True).check()
    page.get_by_label("Flatbed", exact=True).check()
    page.get_by_role("button", name="More filters").click()
    page.get_by_label("Full or partial", exact=True).first.select_option("yes")
    page.get_by_label("Max weight, lb").fill("40000")
    page.get_by_label("Min $ per mile").fill("1.8")
    page.get_by_label("Include unknown values").uncheck()
    page.locator("#sort").select_option("distance")
    settled(page)
    wanted = {
        "pickup": {"near": {"place": "Dallas, TX"}, "radius_mi": 300},
        "delivery": {"states": ["CA", "AZ", "NV", "TX", "GA", "IL"]},
        "equipment": ["van", "flatbed"],
        "full": True,
        "max_weight_lb": 40_000,
        "min_rate_per_mile_cents": 180,
        "include_unknown": False,
        "sort": "distance",
    }
    expected = board.search(**wanted)
    assert 0 < expected["total"] < 200
    assert ids(page) == ids_of(expected)
    expect(page.locator("#count")).to_contain_text("within 300 mi of Dallas, TX")

    page.reload()
    expect(page.locator("#count")).to_contain_text("within 300 mi of Dallas, TX")
    settled(page)
    assert ids(page) == ids_of(expected)
    assert board.tokens["carrier"] not in page.url
    page.get_by_role("button", name="Clear filters").first.click()
    settled(page)
    assert "Dallas" not in page.url
    page.go_back()
    expect(page.locator("#count")).to_contain_text("within 300 mi of Dallas, TX")
    settled(page)
    assert ids(page) == ids_of(expected)


def test_pickup_dates_are_whole_days_of_the_viewer(visit: Visit, board: Board) -> None:
    chicago = ZoneInfo("America/Chicago")
    day = datetime.now(chicago).date() + timedelta(days=1)
    page = visit(query="?at=-84.4,33.7,6.5")
    with page.expect_request("**/v1/search") as request:
        page.get_by_label("Pickup from date").fill(day.isoformat())
        page.get_by_label("Pickup until date").fill(day.isoformat())
        page.keyboard.press("Tab")
        settled(page)
    settled(page)
    bbox = sent(request.value)["pickup"]["bbox"]
    start = datetime(day.year, day.month, day.day, tzinfo=chicago)
    window = {"from": start.isoformat(), "to": (start + timedelta(minutes=1439)).isoformat()}
    expected = board.search(pickup={"bbox": bbox}, pickup_window=window)
    assert 0 < expected["total"] < board.search(pickup={"bbox": bbox})["total"]
    assert sorted(ids(page))[:200] == sorted(ids_of(expected))


def test_a_drawn_area_holds_exactly_what_lies_inside(visit: Visit, board: Board) -> None:
    page = visit(query="?at=-84.4,33.7,6")
    x, y = middle(page)
    page.get_by_role("button", name="Draw area").click()
    expect(page.locator("#hint")).to_contain_text("Click the corners")
    corners = ((-200, -150), (180, -200), (120, 170), (-20, 20))
    for dx, dy in corners:
        page.mouse.click(x + dx, y + dy)
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("in the drawn area")
    settled(page)
    drawn = re.search(r"pickup_area=([^&]+)", page.url)
    assert drawn is not None
    ring = [tuple(map(float, pair.split(","))) for pair in drawn[1].split(";")]
    area = Polygon(ring)
    inside = [
        load["id"]
        for load in board.all_loads()
        if area.covers(Point(load["stops"][0]["lon"], load["stops"][0]["lat"]))
    ]
    camera = (-84.4, 33.7, 6.0)
    meant = [beside(camera, *corner) for corner in (*corners, corners[0])]
    for corner, clicked in zip(ring, meant, strict=True):
        assert corner == pytest.approx(clicked, abs=0.03)
    assert 5 < len(inside) <= 200
    assert sorted(ids(page)) == sorted(inside)

    page.get_by_role("button", name="Clear area").click()
    expect(page.locator("#count")).to_contain_text("in the map view")


def test_a_box_is_drawn_by_dragging_and_escape_leaves_off(visit: Visit) -> None:
    page = visit(query="?at=-84.4,33.7,6")
    x, y = middle(page)
    page.get_by_role("button", name="Draw box").click()
    page.keyboard.press("Escape")
    expect(page.locator("#hint")).to_be_hidden()
    page.get_by_role("button", name="Draw box").click()
    page.mouse.move(x - 100, y - 100)
    page.mouse.down()
    page.mouse.move(x + 100, y + 100, steps=3)
    page.mouse.up()
    expect(page.locator("#count")).to_contain_text("in the drawn area")
    drawn = re.search(r"pickup_area=([^&]+)", page.url)
    assert drawn is not None
    corners = {tuple(map(float, pair.split(","))) for pair in drawn[1].split(";")}
    assert len({lon for lon, _ in corners}) == len({lat for _, lat in corners}) == 2
    assert at(page)[:2] == (-84.4, 33.7)


def test_a_load_that_is_posted_appears_in_the_list_and_on_the_map(
    visit: Visit, board: Board
) -> None:
    page = visit("shipper", "?at=-108.543,46.08,9")
    reference = next(REFERENCE)
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    page.get_by_role("button", name="Post a load").click()
    field(page, "Reference").fill(reference)
    field(page, "Equipment").select_option("reefer")
    fill_stop(page, "Pickup", "Billings, MT", f"{day}T08:00", f"{day}T12:30")
    fill_stop(page, "Delivery", "Chicago, IL")
    expect(page.locator("fieldset .hint").first).to_contain_text("America/Denver")
    field(page, "Rate, $").fill("2450.50")
    field(page, "Weight, lb").fill("41000")
    page.get_by_role("button", name="Post load").click()
    expect(page.locator("#post")).to_be_hidden()
    expect(page.locator("#details")).to_contain_text(reference)
    expect(page.locator("#details")).to_contain_text("8:00 AM – 12:30 PM MST")

    [load] = [one for one in board.all_loads() if one["reference"] == reference]
    denver = ZoneInfo("America/Denver")
    opens = datetime.fromisoformat(load["stops"][0]["window"]["from"])
    assert opens.astimezone(denver).isoformat()[:16] == f"{day}T08:00"
    assert (load["rate_cents"], load["weight_lb"], load["equipment"]) == (245_050, 41_000, "reefer")
    assert load["id"] in ids(page)
    # On the map: where its pickup is, a click opens it.
    page.keyboard.press("Escape")
    expect(page.locator("#details")).to_be_hidden()
    stop = load["stops"][0]
    page = visit("shipper", f"?at={stop['lon']},{stop['lat']},10")
    settled(page)
    page.mouse.click(*middle(page))
    expect(page.locator("#details")).to_be_visible()
    assert f"load={load['id']}" in page.url or "of" in page.locator("#notice").inner_text()


def test_what_the_service_refuses_is_said_at_its_field(
    visit: Visit, board: Board, said: list[str]
) -> None:
    taken = board.post(**load_from(next(REFERENCE), 45.0, -104.9))["reference"]
    page = visit("shipper", "?at=-104.9,45,9")
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    page.get_by_role("button", name="Post a load").click()
    field(page, "Reference").fill(taken)
    fill_stop(page, "Pickup", "Billings, MT", f"{day}T08:00", f"{day}T09:00")
    fill_stop(page, "Delivery", "Chicago, IL")
    page.get_by_role("button", name="Post load").click()
    expect(field(page, "Reference")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#post .field .refused")).to_have_count(1)
    expect(field(page, "Reference")).to_be_focused()

    # A time that the clocks skip is refused before it is sent.
    field(page, "Reference").fill(next(REFERENCE))
    pickup = page.locator("fieldset").first
    pickup.get_by_label("From").fill("2027-03-14T02:30")
    pickup.get_by_label("Until").fill("2027-03-14T06:00")
    page.get_by_role("button", name="Post load").click()
    expect(pickup.get_by_label("From")).to_have_attribute("aria-invalid", "true")
    expect(pickup.locator(".refused")).to_contain_text("does not exist on that day")
    # Of a time that comes twice, the first is meant: 1:30 MDT.
    pickup.get_by_label("Until").fill("2027-11-07T06:00")
    pickup.get_by_label("From").fill("2027-11-07T01:30")
    with page.expect_response("**/v1/loads") as answer:
        page.get_by_role("button", name="Post load").click()
    window = answer.value.json()["stops"][0]["window"]
    assert window == {"from": "2027-11-07T07:30:00Z", "to": "2027-11-07T13:00:00Z"}
    expect(page.locator("#details")).to_be_visible()
    assert [line for line in said if "409" not in line] == []
    said.clear()


def test_an_own_load_is_confirmed_repriced_and_cancelled(visit: Visit, board: Board) -> None:
    load = board.post(**load_from(next(REFERENCE), 43.2, -106.1, rate_cents=100_000))
    page = visit("shipper", f"?at=-106.1,43.2,9&load={load['id']}")
    details = page.locator("#details")
    details.get_by_role("button", name="Confirm: still open").click()
    expect(page.locator("#notice")).to_contain_text("Confirmed")
    details.get_by_label("Rate, $").fill("1234")
    details.get_by_role("button", name="Save rate").click()
    expect(details).to_contain_text("$1,234")
    expect(page.locator(f'#rows tr[data-id="{load["id"]}"]')).to_contain_text("$1,234")
    with board.client("shipper") as client:
        changed = client.get(f"/loads/{load['id']}").json()
    assert changed["rate_cents"] == 123_400
    assert changed["confirmed_at"] > load["confirmed_at"]
    details.get_by_role("button", name="Cancel load…").click()
    page.locator(".ask").get_by_role("button", name="Cancel load").click()
    expect(details).to_contain_text("cancelled")
    expect(page.locator(f'#rows tr[data-id="{load["id"]}"]')).to_have_count(0)
    with board.client("shipper") as client:
        assert client.get(f"/loads/{load['id']}").json()["status"] == "cancelled"


def test_a_carrier_can_change_nothing(visit: Visit, board: Board) -> None:
    load = board.post(**load_from(next(REFERENCE), 42.1, -107.4))
    page = visit(query=f"?at=-107.4,42.1,9&load={load['id']}")
    expect(page.get_by_role("button", name="Post a load")).to_be_hidden()
    expect(page.locator("#details button")).to_have_text(
        ["×", "Offer a rate", "Show contact", "Show whole route"]
    )


def markup_everywhere(value: Any, key: str = "") -> Any:
    """The same answer with markup in every text that a person could have written."""
    if isinstance(value, dict):
        return {name: markup_everywhere(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [markup_everywhere(part, key) for part in value]
    texts = {"reference", "commodity", "name", "place", "zip", "town", "label", "email", "kind"}
    return EVIL if key in texts and value not in ("pickup", "delivery") else value


def test_markup_in_any_text_is_shown_as_text(visit: Visit, board: Board) -> None:
    stored = board.post(**load_from(EVIL, 41.4, -105.8, commodity=EVIL))
    page = visit(query=f"?at=-105.8,41.4,9&load={stored['id']}")
    expect(page.locator("#details")).to_contain_text(EVIL)

    def spoil(route: Route) -> None:
        route.fulfill(json=markup_everywhere(route.fetch().json()))

    page.route(re.compile("/v1/(search|loads/|me|equipment|places)"), spoil)
    page.reload()
    expect(page.locator("#details")).to_contain_text(EVIL)
    expect(page.locator("#rows tr").first.locator(".shipper")).to_have_text(EVIL)
    expect(page.locator("#who")).to_contain_text(EVIL)
    page.locator("#pickup-kind").select_option("near")
    page.get_by_label("Origin town or ZIP code").fill("Dallas")
    expect(page.locator(".suggestions [role=option]").first).to_have_text(EVIL)
    expect(page.locator("#panel img, #details img, #panel b, #details b, header b")).to_have_count(
        0
    )


def test_everything_is_reached_by_keyboard(visit: Visit, board: Board) -> None:
    page = visit(query="?at=-84.4,33.7,7")
    press = page.keyboard.press
    press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    press("Enter")
    press("Tab")
    expect(page.locator("#rows tr").first).to_be_focused()
    press("ArrowDown")
    press("ArrowDown")
    third = page.locator("#rows tr").nth(2)
    expect(third).to_be_focused()
    expect(third).to_have_attribute("aria-selected", "true")
    press("Enter")
    expect(page.locator("#details")).to_be_focused()
    expect(page.locator("#details")).to_contain_text(third.locator(".origin").text_content() or "?")
    press("Escape")
    expect(page.locator("#details")).to_be_hidden()
    expect(third).to_be_focused()

    page.locator("#pickup-kind").focus()
    press("n")
    expect(page.get_by_label("Origin town or ZIP code")).to_be_focused()
    page.keyboard.type("memphis, t")
    expect(page.get_by_role("option", name="Memphis, TN", exact=True)).to_be_visible()
    press("Enter")
    expect(page.locator("#count")).to_contain_text("within 100 mi of Memphis, TN")
    settled(page)
    expected = board.search(pickup={"near": {"place": "Memphis, TN"}, "radius_mi": 100})
    assert ids(page) == ids_of(expected)

    page.get_by_role("button", name="Use this view").focus()
    press("Enter")
    expect(page.locator("#count")).to_contain_text("in the drawn area")
    canvas = page.locator("#map canvas")
    canvas.focus()
    before = at(page)
    press("ArrowLeft")
    page.wait_for_timeout(400)
    assert at(page) != before


def test_a_phone_shows_all_without_scrolling_sideways(visit: Visit) -> None:
    page = visit("shipper", **PHONE)

    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth") == 390)

    assert fits()
    above, below = page.locator("#map").bounding_box(), page.locator("#loads").bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]
    assert above["height"] > 250
    page.get_by_role("button", name="Filters", exact=True).click()
    page.get_by_role("button", name="More filters").click()
    assert fits()
    page.get_by_role("button", name="Filters", exact=True).click()
    page.locator("#rows tr").first.tap()
    expect(page.locator("#details")).to_be_in_viewport()
    assert fits()
    page.get_by_role("button", name="Close details").tap()
    page.get_by_role("button", name="Post a load").tap()
    expect(page.locator("#post")).to_be_in_viewport()
    assert fits()
    assert page.evaluate("document.querySelector('#post').scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    "query",
    ["", "?pickup_near=Dallas,+TX&pickup_miles=300", "?truck_at=Dallas,+TX&truck_equipment=van"],
)
def test_no_figure_of_the_list_is_cut(visit: Visit, query: str) -> None:
    page = visit(query=query)
    cut = """cells => cells.filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => one.className + one.innerText)"""
    cells = page.locator("#rows td:not(.shipper)")
    assert cells.count() > 100
    for width in (390, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        # Of a long town its name is cut, inside its cell, and never its state.
        assert cells.evaluate_all(cut) == [], width
        scroll = page.locator("#scroll").evaluate("it => it.scrollWidth <= it.clientWidth")
        assert scroll, width


def test_nothing_found_says_what_to_do(visit: Visit) -> None:
    page = visit(query="?at=-84.4,33.7,6&min_rate=9000000&unknown=no")
    expect(page.locator("#empty")).to_contain_text("No open loads match")
    page.locator("#empty").get_by_role("button", name="Clear filters").click()
    expect(page.locator("#rows tr").first).to_be_visible()
    assert "min_rate" not in page.url
    assert "unknown" not in page.url


def test_a_bad_token_leads_to_signing_in(visit: Visit, board: Board, said: list[str]) -> None:
    page = visit(None, "#token=wrong")
    expect(page.locator("#sign-in-problem")).to_contain_text("not valid")
    assert "wrong" not in page.url
    page.get_by_text("Use an access token instead").click()
    page.get_by_label("Access token").fill(board.tokens["carrier"])
    page.get_by_role("button", name="Use this token").click()
    expect(page.locator("#rows tr").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#sign-in-form")).to_be_visible()
    assert [line for line in said if "401" not in line] == []
    said.clear()


def test_too_many_requests_are_tried_again_and_an_outage_is_told(
    visit: Visit, said: list[str]
) -> None:
    page = visit(query="?at=-84.4,33.7,7")
    refusals = iter([429, 429])

    def slow_down(route: Route) -> None:
        status = next(refusals, None)
        if status is None:
            route.continue_()
        else:
            route.fulfill(status=status, headers={"Retry-After": "1"}, json={"title": "Slow"})

    page.route("**/v1/search", slow_down)
    page.locator("#sort").select_option("rate")
    expect(page.locator("#notice")).to_contain_text("trying again in 1 s")
    expect(page.locator("#busy")).to_be_hidden()
    rates = page.locator("#rows .rate").all_inner_texts()
    first, second = (int(text.strip("$").replace(",", "")) for text in rates[:2])
    assert first >= second

    shown = ids(page)
    page.unroute("**/v1/search")
    page.route("**/v1/search", lambda route: route.abort())
    page.locator("#sort").select_option("age")
    expect(page.locator("#problem")).to_contain_text("can't be reached")
    assert ids(page) == shown
    page.unroute("**/v1/search")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#problem")).to_be_hidden()
    assert [line for line in said if "429" not in line and "ERR_FAILED" not in line] == []
    said.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(visit: Visit, scheme: str) -> None:
    """WCAG AA: 4.5 to 1, for the text colours of each theme on each of its grounds."""
    page = visit(color_scheme=scheme)
    colours: dict[str, str] = page.evaluate(
        """() => Object.fromEntries(["text", "quiet", "paper", "shade", "chosen", "hover", "accent",
        "on-accent", "bad", "bar", "on-bar"].map((name) => [name,
        getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()]))"""
    )
    grounds = ["paper", "shade", "chosen", "hover"]
    pairs = [(text, ground) for text in ("text", "quiet", "accent") for ground in grounds]
    pairs += [("bad", "paper"), ("bad", "shade"), ("on-accent", "accent"), ("on-bar", "bar")]
    weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    colour = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    red, green, blue = (linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
