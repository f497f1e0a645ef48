"""From a posting to the payment, on the pages of a shipper and a carrier."""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Request, expect

from tests.web.conftest import Board, Visit
from tests.web.looking import PHONE
from tests.web.trading import (
    REFERENCES,
    answer,
    asking,
    fill_stop,
    open_load,
    press,
    sheet,
    sign_in,
)

PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
EVIL = '<img src=x onerror="console.error(1)"><b>bold</b>'
TWO_MINUTES = 120


def booking_of(board: Board, load: dict[str, Any]) -> dict[str, Any]:
    with board.client("carrier") as client:
        found = client.get("/bookings", params={"limit": 200}).json()["items"]
    [booking] = [one for one in found if one["load_id"] == load["id"]]
    answered: dict[str, Any] = booking
    return answered


def writes(page: Page) -> list[Request]:
    """The requests of a page that change something, as they come."""
    sent: list[Request] = []
    reading = re.compile(r"/v1/(search|matches|sign-in)")
    page.on(
        "request",
        lambda one: (
            sent.append(one) if one.method != "GET" and not reading.search(one.url) else None
        ),
    )
    return sent


def test_a_load_is_posted_and_booked_within_two_minutes(
    visit: Visit, board: Board, tmp_path: Path
) -> None:
    """By two people who have never been here, each in a browser of their own."""
    shipper, carrier = visit(None), visit(None)
    reference, day = next(REFERENCES), (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    started = time.monotonic()
    sign_in(shipper, board, "shipper")
    shipper.get_by_role("button", name="Post a load").click()
    form = shipper.locator("#post-form")
    form.get_by_label("Reference").fill(reference)
    fill_stop(shipper, 0, "Ely, NV", f"{day}T08:00", f"{day}T12:00")
    fill_stop(shipper, 1, "Reno, NV")
    form.get_by_label("Rate, $").fill("1850")
    form.get_by_label("Who may book at once").select_option("everyone")
    shipper.screenshot(path=tmp_path / "1-posting.png")
    shipper.get_by_role("button", name="Post load").click()
    expect(shipper.locator("#details")).to_contain_text(reference)
    shipper.screenshot(path=tmp_path / "2-posted.png")

    sign_in(carrier, board, "carrier")
    carrier.locator("#pickup-kind").select_option("near")
    carrier.get_by_label("Origin town or ZIP code").fill("Ely, NV")
    carrier.get_by_role("option", name="Ely, NV", exact=True).click()
    carrier.locator("#rows tr", has_text="Reno, NV").first.click()
    carrier.screenshot(path=tmp_path / "3-found.png")
    carrier.locator("#details").get_by_role("button", name="Book now for $1,850").click()
    expect(asking(carrier)).to_contain_text(reference)
    expect(asking(carrier)).to_contain_text("8:00 AM – 12:00 PM PST")
    carrier.screenshot(path=tmp_path / "4-booking.png")
    answer(carrier, "Book for $1,850")
    carrier.get_by_role("link", name="See the booking").click()
    expect(sheet(carrier).locator("[aria-current]")).to_have_text("booked")
    took = time.monotonic() - started
    carrier.screenshot(path=tmp_path / "5-booked.png")
    assert took < TWO_MINUTES

    with board.client("shipper") as client:
        [load] = [
            one for one in client.get("/loads").json()["items"] if one["reference"] == reference
        ]
    assert load["status"] == "booked"
    assert booking_of(board, load)["rate_cents"] == 185_000


def test_a_rate_is_agreed_on_in_rounds(visit: Visit, board: Board) -> None:
    load = open_load(board)
    carrier = visit(query=f"?at=-115.8,40.8,8&load={load['id']}")
    sent = writes(carrier)
    carrier.get_by_role("button", name="Offer a rate").click()
    asking(carrier).get_by_label("Rate, $").fill("1500")
    asking(carrier).get_by_label("Note").fill(EVIL)
    answer(carrier, "Send offer")
    expect(carrier.locator("#details")).to_contain_text("$1,500 is on the table")

    shipper = visit("shipper", f"?view=loads&item={load['id']}")
    offer = sheet(shipper).locator(".rounds > li").first
    expect(offer).to_contain_text("$1,500")
    expect(shipper.locator("#views [data-view=offers] .waiting")).to_have_text("1")
    offer.get_by_role("button", name="Counter…").click()
    asking(shipper).get_by_label("Rate, $").fill("1350.50")
    answer(shipper, "Send counter")
    expect(offer).to_contain_text("waiting")

    carrier.get_by_role("link", name="See the offer").click()
    expect(sheet(carrier)).to_contain_text("Demo Shipper countered")
    expect(sheet(carrier)).to_contain_text(EVIL)
    expect(carrier.locator("#view img, #view .rounds b")).to_have_count(0)
    press(carrier, "Accept $1,350.50")
    expect(asking(carrier)).to_contain_text("Elko, NV")
    answer(carrier, "Accept and book")
    expect(sheet(carrier)).to_contain_text("accepted")
    assert booking_of(board, load)["rate_cents"] == 135_050
    # Each act has a key of its own; what changes something that is there says which version it means.
    keys = [one.headers["idempotency-key"] for one in sent]
    assert len(set(keys)) == len(keys) == 2
    assert "if-match" in sent[-1].headers


def test_an_offer_is_declined_with_a_reason_and_another_withdrawn(
    visit: Visit, board: Board
) -> None:
    load = open_load(board)
    with board.client("carrier") as client:
        made = client.post(
            f"/loads/{load['id']}/offers",
            json={"rate_cents": 200_000},
            headers={"Idempotency-Key": load["reference"]},
        ).json()
    shipper = visit("shipper", f"?view=offers&item={made['id']}")
    press(shipper, "Decline…")
    asking(shipper).get_by_label("Reason").fill("The rate is too high")
    answer(shipper, "Decline")
    expect(sheet(shipper)).to_contain_text("declined")

    carrier = visit(query=f"?view=offers&item={made['id']}")
    expect(sheet(carrier)).to_contain_text("Reason: The rate is too high")
    expect(sheet(carrier).get_by_role("button", name="Accept")).to_have_count(0)
    carrier = visit(query=f"?load={load['id']}")
    carrier.get_by_role("button", name="Request at $1,200").click()
    answer(carrier, "Send request")
    carrier.get_by_role("link", name="See the offer").click()
    press(carrier, "Withdraw…")
    answer(carrier, "Withdraw")
    expect(sheet(carrier)).to_contain_text("withdrawn")


def test_a_booking_is_followed_until_it_is_paid(visit: Visit, board: Board) -> None:
    load = open_load(board, instant="everyone")
    with board.client("carrier") as client:
        headers = {"Idempotency-Key": load["reference"], "If-Match": f'"{load["version"]}"'}
        booked = client.post(
            f"/loads/{load['id']}/book", json={"rate_cents": 120_000}, headers=headers
        ).json()
    carrier = visit(query=f"?view=bookings&item={booked['id']}")
    now = sheet(carrier).locator("[aria-current]")
    with carrier.expect_download() as download:
        press(carrier, "Rate confirmation (PDF)")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    press(carrier, "Dispatch…")
    answer(carrier, "Dispatch")
    expect(now).to_have_text("dispatched")
    for step in ("picked up", "in transit", "delivered"):
        press(carrier, "Report…")
        answer(carrier, "Report")
        expect(now).to_have_text(step)
    press(carrier, "Add a paper…")
    paper = FilePayload(name="signed.pdf", mimeType="application/pdf", buffer=PDF)
    asking(carrier).get_by_label("File").set_input_files(paper)
    answer(carrier, "Add paper")
    expect(sheet(carrier)).to_contain_text("signed.pdf")
    press(carrier, "Invoice…")
    asking(carrier).get_by_label("Invoice number").fill("INV-7")
    answer(carrier, "Send invoice")
    expect(now).to_have_text("invoiced")

    shipper = visit("shipper", f"?view=bookings&item={booked['id']}")
    with shipper.expect_download() as download:
        press(shipper, "Download")
    assert Path(download.value.path()).read_bytes() == PDF
    press(shipper, "Mark as paid…")
    asking(shipper).get_by_label("Payment reference").fill("ACH 4711")
    answer(shipper, "Mark as paid")
    expect(sheet(shipper).locator("[aria-current]")).to_have_text("paid")
    paid = booking_of(board, load)
    assert paid["status"] == "paid"
    assert paid["invoice"]["payment_reference"] == "ACH 4711"
    assert len(paid["reports"]) == 3


def test_a_load_is_booked_by_keyboard_alone(visit: Visit, board: Board) -> None:
    load = open_load(board, instant="everyone", rate_cents=99_900)
    page = visit(query="?pickup_near=Elko,+NV&pickup_miles=20&sort=rate")
    press = page.keyboard.press
    for key in ("Tab", "Enter", "Tab"):
        press(key)
    row = page.locator(f'#rows tr[data-id="{load["id"]}"]')
    expect(page.locator("#rows tr").first).to_be_focused()
    for _ in range(page.locator("#rows tr").count()):
        if row.get_attribute("aria-selected") == "true":
            break
        press("ArrowDown")
    # Once it is booked there is no way to be drawn and no price to be told any more.
    with page.expect_response("**/route"), page.expect_response("**/history"):
        press("Enter")
    expect(page.locator("#details")).to_be_focused()
    tab_to(page, "Book now for $999")
    press("Enter")
    expect(asking(page)).to_be_visible()
    tab_to(page, "Book for $999")
    press("Enter")
    expect(asking(page)).to_have_count(0)
    assert booking_of(board, load)["rate_cents"] == 99_900
    # On to the booking, by the links in the head of the page.
    page.locator("#views a").first.focus()
    tab_to(page, "Bookings")
    press("Enter")
    expect(page.locator("#view h2").first).to_have_text("Bookings")
    page.locator(".ledger tbody tr").first.focus()
    press("Enter")
    expect(sheet(page)).to_be_focused()
    expect(sheet(page)).to_contain_text(load["reference"])
    press("Escape")
    expect(sheet(page)).to_be_hidden()
    expect(page.locator(".ledger tbody tr").first).to_be_focused()


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until what has this name is focused."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.innerText ?? ''")
        if focused.strip().startswith(name):
            return
    pytest.fail(f"{name!r} is not reached by Tab")


