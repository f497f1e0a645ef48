"""Who may do what, operation by operation: written down once more, so that the service is held to it.

For each operation the roles that may among posters, among carriers, and at the operator: o owner,
d dispatcher, r driver, a accountant, v viewer, s staff.
"""

from datetime import UTC, datetime
from typing import Any

from tests.loadboard.loads.examples import load
from tests.loadboard.world import TRUCK

NOBODY = ("", "", "")
ALL = ("odrav", "odrav", "s")
DESKS = ("od", "od", "")
READERS = ("odav", "odav", "")
PARTIES = ("odrav", "odrav", "")
OWNERS = ("o", "o", "s")
OPEN = {
    "GET /v1/sign-in", "POST /v1/sign-in", "POST /v1/sign-in/refresh", "POST /v1/sign-in/invitation", "GET /v1/sign-in/oidc",
    "GET /v1/sign-in/oidc/callback", "GET /healthz", "GET /readyz",
}  # fmt: skip
"""What asks nobody who they are."""
MAY = {
    "POST /v1/loads/import": ("od", "", ""),
    "POST /v1/loads": ("od", "", ""),
    "GET /v1/loads": ("odav", "", ""),
    "GET /v1/loads/{load_id}": ALL,
    "PATCH /v1/loads/{load_id}": ("od", "", ""),
    "POST /v1/loads/{load_id}/post": ("od", "", ""),
    "POST /v1/loads/{load_id}/cancel": ("od", "", ""),
    "POST /v1/loads/{load_id}/confirm": ("od", "", ""),
    "GET /v1/loads/{load_id}/history": ALL,
    "GET /v1/loads/{load_id}/route": ALL,
    "POST /v1/loads/{load_id}/contact": ("", "odr", ""),
    "GET /v1/loads/{load_id}/contact/views": ("odav", "", ""),
    "POST /v1/loads/{load_id}/offers": ("", "od", ""),
    "GET /v1/loads/{load_id}/offers": READERS,
    "POST /v1/loads/{load_id}/tenders": ("od", "", ""),
    "POST /v1/loads/{load_id}/book": ("", "od", ""),
    "GET /v1/offers": READERS,
    "GET /v1/offers/{offer_id}": READERS,
    "POST /v1/offers/{offer_id}/counter": DESKS,
    "POST /v1/offers/{offer_id}/accept": DESKS,
    "POST /v1/offers/{offer_id}/decline": DESKS,
    "POST /v1/offers/{offer_id}/withdraw": DESKS,
    "GET /v1/bookings": PARTIES,
    "GET /v1/bookings/{booking_id}": PARTIES,
    "GET /v1/bookings/{booking_id}/rate-confirmation": PARTIES,
    "GET /v1/bookings/{booking_id}/rate-confirmation.pdf": PARTIES,
    "GET /v1/bookings/{booking_id}/documents/{document_id}": PARTIES,
    "POST /v1/bookings/{booking_id}/documents": ("odra", "odra", ""),
    "POST /v1/bookings/{booking_id}/cancel": DESKS,
    "POST /v1/bookings/{booking_id}/dispatch": ("", "od", ""),
    "POST /v1/bookings/{booking_id}/reports": ("", "odr", ""),
    "POST /v1/bookings/{booking_id}/invoice": ("", "oa", ""),
    "POST /v1/bookings/{booking_id}/pay": ("oa", "", ""),
    "POST /v1/search": ALL,
    "GET /v1/search": ALL,
    "POST /v1/search/hexes": ALL,
    "POST /v1/matches": ("", "odrav", ""),
    "GET /v1/matches/why": ("", "odrav", ""),
    "POST /v1/trucks": ("", "od", ""),
    "GET /v1/trucks": ("", "odrav", ""),
    "GET /v1/trucks/{truck_id}": ("", "odrav", ""),
    "POST /v1/trucks/{truck_id}/withdraw": ("", "od", ""),
    "POST /v1/networks": ("od", "", ""),
    "GET /v1/networks": ("od", "", ""),
    "PATCH /v1/networks/{network_id}": ("od", "", ""),
    "DELETE /v1/networks/{network_id}": ("od", "", ""),
    "GET /v1/networks/{network_id}/members": ("od", "", ""),
    "POST /v1/networks/{network_id}/members": ("od", "", ""),
    "DELETE /v1/networks/{network_id}/members/{organization_id}": ("od", "", ""),
    "GET /v1/blocks": DESKS,
    "POST /v1/blocks": DESKS,
    "DELETE /v1/blocks/{organization_id}": DESKS,
    "GET /v1/places": ALL,
    "GET /v1/roads": ALL,
    "GET /v1/me": ALL,
    "GET /v1/equipment": ALL,
    "POST /v1/me/password": ALL,
    "POST /v1/sign-out": ALL,
    "GET /v1/people": ("od", "od", "s"),
    "GET /v1/people/{person_id}": ("od", "od", "s"),
    "PATCH /v1/people/{person_id}": OWNERS,
    "POST /v1/invitations": OWNERS,
    "GET /v1/invitations": OWNERS,
    "DELETE /v1/invitations/{invitation_id}": OWNERS,
    "POST /v1/keys": OWNERS,
    "GET /v1/keys": OWNERS,
    "POST /v1/keys/{key_id}/revoke": OWNERS,
    "GET /v1/organizations": ("", "", "s"),
    "POST /v1/organizations": ("", "", "s"),
    "GET /v1/organizations/{organization_id}": ("", "", "s"),
    "PATCH /v1/organizations/{organization_id}": ("", "", "s"),
    "GET /v1/organizations/{organization_id}/people": ("", "", "s"),
}
NEEDS_STANDING = {
    "POST /v1/loads/{load_id}/offers", "POST /v1/loads/{load_id}/book", "POST /v1/offers/{offer_id}/counter",
    "POST /v1/offers/{offer_id}/accept",
}  # fmt: skip
"""What a carrier may do only with active authority and insurance that runs."""
OF_A_READING_KEY = {
    "GET /v1/loads/{load_id}", "GET /v1/loads/{load_id}/history", "GET /v1/loads/{load_id}/route",
    "POST /v1/loads/{load_id}/contact", "POST /v1/search", "GET /v1/search", "POST /v1/search/hexes", "POST /v1/matches",
    "GET /v1/matches/why", "GET /v1/places", "GET /v1/roads", "GET /v1/me", "GET /v1/equipment",
}  # fmt: skip
"""What a carrier's key may do that has the scope loads:read and no other."""

