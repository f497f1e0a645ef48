"""Signing in by password, the people of an organisation, and the operator's view of all."""

import json
import re

import httpx
from playwright.sync_api import Page, expect

from tests.web.conftest import Board, Visit
from tests.web.trading import answer, asking, open_load, press, sheet, sign_in

EVIL = '<img src=x onerror="console.error(1)"><b>bold</b>'
PASSWORD = "correct horse battery staple"


def follow_invitation(page: Page, visit: Visit, name: str) -> Page:
    """Opens the link that the dialog shows, in a browser of its own, and joins by it."""
    link = asking(page).locator("output").inner_text()
    answer(page, "Done")
    joined = visit(None, re.sub(r"^[^#]*", "", link))
    assert "invitation" not in joined.url
    joined.get_by_label("Your name").fill(name)
    joined.locator("#join-password").fill(PASSWORD)
    joined.keyboard.press("Enter")
    expect(joined.locator("#count")).to_contain_text("load")
    return joined


def test_a_sign_in_is_renewed_unnoticed_and_ends_with_signing_out(
    visit: Visit, board: Board, said: list[str]
) -> None:
    page = visit(None)
    page.locator("#email").fill("carrier@demo.example")
    page.locator("#password").fill("not this one at all")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-problem")).not_to_be_empty()
    sign_in(page, board, "carrier")
    kept = json.loads(page.evaluate("localStorage.getItem('loadboard-sign-in')"))
    # The access token has ended; the page gets another, and nobody is asked.
    page.evaluate("kept => localStorage.setItem('loadboard-sign-in', kept)", json.dumps(kept | {"access_token": "ended"}))  # fmt: skip
    page.goto(f"{board.url}/?view=offers")
    expect(page.locator("#view h2").first).to_have_text("Offers")
    renewed = json.loads(page.evaluate("localStorage.getItem('loadboard-sign-in')"))
    assert renewed["refresh_token"] != kept["refresh_token"]
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#sign-in-form")).to_be_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    # What was kept is good for nothing any more.
    page.evaluate("kept => localStorage.setItem('loadboard-sign-in', kept)", json.dumps(renewed))
    page.reload()
    expect(page.locator("#sign-in-problem")).to_contain_text("not valid")
    assert [line for line in said if "401" not in line] == []
    said.clear()


def test_an_operator_makes_verifies_and_suspends_an_organisation(
    visit: Visit, board: Board, said: list[str]
) -> None:
    page = visit("operator", "?view=organizations")
    page.get_by_role("button", name="New organisation…").click()
    asking(page).get_by_label("Name").fill(EVIL)
    asking(page).get_by_label("Kind").select_option("carrier")
    asking(page).get_by_label("USDOT number").fill("7654321")
    asking(page).get_by_label("E-mail").fill("owner@new-carrier.example")
    asking(page).get_by_role("button", name="Make organisation").click()
    expect(asking(page)).to_contain_text("shown this once")
    owner = follow_invitation(page, visit, EVIL)
    expect(owner.locator("#who")).to_contain_text(EVIL)

    load = open_load(board, instant="everyone")
    owner.goto(f"{board.url}/?load={load['id']}")
    owner.get_by_role("button", name="Book now for $1,200").click()
    asking(owner).get_by_role("button", name="Book for $1,200").click()
    expect(asking(owner).locator(".refused")).to_contain_text("authority is not on record")
    owner.keyboard.press("Escape")

    page.get_by_label("Search organisations").fill("7654321")
    expect(page.locator(".ledger tbody tr")).to_have_count(1)
    page.locator(".ledger tbody tr").click()
    expect(sheet(page)).to_contain_text("owner@new-carrier.example")
    press(page, "Authority and insurance…")
    asking(page).get_by_label("Operating authority").select_option("active")
    asking(page).get_by_label("Insured until").fill("2099-12-31")
    answer(page, "Save")
    expect(sheet(page)).to_contain_text("Dec 31, 2099")
    owner.get_by_role("button", name="Book now for $1,200").click()
    answer(owner, "Book for $1,200")

    press(page, "Suspend…")
    answer(page, "Suspend")
    expect(sheet(page).locator("[data-status=suspended]")).to_be_visible()
    expect(page.locator("#view img, #view td b, #view .sheet h2 b")).to_have_count(0)
    owner.reload()
    expect(owner.locator("#sign-in-form")).to_be_visible()
    press(page, "Lift the suspension")
    expect(sheet(page).locator("[data-status=active]")).to_be_visible()
    assert [line for line in said if not re.search("401|403|409", line)] == []
    said.clear()


def test_an_owner_invites_people_and_makes_keys(
    visit: Visit, board: Board, said: list[str]
) -> None:
    page = visit("carrier", "?view=people")
    page.get_by_role("button", name="Invite…").click()
    asking(page).get_by_label("E-mail").fill("driver@demo.example")
    asking(page).get_by_label("Role").select_option("driver")
    asking(page).get_by_role("button", name="Make invitation").click()
    driver = follow_invitation(page, visit, "A. Driver")
    expect(driver.locator("#views")).not_to_contain_text("Offers")
    page.get_by_role("button", name="People", exact=True).click()
    page.locator(".ledger tr", has_text="A. Driver").click()
    press(page, "Change…")
    asking(page).get_by_label("Role").select_option("dispatcher")
    answer(page, "Save")
    expect(sheet(page)).to_contain_text("dispatcher")
    press(page, "Disable…")
    answer(page, "Disable")
    expect(sheet(page)).to_contain_text("disabled")

    page.get_by_role("button", name="API keys").click()
    page.get_by_role("button", name="New API key…").click()
    asking(page).get_by_label("Name").fill("Our machine")
    asking(page).get_by_label("loads:read").check()
    asking(page).get_by_role("button", name="Make key").click()
    key = asking(page).locator("output").inner_text()
    assert key.startswith("lb_")
    answer(page, "Done")
    with board.client("carrier") as client:
        headers = {"Authorization": f"Bearer {key}"}
        assert client.post("/search", json={"limit": 1}, headers=headers).status_code == 200
        page.locator(".ledger tr", has_text="Our machine").click()
        press(page, "Revoke…")
        answer(page, "Revoke key")
        expect(sheet(page)).to_contain_text("revoked")
        assert client.post("/search", json={"limit": 1}, headers=headers).status_code == 401
    assert said == []


