"""Drafts: seen by their organisation alone until they are posted."""

from datetime import UTC, datetime, timedelta

from loadboard.loads.expiring import expire
from tests.loadboard.conftest import Member
from tests.loadboard.deals import change, done, refused, send
from tests.loadboard.loads.examples import kinds, load


def test_a_draft_is_kept_changed_and_posted(
    shipper: Member, other_shipper: Member, carrier: Member, database_url: str
) -> None:
    draft = done(shipper.post("/v1/loads", json=load(draft=True)), 201)
    path = f"/v1/loads/{draft['id']}"
    assert (draft["status"], draft["version"]) == ("draft", 1)
    assert "draft" not in draft
    for who in (carrier, other_shipper):
        assert who.get(path).status_code == 404
    assert carrier.post("/v1/search", json={}).json()["total"] == 0
    changed = done(shipper.patch(path, json={"rate_cents": 5}, headers={"If-Match": '"1"'}))
    assert (changed["status"], changed["version"]) == ("draft", 2)
    refused(send(other_shipper, f"{path}/post", version=2), 404, "not-found")
    refused(send(shipper, f"{path}/post", version=1), 412, "stale")
    posted = send(shipper, f"{path}/post", version=2)
    shown = done(posted)
    assert (shown["status"], shown["version"]) == ("posted", 3)
    assert shown["first_posted_at"] > draft["first_posted_at"]
    assert shown["first_posted_at"] == shown["confirmed_at"] == shown["updated_at"]
    private = {"audience", "contact", "addresses"}
    public = {name: value for name, value in shown.items() if name not in private}
    assert carrier.get(path).json().items() >= public.items()
    headers = {"Board-Position": posted.headers["board-position"]}
    [found] = carrier.post("/v1/search", json={}, headers=headers).json()["items"]
    assert found.items() >= public.items()
    refused(send(shipper, f"{path}/post", version=3), 409, "wrong-state")
    assert kinds(database_url) == ["load.drafted", "load.updated", "load.posted"]


def test_the_same_content_again_and_other_content(shipper: Member) -> None:
    draft = done(shipper.post("/v1/loads", json=load(draft=True)), 201)
    again = done(shipper.post("/v1/loads", json=load()))
    assert (again["id"], again["status"]) == (draft["id"], "draft")
    problem = refused(shipper.post("/v1/loads", json=load(rate_cents=5)), 409, "reference-taken")
    assert "is taken by draft" in problem["errors"][0]["message"]


def test_a_draft_can_be_dropped_and_does_not_expire(shipper: Member, database_url: str) -> None:
    draft = done(shipper.post("/v1/loads", json=load(draft=True)), 201)
    assert shipper.service.run(expire(datetime.now(UTC) + timedelta(days=30))) == 0
    change(database_url, "UPDATE load SET expires_at = now()")
    refused(send(shipper, f"/v1/loads/{draft['id']}/post", version=1), 422, "invalid")
    refused(send(shipper, f"/v1/loads/{draft['id']}/confirm"), 409, "closed")
    assert (
        done(send(shipper, f"/v1/loads/{draft['id']}/cancel", version=1))["status"] == "cancelled"
    )