PATCH = {"Content-Type": "application/merge-patch+json"}
RATE, REASON = {"rate_cents": 185_000}, {"reason": "Why not"}
SENT: dict[str, dict[str, Any]] = {
    "POST /v1/loads/import": {"content": b"{}"},
    "POST /v1/loads": {"json": load(reference="matrix")},
    "PATCH /v1/loads/{load_id}": {"json": {"commodity": "pulp"}, "headers": PATCH},
    "POST /v1/loads/{load_id}/offers": {"json": RATE},
    "POST /v1/loads/{load_id}/tenders": {"json": {**RATE, "carrier_id": "D"}},
    "POST /v1/loads/{load_id}/book": {"json": RATE},
    "POST /v1/offers/{offer_id}/counter": {"json": RATE},
    "POST /v1/offers/{offer_id}/decline": {"json": REASON},
    "POST /v1/bookings/{booking_id}/documents": {
        "params": {"kind": "other", "name": "a.pdf"},
        "content": b"%PDF-1.7\n",
    },
    "POST /v1/bookings/{booking_id}/cancel": {"json": REASON},
    "POST /v1/bookings/{booking_id}/dispatch": {"json": {"driver_id": "person Cd", "truck_id": "truck C"}},
    "POST /v1/bookings/{booking_id}/reports": {
        "json": {"kind": "position", "at": datetime.now(UTC).isoformat(), "where": {"place": "Dallas, TX"}}
    },
    "POST /v1/bookings/{booking_id}/invoice": {"json": {"number": "1", "amount_cents": 1}},
    "POST /v1/bookings/{booking_id}/pay": {"json": {"reference": "1", "amount_cents": 1}},
    "POST /v1/search": {"json": {}},
    "POST /v1/search/hexes": {"json": {}},
    "POST /v1/matches": {"json": {"truck": TRUCK}},
    "GET /v1/matches/why": {"params": {"load": "load public", "truck": "truck C"}},
    "POST /v1/trucks": {"json": TRUCK},
    "POST /v1/networks": {"json": {"name": "Matrix"}},
    "PATCH /v1/networks/{network_id}": {"json": {"name": "Matrix"}},
    "POST /v1/networks/{network_id}/members": {"json": {"organization_id": "D"}},
    "POST /v1/blocks": {"json": {"organization_id": 1_999_999_999}},
    "GET /v1/places": {"params": {"q": "Dallas"}},
    "PATCH /v1/people/{person_id}": {"json": {"name": "Somebody"}},
    "POST /v1/invitations": {"json": {"email": "matrix@new.example", "role": "viewer"}},
    "POST /v1/keys": {"json": {"name": "Matrix", "role": "viewer", "scopes": ["loads:read"]}},
    "POST /v1/organizations": {"json": {"name": "New", "kind": "carrier", "owner_email": "x@y.example"}},
    "PATCH /v1/organizations/{organization_id}": {"json": {"authority": "active"}},
    "POST /v1/me/password": {"json": {}},
}  # fmt: skip
"""What is sent with each, good but for the ids; a string that names something stands for its id."""