def test_a_load_for_a_network_is_seen_by_its_carriers_alone(visit: Visit, board: Board) -> None:
    with board.client("carrier") as client:
        carrier = client.get("/me").json()["organization"]
    page = visit("shipper", "?view=networks")
    page.get_by_role("button", name="New network…").click()
    asking(page).get_by_label("Name").fill(EVIL)
    answer(page, "Make network")
    expect(sheet(page)).to_contain_text("None yet")
    load = open_load(board)
    page.locator("#views [data-view=loads]").click()
    page.locator(f'.ledger tr[data-id="{load["id"]}"]').click()
    press(page, "Change…")
    page.locator("#post-form").get_by_label("Who sees it").select_option("chosen")
    page.locator("#post-form").get_by_label(EVIL).check()
    page.get_by_role("button", name="Save changes").click()
    expect(sheet(page)).to_contain_text("1 of your networks")

    def sees() -> bool:
        with board.client("carrier") as client:
            return client.get(f"/loads/{load['id']}").status_code == 200

    assert not sees()
    page.locator("#views [data-view=networks]").click()
    page.locator(".ledger tbody tr", has_text="bold").click()
    press(page, "Add a carrier…")
    asking(page).get_by_label("Organisation").fill(f"no. {carrier['id']}")
    answer(page, "Add carrier")
    expect(sheet(page)).to_contain_text(carrier["name"])
    assert sees()
    press(page, "Remove Demo Carrier")
    expect(sheet(page)).to_contain_text("None yet")
    assert not sees()
    expect(page.locator("#view img, #view td b, .sheet h2 b")).to_have_count(0)


def test_organisations_that_block_each_other_see_nothing_of_each_other(
    visit: Visit, board: Board
) -> None:
    load = open_load(board)
    with board.client("carrier") as client:
        carrier = client.get("/me").json()["organization"]
        page = visit("shipper", "?view=blocks")
        page.get_by_role("button", name="Block an organisation…").click()
        asking(page).get_by_label("Organisation").fill(f"no. {carrier['id']}")
        answer(page, "Block")
        expect(page.locator(".ledger tbody tr")).to_have_count(1)
        assert client.get(f"/loads/{load['id']}").status_code == 404
        page.locator(".ledger tbody tr").click()
        press(page, "End the block")
        expect(page.locator(".ledger tbody tr")).to_have_count(0)
        assert client.get(f"/loads/{load['id']}").status_code == 200


def test_a_password_is_changed_by_its_owner(visit: Visit, board: Board, said: list[str]) -> None:
    page = visit("operator", "?view=people")
    page.get_by_role("button", name="Invite…").click()
    asking(page).get_by_label("E-mail").fill("second@demo.example")
    asking(page).get_by_role("button", name="Make invitation").click()
    person = follow_invitation(page, visit, "Second of the staff")
    person.get_by_title("Your account").click()
    expect(asking(person)).to_contain_text("second@demo.example")
    person.get_by_role("button", name="Change password…").click()
    asking(person).get_by_label("Present password").fill("not the present one")
    asking(person).get_by_label("New password").fill(f"another {PASSWORD}")
    asking(person).get_by_role("button", name="Change password", exact=True).click()
    expect(asking(person).locator(".refused")).not_to_be_empty()
    asking(person).get_by_label("Present password").fill(PASSWORD)
    answer(person, "Change password")
    person.get_by_role("button", name="Sign out").click()
    person.locator("#email").fill("second@demo.example")
    person.locator("#password").fill(f"another {PASSWORD}")
    person.keyboard.press("Enter")
    expect(person.locator("#count")).to_contain_text("load")
    assert [line for line in said if not re.search("401|403|422", line)] == []
    said.clear()


def test_who_comes_back_from_an_issuer_is_signed_in(
    visit: Visit, board: Board, said: list[str]
) -> None:
    with httpx.Client(base_url=board.url, trust_env=False) as client:
        assert client.get("/v1/sign-in").json() == {"oidc": False}
        body = {"email": "shipper@demo.example", "password": board.passwords["shipper"]}
        tokens = client.post("/v1/sign-in", json=body).json()
    page = visit(None, f"#refresh_token={tokens['refresh_token']}")
    expect(page.locator("#who")).to_contain_text("Demo Shipper")
    assert "refresh_token" not in page.url
    page = visit(None, "#refresh_token=long-gone")
    expect(page.locator("#sign-in-problem")).not_to_be_empty()
    expect(page.locator("#oidc")).to_be_hidden()
    page.route("**/v1/sign-in", lambda route: route.fulfill(json={"oidc": True}))
    page.reload()
    expect(page.locator("#oidc")).to_have_attribute("href", "/v1/sign-in/oidc")
    expect(page.locator("#oidc")).to_be_visible()
    assert [line for line in said if "401" not in line] == []
    said.clear()