def test_the_contact_is_told_to_who_asks_and_the_poster_sees_who(
    visit: Visit, board: Board
) -> None:
    contact = {"name": EVIL, "phone": "+1 775 555 0100", "email": "dock@shipper.example"}
    load = open_load(board, contact=contact)
    carrier = visit(query=f"?load={load['id']}")
    expect(carrier.locator("#details")).not_to_contain_text("775")
    carrier.get_by_role("button", name="Show contact").click()
    expect(carrier.locator("#details")).to_contain_text("+1 775 555 0100")
    expect(carrier.locator("#details")).to_contain_text(EVIL)
    link = carrier.get_by_role("link", name="+1 775 555 0100")
    expect(link).to_have_attribute("href", "tel:+17755550100")
    shipper = visit("shipper", f"?view=loads&item={load['id']}")
    expect(sheet(shipper)).to_contain_text("Asked for the contact")
    expect(sheet(shipper)).to_contain_text("Demo Carrier")


def test_a_posting_is_changed_in_its_form_and_its_price_kept_in_mind(
    visit: Visit, board: Board
) -> None:
    load = open_load(board, commodity="paper", weight_lb=30_000)
    shipper = visit("shipper", f"?view=loads&item={load['id']}")
    press(shipper, "Change…")
    form = shipper.locator("#post-form")
    expect(form.get_by_label("Commodity")).to_have_value("paper")
    expect(shipper.locator("fieldset.stop").first.get_by_label("Place", exact=True)).to_have_value(
        "Elko, NV"
    )
    form.get_by_label("Rate, $").fill("1300")
    form.get_by_label("Who may book at once").select_option("everyone")
    shipper.get_by_role("button", name="Save changes").click()
    expect(sheet(shipper)).to_contain_text("all book at once")
    with board.client("shipper") as client:
        now = client.get(f"/loads/{load['id']}").json()
    assert (now["rate_cents"], now["version"], now["instant"]) == (130_000, 2, "everyone")
    assert now["stops"] == load["stops"]
    assert (now["commodity"], now["weight_lb"]) == ("paper", 30_000)
    carrier = visit(query=f"?load={load['id']}")
    expect(carrier.locator("#details")).to_contain_text("Price history")
    expect(carrier.locator("#details .rounds")).to_contain_text("+$100")