READ = {
    "load public": "PCDUO", "load instant": "PCDUO", "load network": "PCO", "load named": "PCO", "load draft": "P",
    "load closed": "P", "load hauled 1": "P", "load theirs": "QCDBUO", "load hauled 3": "Q", "load suspended": "O",
}  # fmt: skip
OWN = {name: seen[0] if seen[0] in "PQ" else "" for name, seen in READ.items()}
OFFERS = {"offer C": "PC", "offer D": "QD", "offer B": "PB"}
# R is the driver of C, sent on the way with the first booking.
BOOKINGS = {"booking 1": "PCR", "booking 2": "PD", "booking 3": "QC"}
MINE = {
    kind: {f"{kind} {letter}": letter for letter in letters}
    for kind, letters in {"network": "PQ", "truck": "CD", "key": "PCO", "invitation": "PCO"}.items()
}
PEOPLE = {f"person {who}": who[0] for who in ("Po", "Pv", "Co", "Cr", "Do", "Os")}


def only(whom: str, reach: dict[str, str]) -> dict[str, str]:
    return {name: "".join(letter for letter in seen if letter in whom) for name, seen in reach.items()}  # fmt: skip


Slot = tuple[str, str]
REACH: dict[Slot, dict[str, str]] = {
    **{(f"GET /v1/loads/{{load_id}}{more}", "load_id"): READ for more in ("", "/history", "/route")},
    # Whoever made an offer before a block still sees that one.
    ("GET /v1/loads/{load_id}/offers", "load_id"): {**only("PQCDBU", READ), "load public": "PCDUB"},
    ("GET /v1/loads/{load_id}/contact/views", "load_id"): OWN,
    # Who has booked a load is told whom to call.
    ("POST /v1/loads/{load_id}/contact", "load_id"): {**only("CDBU", READ), "load hauled 1": "C", "load hauled 3": "C"},
    ("POST /v1/loads/{load_id}/offers", "load_id"): only("CDB", READ),
    ("POST /v1/loads/{load_id}/book", "load_id"): only("CDB", READ),
    ("GET /v1/matches/why", "load"): only("C", READ),
    ("PATCH /v1/loads/{load_id}", "load_id"): OWN,
    **{(f"POST /v1/loads/{{load_id}}/{act}", "load_id"): OWN for act in ("post", "cancel", "confirm", "tenders")},
    ("GET /v1/offers/{offer_id}", "offer_id"): OFFERS,
    **{(f"POST /v1/offers/{{offer_id}}/{act}", "offer_id"): OFFERS for act in ("counter", "accept", "decline", "withdraw")},
    **{(f"GET /v1/bookings/{{booking_id}}{more}", "booking_id"): BOOKINGS
       for more in ("", "/rate-confirmation", "/rate-confirmation.pdf")},
    ("GET /v1/bookings/{booking_id}/documents/{document_id}", "booking_id"): BOOKINGS,
    ("GET /v1/bookings/{booking_id}/documents/{document_id}", "document_id"): {
        "document 1": "PCR", "document 2": "", "document 3": ""
    },
    ("POST /v1/bookings/{booking_id}/documents", "booking_id"): BOOKINGS,
    ("POST /v1/bookings/{booking_id}/cancel", "booking_id"): only("PQCD", BOOKINGS),
    ("POST /v1/bookings/{booking_id}/dispatch", "booking_id"): only("CD", BOOKINGS),
    ("POST /v1/bookings/{booking_id}/reports", "booking_id"): only("CDR", BOOKINGS),
    ("POST /v1/bookings/{booking_id}/invoice", "booking_id"): only("CD", BOOKINGS),
    ("POST /v1/bookings/{booking_id}/pay", "booking_id"): only("PQ", BOOKINGS),
    ("GET /v1/trucks/{truck_id}", "truck_id"): {"truck C": "C", "truck D": "D"},
    ("POST /v1/trucks/{truck_id}/withdraw", "truck_id"): MINE["truck"],
    ("POST /v1/matches", "truck_id"): {"truck C": "C", "truck D": "D"},
    ("GET /v1/matches/why", "truck"): {"truck C": "C", "truck D": "D"},
    ("PATCH /v1/networks/{network_id}", "network_id"): MINE["network"],
    ("DELETE /v1/networks/{network_id}", "network_id"): MINE["network"],
    ("GET /v1/networks/{network_id}/members", "network_id"): MINE["network"],
    ("POST /v1/networks/{network_id}/members", "network_id"): MINE["network"],
    ("DELETE /v1/networks/{network_id}/members/{organization_id}", "network_id"): MINE["network"],
    ("DELETE /v1/networks/{network_id}/members/{organization_id}", "organization_id"): {"C": "P", "D": "", "P": "", "Q": ""},
    ("DELETE /v1/blocks/{organization_id}", "organization_id"): {"B": "P", "P": "", "C": "", "S": ""},
    ("GET /v1/people/{person_id}", "person_id"): PEOPLE,
    ("PATCH /v1/people/{person_id}", "person_id"): PEOPLE,
    ("DELETE /v1/invitations/{invitation_id}", "invitation_id"): MINE["invitation"],
    ("POST /v1/keys/{key_id}/revoke", "key_id"): MINE["key"],
    **{(f"{method} /v1/organizations/{{organization_id}}{more}", "organization_id"): {"P": "O", "S": "O"}
       for method, more in (("GET", ""), ("PATCH", ""), ("GET", "/people"))},
    ("POST /v1/loads", "networks"): {"network P": "P", "network Q": "Q"},
    ("POST /v1/loads", "carriers"): {"D": "PQ", "B": "PQ", "P": "", "O": ""},
    ("PATCH /v1/loads/{load_id}", "networks"): {"network P": "P", "network Q": ""},
    ("PATCH /v1/loads/{load_id}", "carriers"): {"D": "P", "Q": ""},
    ("POST /v1/loads/{load_id}/tenders", "carrier_id"): {"C": "P", "B": "", "X": "", "Q": "", "O": ""},
    ("POST /v1/networks/{network_id}/members", "organization_id"): {"D": "P", "B": "P", "Q": "", "O": ""},
    ("POST /v1/blocks", "organization_id"): {"D": "PQ", "P": "CDBU", "O": ""},
    ("POST /v1/loads/{load_id}/book", "truck_id"): {"truck D": "D"},
    ("POST /v1/loads/{load_id}/offers", "truck_id"): {"truck D": "D"},
    ("POST /v1/bookings/{booking_id}/dispatch", "truck_id"): {"truck D": "", "truck C": "C"},
    ("POST /v1/bookings/{booking_id}/dispatch", "driver_id"): {"person Do": "", "person Po": "", "person Cv": "", "person Cd": "C"},
}  # fmt: skip
"""Of each id that a request may name: what there is of its kind, and which organisations (of bookings as R: C's driver) reach it.

To all others that may do such a thing it is as if it were not there.
"""
AROUND: dict[Slot, dict[str, Any]] = {
    ("GET /v1/bookings/{booking_id}/documents/{document_id}", "booking_id"): {"document_id": "document 1"},
    ("GET /v1/bookings/{booking_id}/documents/{document_id}", "document_id"): {"booking_id": "booking 1"},
    ("DELETE /v1/networks/{network_id}/members/{organization_id}", "network_id"): {"organization_id": "D"},
    ("DELETE /v1/networks/{network_id}/members/{organization_id}", "organization_id"): {"network_id": "network P"},
    ("PATCH /v1/loads/{load_id}", "networks"): {"load_id": "load draft"},
    ("PATCH /v1/loads/{load_id}", "carriers"): {"load_id": "load draft"},
    ("POST /v1/loads/{load_id}/tenders", "carrier_id"): {"load_id": "load public"},
    ("POST /v1/networks/{network_id}/members", "organization_id"): {"network_id": "network P"},
    ("POST /v1/loads/{load_id}/book", "truck_id"): {"load_id": "load instant"},
    ("POST /v1/loads/{load_id}/offers", "truck_id"): {"load_id": "load instant"},
    ("POST /v1/bookings/{booking_id}/dispatch", "truck_id"): {"booking_id": "booking 1"},
    ("POST /v1/bookings/{booking_id}/dispatch", "driver_id"): {"booking_id": "booking 1"},
}  # fmt: skip
"""The other ids in the path of such a request."""
LAST = (
    "POST /v1/loads/{load_id}/book", "POST /v1/networks/{network_id}/members", "POST /v1/trucks/{truck_id}/withdraw",
    "POST /v1/keys/{key_id}/revoke", "DELETE", "POST /v1/blocks",
)  # fmt: skip
"""What changes who sees what, so that it is tried last, in this order, where it may be done."""
EXISTING = {
    "load_id": "load public", "offer_id": "offer C", "booking_id": "booking 1", "document_id": "document 1",
    "truck_id": "truck C", "network_id": "network P", "organization_id": "C", "person_id": "person Co", "key_id": "key C",
    "invitation_id": "invitation C",
}  # fmt: skip
LISTS: dict[str, dict[str, str]] = {
    "/v1/offers": {"Po": "offer C, offer B", "Qo": "offer D", "Co": "offer C", "Dv": "offer D", "Bo": "offer B", "Uo": ""},
    "/v1/bookings": {"Pa": "booking 1, booking 2", "Qo": "booking 3", "Co": "booking 1, booking 3", "Cr": "booking 1",
                     "Do": "booking 2", "Bo": "", "Dr": ""},
    "/v1/trucks": {"Co": "truck C", "Dr": "truck D", "Bo": ""},
    "/v1/networks": {"Po": "network P", "Qo": "network Q"},
    "/v1/keys": {"Po": "key P", "Qo": "", "Co": "key C", "Os": "key O"},
    "/v1/invitations": {"Po": "invitation P", "Qo": "", "Co": "invitation C", "Os": "invitation O"},
    "/v1/blocks": {"Po": "B", "Bo": "", "Qo": ""},
    "/v1/networks/{network P}/members": {"Po": "C"},
    "/v1/loads/{load public}/offers": {"Po": "offer C, offer B", "Co": "offer C", "Do": "", "Uo": ""},
    "/v1/loads/{load public}/contact/views": {"Po": ""},
    "/v1/loads": {"Po": ", ".join(name for name, seen in OWN.items() if seen == "P") + ", load hauled 2",
                  "Qo": "load theirs, load hauled 3"},
    "/v1/people": {f"{home}o": ", ".join(f"person {home}{role}" for role in "odrav") for home in "PQCDBU"},
}  # fmt: skip
"""What each list holds for whom."""