def test_what_somebody_changed_meanwhile_is_not_overwritten(
    visit: Visit, board: Board, said: list[str]
) -> None:
    load = open_load(board, instant="everyone")
    carrier = visit(query=f"?load={load['id']}")
    carrier.get_by_role("button", name="Book now for $1,200").click()
    with board.client("shipper") as client:
        changed = client.patch(
            f"/loads/{load['id']}",
            json={"rate_cents": 110_000},
            headers={"If-Match": f'"{load["version"]}"'},
        )
    assert changed.status_code == 200
    asking(carrier).get_by_role("button", name="Book for $1,200").click()
    expect(asking(carrier).locator(".refused")).to_contain_text("Somebody changed this meanwhile")
    carrier.keyboard.press("Escape")
    expect(carrier.get_by_role("button", name="Book now for $1,100")).to_be_visible()
    with board.client("shipper") as client:
        assert client.get(f"/loads/{load['id']}").json()["status"] == "posted"
    assert [line for line in said if "412" not in line] == []
    said.clear()


@pytest.mark.parametrize("role", ["shipper", "carrier", "operator"])
def test_each_view_fits_a_phone(visit: Visit, role: str, board: Board) -> None:
    open_load(board)
    page = visit(role, **PHONE)
    names = [
        str(link.get_attribute("data-view"))
        for link in page.locator("#views a").all()
        if link.get_attribute("data-view") != "search"
    ]
    assert names
    for name in names:
        page.locator(f'#views [data-view="{name}"]').tap()
        expect(page.locator("#view .said")).not_to_have_text("Loading…")
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name
        if not page.locator(".ledger tbody tr").count():
            continue
        page.locator(".ledger tbody tr").first.tap()
        expect(sheet(page)).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name
        assert sheet(page).evaluate("it => it.scrollWidth <= innerWidth"), name
        page.get_by_role("button", name="Close details").last.tap()
        expect(sheet(page)).to_be_hidden()


def test_views_have_addresses_and_the_search_is_found_as_it_was_left(
    visit: Visit, board: Board
) -> None:
    load = open_load(board)
    page = visit("shipper", "?at=-84.4,33.7,6")
    listed = page.locator("#count").inner_text()
    page.locator("#views [data-view=loads]").click()
    expect(page.locator("#view h2").first).to_have_text("My loads")
    page.locator(f'.ledger tr[data-id="{load["id"]}"]').click()
    expect(sheet(page)).to_contain_text(load["reference"])
    assert page.url.endswith(f"?view=loads&item={load['id']}")
    page.go_back()
    expect(sheet(page)).to_be_hidden()
    page.go_forward()
    expect(sheet(page)).to_contain_text(load["reference"])
    page.locator("#views [data-view=search]").click()
    expect(page.locator("#count")).to_have_text(listed)
    assert "at=-84.4" in page.url
    page.go_back()
    expect(page.locator("#view h2").first).to_have_text("My loads")
